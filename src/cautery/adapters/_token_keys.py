"""Signing keys that a token made and never gives away (PKCS#11).

Reaches: the token, by its maker's library in this process; the folder of keys. Lawful basis: GDPR
art. 32: whoever copies the folder of keys can sign nothing. Manners: one session a process; a PIN
that was refused is never tried twice, since some tokens lock themselves after three.
Format: docs/reference/case-format.md.

The file of such a key says which one it is in which token, with its public half, so that only
signing needs the token. docs/adr/0078-keys-in-a-token.md says what stays a file, and why.
"""

from __future__ import annotations

import base64
import contextlib
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery.adapters._files import write_whole
from cautery.adapters._key_files import locked
from cautery.adapters._token_settings import TokenSettings, token_settings
from cautery.errors import InputError, TokenError

_FORMAT = b"cautery-token-key/1\n"
_ID_BYTES = 16
_CURVE = b"\x13\x0cedwards25519"  # PKCS#11 3.0, section 2.3.10: a PrintableString in DER
_UNFINISHED = "cautery unfinished"
_sessions: dict[Path, Any] = {}
"""By folder of keys: the session of its token, or the TokenError why there is none.

What failed is not tried again: the process may be closed in by then, and its end is near.
"""
_reached: set[Path] = set()
_descriptors_before: set[int] = set()


class TokenKey:
    """One key in a token, used as an ``Ed25519PrivateKey`` is; its ``repr`` shows no secret.

    Parameters
    ----------
    folder : Path
        Of keys: it says how the token is reached.
    token : str
        Label of the token.
    key_id : bytes
        Which key it is there.
    public : bytes
        Its public half, raw.
    """

    def __init__(self, folder: Path, *, token: str, key_id: bytes, public: bytes) -> None:
        self._folder, self.token, self._id = folder, token, key_id
        self._public = Ed25519PublicKey.from_public_bytes(public)
        self._handle: Any = None

    def __repr__(self) -> str:
        return f"TokenKey(token={self.token!r})"

    @property
    def key_id(self) -> str:
        """Which key it is in the token, in hex."""
        return self._id.hex()

    @staticmethod
    def is_named_in(raw: bytes) -> bool:
        """Tell whether the file of a key names one in a token."""
        return raw.startswith(_FORMAT)

    @classmethod
    def named(cls, raw: bytes, *, path: Path) -> TokenKey:
        """Return the key that its file names.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        try:
            token, key_id, public = raw.removeprefix(_FORMAT).decode().splitlines()
            return cls(
                path.parent,
                token=token.removeprefix("token "),
                key_id=bytes.fromhex(key_id.removeprefix("id ")),
                public=base64.b64decode(public.removeprefix("public "), validate=True),
            )
        except ValueError as error:
            raise InputError(
                f"{path}: this file does not name a key in a token",
                hint="Restore it from a backup of the keys.",
            ) from error

    def public_key(self) -> Ed25519PublicKey:
        """Return the public half; the token is not asked."""
        return self._public

    def sign(self, data: bytes) -> bytes:
        """Return the signature that the token makes.

        Raises
        ------
        TokenError
            If the token is away, refuses the PIN or has not this key.
        """
        session = self._session()
        import pkcs11  # noqa: PLC0415 - an extra

        try:
            if self._handle is None:
                self._handle = session.get_key(
                    object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=self._id
                )
            signature = self._handle.sign(data, mechanism=pkcs11.Mechanism.EDDSA)
        except RuntimeError as error:  # as pkcs11.PKCS11Error is
            raise TokenError(f"the token {self.token!r} does not sign: {_why(error)}") from error
        return bytes(signature)

    def called(self, label: str) -> bytes:
        """Give a new key its label in the token, and return what its file says.

        Raises
        ------
        TokenError
            If the token refuses.
        """
        both = self._both()
        import pkcs11  # noqa: PLC0415 - an extra

        try:
            for key in both:
                key[pkcs11.Attribute.LABEL] = label
        except RuntimeError as error:
            raise TokenError(f"the token {self.token!r} names no key: {_why(error)}") from error
        public = base64.b64encode(self._public.public_bytes_raw()).decode()
        return _FORMAT + f"token {self.token}\nid {self._id.hex()}\npublic {public}\n".encode()

    def destroy(self) -> None:
        """Destroy it in the token.

        Raises
        ------
        TokenError
            If the token refuses.
        """
        try:
            for key in self._both():
                key.destroy()
        except RuntimeError as error:
            raise TokenError(f"the token {self.token!r} destroys no key: {_why(error)}") from error

    def _session(self) -> Any:
        settings = _settings_in(self._folder)
        if settings is None or settings.token != self.token:
            raise TokenError(
                f"this key is in the token {self.token!r}, and {self._folder} does not say how "
                "that is reached",
                hint="Say it: cautery keys token LIBRARY LABEL --pin-file FILE.",
            )
        return _session(settings)

    def _both(self) -> list[Any]:
        session = self._session()
        import pkcs11  # noqa: PLC0415 - an extra

        kinds = (pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.ObjectClass.PUBLIC_KEY)
        return [session.get_key(object_class=kind, id=self._id) for kind in kinds]


def make_in_token(settings: TokenSettings) -> TokenKey:
    """Make a signing key in a token; it never leaves it.

    Raises
    ------
    InputError
        If the token knows no Ed25519, or its library is none.
    TokenError
        If the token is away, refuses, or makes a key that can be taken out of it.
    """
    session = _session(settings)
    import pkcs11  # noqa: PLC0415 - an extra

    attribute, mechanism = pkcs11.Attribute, pkcs11.Mechanism
    try:
        mechanisms = set(session.token.slot.get_mechanisms())
        if not {mechanism.EDDSA, mechanism.EC_EDWARDS_KEY_PAIR_GEN} <= mechanisms:
            raise InputError(
                f"the token {settings.token!r} knows no Ed25519 (CKM_EDDSA), and cases are signed "
                "by nothing else",
                hint="Take a token that does, or leave the keys in files.",
            )
        curve = session.create_domain_parameters(
            pkcs11.KeyType.EC_EDWARDS, {attribute.EC_PARAMS: _CURVE}, local=True
        )
        key_id = os.urandom(_ID_BYTES)
        public, private = curve.generate_keypair(
            mechanism=mechanism.EC_EDWARDS_KEY_PAIR_GEN,
            id=key_id,
            label=_UNFINISHED,
            store=True,
            private_template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
        )
        # Tokens give the point raw, or as an OCTET STRING in DER.
        raw = bytes(public[attribute.EC_POINT])[-32:]
        if private[attribute.EXTRACTABLE] or not private[attribute.SENSITIVE]:
            private.destroy()
            public.destroy()
            raise TokenError(f"the token {settings.token!r} makes keys that can be taken out of it")
    except RuntimeError as error:
        raise TokenError(f"the token {settings.token!r} makes no key: {_why(error)}") from error
    return TokenKey(settings.folder, token=settings.token, key_id=key_id, public=raw)


def destroy_all(settings: TokenSettings, label: str) -> None:
    """Destroy every key in a token that has this label.

    Raises
    ------
    TokenError
        If the token is away or refuses.
    """
    session = _session(settings)
    import pkcs11  # noqa: PLC0415 - an extra

    try:
        for key in list(session.get_objects({pkcs11.Attribute.LABEL: label})):
            key.destroy()
    except RuntimeError as error:
        raise TokenError(f"the token {settings.token!r} destroys no key: {_why(error)}") from error


def reached() -> tuple[Path, ...]:
    """Return the folders that the libraries of open tokens go on reading and writing."""
    return tuple(_reached)


def held_descriptors() -> set[int]:
    """Return the descriptors that the libraries of open tokens hold, such as a daemon's socket."""
    return _descriptors() - _descriptors_before if _sessions else set()


def refused_mark(folder: Path) -> Path:
    """Return the file that says which PIN was refused."""
    return folder / "token.refused"


def _settings_in(folder: Path) -> TokenSettings | None:
    try:
        return token_settings(folder)
    except InputError as error:
        raise TokenError(str(error), hint=error.hint) from error


def _session(settings: TokenSettings) -> Any:
    """Return this process's session of a token, logged in."""
    if settings.folder not in _sessions:
        try:
            _descriptors_before.update(() if _descriptors_before else _descriptors())
            _sessions[settings.folder] = _begun(settings)
            _reached.update(settings.reach)
        except TokenError as error:
            _sessions[settings.folder] = error
        except InputError as error:
            _sessions[settings.folder] = TokenError(str(error), hint=error.hint)
    session = _sessions[settings.folder]
    if isinstance(session, TokenError):
        raise session
    return session


def _begun(settings: TokenSettings) -> Any:
    try:
        import pkcs11  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise InputError(
            "a key in a token needs the library python-pkcs11",
            hint="pip install 'cautery[token]'.",
        ) from error
    if not settings.library.is_file():
        raise InputError(
            f"{settings.library}: no such PKCS#11 library",
            hint="The maker of the token says where its library lies.",
        )
    os.environ.update(settings.environment)
    try:
        token = pkcs11.lib(str(settings.library)).get_token(token_label=settings.token)
        return _logged_in(token, settings)
    except (RuntimeError, OSError) as error:
        raise TokenError(f"the token {settings.token!r} cannot be opened: {_why(error)}") from error


def _logged_in(token: Any, settings: TokenSettings) -> Any:
    import pkcs11  # noqa: PLC0415 - an extra

    # Whoever is refused marks the PIN before another process tries it.
    with locked(settings.path):
        pin, mark = settings.pin(), refused_mark(settings.folder)
        status = settings.pin_file.stat()
        which = f"{status.st_ino} {status.st_size} {status.st_mtime_ns}\n"
        refusal = TokenError(
            f"the token {settings.token!r} refuses the PIN in {settings.pin_file}; it is not tried "
            "again until this file is written anew",
            hint="Write the right PIN into it before the token locks itself.",
        )
        if mark.exists() and mark.read_text(encoding="ascii", errors="replace") == which:
            raise refusal
        try:
            return token.open(rw=True, user_pin=pin)
        except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
            write_whole(mark, which.encode(), mode=0o600)
            raise refusal from error


def _descriptors() -> set[int]:
    opened = set()
    listed = Path("/proc/self/fd")
    for number in [int(path.name) for path in listed.iterdir()] if listed.is_dir() else []:
        with contextlib.suppress(OSError):  # the listing's own is closed again
            os.fstat(number)
            opened.add(number)
    return opened


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
