"""A sentence of a record as its id and its values, so that a case reads in any language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AS_WRITTEN = "as-written"
"""Id of a sentence that stands in the record itself: in records of older versions, and where a
person wrote it. Its one value is ``text``."""

Value = Any
"""Text, a number, a time, ``None``, a :class:`Message`, or a tuple of these."""


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence that people read.

    Parameters
    ----------
    id : str
        Its name in the catalogue, such as ``guard.shared-range`` (:mod:`cautery.messages`).
    values : mapping
        What stands in its places, by name. A name ends in the value's unit: ``late_s`` is in
        seconds, ``size_bytes`` in bytes, ``known_share`` is a share of one.
    """

    id: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __hash__(self) -> int:
        try:
            return hash((self.id, frozenset((k, _hashed(v)) for k, v in self.values.items())))
        except TypeError:  # a list among the values has no hash
            return hash(self.id)

    def plain(self) -> str | None:
        """Return the sentence of a record that holds it as it was written, else ``None``."""
        text = self.values.get("text")
        return text if self.id == AS_WRITTEN and isinstance(text, str) else None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Read a sentence of an older record, which is a text, and one of today's."""
        from pydantic_core import core_schema  # noqa: PLC0415 - heavy: 0.2 s of CPU

        del source, handler
        members = core_schema.typed_dict_schema(
            {
                "id": core_schema.typed_dict_field(core_schema.str_schema(max_length=LONGEST_ID)),
                "values": core_schema.typed_dict_field(
                    core_schema.dict_schema(core_schema.str_schema(), core_schema.any_schema()),
                    required=False,
                ),
            },
            extra_behavior="forbid",
        )
        return core_schema.union_schema(
            [
                core_schema.is_instance_schema(cls),
                core_schema.no_info_after_validator_function(as_written, core_schema.str_schema()),
                core_schema.no_info_after_validator_function(
                    _read, core_schema.no_info_before_validator_function(_of_two, members)
                ),
            ],
            mode="left_to_right",
        )


def _hashed(value: Value) -> object:
    """Return what stands for a value where it is hashed: the same for values that are equal.

    Python's hash of a number is known to all (that of -1 is that of -2): whoever writes records
    could give thousands of messages one hash. That of a text is another in each process.
    """
    if isinstance(value, tuple):
        return tuple(map(_hashed, value))
    if isinstance(value, float):
        return f"{int(value):x}" if value.is_integer() else repr(value)
    return f"{value:x}" if isinstance(value, int) else value


LONGEST_ID = 100
"""Characters of a message's id."""
DEEPEST = 16
"""How deep messages and lists may stand within a message; today's are three deep."""


def as_written(text: str) -> Message:
    """Return the message of a sentence that has no id: an older record's, or a person's."""
    return Message(AS_WRITTEN, {"text": text})


def _of_two(members: Any) -> Any:
    """Refuse a table of more members than a message has, before each of them is a fault."""
    if isinstance(members, Mapping) and len(members) > 2:
        raise ValueError("a message has an id and values, and nothing else")
    return members


def _read(members: Mapping[str, Any], depth: int = 0) -> Message:
    values = members.get("values", {})
    return Message(members["id"], {name: _value(value, depth) for name, value in values.items()})


def _value(value: Any, depth: int) -> Value:
    """Rebuild the messages and tuples among the values of a record's JSON."""
    if depth > DEEPEST:
        raise ValueError(f"a message is nested more than {DEEPEST} deep")
    if isinstance(value, list):
        return tuple(_value(item, depth + 1) for item in value)
    if isinstance(value, Mapping):
        inner = _read(value, depth + 1) if isinstance(value.get("id"), str) else None
        plain_text = inner and inner.plain()
        return inner if plain_text is None else plain_text
    return value
