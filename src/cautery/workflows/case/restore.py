"""Continue with an older copy of a case if two people sign for it; the step is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.evidence.merkle import inclusion_proof, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.evidence.restoring import (
    Return,
    approvers_in,
    require_two_people,
    restore_text,
    return_in,
)
from cautery.model import Checkpoint, Digest, SignedRoot, digest_of
from cautery.model.ledger import append
from cautery.model.ports import Clock, Signer
from cautery.model.records import CaseRestored, RestoredBy, RootOfRecords
from cautery.model.times import iso
from cautery.public_keys import is_passkey
from cautery.workflows.case.open import refuse_closed
from cautery.workflows.case.roots import check_roots

AskPasskeys = Callable[
    [Digest, Mapping[str, str], Callable[[], str]], tuple[str, Mapping[str, str]]
]
"""Asks passkeys, by the name of each approver, to sign a text that it lets write unless one waits
that is about the same. It returns the text and the answers, or raises until all are there."""


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
    people: Sequence[tuple[str, Ed25519PrivateKey | None]],
    ask: AskPasskeys | None = None,
) -> Restored:
    """Take the longest root that an older copy of a case holds for the last one.

    Parameters
    ----------
    path : Path
        Where the copy lies, in the case's place.
    why : str
        One line.
    people : sequence of (str, Ed25519PrivateKey or None)
        Two approvers, by the names that the mandate gives them, with their keys; ``None``: the
        passkey that the case names is asked.
    ask : callable, optional
        Asks passkeys.

    Raises
    ------
    InputError
        If there is nothing to restore: the case holds what was signed last.
    EvidenceError
        If the copy is not one of this case, the case was closed, or the people are not two of its
        approvers.
    ApprovalError
        If a passkey has not signed yet.
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
                why=why, people=people, ask=ask, now=clock.now(),
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
    people: Sequence[tuple[str, Ed25519PrivateKey | None]],
    ask: AskPasskeys | None,
    now: datetime,
) -> Restored:
    leaves = [leaf for _, _, leaf in ledger.leaves()]
    case = signer.name.removeprefix("cautery/case-")
    back = Return(last=(last.size, last.root), to=(to.size, to.root), why=" ".join(why.split()))
    write = partial(restore_text, case, last=back.last, to=back.to, why=why)
    passkeys = _passkeys([name for name, key in people if key is None], leaves[0])
    text = write(at=iso(now))
    answers: Mapping[str, str] = {}
    if passkeys and ask is not None:
        about = digest_of(write(at="").encode())
        text, answers = ask(about, passkeys, partial(write, at=iso(now)))
        if return_in(text, case=case) != back:
            raise EvidenceError("the passkeys were asked for another restoration than this one")
    by = tuple(
        RestoredBy(name=name, key=passkeys[name], signature=answers.get(name, ""))
        if key is None
        else RestoredBy(
            name=name,
            key=key.public_key().public_bytes_raw().hex(),
            signature=key.sign(text.encode()).hex(),
        )
        for name, key in people
    )
    listed = [(person.name, person.key, person.signature) for person in by]
    are_approvers = require_two_people(text, listed, opened=leaves[0])
    # The record first: whatever stops us now, no case has gone back without it.
    restored = CaseRestored(
        from_=RootOfRecords(size=last.size, root=last.root.hex()),
        to=RootOfRecords(size=to.size, root=to.root.hex()),
        records=len(leaves),
        unsigned=unsigned,  # whoever held the copy may have put them there
        why=back.why,
        text=text,
        by=by,
        named=are_approvers,
    )
    append(ledger, restored, at=now)
    hashes = [leaf_hash(leaf) for leaf in leaves[: to.size]]
    signer.go_back(
        text,
        signatures=by,
        checkpoint=to.note,
        opened=leaves[0],
        proof=inclusion_proof(hashes, 0),
    )
    ledger.checkpoint(signer, at=now)
    return Restored(
        records=len(leaves),
        signed=to.size,
        before=last.size,
        people=tuple(person.name for person in by),
        named=are_approvers,
    )


def _passkeys(names: Sequence[str], opened: bytes) -> dict[str, str]:
    """Return the passkeys that the first record of a case names for these approvers.

    Raises
    ------
    EvidenceError
        If it names none for one of them.
    """
    if not names:
        return {}
    approvers = approvers_in(opened)
    for name in names:
        if not is_passkey(approvers.get(name, "")):
            raise EvidenceError(
                f"{name}: not an approver of this case with a passkey",
                hint=f"The approvers are {', '.join(sorted(approvers))}.",
            )
    return {name: approvers[name] for name in names}
