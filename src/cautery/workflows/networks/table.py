"""Read a table from a file: Parquet, or text whose broken lines are left out.

Text is parted by commas, semicolons or tabs, in UTF-8, UTF-16 or UTF-32.

A quote that is not closed makes a reader of CSV take all lines up to the next quote for one value,
or refuse the file. Links have no line breaks in them, though remarks beside them may. So where
quotes are not as they should be each line is judged by itself: lines with an odd number of quotes,
with text before or behind a quoted value, or with more columns than the first, are left out,
counted and quoted, and all the others are read.
"""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import polars as pl

from cautery.cells import MARKED
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.packed import ALWAYS_BYTES, plain_name
from cautery.parquet import CELL_BYTES, read_parquet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEEDED = ("subject", "kind", "value")
TIMES = ("first_seen", "last_seen")
LINE = "(line)"
"""The column that tells on which line a row stands."""
SEPARATORS = (",", ";", "\t")
NEVER = "\x1f"
"""A separator that no line has (ASCII's unit separator): the whole line is one value."""
CHUNK = 1 << 20
MOST_COLUMNS = 500
LONGEST_HEADER = 65_536
LONGEST_LINE = 4 << 20
"""Bytes: as many columns as may be, with names as long as they may be, and more."""
MOST_BYTES = 4_000_000_000
"""Of a table: some 50 million links."""
MOST_HELD = 500_000_000
"""Of text that is held in memory to be read: with wide letters, old line ends, broken letters."""
MOST_TIMES_CELLS = 32
"""So many times its size the cells of a table may take in memory; a line that has a separator for
each column takes sixteen times its size at most."""
QUOTED, QUOTED_LETTERS = 3, 80
_WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""By their marks, the longer first: UTF-32's begins as UTF-16's."""
_COLUMNS = frozenset({*NEEDED, *TIMES, "source", "a", "b", "relation"})
"""Columns that are read of tables of links and of constraints."""


def read_table(
    plain: Path, path: Path, warnings: list[str], *, folded: bool = True
) -> pl.DataFrame:
    """Return the table with :data:`LINE`, where each row stands; names in lower case if folded.

    Raises
    ------
    InputError
        If it is empty, neither CSV nor Parquet, or unpacks to far more than its size.
    """
    try:
        with plain.open("rb") as file:
            head = file.read(LONGEST_HEADER)
        if not head:
            raise InputError(f"{path}: the file is empty")
        parquet = head.startswith(b"PAR1") or plain_name(path).suffix == ".parquet"
        if parquet:
            stored = read_parquet(plain, str(path), _known_columns)
            frame = _of_text(stored, path).with_row_index(LINE, offset=1)
        elif _first_line(head).lstrip(codecs.BOM_UTF8).startswith((b"{", b"[")):
            raise InputError(
                f"{path}: this is JSON, not CSV or Parquet",
                hint="The first line of a CSV must name its columns, such as subject,kind,value.",
            )
        elif b"\0" in _first_line(head) and _wide(head) is None:
            raise InputError(
                f"{path}: not a text file, and neither CSV nor Parquet",
                hint="Text in UTF-16 must begin with a byte order mark (BOM).",
            )
        else:
            frame = read_csv(plain, path, warnings)
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(f"{path}: not a table in CSV or Parquet") from error
    names = {name: name.strip().lstrip("\ufeff") for name in frame.columns}
    if folded:
        names = {name: plain_one.lower() for name, plain_one in names.items()}
    if len(set(names.values())) < len(names):
        raise InputError(f"{path}: two columns have the same name: {', '.join(names)[:200]}")
    return frame.rename(names)


def _known_columns(stored: Sequence[str]) -> Sequence[str]:
    """Return the known columns of a table; without any, the first, to name it."""
    return [name for name in stored if name.strip().lower() in _COLUMNS] or stored[:1]


def _of_text(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Return a table whose columns can all be written as text.

    Bytes that are no UTF-8 stand as they would in a CSV, moments in UTC; NaN is no value.
    """
    for name, kind in frame.schema.items():
        if kind.is_nested():
            raise InputError(f"{path}: column {name} holds lists or records, but must hold text")
        if kind in (pl.Duration, pl.Object):
            raise InputError(f"{path}: column {name} holds {kind.base_type()}, but must hold text")
        if isinstance(kind, pl.Datetime):
            moments = frame[name].to_physical().cast(pl.Datetime(kind.time_unit))
            frame = frame.with_columns(moments.alias(name))
        elif kind == pl.Binary:
            text = [
                None if value is None else value.decode(errors="backslashreplace")
                for value in frame[name]
            ]
            frame = frame.with_columns(pl.Series(name, text, dtype=pl.String))
        elif kind.is_float():
            frame = frame.with_columns(pl.col(name).fill_nan(None))
    return frame


def _wide(head: bytes) -> str | None:
    """Return the encoding whose mark a file begins with, if it is one of wide letters."""
    return next((name for mark, name in _WIDE.items() if head.startswith(mark)), None)


def _first_line(head: bytes) -> bytes:
    """Return the first line that is not blank, without what ends it."""
    return next((line for line in head.replace(b"\r", b"\n").split(b"\n") if line.strip()), b"")


def read_csv(plain: Path, path: Path, warnings: list[str]) -> pl.DataFrame:
    """Return the table, all columns as text, and :data:`LINE`.

    Parameters
    ----------
    plain : Path
        Unpacked.
    path : Path
        As it was named, for messages.
    warnings : list of str
        Takes a sentence about the rows that were left out.

    Raises
    ------
    InputError
        If it cannot be decoded, or has no line that is whole.
    PolarsError
        If it is no table.
    """
    with plain.open("rb") as file:
        mark = file.read(4)
    content: Path | io.BytesIO = plain
    if (encoding := _wide(mark)) is not None:
        _refuse_large(plain, path, f"in {encoding}")
        content = _narrow(plain, path, encoding)
    elif _old_ends(plain):
        _refuse_large(plain, path, "with carriage returns as line ends")
        content = io.BytesIO(plain.read_bytes().replace(b"\r", b"\n"))
    lines = _refuse_long_lines(content, path)
    content = _decoded(content, path, warnings)
    header, quotes = _looked_at(content)
    separator = _separator(header)
    _refuse_twice(header, separator, path)
    _refuse_empty_cells(len(_cells(header, separator, path)) * lines, content, path)
    whole = _whole(content, separator, quotes=quotes)
    table = _by_line(content, path, separator, warnings) if whole is None else whole
    # What we wrote for spreadsheets is taken back: a value must not change by being passed on.
    first, later = MARKED
    plain_text = pl.col(pl.String).str.replace(first, "${1}").str.replace_all(later, "${1}${2}")
    return table.with_columns(plain_text)


def _narrow(plain: Path, path: Path, encoding: str) -> io.BytesIO:
    try:
        return io.BytesIO(plain.read_text(encoding=encoding).encode())
    except UnicodeError as error:
        raise InputError(
            f"{path}: it begins as {encoding} text, but is not valid {encoding}: {error}"
        ) from error


def _refuse_large(plain: Path, path: Path, what: str) -> None:
    if plain.stat().st_size > MOST_HELD:
        raise InputError(
            f"{path}: more than {MOST_HELD:,} bytes {what}",
            hint="Save it in UTF-8 with usual line ends, or split it into parts.",
        )


def _refuse_long_lines(content: Path | io.BytesIO, path: Path) -> int:
    """Refuse a line that no table of ours has: it would take many times its size in memory.

    Returns
    -------
    int
        How many lines there are.
    """
    length, number = 0, 1
    for chunk in _chunks(content):
        first, newline, after_newline = chunk.partition(b"\n")
        length += len(first)
        # A line that lies within a chunk is shorter than a chunk, so not too long.
        if length > LONGEST_LINE:
            raise InputError(
                f"{path}, line {number:,}: longer than {LONGEST_LINE:,} bytes",
                hint="Write one link on each line.",
            )
        if newline:
            number += 1 + after_newline.count(b"\n")
            length = len(after_newline) - after_newline.rfind(b"\n") - 1
    return number


def _refuse_empty_cells(cells: int, content: Path | io.BytesIO, path: Path) -> None:
    """Refuse a table most of whose cells are not there: each of them takes its place in memory."""
    size = content.stat().st_size if isinstance(content, Path) else len(content.getbuffer())
    if cells * CELL_BYTES > max(ALWAYS_BYTES, MOST_TIMES_CELLS * size):
        raise InputError(
            f"{path}: its first line has far more columns than the other lines",
            hint="Leave out the columns that are empty.",
        )


def _decoded(content: Path | io.BytesIO, path: Path, warnings: list[str]) -> Path | io.BytesIO:
    """Return the bytes with each one that is no UTF-8 as its number, and tell on which lines.

    One sign for all such bytes would make one name of two.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(content):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        pass
    else:
        return content
    if isinstance(content, Path):
        _refuse_large(content, path, "with lines that are not UTF-8")
    raw = content.read_bytes() if isinstance(content, Path) else content.getvalue()
    numbers = [number for number, line in enumerate(raw.split(b"\n"), 1) if not _is_utf8(line)]
    lines = "line" if len(numbers) == 1 else "lines"
    quoted = ", ".join(map(str, numbers[:QUOTED])) + (", ..." if len(numbers) > QUOTED else "")
    warnings.append(
        f"{counted(len(numbers), 'line')} not in UTF-8: the invalid bytes are shown as \\xe9 "
        f"({lines} {quoted})"
    )
    return io.BytesIO(raw.decode(errors="backslashreplace").encode())


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _old_ends(plain: Path) -> bool:
    """Tell whether lines end with a carriage return alone, as some spreadsheets write them."""
    with plain.open("rb") as file:
        head = file.read(LONGEST_HEADER)
    return b"\r" in head and b"\n" not in head


def _looked_at(content: Path | io.BytesIO) -> tuple[str, bool]:
    """Return the first line, and whether there is any quote in the file."""
    quotes, header = False, b""
    for number, chunk in enumerate(_chunks(content)):
        if number == 0:
            header = _first_line(chunk[:LONGEST_HEADER])
        if b'"' in chunk:
            quotes = True
            break
    return header.decode(errors="replace"), quotes


def _chunks(content: Path | io.BytesIO) -> Iterator[bytes]:
    def pieces(file: BinaryIO) -> Iterator[bytes]:
        while chunk := file.read(CHUNK):
            yield chunk

    if isinstance(content, Path):
        with content.open("rb") as file:
            yield from pieces(file)
    else:
        yield from pieces(io.BytesIO(content.getvalue()))


def _separator(header: str) -> str:
    return max(
        SEPARATORS, key=lambda separator: (header.count(separator), -SEPARATORS.index(separator))
    )


def _refuse_twice(header: str, separator: str, path: Path) -> None:
    """Refuse two columns of one known name: nobody can say which one is meant."""
    names = _cells(header, separator, path)
    if len(names) > MOST_COLUMNS:
        raise InputError(f"{path}: {len(names):,} columns, but at most {MOST_COLUMNS} are allowed")
    plain = [name.strip().lstrip("\ufeff").lower() for name in names]
    if any(plain.count(name) > 1 for name in _COLUMNS):
        raise InputError(f"{path}: two columns have the same name: {', '.join(names)[:200]}")


def _cells(header: str, separator: str, path: Path) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error as error:  # a carriage return within the line, say
        raise InputError(f"{path}: its first line names no columns ({error})") from error


def _table(content: Path | io.BytesIO, separator: str, *, ragged: bool = False) -> pl.DataFrame:
    source = content if isinstance(content, Path) else content.getvalue()
    return pl.read_csv(
        source,
        separator=separator,
        infer_schema=False,
        truncate_ragged_lines=ragged,
        low_memory=True,
    )


def _whole(content: Path | io.BytesIO, separator: str, *, quotes: bool) -> pl.DataFrame | None:
    """Return the table if all its quotes are closed where they should be and no line is too long.

    ``None`` if its lines have to be judged one by one.
    """
    try:
        frame = _table(content, separator)
    except pl.exceptions.ComputeError:
        return None
    numbered = frame.with_row_index(LINE, offset=2)
    if not quotes:
        return numbered
    broken = [name for name in frame.columns if frame[name].str.contains(r"[\r\n]").any()]
    # A remark may have lines of its own, but none that has as many columns as the table.
    row = rf"([^{separator}\r\n]*{separator}){{{frame.width - 1}}}"
    if (
        frame.is_empty()
        or any(name.strip().lstrip("\ufeff").lower() in _COLUMNS for name in broken)
        or any(frame[name].str.contains(row).any() for name in broken)
    ):
        return None
    breaks = pl.sum_horizontal(
        pl.lit(0, pl.UInt32),
        *(pl.col(name).str.count_matches("\n").fill_null(0) for name in broken),
    )
    return numbered.with_columns(pl.col(LINE) + breaks.cum_sum() - breaks)


def _by_line(
    content: Path | io.BytesIO, path: Path, separator: str, warnings: list[str]
) -> pl.DataFrame:
    source = content if isinstance(content, Path) else content.getvalue()
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
    lines = lines.filter(lines["text"].is_not_null())
    odd = lines["text"].str.count_matches('"', literal=True) % 2 == 1
    _tell(lines.filter(odd), "a quote that is not closed", warnings)
    sound = lines.filter(~odd)
    sound = sound.with_columns(_plainly_quoted(sound["text"], separator).alias("plain"))
    _tell(sound.filter(pl.col("plain").is_null()), "a quote inside a value", warnings)
    sound = sound.drop_nulls("plain").select(LINE, text="plain")
    if sound.height < 2 or sound[LINE][0] != lines[LINE][0]:
        raise InputError(f"{path}: quotes are not closed in the first line or in all lines")
    columns = (
        sound["text"]
        .str.replace_all('"[^"]*"', "")
        .str.strip_chars_end(f"{separator}\r ")  # empty columns say nothing
        .str.count_matches(separator, literal=True)
    )
    long = columns > len(_cells(sound["text"][0], separator, path)) - 1
    _tell(sound.filter(long), "more columns than the first line", warnings)
    sound = sound.filter(~long)
    out = io.BytesIO()
    sound.select("text").write_csv(out, include_header=False, quote_style="never")
    frame = _table(out, separator, ragged=True)
    if frame.height != sound.height - 1:
        raise InputError(f"{path}: the quotes cannot be read line by line")
    return frame.with_columns(sound[LINE][1:].alias(LINE))


def _plainly_quoted(lines: pl.Series, separator: str) -> pl.Series:
    """Return lines with a quote at the ends of values alone, none where that is not to be had."""
    cell = rf'(?:"[^"]*"|[^"{separator}]*)'
    odd = ~lines.str.contains(rf"^{cell}(?:{separator}{cell})*$")
    rewritten: dict[str, str | None] = {}
    for line in lines.filter(odd).unique():
        try:
            (cells,) = csv.reader([line], delimiter=separator, strict=True)
        except csv.Error:
            rewritten[line] = None
        else:
            buffer = io.StringIO()
            csv.writer(buffer, delimiter=separator, lineterminator="").writerow(cells)
            rewritten[line] = buffer.getvalue()
    return lines.replace(rewritten) if rewritten else lines


def _tell(broken: pl.DataFrame, fault: str, warnings: list[str]) -> None:
    if broken.is_empty():
        return
    quoted = "; ".join(
        f"line {line}: {text[:QUOTED_LETTERS]!r}"
        for line, text in broken.head(QUOTED).select(LINE, "text").iter_rows()
    )
    ellipsis = " ..." if broken.height > QUOTED else ""
    warnings.append(f"{counted(broken.height, 'line')} with {fault}: left out ({quoted}{ellipsis})")
