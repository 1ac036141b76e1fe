"""What is nested too deeply is no JSON that can be read, and nothing worse."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given, strategies

import cautery
from cautery.json_text import ALWAYS_READ, parsed_json, values_in
from cautery.workflows.operation.strict_json import strictly_parsed

SOURCE = Path(cautery.__file__).parent


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1", "", b"\xff", "nul"])
def test_what_cannot_be_read_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        parsed_json(text)


@pytest.mark.parametrize("depth", [100_000, *range(200, 1_000, 7)])
def test_what_hooks_are_called_for_is_a_value_error_too(depth: int) -> None:
    try:
        strictly_parsed(b'{"a":' * depth + b"1" + b"}" * depth)
    except ValueError as error:
        assert "nested too deeply" in str(error)  # noqa: PT017 - some depths can be read


def test_what_can_be_read_is_read_as_it_was_asked_for() -> None:
    assert parsed_json(b'{"a": 1.5}', parse_float=str) == {"a": "1.5"}


def _parses_json_alone(block: ast.Try) -> bool:
    """Tell whether all that a ``try`` does is to parse JSON into a name."""
    [only, *more] = block.body
    call = getattr(only, "value", None)
    return (
        not more
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"parsed_json", "strictly_parsed"}
    )


def test_nobody_waits_for_what_cannot_come() -> None:
    needless = [
        f"{path.relative_to(SOURCE)}:{handler.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        if "RecursionError" in (text := path.read_text(encoding="utf-8"))
        for block in ast.walk(ast.parse(text))
        if isinstance(block, ast.Try) and _parses_json_alone(block)
        for handler in block.handlers
        if handler.type is not None and "RecursionError" in ast.unparse(handler.type)
    ]
    assert needless == []


@pytest.mark.parametrize("part", ["{}", "[]", "[0]", '{"":0}', '{"a":[{}]}', '""'])
@pytest.mark.parametrize("kind", [str, bytes])
def test_a_long_text_that_would_fill_the_memory_is_not_read(part: str, kind: type) -> None:
    text = "[" + ",".join([part] * (45_000_000 // (len(part) + 1))) + "]"
    with pytest.raises(ValueError, match="too many values"):
        parsed_json(text if kind is str else text.encode(), parse_constant=pytest.fail)


def test_a_long_text_of_few_values_is_read() -> None:
    rows = [{"name": "x" * 100, "addresses": ["192.0.2.1"] * 3}] * 150_000
    text = json.dumps(rows)
    assert len(text) > ALWAYS_READ
    assert len(parsed_json(text)) == len(rows)
    assert len(parsed_json(text.encode())) == len(rows)


@given(
    strategies.recursive(
        strategies.none() | strategies.integers() | strategies.text(),
        lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
    )
)
def test_the_values_are_counted_before_they_are_read(value: object) -> None:
    def values(part: object) -> int:
        inner = part.values() if isinstance(part, dict) else part
        return 1 + (0 if isinstance(part, str | int | None) else sum(map(values, inner)))  # type: ignore[call-overload]

    text = json.dumps(value)
    assert values(value) <= values_in(text) == values_in(text.encode())
    assert parsed_json(text, most=values_in(text)) == value
    with pytest.raises(ValueError, match="too many values"):
        parsed_json(text, most=values(value) - 1)


@pytest.mark.parametrize("letter", ["", "\U0001f600"])
def test_nested_lists_count_with_their_places_and_letters_with_their_width(letter: str) -> None:
    depth = 480
    nested = "[" * depth + "]" * depth
    text = f'["{letter}",' + ",".join([nested] * (19_900_000 // len(nested))) + "]"
    with pytest.raises(ValueError, match="too many values"):
        parsed_json(text.encode(), parse_constant=pytest.fail)


def test_a_long_text_of_wide_letters_is_read_if_it_holds_few_values() -> None:
    assert len(parsed_json(json.dumps(["ж" * 5_000_000], ensure_ascii=False).encode())) == 1
