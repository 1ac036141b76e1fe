"""Which note of a case a log takes: one that goes on, or one that two people took back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

from cautery.errors import EvidenceError
from cautery.evidence.merkle import verify_consistency
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.proof import Covered, covered_in
from cautery.evidence.outside.restored import CaseLine, Restoration
from cautery.model.records import LogEntry, LogRestored

Consistency = Callable[[int], Sequence[bytes]]
"""Returns the proof that a case's records go on from its first so many."""
Restorations = Callable[[int], Sequence[Restoration]]
"""Returns what took the case back, in its first so many records, the newest first."""


def leaf_of_case(
    note: str,
    *,
    case: NoteVerifier,
    previous: Covered | None,
    consistency: Consistency,
    restorations: Restorations,
    line: Callable[[], CaseLine],
) -> LogEntry | LogRestored:
    """Return the leaf for a note; that of a restoration first, where the case was taken back.

    Parameters
    ----------
    previous : Covered or None
        What the log last took of the case.
    line : callable
        Reads all that the log has of the case.

    Raises
    ------
    EvidenceError
        If the note is not the case's, does not go on from the last one, and no restoration that
        two approvers signed says why; or why the one that is there does not.
    """
    covered = covered_in(note, case)
    try:
        proof = _goes_on(previous, covered, case=case, consistency=consistency)
    except EvidenceError as error:
        why = error
    else:
        return LogEntry(
            note=note,
            previous=0 if previous is None else previous.size,
            proof=tuple(base64.b64encode(step).decode() for step in proof),
        )
    log_line = line()
    for restoration in reversed(restorations(covered.size)):
        try:
            base = log_line.base(restoration.to(case).to[0])
            entry = restoration.entry(
                note,
                previous=0 if log_line.last is None else log_line.last.size,
                base=0 if base is None else base.size,
                proof=() if base is None else consistency(base.size),
            )
            log_line.take(-1, entry)  # by the rules of who checks the log later
        except EvidenceError as error:
            why = error
        else:
            return entry
    raise why


def _goes_on(
    previous: Covered | None, covered: Covered, *, case: NoteVerifier, consistency: Consistency
) -> Sequence[bytes]:
    if previous is None:
        return ()
    if covered.size < previous.size:
        raise EvidenceError(
            f"the log has {previous.size} records of case {case.name}, and this note covers "
            f"{covered.size}: it is an older copy, or records were cut off"
        )
    proof = tuple(consistency(previous.size)) if covered.size > previous.size else ()
    verify_consistency(
        earlier=previous.size,
        earlier_root=previous.root,
        later=covered.size,
        later_root=covered.root,
        proof=proof,
    )
    return proof
