"""Public dumps of the DSA Transparency Database: what online platforms did with our notices.

Only platforms write there (Regulation (EU) 2022/2065, article 24(5)). A daily dump is a ZIP of
ZIPs of CSV files, or one of these. A statement of reasons names who notified the platform only if
the platform says so, and never the URL: so statements are counted, and no notice is closed by one.

Format: the columns of the database's CSV files, among them ``source_type``, ``source_identity``,
``platform_name``, ``application_date`` and the four kinds of decision.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
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
_DEEPEST = 2
_NOTIFIED = ("SOURCE_ARTICLE_16", "SOURCE_TRUSTED_FLAGGER", "SOURCE_TYPE_OTHER_NOTIFICATION")
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
        Lines that are none.
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
    counts, wanted = StatementCounts(), {_plain(name) for name in names} - {""}
    if not wanted:
        raise InputError("nobody is looked for", hint="Give --name.")
    require_file(path)  # a pipe would be waited for
    try:
        with path.open("rb") as file:
            for name, table in _tables(file, path.name, _DEEPEST):
                _count(table, name, wanted, counts)
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: {error}") from error
    return counts


def _tables(file: IO[bytes], name: str, depth: int) -> Iterator[tuple[str, _Readable]]:
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
                    yield inner, io.BufferedReader(_Bounded(table, member.file_size), 1 << 16)
            elif inner.endswith(".zip"):
                if depth == 0 or member.file_size > MOST_NESTED_BYTES:
                    raise InputError(f"{name}: {inner[:80]!r} is nested too deeply, or too large")
                # On disk: to seek back in what is packed would unpack it from its begin each time.
                with archive.open(member) as packed, tempfile.TemporaryFile() as nested:
                    shutil.copyfileobj(_Bounded(packed, member.file_size), nested)
                    yield from _tables(nested, inner, depth - 1)


class _Readable(Protocol):
    def readline(self, size: int = ..., /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A file that gives no more than it says."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        super().__init__()
        self._file, self._left = file, size

    def readable(self) -> bool:
        """Return whether it can be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read into a buffer."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        part = self._file.read(min(len(view), self._left))
        self._left -= len(part)
        view[: len(part)] = part
        return len(part)


def _lines(table: _Readable) -> Iterator[str]:
    """Yield the lines of a table.

    Raises
    ------
    InputError
        If one is too long.
    """
    while line := table.readline(MOST_ROW_BYTES + 1):
        if len(line) > MOST_ROW_BYTES:
            raise InputError(f"a line of over {MOST_ROW_BYTES} bytes")
        yield line.decode("utf-8", "replace").replace("\0", "")


def _count(table: _Readable, name: str, wanted: Collection[str], counts: StatementCounts) -> None:
    try:
        rows = csv.DictReader(_lines(table), strict=False)
        columns = rows.fieldnames or ()
        if not set(_NEEDED) <= set(columns):
            raise InputError(
                f"{name}: not a dump of statements of reasons: it lacks "
                f"{', '.join(column for column in _NEEDED if column not in columns)}"
            )
        for row in rows:
            if None in row or None in row.values():
                counts.broken += 1
                continue
            counts.rows += 1
            if row["source_type"] in _NOTIFIED:
                platform = row["platform_name"][:200]
                counts.notified[platform] += 1
                if _plain(row["source_identity"]) in wanted:
                    _ours(row, platform, counts)
    except csv.Error as error:
        raise InputError(f"{name}: {error}") from error


def _ours(row: dict[str, str], platform: str, counts: StatementCounts) -> None:
    for column in _DECISIONS:
        decision = row.get(column, "")
        if decision and decision != "[]":
            counts.ours[platform, decision[:200]] += 1
    try:
        applied = datetime.fromisoformat(row["application_date"]).date()
    except ValueError:
        return
    counts.first = applied if counts.first is None else min(counts.first, applied)
    counts.last = applied if counts.last is None else max(counts.last, applied)


def _plain(name: str) -> str:
    """Return a name without accents, capitals and spaces around it."""
    parts = unicodedata.normalize("NFKD", name[:1_000])
    letters = "".join(letter for letter in parts if not unicodedata.combining(letter))
    return " ".join(letters.casefold().split())
