"""Checks that each value of a mandate may need, and the error that names its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from cautery.errors import InputError, MandateError
from cautery.model import OwnLocation, Window, to_utc
from cautery.workflows.mandate.file import MandateFile
from cautery.workflows.mandate.lines import Lines
from cautery.workflows.mandate.values import TIME_REMEDY, http_url

_PATH = re.compile(r"[^@?=&:%\x00-\x1f]{1,1000}")


class Checks:
    """One file being read: knows where each table and key stands, for the errors' sake.

    ``where`` is always the way to a key: ``("channel", 1, "reference")``. All raise
    :class:`MandateError`, made by :meth:`wrong`.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self.lines = Lines(text)

    def media(self, told: str | None, where: Sequence[str | int]) -> OwnLocation | None:
        """Return a URL as it is, a file by its absolute path; it must be there."""
        if told is None:
            return None
        if re.match(r"(?i)https?://", told):
            try:
                return OwnLocation(http_url(told))
            except PydanticCustomError as error:
                remedy = str((error.context or {})["remedy"])
                raise self.wrong(where, error.message(), remedy) from error
        if re.match(r"(?i)(udp|srt)://", told):
            return OwnLocation(self._sent(told, where))
        if "://" in told:
            raise self.wrong(
                where,
                "the URL must begin with http(s), udp or srt",
                "Give one of these, or a file.",
            )
        return OwnLocation(self.file(told, where))

    def _sent(self, url: str, where: Sequence[str | int]) -> str:
        """Return the URL of a transport stream that is sent to us; it has a port."""
        try:
            port = urlsplit(url).port
        except ValueError:
            port = None
        if not port or not url.isprintable() or " " in url:
            raise self.wrong(
                where,
                "a URL of a stream that is sent needs a port",
                'Write it as "udp://239.1.2.3:5000" or "srt://feeds.example:9000".',
            )
        return url

    def file(self, told: str, where: Sequence[str | int], *, folder: bool = False) -> str:
        """Return the absolute path of a file, or folder, beside the mandate; it must be there."""
        noun = "folder" if folder else "file"
        try:
            path = (self._path.parent / told).resolve()
            exists = path.is_dir() if folder else path.is_file()
        except (OSError, ValueError, RuntimeError) as error:  # too long, NUL, links in a circle
            why = getattr(error, "strerror", None) or type(error).__name__
            raise self.wrong(where, f"not a valid path ({why})", "Correct the path.") from None
        if not exists:
            raise self.wrong(where, f"no such {noun}{_shown(told)}", "Correct the path.")
        return str(path)

    def utc(self, moment: datetime, where: Sequence[str | int]) -> datetime:
        """Return a time in UTC; one without a zone is refused."""
        try:
            return to_utc(str(where[-1]), moment)
        except (InputError, OverflowError) as error:
            fault = str(error).removeprefix(f"{where[-1]}: ")
            raise self.wrong(where, fault, TIME_REMEDY) from error

    def window(self, start: datetime, end: datetime, table: Sequence[str | int]) -> Window:
        """Return a table's ``start`` and ``end`` as a window."""
        start, end = self.utc(start, (*table, "start")), self.utc(end, (*table, "end"))
        if end <= start:
            raise self.wrong(
                (*table, "end"),
                f"the end, {end.isoformat()}, is not after the start",
                "Put end after start.",
            )
        return Window(start=start, end=end)

    def basis(self, own: str | None, file: MandateFile, table: tuple[str, int], id: str) -> str:
        """Return by which right: its own, or the mandate's; without one there is no probe."""
        basis = own if own is not None else file.mandate.legal_basis
        if not basis:
            raise self.wrong(
                table,
                f"{table[0]} {id!r} has no legal basis"
                + (", nor has the mandate" if own is None else ""),
                f'Add legal_basis = "..." to this [[{table[0]}]] or to [mandate].',
            )
        return basis

    def wrong(self, where: Sequence[str | int], what: str, remedy: str) -> MandateError:
        """Return the error: file, line, key, what is wrong with it, and the remedy."""
        name = ".".join(str(part) for part in where if not isinstance(part, int))
        return MandateError(
            f"{self._path}, line {self.lines.of(where)}: {name}: {what}", hint=remedy
        )


def some(names: Iterable[str]) -> str:
    """Return the first of some names, for a remedy."""
    ordered = sorted(names)
    return (", ".join(ordered[:10]) + (", ..." if len(ordered) > 10 else "")) or "none"


def _shown(path: str) -> str:
    """Return a file's name for an error: what is no path may be a URL with a secret in it."""
    return f": {PurePath(path).name}" if _PATH.fullmatch(path) else ""
