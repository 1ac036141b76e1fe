"""What a report says of times: which of them others vouch for, and which a machine claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.brackets import Moment, brackets
from cautery.evidence.outside.proof import NOBODY, ProofGiven, Trust, covered_by
from cautery.evidence.ports import CaseLedger
from cautery.model import ExhibitId
from cautery.model.ports import Vault
from cautery.model.records import ExhibitSealed, OutsideProof, kinds_of
from cautery.workflows.case.outside import sizes_of_proofs, times_proven
from cautery.workflows.case.times_proven import TimesProven


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTimes:
    """The times of a case as its report may state them.

    Parameters
    ----------
    lines : tuple of str
        What is known of its times, and from whom.
    not_after : mapping of ExhibitId to datetime
        By when others had seen a root over an exhibit's record; of an exhibit that is not in it
        nobody says so.
    moments : tuple of Moment
        What each proof that holds says; :func:`~cautery.evidence.outside.brackets.bracket_of`
        makes the bracket of a record of them.
    """

    lines: tuple[str, ...] = ()
    not_after: Mapping[ExhibitId, datetime] = field(default_factory=dict)
    moments: tuple[Moment, ...] = ()


def report_times(
    ledger: CaseLedger,
    vault: Vault,
    *,
    case: NoteVerifier,
    trust: Trust = NOBODY,
    closing: ProofGiven | None = None,
) -> ReportTimes:
    """Check the proofs of a case so far, and return what its report may state.

    Parameters
    ----------
    trust : Trust
        Whom the organisation itself trusts.
    closing : ProofGiven or None
        Of a closed case, the proof that lies beside its note.

    Raises
    ------
    EvidenceError
        If the ledger cannot be read, or the proof of the closing does not hold.
    """
    kinds, size = kinds_of(OutsideProof), ledger.size()
    sizes = sizes_of_proofs(ledger, case)
    if closing is not None:
        sizes |= {covered_by(closing.leaf, case).size}
    roots: dict[int, bytes] = {}
    if sizes:
        frontier = Frontier()
        for _, _, leaf in ledger.leaves():
            frontier = frontier.append(leaf_hash(leaf))
            if frontier.size in sizes:
                roots[frontier.size] = frontier.root()
    proven = TimesProven()
    if sizes:
        proven = times_proven(
            ledger.read(kinds=kinds),
            case=case,
            trust=trust,
            read=vault.read,
            roots=roots,
            closing=closing,
        )
    bounds = brackets(size, proven.moments)
    not_after: dict[ExhibitId, datetime] = {}
    for entry in ledger.read(kinds=kinds_of(ExhibitSealed)):
        content = entry.content
        if isinstance(content, ExhibitSealed) and entry.index < size:
            end = bounds[entry.index].not_after
            if end is not None:
                not_after.setdefault(content.exhibit.id, end)
    return ReportTimes(
        lines=proven.summary(size, trust=trust), not_after=not_after, moments=proven.moments
    )
