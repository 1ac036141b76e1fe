"""What tables show: every line of a cell, whole when piped, and nothing that could steer."""

from __future__ import annotations

import csv
import io
import json
import re
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.cells import plain_cell, safe_cell
from cautery.cli import render

STEERING = "\x1b\x9b\x7f\u202e\u2066\u200f\u2028\x00"


class Screen(io.StringIO):
    """A terminal that remembers what it shows."""

    def isatty(self) -> bool:
        return True


def test_a_cell_of_two_lines_is_shown_as_two_lines_on_a_terminal() -> None:
    with redirect_stdout(Screen()) as terminal:
        render.table(("name", "why"), [("a", "first\nsecond")])
    lines = terminal.getvalue().splitlines()
    first = next(at for at, line in enumerate(lines) if "first" in line)
    assert "second" in lines[first + 1]


def test_a_piped_record_is_one_line_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    url = "http://p.example/" + "a/" * 200 + "1.ts"
    render.table(("name", "url"), [("first\nsecond\tthird", url)])
    assert capsys.readouterr().out == f"name\turl\nfirst / second\ufffdthird\t{url}\n"


@pytest.mark.parametrize("letter", STEERING)
def test_nothing_that_steers_reaches_stdout(
    letter: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = f"evil {letter} title"
    render.table(("name",), [(text,)])
    render.json_line({"title": text})
    render.say(text)
    shown = capsys.readouterr()
    table_lines, json_text = shown.out.splitlines()[:-1], shown.out.splitlines()[-1]
    assert letter not in "".join(table_lines) + json_text + shown.err
    assert json.loads(json_text) == {"title": text}


def test_steering_letters_do_not_reach_the_terminals_table() -> None:
    with redirect_stdout(Screen()) as terminal:
        render.table(("name",), [(f"evil {STEERING}\x1b[2J title",)])
    assert not set(STEERING[1:]) & set(terminal.getvalue())
    assert "\x1b[2J" not in terminal.getvalue()


@given(st.text())
def test_a_safe_cell_runs_in_no_spreadsheet_and_is_read_back(text: str) -> None:
    cell = safe_cell(text)
    assert cell == text or plain_cell(cell) == text
    for one in re.split(r"[;\t\r\n]", cell):
        assert not one.lstrip(' "').startswith(("=", "@", "+cmd", "-cmd", "|", "\uff1d", "\ufe66"))


@pytest.mark.parametrize(
    "text",
    ["x;=cmd|'/C calc'!A0", 'x;"=1', "x\t@SUM(1)", "x\n=1", "x; \u207c1", "\ufe621", "\u22121+1"],
)
def test_what_begins_a_cell_where_semicolons_part_is_marked_and_read_back(text: str) -> None:
    cell = safe_cell(text)
    assert len(cell) == len(text) + 1
    assert plain_cell(cell) == text


def test_csv_escapes_what_steers_and_keeps_it_apart(capsys: pytest.CaptureFixture[str]) -> None:
    render.tabular(lambda: render.table(("name",), [("a\x9bb",), ("a\u202eb",)]))(csv=True)
    assert capsys.readouterr().out == "name\na\\u009bb\na\\u202eb\n"


@pytest.mark.parametrize("number", ["-3.5", "+12", "-1,000", "-4 %".replace(" ", ""), "-1e-9"])
def test_a_number_stays_a_number(number: str) -> None:
    assert safe_cell(number) == number


def test_csv_has_no_formula(capsys: pytest.CaptureFixture[str]) -> None:
    @render.tabular
    def command() -> None:
        render.table(("title", "n"), [('=HYPERLINK("http://x.example","a")', -3), ("@SUM(1)", 2)])

    command(csv=True)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["title", "n"],
        ['\'=HYPERLINK("http://x.example","a")', "-3"],
        ["'@SUM(1)", "2"],
    ]
