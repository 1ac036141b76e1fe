"""The signed list of a case's files."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import Manifest, open_manifest, parse_sums, sums
from cautery.evidence.note import NoteVerifier
from cautery.evidence.signing import signed_note
from cautery.model import digest_of

NAME, KEY = "cautery/case-0", Ed25519PrivateKey.generate()
VERIFIER = NoteVerifier(NAME, KEY.public_key().public_bytes_raw())
DIGESTS = {"a.txt": "0" * 64, "vault/ab/c d": "1" * 64}


def test_a_list_of_digests_reads_back() -> None:
    assert parse_sums(sums(DIGESTS)) == DIGESTS


@pytest.mark.parametrize("name", ["", "/etc/passwd", "a/../b", "a//b", "a\nb", "a\\b", "a\x1b[2J"])
def test_a_name_that_could_mislead_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        sums({name: "0" * 64})
    with pytest.raises(EvidenceError):
        parse_sums(f"{'0' * 64}  {name}\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        sums(DIGESTS)[:-1],
        sums(DIGESTS) + b"\n",
        sums(DIGESTS) * 2,
        sums(DIGESTS).replace(b"  ", b" *"),
        sums(DIGESTS).replace(b"0", b"A"),
        b"\xff\n",
    ],
)
def test_a_list_in_another_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_sums(text)


def test_a_manifest_reads_back_from_its_note() -> None:
    manifest = Manifest(
        case="0" * 16, files=2, size=9, digest=digest_of(b""), records=3, root=bytes(32)
    )
    assert (
        open_manifest(signed_note(manifest.text, name=NAME, private=KEY).encode(), VERIFIER)
        == manifest
    )


def test_a_signed_checkpoint_is_no_manifest() -> None:
    with pytest.raises(EvidenceError, match="does not sign the manifest"):
        open_manifest(
            signed_note("cautery/case-0\n1\nAAAA\n", name=NAME, private=KEY).encode(), VERIFIER
        )
