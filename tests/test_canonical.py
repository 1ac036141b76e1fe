"""The quick way to RFC 8785 writes what the library writes, byte for byte, or fails as it does."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from cautery.canonical import canonical

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Word(StrEnum):
    GREEN = "green"


class Number(IntEnum):
    TWO = 2


def outcome(write: Any, value: Any) -> tuple[str, Any]:
    try:
        return "written", bytes(write(value))
    except (ValueError, RecursionError) as error:
        return type(error).__name__, str(error)


@given(VALUES)
@example([1.0, -0.0, 1e16, 1e21, 1e-4, 9.9e-5, 1e-6, 1e-7, 0.1 + 0.2, 5e-324, 1.7e308])
@example([2**53 - 1, 1 - 2**53, 2.0**53, 2**53])
@example({"\ue000": 1, "\U0001f3ac": 2, "b": [], "a": {}})
@example('\x00\x1f\x7f\u2028"\\/\b\f\n\r\t')
@example("\ud800")
@example({"\ud800": 1})
def test_any_value_is_written_as_the_library_writes_it(value: Any) -> None:
    assert outcome(canonical, value) == outcome(rfc8785.dumps, value)


@pytest.mark.parametrize(
    "value", [{1: 2}, (1, "a"), Word.GREEN, Number.TWO, {Word.GREEN: Number.TWO}, {1}, b"x", object]
)
def test_what_is_no_plain_json_fares_as_in_the_library(value: Any) -> None:
    assert outcome(canonical, value) == outcome(rfc8785.dumps, value)


@pytest.mark.parametrize("depth", [10, 400, 600, 100_000])
def test_what_is_nested_is_written_or_refused_as_by_the_library(depth: int) -> None:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    assert outcome(canonical, value)[0] == outcome(rfc8785.dumps, value)[0]
