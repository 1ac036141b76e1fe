"""The key of a case: whatever stands there, a sentence comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.errors import EvidenceError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.note import NoteVerifier


class Store:
    """Has one file."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, path: Path, name: str, *, limit: int) -> bytes:
        assert (path, name) == (Path("cases/md34"), CASE_KEY)
        return self._content[:limit]


def test_the_key_that_a_case_states_is_read() -> None:
    verifier = NoteVerifier(
        "cautery/case-x", Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    )
    assert case_verifier(Store(f"{verifier}\n".encode()), Path("cases/md34")) == verifier


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"cautery/case-x+0+AAAA", b"a" * 100_000])
def test_what_is_no_key_is_named_with_its_file(content: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"^cases/md34/keys/case\.pub: "):
        case_verifier(Store(content), Path("cases/md34"))
