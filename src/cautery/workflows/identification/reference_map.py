"""Read ``ids.csv``, which gives each path its channel, event and licensee; name every mistake.

A reader may have made several mistakes, so all of them are told at once, each with its line.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError
from cautery.packed import require_file

COLUMNS = ("path", "channel", "event", "feed")
CLEAN = "clean"
"""A feed of this name is the event's own, without a licensee's sound and graphics."""
MOST_BYTES = 16_000_000
LONGEST_ID = 200
"""As in a mandate."""
_MOST_FAULTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: what a path is.

    Parameters
    ----------
    line : int
        In the CSV, from 1.
    place : Path or str
        An absolute path of a file or folder that is there, or a URL.
    id : str
        The channel's id; ``event:ID`` of a clean feed without one.
    event : str or None
        What it shows.
    licensee : str or None
        Whose feed of the event it is; ``None``: the clean feed's, or there is no event.
    """

    line: int
    place: Path | str
    id: str
    event: str | None
    licensee: str | None

    @property
    def clean(self) -> bool:
        """Whether it is an event's clean feed."""
        return self.event is not None and self.licensee is None


def is_url(told: str) -> bool:
    """Tell whether a place is a URL and no path."""
    head, separator, _ = told.partition("://")
    return bool(separator) and head.isalnum()


def read_map(path: Path, *, working: Path | None = None) -> tuple[Row, ...]:
    """Read a map.

    Parameters
    ----------
    path : Path
        A CSV in UTF-8 whose first line names the columns ``path,channel,event,feed``, in any
        order. Paths are relative to its folder or, if nothing is there, to ``working``.
    working : Path or None
        The working folder, by default the process's.

    Raises
    ------
    InputError
        Naming each mistake with its line.
    """
    reading = _Reading(path, working or Path.cwd())
    rows = tuple(reading.rows(_text(path)))
    if not reading.wrong and not rows:
        reading.wrong.append((1, "no row follows the header"))
    if reading.wrong:
        faults = sorted(reading.wrong)
        lines = [f"line {line}: {what}" for line, what in faults[:_MOST_FAULTS]]
        if len(faults) > _MOST_FAULTS:
            lines.append(f"and {len(faults) - _MOST_FAULTS} more")
        raise InputError(
            f"{path}: " + "; ".join(lines)
            if len(lines) == 1
            else f"{path}:\n  " + "\n  ".join(lines),
            hint="Columns: path,channel,event,feed; feed is 'clean' or the licensee's channel id.",
        )
    return rows


def _text(path: Path) -> str:
    try:
        require_file(path)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(f"{path}: more than {MOST_BYTES:,} bytes")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}: line {line}: not valid UTF-8", hint="Save the CSV as UTF-8."
        ) from error


class _Reading:
    """One file being read; ``wrong`` collects (line, mistake)."""

    def __init__(self, path: Path, working: Path) -> None:
        self._path = path
        self._working = working
        self.wrong: list[tuple[int, str]] = []
        self._places: dict[Path | str, int] = {}
        self._first_rows: dict[str, tuple[int, str | None, str | None]] = {}

    def rows(self, text: str) -> Iterator[Row]:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        begins, head = 1, None
        try:
            for cells in lines:
                line, begins = begins, lines.line_num + 1
                if not any(cell.strip() for cell in cells):
                    continue
                if head is None:
                    head = self._head(line, [cell.strip().lower() for cell in cells])
                    if head is None:
                        return
                    continue
                row = self._row(line, cells, head)
                if row is not None:
                    yield row
        except csv.Error as error:
            self.wrong.append((begins, f"not a valid CSV: {error}"))
        if head is None and not self.wrong:
            self.wrong.append((1, f"the file is empty; the first line must be {','.join(COLUMNS)}"))

    def _head(self, line: int, names: list[str]) -> dict[str, int] | None:
        if len(names) == 1 and any(sign in names[0] for sign in ";\t"):
            self.wrong.append((line, "its cells are not separated by commas"))
            return None
        lacks = [column for column in ("path", "channel") if column not in names]
        unknown = [column for column in names if column not in COLUMNS]
        twice = [column for column in COLUMNS if names.count(column) > 1]
        if lacks:
            self.wrong.append((line, f"the header lacks the column {', '.join(lacks)}"))
        if unknown:
            self.wrong.append((line, f"the header has the unknown column {unknown[0][:80]!r}"))
        if twice:
            self.wrong.append((line, f"the header has the column {twice[0]!r} twice"))
        return None if self.wrong else {name: at for at, name in enumerate(names)}

    def _row(self, line: int, cells: list[str], head: dict[str, int]) -> Row | None:
        if len(cells) != len(head):
            self.wrong.append((line, f"{len(cells)} cells, but {len(head)} columns"))
            return None
        values = {name: cells[at].strip() for name, at in head.items()}
        channel, event, feed = (
            unicodedata.normalize("NFC", values.get(column, "")) for column in COLUMNS[1:]
        )
        place = self._place(line, values["path"])
        fine = place is not None
        for name, value in (("channel", channel), ("event", event), ("feed", feed)):
            if len(value) > LONGEST_ID or not value.isprintable():
                self.wrong.append(
                    (line, (f"{name}: an id must be one printable line of at most 200 characters"))
                )
                fine = False
        if feed and not event:
            self.wrong.append((line, f"feed {feed[:80]!r} without an event"))
            fine = False
        if event and not feed:
            self.wrong.append(
                (line, f"event {event[:80]!r} without a feed: 'clean' or the licensee's channel id")
            )
            fine = False
        if not channel and not event:
            self.wrong.append((line, "names neither a channel nor an event"))
            fine = False
        if not fine or place is None:
            return None
        clean = feed.lower() == CLEAN
        licensee = None if clean or not feed else feed
        reference_id = channel or (f"event:{event}" if clean else feed)
        return self._kept(
            Row(line=line, place=place, id=reference_id, event=event or None, licensee=licensee)
        )

    def _kept(self, row: Row) -> Row | None:
        if row.place in self._places:
            self.wrong.append(
                (row.line, f"{row.place} is already in line {self._places[row.place]}")
            )
            return None
        self._places[row.place] = row.line
        line, *earlier = self._first_rows.setdefault(row.id, (row.line, row.event, row.licensee))
        if earlier != [row.event, row.licensee]:
            self.wrong.append(
                (row.line, f"channel {row.id!r} has another event or feed in line {line}")
            )
            return None
        return row

    def _place(self, line: int, text: str) -> Path | str | None:
        if not text:
            self.wrong.append((line, "the path is missing"))
            return None
        if is_url(text):
            return text
        for folder in (self._path.parent, self._working):
            try:
                path = (folder / text).resolve()
                if path.is_file() or path.is_dir():
                    return path
            except (OSError, ValueError, RuntimeError):  # too long, NUL, links in a circle
                continue
        self.wrong.append((line, f"no such file or folder: {text[:200]}"))
        return None
