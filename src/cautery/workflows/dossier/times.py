"""Between which times the records behind a document were made, as others vouch.

A record's own time is a claim of the machine's clock. Beside it stands its bracket: after which
outside proof it was written, and by when others had seen a root over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cautery.evidence.case_key import case_verifier
from cautery.evidence.outside.brackets import Bracket, Moment, bracket_of
from cautery.evidence.outside.proof import ProofGiven, Trust
from cautery.evidence.outside.proof_file import MAX_PROOF_BYTES, PROOF, parse_proof_file
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.model import DarkProbe, Verdict
from cautery.model.ports import Vault
from cautery.model.records import OutsideProof, ProbeDone, StreamAppeared, kinds_of
from cautery.workflows.case.report_times import ReportTimes, report_times

Stated = tuple[type, str, datetime]
"""Type of a record, the URL of its stream, and the time that it states."""
_TIMED = (StreamAppeared, ProbeDone, Verdict, DarkProbe)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTimes:
    """The times of a closed case as a document states them.

    Parameters
    ----------
    report : ReportTimes
        What is known of all of them, and by when others had seen each exhibit.
    records : mapping
        By what a record states: its number in the ledger.
    """

    report: ReportTimes
    records: Mapping[Stated, int]

    def bracket(self, kind: type, url: str, at: datetime) -> Bracket:
        """Return between which times a record was made; of an unknown one nobody says so."""
        index = self.records.get((kind, url, at))
        return Bracket() if index is None else bracket_of(index, self.report.moments)


def case_times(
    case: Path, ledger: CaseLedger, vault: Vault, *, store: CaseStore, trust: Trust, whole: bool
) -> CaseTimes:
    """Check the proofs of a closed case, and find the records whose times a document shows.

    Parameters
    ----------
    trust : Trust
        Whom the organisation trusts.
    whole : bool
        Whether the reader is handed all records. An extract has the proof of the closing alone, so
        that its document says no more than the reader can check.

    Raises
    ------
    EvidenceError
        If the proof of the closing does not hold.
    """
    verifier = case_verifier(store, case)
    report = report_times(ledger, vault, case=verifier, trust=trust, closing=_closing(case, store))
    if not whole:
        report = replace(
            report, lines=(), not_after={}, moments=tuple(filter(_of_the_closing, report.moments))
        )
    records: dict[Stated, int] = {}
    for entry in ledger.read(kinds=kinds_of(*_TIMED)):
        content = entry.content
        if isinstance(content, _TIMED):
            url = content.url.text if isinstance(content, Verdict) else content.url
            records.setdefault((type(content), url, content.at), entry.index)
    return CaseTimes(report=report, records=records)


def has_proofs(case: Path, ledger: CaseLedger, *, store: CaseStore, whole: bool) -> bool:
    """Tell whether others vouch for times of a case, as far as its reader is handed their word."""
    records = ledger.read(kinds=kinds_of(OutsideProof)) if whole else ()
    return store.exists(case, PROOF) or next(iter(records), None) is not None


def _closing(case: Path, store: CaseStore) -> ProofGiven | None:
    if not store.exists(case, PROOF):
        return None
    return parse_proof_file(store.read(case, PROOF, limit=MAX_PROOF_BYTES)).proof


def _of_the_closing(moment: Moment) -> bool:
    return moment.record is None
