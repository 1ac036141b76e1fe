"""A case that nobody closed after its window is called to mind by each command that opens it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.model.records import WatchBegin, WatchStarted

from .conftest import Ran
from .notice_case import NOW, Watched, made_case

Cautery = Callable[..., Ran]
AFTER = NOW + timedelta(hours=3)
"""An hour after the window of the case."""


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    case = made_case(tmp_path, keep_open=True)
    case.write(WatchStarted(why=WatchBegin.WINDOW_OPEN, at=NOW))
    return case


def at(monkeypatch: pytest.MonkeyPatch, moment: object) -> None:
    monkeypatch.setattr("cautery.wiring.clock", lambda: FixedClock(moment))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "command",
    [
        ("notice", "list"),
        ("referral", "list"),
        ("complaint", "list"),
        ("exhibit",),
        ("custody", "list"),
        ("transparency", "show"),
        ("verify",),
    ],
)
def test_a_case_that_is_left_open_past_its_window_is_called_to_mind(
    cautery: Cautery, watched: Watched, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    during = cautery(*command, watched.path)
    assert "reminder" not in during.err
    at(monkeypatch, AFTER)
    after = cautery(*command, watched.path)
    assert after.err.count(f"but it is not closed: cautery close {watched.path}") == 1
    lines = [ran.out.count("\n") for ran in (during, after)]
    assert (after.code, lines[1]) == (during.code, lines[0])  # its figures state the time


def test_no_case_is_called_to_mind_that_is_closed_or_at_work_or_of_no_watch(
    cautery: Cautery, watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    at(monkeypatch, AFTER)
    other = tmp_path / "other"
    other.mkdir()
    never_watched = made_case(other)
    assert "reminder" not in cautery("notice", "list", never_watched.path).err
    shelf = FolderStore()
    shelf.hold(watched.path, alone=False)  # as a running watch does
    assert "reminder" not in cautery("notice", "list", watched.path).err
    shelf.release(watched.path)
    assert "reminder" in cautery("notice", "list", watched.path).err
    closed = cautery("close", watched.path, "--keys", tmp_path / "keys")
    assert (closed.code, "reminder" in closed.err) == (0, False)
    assert "reminder" not in cautery("notice", "list", watched.path).err


def test_what_is_no_case_or_a_damaged_one_is_the_business_of_the_command(
    cautery: Cautery, watched: Watched, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    at(monkeypatch, AFTER)
    assert "reminder" not in cautery("notice", "list", tmp_path / "nothing").err
    (watched.path / "ledger.sqlite").write_bytes(b"no ledger")
    damaged = cautery("notice", "list", watched.path)
    assert damaged.code != 0
    assert "reminder" not in damaged.err
