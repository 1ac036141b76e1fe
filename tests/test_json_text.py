"""What is nested too deeply is no JSON that can be read, and nothing worse."""

from __future__ import annotations

import pytest

from cautery.json_text import parsed_json


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1", "", b"\xff", "nul"])
def test_what_cannot_be_read_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        parsed_json(text)


def test_what_can_be_read_is_read_as_it_was_asked_for() -> None:
    assert parsed_json(b'{"a": 1.5}', parse_float=str) == {"a": "1.5"}
