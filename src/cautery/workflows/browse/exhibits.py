"""The pages of a case's exhibits: what was sealed, whether it still is, and who had it."""

from __future__ import annotations

import re

from cautery.errors import AbsentError, CauteryError, EvidenceError
from cautery.evidence.custody import CustodyLine
from cautery.messages import term
from cautery.model import ExhibitId, digest_of
from cautery.model.records import ExhibitSealed, kinds_of
from cautery.pages.room.view import CustodyRow, ExhibitRow, ExhibitsView, ExhibitView
from cautery.projections.kept import Asked
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.browse.timeline import row_of

EXHIBITS_A_PAGE = 50
_RECORDS_SHOWN = 50
_SEALED = kinds_of(ExhibitSealed)
_DIGITS = re.compile(r"[0-9a-f]{64}")


def exhibits_view(cases: Cases, id: str, *, after: int = -1) -> ExhibitsView:
    """Return a page of the exhibits of a case, oldest first, those sealed after a record."""
    with cases.case(id) as case:
        # Nothing can be sealed before the record that opens the case.
        page = case.lists().whole(Asked(kinds=_SEALED, after=max(0, after), limit=EXHIBITS_A_PAGE))
        return ExhibitsView(
            head=head_of(case, now=cases.clock.now()),
            rows=tuple(
                _row(entry.content, entry.index)
                for entry in reversed(page.rows)
                if isinstance(entry.content, ExhibitSealed)
            ),
            total=page.found or 0,
            after=page.newer,
        )


def exhibit_view(cases: Cases, id: str, digits: str) -> ExhibitView:
    """Return the page of an exhibit; its bytes are read from the vault and hashed for it.

    Parameters
    ----------
    digits : str
        Of its digest, 64 in hexadecimal.

    Raises
    ------
    AbsentError
        If there is no such case or exhibit.
    """
    with cases.case(id) as case:
        row = sealed_as(case, digits)
        exhibit = row.exhibit.id
        records, named = case.lists().naming(exhibit, most=_RECORDS_SHOWN)
        digest_now, fault = "", ""
        try:
            digest_now = digest_of(case.vault.read(exhibit))
        except CauteryError as error:
            fault = f"{error} {error.hint}".strip()
        custody, custody_fault = _custody(cases, case, exhibit)
        return ExhibitView(
            head=head_of(case, now=cases.clock.now()),
            row=row,
            digest_now=digest_now,
            fault=fault,
            records=tuple(map(row_of, records)),
            named=named,
            custody=custody,
            custody_fault=custody_fault,
        )


def exhibit_bytes(cases: Cases, id: str, digits: str) -> tuple[ExhibitRow, bytes]:
    """Return an exhibit as it was sealed, its seal checked: a confidential one stays encrypted.

    Raises
    ------
    AbsentError
        If there is no such case or exhibit.
    EvidenceError
        If its bytes are not those that were sealed.
    """
    with cases.case(id) as case:
        row = sealed_as(case, digits)
        vault = case.vault
    return row, vault.read(row.exhibit.id)


def sealed_as(case: Kept, digits: str) -> ExhibitRow:
    """Return what the record of an exhibit's sealing says.

    Raises
    ------
    AbsentError
        If no record seals it.
    """
    exhibit = ExhibitId(f"sha256:{digits}")
    if _DIGITS.fullmatch(digits):
        for entry in case.lists().sealings([exhibit], first=True).values():
            if isinstance(entry.content, ExhibitSealed):
                return _row(entry.content, entry.index)
        case.require_all()
    raise AbsentError(f"The case {case.id} has no exhibit {digits[:80]}.")


def _row(sealing: ExhibitSealed, index: int) -> ExhibitRow:
    return ExhibitRow(
        exhibit=sealing.exhibit,
        what=term("exhibit", sealing.what),
        url=sealing.url,
        record=index,
    )


def _custody(cases: Cases, case: Kept, exhibit: ExhibitId) -> tuple[tuple[CustodyRow, ...], str]:
    try:
        chain = cases.custody(case.path)
    except EvidenceError as error:
        return (), str(error)
    return tuple(_step(line) for line in chain if exhibit in (line.what, line.digest)), ""


def _step(line: CustodyLine) -> CustodyRow:
    return CustodyRow(
        at=line.at,
        act=line.act.value,
        by=line.by,
        to=line.to,
        why=line.why,
        signed=bool(line.signature),
    )
