"""Links to other crimes: recorded by a person, or suggested by what was seized."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cautery.errors import InputError
from cautery.model import AddressTag, Transfer, from_json, to_json
from cautery.model.records import CrimeFound
from cautery.operation.findings import CrimeFinding, check_finding, counterparties_of, suggestions
from cautery.operation.tags import by_address
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.register_book import Book


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
    desk.record(from_json(CrimeFound, to_json(finding)))


def findings_of(desk: Desk) -> tuple[CrimeFinding, ...]:
    """Return the recorded links to other crimes."""
    findings = []
    for entry, content in desk.contents(CrimeFound):
        with desk.passing_over(entry):
            findings.append(from_json(CrimeFinding, to_json(content)))
    return tuple(findings)


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
    recorded = {
        (finding.crime, number) for finding in findings_of(desk) for number in finding.numbers
    }
    register = (book or Book(desk)).register
    tags_of = by_address(tags)
    wallets = {str(line.exhibit.details.get("address")) for line in register.lines.values()}
    findings = suggestions(
        register,
        tags=tags_of,
        counterparties=counterparties_of(transfers, wallets, tags_of),
        by=desk.agency.id,
        now=desk.case.clock.now(),
    )
    return tuple(
        finding
        for finding in findings
        if not {(finding.crime, number) for number in finding.numbers} <= recorded
    )
