"""The persons of a case as they are now: a name is erased if its key is destroyed.

Whoever can write beside a case can add a record or a line that says that a name was erased. It
would then be kept beyond its date, unseen. So the vault is asked.
"""

from __future__ import annotations

from dataclasses import replace

from cautery.model.records import PersonErased
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.persons import KeptPerson, as_the_vault_says, kept_persons


def persons_now(file: PersonFile) -> tuple[KeptPerson, ...]:
    """Return the persons of a case, with what was recorded after it was closed."""
    said_erased = {content.pseudonym: at for at, content in file.contents(PersonErased)}
    rows = kept_persons(file.desk)
    if not any(row.person.pseudonym in said_erased for row in rows):
        return rows
    vault = file.reading_vault()
    return tuple(
        as_the_vault_says(
            replace(row, erased_at=said_erased.get(row.person.pseudonym), said_erased_at=None),
            vault,
        )
        for row in rows
    )
