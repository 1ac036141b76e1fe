"""What the board shows of a watch that cannot keep up: dashes and words, never a quiet evening."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

from cautery.cli.board import Board
from cautery.model import (
    Addressee,
    AddresseeKind,
    Entry,
    Event,
    Mandate,
    Notice,
    Record,
    Regime,
    Window,
)
from cautery.model.ledger import filed
from cautery.model.records import StreamAppeared, WatchPace

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    events=(Event(id="match", name="Home v Away", kick_off=NOON, legal_basis="rights"),),
)


def shown(*contents: object, waits: bool = False) -> str:
    board = Board(MANDATE, waits=waits)
    for index, (kind, body) in enumerate(map(filed, contents)):
        board.hear(Entry(index=index, record=Record(kind=kind, at=NOON, body=body), leaf=b""))
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(board._render())
    return console.export_text()


def pace(**more: Any) -> WatchPace:
    usual = {
        "at": NOON, "offered": 57, "unseen": 57, "unseen_by_right": {}, "late": True,
        "references_late_s": 41.0, "references_silent": (), "probes_late_s": 60.0,
        "loop_late_s": 0.0, "why": "looks are late by 60 s: they hang: 10 at decoding",
    }  # fmt: skip
    return WatchPace(**(usual | more))


APPEARED = [
    StreamAppeared(
        url=f"http://p.example/{n}",
        title=None,
        source="list",
        host="p.example",
        at=NOON,
        offer=None,
    )
    for n in range(57)
]


def test_fifty_seven_streams_that_nobody_looked_at_are_no_quiet_evening() -> None:
    text = shown(*APPEARED, pace())
    assert "streams looked at 0 of 57" in text
    assert "LATE" in text
    assert "not yet looked at 57" in text
    assert "references late by 41 s" in text
    assert "they hang: 10 at decoding" in text
    assert "0.0 min" not in text


def test_what_was_not_measured_is_a_dash() -> None:
    text = shown(pace(references_late_s=None, probes_late_s=None, why=None))
    assert "references late by -" in text
    assert "looks late by -" in text
    assert "references late by -   looks late by -" in shown()


def test_a_watch_that_keeps_up_shows_its_seconds_without_an_alarm() -> None:
    text = shown(pace(late=False, unseen=0, references_late_s=3.0, why=None))
    assert "LATE" not in text
    assert "references late by 3 s" in text


def test_a_notice_that_is_not_sent_says_what_becomes_of_it_at_the_end() -> None:
    drafted = Notice(
        id="N-0123456789ab",
        form="dsa-16/1",
        legal_basis="",
        addressee=Addressee(kind=AddresseeKind.HOSTING, name="Example Hosting"),
        urls=(),
        rights="",
        event=None,
        event_window=None,
        notifier="",
        notifier_email=None,
        good_faith="",
        language="en",
        statement="",
        drafted_by="watch",
        drafted_at=NOON,
    )
    assert "1 notice not sent: nobody can send it once the watch has closed" in shown(drafted)
    assert "1 notice not sent: the case stays open for it" in shown(drafted, waits=True)
    assert "not sent:" not in shown()
