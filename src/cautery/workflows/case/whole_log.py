"""Compare a case with all that its organisation's log holds of it.

The published log shows hashes alone. Whoever has the log's key could have cut a case and put the
shorter one into the log, too. With the leaves at hand this shows: co-signers saw the root of all
of them, and each note of this case in them must be a root of this very case.
"""

from __future__ import annotations

from collections.abc import Mapping

from cautery.errors import EvidenceError
from cautery.evidence.leaf import record_of
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.restored import CaseLine
from cautery.evidence.ports import CaseLedger
from cautery.model import Checkpoint


class WholeLog:
    """What a log's ledger holds of one case.

    Parameters
    ----------
    ledger : CaseLedger
        Of the log.
    case : NoteVerifier
        Of which case.
    """

    def __init__(self, ledger: CaseLedger, case: NoteVerifier) -> None:
        self._hashes: list[bytes] = []
        self._line = CaseLine(case)
        for index, _, leaf in ledger.leaves():
            if index != len(self._hashes):
                raise EvidenceError(f"leaf {len(self._hashes)} of the log is missing")
            self._hashes.append(leaf_hash(leaf))
            # A leaf that is no record, or holds a note of another case or of nobody, says nothing
            # of this case: only its own key can have signed one that does.
            try:
                self._line.take(index, record_of(leaf).content)
            except EvidenceError:
                continue

    @property
    def sizes(self) -> frozenset[int]:
        """Sizes of the case at which the log states a root."""
        return frozenset(covered.size for _, covered in self._line.notes)

    def require(self, checkpoint: Checkpoint, roots: Mapping[int, bytes]) -> str:
        """Check the leaves against a checkpoint of the log, and the case against the leaves.

        Parameters
        ----------
        checkpoint : Checkpoint
            Of the log, as others saw it.
        roots : mapping of int to bytes
            The case's own roots, of all :attr:`sizes` that it has.

        Returns
        -------
        str
            What was compared.

        Raises
        ------
        EvidenceError
            Naming the leaf that states another case than this one.
        """
        if len(self._hashes) < checkpoint.size:
            raise EvidenceError(
                f"the log has {len(self._hashes)} leaves, but co-signers saw {checkpoint.size}"
            )
        if Frontier().extend(self._hashes[: checkpoint.size]).root() != checkpoint.root:
            raise EvidenceError("the leaves of this log are not those that co-signers saw")
        for index, covered in self._line.notes:
            if roots.get(covered.size) != covered.root:
                raise EvidenceError(
                    f"leaf {index} of the log states {covered.size} records of this case that are "
                    "not in it: the case was forked, cut or rolled back"
                )
        compared = f"all {len(self._line.notes)} notes of this case in the log are roots of it"
        if self._line.returns:
            taken_back = "; ".join(
                f"from {back.last[0]} records to {back.to[0]}: {back.why}"
                for back in self._line.returns
            )
            compared += (
                f", but {len(self._line.given_up)} that were given up when two people took it back "
                f"({taken_back})"
            )
        return compared
