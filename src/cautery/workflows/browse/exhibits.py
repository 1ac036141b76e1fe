"""The pages of a case's exhibits: what was sealed, whether it still is, and who had it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cautery.errors import AbsentError, CauteryError, EvidenceError
from cautery.evidence.custody import CustodyLine
from cautery.evidence.ports import CaseVault
from cautery.messages import term
from cautery.model import ExhibitId
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
            for _ in case.vault.pieces(exhibit):
                pass
            digest_now = exhibit
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedBytes:
    """The bytes of an exhibit, as they were sealed: a confidential one stays encrypted.

    Parameters
    ----------
    size : int
        As the vault has it.
    """

    exhibit: ExhibitId
    size: int
    vault: CaseVault

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Yield a range, once the seal of the whole is checked.

        Raises
        ------
        EvidenceError
            If they are not those that were sealed.
        """
        return self.vault.pieces(self.exhibit, start=start, stop=stop)


def exhibit_bytes(cases: Cases, id: str, digits: str) -> SealedBytes:
    """Return an exhibit, to be sent.

    Raises
    ------
    AbsentError
        If there is no such case or exhibit.
    EvidenceError
        If its bytes are not those that were sealed, or not as many.
    """
    with cases.case(id) as case:
        row = sealed_as(case, digits)
        vault = case.vault
    exhibit, size = row.exhibit.id, row.exhibit.size
    # Whoever has the folder of an open case can append a record with another size.
    if len(b"".join(vault.pieces(exhibit, start=max(0, size - 1), stop=size + 1))) != min(size, 1):
        raise EvidenceError(f"exhibit {exhibit}: it does not have the size of its record")
    return SealedBytes(exhibit=exhibit, size=size, vault=vault)


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
