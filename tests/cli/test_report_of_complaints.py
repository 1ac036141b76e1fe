"""The report and the board say what came of complaints, and of each proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from cautery.adapters.case_folder import FolderStore
from cautery.cli.board import Board
from cautery.messages import message
from cautery.model import Digest, Effect, Entry, ExhibitId
from cautery.model.records import (
    BlockLifted,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    ListSent,
    ProofFollowed,
)
from cautery.pages.case_report import ReportView, render
from cautery.wiring import cases
from cautery.workflows.case.report_view import report_view

from .conftest import Ran
from .notice_case import NOW, URL, Watched
from .test_complaint import NUMBER, published

NO_EXHIBIT = ExhibitId("sha256:" + "0" * 64)
LATER = NOW + timedelta(minutes=5)


def complaint(number: str, **more: Any) -> ComplaintFiled:
    given = {
        "complaint": number,
        "means": ComplaintMeans.FORM,
        "received_at": NOW,
        "receipt_at": NOW,
        "target": "shop.example",
        "due_at": NOW + timedelta(hours=1),
        "key": f"~{number}",
        "exhibit": NO_EXHIBIT,
        "at": NOW,
    } | more
    return ComplaintFiled(**given)


def list_sent(version: int, *withdrawn: str) -> ListSent:
    return ListSent(
        intermediary="isp",
        list="L-0123456789ab",
        version=version,
        digest=Digest("sha256:" + "1" * 64),
        referrals=(),
        withdrawn=withdrawn,
        exhibit=NO_EXHIBIT,
        effect=Effect.APPLIED,
        at=LATER,
    )


@pytest.fixture
def complained(proven_case: Watched) -> Watched:
    published(proven_case)
    proven_case.write(
        complaint(NUMBER),
        complaint(
            "C-" + "1" * 12,
            due_at=NOW - timedelta(hours=1),
            late=True,
            unconfirmed=("it-decide-live",),
        ),
        complaint("C-" + "2" * 12, target=None, rule="no-entry", due_at=None),
        list_sent(1, "shop.example"),
        ComplaintDecided(
            complaint=NUMBER,
            granted=True,
            by="anna",
            why="it is a shop",
            target="shop.example",
            at=LATER,
        ),
        list_sent(2, "shop.example"),
        list_sent(3),
        BlockLifted(
            referral="R-1",
            target="shop.example",
            intermediary="isp",
            withdrawn_at=LATER,
            seen=message("follow.no-host"),
            at=LATER + timedelta(seconds=20),
        ),
    )
    return proven_case


def view_of(watched: Watched) -> ReportView:
    with cases.reading(watched.path) as case:
        return report_view(case.ledger.read(), case.vault.read, at=LATER)


def test_the_report_counts_complaints_releases_and_mistakes(complained: Watched) -> None:
    view = view_of(complained)
    granted, waits, refused = view.complaints.rows
    assert [(each.version, each.intermediary) for each in granted.releases] == [(2, "isp")]
    assert granted.releases[0].open_at == LATER + timedelta(seconds=20)
    assert (waits.overdue, waits.releases, refused.overdue) == (True, (), False)
    assert (view.complaints.targets, view.complaints.granted) == (2, 1)
    text = re.sub(r"<[^>]+>", " ", render(view))
    for words in (
        "granted by anna : it is a shop",
        "(by rules that nobody has confirmed: it-decide-live)",
        "isp: version 2",
        "seen open",
        "overdue",
        "refused: on no list of this case",
        "of 2 targets that were on a list, the guard took 0 off again; complaints granted: 1",
    ):
        assert words in re.sub(r"\s+", " ", text).replace("anna:", "anna :"), words


def test_the_figures_of_the_public_page_are_those_of_the_report(
    cautery: Callable[..., Ran], complained: Watched
) -> None:
    shown = cautery("transparency", "show", complained.path).out
    assert "mistakes,,complaints_granted,1" in shown
    assert "mistakes,,targets,2" in shown


def test_a_report_without_complaints_says_so(proven_case: Watched) -> None:
    assert "Nobody complained" in render(view_of(proven_case))


def test_complaints_that_come_while_no_watch_runs_prolong_no_watch(complained: Watched) -> None:
    assert view_of(complained).observed_s == 0.0


def test_the_board_says_what_follows_proofs_and_who_waits(
    cautery: Callable[..., Ran], complained: Watched, notice: str
) -> None:
    complained.write(
        ProofFollowed(url=URL, referrals=(), notices=(notice,), at=NOW),
        ProofFollowed(url="http://other.example/1", referrals=(), at=NOW),
    )
    ledger = FolderStore().ledger(complained.path, read_only=True)
    entries: list[Entry] = list(ledger.read())
    ledger.close()
    with cases.reading(complained.path) as case:
        view = report_view(case.ledger.read(), case.vault.read, at=LATER)
    board = Board(view.mandate)
    for entry in entries:
        board.hear(entry)
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(board._render())
    shown = console.export_text()
    assert "proofs on a notice alone 1   on neither 1   notices 1 (0 sent)" in shown
    assert "complaints 3 (1 wait, 1 overdue)" in shown
