"""The leaves of a plan of decoys, the root over them, and how one leaf opens to it (RFC 9162).

A leaf is the canonical JSON of one decoy with a random salt of its own: without the salt nobody can
try out which decoy it is. All signatures are Ed25519, over canonical JSON with a type of its own.

Example
-------
>>> from datetime import UTC, datetime, timedelta
>>> from cautery.model.decoys import Decoy, DecoyKind, DecoyLeaf
>>> start = datetime(2026, 11, 24, 20, tzinfo=UTC)
>>> leaves = [
...     DecoyLeaf(salt=digit * 64, decoy=Decoy(
...         kind=DecoyKind.FAN_TALK, url=f"http://tv.own.example/{digit}.m3u8",
...         offered_as="Derby LIVE", disguise="none", delay_s=20.0, appears_at=start,
...         vanishes_at=start + timedelta(hours=2)))
...     for digit in "012"
... ]
>>> root = root_of(leaves, night="derby")
>>> check_leaf(openings_of(leaves, [1], night="derby")[0], night="derby", count=3, root=root)
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.evidence.merkle import Frontier, inclusion_proofs, leaf_hash, verify_inclusion
from cautery.evidence.signing import SigningKey
from cautery.model.decoys import (
    DecoyLeaf,
    DecoyPlan,
    KeeperAnswer,
    KeeperNote,
    KeeperQuestion,
    Opening,
    SealedPlan,
    met,
)
from cautery.model.evidence import Digest, digest_of
from cautery.model.people import person_key
from cautery.model.signing_keys import FileKey
from cautery.model.wire import digest, to_json

LEAF, SEALED, QUESTION, ANSWER, NOTE = (
    "cautery/decoy/1",
    "cautery/sealed-plan/1",
    "cautery/decoy-question/1",
    "cautery/decoy-answer/1",
    "cautery/decoy-note/1",
)

Signed = TypeVar("Signed", SealedPlan, KeeperAnswer, KeeperNote)


def leaf_bytes(leaf: DecoyLeaf, *, night: str) -> bytes:
    """Return a leaf: RFC 8785 JSON of the night, the salt and the decoy."""
    return canonical(
        {"type": LEAF, "night": night, "salt": leaf.salt, "decoy": to_json(leaf.decoy)}
    )


def root_of(leaves: Sequence[DecoyLeaf], *, night: str) -> str:
    """Return the root over some leaves, 64 hex digits.

    Raises
    ------
    InputError
        If two leaves have one salt: who knows the one could then try out the other.
    """
    if len({leaf.salt for leaf in leaves}) != len(leaves):
        raise InputError("two decoys have the same salt")
    hashes = (leaf_hash(leaf_bytes(leaf, night=night)) for leaf in leaves)
    return Frontier().extend(hashes).root().hex()


def openings_of(
    leaves: Sequence[DecoyLeaf], indexes: Iterable[int], *, night: str
) -> tuple[Opening, ...]:
    """Return the openings of some leaves, in the order of ``indexes``."""
    leaf_numbers = list(indexes)
    hashes = [leaf_hash(leaf_bytes(leaf, night=night)) for leaf in leaves]
    paths = inclusion_proofs(hashes, leaf_numbers)
    return tuple(
        Opening(
            index=index,
            salt=leaves[index].salt,
            decoy=leaves[index].decoy,
            proof=tuple(sibling.hex() for sibling in paths[index]),
        )
        for index in leaf_numbers
    )


def check_leaf(opening: Opening, *, night: str, count: int, root: str) -> None:
    """Raise unless an opening opens a leaf of the tree with this root.

    Raises
    ------
    EvidenceError
        If it does not.
    """
    leaf = DecoyLeaf(salt=opening.salt, decoy=opening.decoy)
    try:
        verify_inclusion(
            leaf_hash(leaf_bytes(leaf, night=night)),
            index=opening.index,
            size=count,
            proof=[bytes.fromhex(sibling) for sibling in opening.proof],
            root=bytes.fromhex(root),
        )
    except EvidenceError as error:
        raise EvidenceError(
            f"decoy {opening.index} of night {night} does not open to the root that was sealed",
            hint="What it says is not what was planned: take nothing of it.",
        ) from error


def check_opening(opening: Opening, sealed: SealedPlan) -> None:
    """Raise unless an opening opens one leaf of a sealed plan, within the night's window.

    Raises
    ------
    EvidenceError
        If it does not.
    """
    check_leaf(opening, night=sealed.night, count=sealed.count, root=sealed.root)


def check_all_open(openings: Sequence[Opening], sealed: SealedPlan) -> None:
    """Raise unless these openings open every leaf of a sealed plan, each once.

    Raises
    ------
    EvidenceError
        If one does not open, is missing, or is there twice: nothing is taken then.
    """
    for opening in openings:
        check_opening(opening, sealed)
    if sorted(opening.index for opening in openings) != list(range(sealed.count)):
        raise EvidenceError(
            f"night {sealed.night}: {len(openings)} leaves are opened, but the plan has "
            f"{sealed.count}, and each must be opened once"
        )


def check_plan(plan: DecoyPlan) -> None:
    """Raise unless a whole plan is the one that was sealed and signed.

    Raises
    ------
    EvidenceError
        If its root is another one, or the signature does not hold.
    """
    check_sealed(plan.sealed)
    try:
        root = root_of(plan.leaves, night=plan.sealed.night)
    except InputError as error:
        raise EvidenceError(f"night {plan.sealed.night}: {error}") from error
    if root != plan.sealed.root:
        raise EvidenceError(f"night {plan.sealed.night}: the plan is not the one that was sealed")


def check_sealed(sealed: SealedPlan) -> None:
    """Raise unless the planner signed a sealed plan.

    Raises
    ------
    EvidenceError
        If the key is not valid, or the signature does not hold.
    """
    _check_signature(
        sealed.public_key,
        sealed.signature,
        statement_of(sealed),
        f"the sealed plan of night {sealed.night} is not signed by {sealed.planner}",
    )


def signed(unsigned: Signed, key: SigningKey) -> Signed:
    """Return a sealed plan, or an answer or a note of a keeper, with its signature.

    Raises
    ------
    InputError
        If a sealed plan names another key than this one.
    """
    raw = key.public_key().public_bytes_raw()
    if isinstance(unsigned, SealedPlan) and FileKey(raw).spelled != unsigned.public_key:
        raise InputError(f"this key is not the key of {unsigned.planner}")
    signature = base64.b64encode(key.sign(statement_of(unsigned))).decode("ascii")
    return replace(unsigned, signature=signature)


def statement_of(signed_text: SealedPlan | KeeperAnswer | KeeperNote) -> bytes:
    """Return the text over which a planner signs, in the form of RFC 8785."""
    kind = {SealedPlan: SEALED, KeeperAnswer: ANSWER, KeeperNote: NOTE}[type(signed_text)]
    return canonical({"type": kind, "body": to_json(replace(signed_text, signature=""))})


def check_note(note: KeeperNote, sealed: SealedPlan) -> None:
    """Raise unless a keeper signed a line of its journal, of this plan.

    Raises
    ------
    EvidenceError
        If not.
    """
    what = f"a line of the keeper's journal of night {sealed.night}"
    if note.root != sealed.root:
        raise EvidenceError(f"{what} is of another plan")
    _check_signature(
        sealed.public_key, note.signature, statement_of(note), f"{what} is not signed by it"
    )


def question_digest(question: KeeperQuestion, *, act: Digest | None = None) -> Digest:
    """Return the digest to which the answer to a question is bound.

    It holds the digest of the act in its place, so a long act is read once, however often it is
    asked about.

    Parameters
    ----------
    act : Digest or None
        The digest of its act; ``None``: it is computed here.
    """
    body = {
        "root": question.root,
        "nonce": question.nonce,
        "act": digest(question.act) if act is None else act,
        "approvals": to_json(question.approvals),
        "signed_for": to_json(question.signed_for),
    }
    return digest_of(canonical({"type": QUESTION, "body": body}))


def check_answer(
    answer: KeeperAnswer, question: KeeperQuestion, sealed: SealedPlan, *, act: Digest | None = None
) -> None:
    """Raise unless a keeper's answer is signed, is to this question, and opens to the root.

    The signature is looked at first: anybody can write an answer, and name a long act in it.

    Parameters
    ----------
    act : Digest or None
        The digest of the question's act; ``None``: it is computed here.

    Raises
    ------
    EvidenceError
        If one of these does not hold, or a decoy is opened that no target of the act meets.
    """
    what = f"the keeper's answer for night {sealed.night}"
    if answer.root != sealed.root:
        raise EvidenceError(f"{what} is to another question")
    _check_signature(
        sealed.public_key, answer.signature, statement_of(answer), f"{what} is not signed by it"
    )
    if answer.question != question_digest(question, act=act):
        raise EvidenceError(f"{what} is to another question")
    if len(answer.openings) > sealed.count:
        raise EvidenceError(f"{what} opens more than there is")
    for opening in answer.openings:
        check_opening(opening, sealed)
    indexes = [opening.index for opening in answer.openings]
    decoys = [opening.decoy for opening in answer.openings]
    if len(set(indexes)) != len(indexes):
        raise EvidenceError(f"{what} opens a decoy twice")
    if len(met(decoys, question.targets)) != len(decoys):
        raise EvidenceError(f"{what} opens a decoy that the act does not concern")


def key_id_of(sealed: SealedPlan) -> str:
    """Return the id of the planner's key, 16 hex digits.

    Raises
    ------
    EvidenceError
        If the key is not valid.
    """
    return _key(sealed.public_key).id


def check_planners(plans: Sequence[SealedPlan]) -> None:
    """Raise if one person or one key made two of the plans of a mandate's nights that overlap.

    Raises
    ------
    InputError
        If so: each planner's plan must be closed to the other planner.
    """
    for at, plan in enumerate(plans):
        for other in plans[:at]:
            apart = plan.window.end <= other.window.start or other.window.end <= plan.window.start
            if apart:
                continue
            if plan.public_key == other.public_key or plan.root == other.root:
                raise InputError(
                    f"nights {other.night} and {plan.night} are at the same time, and one key "
                    "opens both plans",
                    hint="Each planner must have a key of their own, which the other one does not "
                    "know.",
                )
            if person_key(plan.planner) == person_key(other.planner):
                raise InputError(
                    f"nights {other.night} and {plan.night} are at the same time, and "
                    f"{plan.planner} planned both"
                )


def check_planner(sealed: SealedPlan, *, others: Iterable[tuple[str, Collection[str]]]) -> None:
    """Raise if a planner is one of the mandate's approvers or signers.

    Parameters
    ----------
    others : iterable of (str, collection of str)
        Name of each of these people, and the marks of their keys.

    Raises
    ------
    InputError
        If so: who decides about a decoy must not know that it is one.
    """
    marks = _key(sealed.public_key).marks
    for name, keys in others:
        same_key = not marks.isdisjoint(keys)
        if same_key or person_key(name) == person_key(sealed.planner):
            whose = "has the key of" if same_key else "is"
            raise InputError(
                f"the planner {sealed.planner} {whose} {name}, who signs or approves under this "
                "mandate",
                hint="Somebody who decides nothing in the case must plan the decoys.",
            )


def _key(public_key: str) -> FileKey:
    try:
        raw = base64.b64decode(public_key, validate=True)
        key = FileKey(raw)
    except ValueError as error:
        raise EvidenceError(f"the planner's key is not valid: {error}") from error
    if key.spelled != public_key:
        raise EvidenceError("the planner's key is not in base64's one spelling")
    return key


def _check_signature(public_key: str, signature: str, text: bytes, otherwise: str) -> None:
    try:
        _key(public_key).verify(signature, text)
    except ValueError as error:
        raise EvidenceError(otherwise) from error
