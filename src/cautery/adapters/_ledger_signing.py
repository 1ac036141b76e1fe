"""The checkpoints of a ledger: each goes on from the last root that the case's key signed.

Reaches nothing itself; for :mod:`cautery.adapters.ledger_sql`, on whose lawful basis and with
whose manners. Format: docs/reference/case-format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cautery.errors import EvidenceError
from cautery.evidence.merkle import Frontier, consistency_from
from cautery.evidence.note import checkpoint_text
from cautery.model.evidence import Checkpoint, SignedRoot
from cautery.model.ports import Signer

Hashes = Callable[[int, int], Sequence[bytes]]
"""Leaf hashes as they stand in the database now, from a size to a size."""


class Signing:
    """What was signed last, with the peaks that the next proof of consistency takes."""

    def __init__(self) -> None:
        self._signed = Frontier()

    def checkpoint(
        self, signer: Signer, *, appended: Frontier, size: Callable[[], int], hashes: Hashes
    ) -> tuple[Checkpoint, Frontier]:
        """Sign what stands in the ledger now.

        Parameters
        ----------
        appended : Frontier
            Of the leaves that this process appended or read before: what stands in the ledger must
            agree with it.

        Returns
        -------
        Checkpoint
            Signed.
        Frontier
            Of what was signed.

        Raises
        ------
        EvidenceError
            If the ledger does not go on from the last root that was signed.
        """
        while True:
            last = signer.last()
            until = size()
            try:
                return self._sign(signer, last, until, appended, hashes)
            except EvidenceError:
                if signer.last() == last:
                    raise
                # Another process signed a longer ledger meanwhile: go on from there.

    @property
    def compared(self) -> Frontier | None:
        """The frontier of the records that were compared with a root; ``None``: of none."""
        return self._signed if self._signed.size else None

    def take_up(
        self, signer: Signer, last: SignedRoot | None, newest: Checkpoint, hashes: Hashes
    ) -> None:
        """Have the signer take up a checkpoint that its key signed on another machine.

        It signs the same text once more, so that it judges this one as any other.

        Raises
        ------
        EvidenceError
            If the records do not have this root, or it does not go on from the last one.
        """
        signed = self._until(last, hashes)
        new = hashes(signed.size, newest.size)
        now = signed.extend(new)
        if (now.size, now.root()) != (newest.size, newest.root):
            raise EvidenceError(
                f"the {newest.size} records are not those that were signed", hint=RESTORE
            )
        proof = consistency_from(signed, new) if signed.size else ()
        signer.sign(checkpoint_text(signer.name, now.size, now.root()), proof=proof)
        self._signed = now

    def _until(self, last: SignedRoot | None, hashes: Hashes) -> Frontier:
        """Return the frontier of the last root, by the records that stand there now.

        Raises
        ------
        EvidenceError
            If they have another root.
        """
        start = 0 if last is None else last.size
        # The case went back to an older copy (``case restore``) since this process signed.
        if self._signed.size > start:
            self._signed = Frontier()
        signed = self._signed.extend(hashes(self._signed.size, start))
        if last is not None and signed.root() != last.root:
            raise EvidenceError(
                f"the first {start} records differ from those that were signed", hint=RESTORE
            )
        return signed

    def _sign(
        self,
        signer: Signer,
        last: SignedRoot | None,
        until: int,
        appended: Frontier,
        hashes: Hashes,
    ) -> tuple[Checkpoint, Frontier]:
        start = 0 if last is None else last.size
        if until < start:
            raise EvidenceError(
                f"the ledger has {until} records, but {start} were signed", hint=RESTORE
            )
        signed = self._until(last, hashes)
        new = hashes(start, until)
        now = signed.extend(new)
        # What was appended here before the last signed root has been compared with that root.
        expected = appended.extend(new[appended.size - start :]) if appended.size >= start else now
        if expected.size == now.size and expected.root() != now.root():
            raise EvidenceError("records were changed after they were appended", hint=RESTORE)
        proof = consistency_from(signed, new) if start else ()
        text = checkpoint_text(signer.name, now.size, now.root())
        note = signer.sign(text, proof=proof)
        self._signed = now
        return Checkpoint(origin=signer.name, size=now.size, root=now.root(), note=note), now


RESTORE = "Restore the case from a backup: cautery case restore CASE --why ... (two people)."
