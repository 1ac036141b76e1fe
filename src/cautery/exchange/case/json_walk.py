"""Walk a big JSON object member by member, and one of its lists element by element.

The whole of it is never built: what is walked takes the memory of its text and of one element.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from cautery.errors import InputError

_SPACE = re.compile(r"[ \t\n\r]*")


def members(text: str, file: str, *, walked: str) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of the object that a text is.

    Parameters
    ----------
    text : str
        JSON: one object.
    file : str
        Where it stands, for what is wrong with it.
    walked : str
        Name of the list whose elements are yielded one by one, each under this name.

    Raises
    ------
    InputError
        If it is no JSON, is nested too deeply, or a name stands twice in one object.

    Examples
    --------
    >>> list(members('{"a": 1, "b": [2, 3]}', "one.json", walked="b"))
    [('a', 1), ('b', 2), ('b', 3)]
    """
    cursor = _Cursor(text, file)
    seen: set[str] = set()
    cursor.expect("{")
    for _ in cursor.parts("}"):
        name = cursor.value()
        if not isinstance(name, str):
            raise cursor.broken()
        if name in seen:
            raise InputError(f"{file}: {name[:60]!r} stands twice in one object")
        seen.add(name)
        cursor.expect(":")
        if name == walked and cursor.takes("["):
            for _ in cursor.parts("]"):
                yield name, cursor.value()
        else:
            yield name, cursor.value()
    cursor.end()


class _Cursor:
    """A place in a text."""

    def __init__(self, text: str, file: str) -> None:
        self._text, self._file, self._at = text, file, 0

    def parts(self, end: str) -> Iterator[None]:
        """Stop at each part of what commas divide, up to its end; the caller reads the part."""
        if self.takes(end):
            return
        while True:
            yield
            if self.takes(end):
                return
            self.expect(",")

    def takes(self, sign: str) -> bool:
        """Go over a sign if it comes next, and tell whether it does."""
        self._skip()
        found = self._text.startswith(sign, self._at)
        self._at += found
        return found

    def expect(self, sign: str) -> None:
        """Go over a sign that must come next."""
        if not self.takes(sign):
            raise self.broken()

    def value(self) -> Any:
        """Return the value that comes next, and go over it."""
        self._skip()
        try:
            value, self._at = _DECODER.raw_decode(self._text, self._at)
        except RecursionError as error:
            raise InputError(f"{self._file}: its objects are nested too deeply") from error
        except _TwiceError as error:
            raise InputError(
                f"{self._file}: {str(error)[:60]!r} stands twice in one object"
            ) from error
        except ValueError as error:
            self._at = getattr(error, "pos", self._at)
            raise self.broken() from error
        return value

    def end(self) -> None:
        """Refuse what follows."""
        self._skip()
        if self._at < len(self._text):
            raise self.broken()

    def broken(self) -> InputError:
        """Return that it is no JSON here."""
        line = self._text.count("\n", 0, self._at) + 1
        return InputError(f"{self._file}: it is no JSON at character {self._at} (line {line})")

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()


class _TwiceError(ValueError):
    """A name stands twice in one object: nobody knows which is meant."""


def _one_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise _TwiceError(name)
    return made


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_one_each, parse_constant=_no_number)
