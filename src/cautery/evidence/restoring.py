"""The text that two people sign to restore an older copy of a case, and its checks.

A case never forgets on its own. Where a backup is all that is left, two people say so under their
own keys::

    Cautery case restore v1
    case 0123456789abcdef
    from 120 4f2a...
    to 80 93c1...
    at 2026-11-24T12:00:00.000000Z
    why the disk of the watch broke

They are approvers whom the case's own first record names, each with a key file or a passkey. Where
it names none, as in an operation's case, they are any two people, and whoever verifies is told so.

As :mod:`cautery.evidence.signing`, it is imported by a signer process.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from cautery.errors import EvidenceError, InputError
from cautery.evidence.merkle import leaf_hash, verify_inclusion
from cautery.evidence.signing import COUNT, Root
from cautery.json_text import parsed_json
from cautery.model.people import person_key
from cautery.model.signing_keys import FileKey, PasskeyKey, PersonKey, people_among
from cautery.public_keys import is_passkey, passkey_in, raw_public_key

TITLE = "Cautery case restore v1"
NEEDED = 2
"""People; as many as let a referral out."""
MAX_WHY = 500
MAX_TEXT = 1024
"""Characters: the longest reason, beside two roots and the other lines."""
MAX_SIGNATURES = 16
"""Each costs a verification, and whoever can append a record could list thousands."""

_BODY = re.compile(
    rf"{re.escape(TITLE)}\ncase ([0-9a-f]{{16}})\n"
    rf"from {COUNT} ([0-9a-f]{{64}})\nto {COUNT} ([0-9a-f]{{64}})\n"
    r"at [0-9T:.-]+Z\nwhy ([^\n]+)\n"
)
_OPENED = "case.opened"
_WITHOUT_APPROVERS = frozenset({"operation.opened"})
"""First records of cases that stand under no mandate."""

Signatures = Sequence[tuple[str, str, str]]
"""Of each person: name, public key and signature, as the record of a restoration spells them."""


class Return(NamedTuple):
    """What a text says that two people sign."""

    last: Root
    to: Root
    why: str


def restore_text(case: str, *, last: Root, to: Root, at: str, why: str) -> str:
    """Return what two people sign to take a case back.

    Raises
    ------
    InputError
        If there is no reason, or it is not one line.
    """
    line = " ".join(why.split())
    if not line or len(line) > MAX_WHY or not line.isprintable():
        raise InputError(
            f"give a reason in one line of at most {MAX_WHY} characters", hint='--why "..."'
        )
    return (
        f"{TITLE}\ncase {case}\nfrom {last[0]} {last[1].hex()}\nto {to[0]} {to[1].hex()}\n"
        f"at {at}\nwhy {line}\n"
    )


def return_in(text: str, *, case: str) -> Return:
    """Return what a text says that takes a case back.

    Raises
    ------
    EvidenceError
        If it is no such text, or of another case.
    """
    match = _parsed(text)
    if match[1] != case:
        raise EvidenceError(f"the text restores case {match[1]}, not case {case}")
    return Return(
        last=(int(match[2]), bytes.fromhex(match[3])),
        to=(int(match[4]), bytes.fromhex(match[5])),
        why=match[6],
    )


def _parsed(text: str) -> re.Match[str]:
    match = _BODY.fullmatch(text) if len(text) <= MAX_TEXT else None
    if match is None:
        raise EvidenceError("not a valid text for restoring a case")
    return match


def require_two_people(text: str, signatures: Signatures, *, opened: bytes) -> bool:
    """Raise unless two people signed the text; return whether the case itself names them.

    Parameters
    ----------
    opened : bytes
        The first leaf of the case.

    Raises
    ------
    EvidenceError
        If it is no such text, they are not two or are more than anybody needs, a signature does
        not fit, or the case names others or does not say whom.
    """
    _parsed(text)
    if len(signatures) > MAX_SIGNATURES:
        raise EvidenceError(
            f"{len(signatures)} signatures, but at most {MAX_SIGNATURES} are checked"
        )
    approvers = approvers_in(opened)
    keys = [_key_in(name, key) for name, key, _ in signatures]
    # Neither one key under two names, nor one name in two spellings, nor two passkeys of one
    # account are two people.
    if (
        people_among(
            {f"name {person_key(name)}", *key.marks}
            for (name, _, _), key in zip(signatures, keys, strict=True)
        )
        < NEEDED
    ):
        raise EvidenceError(
            "two different people must sign the restoration, each with a separate key"
        )
    for (name, _, signature), key in zip(signatures, keys, strict=True):
        try:
            key.verify(_spelled(signature), text.encode())
        except ValueError as error:
            raise EvidenceError(
                f"the signature of {name} does not match the text: {error}"
            ) from error
        if approvers and approvers.get(name) != key.spelled:
            raise EvidenceError(
                f"{name}: not an approver of this case with this key",
                hint=f"The approvers are {', '.join(sorted(approvers))}.",
            )
    return bool(approvers)


def require_return(
    text: str,
    *,
    case: str,
    last: Root,
    signatures: Signatures,
    signed: Root,
    opened: bytes,
    proof: Sequence[bytes],
) -> Root:
    """Raise unless a case may go back to an earlier root; return that root.

    Parameters
    ----------
    last : (int, bytes)
        The last root that was signed.
    signed : (int, bytes)
        The earlier root, as a checkpoint of this case's own key states it.
    opened, proof
        The first leaf, and that it is in the ledger of that root.

    Raises
    ------
    EvidenceError
        If anything of it does not hold.
    """
    start, target, _ = return_in(text, case=case)
    if start != last:
        raise EvidenceError(
            "the text does not name the root that was signed last: make a new text for today's root"
        )
    # An empty ledger has no first record, which could say who the approvers are.
    if target != signed or not target[0]:
        raise EvidenceError(
            "the key of this case never signed the root to which the case would go back"
        )
    # Proven to be in the signed copy: whoever asks could else hand in a first record that names
    # other approvers.
    verify_inclusion(leaf_hash(opened), index=0, size=target[0], proof=proof, root=target[1])
    require_two_people(text, signatures, opened=opened)
    return target


def approvers_in(opened: bytes) -> dict[str, str]:
    """Return the approvers that the first record of a case names, with their keys.

    A key is base64 of its 32 bytes, or a passkey as the mandate names it.

    The mapping is empty if the mandate names no approver, or the case has no mandate.

    Raises
    ------
    EvidenceError
        If it is no first record of a case, or the keys in it cannot be read. Then nobody takes the
        case back: what we cannot read may name people.
    """
    try:
        return _approvers_in(parsed_json(opened))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise EvidenceError(
            f"the approvers cannot be read from the first record of the case ({error})"
        ) from error


def _approvers_in(record: Any) -> dict[str, str]:
    if record["kind"] in _WITHOUT_APPROVERS:
        return {}
    if record["kind"] != _OPENED:
        raise ValueError(f"its kind is {record['kind']}, which does not open a case")
    listed = record["body"]["mandate"]["approvers"]
    approvers = {str(approver["name"]): _named(str(approver["public_key"])) for approver in listed}
    if len(approvers) != len(listed):
        raise ValueError("two of its approvers have the same name")
    return approvers


def _named(text: str) -> str:
    if is_passkey(text.strip()):
        return passkey_in(text.strip()).spelled
    return base64.b64encode(raw_public_key(text)).decode("ascii")


def _key_in(name: str, text: str) -> PersonKey:
    try:
        if is_passkey(text):
            return PasskeyKey(passkey_in(text))
        return FileKey(bytes.fromhex(text))
    except ValueError as error:
        raise EvidenceError(f"the key of {name} is not valid: {error}") from error


def _spelled(signature: str) -> str:
    """Return a signature as its key reads it: hexadecimal stands for a key file's base64."""
    if is_passkey(signature):
        return signature
    return base64.b64encode(bytes.fromhex(signature)).decode("ascii")
