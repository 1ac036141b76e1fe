"""A photograph in a backup is read by who has the room's key alone, whole and under its own name."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.tray_copy import PUBLIC, name_of, open_tray, publish_key, seal_tray
from cautery.adapters.tray_folder import TrayFolder
from cautery.errors import EvidenceError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.signing import LETTER_TITLE, signed_note, verifier_key

NAME, OTHER = f"{'a' * 64}-{'0' * 16}", f"{'b' * 64}-{'0' * 16}"
PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 300


def hashes_of(key: bytes):  # type: ignore[no-untyped-def]
    def hashes(values: Sequence[bytes]) -> list[bytes]:
        return [hmac.digest(key, value, "sha256") for value in values]

    return hashes


OURS = hashes_of(b"ours")
LOG, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([byte]) * 32) for byte in (1, 2))
NAMED = "access.invalid/0123"
VERIFIER = NoteVerifier.parse(verifier_key(NAMED, LOG.public_key().public_bytes_raw()))


def signing(key: Ed25519PrivateKey) -> Callable[[str], str]:
    return partial(signed_note, name=NAMED, private=key)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    (tmp_path / "people").mkdir(mode=0o700)
    tray = TrayFolder(tmp_path / "people" / "tray")
    for name in (NAME, OTHER):
        with tray.arriving() as arriving:
            arriving.write(PHOTO)
            tray.put(arriving, name)
        tray.enter(name, b'{"an": "entry"}')
    publish_key(tmp_path / "people", OURS, signing(LOG))
    return tmp_path / "people"


@pytest.fixture
def sealed(people: Path, tmp_path: Path) -> list[Path]:
    (tmp_path / "backup").mkdir()
    assert seal_tray(people, people / "tray", tmp_path / "backup", VERIFIER) == ()
    return sorted((tmp_path / "backup").iterdir())


def test_what_was_sealed_comes_back_whole(sealed: list[Path], tmp_path: Path) -> None:
    assert [name_of(file.name) for file in sealed] == [NAME, OTHER]
    open_tray(sealed, tmp_path / "tray", OURS)
    came = TrayFolder(tmp_path / "tray")
    assert came.names() == [NAME, OTHER]
    assert (came.photo(NAME), came.entry(NAME)) == (PHOTO, b'{"an": "entry"}')
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "tray").iterdir())


def test_two_photographs_have_no_key_in_common_and_nothing_lies_in_clear(
    sealed: list[Path],
) -> None:
    first, second = (file.read_bytes() for file in sealed)
    assert first[8:40] != second[8:40]
    assert PHOTO[:64] not in first
    assert b"entry" not in first


@pytest.mark.parametrize("at", [0, 8, 20, 40, 60, 500, -1])
def test_a_changed_byte_opens_nothing(sealed: list[Path], tmp_path: Path, at: int) -> None:
    raw = bytearray(sealed[0].read_bytes())
    raw[at] ^= 1
    sealed[0].write_bytes(raw)
    with pytest.raises(EvidenceError, match="not as it was sealed"):
        open_tray(sealed[:1], tmp_path / "tray", OURS)
    assert TrayFolder(tmp_path / "tray").names() == []


@pytest.mark.parametrize(
    "raw", [b"", b"CAUTERYP", b"CAUTERYP" + bytes(32), b"CAUTERYP" + bytes(32 + 16)]
)
def test_what_is_no_sealed_photograph_opens_nothing(
    sealed: list[Path], tmp_path: Path, raw: bytes
) -> None:
    sealed[0].write_bytes(raw)
    with pytest.raises(EvidenceError, match="not as it was sealed"):
        open_tray(sealed[:1], tmp_path / "tray", OURS)


def test_another_rooms_key_and_another_name_open_nothing(
    sealed: list[Path], tmp_path: Path
) -> None:
    with pytest.raises(EvidenceError, match="another key"):
        open_tray(sealed, tmp_path / "tray", hashes_of(b"theirs"))
    sealed[0].replace(sealed[1])
    with pytest.raises(EvidenceError, match="not as it was sealed"):
        open_tray(sealed[1:], tmp_path / "tray", OURS)
    with pytest.raises(EvidenceError, match="no name"):
        open_tray([tmp_path / "photograph-x.sealed"], tmp_path / "tray", OURS)


def test_a_key_that_was_exchanged_is_stated_anew(people: Path) -> None:
    right = (people / PUBLIC).read_bytes()
    (people / PUBLIC).write_bytes(b"0" * 64)
    publish_key(people, OURS, signing(LOG))
    assert (people / PUBLIC).read_bytes() == right


def test_an_empty_tray_needs_no_key(tmp_path: Path) -> None:
    assert seal_tray(tmp_path, tmp_path / "tray", tmp_path, VERIFIER) == ()


@pytest.mark.parametrize("key", [LOG, STRANGER])
def test_nothing_is_sealed_to_a_key_that_the_access_log_did_not_state(
    people: Path, tmp_path: Path, key: Ed25519PrivateKey
) -> None:
    theirs = "ab" * 32
    notes = [
        f"{theirs}\n",
        signed_note(f"{LETTER_TITLE}\nkey {theirs}\n", name=NAMED, private=key),
        (people / PUBLIC).read_text().replace("key ", "key 00", 1),
    ]
    if key is STRANGER:
        notes.append(signed_note(f"cautery tray v1\nkey {theirs}\n", name=NAMED, private=key))
    (tmp_path / "backup").mkdir()
    for note in notes:
        (people / PUBLIC).write_text(note)
        (remark,) = seal_tray(people, people / "tray", tmp_path / "backup", VERIFIER)
        assert "2 photographs wait" in remark
        assert "signed by the key of the room's access log" in remark
    assert not any((tmp_path / "backup").iterdir())
