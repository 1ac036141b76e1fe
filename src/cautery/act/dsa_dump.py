"""Public dumps of the DSA Transparency Database: what online platforms did with our notices.

Only platforms write there (Regulation (EU) 2022/2065, article 24(5)). A daily dump is a ZIP of
ZIPs of CSV files, or one of these. A statement of reasons names who notified the platform only if
the platform says so, and never the URL: so statements are counted, and no notice is closed by one.

Format: ``sor-global-DATE-full.csv.zip`` or ``-light``, or of one platform: a ZIP that stores ZIPs
of a million statements each, with CSV files of 100,000. The columns are those of the database's own
exporter (github.com/digital-services-act/transparency-database): 34 in light files; full ones have
the free texts and the territorial scope besides. PHP writes them, which leaves a quotation mark
after a backslash as it is: what RFC 4180 cannot read is counted as broken.
"""

from __future__ import annotations

import csv
import errno
import io
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Protocol

from cautery.errors import InputError
from cautery.packed import require_file

MOST_ROW_BYTES = 1 << 20
MOST_FILES = 100_000
MOST_TIMES = 200
"""So many times its packed size a file may unpack to: such CSV is packed to a thirtieth at best."""
MOST_NESTED_BYTES = 4 << 30
MOST_COLUMNS = 1_000
"""Of one table: each line that lacks columns costs as many steps. The database has some forty."""
_LEAST_UNPACKED = 64 << 20
_DEEPEST = 2
_REMEDY = (
    "Give a daily dump, full or light, as transparency.dsa.ec.europa.eu has it under Data download."
)
_NOTIFIED = ("SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
_NEEDED = ("source_type", "source_identity", "platform_name", "application_date")
_DECISIONS = (
    "decision_visibility",
    "decision_monetary",
    "decision_provision",
    "decision_account",
)


@dataclass(slots=True)
class StatementCounts:
    """What was counted.

    Parameters
    ----------
    rows : int
        Statements of reasons that were read.
    broken : int
        Lines that are not a statement of reasons.
    notified : Counter
        By platform, statements that rest on anybody's notice.
    ours : Counter
        By platform and decision, statements that name us as the notifier.
    first, last : date or None
        The first and last day on which a decision that names us was applied.
    """

    rows: int = 0
    broken: int = 0
    notified: Counter[str] = field(default_factory=Counter)
    ours: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: date | None = None
    last: date | None = None


def read_dump(path: Path, *, names: Collection[str]) -> StatementCounts:
    """Count what a dump says of notices by us.

    Parameters
    ----------
    names : collection of str
        Names by which platforms may call us; capitals and accents make no difference.

    Raises
    ------
    InputError
        If it is no dump, is broken, or unpacks to too much.
    """
    counts, companies = StatementCounts(), {_plain(name) for name in names} - {""}
    if not companies:
        raise InputError("nobody is looked for", hint="Give --name.")
    require_file(path)  # a pipe would be waited for
    try:
        with path.open("rb") as file:
            left = _Left(max(_LEAST_UNPACKED, MOST_TIMES * path.stat().st_size))
            for name, table in _tables(file, path.name, _DEEPEST, left):
                _count(table, name, companies, counts)
    except OSError as error:
        # A broken directory of a ZIP sends the reader to a place before the file's begin.
        words = "the ZIP is broken" if error.errno == errno.EINVAL else error.strerror
        raise InputError(f"{path}: {words or 'it cannot be read'}", hint=_REMEDY) from error
    except _BROKEN as error:
        raise InputError(f"{path}: the ZIP is broken or encrypted", hint=_REMEDY) from error
    return counts


@dataclass(slots=True)
class _Left:
    """How many bytes may still be unpacked, of all files and archives in archives together.

    Files of an archive may lie on each other, and what unpacks to an archive is packed twice.
    """

    size: int

    def take(self, size: int) -> None:
        self.size -= size
        if self.size < 0:
            raise InputError("it unpacks to too much")


def _tables(file: IO[bytes], name: str, depth: int, left: _Left) -> Iterator[tuple[str, _Readable]]:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        yield name, file
        return
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MOST_FILES:
            raise InputError(f"{name}: more than {MOST_FILES} files")
        for member in members:
            inner = member.filename
            if member.file_size > max(1 << 20, MOST_TIMES * member.compress_size):
                raise InputError(f"{name}: {inner[:80]!r} unpacks to too much")
            if inner.endswith(".csv"):
                with archive.open(member) as table:
                    yield inner, io.BufferedReader(_Bounded(table, member.file_size, left), 1 << 16)
            elif inner.endswith(".zip"):
                if depth == 0 or member.file_size > MOST_NESTED_BYTES:
                    raise InputError(f"{name}: {inner[:80]!r} is nested too deeply, or too large")
                # On disk: to seek back in what is packed would unpack it from its begin each time.
                with archive.open(member) as packed, tempfile.TemporaryFile() as nested:
                    shutil.copyfileobj(_Bounded(packed, member.file_size, left), nested)
                    yield from _tables(nested, inner, depth - 1, left)


class _Readable(Protocol):
    def readline(self, size: int = ..., /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A file that gives no more than it says."""

    def __init__(self, file: IO[bytes], size: int, together: _Left) -> None:
        super().__init__()
        self._file, self._left, self._together = file, size, together

    def readable(self) -> bool:
        """Return whether it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read into a buffer."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        part = self._file.read(min(len(view), self._left))
        self._left -= len(part)
        self._together.take(len(part))
        view[: len(part)] = part
        return len(part)


def _lines(table: _Readable, name: str) -> Iterator[str]:
    """Yield the lines of a table.

    Raises
    ------
    InputError
        If one is too long.
    """
    while line := table.readline(MOST_ROW_BYTES + 1):
        if len(line) > MOST_ROW_BYTES:
            raise InputError(f"{name}: a line is longer than {MOST_ROW_BYTES} bytes", hint=_REMEDY)
        yield line.decode("utf-8", "replace").replace("\0", "")


def _count(table: _Readable, name: str, wanted: Collection[str], counts: StatementCounts) -> None:
    rows = csv.reader(_lines(table, name), strict=False)
    try:
        columns = next(rows, [])
    except csv.Error:
        columns = []
    if len(columns) > MOST_COLUMNS:
        raise InputError(f"{name}: more than {MOST_COLUMNS} columns", hint=_REMEDY)
    if missing := [column for column in _NEEDED if column not in columns]:
        is_known = len(missing) < len(_NEEDED)
        raise InputError(
            f"{name}: no table of statements of reasons"
            + (f": it lacks {', '.join(missing)}" if is_known else ""),
            hint=_REMEDY,
        )
    width, place = len(columns), {column: at for at, column in enumerate(columns)}
    type_at, who_at, platform_at = (place[column] for column in _NEEDED[:3])
    begun = rows.line_num
    for row in _whole(rows):
        lines, begun = rows.line_num - begun, rows.line_num
        if len(row) != width:
            counts.broken += lines
            continue
        counts.rows += 1
        if row[type_at] in _NOTIFIED:
            platform = row[platform_at][:200]
            counts.notified[platform] += 1
            if _plain(row[who_at]) in wanted:
                _ours(row, place, platform, counts)


class _Rows(Protocol):
    def __next__(self) -> list[str]: ...


def _whole(rows: _Rows) -> Iterator[list[str]]:
    """Yield rows; one that cannot be read is empty, and those after it are read."""
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield []


def _ours(
    row: Sequence[str], place: Mapping[str, int], platform: str, counts: StatementCounts
) -> None:
    for column in _DECISIONS:
        decision = row[place[column]] if column in place else ""
        if decision and decision != "[]":
            counts.ours[platform, decision[:200]] += 1
    try:
        applied = datetime.fromisoformat(row[place["application_date"]]).date()
    except ValueError:
        return
    counts.first = applied if counts.first is None else min(counts.first, applied)
    counts.last = applied if counts.last is None else max(counts.last, applied)


def _plain(name: str) -> str:
    """Return a name without accents, capitals and spaces around it."""
    parts = unicodedata.normalize("NFKD", name[:1_000])
    letters = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return " ".join(letters.casefold().split())
