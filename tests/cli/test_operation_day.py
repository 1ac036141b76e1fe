"""The how-to of the action day is run as it is written; a replay refuses what it cannot do."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cautery.cli.operation.replay import _Screen
from cautery.lab.operations.replay.story import Told

HOWTO = Path(__file__).parents[2] / "docs/howto/run-an-action-day.md"
LATER = ("2026-11-26", "2199-11-26")
"""The how-to's day, and one that has not come yet when this is run."""


@pytest.fixture
def lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cautery: Callable[..., Any]) -> str:
    monkeypatch.chdir(tmp_path)
    Path("operation.toml").write_text(cautery("operation", "open", "--example").out)
    begun = ("operation", "open", "operation.toml", "--agency", "it-postal", "--case", "cases/it")
    assert cautery(*begun).code == 0
    Path("steps.toml").write_text(cautery("operation", "day", "example").out)
    return "cases/it"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", HOWTO.read_text(), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [one.replace(*LATER) for one in lines if one.startswith("cautery operation ")]


def test_the_how_to_of_the_action_day_can_be_followed_word_for_word(
    lead: str, cautery: Callable[..., Any]
) -> None:
    Path("instead.toml").write_text(
        Path("steps.toml").read_text().replace('id = "rack"', 'id = "rack-by-hand"')
    )
    ran = [shlex.split(line, comments=True)[1:] for line in commands()]
    assert len(ran) >= 8
    ended = {}
    for one in ran:
        if ">" in one:
            continue  # ``lead`` has done it
        if one[:2] == ["operation", "open"]:
            continue
        if "--instead" in one:
            continue  # the rack has failed already, above it in the page
        if "steps" in one[2:3]:
            continue  # drafts from a cut, of which this case has none
        ended[" ".join(one)] = cautery(*one).code
    assert set(ended.values()) == {0}, ended
    assert sorted(path.suffix for path in Path("sheets").glob("bg-gdbop.*")) == [
        ".html",
        ".ics",
        ".pdf",
    ]
    assert {path.stat().st_mode & 0o777 for path in Path("sheets").iterdir()} == {0o600}


def test_a_moment_outside_of_the_calendar_is_refused(
    lead: str, cautery: Callable[..., Any]
) -> None:
    for moment in ("9999-12-31T23:59-12:00", "9999-12-31T23:30Z", "0001-01-01T00:00+12:00"):
        ran = cautery("operation", "day", "plan", lead, "steps.toml", "--moment", moment)
        assert ran.code == 2
        assert "Traceback" not in ran.err


@pytest.mark.parametrize("taken", ["file", "case-agencies"])
def test_a_replay_begins_in_a_place_of_its_own(
    taken: str, tmp_path: Path, cautery: Callable[..., Any]
) -> None:
    case = tmp_path / "case"
    if taken == "file":
        case.write_text("mine")
    else:
        (tmp_path / "case-agencies" / "nl-fiod").mkdir(parents=True)
    ran = cautery("operation", "replay", "kratos", "--scale", "0.005", "--case", case)
    assert ran.code == 2
    assert "already exists" in ran.err


def test_no_day_is_replayed_slower_than_it_was(tmp_path: Path, cautery: Callable[..., Any]) -> None:
    ran = cautery("operation", "replay", "kratos", "--speed", "1e-300", "--case", tmp_path / "case")
    assert ran.code == 2
    assert "more slowly" in ran.err


@pytest.mark.parametrize("height", [12, 24, 60])
def test_the_screen_of_a_replay_shows_the_latest_and_what_is_served_whatever_its_height(
    height: int,
) -> None:
    screen = _Screen(json=False)
    screen._console = Console(
        file=io.StringIO(), force_terminal=True, width=80, height=height, color_system=None
    )
    at = datetime(2024, 11, 26, 5, tzinfo=UTC)
    for number in range(40):
        screen._told.append(Told(at=at, chapter="day", text=f"step {number} " + "word " * 20))
    screen._figures = {"served": 0.25, "done": 3, "planned": 9, "failed": 1}
    with screen._console.capture() as drawn:
        screen._console.print(screen._render())
    lines = drawn.get().splitlines()
    assert len(lines) < height
    assert "step 39" in drawn.get()
    assert "3 of 9, 1 failed" in drawn.get()
    assert "25% of the known demand" in drawn.get()


def test_a_disk_that_is_full_is_told_without_talk_of_a_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cautery: Callable[..., Any]
) -> None:
    from cautery.errors import StorageError
    from cautery.wiring import desks

    def full(*_: object, **__: object) -> None:
        raise StorageError("no space left")

    monkeypatch.setattr(desks, "replay", full)
    ran = cautery("operation", "replay", "kratos", "--case", tmp_path / "case")
    assert ran.code == 1
    assert "no space left" in ran.err
    assert "watch" not in ran.err
