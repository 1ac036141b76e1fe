"""A mandate's text and tables, and the line of each table and key for error messages.

``tomllib`` tells values, not lines. `Lines` walks a text that ``tomllib`` has accepted, through
inline tables, dotted and quoted keys, and never into strings.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cautery.errors import InputError, MandateError
from cautery.model.toml import parsed_toml
from cautery.packed import require_file

MAX_BYTES = 4_000_000
"""A season's mandate with 10,000 channels stays below; anything larger is a mistake."""

_Path = tuple[str | int, ...]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_LINE_STRING = r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_KEY_STRING = re.compile(_LINE_STRING)
# Up to two quotes may stand right before the three that close a string of several lines.
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' + r"|'''.*?'''(?:'{0,2})|" + _LINE_STRING, re.DOTALL
)
_ATOM = re.compile(r"[^,\]}#\n]+")
_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_DEEP = re.compile(r"(?:[\[{]\s*){50}")
_LONG = re.compile(r"(?<![0-9_])[0-9_]{4000}")


def bytes_of(path: Path) -> bytes:
    """Return the bytes of a mandate's file.

    Raises
    ------
    MandateError
        If it cannot be read, or is too large.
    """
    try:
        if path.exists():
            require_file(path)  # a pipe would be waited for
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except InputError as error:
        raise MandateError(str(error)) from error
    except (OSError, ValueError) as error:
        raise MandateError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})",
            hint="Give the path of a mandate.toml; `cautery watch --schema` explains its contents.",
        ) from error
    if len(raw) > MAX_BYTES:
        raise MandateError(
            f"{path}, line 1: larger than {MAX_BYTES:,} bytes, the limit for a mandate",
            hint="Give a mandate.toml; refer to playlists and dumps in it by their paths.",
        )
    return raw


def text_of(path: Path, raw: bytes) -> str:
    """Return a mandate's text; line feeds alone stand between its lines.

    Raises
    ------
    MandateError
        If it is no UTF-8.
    """
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise MandateError(
            f"{path}, line {line}: not UTF-8 text", hint="Save it as UTF-8."
        ) from error


def tables_of(path: Path, text: str) -> dict[str, Any]:
    """Return what stands in a TOML text.

    Raises
    ------
    MandateError
        If it is no TOML, or more of it than Python reads.
    """
    try:
        return parsed_toml(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        match = _PLACE.search(message)
        line = match["line"] if match and match["line"] else text.count("\n") + 1
        column = f" (column {match['column']})" if match and match["column"] else ""
        raise MandateError(
            f"{path}, line {line}: not valid TOML: {_PLACE.sub('', message)[:300]}{column}",
            hint="Correct that line.",
        ) from error
    except RecursionError as error:
        raise MandateError(
            f"{path}, line {_line_at(text, _DEEP)}: tables or lists are nested too deeply",
            hint="Tables and lists of a mandate may be nested two deep; remove the deeper ones.",
        ) from error
    except ValueError as error:  # Python refuses to read integers of thousands of digits
        raise MandateError(
            f"{path}, line {_line_at(text, _LONG)}: the number is too long",
            hint="Correct that number.",
        ) from error


def _line_at(text: str, pattern: re.Pattern[str]) -> int:
    match = pattern.search(text)
    return 1 if match is None else text.count("\n", 0, match.start()) + 1


class Lines:
    """The lines of one text, found in one pass when the first is asked for.

    Parameters
    ----------
    text : str
        Valid TOML.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._line_of: dict[_Path, int] | None = None

    def of(self, where: Sequence[str | int]) -> int:
        """Return the line of a key, or of the nearest table around it that is written out.

        Parameters
        ----------
        where : sequence of str or int
            Keys, and positions (from 0) in arrays: ``("channel", 1, "names")``.

        Returns
        -------
        int
            From 1; line 1 when nothing of the path is there.
        """
        if self._line_of is None:
            self._line_of = _Scanner(self._text).scan()
        for length in range(len(where), 0, -1):
            line = self._line_of.get(tuple(where[:length]))
            if line is not None:
                return line
        return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._counted_to, self._line = 0, 1
        self._tables: dict[_Path, int] = {}  # how many [[tables]] of this name there are so far
        self._line_of: dict[_Path, int] = {}

    def scan(self) -> dict[_Path, int]:
        prefix: _Path = ()
        while True:
            self._take(_BLANK)
            if self._at >= len(self._text):
                return self._line_of
            brackets = 2 if self._text.startswith("[[", self._at) else 1
            if self._text[self._at] != "[":
                self._pair(prefix)
                continue
            line = self._here()
            self._at += brackets
            prefix = self._enter(self._key(), array=brackets == 2)
            self._at += brackets
            self._note(prefix, line)

    def _enter(self, keys: list[str], *, array: bool) -> _Path:
        """Return the path of a header; a part that is an array stands for its last table."""
        path: _Path = ()
        for nth, key in enumerate(keys):
            path += (key,)
            if array and nth == len(keys) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path += (self._tables[path] - 1,)
        return path

    def _pair(self, prefix: _Path) -> None:
        line = self._here()
        path = prefix + tuple(self._key())
        self._note(path, line)
        self._at += 1  # the sign =
        self._value(path)

    def _key(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._take(_SPACE)
            quoted = self._take(_KEY_STRING)
            keys.append(_unquoted(quoted) if quoted else self._take(_BARE_KEY))
            self._take(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _value(self, path: _Path) -> None:
        # One frame a level, where tomllib has spent two: what it could read, this can.
        self._take(_BLANK)
        self._note(path, self._here())
        opening = self._text[self._at]
        if opening not in "[{":
            _ = self._take(_STRING) or self._take(_ATOM)
            return
        self._at += 1
        nth = 0
        while True:
            self._take(_BLANK)
            if self._text[self._at] in "]}":
                self._at += 1
                return
            if opening == "[":
                self._value((*path, nth))
            else:
                self._pair(path)
            nth += 1
            self._take(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            return ""
        self._at = match.end()
        return match[0]

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        return self._line

    def _note(self, path: _Path, line: int) -> None:
        for length in range(len(path), 0, -1):
            if path[:length] in self._line_of:
                return
            self._line_of[path[:length]] = line


def _unquoted(key: str) -> str:
    if "\\" not in key or key.startswith("'"):
        return key[1:-1]
    return str(tomllib.loads(f"key = {key}")["key"])
