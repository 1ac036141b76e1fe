"""Unpacking: every packing the same, cut or damaged ones an error, bombs bounded."""

import bz2
import gzip
import io
import lzma
import os
import struct
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.packed import (
    as_plain_file,
    bounded,
    chunks_of,
    content_of,
    lines_in,
    require_file,
    text_lines,
    unpacked,
    zstd,
)

PACK = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstd.compress,
    ".bz2": bz2.compress,
}
SEVERAL = b"".join(b"line %d\n" % number for number in range(50_000))


@pytest.mark.parametrize("ending", PACK)
def test_what_was_packed_comes_out(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(PACK[ending](SEVERAL) + PACK[ending](b"and another stream"))
    assert content_of(path, most=10**7) == SEVERAL + b"and another stream"


@pytest.mark.parametrize("ending", [one for one in PACK if one])
def test_a_cut_one_is_an_error_after_what_stood_before(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    whole = PACK[ending](SEVERAL)
    path.write_bytes(whole[: len(whole) * 3 // 4])
    read: list[bytes] = []
    with pytest.raises(InputError, match="cannot be read"):
        read.extend(chunks_of(path))
    assert SEVERAL.startswith(b"".join(read))


@pytest.mark.parametrize("ending", [one for one in PACK if one])
@given(noise=st.binary(min_size=1, max_size=200))
def test_what_is_not_packed_is_an_error(tmp_path_factory, ending, noise):
    path = tmp_path_factory.mktemp("noise") / f"a{ending}"
    path.write_bytes(b"?" + noise)
    with pytest.raises(InputError):
        content_of(path, most=10**6)


@pytest.mark.parametrize("ending", [one for one in PACK if one])
def test_a_bomb_is_refused_at_the_limit_in_small_pieces(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(PACK[ending](bytes(64 << 20)))
    assert max(map(len, chunks_of(path))) <= 1 << 20
    with pytest.raises(InputError, match="more than 1,000,000 bytes"):
        content_of(path, most=1_000_000)


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst", ".bz2"])
def test_a_bomb_is_refused_before_it_costs_much(tmp_path, ending, monkeypatch):
    monkeypatch.setattr("cautery.packed.ALWAYS_BYTES", 1 << 20)
    path = tmp_path / f"a{ending}"
    path.write_bytes(PACK[ending](bytes(64 << 20)))
    with pytest.raises(InputError, match="over 500 times its size"):
        for _ in chunks_of(path):
            pass


def test_a_plain_file_has_its_limit_packed_or_not(tmp_path):
    for ending in ("", ".gz"):
        path = tmp_path / f"a{ending}"
        path.write_bytes(PACK[ending](SEVERAL))
        with (
            pytest.raises(InputError, match="more than 1,000 bytes"),
            as_plain_file(path, most=1000),
        ):
            pass


@pytest.mark.parametrize("between", [b"", bytes(1)], ids=["bare", "padded"])
@pytest.mark.parametrize(
    ("ending", "empty"),
    [(".zst", struct.pack("<II", 0x184D2A50, 0)), (".gz", gzip.compress(b"", mtime=0))],
)
def test_many_empty_streams_take_time_by_their_number_alone(between, ending, empty):
    """A stream every eight bytes: once, what lay behind was copied for each of them."""
    packed = (empty + between) * 50_000 + PACK[ending](b"x")
    began = time.process_time()
    assert b"".join(unpacked(io.BytesIO(packed), ending)) == b"x"
    assert time.process_time() - began < 4


@given(parts=st.lists(st.binary(max_size=5000), max_size=8), zeros=st.integers(0, 3))
@pytest.mark.parametrize("ending", [".xz", ".zst"])
def test_streams_of_any_size_come_out(parts, zeros, ending):
    padding = bytes(4 * zeros)
    packed = b"".join(PACK[ending](one * 40) + padding for one in parts)
    assert b"".join(unpacked(io.BytesIO(packed), ending)) == b"".join(one * 40 for one in parts)


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_plain_file_of_a_packed_one_is_gone_afterwards(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(PACK[ending](SEVERAL))
    with as_plain_file(path) as plain:
        assert plain.read_bytes() == SEVERAL
    assert not plain.exists()
    assert path.exists()


def test_a_plain_file_is_itself_and_a_pipe_is_kept_as_a_file(tmp_path, monkeypatch):
    path = tmp_path / "a.ts"
    path.write_bytes(b"x")
    with as_plain_file(path) as plain:
        assert plain == path
    assert path.exists()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    with as_plain_file(Path("-")) as plain:
        assert plain.read_bytes() == b"piped"


def test_a_folder_is_named_as_such(tmp_path):
    with pytest.raises(InputError, match="is a folder; expected a file"):
        require_file(tmp_path)


def test_a_pipe_is_named_as_such(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is neither a file nor a folder"):
        require_file(tmp_path / "pipe")


def test_what_is_not_there_is_named_as_such(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        require_file(tmp_path / "absent")


@given(st.binary(max_size=50))
def test_lines_are_those_of_a_split(content):
    assert list(lines_in(content, most=60, of="an example")) == content.split(b"\n")


def test_too_many_lines_are_refused_before_the_first():
    lines = lines_in(b"\n" * 10, most=10, of="an example")
    with pytest.raises(InputError, match="more than 10 lines, the limit for an example"):
        next(lines)


@given(st.text("ab\r\n", max_size=60), st.integers(1, 9))
def test_lines_of_a_table_are_those_of_a_text_file(text, size):
    raw = text.encode()
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    plain = list(io.TextIOWrapper(io.BytesIO(raw), newline=""))
    assert list(text_lines(chunks, most_bytes=60, most_lines=60)) == plain


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_of_every_end_count(end):
    with pytest.raises(InputError, match="more than 9 lines"):
        list(text_lines([end * 10], most_bytes=99, most_lines=9))


@pytest.mark.parametrize("chunks", [[b"," * 99], [b"," * 30] * 3])
def test_a_long_line_is_refused_wherever_it_is_cut(chunks):
    with pytest.raises(InputError, match="a line of more than 50 bytes"):
        list(text_lines(chunks, most_bytes=99, most_lines=9, longest=50))


def test_a_file_of_too_many_lines_or_bytes_is_not_read_on():
    chunks = iter([b"\n" * 5, b"\n" * 5, b"never asked for"])
    with pytest.raises(InputError, match="x: more than 9 lines"):
        list(bounded(chunks, most_bytes=99, most_lines=9, named="x"))
    assert next(chunks) == b"never asked for"
    with pytest.raises(InputError, match="x: larger than 4 bytes"):
        list(bounded([b"ab", b"abc"], most_bytes=4, most_lines=9, named="x"))
