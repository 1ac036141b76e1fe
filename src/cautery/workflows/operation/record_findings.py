"""Links to other crimes: recorded by a person, or suggested by what was seized."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cautery.errors import InputError
from cautery.model import AddressTag, Transfer
from cautery.operation.findings import CrimeFinding, check_finding, counterparties_of, suggestions
from cautery.operation.tags import by_address
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_book import Book

FINDING = "operation.finding"


def record_finding(desk: Desk, finding: CrimeFinding, *, book: Book | None = None) -> None:
    """Record a link to another crime, after checking that what shows it is there.

    Raises
    ------
    InputError
        If an exhibit that it leans on is not in the register or the vault.
    """
    check_finding(finding, (book or Book(desk)).register)
    for exhibit in finding.exhibits:
        if not desk.case.vault.holds(exhibit):
            raise InputError(f"exhibit {exhibit} is not in the vault of this case")
    desk.record(FINDING, finding)


def findings_of(desk: Desk) -> tuple[CrimeFinding, ...]:
    """Return the recorded links to other crimes."""
    return tuple(desk.nouns(FINDING, CrimeFinding))


def suggested_findings(
    desk: Desk,
    *,
    tags: Sequence[AddressTag] = (),
    transfers: Iterable[Transfer] = (),
    book: Book | None = None,
) -> tuple[CrimeFinding, ...]:
    """Return what the exhibits suggest beyond what is recorded: assessments, none recorded yet.

    Parameters
    ----------
    transfers : iterable of Transfer
        Supplied ones: tagged counterparties of seized wallets are looked for in them.
    """
    told = {(one.crime, number) for one in findings_of(desk) for number in one.numbers}
    register = (book or Book(desk)).register
    known = by_address(tags)
    wallets = {str(line.exhibit.details.get("address")) for line in register.lines.values()}
    found = suggestions(
        register,
        tags=known,
        counterparties=counterparties_of(transfers, wallets, known),
        by=desk.agency.id,
        now=desk.case.clock.now(),
    )
    return tuple(one for one in found if not {(one.crime, each) for each in one.numbers} <= told)
