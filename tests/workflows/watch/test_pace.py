"""A watch that cannot keep up says so: what nobody looked at, how late it is, why, what it put off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tests.looks import looks_here

from cautery.adapters.engine import ThreadEngine
from cautery.errors import DecodeError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.held import References
from cautery.messages import message, say
from cautery.model import (
    Channel,
    Entry,
    Event,
    Finding,
    Mandate,
    Observation,
    Offer,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    Witness,
    Work,
)
from cautery.model.records import LooksShed, LookStep, ProbeDone, WatchPace, WorkShed
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.pace import LATE_S, ORDER, PUT_OFF_S, Heard, Pace
from cautery.workflows.watch.probing.probes import Prober
from cautery.workflows.watch.run import _Watch
from cautery.workflows.watch.streams import Stream

T = TypeVar("T")

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    events=(Event(id="match", name="Home v Away", kick_off=NOON, legal_basis="rights"),),
    channels=(
        Channel(id="fr", names=("Sport",), event="match", legal_basis="rights"),
        Channel(id="cinema", names=("Cinema",), legal_basis="rights"),
    ),
    works=(Work(id="film", title="A Film", legal_basis="rights"),),
)


class Pen:
    """A journal with a clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOON
        self.written: list[object] = []

    def now(self) -> datetime:
        return self.at

    def write(self, content: object) -> None:
        self.written.append(content)

    def of(self, shape: type[T]) -> list[T]:
        return [content for content in self.written if isinstance(content, shape)]


def stream(name: str, right: str | None = None) -> Stream:
    url = f"http://p.example/{name}"
    offer = Offer(
        url=RedactedUrl(url),
        title=name,
        right=right,
        probability=0.9,
        why=message("offer.every-word"),
    )
    return Stream(
        url=url, key=url, host="p.example", title=name, source="l", first_seen=NOON, offer=offer
    )


def looked(one: Stream, *, spoke: bool = False, finding: Finding | None = None) -> Stream:
    """Return a stream that was looked at, with what that gave."""
    one.looked = True
    one.probes = 1
    if spoke:
        witness = Witness(
            kind="sound", reference="match", score=9.0, runner_up=1.0, delay_s=20.0, speed=1.0,
            coverage=1.0, probe_s=12.0, log10_lr=6.0,
        )  # fmt: skip
        one.observations = [Observation(at=NOON, witnesses=(witness,), exhibits=())]
    if finding is not None:
        event = "match" if finding is Finding.PROVEN else None
        one.verdict = Verdict(url=RedactedUrl(one.url), finding=finding, at=NOON, event=event)
    return one


NOTHING_LIVE = Heard(until={}, filled=True)


def over(pen: Pen, *streams: Stream, heard: Heard = NOTHING_LIVE) -> Pace:
    return Pace(MANDATE, {one.key: one for one in streams}, heard=lambda: heard, journal=pen)  # type: ignore[arg-type]


def test_what_nobody_looked_at_for_a_minute_is_said_with_its_lateness() -> None:
    pen = Pen()
    pace = over(pen, *(stream(str(n), "match" if n < 20 else None) for n in range(57)))
    pen.at += timedelta(seconds=60)
    pace.check(loop_late_s=0.0)
    [said] = pen.of(WatchPace)
    assert (said.offered, said.unseen, said.probes_late_s) == (57, 57, 60.0)
    assert said.unseen_by_right == {"event": 20, "other": 37}
    assert said.late
    assert "looks are late by 60 s" in say(said.why)


def test_what_is_not_known_is_nothing_and_never_zero() -> None:
    pen = Pen()
    over(pen).conclude()
    [said] = pen.of(WatchPace)
    assert (said.probes_late_s, said.references_late_s, said.why) == (None, None, None)


def test_a_watch_that_keeps_up_says_so_and_rarely() -> None:
    pen = Pen()
    heard = Heard(until={"fr": NOON.timestamp()}, filled=True)
    pace = over(pen, looked(stream("a"), finding=Finding.NOTHING), heard=heard)
    for _ in range(4):
        pen.at += timedelta(seconds=5)
        pace.check(loop_late_s=0.0)
    [said] = pen.of(WatchPace)
    assert (said.late, said.unseen, said.references_late_s) == (False, 0, 5.0)
    assert not pace.overloaded


def test_references_that_fall_behind_are_named_with_their_seconds() -> None:
    pen = Pen()
    heard = Heard(until={"fr": NOON.timestamp(), "it": None}, filled=True)
    pen.at += timedelta(seconds=41)
    over(pen, heard=heard).conclude()
    [said] = pen.of(WatchPace)
    assert (said.references_late_s, said.references_silent) == (41.0, ("it",))
    assert say(said.why) == "1 of 1 references are late, fr by 41 s"


def test_references_that_are_not_in_after_half_a_minute_are_late() -> None:
    pen = Pen()
    pace = over(pen, heard=Heard(until={}, filled=False))
    pen.at += timedelta(seconds=LATE_S + 1)
    pace.check(loop_late_s=0.0)
    assert "the references have been loading for 31 s" in say(pen.of(WatchPace)[0].why)


def test_a_slow_machine_is_named_as_the_cause() -> None:
    pen = Pen()
    over(pen).check(loop_late_s=9.0)
    [said] = pen.of(WatchPace)
    assert said.loop_late_s == 9.0
    assert "this machine is slow" in say(said.why)


def test_where_looks_hang_is_said_as_long_as_none_ends() -> None:
    pen = Pen()
    hanging = stream("a", "match")
    pace = over(pen, hanging)
    hanging.in_hand, hanging.doing = True, LookStep.DECODING
    pen.at += timedelta(seconds=45)
    pace.check(loop_late_s=0.0)
    why = say(pen.of(WatchPace)[0].why)
    assert why == "looks are late by 45 s: they hang: 1 at decoding"


def test_own_events_come_before_channels_before_works_and_new_before_second_looks() -> None:
    pen = Pen()
    wanted = [
        stream("event, new", "fr"),
        looked(stream("event, second", "match"), spoke=True),
        looked(stream("event, again", "match"), finding=Finding.NOTHING),
        looked(stream("event, settled", "match"), finding=Finding.PROVEN),
        stream("channel, new", "cinema"),
        looked(stream("channel, second", "cinema"), spoke=True),
        stream("work, new", "film"),
        stream("nameless, new"),
    ]
    backwards = wanted[::-1]
    pace = over(pen, *backwards)
    pen.at += timedelta(seconds=LATE_S + 1)
    pace.check(loop_late_s=0.0)
    assert pace.overloaded
    assert sorted(backwards, key=pace.order) == wanted
    assert say(ORDER).startswith("own events before channels before works")


def test_a_watch_in_time_asks_second_looks_first_as_ever() -> None:
    second, new = looked(stream("a", "film"), spoke=True), stream("b", "match")
    pace = over(Pen(), second, new)
    assert sorted((new, second), key=pace.order) == [second, new]


def test_work_that_is_put_off_is_recorded_by_kind_and_no_new_stream_is_put_off() -> None:
    pen = Pen()
    new = [stream(f"new {n}", "match") for n in range(30)]
    settled = [looked(stream(f"s {n}", "match"), finding=Finding.PROVEN) for n in range(12)]
    films = [looked(stream(f"f {n}", "film"), finding=Finding.NOTHING) for n in range(5)]
    pace = over(pen, *new, *settled, *films)
    pen.at += timedelta(seconds=60)
    pace.check(loop_late_s=0.0)
    [shed] = pen.of(WorkShed)
    assert shed.looks == (
        LooksShed(right="event", look="settled", count=12),
        LooksShed(right="work", look="again", count=5),
    )
    assert (shed.order, shed.why.id) == (ORDER, "pace.looks-late")
    assert {one.due for one in new} == {NOON}
    assert {one.due for one in (*settled, *films)} == {pen.at + timedelta(seconds=PUT_OFF_S)}


def test_as_many_looks_are_kept_as_were_done_of_late() -> None:
    pen = Pen()
    due = [looked(stream(str(n), "match"), finding=Finding.NOTHING) for n in range(40)]
    pace = over(pen, *due)
    pen.at += timedelta(seconds=60)
    for n in range(25):
        pace.looked(due[n])
    pace.check(loop_late_s=0.0)
    assert pen.of(WorkShed)[0].looks == (LooksShed(right="event", look="again", count=15),)


# What a prober makes of a machine that is too slow


class Starved:
    """A decoder that gets no time: it never answers."""

    async def decode(self, data: bytes, *, pictures: bool) -> Any:
        await asyncio.sleep(3600)


class Hangs:
    """A server that never answers."""

    async def fetch(self, url: str, **_: Any) -> Any:
        await asyncio.sleep(3600)


@pytest.fixture
def probed(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Stream, Pace]]:
    """Probe one stream once, with little patience."""
    monkeypatch.setattr("cautery.workflows.watch.probing.probes.PROBE_TIME_S", 0.2)
    monkeypatch.setattr("cautery.workflows.watch.probing.probes.QUEUED", 0)

    def once(fetcher: Any, *, loop_late_s: float = 0.0) -> tuple[Stream, Pace]:
        one = stream("a", "match")
        pace = Pace(MANDATE, {one.key: one}, heard=lambda: NOTHING_LIVE, journal=journal)
        engine = ThreadEngine()
        looks = looks_here(
            References(DEFAULT_RECIPE, ()),
            Tape(tmp_path, window_s=60.0),
            fetcher=fetcher,
            decoder=Starved(),  # type: ignore[arg-type]
            engine=engine,
            journal=journal,
        )
        prober = Prober(
            MANDATE,
            {one.key: one},
            looks,
            recipe=DEFAULT_RECIPE.name,
            journal=journal,
            on_verdict=lambda _: None,
            pace=pace,
        )

        async def probing() -> None:
            looking = asyncio.ensure_future(prober._probe(one))
            await asyncio.sleep(0.05)
            if loop_late_s:
                pace.check(loop_late_s=loop_late_s)
            await looking

        try:
            asyncio.run(probing())
        finally:
            engine.close()
        return one, pace

    return once


def of(heard: list[Entry], shape: type[T]) -> list[T]:
    return [entry.content for entry in heard if isinstance(entry.content, shape)]


def test_a_stream_is_not_blamed_for_a_decoder_that_gets_no_time(
    probed: Callable[..., tuple[Stream, Pace]], answers: Callable[..., Any], heard: list[Entry]
) -> None:
    one, pace = probed(answers({"http://p.example/a": b"media"}))
    [done] = of(heard, ProbeDone)
    assert (done.hindered, done.observation) == ("decoding", None)
    assert of(heard, Verdict) == []
    pace.conclude()
    [said] = of(heard, WatchPace)
    assert (said.unseen, one.looked, one.failures) == (1, False, 0)


def test_a_decoder_that_gave_up_late_may_have_got_no_time_in_a_late_watch_alone() -> None:
    at_s = 0.0
    pen, one = Pen(), stream("a", "match")
    pace = Pace(
        MANDATE,
        {one.key: one},
        heard=lambda: NOTHING_LIVE,
        journal=pen,  # type: ignore[arg-type]
        timer=lambda: at_s,
    )
    gave_up = DecodeError("decoding took more than 20 s; its process was ended")
    one.doing, at_s = LookStep.DECODING, 20.0
    assert pace.hindered(one, gave_up, 0.0) is None, "a bomb"
    pen.at += timedelta(seconds=60)
    pace.check(loop_late_s=0.0)
    assert pace.hindered(one, gave_up, 0.0) == "decoding"
    assert pace.hindered(one, gave_up, 15.0) is None, "it was refused at once"


def test_a_stream_that_could_not_be_looked_at_is_tried_again_later_and_later() -> None:
    one, waits = stream("a"), []
    for times in range(1, 6):
        one.hindered = times
        one.schedule(NOON)
        waits.append((one.due - NOON).total_seconds())
    assert waits == [12.0, 20.0, 40.0, 60.0, 60.0]


def test_a_server_that_hangs_is_the_streams_own_doing(
    probed: Callable[..., tuple[Stream, Pace]], heard: list[Entry]
) -> None:
    one, _ = probed(Hangs())
    [done] = of(heard, ProbeDone)
    assert "it stalls" in say(done.failed)
    assert done.hindered is None
    assert of(heard, Verdict)[0].finding == "unreachable"
    assert one.looked


def test_a_server_that_hangs_while_the_machine_is_slow_may_be_the_machines(
    probed: Callable[..., tuple[Stream, Pace]], heard: list[Entry]
) -> None:
    one, _ = probed(Hangs(), loop_late_s=4.0)
    assert of(heard, ProbeDone)[0].hindered == "its own loop"
    assert (of(heard, Verdict), one.looked) == ([], False)


def test_references_that_never_come_in_do_not_outlast_the_window() -> None:
    class Endless:
        async def fill(self) -> None:
            await asyncio.sleep(3600)

    watch = object.__new__(_Watch)
    watch._mandate, watch._journal = MANDATE, Pen()  # type: ignore[assignment]
    watch._window = MANDATE.window
    watch._hearing = Endless()  # type: ignore[assignment]
    watch._journal.at = MANDATE.window.end - timedelta(seconds=0.05)  # type: ignore[attr-defined]
    asyncio.run(asyncio.wait_for(watch._fill(), 5))
