"""The key that signs a document: in a file (PKCS#12), or on a token (PKCS#11)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cautery.adapters._key_files import private_bytes
from cautery.errors import InputError

MOST_CERTIFICATE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """Key and certificates in a file (PKCS#12), mode 0600, and its password."""

    path: Path
    password: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyToken:
    """A key and its certificate on a token: a card, a stick or an HSM (PKCS#11).

    Parameters
    ----------
    library : Path
        The maker's PKCS#11 library.
    token : str
        The token's label.
    label : str
        Label of the certificate, and of its key.
    pin : bytes
        Empty: the token asks for it by itself.
    """

    library: Path
    token: str
    label: str
    pin: bytes = b""


@contextmanager
def signer_of(key: KeyFile | KeyToken) -> Iterator[Any]:
    """Lend what signs for pyHanko.

    Raises
    ------
    InputError
        If key, password or PIN are wrong, or a library that is an extra is not installed.
    """
    if isinstance(key, KeyFile):
        yield _from_file(key)
        return
    session = _session(key)
    try:
        yield _from_token(session, key)
    finally:
        session.close()


def _from_file(key: KeyFile) -> Any:
    from pyhanko.sign import signers  # noqa: PLC0415 - an extra

    raw = private_bytes(key.path, most=MOST_CERTIFICATE)
    try:
        signer = signers.SimpleSigner.load_pkcs12_data(raw, other_certs=[], passphrase=key.password)
    except (ValueError, TypeError, OSError) as error:
        raise InputError(f"{key.path}: not a PKCS#12 file, or another password") from error
    if signer is None or signer.signing_cert is None:
        raise InputError(f"{key.path}: not a PKCS#12 file with a key and its certificate")
    return signer


def _session(key: KeyToken) -> Any:
    try:
        import pkcs11  # noqa: PLC0415 - an extra
        from pyhanko.config.pkcs11 import TokenCriteria  # noqa: PLC0415
        from pyhanko.sign.pkcs11 import open_pkcs11_session  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "signing by a token needs the library python-pkcs11",
            hint="pip install 'cautery[token]'; or sign by a file: --sign KEY.p12.",
        ) from error
    if not key.library.is_file():
        raise InputError(
            f"{key.library}: no such PKCS#11 library",
            hint="The maker of the token says where its library lies.",
        )
    try:
        return open_pkcs11_session(
            str(key.library.resolve()),
            token_criteria=TokenCriteria(label=key.token),
            user_pin=key.pin.decode() if key.pin else None,
        )
    except UnicodeDecodeError as error:
        raise InputError("the PIN is not UTF-8") from error
    except (pkcs11.PKCS11Error, RuntimeError, OSError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise InputError(
            f"{key.library}: the token {key.token!r} cannot be opened: {why}",
            hint="Check that it is plugged in, its label, and its PIN.",
        ) from error


def _from_token(session: Any, key: KeyToken) -> Any:
    import pkcs11  # noqa: PLC0415 - an extra
    from pyhanko.sign.pkcs11 import PKCS11Signer  # noqa: PLC0415

    signer = PKCS11Signer(session, cert_label=key.label, key_label=key.label)
    try:
        certificate = signer.signing_cert
    except (pkcs11.PKCS11Error, ValueError) as error:
        raise InputError(
            f"the token {key.token!r}: no certificate {key.label!r}: {str(error) or 'none found'}"
        ) from error
    if certificate is None:
        raise InputError(f"the token {key.token!r}: no certificate {key.label!r}")
    if certificate.public_key.algorithm != "ec":
        return signer
    # Few tokens hash for ECDSA by themselves.
    return PKCS11Signer(session, cert_label=key.label, key_label=key.label, use_raw_mechanism=True)
