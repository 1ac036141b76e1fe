"""What is nested too deeply is no JSON that can be read, and nothing worse."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cautery
from cautery.json_text import parsed_json
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
