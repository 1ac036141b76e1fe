"""Gzip that is put together from parts."""

from __future__ import annotations

import gzip

import pytest

from cautery.workflows.public.zipped import Opening, Part


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 200_000])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_parts_make_one_file_that_any_reader_reads(size: int, count: int) -> None:
    raw = bytes(n * n % 251 for n in range(size))
    parts = [Part.of(raw + bytes((number,))) for number in range(count)]
    content = b"".join(Opening.of(b"<", parts, b"|").ended(raw + b">"))
    whole = b"<" + b"|".join(part.raw for part in parts) + raw + b">"
    assert gzip.decompress(content) == whole


def test_one_opening_serves_many_ends() -> None:
    opening = Opening.of(b"<", [Part.of(b"a" * 9_000)], b"|")
    for tail in (b"x", b"y" * 70_000):
        assert gzip.decompress(b"".join(opening.ended(tail))) == b"<" + b"a" * 9_000 + tail
