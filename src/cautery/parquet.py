"""Tables from Parquet files; one that unpacks to far more than its size is refused unread.

Parquet packs its own columns: 20 million equal rows take 98 kB. So what a table would take in
memory is computed before it is read, from the rows of the footer and from the header of each page,
since a footer may say less than the pages hold.

Notes
-----
Footer and page headers are structures in Thrift's compact protocol, numbered as in
``parquet.thrift`` of Apache Parquet 2.11.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cautery.errors import InputError
from cautery.packed import ALWAYS_BYTES, MOST_TIMES

if TYPE_CHECKING:
    import polars as pl

CELL_BYTES = 16
"""What a cell takes in memory at least: polars keeps a text's length and place in as many."""
_MAGIC = b"PAR1"
_TAIL_BYTES = 8
"""The footer's length in four bytes, then ``PAR1`` (Apache Parquet, File Format)."""
_MOST_VALUES = 2_000_000
"""Numbers and texts of the footer and of page headers: two seconds of reading."""
_MOST_VARINT_BITS = 70
_TEXT, _ADDING = 6, 7
"""BYTE_ARRAY of the types, DELTA_BYTE_ARRAY of the encodings."""


def read_parquet(
    source: Path | bytes,
    name: str,
    columns: Callable[[Sequence[str]], Sequence[str]] = lambda stored: stored,
) -> pl.DataFrame:
    """Return columns of a Parquet file.

    Parameters
    ----------
    source : Path or bytes
        The file, or what it holds.
    name : str
        Of the file, for messages.
    columns : callable
        Returns those to read, given the names of all; the others cost nothing.

    Raises
    ------
    InputError
        If it is no whole Parquet file, lacks a column, or unpacks to over :data:`MOST_TIMES` its
        size.
    OSError
        If it cannot be opened.
    """
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU, only where there are tables

    # Zones such as +05:30 are no names of a time zone; polars would end the process over them.
    os.environ.setdefault("POLARS_IGNORE_TIMEZONE_PARSE_ERROR", "1")
    try:
        with _opened(source) as data:
            byte_limit = max(ALWAYS_BYTES, MOST_TIMES * len(data))
            column_names = list(columns(list(pl.read_parquet_schema(source))))
            if _unpacked_bytes(data, frozenset(column_names)) > byte_limit:
                raise _too_large(name)
            frame = pl.read_parquet(source, columns=column_names)
            # A text stands once in a dictionary, however many cells refer to it.
            if sum(map(_text_bytes, frame.get_columns())) > byte_limit:
                raise _too_large(name)
            return frame
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError) as error:
        raise InputError(
            f"{name}: not a Parquet file, or an incomplete or encrypted one"
        ) from error


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name}: its table unpacks to over {MOST_TIMES} times its size",
        hint="If the file is trusted, write the table as CSV first.",
    )


@contextmanager
def _opened(source: Path | bytes) -> Iterator[bytes | mmap.mmap]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


def _text_bytes(column: pl.Series) -> int:
    """Return how many bytes the texts of a column are together."""
    import polars as pl  # noqa: PLC0415 - heavy

    kind = column.dtype
    if kind == pl.String:
        lengths = column.str.len_bytes()
    elif kind == pl.Binary:
        lengths = column.bin.size()
    elif kind in (pl.Categorical, pl.Enum):
        lengths = column.cat.len_bytes()
    elif kind in (pl.List, pl.Array):
        return _text_bytes(column.explode())
    elif kind == pl.Struct:
        return sum(map(_text_bytes, column.struct.unnest().get_columns()))
    else:
        return 0
    return int(lengths.cast(pl.UInt64).sum())


def _unpacked_bytes(data: bytes | mmap.mmap, wanted: frozenset[str]) -> int:
    """Return what some columns unpack to: their pages, and a place for each cell.

    Raises
    ------
    ValueError
        If the footer or the header of a page cannot be read.
    """
    footer_at = len(data) - _TAIL_BYTES - int.from_bytes(data[-_TAIL_BYTES:-4], "little")
    if data[-4:] != _MAGIC or footer_at < len(_MAGIC):
        raise ValueError("no footer")
    thrift = _Thrift(data)
    total = 0
    try:
        thrift.at = footer_at
        footer = thrift.structure()
        leaves = _leaves(footer[2])
        for group in footer[4]:
            rows = group[3]
            for (name, leaf), chunk in zip(leaves, group[1], strict=True):
                if name in wanted:
                    cells, unpacked = _of_pages(thrift, chunk[3], is_text=leaf.get(1) == _TEXT)
                    cell_bytes = max(CELL_BYTES, leaf.get(2, 0))
                    total += unpacked + max(rows, cells) * cell_bytes
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the footer is not one of Parquet") from error
    return total


def _leaves(schema: list[dict[int, Any]]) -> list[tuple[str, dict[int, Any]]]:
    """Return each leaf of a schema with the name of the column that it is of.

    A chunk is of the leaf at its place: the path that it states of itself binds no reader.
    """
    leaves, name, columns, inside = [], "", 0, 0
    for element in schema[1:]:
        if inside == 0:
            name, columns, inside = element[4].decode(), columns + 1, 1
        children = element.get(5, 0)
        if children < 0:
            raise ValueError("a column of negative size")
        inside += children - 1
        if not children:
            leaves.append((name, element))
    if inside or columns != schema[0].get(5, 0):
        raise ValueError("a schema that is not whole")
    return leaves


def _of_pages(thrift: _Thrift, column: dict[int, Any], *, is_text: bool) -> tuple[int, int]:
    """Return how many cells and bytes the pages of a column hold, by their headers.

    A text that is written by what it adds to the one before may be as long as its whole page, and
    so may each after it.
    """
    cells = unpacked = 0
    thrift.at = column.get(11, column[9])  # the page of the dictionary stands before the others
    end = thrift.at + column[7]
    if thrift.at < 0:
        raise ValueError("a column before the file")
    while thrift.at < end:
        header = thrift.structure()
        if header[2] < 0 or header[3] < 0:
            raise ValueError("a page of negative size")
        first, second = header.get(5, {}), header.get(8, {})
        values = max(first.get(1, 0), second.get(1, 0))  # it may have both, and use either
        adds = _ADDING in (first.get(2), second.get(4))
        unpacked += header[2] * (values if is_text and adds and values > 1 else 1)
        cells += values
        thrift.at += header[3]
    return cells, unpacked


class _Thrift:
    """Reads structures of the compact protocol as fields by their numbers."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self._left = _MOST_VALUES
        self.at = 0

    def structure(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while kind := self._byte():
            step = kind >> 4
            number = number + step if step else self._integer()
            kind &= 15
            if kind in (1, 2):  # a boolean's value is its kind
                self._count()
            fields[number] = kind == 1 if kind in (1, 2) else self._value(kind)
        return fields

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"more than {_MOST_VALUES:,} values in its headers")

    def _value(self, kind: int) -> Any:
        self._count()
        match kind:
            case 1 | 2 | 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._varint())
            case 9 | 10:
                size, of = divmod(self._byte(), 16)
                return [self._value(of) for _ in range(self._varint() if size == 15 else size)]
            case 11:
                size = self._varint()
                kinds = divmod(self._byte(), 16) if size else (0, 0)
                return [tuple(map(self._value, kinds)) for _ in range(size)]
            case 12:
                return self.structure()
            case _:
                raise ValueError(f"no type {kind}")

    def _byte(self) -> int:
        byte = self._data[self.at]
        self.at += 1
        return byte

    def _bytes(self, size: int) -> bytes:
        self.at += size
        return self._data[self.at - size : self.at]

    def _varint(self) -> int:
        value = shift = 0
        while shift < _MOST_VARINT_BITS:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
        raise ValueError("a number without an end")

    def _integer(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
