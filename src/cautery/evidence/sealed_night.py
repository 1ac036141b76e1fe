"""The two files of a night: ``sealed.json``, which all may read, and ``plan.sealed``, for one key.

``plan.sealed`` is encrypted under a key that HKDF (RFC 5869) makes of the planner's private key and
a random salt, by ChaCha20-Poly1305 (RFC 8439); the sealed plan is authenticated beside it, so a
plan opens only together with its own ``sealed.json``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.evidence.decoys import check_sealed, statement_of
from cautery.json_text import parsed_json
from cautery.model.decoys import SealedPlan
from cautery.model.evidence import Digest
from cautery.model.times import iso
from cautery.model.wire import MISSHAPEN, from_json, to_json

if TYPE_CHECKING:
    from cautery.evidence.outside.stamps import Stamp

SEALED_FILE, PLAN_FILE = "sealed.json", "plan.sealed"
MAX_SEALED_BYTES, MAX_PLAN_BYTES = 1 << 20, 16 << 20
TYPE = "cautery/sealed-night/1"
_MAGIC = b"cautery/plan-sealed/1\n"
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 32, 12, 32
RANDOM_BYTES = _SALT_BYTES + _NONCE_BYTES
"""Fresh random bytes that one encryption takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedNight:
    """What ``sealed.json`` says.

    Parameters
    ----------
    sealed : SealedPlan
        The sealed plan, signed by the planner.
    stamp : bytes
        An answer of a time-stamping authority (RFC 3161) over the signed plan; empty: there is
        none, and nobody but the planner vouches for the time.
    """

    sealed: SealedPlan
    stamp: bytes = b""

    def file(self) -> bytes:
        """Return the bytes of ``sealed.json``."""
        stamp = base64.b64encode(self.stamp).decode("ascii") or None
        note = None if stamp else "no outsider vouches for the time at which this plan was made"
        return (
            canonical(
                {"type": TYPE, "plan": to_json(self.sealed), "time_stamp": stamp, "note": note}
            )
            + b"\n"
        )


def stamped_text_of(sealed: SealedPlan) -> bytes:
    """Return what an authority stamps: the signed plan with its signature."""
    return statement_of(sealed) + b"\n" + sealed.signature.encode("ascii") + b"\n"


def read_sealed(raw: bytes) -> SealedNight:
    """Read ``sealed.json`` and check the planner's signature.

    Raises
    ------
    EvidenceError
        If it is damaged, or not signed by the planner whom it names.
    """
    damaged = EvidenceError(
        "not a sealed plan: the file is damaged", hint="Get sealed.json from the planner again."
    )
    if len(raw) > MAX_SEALED_BYTES:
        raise EvidenceError(f"a sealed plan has at most {MAX_SEALED_BYTES} bytes")
    try:
        value: Any = parsed_json(raw.decode())
        if not isinstance(value, dict) or value.get("type") != TYPE:
            raise damaged
        sealed = from_json(SealedPlan, value["plan"])
        stamp = value.get("time_stamp")
        token = b"" if stamp is None else base64.b64decode(stamp, validate=True)
        night = SealedNight(sealed=sealed, stamp=token)
        written = night.file()  # half a character in a text has no canonical JSON
    except (*MISSHAPEN, UnicodeDecodeError, binascii.Error) as error:
        raise damaged from error
    check_sealed(sealed)
    # In another spelling two files would be one plan, and a record names the file's digest.
    if written != raw:
        raise damaged
    return night


def check_belongs(night: SealedNight, *, terms: Digest) -> None:
    """Raise unless a night is one of a mandate.

    Parameters
    ----------
    terms : Digest
        Of the mandate's terms.

    Raises
    ------
    InputError
        If its plan was made for other terms.
    """
    if night.sealed.mandate != terms:
        raise InputError(
            f"the sealed plan of night {night.sealed.night} is of another mandate",
            hint="It was planned for other terms. Plan again with the mandate as it is now.",
        )


def encrypted(secret: bytes, sealed: SealedPlan, *, key: Ed25519PrivateKey, fresh: bytes) -> bytes:
    """Return ``plan.sealed``.

    Parameters
    ----------
    secret : bytes
        The plan.
    sealed : SealedPlan
        Signed; it is authenticated beside the plan.
    key : Ed25519PrivateKey
        The planner's, which alone opens it.
    fresh : bytes
        44 random bytes that were never used before.

    Raises
    ------
    InputError
        If the bytes are not 44.
    """
    if len(fresh) != RANDOM_BYTES:
        raise InputError(f"encryption takes {RANDOM_BYTES} fresh random bytes")
    salt, nonce = fresh[:_SALT_BYTES], fresh[_SALT_BYTES:]
    header = _MAGIC + fresh
    box = ChaCha20Poly1305(_derived(key, salt))
    return header + box.encrypt(nonce, secret, header + stamped_text_of(sealed))


def decrypted(raw: bytes, sealed: SealedPlan, *, key: Ed25519PrivateKey) -> bytes:
    """Open ``plan.sealed``.

    Raises
    ------
    EvidenceError
        If another key sealed it, it was altered or cut off, or it is of another sealed plan.
    """
    size = len(_MAGIC) + RANDOM_BYTES
    if len(raw) > MAX_PLAN_BYTES or len(raw) < size or not raw.startswith(_MAGIC):
        raise EvidenceError(f"{PLAN_FILE}: not a plan, or it is cut off")
    header, body = raw[:size], raw[size:]
    salt, nonce = header[len(_MAGIC) : -_NONCE_BYTES], header[-_NONCE_BYTES:]
    try:
        box = ChaCha20Poly1305(_derived(key, salt))
        return box.decrypt(nonce, body, header + stamped_text_of(sealed))
    except InvalidTag as error:
        raise EvidenceError(
            f"{PLAN_FILE}: this key does not open the plan of night {sealed.night}, or the file "
            "was altered",
            hint="Only the planner's key opens it, together with its own sealed.json.",
        ) from error


def opens_with(raw: bytes, night: SealedNight, *, key: Ed25519PrivateKey) -> bool:
    """Tell whether a key opens a plan: a second planner's must not."""
    try:
        decrypted(raw, night.sealed, key=key)
    except EvidenceError:
        return False
    return True


def check_stamped_before(
    night: SealedNight, *, roots: Sequence[x509.Certificate], policies: Sequence[str] = ()
) -> Stamp | None:
    """Return what a night's time-stamp proves; ``None``: it has none.

    Raises
    ------
    EvidenceError
        If the time-stamp does not hold, or is not from before the night's window.
    """
    # Only who checks a time-stamp needs the library.
    from cautery.evidence.outside.stamps import check_stamp  # noqa: PLC0415

    if not night.stamp:
        return None
    stamp = check_stamp(
        night.stamp,
        message=stamped_text_of(night.sealed),
        nonce=None,
        roots=roots,
        policies=policies,
    )
    if stamp.not_after >= night.sealed.window.start:
        raise EvidenceError(
            f"the plan of night {night.sealed.night} was stamped at {iso(stamp.at)}, which is not "
            "before its window",
            hint="Such a plan could have been made when it was known what the watch had found.",
        )
    return stamp


def _derived(key: Ed25519PrivateKey, salt: bytes) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=salt, info=_MAGIC)
    return kdf.derive(key.private_bytes_raw())
