"""Check that a ledger is the one that its case's key signed, before anything is added to it.

Two things are known of a ledger from elsewhere than its database: the checkpoints, which only the
case's key can make, and the last root, which lies with that key. Records after the last root are
proven by nothing yet; what is believed of them is what carries a signature of its own.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from cautery.errors import EvidenceError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.covered_rows import CoveredRows
from cautery.evidence.manifest import LEDGER
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier, open_checkpoint
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.model import Checkpoint, SignedRoot

RESTORE = (
    "Restore the case from its newest copy. If only an older copy is left: cautery case restore "
    "CASE --why ... (two approvers)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A ledger that is the one that was signed.

    Parameters
    ----------
    size : int
        Its records.
    longest : Checkpoint or None
        The longest of its checkpoints.
    signed : int
        How many of its records a signed root covers.
    unsigned : dict of str to int
        How many records of each kind no signed root covers.
    covered : CoveredRows
        The rows that a signed root covers, as they were read here.
    """

    size: int
    longest: Checkpoint | None
    signed: int
    unsigned: dict[str, int]
    covered: CoveredRows = field(repr=False)


def check_roots(
    path: Path,
    ledger: CaseLedger,
    verifier: NoteVerifier,
    last: SignedRoot | None,
    *,
    known: Frontier | None = None,
) -> Standing:
    """Re-hash every record past every checkpoint and the last root.

    Parameters
    ----------
    known : Frontier or None
        Of the first records, which this process has compared with a checkpoint before: they are not
        read again. Who stands by for a case of a million records would else come too late.
    last : SignedRoot or None
        From the signer; ``None``: it knows none, or the case goes back to an earlier one.

    Raises
    ------
    EvidenceError
        Naming what differs.
    """
    # Checkpoints first: a process beside us may append records meanwhile, never take some away.
    walk = CheckpointWalk(path, ledger, verifier)
    frontier, kinds = Frontier(), Counter[str]()
    if known is not None and ledger.size() >= known.size and last is not None:
        frontier = known if last.size >= known.size else frontier
        walk.skip(frontier.size)
    intact = frontier.size  # records up to the longest root that held
    misfiled: EvidenceError | None = None
    covered = CoveredRows(since=frontier.size)
    walk.pass_by(frontier)
    if last is not None and frontier.size == last.size and frontier.root() != last.root:
        raise EvidenceError(f"{path}: its first {last.size} records differ from those signed")
    for index, kind, leaf in ledger.leaves(since=frontier.size):
        if index != frontier.size:
            raise EvidenceError(
                f"{path}: record {frontier.size} is missing; the next one is record {index}",
                hint=RESTORE,
            )
        # Members are sorted in RFC 8785, so the kind ends the leaf: no record need be parsed for
        # this.
        if not leaf.endswith(f',"kind":{json.dumps(kind, ensure_ascii=False)}}}'.encode()):
            # Of a row that no root covers the ledger itself makes a record that may be signed.
            misfiled = misfiled or EvidenceError(
                f"{path}: record {index} is filed as {kind}, but its content has another kind",
                hint=RESTORE,
            )
        hashed = leaf_hash(leaf)
        frontier = frontier.append(hashed)
        covered.add(kind, hashed)
        kinds[kind] += 1
        before = walk.count
        walk.pass_by(frontier)
        if last is not None and frontier.size == last.size and frontier.root() != last.root:
            raise EvidenceError(
                f"{path}: its first {last.size} records differ from those that were signed at "
                f"{last.at:%Y-%m-%d %H:%M:%S} UTC; they agree up to record {intact}",
                hint=RESTORE,
            )
        if walk.count > before or (last is not None and frontier.size == last.size):
            if misfiled is not None:
                raise misfiled
            intact = covered.until = frontier.size
            # What this root covers is proven; only the kinds after the last one are reported as
            # unsigned.
            kinds.clear()
    if last is not None and frontier.size < last.size:
        raise EvidenceError(
            f"{path}: it has {frontier.size} records, but {last.size} were signed at "
            f"{last.at:%Y-%m-%d %H:%M:%S} UTC: it is an older copy, or records were cut off",
            hint=RESTORE,
        )
    walk.finish(frontier)
    return Standing(
        size=frontier.size,
        longest=walk.longest,
        signed=intact,
        unsigned=dict(sorted(kinds.items())),
        covered=covered,
    )


def keep_to_roots(path: Path, ledger: CaseLedger, store: CaseStore) -> None:
    """Let nothing be read of a case but what agrees with the signed roots beside its records.

    For what leaves a case without its keys at hand: whoever can write to it could else write other
    approvers into its first record.

    Raises
    ------
    EvidenceError
        If a record does not agree with them, or none covers the first one.
    """
    standing = check_roots(path / LEDGER, ledger, case_verifier(store, path), None)
    if not standing.signed:
        raise EvidenceError(
            f"{path}: no signed root covers its first record, so nothing leaves it",
            hint="A watch signs one when it begins. If there was one, the case was changed.",
        )
    ledger.keep_to(standing.covered)


class CheckpointWalk:
    """Walks the checkpoints beside the leaves: each must be the root of what was read so far.

    All roots are computed over the same leaves, so each checkpoint is proven to begin the next.
    """

    def __init__(self, path: Path, ledger: CaseLedger, verifier: NoteVerifier) -> None:
        self.count = 0
        self.longest: Checkpoint | None = None
        self._path = path
        self._verifier = verifier
        self._notes = iter(tuple(ledger.checkpoints()))
        # After the notes: a process beside us may have signed one more since.
        self._sizes = iter([size for size, _ in ledger.checkpoint_times()])
        self._next = self._read()

    def skip(self, size: int) -> None:
        """Pass over the checkpoints of fewer records: they were compared before."""
        while self._next is not None and self._next.size < size:
            self.count += 1
            self.longest = self._next
            self._next = self._read()

    def pass_by(self, frontier: Frontier) -> None:
        """Check every checkpoint of this size."""
        while self._next is not None and self._next.size <= frontier.size:
            if self._next.size < frontier.size or self._next.root != frontier.root():
                raise EvidenceError(
                    f"{self._path}: checkpoint {self.count} of {self._next.size} records does "
                    "not agree with the records that follow it",
                    hint=RESTORE,
                )
            self.count += 1
            self.longest = self._next
            self._next = self._read()

    def finish(self, frontier: Frontier) -> None:
        """Check that no checkpoint covers more than the ledger has."""
        if self._next is not None:
            raise EvidenceError(
                f"{self._path}: {self._next.size} records were signed, but only {frontier.size} "
                "are left",
                hint=RESTORE,
            )

    def _read(self) -> Checkpoint | None:
        note = next(self._notes, None)
        if note is None:
            return None
        try:
            checkpoint = open_checkpoint(note, self._verifier)
        except EvidenceError as error:
            raise EvidenceError(f"{self._path}: checkpoint {self.count}: {error}") from error
        if (filed := next(self._sizes, None)) != checkpoint.size:
            raise EvidenceError(
                f"{self._path}: checkpoint {self.count} is filed under {filed} records, but it"
                f" signs {checkpoint.size}",
                hint=RESTORE,
            )
        return checkpoint
