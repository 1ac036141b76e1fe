"""A large JSON text, walked value by value: only what lies open is split, the rest comes whole."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from cautery.errors import InputError

Path = tuple[str | int, ...]
"""Names of members and places in lists, from the outermost."""
Opener = Callable[[Path], bool]

LONGEST_VALUE = 8 << 20
"""Letters of a value that comes whole: one object of 10,000 exhibits has 2 million."""
_PIECE = 1 << 20
"""Bytes that are decoded at a time."""
_ENDS = frozenset(",:]} \t\n\r")
_BLANKS = " \t\n\r"


def walk(raw: bytes, file: str, is_open: Opener) -> Iterator[tuple[Path, Any]]:
    """Yield each value of a JSON text with its path.

    Parameters
    ----------
    raw : bytes
        The text, in UTF-8.
    file : str
        Its name, for what is wrong with it.
    is_open : callable
        Whether the list or table at a path is split; what is in it comes with a longer path.

    Yields
    ------
    (path, value)
        In the order of the text; a table that bears a name twice yields both.

    Raises
    ------
    InputError
        If it is no JSON, or a value in it is longer than :data:`LONGEST_VALUE`.
    """
    yield from _Walker(raw, file, is_open).walk()


def shown(path: Path) -> str:
    """Return a path as people write it.

    Examples
    --------
    >>> shown(("response", 0, "Event", "Object", 12))
    'response[0].Event.Object[12]'
    """
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:80]}" for step in path)
    return words.removeprefix(".") or "the file"


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number of JSON")


class _Walker:
    def __init__(self, raw: bytes, file: str, is_open: Opener) -> None:
        self._raw, self._file, self._is_open = raw, file, is_open
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder(parse_constant=_no_number)
        self._text, self._place, self._taken = "", 0, 0

    def walk(self) -> Iterator[tuple[Path, Any]]:
        yield from self._value(())
        if self._sign():
            self._refuse((), "something stands after its end")

    def _value(self, path: Path) -> Iterator[tuple[Path, Any]]:
        sign = self._sign()
        if sign == "{" and self._is_open(path):
            yield from self._members(path)
        elif sign == "[" and self._is_open(path):
            yield from self._entries(path)
        else:
            yield path, self._whole(path)

    def _members(self, path: Path) -> Iterator[tuple[Path, Any]]:
        self._place += 1
        if self._sign() == "}":
            self._place += 1
            return
        while True:
            name = self._whole(path) if self._sign() == '"' else self._refuse(path, "a name lacks")
            self._expect(":", path)
            yield from self._value((*path, name))
            if not self._goes_on("}", path):
                return

    def _entries(self, path: Path) -> Iterator[tuple[Path, Any]]:
        self._place += 1
        if self._sign() == "]":
            self._place += 1
            return
        place = 0
        while True:
            yield from self._value((*path, place))
            place += 1
            if not self._goes_on("]", path):
                return

    def _goes_on(self, end: str, path: Path) -> bool:
        sign = self._sign()
        if sign not in (",", end):
            self._refuse(path, f"expected a comma or {end}")
        self._place += 1
        return sign == ","

    def _expect(self, wanted: str, path: Path) -> None:
        if self._sign() != wanted:
            self._refuse(path, f"expected {wanted}")
        self._place += 1

    def _sign(self) -> str:
        """Return the next letter that is no blank, empty at the end."""
        while True:
            while self._place < len(self._text):
                if (sign := self._text[self._place]) not in _BLANKS:
                    return sign
                self._place += 1
            if not self._more(_PIECE):
                return ""

    def _whole(self, path: Path) -> Any:
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._place)
            except RecursionError:
                self._refuse(path, "it is nested too deeply")
            except ValueError as error:
                problem = str(error)
            else:
                if end - self._place > LONGEST_VALUE:
                    self._refuse(path, f"it has over {LONGEST_VALUE >> 20} MiB in one value")
                # A number may go on in the next piece: after "4.5e" of 4.5e1, too.
                if self._text[end : end + 1] in _ENDS or self._taken >= len(self._raw):
                    self._place = end
                    return value
                problem = ""
            length = len(self._text) - self._place
            if length > LONGEST_VALUE:
                self._refuse(path, f"it has over {LONGEST_VALUE >> 20} MiB in one value")
            if not self._more(max(length, _PIECE)) and problem:  # each time twice as much: linear
                self._refuse(path, problem)

    def _more(self, size: int) -> bool:
        """Decode further bytes; tell whether there were any."""
        if self._taken >= len(self._raw):
            return False
        piece = self._raw[self._taken : self._taken + size]
        self._taken += len(piece)
        try:
            fresh = self._decoder.decode(piece, final=self._taken >= len(self._raw))
        except UnicodeDecodeError:
            self._refuse((), "it is not UTF-8")
        self._text, self._place = self._text[self._place :] + fresh, 0
        return True

    def _refuse(self, path: Path, rule: str) -> NoReturn:
        raise InputError(f"{self._file}: {shown(path)}: this is not JSON: {rule[:200]}")
