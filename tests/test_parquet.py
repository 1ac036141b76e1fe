"""A Parquet file: read whole, or refused before it costs more than a packed file may."""

from __future__ import annotations

import contextlib
import io
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.parquet import _unpacked_bytes, read_parquet

FRAME = pl.DataFrame(
    {
        "subject": [f"h{number}.example" for number in range(3000)],
        "value": ["192.0.2.1", None, "192.0.2.3"] * 1000,
        "line": range(3000),
        "sources": [["a", "b"], [], None] * 1000,
    }
)


def packed(frame: pl.DataFrame, **options: Any) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, **options)
    return out.getvalue()


PACKED = packed(FRAME, row_group_size=1000)


@pytest.mark.parametrize("compression", ["uncompressed", "zstd", "snappy", "gzip", "lz4", "brotli"])
def test_what_was_written_is_read(tmp_path: Path, compression: str) -> None:
    data = packed(FRAME, compression=compression, row_group_size=1000)
    path = tmp_path / "links.parquet"
    path.write_bytes(data)
    assert read_parquet(data, "it").equals(FRAME)
    assert read_parquet(path, "it").equals(FRAME)
    assert read_parquet(data, "it", lambda names: names[:1]).columns == ["subject"]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(pl.repeat("t", 500_000), id="many rows"),
        pytest.param(pl.repeat(None, 500_000, dtype=pl.String), id="many empty cells"),
        pytest.param(pl.repeat(7, 500_000), id="many numbers"),
        pytest.param(pl.repeat(["x"] * 1000, 1000), id="many cells in few rows"),
        pytest.param(pl.lit("x" * 20_000_000), id="one large cell"),
        pytest.param(pl.repeat("x" * 60_000, 1000), id="one text in many cells"),
        pytest.param(pl.repeat("x" * 60_000, 1000, dtype=pl.Categorical), id="categories"),
    ],
)
def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, value: pl.Expr) -> None:
    monkeypatch.setattr("cautery.parquet.ALWAYS_BYTES", 1 << 20)
    data = packed(pl.select(value=value), compression="zstd")
    with pytest.raises(InputError, match="it: its table unpacks to over 500 times its size"):
        read_parquet(data, "it")


def test_a_column_is_counted_under_the_name_that_its_reader_gives_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A chunk states its own path; polars takes the column at its place."""
    monkeypatch.setattr("cautery.parquet.ALWAYS_BYTES", 1 << 20)
    data = packed(pl.select(pl.repeat("t", 500_000).alias("subject")), statistics=False)
    size = int.from_bytes(data[-8:-4], "little")
    body, footer = data[: -8 - size], data[-8 - size : -8]
    in_chunk = footer.index(b"subject", footer.index(b"subject") + 1)
    spoofed = footer[:in_chunk] + b"subjecX" + footer[in_chunk + 7 :]
    with pytest.raises(InputError, match="unpacks to over 500 times"):
        read_parquet(body + spoofed + data[-8:], "it")


def varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def struct(**fields: tuple[int, bytes]) -> bytes:
    """Return a structure in Thrift's compact protocol: fields by number, each with its type."""
    out, before = b"", 0
    for name, (kind, data) in fields.items():
        number = int(name[1:])
        out += bytes([(number - before) << 4 | kind]) + data
        before = number
    return out + b"\0"


def number(value: int, kind: int = 5) -> tuple[int, bytes]:
    return kind, varint(value << 1)


def text(value: bytes) -> tuple[int, bytes]:
    return 8, varint(len(value)) + value


def several(kind: int, *items: bytes) -> tuple[int, bytes]:
    return 9, bytes([len(items) << 4 | kind]) + b"".join(items)


def steps(first: int, step: int, count: int) -> bytes:
    """Return numbers that rise evenly, as DELTA_BINARY_PACKED."""
    block = 1 << 17
    head = varint(block) + varint(1) + varint(count) + varint(first << 1)
    return head + (varint(step << 1) + b"\0") * -(-(count - 1) // block)


def staircase(count: int, *, version: str) -> bytes:
    """Return a table of one column, each of whose texts is a letter longer than the one before."""
    adds = steps(0, 1, count) + steps(1, 0, count) + b"a" * count
    first = struct(f1=number(count), f2=number(7), f3=number(3), f4=number(3))
    false = struct(f1=number(1), f2=number(0), f3=number(3), f4=number(3))
    second = struct(
        f1=number(count), f2=number(0), f3=number(count), f4=number(7), f5=number(0),
        f6=number(0), f7=(2, b""),
    )  # fmt: skip
    headers = {
        "first": {"f5": (12, first)},
        "second": {"f8": (12, second)},
        "both": {"f5": (12, false), "f8": (12, second)},
    }[version]
    kind, size = number(0 if version == "first" else 3), number(len(adds))
    header = struct(f1=kind, f2=size, f3=size, **headers)
    page = header + adds
    column = struct(
        f1=number(6), f2=several(5, varint(14)), f3=several(8, varint(7) + b"subject"),
        f4=number(0), f5=number(count, 6), f6=number(len(page), 6), f7=number(len(page), 6),
        f9=number(4, 6),
    )  # fmt: skip
    group = struct(
        f1=several(12, struct(f2=number(4, 6), f3=(12, column))),
        f2=number(len(page), 6), f3=number(count, 6),
    )  # fmt: skip
    schema = several(
        12,
        struct(f4=text(b"schema"), f5=number(1)),
        struct(f1=number(6), f3=number(0), f4=text(b"subject"), f6=number(0)),
    )
    footer = struct(f1=number(1), f2=schema, f3=number(count, 6), f4=several(12, group))
    return b"PAR1" + page + footer + len(footer).to_bytes(4, "little") + b"PAR1"


@pytest.mark.parametrize("version", ["first", "second", "both"])
def test_texts_that_each_add_to_the_one_before_are_counted_before_they_are_read(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr("cautery.parquet.ALWAYS_BYTES", 1 << 20)
    few = read_parquet(staircase(100, version=version), "it")["subject"].to_list()
    assert few == ["a" * length for length in range(1, 101)]
    data = staircase(5_000, version=version)
    monkeypatch.setattr("polars.read_parquet", None)
    with pytest.raises(InputError, match="unpacks to over 500 times"):
        read_parquet(data, "it")


def test_booleans_of_a_header_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cautery.parquet._MOST_VALUES", 10_000)
    footer = PACKED[-8 - int.from_bytes(PACKED[-8:-4], "little") :]
    data = b"PAR1" + b"\x11" * 200_000 + b"\0" + footer
    with pytest.raises(InputError):
        read_parquet(data, "it")


def test_rows_beyond_the_bound_are_not_read() -> None:
    data = packed(pl.select(value=pl.repeat("t", 5_000_000)), compression="zstd")
    began_s = time.process_time()
    with pytest.raises(InputError, match="over 500 times its size"):
        read_parquet(data, "it")
    assert time.process_time() - began_s < 0.2


def test_a_column_that_is_not_read_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cautery.parquet.ALWAYS_BYTES", 1 << 20)
    frame = pl.DataFrame({"subject": ["a"], "remark": ["x" * 20_000_000]})
    data = packed(frame, compression="zstd")
    assert read_parquet(data, "it", lambda names: names[:1]).rows() == [("a",)]


@given(st.dictionaries(st.integers(0, len(PACKED) - 1), st.integers(0, 255), max_size=20))
def test_what_a_damaged_footer_claims_is_a_number_or_an_error(changes: dict[int, int]) -> None:
    damaged = bytearray(PACKED)
    for place, byte in changes.items():
        damaged[-1 - place] = byte
    with contextlib.suppress(ValueError):
        assert _unpacked_bytes(bytes(damaged), frozenset(FRAME.columns)) >= 0


@pytest.mark.parametrize("data", [b"PAR1", b"", b"no table", PACKED[:-1], PACKED[9:]])
def test_what_is_no_whole_file_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "links.parquet"
    path.write_bytes(data)
    with pytest.raises(InputError, match="it: not a Parquet file, or an incomplete"):
        read_parquet(path, "it")
    with pytest.raises(InputError, match="it: not a Parquet file, or an incomplete"):
        read_parquet(data, "it")


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError):
        read_parquet(PACKED, "it", lambda _: ["url"])
