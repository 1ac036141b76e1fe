"""Take an exhibit out of a case: as sealed, or what was fetched, request and answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cautery.errors import InputError
from cautery.evidence.case_names import no_case
from cautery.evidence.manifest import LEDGER
from cautery.evidence.ports import CaseStore
from cautery.model import ExhibitId
from cautery.model.ledger import contents
from cautery.model.records import ExhibitSealed

LEAST_LETTERS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a case's records say of one exhibit.

    Parameters
    ----------
    subject : str or None
        Whose key opens it; ``None``: it lies in the open.
    """

    id: ExhibitId
    what: str
    url: str | None
    media_type: str
    size: int
    sealed_at: datetime
    subject: str | None


def exhibits_in(case: Path, *, store: CaseStore) -> Iterator[Sealed]:
    """Yield the exhibits of a case in the order in which they were sealed.

    Raises
    ------
    InputError
        If there is no case.
    """
    if not store.exists(case, LEDGER):
        raise no_case(case)
    ledger = store.ledger(case, read_only=True)
    try:
        for _, sealed in contents(ledger, ExhibitSealed):
            yield _sealed(sealed)
    finally:
        ledger.close()


def _sealed(record: ExhibitSealed) -> Sealed:
    exhibit = record.exhibit
    return Sealed(
        id=exhibit.id,
        what=record.what,
        url=record.url,
        media_type=exhibit.media_type,
        size=exhibit.size,
        sealed_at=exhibit.sealed_at,
        subject=exhibit.subject if exhibit.confidential else None,
    )


def open_exhibit(case: Path, name: str, *, store: CaseStore) -> tuple[Sealed, bytes]:
    """Return an exhibit and its clear bytes; a confidential one needs the case's keys.

    Parameters
    ----------
    name : str
        Its id, or enough of its first hex digits.
    store : CaseStore
        With keys, if the exhibit is confidential.

    Raises
    ------
    InputError
        If no exhibit, or more than one, is called so, or the keys are not here.
    EvidenceError
        If it is altered, or its key was destroyed.
    """
    digits = name.removeprefix("sha256:").lower()
    if len(digits) < LEAST_LETTERS:
        raise InputError(f"{name!r}: give at least {LEAST_LETTERS} digits of an exhibit's id")
    matches = {
        exhibit.id: exhibit
        for exhibit in exhibits_in(case, store=store)
        if exhibit.id.removeprefix("sha256:").startswith(digits)
    }
    if len(matches) != 1:
        raise InputError(
            f"{name}: {len(matches) or 'no'} exhibits of this case match these digits",
            hint=f"List the exhibits: cautery exhibit {case}",
        )
    [exhibit] = matches.values()
    if exhibit.subject is None:
        return exhibit, store.vault(case, None).read(exhibit.id)
    return exhibit, store.vault(case, store.keys(case)).open(exhibit.id, subject=exhibit.subject)
