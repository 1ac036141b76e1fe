"""Texts of strangers on the terminal: shown letter by letter, never markup, never steering."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

import cautery.cli
from cautery.cli import render
from cautery.cli._plan_run import _Shown
from cautery.cli._progress import Progress
from cautery.cli._terminal import Terminal
from cautery.cli.board import Board
from cautery.cli.demo import Rendering
from cautery.cli.operation.board import shown
from cautery.cli.operation.replay import _Screen
from cautery.lab.operations.replay.story import Told
from cautery.model import (
    Entry,
    Event,
    Finding,
    Mandate,
    Record,
    RedactedUrl,
    Regime,
    StepState,
    Verdict,
    Window,
)
from cautery.model.ledger import filed
from cautery.model.records import Failure
from cautery.operation.board import BoardRow, BoardStep, BoardView, CriterionRow, Go

HOSTILE = "\x1b]8;;http://evil.example\x07a[/b][link=http://e.example]m[/link] [red]:boom:\x9b2J"
SHOWN = "a[/b][link=http://e.example]m[/link] [red]:boom:"
DRAWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What rich itself writes: colours, and where the cursor goes."""
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who=HOSTILE,
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    events=(Event(id=HOSTILE, name=HOSTILE, kick_off=NOON, legal_basis="rights"),),
)
STEP = BoardStep(
    id=HOSTILE, agency=HOSTILE, state=StepState.FAILED, starts_at=NOON, ends_at=NOON,
    text=HOSTILE, word=HOSTILE,
)  # fmt: skip
DAY = BoardView(
    operation=HOSTILE,
    at=NOON,
    moment=NOON,
    go=Go.OPEN,
    countdown_s=0.0,
    criteria=(CriterionRow(id="c", question=HOSTILE, asks=HOSTILE, vital=True, yes=None),),
    rows=(BoardRow(agency=HOSTILE, last=HOSTILE),),
    served_before=1.0,
    served_left=0.5,
    served_confirmed=0.5,
    unconfirmed=(HOSTILE,),
    steps=(STEP,),
    next_steps=(STEP,),
    late=(STEP,),
    failed=(STEP,),
    note=HOSTILE,
)


class Screen(io.StringIO):
    """A terminal that remembers what it shows."""

    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, draw: Callable[[], None]) -> str:
    """Return what is written to a wide terminal of many colours, without rich's own sequences."""
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "400"), ("LINES", "100")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen()
    monkeypatch.setattr("sys.stdout", screen)
    monkeypatch.setattr("sys.stderr", screen)
    draw()
    assert "\x1b[" in screen.getvalue()
    return DRAWN.sub("", screen.getvalue())


def draw_table() -> None:
    render.table((HOSTILE, "why"), [(HOSTILE, None)], title=HOSTILE)


def draw_watch() -> None:
    board = Board(MANDATE)
    verdict = Verdict(
        url=RedactedUrl("http://a.example/1"), finding=Finding.PROVEN, event=HOSTILE, at=NOON
    )
    failure = Failure(what="w", where=HOSTILE, error=HOSTILE, message=HOSTILE, at=NOON)
    with board:
        for index, (kind, body) in enumerate(map(filed, (verdict, failure))):
            board.hear(Entry(index=index, record=Record(kind=kind, at=NOON, body=body), leaf=b""))


def draw_watch_elsewhere() -> None:
    board = Board(MANDATE)
    board._console.print(board._line())
    board._console.print(HOSTILE, style="bold", soft_wrap=True)


def draw_day() -> None:
    Terminal().print(shown(DAY, sources=HOSTILE))


def draw_replay() -> None:
    with _Screen(json=False) as screen:
        screen.hear(Told(at=NOON, chapter=HOSTILE, text=HOSTILE))


def draw_progress() -> None:
    with Progress(HOSTILE, 2) as bar:
        bar.say(HOSTILE)
        bar.doing(HOSTILE)


def draw_rendering() -> None:
    with Rendering() as bar:
        bar(1, 2, HOSTILE)


def draw_search() -> None:
    with _Shown() as search:
        search.say(HOSTILE)
        search.tell(HOSTILE, 1.0, 2.0)
        search._status._live.refresh()


def draw_whatever() -> None:
    grid = Table.grid()
    grid.add_row(HOSTILE, Text(HOSTILE))
    Terminal().print(Group(HOSTILE, grid, Panel(HOSTILE)), HOSTILE, style="bold")


@pytest.mark.parametrize(
    "draw",
    [
        draw_table, draw_watch, draw_watch_elsewhere, draw_day, draw_replay, draw_progress,
        draw_rendering, draw_search, draw_whatever,
    ],
)  # fmt: skip
def test_a_hostile_text_is_shown_letter_by_letter(
    monkeypatch: pytest.MonkeyPatch, draw: Callable[[], None]
) -> None:
    text = on_a_terminal(monkeypatch, draw)
    assert SHOWN[:30] in text  # a bar and a column may cut the rest
    assert "\N{COLLISION SYMBOL}" not in text
    assert all(letter.isprintable() or letter in "\r\n" for letter in text)


def test_every_console_is_that_of_the_terminal_and_nothing_reads_markup() -> None:
    """Where rich reads markup in a text whatever its console says, no text of anybody stands."""
    folder = Path(cautery.cli.__file__).parents[1]
    for path in folder.rglob("*.py"):
        source = path.read_text()
        if "rich" not in source or path.name == "_terminal.py":
            continue
        for node in ast.walk(ast.parse(source)):
            where = f"{path.relative_to(folder)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich"):
                names = {alias.name for alias in node.names}
                assert not names & {"Console", "Prompt", "Confirm", "print", "inspect"}, where
                assert node.module not in {"rich.prompt", "rich.markup", "rich.logging"}, where
                assert node.module not in {"rich.status", "rich.spinner", "rich.traceback"}, where
            if isinstance(node, ast.Attribute):
                assert node.attr != "from_markup", where
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).rpartition(".")[2]
                options = {option.arg: option.value for option in node.keywords}
                if called == "TextColumn":
                    assert ast.unparse(options["markup"]) == "False", where
                for name in ("title", "subtitle") if called == "Panel" else ():
                    assert isinstance(options.get(name, ast.Constant("")), ast.Constant), where
