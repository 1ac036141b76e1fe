"""Signed notes: the specification's own example, and every bit that could be changed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import (
    NoteVerifier,
    checkpoint_text,
    open_checkpoint,
    open_note,
    parse_note,
)
from cautery.evidence.signing import signed_note

NAME = "cautery/case-0"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = NoteVerifier(NAME, KEY.public_key().public_bytes_raw())


def signed(text: str) -> str:
    return signed_note(text, name=NAME, private=KEY)


NOTE = signed("one line\nand another\n").encode()

# golang.org/x/mod/sumdb/note, documentation: a verifier key and the note that it signed.
PETER = NoteVerifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\N{EM DASH} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfq"
    "dngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_note_signed_by_the_go_implementation_verifies() -> None:
    assert open_note(PETERS_NOTE.encode(), PETER).startswith("If you think cryptography")


def test_a_signed_note_opens_to_its_text() -> None:
    assert open_note(NOTE, VERIFIER) == "one line\nand another\n"


def test_no_bit_of_a_note_can_be_changed() -> None:
    for place in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[place] ^= 1 << bit
            with pytest.raises(EvidenceError):
                open_note(bytes(changed), VERIFIER)


@pytest.mark.parametrize(
    "edit",
    [
        lambda note: note + b"\n",
        lambda note: note + b" ",
        lambda note: note[:-1],
        lambda note: note + note.split(b"\n\n")[1],
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: b"\n" + note,
        lambda note: b"",
        lambda note: b"\n\n",
        lambda note: b"x" * 70_000,
    ],
)
def test_a_note_with_other_lines_is_refused(edit) -> None:
    with pytest.raises(EvidenceError):
        open_note(edit(NOTE), VERIFIER)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_note_or_refused(raw: bytes) -> None:
    for one in (raw, b"text\n\n\xe2\x80\x94 " + raw + b"\n"):
        try:
            parse_note(one)
        except EvidenceError:
            continue


def test_another_key_of_the_same_name_is_refused() -> None:
    other = NoteVerifier(NAME, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(EvidenceError, match="not by"):
        open_note(NOTE, other)


def test_a_verifier_key_string_reads_back() -> None:
    assert NoteVerifier.parse(f"{VERIFIER}\n") == VERIFIER


def test_no_bit_of_a_verifier_key_string_can_be_changed() -> None:
    text = f"{VERIFIER}\n".encode()
    for place in range(len(text)):
        for bit in range(7):
            changed = bytearray(text)
            changed[place] ^= 1 << bit
            with pytest.raises(InputError):
                NoteVerifier.parse(changed.decode())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_that_would_break_a_line_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        NoteVerifier(name, bytes(32))


@pytest.mark.parametrize("text", ["", "no end", "tab\there\n", "bell\a\n"])
def test_text_that_is_no_note_is_not_signed(text: str) -> None:
    with pytest.raises(InputError):
        signed(text)


def test_a_checkpoint_reads_back() -> None:
    note = signed(checkpoint_text(NAME, 17, bytes(32)))
    found = open_checkpoint(note, VERIFIER)
    assert (found.origin, found.size, found.root) == (NAME, 17, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        checkpoint_text("another", 1, bytes(32)),
        checkpoint_text(NAME, 1, bytes(31)),
        checkpoint_text(NAME, -1, bytes(32)),
        checkpoint_text(NAME, 1, bytes(32)).replace("1\n", "01\n"),
        checkpoint_text(NAME, 1, bytes(32)) + "more\n",
        "one line\n",
    ],
)
def test_a_signed_note_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        open_checkpoint(signed(text), VERIFIER)
