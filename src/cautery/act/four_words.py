"""Four words of a digest, by which a person sees that two screens show the same act.

A digest has 64 digits, and nobody compares them. Four words of a public list are 44 bits, and each
costs whoever looks for a second act with the same words as much as it costs us: some 50 ms of CPU
and 16 MiB for a digest (scrypt). What counts is still the whole digest: it is what is signed.

>>> four_words(Digest("sha256:" + "0" * 64))
'enforce purse fatigue skate'
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from importlib.resources import files

from cautery.errors import InputError
from cautery.model import Digest

_WORDS = 4
_BITS = 11
_SALT = b"cautery/four-words/1"
_MOST_KEPT = 1_024


@lru_cache(maxsize=_MOST_KEPT)
def four_words(digest: Digest) -> str:
    """Return the four words of a digest, which anybody can compute.

    They are the first 44 bits of scrypt (RFC 7914) over the 32 bytes of the digest, with the salt
    ``cautery/four-words/1``, N = 2^14, r = 8, p = 1: four numbers of 11 bits, each of which is the
    place of a word in the English list of BIP 39, counted from nought.

    Parameters
    ----------
    digest : Digest
        ``sha256:`` and 64 hexadecimal digits.

    Raises
    ------
    InputError
        If it has another form.
    """
    try:
        raw = bytes.fromhex(digest.removeprefix("sha256:"))
    except ValueError:
        raw = b""
    if len(raw) != hashlib.sha256().digest_size:
        raise InputError(f"{digest[:80]!r} is not a digest")
    slow = hashlib.scrypt(raw, salt=_SALT, n=1 << 14, r=8, p=1, maxmem=1 << 26, dklen=6)
    number = int.from_bytes(slow, "big") >> (48 - _WORDS * _BITS)
    places = [number >> _BITS * left & (1 << _BITS) - 1 for left in range(_WORDS - 1, -1, -1)]
    return " ".join(_list()[place] for place in places)


@cache
def _list() -> tuple[str, ...]:
    return tuple((files("cautery.act") / "four_words.txt").read_text("ascii").split())
