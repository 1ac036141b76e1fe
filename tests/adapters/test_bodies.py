"""Bodies are unpacked as they come, however they are cut and however many members they have."""

import gzip
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.adapters._bodies import unpacker
from cautery.errors import SourceError


def unpacked(packed, piece, *, coding="gzip", most=10**7):
    body = unpacker(coding, host="a.example")
    out = b"".join(
        body.feed(packed[at : at + piece], most=most) for at in range(0, len(packed), piece)
    )
    return out, body.complete


@given(
    parts=st.lists(st.binary(max_size=400), min_size=1, max_size=6),
    zeros=st.integers(0, 3),
    piece=st.integers(1, 5_000),
)
def test_members_are_one_body(parts, zeros, piece):
    packed = b"".join(gzip.compress(part * 40) + bytes(zeros) for part in parts)
    assert unpacked(packed, piece) == (b"".join(part * 40 for part in parts), True)


@pytest.mark.parametrize("pack", [zlib.compress, lambda data: zlib.compress(data, wbits=-15)])
def test_deflate_comes_with_a_header_or_without(pack):
    text = bytes(range(256)) * 2_000
    assert unpacked(pack(text), 4_096, coding="deflate") == (text, True)


def test_many_empty_members_take_time_by_their_number_alone():
    """A member every twenty bytes: once, what lay behind was copied for each of them."""
    packed = gzip.compress(b"") * 50_000
    began = time.process_time()
    assert unpacked(packed, len(packed)) == (b"", True)
    assert time.process_time() - began < 2


def test_a_cut_body_is_not_whole_and_a_damaged_one_is_an_error():
    packed = gzip.compress(b"hello " * 5_000)
    assert not unpacked(packed[:-9], 1_000)[1]
    with pytest.raises(SourceError, match="the compressed body is damaged"):
        unpacked(packed + b"no member", 1_000)


def test_no_more_than_the_limit_comes_out():
    assert unpacked(gzip.compress(bytes(10**7)), 10**6, most=1_000)[0] == bytes(1_000)
