"""A signed letter from one agency's case to another's: the form of bundles and deconfliction.

A letter is RFC 8785 JSON, ``{"note": ..., "payload": {...}}``: the note is signed by the sender's
case key over the digest of the payload's own RFC 8785 bytes. Ed25519 is deterministic, so the same
payload is the same letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import rfc8785

from cautery.canonical import canonical
from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import MAX_NOTE_BYTES, NoteVerifier, open_note
from cautery.evidence.signing import LETTER_TITLE
from cautery.model import digest_of
from cautery.packed import small_file
from cautery.workflows.operation.strict_json import is_deeper, strictly_parsed

HEAD = LETTER_TITLE
MEDIA_TYPE = "application/vnd.cautery.letter+json"
MAX_LETTER_BYTES = 64 << 20
"""A deconfliction message of 2^18 targets has 23 MB; a bundle of an operation less."""
MAX_PARTS = 2_000_000
"""Commas, colons and brackets of a payload: a bundle of 20,000 statements has some 60 for each.

To parse them takes seconds and some hundred megabytes; 64 MB of nothing else, ten times that."""
MAX_DEPTH = 16
"""Statements stand four deep; their details a few more."""

# RFC 8785 sorts members, so a letter is these two, its note, its payload, and a brace.
_BEFORE = b'{"note":'
_BETWEEN = b',"payload":'
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""One that is not closed ends with the bytes: else they would be walked once for each quote."""


def write_letter(payload: Mapping[str, Any], sign: Callable[[str], str]) -> bytes:
    """Sign a payload; ``sign`` makes a note of a text.

    Raises
    ------
    InputError
        If it has no RFC 8785 form or is too large to be received.
    """
    try:
        body = canonical(dict(payload))
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise InputError(f"this content cannot be written as a letter: {error}") from error
    _refuse_many_parts(body)
    note = sign(f"{HEAD}\n{digest_of(body)}\n")
    raw = _BEFORE + _spelt(note) + _BETWEEN + body + b"}"
    if len(raw) > MAX_LETTER_BYTES:
        raise InputError(
            f"the letter has {len(raw)} bytes, but at most {MAX_LETTER_BYTES} are allowed"
        )
    return raw


def read_letter(path: Path) -> bytes:
    """Return a letter's bytes from a file; they are not yet checked.

    Raises
    ------
    InputError
        If it cannot be read or is too large.
    """
    return small_file(path, most=MAX_LETTER_BYTES, of="a letter")


def open_letter(raw: bytes, verifier: NoteVerifier) -> dict[str, Any]:
    """Return the payload of a letter that ``verifier`` signed.

    Parameters
    ----------
    verifier : NoteVerifier
        The sender's key, had from elsewhere than the letter.

    Raises
    ------
    InputError
        If it is too large, too deep or no letter.
    EvidenceError
        If its signature does not hold.

    Notes
    -----
    The signature is checked over the bytes before they are parsed: a stranger's JSON is not.
    """
    if len(raw) > MAX_LETTER_BYTES:
        raise InputError(
            f"the letter has {len(raw)} bytes, but at most {MAX_LETTER_BYTES} are allowed"
        )
    head, separator, tail = raw.partition(_BETWEEN)  # a quote inside the note would be escaped
    quoted_note, body = head.removeprefix(_BEFORE), tail.removesuffix(b"}")
    if (
        not separator
        or quoted_note == head
        or body == tail
        or len(quoted_note) > 2 * MAX_NOTE_BYTES
    ):
        raise InputError("not a valid letter: it is not {note, payload} in the RFC 8785 form")
    note = _parsed(quoted_note)
    if not isinstance(note, str) or _spelt(note) != quoted_note:
        raise InputError("not a valid letter: its note is not in the RFC 8785 form")
    # Half of a surrogate pair has no bytes; replaced, it fails as a signature that does not
    # match.
    if open_note(note.encode(errors="replace"), verifier) != f"{HEAD}\n{digest_of(body)}\n":
        raise EvidenceError("the letter's signature is for another payload")
    # Only now are its bytes read any further: they are the sender's, whatever they hold.
    _refuse_many_parts(body)
    payload = _parsed(body)
    if not isinstance(payload, dict):
        raise InputError("not a valid letter: its payload is not an object")
    if is_deeper(payload, MAX_DEPTH):
        raise InputError(f"not a valid letter: nested deeper than {MAX_DEPTH}")
    if _spelt(payload) != body:
        raise InputError("not a valid letter: its payload is not in the RFC 8785 form")
    return payload


def _refuse_many_parts(body: bytes) -> None:
    """Refuse a payload of too many parts before it is parsed, by its bytes alone."""
    if _parts(body) > MAX_PARTS and _parts(_STRING.sub(b"", body)) > MAX_PARTS:
        raise InputError(f"not a valid letter: its payload has more than {MAX_PARTS:,} parts")


def _parts(body: bytes) -> int:
    return sum(body.count(sign) for sign in (b",", b":", b"[", b"{"))


def _spelt(value: Any) -> bytes:
    try:
        return canonical(value)
    except (rfc8785.CanonicalizationError, RecursionError, ValueError) as error:
        raise InputError(f"not a valid letter: {error}") from error


def _parsed(raw: bytes) -> Any:
    try:
        return strictly_parsed(raw)
    except ValueError as error:  # UnicodeDecodeError is a ValueError
        raise InputError(f"not a valid letter: {str(error)[:200]}") from error
