"""Bundles of STIX as bytes: written piece by piece, and read object by object.

A bundle of a hundred thousand indicators is a quarter of a gigabyte and would be three as values
of Python, so no more than one object of it is held at a time; it is walked twice instead.
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from cautery.errors import InputError
from cautery.exchange.shape import DEEPEST

LONGEST_OBJECT = 8 << 20
"""Characters of one object: a pattern of a megabyte fits, and what fills memory does not."""
MOST_OBJECTS = 1_000_000
"""Objects of a bundle; an item may take four."""
_PIECE = 1 << 16
_SPACE = re.compile(r"[ \t\r\n]*")
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), allow_nan=False
)


def written(bundle_id: str, objects: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the bytes of a bundle, one object a line."""
    pieces = [f'{{"type":"bundle","id":"{bundle_id}","objects":[\n']
    size = 0
    separator = ""
    for thing in objects:
        line = f"{separator}{_ENCODER.encode(thing)}"
        separator = ",\n"
        pieces.append(line)
        size += len(line)
        if size > _PIECE:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    pieces.append("\n]}\n")
    yield "".join(pieces).encode()


class _BrokenError(ValueError):
    """The text is no JSON here, or what it holds is not allowed."""


def objects_in(raw: bytes, file: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a bundle in their order, each as it is come to.

    Raises
    ------
    InputError
        If the bytes are no bundle, or an object is too long, too deep or has one name twice.
    """
    try:
        yield from _walk(_Text(raw))
    except _BrokenError as error:
        raise InputError(f"{file}: {error}") from error


def _walk(text: _Text) -> Iterator[dict[str, Any]]:
    text.expect("{", "a bundle is one JSON object")
    is_bundle, has_objects = False, False
    if not text.takes("}"):
        while True:
            name = text.value()
            text.expect(":", "a name has no value")
            if name == "objects":
                if has_objects:
                    raise _BrokenError("the bundle has objects twice")
                has_objects = True
                yield from _elements(text)
            elif name == "type":
                is_bundle = text.value() == "bundle"
            else:
                text.value()
            if text.takes("}"):
                break
            text.expect(",", "a comma is missing")
    if not text.at_end:
        raise _BrokenError(f"something follows the bundle, at character {text.place}")
    if not is_bundle:
        raise _BrokenError('it is not a bundle: its type is not "bundle"')


def _elements(text: _Text) -> Iterator[dict[str, Any]]:
    text.expect("[", "objects is no list")
    if text.takes("]"):
        return
    for number in range(1, MOST_OBJECTS + 1):
        thing = text.value()
        if not isinstance(thing, dict):
            raise _BrokenError(f"object {number} of the bundle is no object")
        yield thing
        if text.takes("]"):
            return
        text.expect(",", f"a comma is missing after object {number}")
    raise _BrokenError(f"it has over {MOST_OBJECTS} objects")


class _Text:
    """A place in a long JSON text, of which a window is decoded at a time."""

    def __init__(self, raw: bytes) -> None:
        self._raw = memoryview(raw)
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._buffer = ""
        self._here = 0
        self._before = 0
        self._json = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_pairs)
        self._more()
        if self._buffer.startswith("\ufeff"):
            self._here = 1

    @property
    def place(self) -> int:
        """Characters before this place."""
        return self._before + self._here

    @property
    def at_end(self) -> bool:
        """Whether nothing but space follows."""
        self._skip()
        return self._here >= len(self._buffer)

    def takes(self, sign: str) -> bool:
        """Go past a sign if it stands here."""
        self._skip()
        if not self._buffer.startswith(sign, self._here):
            return False
        self._here += len(sign)
        return True

    def expect(self, sign: str, fault: str) -> None:
        """Go past a sign that must stand here."""
        if not self.takes(sign):
            raise _BrokenError(f"{fault}, at character {self.place}")

    def value(self) -> Any:
        """Return the JSON value that stands here, and go past it."""
        self._skip()
        while True:
            try:
                value, end = self._json.raw_decode(self._buffer, self._here)
            except json.JSONDecodeError as error:
                if self._window() > LONGEST_OBJECT:
                    self._refuse_long()
                if not self._more():
                    fault = f"{error.msg}, at character {self._before + error.pos}"
                    raise _BrokenError(f"it is no JSON: {fault}") from error
                continue
            except RecursionError as error:
                raise _BrokenError(f"what stands at {self.place} is nested too deeply") from error
            except ValueError as error:
                raise _BrokenError(f"{error}, in what begins at {self.place}") from error
            if end == len(self._buffer) and self._more():
                continue  # a number may go on
            if end - self._here > LONGEST_OBJECT:
                self._refuse_long()
            self._check_depth(value, end)
            self._here = end
            return value

    def _refuse_long(self) -> None:
        raise _BrokenError(f"what begins at {self.place} has over {LONGEST_OBJECT} characters")

    def _check_depth(self, value: Any, end: int) -> None:
        opened = self._buffer.count("[", self._here, end) + self._buffer.count("{", self._here, end)
        if opened > DEEPEST and _depth(value) > DEEPEST:
            raise _BrokenError(f"what begins at {self.place} is over {DEEPEST} objects deep")

    def _window(self) -> int:
        return len(self._buffer) - self._here

    def _skip(self) -> None:
        while self._here >= len(self._buffer) or self._buffer[self._here] in " \t\r\n":
            space = _SPACE.match(self._buffer, self._here)
            assert space is not None
            self._here = space.end()
            if self._here >= len(self._buffer) and not self._more():
                return

    def _more(self) -> bool:
        """Decode as much again as the window has, so that a long object is not read too often."""
        if self._read >= len(self._raw):
            return False
        size = max(_PIECE, self._window())
        piece = self._raw[self._read : self._read + size]
        self._read += len(piece)
        try:
            decoded = self._decoder.decode(piece, final=self._read >= len(self._raw))
        except UnicodeDecodeError as error:
            raise _BrokenError(f"it is not UTF-8 before byte {self._read}") from error
        self._before += self._here
        self._buffer = self._buffer[self._here :] + decoded
        self._here = 0
        return True


def _no_constant(word: str) -> Any:
    raise _BrokenError(f"{word} is no number of JSON")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        counted = Counter(name for name, _ in pairs)
        twice = counted.most_common(1)[0][0]
        raise _BrokenError(f"the name {ascii(twice)[:80]} stands twice in one object")
    return table


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth
