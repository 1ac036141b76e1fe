"""What tables show: every line of a cell, and nothing that could steer a terminal."""

from __future__ import annotations

import pytest

from cautery.cli import render


def test_a_cell_of_two_lines_is_shown_as_two_lines(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(("name", "why"), [("a", "first\nsecond")])
    lines = capsys.readouterr().out.splitlines()
    first = next(at for at, line in enumerate(lines) if "first" in line)
    assert "second" in lines[first + 1]


def test_an_escape_in_a_cell_does_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    render.table(("name",), [("evil \x1b[2J title",)])
    assert "\x1b" not in capsys.readouterr().out
