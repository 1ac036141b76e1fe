"""What a case's key signs, and each wrong thing that it refuses."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence import Frontier, consistency_from, consistency_proof, leaf_hash
from cautery.evidence.signing import require_signable, text_digest

NAME = "cautery/case-0123456789abcdef"
LEAVES = [leaf_hash(bytes([n])) for n in range(40)]


def root_of(size: int, leaves: list[bytes] = LEAVES) -> bytes:
    return Frontier().extend(leaves[:size]).root()


def checkpoint(size: int, root: bytes, name: str = NAME) -> str:
    return f"{name}\n{size}\n{base64.b64encode(root).decode()}\n"


def manifest(size: int, root: bytes, case: str = "0123456789abcdef") -> str:
    return (
        f"Cautery case manifest v1\ncase {case}\nfiles 1\nbytes 1\n"
        f"manifest sha256:{'0' * 64}\nledger {size} {root.hex()}\n"
    )


@given(st.integers(1, 40), st.integers(0, 39))
def test_the_proof_from_peaks_is_the_proof_of_the_standard(later: int, back: int) -> None:
    earlier = max(1, later - back)
    expected = consistency_proof(LEAVES[:later], earlier)
    assert consistency_from(Frontier().extend(LEAVES[:earlier]), LEAVES[earlier:later]) == expected


def test_a_checkpoint_that_goes_on_from_the_last_is_the_next_root() -> None:
    proof = consistency_proof(LEAVES[:30], 21)
    text = checkpoint(30, root_of(30))
    found = require_signable(text, name=NAME, last=(21, root_of(21)), proof=proof)
    assert found == (30, root_of(30))


def test_the_same_checkpoint_is_signed_again() -> None:
    text = checkpoint(21, root_of(21))
    assert require_signable(text, name=NAME, last=(21, root_of(21))) == (21, root_of(21))


EDITED = [*LEAVES[:5], leaf_hash(b"edited"), *LEAVES[6:]]


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        (checkpoint(20, root_of(20)), ()),
        (checkpoint(21, root_of(21, EDITED)), ()),
        (checkpoint(30, root_of(30, EDITED)), consistency_proof(EDITED[:30], 21)),
        (checkpoint(30, root_of(30)), ()),
        (checkpoint(30, root_of(30)), consistency_proof(LEAVES[:29], 21)),
        (checkpoint(0, root_of(0)), ()),
        (manifest(20, root_of(20)), ()),
        (manifest(21, root_of(20)), ()),
        (manifest(21, root_of(21), case="f" * 16), ()),
        (f"Cautery register manifest v1\ncase {'f' * 16}\nexhibits 1\nmanifest sha256:{'0' * 64}\n", ()),
    ],
    ids=[
        "smaller",
        "another root",
        "edited before the last root",
        "without a proof",
        "with another proof",
        "empty",
        "manifest of fewer records",
        "manifest of another root",
        "manifest of another case",
        "register of another case",
    ],
)  # fmt: skip
def test_what_does_not_go_on_from_the_last_root_is_not_signed(
    text: str, proof: tuple[bytes, ...]
) -> None:
    with pytest.raises(EvidenceError, match="not signed"):
        require_signable(text, name=NAME, last=(21, root_of(21)), proof=proof)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I owe you one\n",
        checkpoint(30, root_of(30), name="cautery/case-ffffffffffffffff"),
        checkpoint(30, root_of(30)) + "more\n",
        checkpoint(30, root_of(30)).replace("30", "030"),
        manifest(21, root_of(21)) + "\n",
        "cautery.letter/1\nsha256:abc\n",
        "Cautery case restore v1\ncase 0123456789abcdef\n",
    ],
)
def test_what_is_none_of_its_texts_is_not_signed(text: str) -> None:
    with pytest.raises(InputError):
        require_signable(text, name=NAME, last=(21, root_of(21)))


def test_where_no_last_root_is_known_no_manifest_is_signed() -> None:
    with pytest.raises(EvidenceError):
        require_signable(manifest(21, root_of(21)), name=NAME, last=None)


def test_after_a_manifest_that_one_alone_is_signed_again() -> None:
    last = (21, root_of(21))
    signed, other = manifest(*last), manifest(*last).replace("files 1", "files 2")
    closed = text_digest(signed)
    assert require_signable(signed, name=NAME, last=last, closed=closed) is None
    more = checkpoint(30, root_of(30))
    proof = consistency_proof(LEAVES[:30], 21)
    letter = f"cautery.letter/1\nsha256:{'0' * 64}\n"
    for text in (other, checkpoint(*last), more, letter):
        with pytest.raises(EvidenceError, match="not signed: the case is closed"):
            require_signable(text, name=NAME, last=last, proof=proof, closed=closed)


@given(st.text(), st.none() | st.tuples(st.integers(0, 99), st.binary(min_size=32, max_size=32)))
def test_no_text_breaks_the_rule(text: str, last: tuple[int, bytes] | None) -> None:
    try:
        assert require_signable(text, name=NAME, last=last) is None
    except CauteryError:
        return
