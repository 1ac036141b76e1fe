"""The properties of one object, taken one by one: what is wrong names its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from cautery.errors import InputError
from cautery.exchange.case.literals import all_of, text_of

Value = TypeVar("Value")
Word = TypeVar("Word", bound=StrEnum)


class Fields:
    """What an object says, until it is taken.

    Parameters
    ----------
    node : mapping
        The object.
    file : str
        Where it stands.
    """

    def __init__(self, node: Mapping[str, Any], file: str) -> None:
        self.name = str(node.get("@id", "an object without @id"))
        self._file = file
        self._left = {name: value for name, value in node.items() if name[:1] != "@"}

    @property
    def left(self) -> tuple[str, ...]:
        """Properties that nobody took."""
        return tuple(self._left)

    def one(self, name: str, reader: Callable[[object], Value]) -> Value | None:
        """Take the one value of a property; ``None``: it has none.

        Raises
        ------
        InputError
            If there are several, or the value cannot be read.
        """
        value = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, list):
            if len(value) > 1:
                raise self.wrong(name, "it has several values; one can hold")
            if not value:
                return None
            (value,) = value
        return self._read(name, value, reader)

    def needed(self, name: str, reader: Callable[[object], Value]) -> Value:
        """Take the one value of a property that must be there.

        Raises
        ------
        InputError
            If there is none, there are several, or the value cannot be read.
        """
        value = self.one(name, reader)
        if value is None:
            raise self.wrong(name, "it is missing")
        return value

    def many(self, name: str, reader: Callable[[object], Value]) -> list[Value]:
        """Take all values of a property.

        Raises
        ------
        InputError
            If one of them cannot be read.
        """
        return [self._read(name, value, reader) for value in all_of(self._left.pop(name, None))]

    def word(self, name: str, words: type[Word]) -> Word | None:
        """Take a word out of a list; ``None``: there is none.

        Raises
        ------
        InputError
            If it is another word.
        """
        text = self.one(name, text_of)
        if text is None:
            return None
        try:
            return words(text)
        except ValueError as error:
            among = ", ".join(words)
            raise self.wrong(name, f"{text[:60]!r} is none of {among}") from error

    def take(self, *names: str) -> None:
        """Take properties that only say again what stands elsewhere."""
        for name in names:
            self._left.pop(name, None)

    def wrong(self, name: str, rule: str) -> InputError:
        """Return what is wrong with a property: file, object, property and rule."""
        return InputError(f"{self._file}: {self.name[:200]}: {name}: {rule}")

    def _read(self, name: str, value: object, reader: Callable[[object], Value]) -> Value:
        try:
            return reader(value)
        except InputError as error:
            raise self.wrong(name, str(error)) from error
