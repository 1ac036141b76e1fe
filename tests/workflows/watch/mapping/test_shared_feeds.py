"""A lab world in which services carry one feed with its faults: its media, probed and linked.

Media are rendered, decoded and compared with the references as a watch does it; what the probes
find goes into a case, and the case into networks. The world's truth says who shares a feed.
"""

from __future__ import annotations

import asyncio
import io
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.keys_file import KeyFolder
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.observe import observe
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.lab.encode import Rendered
from cautery.lab.pirate import render_copy
from cautery.lab.programme import render_channel
from cautery.lab.spec import ChannelSpec, Plan, StreamSpec
from cautery.lab.timeline import span_of
from cautery.lab.truth import truth_of
from cautery.lab.world import plan_world
from cautery.model import Finding, KeyedPseudonyms, RedactedUrl, Verdict
from cautery.model.records import ProbeDone
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.media.fetching import Fetched
from cautery.workflows.media.tape import Tape
from cautery.workflows.networks.case_links import read_case_links
from cautery.workflows.networks.cluster import cluster_links
from cautery.workflows.networks.evidence import evidence_for
from cautery.workflows.networks.explain import explain
from cautery.workflows.networks.links import Reading
from cautery.workflows.watch.probing.faults import FaultFinder, marks_due
from cautery.workflows.watch.streams import Stream

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
T0 = NOON.timestamp()
PROBE_S, LEAST_S = 12.0, 10.0
LATE_S = (0.4, 2.9, 1.3, 0.1, 3.3, 2.2)
"""How much later than in truth each stream seems to come: answers are late, playlists long."""


@dataclass(frozen=True)
class Probed:
    """A world whose streams were probed: what its case says, and what is true."""

    reading: Reading
    feeds: dict[str, str | None]
    kinds: dict[str, int]

    def sharing(self, kind: str) -> set[frozenset[str]]:
        """Return the pairs of servers that share a value of a kind."""
        held: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.reading.frame.filter(pl.col("kind") == kind).iter_rows(named=True):
            if row["subject"] in self.feeds:
                held[row["value"]].add(row["subject"])
        return {frozenset((a, b)) for one in held.values() for a in one for b in one if a < b}

    @property
    def true_pairs(self) -> set[frozenset[str]]:
        known = {host: feed for host, feed in self.feeds.items() if feed is not None}
        return {frozenset((a, b)) for a in known for b in known if a < b and known[a] == known[b]}


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probed]:
    folder = tmp_path_factory.mktemp("feeds")
    plan = plan_world(4, "small", shared_feeds=True)
    store = FolderStore(KeyFolder(folder / "keys"))
    case = open_case(folder / "case", store=store, clock=FixedClock(NOON))
    streams = [
        one
        for one in plan.streams
        if one.kind == "rebroadcast" and one.event and one.delivery != "vod"
    ]
    asyncio.run(_probe(plan, streams, case, folder))
    reading = read_case_links(case.ledger, case.vault)
    truth = {one.id: one.feed for one in truth_of(plan).streams}
    kinds = dict(reading.frame.group_by("kind").len().iter_rows())
    yield Probed(reading, {one.edge or one.host: truth[one.id] for one in streams}, kinds)
    case.leave()


async def _probe(plan: Plan, streams: list[StreamSpec], case: Case, folder: Path) -> None:
    channels = [one for one in plan.channels if one.event and one.mandated]
    references = References(DEFAULT_RECIPE, tuple(map(_info, channels)), window_s=420.0)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    engine = ThreadEngine()
    finder = FaultFinder(references, Tape(folder, 420.0).stamps_s, engine=engine, journal=journal)
    async with ChildDecoder(workers=1) as decoder:
        for channel in channels:
            render_channel(plan, channel, folder / channel.id, *span_of(plan, channel))
            for at_s, data in _pieces(folder / channel.id):
                heard = await decoder.decode(data, pictures=True)
                references.add(_info(channel).id, heard, at_s=T0 - plan.timing.edge_s + at_s)
        for number, spec in enumerate(streams):
            source = Rendered.load(folder / str(spec.content))
            assert source is not None
            begin_s, _ = span_of(plan, plan.channel(str(spec.content)))
            render_copy(spec, plan.timing, source, begin_s, folder / spec.id)
            stream = _stream(spec)
            for at_s, data in _pieces(folder / spec.id):
                decoded = await decoder.decode(data, pictures=True)
                media_at_s = T0 - plan.timing.before_s + at_s + LATE_S[number]
                seen = observe(decoded, references, media_at_s=media_at_s, at=NOON)
                fetched = _fetched(data, spec)
                verdict = stream.verdict
                assert verdict is not None
                work = verdict.event or verdict.channels[0]
                faults = await finder.of(work, fetched, decoded, seen, media_at_s=media_at_s)
                licensee = marks_due(stream, verdict, seen.at)
                marks = ()
                if licensee is not None:
                    marks = await finder.marks(licensee, decoded, seen, media_at_s=media_at_s)
                    stream.marked += [seen.at] * len(marks)
                journal.write(
                    ProbeDone(
                        url=stream.key,
                        at=NOON,
                        observation=seen,
                        failed=None,
                        hosts=fetched.hops,
                        faults=(*faults, *marks),
                    )
                )
    engine.close()


def _info(channel: ChannelSpec) -> ReferenceInfo:
    clean = channel.role == "clean"
    return ReferenceInfo(
        id=f"event:{channel.event}" if clean else channel.id,
        event=channel.event,
        clean=clean,
        kind="event" if clean else "channel",
    )


def _pieces(folder: Path) -> Iterator[tuple[float, bytes]]:
    """Yield probes of media that do not overlap: where each begins, and its bytes."""
    media = Rendered.load(folder)
    assert media is not None
    at_s, begin_s, held = 0.0, 0.0, io.BytesIO()
    for piece in media.pieces:
        held.write((folder / piece.file).read_bytes())
        at_s += piece.seconds
        if at_s - begin_s >= PROBE_S:
            yield begin_s, held.getvalue()
            begin_s, held = at_s, io.BytesIO()
    if at_s - begin_s >= LEAST_S:
        yield begin_s, held.getvalue()


def _stream(spec: StreamSpec) -> Stream:
    url = f"http://{spec.host}{spec.path}"
    stream = Stream(
        url=url, key=url, host=spec.host, title=spec.title, source="list", first_seen=NOON
    )
    stream.verdict = Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=NOON,
        event=spec.event,
        licensee=spec.licensee,
    )
    return stream


def _fetched(data: bytes, spec: StreamSpec) -> Fetched:
    return Fetched(
        data=data,
        sound=None,
        available_s=T0,
        at=NOON,
        live=True,
        target_s=2.0,
        hops=tuple(dict.fromkeys((spec.host, spec.edge or spec.host))),
        address="127.0.0.1",
    )


def test_the_world_has_services_that_share_a_feed_and_one_that_does_not(probed: Probed) -> None:
    assert len(probed.true_pairs) == 2
    assert None in probed.feeds.values()


@pytest.mark.parametrize("kind", ["feed-delay", "feed-freeze", "feed-advert", "feed-logo"])
def test_services_that_share_a_fault_are_linked_and_others_are_not(
    probed: Probed, kind: str
) -> None:
    assert probed.sharing(kind) == probed.true_pairs


def test_networks_follow_the_feeds(probed: Probed) -> None:
    found = {name: network for name, network, _ in cluster_links(probed.reading).rows()}
    joined = {
        frozenset((a, b))
        for a in probed.feeds
        for b in probed.feeds
        if a < b and a in found and found[a] == found.get(b)
    }
    assert joined == probed.true_pairs


def test_an_explanation_says_what_was_seen_and_in_which_records(probed: Probed) -> None:
    a, b = sorted(min(probed.true_pairs, key=sorted))
    why = explain(cluster_links(probed.reading), a, b)
    told = [one.sentence() for one in evidence_for(probed.reading, why)]
    assert {kind for kind, _, _ in why.shared} >= {"feed-delay", "feed-freeze", "feed-advert"}
    assert any(a in one and "its stamp 0 is event:" in one and "record" in one for one in told)
    assert any(b in one and "stood still for 2." in one for one in told)
