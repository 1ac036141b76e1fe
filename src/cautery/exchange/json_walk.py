"""A large JSON text, walked value by value: only what lies open is split, the rest comes whole.

The whole text is never built: of a bundle of a quarter of a gigabyte no more than one value is held
at a time. A file that refers to what stands behind is walked twice instead.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from cautery.errors import InputError
from cautery.exchange.shape import DEEPEST, MOST_BYTES

Path = tuple[str | int, ...]
"""Names of members and places in lists, from the outermost."""
Opener = Callable[[Path, str], bool]
"""Whether what begins at a path with ``{`` or ``[`` is split; what is in it has a longer path."""

LONGEST_VALUE = 8 << 20
"""Characters of a value that comes whole: one object of 10,000 exhibits has 2 million."""
MOST_ENTRIES = 1_000_000
"""Values of one list that is split; an item may take four."""
MOST_MEMBERS = 10_000
"""Members of one object that is split."""
_PIECE = 1 << 18
"""Bytes that are decoded at a time."""
_ENDS = frozenset(",:]} \t\n\r")
_SPACE = re.compile(r"[ \t\n\r]*")


def walk(
    raw: bytes, file: str, is_open: Opener, *, is_checked: bool = False
) -> Iterator[tuple[Path, Any]]:
    """Yield each value of a JSON text with its path, in the order of the text.

    Parameters
    ----------
    raw : bytes
        The text, in UTF-8.
    file : str
        Its name, for what is wrong with it.
    is_open : callable
        Whether a list or object is split.
    is_checked : bool
        Whether the same bytes were walked to their end before: then nobody looks again for names
        that stand twice and for what is too deep, which takes a fifth of the time.

    Raises
    ------
    InputError
        If it is too big, is no JSON, bears a name twice in one object, or a value that comes whole
        is over :data:`LONGEST_VALUE` characters long or over :data:`~.shape.DEEPEST` deep.

    Examples
    --------
    >>> list(walk(b'{"a": 1, "b": [2, {"c": 3}]}', "one.json", lambda path, sign: len(path) < 2))
    [(('a',), 1), (('b', 0), 2), (('b', 1), {'c': 3})]
    """
    yield from _Walker(raw, file, is_open, is_checked=is_checked).walk()


def shown(path: Path) -> str:
    """Return a path as people write it.

    Examples
    --------
    >>> shown(("response", 0, "Event", "Object", 12))
    'response[0].Event.Object[12]'
    """
    words = "".join(
        f"[{step}]" if isinstance(step, int) else f".{ascii(step)[1:-1][:80]}" for step in path
    )
    return words.removeprefix(".") or "the file"


class _RuleError(ValueError):
    """What a rule of ours forbids, though the grammar of JSON allows it."""


class _Walker:
    def __init__(self, raw: bytes, file: str, is_open: Opener, *, is_checked: bool) -> None:
        self._raw, self._file, self._is_open = memoryview(raw), file, is_open
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._is_checked = is_checked
        hook = None if is_checked else _one_each
        self._json = json.JSONDecoder(parse_constant=_no_number, object_pairs_hook=hook)
        self._text, self._place, self._before, self._decoded = "", 0, 0, 0

    def walk(self) -> Iterator[tuple[Path, Any]]:
        if len(self._raw) > MOST_BYTES:
            self._refuse((), f"it has over {MOST_BYTES >> 20} MiB")
        yield from self._value(())
        if self._sign():
            self._broken((), "something stands after its end")

    def _value(self, path: Path) -> Iterator[tuple[Path, Any]]:
        sign = self._sign()
        if sign == "{" and self._is_open(path, sign):
            yield from self._members(path)
        elif sign == "[" and self._is_open(path, sign):
            for place in self._parts("]", path, MOST_ENTRIES):
                yield from self._value((*path, place))
        else:
            yield path, self._whole(path)

    def _members(self, path: Path) -> Iterator[tuple[Path, Any]]:
        names: set[str] = set()
        for _ in self._parts("}", path, MOST_MEMBERS):
            name = self._whole(path) if self._sign() == '"' else self._broken(path, "a name lacks")
            if name in names:
                self._refuse(path, _twice(name))
            names.add(name)
            if self._sign() != ":":
                self._broken(path, "a colon is missing")
            self._place += 1
            yield from self._value((*path, name))

    def _parts(self, end: str, path: Path, limit: int) -> Iterator[int]:
        """Stop at each part of a list or object, up to its end; who asks for it reads it."""
        self._place += 1
        if self._sign() == end:
            self._place += 1
            return
        for place in range(limit):
            yield place
            sign = self._sign()
            if sign not in (",", end):
                self._broken(path, f"a comma is missing, or {end}")
            self._place += 1
            if sign == end:
                return
        self._refuse(path, f"it has over {limit} values")

    def _sign(self) -> str:
        """Go to the next character that is no space, and return it; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._place)
            assert space is not None
            self._place = space.end()
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more(_PIECE):
                return ""

    def _whole(self, path: Path) -> Any:
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                end, fault = error.pos, error.msg
            except RecursionError:
                self._refuse(path, "it is nested too deeply")
            except _RuleError as error:
                self._refuse(path, str(error))
            except ValueError as error:  # NaN, or a number of thousands of digits
                self._broken(path, str(error))
            else:
                # A number may go on in the next piece: after "4.5e" of 4.5e1, too.
                if self._text[end : end + 1] in _ENDS or self._decoded >= len(self._raw):
                    self._check(path, value, end)
                    self._place = end
                    return value
                fault = ""
            length = len(self._text) - self._place
            if length > LONGEST_VALUE:
                self._refuse_long(path)
            if not self._more(max(length, _PIECE)) and fault:  # each time twice as much: linear
                self._place = end
                self._broken(path, fault)

    def _check(self, path: Path, value: Any, end: int) -> None:
        if end - self._place > LONGEST_VALUE:
            self._refuse_long(path)
        if self._is_checked:
            return
        opened = self._text.count("[", self._place, end) + self._text.count("{", self._place, end)
        if opened > DEEPEST and _is_too_deep(value):
            self._refuse(path, f"it is over {DEEPEST} lists and objects deep")

    def _more(self, size: int) -> bool:
        """Decode further bytes; tell whether there were any."""
        if self._decoded >= len(self._raw):
            return False
        piece = self._raw[self._decoded : self._decoded + size]
        self._decoded += len(piece)
        try:
            fresh = self._decoder.decode(piece, final=self._decoded >= len(self._raw))
        except UnicodeDecodeError:
            self._refuse((), f"it is not UTF-8, before byte {self._decoded}")
        self._before += self._place
        self._text, self._place = self._text[self._place :] + fresh, 0
        return True

    def _broken(self, path: Path, fault: str) -> NoReturn:
        place = self._before + self._place
        self._refuse(path, f"it is no JSON at character {place}: {fault[:200]}")

    def _refuse_long(self, path: Path) -> NoReturn:
        self._refuse(path, f"it has over {LONGEST_VALUE} characters in one value")

    def _refuse(self, path: Path, rule: str) -> NoReturn:
        raise InputError(f"{self._file}: {shown(path)}: {rule}")


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _one_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        # Not by Counter.most_common: that imports a module, which a closed process cannot read.
        names = set[str]()
        for name, _ in pairs:
            if name in names:
                raise _RuleError(_twice(name))
            names.add(name)
    return table


def _twice(name: str) -> str:
    return f"the name {ascii(name)[:80]} stands twice in one object"


def _is_too_deep(value: Any) -> bool:
    level: list[Any] = [[value]]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
