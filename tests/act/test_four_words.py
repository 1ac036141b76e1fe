"""Four words of a digest: the same for everybody, other ones for another digest."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest

from cautery.act.four_words import four_words
from cautery.errors import InputError
from cautery.model import Digest, digest_of

LIST = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"


def test_the_list_is_the_public_one() -> None:
    content = (files("cautery.act") / "four_words.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == LIST
    words = content.decode("ascii").split()
    assert len(words) == len({word[:4] for word in words}) == 2048


def test_the_words_are_those_that_the_documented_rule_gives() -> None:
    # Written out as somebody without Cautery would.
    words = (files("cautery.act") / "four_words.txt").read_text("ascii").split()
    subject = digest_of(b"an act")
    key = hashlib.scrypt(
        bytes.fromhex(subject[7:]), salt=b"cautery/four-words/1", n=16384, r=8, p=1, dklen=6
    )
    bits = "".join(f"{byte:08b}" for byte in key)
    expected = [words[int(bits[start : start + 11], 2)] for start in (0, 11, 22, 33)]
    assert four_words(subject) == " ".join(expected)


def test_a_digest_that_differs_in_one_bit_has_other_words() -> None:
    zero, one = (Digest(f"sha256:{number:064x}") for number in (0, 1))
    assert set(four_words(zero).split()).isdisjoint(four_words(one).split())


@pytest.mark.parametrize("text", ["", "sha256:", "sha256:" + "0" * 63, "sha256:" + "g" * 64])
def test_what_is_no_digest_has_no_words(text: str) -> None:
    with pytest.raises(InputError, match="is not a digest"):
        four_words(Digest(text))
