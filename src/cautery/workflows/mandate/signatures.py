"""Signatures of a mandate: JSON lines in a file next to it, checked on reading.

A line is a :class:`~cautery.model.MandateSignature` and the salt of its file's digest. The salt
stays here: with it, whoever knows all of the file but a password could try passwords.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import (
    check_mandate_signature,
    mandate_message,
    mandate_to_sign,
    sign_mandate,
    terms_digest,
)
from cautery.errors import ApprovalError, MandateError
from cautery.json_text import parsed_json
from cautery.model import (
    MISSHAPEN,
    Digest,
    Mandate,
    MandateSignature,
    digest_of,
    from_json,
    to_json,
)
from cautery.model.signing_keys import PasskeyKey
from cautery.workflows.mandate.beside import append_beside, lines_beside

SUFFIX = ".signatures"
SALT_BYTES = 32
"""As long as SHA-256: the digest of a mandate, which is short, gives nobody a way to guess it."""
_SIGN_AGAIN = (
    "Have two people sign this file again: cautery mandate sign; or delete the file of signatures."
)


def signatures_path(mandate: Path) -> Path:
    """Return where the signatures under a mandate's file lie."""
    return mandate.with_name(mandate.name + SUFFIX)


def checked_signatures(
    path: Path, raw: bytes, mandate: Mandate, *, now: datetime
) -> tuple[MandateSignature, ...]:
    """Return the signatures beside a mandate's file, each checked; none if there is no such file.

    Parameters
    ----------
    raw : bytes
        The mandate's file, as it was read.
    mandate : Mandate
        What was read from these bytes.

    Raises
    ------
    MandateError
        If one is broken, or over another file or other terms.
    """
    beside = signatures_path(path)
    terms = terms_digest(mandate)
    signatures = []
    for number, line in enumerate(lines_beside(beside, remedy=_SIGN_AGAIN), 1):
        where = f"{beside}, line {number}"
        try:
            members = parsed_json(line)
            salt = bytes.fromhex(members.pop("salt"))
            signature = from_json(MandateSignature, members)
        except MISSHAPEN as error:
            raise MandateError(
                f"{where}: not a valid signature of a mandate", hint=_SIGN_AGAIN
            ) from error
        if len(salt) != SALT_BYTES or digest_of(salt + raw) != signature.file:
            raise MandateError(
                f"{where}: {signature.name} signed a different file", hint=_SIGN_AGAIN
            )
        try:
            check_mandate_signature(signature, terms=terms, now=now)
        except ApprovalError as error:
            raise MandateError(f"{where}: {error}", hint=error.hint or _SIGN_AGAIN) from error
        signatures.append(signature)
    return tuple(signatures)


def add_signature(
    path: Path,
    mandate: Mandate,
    *,
    raw: bytes,
    shown: Digest,
    name: str,
    role: str,
    key: Ed25519PrivateKey,
    now: datetime,
) -> MandateSignature:
    """Sign a mandate's file as a named person, and put the signature beside it.

    Parameters
    ----------
    raw : bytes
        The file, as it was read and shown.
    shown : str
        Digest of the file that the person was shown: nothing else is signed.

    Raises
    ------
    ApprovalError
        If the file is another one, or the person or the key has signed it already.
    StorageError
        If it cannot be written.
    """
    if digest_of(raw) != shown:
        raise ApprovalError(
            f"{path} differs from the file that was shown: its digest is {digest_of(raw)}, not "
            f"{shown}",
            hint=f"Read it again: cautery mandate show {path}",
        )
    salt = secrets.token_bytes(SALT_BYTES)
    signed = sign_mandate(mandate, digest_of(salt + raw), name=name, role=role, key=key, at=now)
    append_beside(signatures_path(path), {**to_json(signed), "salt": salt.hex()})
    return signed


def text_for_passkey(
    mandate: Mandate, *, raw: bytes, name: str, role: str, key: PasskeyKey, now: datetime
) -> tuple[str, bytes]:
    """Return the text that a named person's passkey signs under a mandate, and the file's salt.

    Raises
    ------
    ApprovalError
        If the name or role is empty, or the person, the key or the account has signed it already.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    file = digest_of(salt + raw)
    unsigned = mandate_to_sign(mandate, file, name=name, role=role, key=key, at=now)
    return mandate_message(unsigned).decode(), salt


def add_passkey_signature(
    path: Path,
    mandate: Mandate,
    *,
    raw: bytes,
    text: str,
    salt: bytes,
    answer: str,
    name: str,
    role: str,
    key: PasskeyKey,
    now: datetime,
) -> MandateSignature:
    """Put what a passkey signed beside a mandate's file.

    Parameters
    ----------
    text, salt
        As :func:`text_for_passkey` returned them for this file, person and passkey.
    answer : str
        As :func:`cautery.model.signing_keys.signed_by_passkey` writes it.

    Raises
    ------
    ApprovalError
        If the text is another one, the passkey did not sign it, or somebody who is this person
        has signed the mandate meanwhile.
    StorageError
        If it cannot be written.
    """
    try:
        at = datetime.fromisoformat(parsed_json(text)["at"])
    except MISSHAPEN as error:
        raise ApprovalError(f"{name}'s passkey was asked for no signature of a mandate") from error
    file = digest_of(salt + raw)
    unsigned = mandate_to_sign(mandate, file, name=name, role=role, key=key, at=at)
    if mandate_message(unsigned).decode() != text:
        raise ApprovalError(f"{name}'s passkey was asked for a signature of another mandate")
    signed = replace(unsigned, signature=answer)
    check_mandate_signature(signed, terms=terms_digest(mandate), now=now)
    append_beside(signatures_path(path), {**to_json(signed), "salt": salt.hex()})
    return signed
