"""Live references: what is sent to us, what is served with its sound apart, and no mandate."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from cautery.adapters.clock import FixedClock
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.engine import ThreadEngine
from cautery.errors import ForbiddenAddressError, InputError, MandateError, SourceError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.ladder import listen
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.live_folder import LiveFolder
from cautery.identify.references.opening import load as load_references
from cautery.lab.readers import ReadersHere
from cautery.model import (
    Channel,
    Decoded,
    Limits,
    Mandate,
    OwnLocation,
    Regime,
    Response,
    Window,
    Work,
)
from cautery.workflows.identification.live import Complaints, LivePorts, build_live
from cautery.workflows.identification.reference_info import held_line, state_of
from cautery.workflows.identification.sources import sources_of
from cautery.workflows.media.pump import Feed, Pump
from cautery.workflows.media.sent import SentStream

_SPEC = importlib.util.spec_from_file_location(
    "identification_media", Path(__file__).with_name("media.py")
)
assert _SPEC is not None
assert _SPEC.loader is not None
media = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(media)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
EDGE_S = NOON.timestamp()
INFO = ReferenceInfo(id="arena")


@pytest.fixture
def engine() -> Iterator[ThreadEngine]:
    made = ThreadEngine(1)
    yield made
    made.close()


@pytest.fixture
async def decoder() -> AsyncIterator[ChildDecoder]:
    async with ChildDecoder(workers=1) as made:
        yield made


class Feeds:
    """Answers from a table of bodies."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self._bodies = bodies

    async def fetch(self, url: str, *, limits: Limits, **_: object) -> Response:
        body = self._bodies.get(url)
        return Response(
            url=url, hops=(url,), status=404 if body is None else 200, headers=(),
            body=body or b"", asked_at=NOON, answered_at=NOON, address="192.0.2.1",
        )  # fmt: skip


class Arrivals:
    """Fulfils the port of streams with what a test says comes."""

    def __init__(self, came: list[tuple[bytes, float]]) -> None:
        self._came = came

    async def listen(self, url: str) -> AsyncIterator[tuple[bytes, float]]:
        for one in self._came:
            yield one


def _ts(tmp_path: Path, seed: int, seconds: float, *, at: float, codec: str = "mp2") -> bytes:
    return bytes(
        media.write(
            tmp_path / f"{seed}.ts", media.tune(seed, seconds), codec, start_s=at
        ).read_bytes()
    )


def _paced(data: bytes, seconds: float, *, from_s: float) -> list[tuple[bytes, float]]:
    step = 188 * 7
    count = -(-len(data) // step)
    return [
        (data[at * step : (at + 1) * step], from_s + seconds * (at + 1) / count)
        for at in range(count)
    ]


async def _heard(
    came: list[tuple[bytes, float]], decoder: ChildDecoder, engine: ThreadEngine
) -> tuple[References, list[str], float]:
    references = References(DEFAULT_RECIPE, (INFO,))
    said: list[str] = []
    total = [0.0]

    def heard(data: bytes, start_s: float, end_s: float, media_s: float, new_s: float) -> None:
        total[0] += new_s

    stream = SentStream(
        "arena", pictures=False, references=references, decoder=decoder, engine=engine,
        told=lambda error: said.append(str(error)), heard=heard,
    )  # fmt: skip
    await stream.follow(Arrivals(came).listen(""))
    return references, said, total[0]


async def test_what_is_sent_lies_without_a_hole_up_to_when_it_came(tmp_path, decoder, engine):
    came = _paced(_ts(tmp_path, 1, 20, at=50), 20, from_s=EDGE_S)
    references, said, seconds = await _heard(came, decoder, engine)
    span = references.span("arena")
    assert said == []
    assert span is not None
    assert span[1] - span[0] == pytest.approx(20, abs=0.3)
    assert span[1] == pytest.approx(EDGE_S + 20, abs=1.0)
    assert seconds == pytest.approx(20, abs=0.3)


async def test_a_stall_and_what_comes_after_it_are_said_and_kept(tmp_path, decoder, engine):
    data = _ts(tmp_path, 2, 20, at=50)
    came = _paced(data, 20, from_s=EDGE_S)
    half = len(came) // 2
    later = [(one, at + 30) for one, at in came[half:]]
    came = [*came[:half], (b"", EDGE_S + 13), (b"", EDGE_S + 16), *later]
    references, said, _ = await _heard(came, decoder, engine)
    span = references.span("arena")
    assert said[:2] == ["it stalls: no data arrive", "data arrive again"]
    assert span is not None
    assert span[1] == pytest.approx(EDGE_S + 50, abs=2.0)


async def test_a_clock_that_jumps_and_another_codec_begin_new_runs(tmp_path, decoder, engine):
    came = _paced(_ts(tmp_path, 3, 10, at=50), 10, from_s=EDGE_S)
    came += _paced(_ts(tmp_path, 4, 10, at=9000), 10, from_s=EDGE_S + 10)
    came += _paced(_ts(tmp_path, 5, 10, at=9010, codec="aac"), 10, from_s=EDGE_S + 20)
    references, said, _ = await _heard(came, decoder, engine)
    span = references.span("arena")
    assert any("its clock jumped" in one for one in said)
    assert any("other streams" in one for one in said)
    assert any("codecs have changed to aac" in one for one in said)
    assert span is not None
    assert span[1] == pytest.approx(EDGE_S + 30, abs=1.5)


def _hls(tmp_path: Path, *, ended: bool) -> dict[str, bytes]:
    """A master whose sound is served apart from pictures that are none here."""
    base = "http://feeds.example/"
    sound = media.tune(6, 24)
    bodies = {
        base + "master.m3u8": (
            b'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="en",DEFAULT=YES,URI="sound.m3u8"\n'
            b'#EXT-X-STREAM-INF:BANDWIDTH=500000,AUDIO="a"\npictures.m3u8\n'
        )
    }
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:8", "#EXT-X-MEDIA-SEQUENCE:3"]
    for at in range(3):
        path = tmp_path / f"s{at}.ts"
        media.write(
            path, sound[at * 8 * media.RATE : (at + 1) * 8 * media.RATE], "mp2", start_s=at * 8
        )
        bodies[base + path.name] = path.read_bytes()
        lines += ["#EXTINF:8,", path.name]
    text = "\n".join(lines + (["#EXT-X-ENDLIST"] if ended else [])) + "\n"
    return bodies | {base + "sound.m3u8": text.encode(), base + "pictures.m3u8": text.encode()}


async def test_a_feed_whose_sound_is_served_apart_is_heard(tmp_path, decoder, engine):
    references = References(DEFAULT_RECIPE, (INFO,))
    failed: list[Exception] = []
    pump = Pump(
        references, None, readers=ReadersHere(), fetcher=Feeds(_hls(tmp_path, ended=False)), decoder=decoder,
        engine=engine, fail=lambda _what, _name, error: failed.append(error),
    )  # fmt: skip
    await pump.fill([Feed(info=INFO, location="http://feeds.example/master.m3u8", pictures=False)])
    span = references.span("arena")
    assert failed == []
    assert span is not None
    assert span[1] == pytest.approx(EDGE_S, abs=0.5)
    assert span[1] - span[0] == pytest.approx(24, abs=0.5)


@pytest.mark.parametrize("ended", [True, False])
async def test_a_work_on_a_server_is_taken_whole_if_it_has_an_end(tmp_path, decoder, engine, ended):
    info = ReferenceInfo(id="film", kind="work")
    references = References(DEFAULT_RECIPE, (info,))
    failed: list[Exception] = []
    pump = Pump(
        references, None, readers=ReadersHere(), fetcher=Feeds(_hls(tmp_path, ended=ended)), decoder=decoder,
        engine=engine, fail=lambda _what, _name, error: failed.append(error),
    )  # fmt: skip
    await pump.fill([Feed(info=info, location="http://feeds.example/sound.m3u8", pictures=True)])
    span = references.span("film")
    if ended:
        assert failed == []
        assert span is not None
        assert span == pytest.approx((0, 24), abs=0.5)
    else:
        assert span is None
        assert isinstance(failed[0], SourceError)


def _mandate(url: str, *, start: datetime = NOON - timedelta(hours=1)) -> Mandate:
    return Mandate(
        id="m", who="w", regime=Regime.GDPR, legal_basis="l", territories=("FR",),
        window=Window(start=start, end=NOON + timedelta(hours=2)),
        channels=(Channel(id="arena", names=("Arena",), reference=url, legal_basis="l"),),
        works=(Work(id="film", title="F", legal_basis="l"),),
    )  # fmt: skip


async def _build(tmp_path, decoder, engine, mandate, url, *, told=lambda _: None):
    ports = LivePorts(
        readers=ReadersHere(), fetcher=Feeds({}), decoder=decoder, engine=engine, clock=FixedClock(NOON),
        streams=Arrivals(_paced(_ts(tmp_path, 7, 20, at=50), 20, from_s=EDGE_S)),
    )  # fmt: skip
    return await build_live(
        sources_of([url], mandate=mandate), tmp_path / "live.ref", mandate, ports,
        recipe=DEFAULT_RECIPE, window_s=30.0, rolling=False, told=told,
    )  # fmt: skip


class Playlist(Feeds):
    """A live playlist of segments of 8 s, of which a test says which are there, and when."""

    def __init__(self, tmp_path: Path) -> None:
        sound, bodies = media.tune(9, 80), {}
        for at in range(10):
            part = sound[at * 8 * media.RATE : (at + 1) * 8 * media.RATE]
            path = media.write(tmp_path / f"s{at}.ts", part, "mp2", start_s=at * 8)
            bodies[f"http://feeds.example/{path.name}"] = path.read_bytes()
        super().__init__(bodies)
        self.now = NOON

    def shows(self, first: int, last: int, *, after_s: float) -> None:
        """Let time pass, after which these segments are in the playlist."""
        self.now += timedelta(seconds=after_s)
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:8", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        for at in range(first, last):
            lines += ["#EXTINF:8,", f"s{at}.ts"]
        self._bodies["http://feeds.example/live.m3u8"] = "\n".join([*lines, ""]).encode()

    async def fetch(self, url: str, *, limits: Limits, **more: object) -> Response:
        answer = await super().fetch(url, limits=limits, **more)
        return replace(answer, asked_at=self.now, answered_at=self.now)


async def test_a_playlist_that_stalls_or_jumps_says_so_once(tmp_path, decoder, engine):
    feeds, said = Playlist(tmp_path), []
    pump = Pump(
        References(DEFAULT_RECIPE, (INFO,)), None, fetcher=feeds, readers=ReadersHere(),
        decoder=decoder, engine=engine, fail=lambda _, name, error: said.append((name, str(error))),
    )  # fmt: skip
    feed = Feed(info=INFO, location=OwnLocation("http://feeds.example/live.m3u8"), pictures=False)
    for first, last, after_s in (
        (0, 2, 0), (0, 2, 20), (0, 2, 11), (0, 2, 60), (1, 3, 5), (6, 8, 30), (0, 2, 4), (0, 3, 4),
    ):  # fmt: skip
        feeds.shows(first, last, after_s=after_s)
        await pump._try(feed)
    assert {name for name, _ in said} == {"arena"}
    assert [text for _, text in said] == [
        "it stalls: its playlist has had nothing new for 31 s",
        "data arrive again",
        "a new run begins: 3 segments of its playlist are gone",
        "a new run begins: its playlist counts from another number",
    ]


async def test_what_befell_a_feed_is_in_the_folder_for_whoever_asks(tmp_path):
    out = tmp_path / "live"
    sound = Decoded(
        audio=media.tune(1, 12)[::6].copy(), audio_s=0.0, luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0), duration_s=12.0,
    )  # fmt: skip
    infos = (INFO, ReferenceInfo(id="other"))
    with LiveFolder(out, DEFAULT_RECIPE, infos, 60.0) as folder:
        folder.references.add("arena", sound, at_s=EDGE_S)
        generation = folder.roll()
        for at in range(10):
            folder.note("arena", EDGE_S + at, f"it stalls\n{at}")
        assert folder.roll() == generation + 1
        assert folder.roll() == generation + 1
    with LiveFolder(out, DEFAULT_RECIPE, infos, 60.0) as folder:
        folder.note("arena", EDGE_S + 60, "data arrive again")
        folder.roll()
    line = held_line(load_references(out), out, now=NOON + timedelta(seconds=107))
    arena, other = line["references"]
    assert [note["text"] for note in arena["notes"]] == [
        *(f"it stalls {at}" for at in range(3, 10)),
        "data arrive again",
    ]
    assert arena["notes"][-1]["at"] == "2026-11-24T12:01:00+00:00"
    assert arena["silent_s"] == pytest.approx(95, abs=0.5)
    assert state_of(arena) == (
        f"stalled: nothing new for {arena['silent_s']:.0f} s; 12:01:00Z data arrive again"
    )
    assert (other["silent_s"], other["notes"], state_of(other)) == (None, [], "nothing received")
    fresh = held_line(load_references(out), out, now=NOON + timedelta(seconds=20))
    assert state_of(fresh["references"][0]).startswith("runs; ")


def test_what_ails_a_feed_is_told_once_until_it_is_heard_again_or_ails_otherwise():
    said: list[str] = []
    complaints = Complaints(lambda name, text: said.append(f"{name}: {text}"))
    for error, heard_s in (("404", 0), ("404", 0), ("404", 8), ("gone", 8), ("gone", 8)):
        complaints.told("arena", SourceError(error), heard_s)
    complaints.told("other", ForbiddenAddressError("192.0.2.1"), 0)
    assert [one.split(" (")[0] for one in said] == [
        "arena: 404", "arena: 404", "arena: gone", "other: 192.0.2.1",
    ]  # fmt: skip
    assert "[network] allow" in said[-1]


def test_a_url_that_is_no_reference_of_the_mandate_is_refused():
    with pytest.raises(MandateError, match="does not name this URL"):
        sources_of(["udp://239.1.1.2:5000"], mandate=_mandate("udp://239.1.1.1:5000"))


async def test_outside_of_the_mandates_window_nothing_is_fetched(tmp_path, decoder, engine):
    url = "udp://239.1.1.1:5000"
    later = _mandate(url, start=NOON + timedelta(hours=1))
    with pytest.raises(MandateError, match="not open"):
        await _build(tmp_path, decoder, engine, later, url)


async def test_feeds_of_which_nothing_comes_leave_nothing_behind(tmp_path, decoder, engine):
    url = "http://feeds.example/gone.m3u8"
    with pytest.raises(InputError, match="no media were received"):
        await _build(tmp_path, decoder, engine, _mandate(url), url)
    assert not (tmp_path / "live.ref").exists()


async def test_a_live_folder_that_was_written_many_times_is_searched_over_its_borders(
    tmp_path, decoder, engine
):
    came = _paced(_ts(tmp_path, 8, 30, at=50), 30, from_s=EDGE_S)
    with LiveFolder(tmp_path / "live", DEFAULT_RECIPE, (INFO,), 60.0) as folder:

        async def arrivals() -> AsyncIterator[tuple[bytes, float]]:
            for at, one in enumerate(came):
                if at % 20 == 0:
                    folder.roll()
                yield one

        stream = SentStream(
            "arena", pictures=False, references=folder.references, decoder=decoder, engine=engine,
            told=lambda _: None, heard=lambda *_: None,
        )  # fmt: skip
        await stream.follow(arrivals())
        folder.roll()
        written = load_references(tmp_path / "live")
        probe = media.write(tmp_path / "p.ts", media.tune(8, 30)[8 * media.RATE : 20 * media.RATE])
        decoded = await decoder.decode(probe.read_bytes(), pictures=False)
        (from_folder,) = listen(decoded, written, media_at_s=None).witnesses()
        (from_memory,) = listen(decoded, folder.references, media_at_s=None).witnesses()
    assert from_folder.score == pytest.approx(from_memory.score, rel=0.02)
    assert -from_folder.delay_s == pytest.approx(EDGE_S + 8, abs=1.0)
