"""A table from a file: Parquet, or text with its broken quotes let go.

Text is parted by commas, semicolons or tabs, in UTF-8 or UTF-16.

A quote that is not closed makes a reader of CSV take all lines up to the next quote for one value,
or refuse the file. Links have no line breaks in them, so each line can be judged by itself: lines
with an odd number of quotes are left out, counted and quoted, and all the others are read.
"""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from cautery.errors import InputError
from cautery.packed import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = ("subject", "kind", "value")
TIMES = ("first_seen", "last_seen")
LINE = "(line)"
"""The column that tells on which line a row stands."""
SEPARATORS = (",", ";", "\t")
NEVER = "\x1f"
"""A separator that no line has (ASCII's unit separator): the whole line is one value."""
CHUNK = 1 << 20
LONGEST_HEADER = 65_536
QUOTED, QUOTED_LETTERS = 3, 80
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_table(
    plain: Path, path: Path, warnings: list[str], *, folded: bool = True
) -> pl.DataFrame:
    """Return the table with :data:`LINE`, where each row stands; names in lower case if folded.

    Raises
    ------
    InputError
        If it is empty, or neither CSV nor Parquet.
    """
    try:
        with plain.open("rb") as file:
            head = file.read(LONGEST_HEADER)
        if not head:
            raise InputError(f"{path}: it is empty")
        parquet = head.startswith(b"PAR1") or plain_name(path).suffix == ".parquet"
        if parquet:
            frame = pl.read_parquet(plain, columns=_wanted(plain)).with_row_index(LINE, offset=1)
        elif b"\0" in head and head[:2] not in _WIDE:
            raise InputError(f"{path}: it is no text: neither CSV nor Parquet")
        else:
            frame = read_csv(plain, path, warnings)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except pl.exceptions.PolarsError as error:
        said = "no Parquet file, or not a whole one" if parquet else "no table: not CSV or Parquet"
        raise InputError(f"{path}: it is {said}") from error
    names = {name: name.strip().lstrip("\ufeff") for name in frame.columns}
    if folded:
        names = {name: plain_one.lower() for name, plain_one in names.items()}
    if len(set(names.values())) < len(names):
        raise InputError(f"{path}: two columns of one name: {', '.join(names)[:200]}")
    for name, kind in frame.schema.items():
        if kind.is_nested():
            raise InputError(f"{path}: column {name} holds lists or records, not text")
    return frame.rename(names)


def _wanted(plain: Path) -> list[str]:
    """Return which columns of a Parquet file are read; without any, the first, to name it."""
    held = list(pl.scan_parquet(plain).collect_schema())
    known = {*NEEDED, *TIMES, "source", "a", "b", "relation"}
    return [name for name in held if name.strip().lower() in known] or held[:1]


def read_csv(plain: Path, path: Path, warnings: list[str]) -> pl.DataFrame:
    """Return the table, all columns as text, and :data:`LINE`.

    Parameters
    ----------
    plain : Path
        Unpacked.
    path : Path
        As it was named, for messages.
    warnings : list of str
        Told what was left out.

    Raises
    ------
    InputError
        If it cannot be decoded, or has no line that is whole.
    PolarsError
        If it is no table.
    """
    with plain.open("rb") as file:
        mark = file.read(2)
    held: Path | io.BytesIO = plain
    if mark in _WIDE:
        held = _narrow(plain, path, _WIDE[mark])
    elif _old_ends(plain):
        held = io.BytesIO(plain.read_bytes().replace(b"\r", b"\n"))
    header, quotes = _looked_at(held)
    separator = _separator(header)
    if quotes and not (whole := _whole(held, separator)).is_empty():
        return whole
    if quotes:
        return _by_line(held, path, separator, warnings)
    return _table(held, separator).with_row_index(LINE, offset=2)


def _narrow(plain: Path, path: Path, encoding: str) -> io.BytesIO:
    try:
        return io.BytesIO(plain.read_text(encoding=encoding).encode())
    except UnicodeError as error:
        raise InputError(f"{path}: it says that it is {encoding} and is not: {error}") from error


def _old_ends(plain: Path) -> bool:
    """Tell whether lines end with a carriage return alone, as some spreadsheets write them."""
    with plain.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    return b"\r" in head and b"\n" not in head


def _looked_at(held: Path | io.BytesIO) -> tuple[str, bool]:
    """Return the first line, and whether there is any quote in the file."""
    quotes, header = False, b""
    for number, chunk in enumerate(_chunks(held)):
        if number == 0:
            header = chunk[:LONGEST_HEADER].partition(b"\n")[0]
        if b'"' in chunk:
            quotes = True
            break
    return header.decode(errors="replace"), quotes


def _chunks(held: Path | io.BytesIO) -> Iterator[bytes]:
    def pieces(file: BinaryIO) -> Iterator[bytes]:
        while chunk := file.read(CHUNK):
            yield chunk

    if isinstance(held, Path):
        with held.open("rb") as file:
            yield from pieces(file)
    else:
        yield from pieces(io.BytesIO(held.getvalue()))


def _separator(header: str) -> str:
    return max(SEPARATORS, key=lambda one: (header.count(one), -SEPARATORS.index(one)))


def _table(held: Path | io.BytesIO, separator: str) -> pl.DataFrame:
    source = held if isinstance(held, Path) else held.getvalue()
    return pl.read_csv(
        source,
        separator=separator,
        infer_schema=False,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
        low_memory=True,
    )


def _whole(held: Path | io.BytesIO, separator: str) -> pl.DataFrame:
    """Return the table if its quotes are all closed where they should be, else an empty one."""
    try:
        frame = _table(held, separator)
    except pl.exceptions.PolarsError:
        return pl.DataFrame()
    broken = frame.select(pl.any_horizontal(pl.all().str.contains(r"[\r\n]").any())).item()
    return pl.DataFrame() if broken else frame.with_row_index(LINE, offset=2)


def _by_line(
    held: Path | io.BytesIO, path: Path, separator: str, warnings: list[str]
) -> pl.DataFrame:
    source = held if isinstance(held, Path) else held.getvalue()
    lines = pl.read_csv(
        source,
        separator=NEVER,
        quote_char=None,
        has_header=False,
        new_columns=["text"],
        infer_schema=False,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    ).with_row_index(LINE, offset=1)
    odd = lines["text"].str.count_matches('"', literal=True).fill_null(0) % 2 == 1
    broken = lines.filter(odd)
    kept = lines.filter(~odd & lines["text"].is_not_null())
    if kept.height < 2 or kept[LINE][0] != 1:
        raise InputError(f"{path}: its quotes are not closed, the first line's or all lines'")
    out = io.BytesIO()
    kept.select("text").write_csv(out, include_header=False, quote_style="never")
    frame = _table(out, separator)
    if frame.height != kept.height - 1:
        raise InputError(f"{path}: its quotes cannot be told apart, line by line")
    shown = "; ".join(
        f"line {line}: {text[:QUOTED_LETTERS]!r}"
        for line, text in broken.head(QUOTED).select(LINE, "text").iter_rows()
    )
    more = " ..." if broken.height > QUOTED else ""
    many = "" if broken.height == 1 else "s"
    warnings.append(
        f"{broken.height:,} line{many} with a quote that is not closed: left out ({shown}{more})"
    )
    return frame.with_columns(kept[LINE][1:].alias(LINE))
