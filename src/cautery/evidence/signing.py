"""Check which texts the key of a case may sign.

Whoever holds the key asks :func:`require_signable` before every signature. So a signer that is
asked to sign something else, or a checkpoint of a ledger that was cut or edited since the last
one, refuses; and a signature of a case always means one of these forms.

A signer process imports this module alone of the package, so it needs nothing but the standard
library and the library of the signature.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence.merkle import verify_consistency
from cautery.json_text import parsed_json

Root = tuple[int, bytes]
"""Size and RFC 9162 root of a ledger."""
ListHead = tuple[int, str, str]
"""Number, digest and date of a version of a block list."""

ED25519 = b"\x01"  # c2sp.org/signed-note, signature types
DASH = "\N{EM DASH} "
COUNT = r"(0|[1-9][0-9]{0,18})"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
MANIFEST_TITLE = "Cautery case manifest v1"
REGISTER_TITLE = "Cautery register manifest v1"
LETTER_TITLE = "cautery.letter/1"
LIST_TYPE = "cautery/block-list/1"
TRAY_TITLE, TRAY_SEED = "cautery tray v1", b"key of the tray in backups"
"""How the key of a room's tray is stated, and of what the log's keyed hash is its private half."""
MANIFEST = re.compile(
    rf"{re.escape(MANIFEST_TITLE)}\n"
    r"case ([0-9a-f]{16})\n"
    rf"files {COUNT}\n"
    rf"bytes {COUNT}\n"
    r"manifest (sha256:[0-9a-f]{64})\n"
    rf"ledger {COUNT} ([0-9a-f]{{64}})\n"
)
REGISTER = re.compile(
    rf"{re.escape(REGISTER_TITLE)}\ncase ([0-9a-f]{{16}})\n"
    rf"exhibits {COUNT}\nmanifest (sha256:[0-9a-f]{{64}})\n"
)
_CHECKPOINT = re.compile(rf"([^\n]+)\n{COUNT}\n([A-Za-z0-9+/]{{43}}=)\n")
_LIST_ID = re.compile("L-[0-9a-f]{12}")
_OTHER_FORMS = (
    re.compile(rf"{re.escape(LETTER_TITLE)}\nsha256:[0-9a-f]{{64}}\n"),
    re.compile(
        r"cautery (?:statement|correction|withdrawal) v1\noperation [^\n]+\nagency [^\n]+\n"
        r"statement [^\n]+\nto [^\n]+\ndigest sha256:[0-9a-f]{64}\n"
    ),
    re.compile(
        r"cautery permission v1\noperation [^\n]+\nagency [^\n]+\nstatement [^\n]+\n"
        r"by [^\n]+\nto [^\n]+\ndigest sha256:[0-9a-f]{64}\n"
    ),
    re.compile(r"cautery following v1\ncase [0-9a-f]{16}\nrun sha256:[0-9a-f]{64}\n"),
    re.compile(r"cautery partner v1\noperation [^\n]+\nagency [^\n]+\nkey [^\n]+\n"),
)
"""Texts that stand for themselves: who reads them judges them by their own lines."""


class SigningKey(Protocol):
    """An Ed25519 key that signs; its private half may lie elsewhere."""

    def public_key(self) -> Ed25519PublicKey: ...  # noqa: D102
    def sign(self, data: bytes, /) -> bytes: ...  # noqa: D102


def key_id(name: str, public: bytes) -> bytes:
    """Return the 4 bytes that name a key in a signature line."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """Return a public key as a C2SP verifier key, ``name+hash+base64(0x01 || key)``."""
    encoded = base64.b64encode(ED25519 + public).decode()
    return f"{name}+{key_id(name, public).hex()}+{encoded}"


def signed_note(text: str, *, name: str, private: SigningKey) -> str:
    """Return ``text`` as a signed note.

    Raises
    ------
    InputError
        If the text is not lines without control characters, each ended by a newline.
    """
    if not text.endswith("\n") or any(sign < " " and sign != "\n" for sign in text):
        raise InputError(
            "a note must consist of lines of text, and the last line must end with a line feed"
        )
    public = private.public_key().public_bytes_raw()
    raw = key_id(name, public) + private.sign(text.encode())
    return f"{text}\n{DASH}{name} {base64.b64encode(raw).decode()}\n"


def is_signed_note(note: str, *, name: str, public: Ed25519PublicKey) -> bool:
    """Tell whether a note is exactly what :func:`signed_note` writes with this key."""
    text, _, _ = note.rpartition("\n\n")
    prefix = f"{text}\n\n{DASH}{name} "
    try:
        raw = base64.b64decode(note.removeprefix(prefix).removesuffix("\n"), validate=True)
        public.verify(raw[4:], f"{text}\n".encode())
    except (ValueError, InvalidSignature):
        return False
    expected_id = key_id(name, public.public_bytes_raw())
    return raw[:4] == expected_id and note == f"{prefix}{base64.b64encode(raw).decode()}\n"


def text_digest(text: str) -> str:
    """Return the digest of a text, as it is kept of the manifest that was signed."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def require_signable(
    text: str,
    *,
    name: str,
    last: Root | None,
    proof: Sequence[bytes] = (),
    closed: str | None = None,
) -> Root | None:
    """Raise unless the key of a case may sign this text now.

    Parameters
    ----------
    text : str
        A checkpoint, the manifest of a case or of a register, a letter, a statement, or the run of
        a following.
    name : str
        Of the key: ``cautery/case-ID``.
    last : (int, bytes) or None
        The last root that was signed; ``None``: nobody knows it, as in cases of version 0.1.0.
    proof : sequence of bytes
        Of a checkpoint: that it goes on from ``last`` (RFC 9162, section 2.1.4.1).
    closed : str or None
        Digest of the manifest that was signed: it is signed again, and nothing else is.

    Returns
    -------
    (int, bytes) or None
        What a checkpoint states; it is the last root from now on.

    Raises
    ------
    EvidenceError
        If the case is closed, a checkpoint does not go on from the last one, a manifest states
        another root than the last one, or either is of another case.
    InputError
        If it is none of these texts.
    """
    if closed is not None and text_digest(text) != closed:
        raise EvidenceError(
            "not signed: the case is closed, and its key may sign only that one manifest"
        )
    if (match := _CHECKPOINT.fullmatch(text)) is not None and match[1] == name:
        return _next_root(int(match[2]), match[3], last, proof)
    case = name.removeprefix("cautery/case-")
    if (match := MANIFEST.fullmatch(text)) is not None:
        if match[1] != case:
            raise EvidenceError(f"not signed: the manifest is of case {match[1]}, not of {case}")
        if last is None or (int(match[5]), bytes.fromhex(match[6])) != last:
            raise EvidenceError(
                "not signed: the manifest states another root than the one signed last"
            )
        return None
    if (match := REGISTER.fullmatch(text)) is not None:
        if match[1] != case:
            raise EvidenceError(f"not signed: the register is of case {match[1]}, not of {case}")
        return None
    if not any(form.fullmatch(text) for form in _OTHER_FORMS):
        raise InputError(
            f"the key of case {case} may not sign {text.partition(chr(10))[0][:60]!r}",
            hint="It signs only checkpoints, manifests, letters, statements, partners' keys and "
            "runs of a following.",
        )
    return None


def tray_text(public: bytes) -> str:
    """Return the text that states the public key of a room's tray: 32 bytes."""
    return f"{TRAY_TITLE}\nkey {public.hex()}\n"


def require_next_list(text: str, *, key: bytes, last: ListHead | None) -> tuple[str, ListHead]:
    """Raise unless the key of a case, or of its organisation, may sign this version of a list now.

    Parameters
    ----------
    text : str
        The version, as docs/reference/block-list.md has it.
    key : bytes
        The raw public key.
    last : ListHead or None
        The last version of that list that was signed; ``None``: there is none.

    Returns
    -------
    (str, ListHead)
        The list's id, and what is its last version from now on.

    Raises
    ------
    EvidenceError
        If it does not follow the last version, or names another key.
    InputError
        If it is not a version of a block list in its one spelling.
    """
    name = list_of(text)
    list_version = parsed_json(text)
    if list_version.get("key") != base64.b64encode(key).decode():
        raise EvidenceError(f"not signed: list {name} names another key")
    number, previous = (last[0] + 1, last[1]) if last else (1, None)
    stated = list_version.get("version")
    # Exactly an integer: true and 1.0 are equal to 1 here, and no version to who receives the list.
    if type(stated) is not int or (stated, list_version.get("previous")) != (number, previous):
        raise EvidenceError(
            f"not signed: version {stated} of list {name} does not follow the last one"
        )
    made_at = str(list_version.get("made_at"))
    if _TIME.fullmatch(made_at) is None:
        raise InputError(f"version {number} of list {name} has no valid date")
    return name, (number, text_digest(text), made_at)


def require_list_id(name: str) -> str:
    """Return a list's id; raise InputError for any other text, since a file has its name."""
    if _LIST_ID.fullmatch(name) is None:
        raise InputError(f"{name[:60]!r} is not the id of a block list")
    return name


def list_of(text: str) -> str:
    """Return the id of the list of which a text is a version.

    Raises
    ------
    InputError
        If it is not a block list, or not in its one spelling.
    """
    try:
        list_version = parsed_json(text)
        # The spelling of RFC 8785 for a list, which has neither floats nor names beyond the basic
        # plane; the signer imports no library for more.
        plain = json.dumps(list_version, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        name = list_version["list"]
        is_list = plain == text and list_version["type"] == LIST_TYPE and _LIST_ID.fullmatch(name)
    except (ValueError, KeyError, TypeError, RecursionError):
        is_list = None
    if not is_list:
        raise InputError("a key signs a block list in its one spelling alone")
    return str(name)


def _next_root(size: int, encoded: str, last: Root | None, proof: Sequence[bytes]) -> Root:
    root = base64.b64decode(encoded)
    # 43 letters have two bits more than 32 bytes: other last letters would state the same root in
    # other bytes.
    if base64.b64encode(root).decode() != encoded:
        raise InputError("a checkpoint's root must be canonical base64")
    # Every tree goes on from the empty one; RFC 9162 has no proof of that (2.1.4.1: 0 < m).
    if last is None or last[0] == 0:
        return size, root
    if size < last[0]:
        raise EvidenceError(
            f"not signed: the checkpoint has {size} records, but {last[0]} were signed before"
        )
    try:
        verify_consistency(
            earlier=last[0], earlier_root=last[1], later=size, later_root=root, proof=proof
        )
    except EvidenceError as error:
        raise EvidenceError(
            f"not signed: the {size} records do not continue the {last[0]} that were signed last"
        ) from error
    return size, root
