"""References that come late at a look leave what was found as it was; then it is looked again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.looks import MANDATE, NOON, Hears, film, looks_by_jobs, looks_here

from cautery.adapters.engine import ThreadEngine
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.windows import part_of
from cautery.lab.readers import ReadersHere
from cautery.messages import say
from cautery.model import AUDIO_RATE_HZ, Decoded, Entry, Finding, Observation, Partner, Verdict
from cautery.model.records import ProbeDone
from cautery.model.verdict import NoMatch
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.pace import Heard, Pace
from cautery.workflows.watch.probing.asking import MOST_PROBE_S, OVERLAP_S, asked_of
from cautery.workflows.watch.probing.looker import Looker, LookPorts
from cautery.workflows.watch.probing.looks import PROBE_S
from cautery.workflows.watch.probing.probes import Prober
from cautery.workflows.watch.probing.questions import LookQuestion, UnderWay
from cautery.workflows.watch.streams import BACKOFF_S, RECHECK_S, SECOND_LOOK_S, Stream

KEY = b"k" * 32
LIVE = b"#EXTM3U\n#EXT-X-TARGETDURATION:30\n#EXTINF:12,\n0.ts\n"
ENDED = LIVE + b"#EXT-X-ENDLIST\n"
DELAY_S = 20.0
WHOLE = film(140.0)


@dataclass
class Night:
    """One stream, and a reference that is heard as far as a test says."""

    stream: Stream
    prober: Prober
    hears: Hears
    references: References
    fetcher: Any
    heard: list[Entry]

    def hear(self, until_s: float) -> None:
        """Let the reference come in until a second of what it shows; the stream is later."""
        # The first look gets the second minute when its last second has just come.
        from_s = NOON.timestamp() - PROBE_S - 60.0 - DELAY_S
        self.references.add("sport", part_of(WHOLE, 0.0, until_s), at_s=from_s)

    def look(self, begin_s: float, *, goes_on: bool = True) -> None:
        """Look at what the stream shows from a second on."""
        self.hears.result = part_of(WHOLE, begin_s, begin_s + PROBE_S)
        if not goes_on:
            self.hears.result = strange(self.hears.result)
        asyncio.run(self.prober._probe(self.stream))

    @property
    def finding(self) -> Finding | None:
        return None if self.stream.verdict is None else self.stream.verdict.finding

    @property
    def wait_s(self) -> float:
        return (self.stream.due - NOON).total_seconds()

    def of(self, shape: type[Any]) -> list[Any]:
        return [entry.content for entry in self.heard if isinstance(entry.content, shape)]


def strange(media: Decoded) -> Decoded:
    noise = np.random.default_rng(3).normal(0, 0.1, round(PROBE_S * AUDIO_RATE_HZ))
    return replace(media, audio=noise.astype(np.float32))


@pytest.fixture(params=["here", "by jobs"])
def night(  # noqa: PLR0917 - what a watch needs, from fixtures
    request: pytest.FixtureRequest,
    answers: Callable[..., Any],
    case: Case,
    journal: Journal,
    heard: list[Entry],
    tmp_path: Path,
) -> Iterator[Callable[..., Night]]:
    """Watch one stream of a host, in this process or by nodes that get questions in JSON."""
    engine = ThreadEngine()

    def begun(host: str) -> Night:
        infos = (ReferenceInfo(id="sport", event="cup"), ReferenceInfo(id="news"))
        references = References(DEFAULT_RECIPE, infos, 420.0)
        hears = Hears(WHOLE)
        url = f"http://{host}/1.m3u8"
        fetcher = answers({url: LIVE, f"http://{host}/0.ts": b"media"})
        parts: dict[str, Any] = {
            "fetcher": fetcher,
            "decoder": hears,
            "engine": engine,
            "journal": journal,
        }
        tape = Tape(tmp_path, window_s=60.0)
        looks: Any = looks_here(references, tape, **parts)
        if request.param == "by jobs":
            looks, _ = looks_by_jobs(references, tape, **parts, case=case, key=KEY)
        mandate = replace(
            MANDATE,
            partners=(Partner(name="Partner", hosts=("partner.example",), channels=("sport",)),),
        )
        stream = Stream(url=url, key=url, host=host, title=None, source="list", first_seen=NOON)
        streams = {stream.key: stream}
        prober = Prober(
            mandate,
            streams,
            looks,
            recipe=DEFAULT_RECIPE.name,
            journal=journal,
            on_verdict=lambda _: None,
            pace=Pace(
                mandate, streams, heard=lambda: Heard(until={}, filled=True), journal=journal
            ),
        )
        return Night(stream, prober, hears, references, fetcher, heard)

    yield begun
    engine.close()


def test_what_is_licensed_stays_so_until_its_reference_has_come_so_far(
    night: Callable[..., Night],
) -> None:
    one = night("partner.example")
    one.hear(84.0)
    one.look(60.0)
    one.look(70.0)
    assert one.finding is Finding.LICENSED
    one.look(80.0, goes_on=False)  # its home was killed: from 84 s on nothing is there
    assert one.finding is Finding.LICENSED
    assert one.wait_s == RECHECK_S
    assert len(one.of(Verdict)) == 2
    observation = one.of(ProbeDone)[-1].observation
    assert observation.unmatched["sound"] is NoMatch.NOT_YET_HEARD
    assert "the reference was not yet heard so far" in say(observation.reason)
    one.hear(120.0)  # another node goes on
    one.look(82.0, goes_on=False)
    assert one.of(ProbeDone)[-1].observation.unmatched["sound"] is NoMatch.NONE
    assert one.finding is Finding.UNDECIDED


def test_what_was_seen_once_is_looked_at_as_soon_again_and_no_second_of_it_is_lost(
    night: Callable[..., Night],
) -> None:
    one = night("pirate.example")
    one.hear(74.0)
    one.look(60.0)
    assert (one.finding, one.wait_s) == (Finding.UNDECIDED, SECOND_LOOK_S)
    one.look(74.0)
    seen = one.of(ProbeDone)[-1].observation
    assert seen.came_too_early
    assert [witness.log10_lr < 0 for witness in seen.witnesses] == [True]  # chance gave it
    assert (one.finding, one.wait_s) == (Finding.UNDECIDED, SECOND_LOOK_S)
    first = one.stream.observations[0]
    later = first.at.replace(second=18)
    assert asked_of(one.stream, (), now=later, within_s=20.0).seconds == 18.0 + OVERLAP_S
    assert 18.0 + OVERLAP_S < MOST_PROBE_S
    one.hear(100.0)
    one.look(82.0)
    assert one.finding is Finding.PROVEN


def test_once_a_look_could_have_seen_it_nothing_is_pending(night: Callable[..., Night]) -> None:
    one = night("pirate.example")
    one.hear(74.0)
    one.look(60.0)
    one.hear(100.0)
    one.look(70.0, goes_on=False)
    assert not one.stream.pending
    one.look(95.0, goes_on=False)
    assert one.of(ProbeDone)[-1].observation.came_too_early
    assert not one.stream.pending
    assert one.wait_s == BACKOFF_S[2]


def test_a_reference_that_never_comes_is_waited_for_as_long_as_a_look_is_remembered(
    night: Callable[..., Night],
) -> None:
    one = night("partner.example")
    one.hear(84.0)
    one.look(60.0)
    one.look(70.0)
    for _ in range(12):
        one.look(80.0, goes_on=False)
    assert all(seen.came_too_early for seen in one.stream.observations)
    one.look(80.0, goes_on=False)
    assert one.of(ProbeDone)[-1].observation.unmatched["sound"] is NoMatch.NONE
    assert one.finding is Finding.NOTHING


def test_media_that_have_ended_keep_what_was_seen_of_them(night: Callable[..., Night]) -> None:
    one = night("partner.example")
    one.hear(84.0)
    one.look(60.0)
    one.look(70.0)
    assert one.finding is Finding.LICENSED
    one.fetcher.by_url[one.stream.url] = ENDED
    one.look(80.0, goes_on=False)
    assert one.of(ProbeDone)[-1].observation.came_too_early
    assert one.finding is Finding.LICENSED
    one.hear(120.0)
    one.look(80.0, goes_on=False)
    assert [seen.has_opinion for seen in one.stream.observations] == [True]
    assert one.finding is Finding.NOTHING


@pytest.fixture
def looking(
    answers: Callable[..., Any], journal: Journal, tmp_path: Path
) -> Iterator[Callable[..., Observation]]:
    """Look once at a stream that shows its reference, as a node does."""
    engine = ThreadEngine()

    def once(
        media: Decoded, references: Callable[[], References], hears: Hears, **more: Any
    ) -> Observation:
        url = "http://pirate.example/1.m3u8"
        hears.result = media
        ports = LookPorts(
            fetcher=answers({url: LIVE, "http://pirate.example/0.ts": b"media"}),
            readers=ReadersHere(),
            decoder=hears,
            engine=engine,
            stamps_s=Tape(tmp_path, window_s=60.0).stamps_s,
            **more,
        )
        question = LookQuestion(
            id="1", key=url, url=url, listed=url, host="pirate.example", seconds=PROBE_S,
            within_s=20.0,
        )  # fmt: skip
        under_way = UnderWay(spends=lambda _: contextlib.nullcontext())
        [probed] = asyncio.run(Looker(references, ports, journal).look(question, under_way))
        return probed.observation

    yield once
    engine.close()


def held(until_s: float) -> References:
    references = References(DEFAULT_RECIPE, (ReferenceInfo(id="sport", event="cup"),), 420.0)
    from_s = NOON.timestamp() - PROBE_S - 60.0 - DELAY_S
    references.add("sport", part_of(WHOLE, 0.0, until_s), at_s=from_s)
    return references


def test_a_look_compares_with_what_came_while_it_fetched_and_decoded(
    looking: Callable[..., Observation],
) -> None:
    newest = [held(50.0)]

    class Slow(Hears):
        async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
            newest.append(held(90.0))
            return await super().decode(data, pictures=pictures)

    media = part_of(WHOLE, 60.0, 60.0 + PROBE_S)
    [witness] = looking(media, lambda: newest[-1], Slow(WHOLE)).witnesses
    assert (witness.reference, witness.coverage) == ("sport", 1.0)


def test_while_a_shard_has_no_home_nobody_says_that_nothing_matches(
    looking: Callable[..., Observation],
) -> None:
    goes_on, hears = part_of(WHOLE, 60.0, 60.0 + PROBE_S), Hears(WHOLE)
    seen = looking(strange(goes_on), lambda: held(90.0), hears, behind=lambda: True)
    assert seen.came_too_early
    assert looking(strange(goes_on), lambda: held(90.0), hears).has_opinion
    [witness] = looking(goes_on, lambda: held(90.0), hears, behind=lambda: True).witnesses
    assert witness.reference == "sport"
