"""What becomes of notices at the end of a watch, and what the commands say afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.cli._ending import say_end
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.finishing import Finished, finish_case

from .conftest import Ran
from .notice_case import AT_THE_HOST, COMPLETE, Watched, made_case


def end(watched: Watched, *, close: bool | None = None) -> Finished:
    """End a case as a watch does at the end of its window."""
    case = open_case(
        watched.path, store=FolderStore(KeyFolder(watched.folder / "keys")), clock=SystemClock()
    )
    finished = finish_case(case, close=close)
    if not finished.closed:
        case.leave()
    return finished


def draft(cautery: Callable[..., Ran], watched: Watched) -> str:
    cautery("notice", "draft", watched.path, "--as", "carl", *AT_THE_HOST, *COMPLETE)
    return str(watched.records("notice.drafted")[-1]["id"])


def test_a_mandate_lets_its_case_wait_for_a_notice(
    cautery: Callable[..., Ran], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = made_case(tmp_path, keep_open=True)
    notice = draft(cautery, watched)
    finished = end(watched)
    assert finished == Finished(closed=False, unsent=(notice,))
    report = (watched.path / "report.html").read_text()
    assert "1 notice is not sent. While the case is open" in report
    say_end(watched.path, finished)
    said = capsys.readouterr().err
    assert "1 notice is not sent, so the case stays open" in said
    assert f"cautery close {watched.path}" in said
    cautery("notice", "withdraw", watched.path, notice, "--as", "carl", "--why", "licensed")
    assert end(watched) == Finished(closed=True, unsent=())


@pytest.mark.parametrize(("keep_open", "with_draft"), [(False, True), (True, False)])
def test_a_case_is_closed_where_nothing_waits_or_the_mandate_does_not_say_so(
    cautery: Callable[..., Ran], tmp_path: Path, *, keep_open: bool, with_draft: bool
) -> None:
    watched = made_case(tmp_path, keep_open=keep_open)
    if with_draft:
        draft(cautery, watched)
    assert end(watched).closed is True


def test_the_option_of_a_watch_counts_more_than_its_mandate(
    cautery: Callable[..., Ran], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = made_case(tmp_path, keep_open=True)
    finished = end(watched, close=False)
    assert finished == Finished(closed=False, unsent=())
    say_end(watched.path, finished)
    assert "the case stays open; close it with" in capsys.readouterr().err
    draft(cautery, watched)
    assert end(watched, close=True).closed is True


def test_a_closed_case_says_what_can_be_done_about_its_notices(
    cautery: Callable[..., Ran], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = made_case(tmp_path)
    notice = draft(cautery, watched)
    finished = end(watched)
    say_end(watched.path, finished)
    said = capsys.readouterr().err
    assert "1 notice is not sent, and the case is closed" in said
    assert "keep_open = true" in said
    assert "--keep-open" in said
    here = ("--as", "carl")
    for command in (
        ("draft", watched.path, *here, "--from", notice, *COMPLETE),
        ("approve", watched.path, notice, "--as", "anna", "--key", watched.key("anna")),
        ("send", watched.path, notice, *here),
        ("settle", watched.path, notice, *here, "--sent"),
        ("withdraw", watched.path, notice, *here, "--why", "licensed"),
        ("replies", watched.path, "inbox.mbox"),
    ):
        ran = cautery("notice", *command)
        assert ran.code == 2, command
        assert "this case is closed" in ran.err, (command, ran.err)
        assert "A watch into a new folder proves the streams again" in ran.err
        assert "--keep-open" in ran.err
    for command in (("list", watched.path), ("show", watched.path, notice)):
        assert cautery("notice", *command).code == 0
    assert cautery("notice", "lint", watched.path, notice).code == 0
