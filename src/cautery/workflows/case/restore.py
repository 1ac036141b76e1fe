"""Continue with an older copy of a case if two people sign for it; the step is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.evidence.merkle import inclusion_proof, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.evidence.restoring import require_two_people, restore_text
from cautery.model import Checkpoint, PersonSignature, SignedRoot
from cautery.model.ledger import append
from cautery.model.ports import Clock, Signer
from cautery.model.records import CaseRestored, RestoredBy, RootOfRecords
from cautery.model.times import iso
from cautery.workflows.case.open import refuse_closed
from cautery.workflows.case.roots import check_roots


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """How a case went back.

    Parameters
    ----------
    records : int
        What stands in it now, the record of its return not counted.
    signed, before : int
        Records under the root that it went back to, and under the one that is given up.
    people : tuple of str
        Who signed for it.
    named : bool
        The case's own first record names them as approvers.
    """

    records: int
    signed: int
    before: int
    people: tuple[str, ...]
    named: bool


def restore_case(
    path: Path,
    *,
    store: CaseStore,
    clock: Clock,
    why: str,
    people: Sequence[tuple[str, Ed25519PrivateKey]],
) -> Restored:
    """Take the longest root that an older copy of a case holds for the last one.

    Parameters
    ----------
    path : Path
        Where the copy lies, in the case's place.
    why : str
        One line.
    people : sequence of (str, Ed25519PrivateKey)
        Two approvers, by the names that the mandate gives them, with their keys.

    Raises
    ------
    InputError
        If there is nothing to restore: the case holds what was signed last.
    EvidenceError
        If the copy is not one of this case, the case was closed, or the people are not two of its
        approvers.
    StorageError
        If another process holds the case.
    """
    if not store.exists(path, LEDGER):
        raise InputError(f"{path}: not a case")
    refuse_closed(path, store)
    keys = store.keys(path)
    store.hold(path, alone=True)
    try:
        last = keys.signer.last()
        if last is not None and last.closed is not None:
            raise EvidenceError(
                f"{path}: this case was closed at {last.at:%Y-%m-%d %H:%M:%S} UTC; its key "
                "cannot sign anything more for it",
                hint=f"Restore the closed case from a copy that includes its {NOTE}.",
            )
        ledger = store.ledger(path, read_only=False)
        try:
            # Without the last root, which an older copy cannot have; its checkpoints still prove
            # what it holds.
            roots = check_roots(path, ledger, keys.verifier, None)
            if roots.longest is None:
                raise EvidenceError(
                    f"{path}: no checkpoint was ever signed, so this copy does not prove an "
                    "earlier state",
                    hint="Use a copy that contains a signed checkpoint.",
                )
            if last is None or _holds(path, ledger, keys.verifier, last):
                raise InputError(
                    f"{path}: it contains everything that was signed last, so there "
                    "is nothing to restore"
                )
            ledger.set_right(since=roots.signed, now=clock.now)
            return _go_back(
                ledger, keys.signer, last=last, to=roots.longest, unsigned=roots.unsigned,
                why=why, people=people, now=clock.now(),
            )  # fmt: skip
        finally:
            ledger.close()
    finally:
        store.release(path)


def _holds(path: Path, ledger: CaseLedger, verifier: NoteVerifier, last: SignedRoot) -> bool:
    try:
        check_roots(path, ledger, verifier, last)
    except EvidenceError:
        return False
    return True


def _go_back(
    ledger: CaseLedger,
    signer: Signer,
    *,
    last: SignedRoot,
    to: Checkpoint,
    unsigned: Mapping[str, int],
    why: str,
    people: Sequence[tuple[str, Ed25519PrivateKey]],
    now: datetime,
) -> Restored:
    leaves = [leaf for _, _, leaf in ledger.leaves()]
    text = restore_text(
        signer.name.removeprefix("cautery/case-"),
        last=(last.size, last.root),
        to=(to.size, to.root),
        at=iso(now),
        why=why,
    )
    signatures = tuple(
        PersonSignature(
            name=name,
            public=key.public_key().public_bytes_raw(),
            signature=key.sign(text.encode()),
        )
        for name, key in people
    )
    listed = [(signature.name, signature.public, signature.signature) for signature in signatures]
    are_approvers = require_two_people(text, listed, opened=leaves[0])
    # The record first: whatever stops us now, no case has gone back without it.
    restored = CaseRestored(
        from_=RootOfRecords(size=last.size, root=last.root.hex()),
        to=RootOfRecords(size=to.size, root=to.root.hex()),
        records=len(leaves),
        unsigned=unsigned,  # whoever held the copy may have put them there
        why=" ".join(why.split()),
        text=text,
        by=tuple(
            RestoredBy(
                name=signature.name,
                key=signature.public.hex(),
                signature=signature.signature.hex(),
            )
            for signature in signatures
        ),
        named=are_approvers,
    )
    append(ledger, restored, at=now)
    hashes = [leaf_hash(leaf) for leaf in leaves[: to.size]]
    signer.go_back(
        text,
        signatures=signatures,
        checkpoint=to.note,
        opened=leaves[0],
        proof=inclusion_proof(hashes, 0),
    )
    ledger.checkpoint(signer, at=now)
    return Restored(
        records=len(leaves),
        signed=to.size,
        before=last.size,
        people=tuple(signature.name for signature in signatures),
        named=are_approvers,
    )
