"""What readers yield, packed into bytes and back, where it crosses from one process to another.

Nothing is trusted that comes out of a process that has read hostile bytes: what is unpacked here
can be wrong, but it is text that can be written, numbers and moments of the sizes that it says, or
an error.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.formats._values import ReadWarning
from cautery.json_text import parsed_json
from cautery.model.message import Message
from cautery.model.whole_text import whole_json, whole_text
from cautery.model.wire import from_json, to_json

_UNKNOWN = -1
"""The length of a text that is not valid."""
MOST_VALUES = 8_000_000
"""Numbers and texts of all columns together: an empty text is four bytes here and forty in a list.
A package of 250,000 items has six million, and its exhibits."""
_MOST_JSON_VALUES = 3_000_000
_MOST_JSON_BYTES = 64 << 20
"""Of one JSON text, which is held three times while it is read."""


class Packer:
    """Columns, one after the other."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def data(self, data: bytes) -> None:
        """Add bytes as they are."""
        self._parts += [struct.pack("<Q", len(data)), data]

    def json(self, value: Any) -> None:
        """Add plain JSON."""
        self.data(whole_text(json.dumps(value, ensure_ascii=False)).encode())

    def texts(self, texts: Sequence[str | None]) -> None:
        """Add a column of texts."""
        texts = [None if text is None else whole_text(text) for text in texts]
        sizes = [_UNKNOWN if text is None else len(text) for text in texts]
        self.numbers(sizes, np.int32)
        self.data("".join(text for text in texts if text).encode())

    def numbers(
        self, numbers: Sequence[float], kind: type[np.int32 | np.int64 | np.float64]
    ) -> None:
        """Add a column of numbers."""
        self.data(np.asarray(numbers, kind).tobytes())

    def packed(self) -> bytes:
        """Return everything."""
        return b"".join(self._parts)


class Unpacker:
    """Columns in the order in which they were packed.

    Every method raises ``ValueError`` if what it wants is not there.
    """

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = self._values = 0

    def json(self) -> Any:
        """Return plain JSON."""
        data = self._next()
        if len(data) > _MOST_JSON_BYTES:
            raise ValueError("a longer JSON text than was requested")
        try:
            text = str(data, "utf-8", "replace")
            return whole_json(parsed_json(text, most=_MOST_JSON_VALUES))
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    def texts(self) -> list[str | None]:
        """Return a column of texts."""
        sizes = self.numbers(np.int32)
        # Lengths are counted in characters of this text: bytes that are not UTF-8 must not end
        # the reading here, but by the check below.
        text = str(self._next(), "utf-8", "replace")
        lengths = np.maximum(sizes, 0)
        if int(lengths.sum(dtype=np.int64)) != len(text):
            raise ValueError("texts of an unexpected length")
        ends = lengths.cumsum(dtype=np.int64)
        return [
            text[end - size : end] if size >= 0 else None
            for size, end in zip(sizes.tolist(), ends.tolist(), strict=True)
        ]

    def whole_texts(self) -> list[str]:
        """Return a column of texts of which each is one."""
        texts = self.texts()
        if None in texts:
            raise ValueError("a text that is not valid")
        return texts  # type: ignore[return-value]

    def numbers(self, kind: type[np.int32 | np.int64 | np.float64]) -> np.ndarray:
        """Return a column of numbers."""
        numbers = np.frombuffer(self._next(), kind)
        self._values += len(numbers)
        if self._values > MOST_VALUES:
            raise ValueError("more values than were requested")
        return numbers

    def end(self) -> None:
        """Say that nothing may follow."""
        if self._at != len(self._data):
            raise ValueError("more data than was requested")

    def _next(self) -> memoryview:
        if len(self._data) - self._at < 8:
            raise ValueError("cut off")
        (size,) = struct.unpack_from("<Q", self._data, self._at)
        start = self._at + 8
        if size > len(self._data) - start:
            raise ValueError("cut off")
        self._at = start + size
        return self._data[start : self._at]


def pack_warnings(packer: Packer, warnings: Iterable[ReadWarning]) -> None:
    """Add warnings."""
    packer.json(
        [
            [warning.line, to_json(warning.why), warning.quoted, warning.count]
            for warning in warnings
        ]
    )


def unpack_warnings(unpacker: Unpacker) -> tuple[ReadWarning, ...]:
    """Return warnings.

    Raises
    ------
    ValueError
        If they are not warnings.
    """
    warnings = []
    for line, why, quoted, count in unpacker.json():
        if not (isinstance(line, int) and isinstance(count, int)):
            raise ValueError("a number that is not valid")  # noqa: TRY004 - of a child, not of the caller
        try:
            reason = from_json(Message, why)
        except InputError as error:
            raise ValueError("a reason that is not valid") from error
        warnings.append(ReadWarning(line=line, why=reason, quoted=str(quoted), count=count))
    return tuple(warnings)
