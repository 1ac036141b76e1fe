"""What others vouch for of the times of a case, for one page: checked once for each proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from cautery.errors import EvidenceError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.outside.brackets import Bracket, Moment, bracket_of
from cautery.evidence.outside.proof import NOBODY, covered_by
from cautery.model import Entry, ExhibitId
from cautery.model.records import OutsideProof, kind_of_type, kinds_of
from cautery.projections.kept import MOST_LINES, Asked
from cautery.workflows.browse.kept import Kept
from cautery.workflows.case.outside import times_proven
from cautery.workflows.case.report_times import ReportTimes


class Brackets(Sequence[Bracket]):
    """The brackets of all records of a case, each made when somebody asks for it."""

    def __init__(self, size: int, moments: tuple[Moment, ...]) -> None:
        self._size, self._moments = size, moments

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Bracket: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Bracket]: ...
    def __getitem__(self, index: int | slice) -> Bracket | Sequence[Bracket]:
        """Return one, or some."""
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(self._size))]
        return bracket_of(range(self._size)[index], self._moments)


def times_of(case: Kept, sealings: Mapping[str, int]) -> tuple[ReportTimes, Brackets]:
    """Return what a page may state of times; checked against nobody's policy.

    Parameters
    ----------
    sealings : mapping of str to int
        By exhibit, the record of its sealing.
    """
    moments = _moments(case)
    bounds = Brackets(case.ledger.size(), moments)
    ends = {
        ExhibitId(exhibit): bounds[index].not_after
        for exhibit, index in sealings.items()
        if moments
    }
    not_after = {exhibit: end for exhibit, end in ends.items() if end is not None}
    return ReportTimes(moments=moments, not_after=not_after), bounds


def _moments(case: Kept) -> tuple[Moment, ...]:
    proofs = case.lists().counts().by_kind.get(kind_of_type(OutsideProof), 0)
    if not proofs or case.behind:
        return ()
    if case.moments is None or case.moments[0] != proofs:
        case.moments = (proofs, _proven(case))
    return case.moments[1]


def _proven(case: Kept) -> tuple[Moment, ...]:
    verifier = case_verifier(case.store, case.path)
    proofs = [*_proofs(case)]
    roots: dict[int, bytes] = {}
    for entry in proofs:
        if isinstance(entry.content, OutsideProof):
            try:
                size = covered_by(entry.content.leaf.encode(), verifier).size
            except EvidenceError:
                continue  # it is named where the proof is checked
            if size <= case.ledger.size():
                roots[size] = case.lists().root_of(size)
    return times_proven(
        proofs, case=verifier, trust=NOBODY, read=case.vault.read, roots=roots
    ).moments


def _proofs(case: Kept) -> Iterator[Entry]:
    after = 0
    while (
        rows := case.lists()
        .whole(Asked(kinds=kinds_of(OutsideProof), after=after, limit=MOST_LINES))
        .rows
    ):
        yield from reversed(rows)
        after = rows[0].index
