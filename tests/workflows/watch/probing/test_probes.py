"""What a probe cuts, claims and remembers; whatever a stream sends, the prober goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.looks import MANDATE, Hears, film, looks_by_jobs, looks_here

from cautery.adapters.engine import ThreadEngine
from cautery.errors import (
    CauteryError,
    DecodeError,
    ForbiddenAddressError,
    InputError,
    LimitError,
    SourceError,
    StorageError,
)
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.graph.faults import hosts_of
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.windows import part_of
from cautery.messages import message, say
from cautery.model import (
    AUDIO_RATE_HZ,
    Decoded,
    Entry,
    Finding,
    Mandate,
    Observation,
    Offer,
    Partner,
    RedactedUrl,
    Verdict,
    Witness,
    host_of,
)
from cautery.model.records import ExhibitSealed, ProbeDone
from cautery.projections.streams import Streams
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.pace import Heard, Pace
from cautery.workflows.watch.probing.looks import MOST_WINDOWS, PROBE_S, settled, windows_of
from cautery.workflows.watch.probing.probes import Prober
from cautery.workflows.watch.probing.questions import Looks
from cautery.workflows.watch.probing.turns import Turns
from cautery.workflows.watch.streams import Stream

T = TypeVar("T")

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = b"k" * 32
URL = "http://pirate.example/film.ts"
SEGMENT = "http://pirate.example/0.ts"
ELSEWHERE = "http://seg.example/0.ts"
ECHOED = f"#EXTM3U\n#EXT-X-TARGETDURATION:60\n#EXTINF:60,\n{ELSEWHERE}\n#EXT-X-ENDLIST\n".encode()
LIVE = b"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\n0.ts\n"


def decoded(seconds: float, *, start_s: float = 0.0, picture_hz: float = 5.0) -> Decoded:
    """Media whose samples and pictures say which second they are."""
    samples = round(seconds * AUDIO_RATE_HZ)
    times = start_s + np.arange(round(seconds * picture_hz)) / picture_hz
    return Decoded(
        audio=(start_s + np.arange(samples) / AUDIO_RATE_HZ).astype(np.float32),
        audio_s=start_s,
        luma=np.repeat(np.floor(times).astype(np.uint8), 36 * 64).reshape(-1, 36, 64),
        luma_s=times,
        duration_s=seconds,
    )


@pytest.fixture(params=["here", "by jobs"])
def probe(
    request: pytest.FixtureRequest,
    answers: Callable[..., Any],
    case: Case,
    journal: Journal,
    tmp_path: Path,
) -> Callable[..., Stream]:
    """Probe one stream, once if no more is asked, whose media the decoder hears as given.

    In this process, and by nodes to which a look is a question in JSON and its answer likewise.
    """

    def once(
        media: Decoded | CauteryError | Hears,
        *,
        answer: bytes | int | CauteryError = b"media",
        held: Decoded | None = None,
        event: str | None = None,
        looks: int = 1,
        offered: str | None = None,
        led_through: tuple[str, ...] = (),
        streams: dict[str, Stream] | None = None,
        mandate: Mandate = MANDATE,
    ) -> Stream:
        references = References(
            DEFAULT_RECIPE,
            (ReferenceInfo(id="work-1", kind="work", event=event, clean=False, territory=None),),
        )
        references.add("work-1", held or film(60.0), at_s=0.0)
        one = Stream(
            url=URL, key=URL, host="pirate.example", title=None, source="list", first_seen=NOON
        )
        watched = {} if streams is None else streams
        watched[URL] = one
        if offered is not None:
            one.offer = Offer(
                url=RedactedUrl(URL),
                title=offered,
                right=offered,
                probability=0.9,
                why=message("verdict.no-media"),
            )
        engine = ThreadEngine()
        fetcher = answers({URL: answer, SEGMENT: b"media", ELSEWHERE: b"media"})
        fetcher.led_through |= {URL: led_through} if led_through else {}
        tape = Tape(tmp_path, window_s=60.0)
        parts: dict[str, Any] = {
            "fetcher": fetcher,
            "decoder": media if isinstance(media, Hears) else Hears(media),
            "engine": engine,
            "journal": journal,
        }
        looking: Looks = looks_here(references, tape, **parts)
        if request.param == "by jobs":
            looking, _ = looks_by_jobs(references, tape, **parts, case=case, key=KEY)
        prober = Prober(
            mandate,
            watched,
            looking,
            recipe=DEFAULT_RECIPE.name,
            journal=journal,
            on_verdict=lambda _: None,
            pace=Pace(
                mandate,
                watched,
                heard=lambda: Heard(until={}, filled=True),
                journal=journal,
            ),
        )

        async def probing() -> None:
            working = asyncio.ensure_future(prober.work())
            async with asyncio.timeout(30):
                # The prober tells nobody when it has looked.
                while not working.done() and (one.probes < looks or one.in_hand):
                    await asyncio.sleep(0.01)
                    if one.probes < looks and not one.in_hand:
                        one.due = NOON
            if working.done():
                working.result()
            working.cancel()

        try:
            asyncio.run(probing())
        finally:
            engine.close()
        return one

    return once


def of(heard: list[Entry], shape: type[T]) -> list[T]:
    return [entry.content for entry in heard if isinstance(entry.content, shape)]


@pytest.mark.parametrize(
    ("seconds", "windows"), [(5.0, 1), (23.9, 1), (24.0, 2), (40.0, 3), (48.0, 4), (300.0, 4)]
)
def test_a_film_is_cut_into_windows_of_a_probe_and_never_more_than_four(
    seconds: float, windows: int
) -> None:
    assert MOST_WINDOWS == 4
    assert len(windows_of(decoded(seconds, picture_hz=0.5))) == windows


def test_what_is_too_short_for_two_windows_is_left_whole() -> None:
    whole = decoded(20.0)
    assert windows_of(whole) == (whole,)


@settings(deadline=None)
@given(st.floats(24.0, 60.0), st.floats(0.0, 1000.0))
def test_windows_do_not_overlap_so_that_they_may_agree_as_two_probes_do(
    seconds: float, start_s: float
) -> None:
    windows = windows_of(decoded(seconds, start_s=start_s, picture_hz=2.0))
    for before, after in pairwise(windows):
        end_s = before.audio_s + before.audio.size / AUDIO_RATE_HZ
        assert after.audio_s == pytest.approx(end_s, abs=1 / AUDIO_RATE_HZ)
        assert before.luma_s.max(initial=0.0) < after.luma_s.min(initial=np.inf)
    assert all(one.duration_s == pytest.approx(PROBE_S) for one in windows)


def test_a_part_holds_the_sound_and_the_pictures_of_its_seconds_alone() -> None:
    part = part_of(decoded(30.0, start_s=100.0), 110.0, 115.0)
    assert part.audio_s == 110.0
    assert part.audio.size == 5 * AUDIO_RATE_HZ
    assert part.audio[0] == pytest.approx(110.0, abs=1e-3)
    assert (part.luma_s.min(), part.luma_s.max()) == (110.0, 114.8)
    assert set(np.unique(part.luma)) == {110, 111, 112, 113, 114}
    assert part.duration_s == 5.0


def test_a_part_that_begins_before_the_sound_takes_what_there_is() -> None:
    part = part_of(decoded(10.0, start_s=100.0), 95.0, 104.0)
    assert part.audio_s == 100.0
    assert part.audio.size == 4 * AUDIO_RATE_HZ


def test_a_film_that_is_ours_is_proven_by_windows_of_one_fetch(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    stream = probe(film(60.0))
    assert stream.verdict is not None
    assert stream.verdict.finding is Finding.PROVEN, stream.verdict.reasons
    assert stream.verdict.channels == ("work-1",)
    sealed = {record.exhibit.id for record in of(heard, ExhibitSealed)}
    cited = {one for each in stream.verdict.observations for one in each.exhibits}
    assert cited, "a claim cites what it rests on"
    assert cited <= sealed


def test_where_an_open_redirect_leads_is_watched_and_the_act_is_there(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    asked, aim = f"{URL}?to=edge.example", "http://edge.example/film.ts"
    streams: dict[str, Stream] = {}
    stream = probe(film(60.0), led_through=(asked, aim), streams=streams)
    assert stream.open_redirect
    assert of(heard, ProbeDone)[0].redirected_to == "edge.example"
    [led_to] = [one for one in streams.values() if one is not stream]
    assert (led_to.url, led_to.host, led_to.source) == (aim, "edge.example", URL)
    assert led_to.live


def test_a_site_that_first_leads_to_its_own_www_is_tied_to_nobody(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    site, aim = host_of(URL), "http://xn--80apufl.example/film.ts"
    asked = f"{URL}?to=http://\u043f\u0438\u0440\u0430\u0442.example/film.ts"
    through = (asked, asked.replace(site, f"www.{site}"), aim)
    stream = probe(film(60.0), led_through=through)
    assert (stream.open_redirect, stream.via) == (True, {"xn--80apufl.example"})
    assert stream.sent_on == {site, f"www.{site}"}
    done = of(heard, ProbeDone)[0]
    assert done.redirected_to == "xn--80apufl.example"
    assert hosts_of(done.url, done.hosts, done.redirected_to)[0] == "xn--80apufl.example"
    streams = Streams()
    streams.hear(heard[[entry.content for entry in heard].index(done)])
    assert streams.by_url[done.url].sent_on == stream.sent_on
    assert streams.by_url[done.url].open_redirect


def test_a_site_that_echoes_a_playlist_is_tied_to_nobody_and_the_act_is_where_the_media_are(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    streams: dict[str, Stream] = {}
    asked = f"{URL}?text={quote(ECHOED)}"
    stream = probe(film(60.0), answer=ECHOED, led_through=(asked,), streams=streams)
    assert (stream.open_redirect, stream.via) == (True, {"seg.example"})
    assert stream.sent_on == {"pirate.example"}
    [media] = [one for one in streams.values() if one is not stream]
    assert (media.url, media.host, media.proven) == (ELSEWHERE, "seg.example", True)
    assert of(heard, Verdict)[-1].url.text == ELSEWHERE
    done = of(heard, ProbeDone)[0]
    assert (done.redirected_to, done.hosts) == ("seg.example", ("pirate.example", "seg.example"))


def test_a_proxy_is_tied_to_nobody_and_what_its_question_names_is_watched(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    streams: dict[str, Stream] = {}
    asked = f"{URL}?id=1&url={quote(ELSEWHERE, safe='')}"
    stream = probe(film(60.0), led_through=(asked,), streams=streams)
    assert (stream.proven, stream.open_redirect, stream.via) == (True, True, set())
    taken_up = {one.url: one for one in streams.values() if one is not stream}
    assert list(taken_up) == [ELSEWHERE, f"{URL}?id=1"], "without the name, too: it may be a ruse"
    done = next(record for record in of(heard, ProbeDone) if record.url == stream.key)
    assert (done.redirected_to, done.named) == (None, ("seg.example",))
    case = Streams()
    case.hear(heard[[entry.content for entry in heard].index(done)])
    assert case.by_url[done.url].open_redirect
    assert case.by_url[done.url].sent_on == stream.sent_on == {"pirate.example"}


def test_whoever_writes_a_name_into_its_address_is_claimed_once_it_serves_without_it(
    probe: Callable[..., Stream],
) -> None:
    streams: dict[str, Stream] = {}
    asked = f"{SEGMENT}?url=http://innocent.example/"
    stream = probe(film(60.0), led_through=(asked,), streams=streams, looks=3)
    plain = streams[SEGMENT]
    assert (stream.open_redirect, plain.proven, plain.open_redirect) == (True, True, False)


def test_where_a_partner_leads_nothing_is_claimed_and_the_reason_names_it(
    probe: Callable[..., Stream],
) -> None:
    partner = Partner(name="Licensee", hosts=("pirate.example",), channels=())
    mandate = replace(MANDATE, partners=(partner,))
    led_through = (URL, "http://d1.cdn.example/film.ts")
    stream = probe(film(60.0), led_through=led_through, mandate=mandate)
    assert stream.verdict is not None
    assert (stream.verdict.finding, stream.verdict.partner) == (Finding.UNDECIDED, "Licensee")
    assert stream.verdict.reasons[0].id == "verdict.partner-leads"
    assert not stream.pending, "no further look settles it"


def test_the_day_of_a_proof_is_that_of_the_newest_probe_that_bears_it(
    probe: Callable[..., Stream],
) -> None:
    stream = probe(film(60.0))
    assert stream.proven_on == NOON.date()
    assert stream.verdict is not None
    stream.verdict = replace(stream.verdict, observations=(Observation(at=NOON),), at=NOON)
    stream.shown_at = NOON + timedelta(days=2)
    assert stream.proven_on == NOON.date() + timedelta(days=2)
    stream.shown_at = None
    assert stream.proven_on == NOON.date(), "of an earlier run the verdict says it"


def test_media_of_a_partner_are_claimed_of_nobody(
    probe: Callable[..., Stream], heard: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mandate, "is_lawful", lambda self, host: host == "seg.example")
    asked = f"{URL}?text={quote(ECHOED)}"
    probe(film(60.0), answer=ECHOED, led_through=(asked,))
    assert {verdict.url.text for verdict in of(heard, Verdict)} == {URL}


def test_a_playlist_whose_media_lie_elsewhere_is_the_pirates_if_it_does_not_name_the_place(
    probe: Callable[..., Stream],
) -> None:
    streams: dict[str, Stream] = {}
    stream = probe(film(60.0), answer=ECHOED, streams=streams)
    assert (stream.open_redirect, stream.proven, len(streams)) == (False, True, 1)


def test_where_a_stream_leads_while_it_shows_nothing_ties_nobody_to_it(
    probe: Callable[..., Stream],
) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 60 * AUDIO_RATE_HZ).astype(np.float32)
    led_through = (URL, "http://public-tv.innocent.example/live.ts")
    stream = probe(replace(film(60.0), audio=noise), led_through=led_through)
    assert (stream.proven, stream.via) == (False, set())


def test_a_panel_that_sends_on_is_watched_itself_alone(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    streams: dict[str, Stream] = {}
    stream = probe(film(60.0), led_through=(URL, "http://edge.example/f.ts"), streams=streams)
    assert (stream.via, stream.open_redirect) == ({"edge.example"}, False)
    assert list(streams) == [URL]


def shown(sound: Decoded) -> Decoded:
    """The same with pictures that move."""
    times = np.arange(round(sound.duration_s * 5)) / 5
    luma = np.random.default_rng(5).integers(0, 255, (len(times), 36, 64), np.uint8)
    return replace(sound, luma=luma, luma_s=times)


def test_pictures_are_not_decoded_where_the_sound_says_whose_a_live_stream_is(
    probe: Callable[..., Stream],
) -> None:
    whole = shown(film(60.0))
    hears = Hears(part_of(whole, 20.0, 32.0))
    stream = probe(hears, answer=LIVE, held=whole)
    assert hears.pictures_asked == [False]
    assert [one.reference for one in stream.observations[0].witnesses] == ["work-1"]


def test_pictures_are_decoded_where_the_sound_is_strange(probe: Callable[..., Stream]) -> None:
    whole = shown(film(60.0))
    noise = np.random.default_rng(3).normal(0, 0.1, 12 * AUDIO_RATE_HZ).astype(np.float32)
    hears = Hears(replace(part_of(whole, 20.0, 32.0), audio=noise))
    probe(hears, answer=LIVE, held=whole)
    assert hears.pictures_asked == [False, True]


def test_where_the_sound_said_too_little_both_are_decoded_at_once_at_the_next_look(
    probe: Callable[..., Stream],
) -> None:
    whole = shown(film(60.0))
    noise = np.random.default_rng(3).normal(0, 0.1, 12 * AUDIO_RATE_HZ).astype(np.float32)
    hears = Hears(replace(part_of(whole, 20.0, 32.0), audio=noise))
    probe(hears, answer=LIVE, held=whole, looks=2)
    assert hears.pictures_asked == [False, True, True]


@pytest.mark.parametrize(
    ("offered", "asked"),
    [("sport", [True, False]), ("cup", [True, False]), ("news", [False, False])],
)
def test_what_is_offered_as_an_events_is_looked_at_and_listened_to_at_once(
    probe: Callable[..., Stream], offered: str, asked: list[bool]
) -> None:
    whole = shown(film(60.0))
    hears = Hears(part_of(whole, 20.0, 32.0))
    probe(hears, answer=LIVE, held=whole, looks=2, offered=offered)
    assert hears.pictures_asked == asked


def test_sound_that_said_enough_is_heard_alone_again(probe: Callable[..., Stream]) -> None:
    whole = shown(film(60.0))
    hears = Hears(part_of(whole, 20.0, 32.0))
    probe(hears, answer=LIVE, held=whole, looks=2)
    assert hears.pictures_asked == [False, False]


def seen(*sounds: tuple[str, float]) -> Observation:
    """An observation of nothing but sounds, each of a reference by a score that is sure."""
    return Observation(
        at=NOON,
        witnesses=tuple(
            Witness(
                kind="sound",
                reference=reference,
                score=score,
                runner_up=0.0,
                delay_s=20.0,
                speed=1.0,
                coverage=1.0,
                probe_s=12.0,
                log10_lr=6.0 if score > 10.0 else 0.1,
                methods=("codes",),
            )
            for reference, score in sounds
        ),
        exhibits=(),
        media_start_s=0.0,
        media_end_s=12.0,
        unmatched={},
        reason=None,
    )


@pytest.mark.parametrize(
    ("sounds", "licensee", "enough"),
    [
        ([("sport-fr", 60.0), ("clean", 25.0)], "sport-fr", True),
        ([("sport-fr", 25.0), ("clean", 60.0)], "sport-fr", False),
        ([("sport-gb", 60.0), ("sport-fr", 25.0)], "sport-fr", False),
        ([("sport-fr", 60.0)], None, False),
        ([("sport-fr", 5.0)], "sport-fr", False),
        ([], "sport-fr", False),
        ([("linear", 60.0)], None, True),
    ],
)
def test_an_events_sound_is_enough_once_it_is_proven_and_goes_on_as_the_same_licensees(
    sounds: list[tuple[str, float]], licensee: str | None, *, enough: bool
) -> None:
    references = References(
        DEFAULT_RECIPE,
        (
            ReferenceInfo(id="clean", event="cup", clean=True, kind="event"),
            ReferenceInfo(id="sport-fr", event="cup"),
            ReferenceInfo(id="sport-gb", event="cup"),
            ReferenceInfo(id="linear"),
        ),
    )
    assert settled(seen(*sounds), references, licensee=licensee) is enough
    at_first = settled(seen(*sounds), references)
    assert at_first is (enough and licensee is None), "before it is proven pictures are asked"


def test_pictures_of_an_event_are_decoded_whatever_the_sound_says(
    probe: Callable[..., Stream],
) -> None:
    whole = shown(film(60.0))
    hears = Hears(part_of(whole, 20.0, 32.0))
    probe(hears, answer=LIVE, held=whole, event="match")
    assert hears.pictures_asked == [False, True]


def test_pictures_are_never_decoded_where_no_reference_has_any(
    probe: Callable[..., Stream],
) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 12 * AUDIO_RATE_HZ).astype(np.float32)
    hears = Hears(replace(shown(film(12.0)), audio=noise))
    probe(hears, answer=LIVE, looks=2)
    assert hears.pictures_asked == [False, False]


def test_a_film_that_is_not_ours_is_not_accused(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 60 * AUDIO_RATE_HZ).astype(np.float32)
    other = film(60.0)
    stream = probe(
        Decoded(
            audio=noise,
            audio_s=0.0,
            luma=other.luma,
            luma_s=other.luma_s,
            duration_s=60.0,
        )
    )
    assert stream.verdict is not None
    assert stream.verdict.finding is Finding.NOTHING
    assert of(heard, ProbeDone)[0].failed is None


@pytest.mark.parametrize(
    "error",
    [
        SourceError("nobody answers"),
        LimitError("it never ends"),
        ForbiddenAddressError("169.254.169.254 is link-local"),
    ],
)
def test_a_stream_that_fails_is_recorded_by_its_error_and_called_unreachable(
    probe: Callable[..., Stream], heard: list[Entry], error: CauteryError
) -> None:
    stream = probe(film(1.0), answer=error)
    [done] = of(heard, ProbeDone)
    assert say(done.failed) == f"{type(error).__name__}: {error}"
    assert stream.verdict is not None
    assert stream.verdict.finding is Finding.UNREACHABLE
    assert stream.due > NOON, "it is asked again, later"


def test_media_that_kills_the_decoder_is_recorded_and_sealed(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    stream = probe(DecodeError("the decoder died of it"))
    assert of(heard, ProbeDone)[0].failed.values["error"] == "DecodeError"
    assert [sealed.what for sealed in of(heard, ExhibitSealed)] == ["segment"]
    assert stream.verdict is not None
    assert stream.verdict.reasons[0].id == "verdict.undecodable"


def test_an_error_of_our_own_is_no_finding_about_the_stream(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    stream = probe(InputError("too large for one exhibit"))
    assert stream.verdict is None
    assert of(heard, ProbeDone)[0].failed.values["error"] == "InputError"


@pytest.mark.parametrize("probe", ["here"], indirect=True)
def test_a_full_disk_ends_the_probing_and_is_no_failure_of_the_stream(
    probe: Callable[..., Stream], heard: list[Entry]
) -> None:
    with pytest.raises(StorageError, match="full"):
        probe(StorageError("disk full"))
    assert of(heard, ProbeDone) == []


@pytest.fixture
def prober(
    answers: Callable[..., Any], journal: Journal, tmp_path: Path
) -> Iterator[Callable[[dict[str, Stream]], Prober]]:
    """Make a prober of streams that are all refused at once."""
    heard = Heard(until={}, filled=True)
    refused = ForbiddenAddressError("10.1.0.1: private")
    engine = ThreadEngine()

    def made(streams: dict[str, Stream]) -> Prober:
        looking = looks_here(
            References(DEFAULT_RECIPE, ()),
            Tape(tmp_path, window_s=60.0),
            fetcher=answers(dict.fromkeys(streams, refused)),
            decoder=Hears(refused),
            engine=engine,
            journal=journal,
        )
        return Prober(
            MANDATE,
            streams,
            looking,
            recipe=DEFAULT_RECIPE.name,
            journal=journal,
            on_verdict=lambda _: None,
            pace=Pace(MANDATE, streams, heard=lambda: heard, journal=journal),
        )

    yield made
    engine.close()


async def test_looks_that_are_refused_at_once_keep_nothing_else_from_going_on(
    prober: Callable[[dict[str, Stream]], Prober],
) -> None:
    urls = [f"http://10.1.0.1/{number}" for number in range(2_000)]
    streams = {
        url: Stream(url=url, key=url, host="10.1.0.1", title=None, source="list", first_seen=NOON)
        for url in urls
    }
    working = asyncio.ensure_future(prober(streams).work())
    try:
        async with asyncio.timeout(60):
            # Another task gets its turn between any two looks.
            for turn in count():
                await asyncio.sleep(0)
                looks = sum(one.probes for one in streams.values())
                assert looks <= turn + 1
                if looks > 5:
                    break
    finally:
        working.cancel()
        await asyncio.wait([working])


async def test_of_probers_that_have_nothing_to_do_one_looks_for_all(
    prober: Callable[[dict[str, Stream]], Prober], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.workflows.watch.probing.turns.IDLE_S", 0)
    idle = prober({})
    looking: list[asyncio.Task[Any] | None] = []

    def nothing(_: Turns) -> None:
        looking.append(asyncio.current_task())

    monkeypatch.setattr(Turns, "_next", nothing)
    workers = [asyncio.ensure_future(idle.work()) for _ in range(10)]
    for _ in range(200):
        await asyncio.sleep(0)
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)
    assert set(looking) == {workers[0]}


@pytest.mark.parametrize("name", ["_look", "_seen"])
def test_an_unforeseen_error_costs_its_own_look_alone(
    probe: Callable[..., Stream],
    heard: list[Entry],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ValueError("http://a.example/live/anna77/gehe1m/1.ts \ud800")

    monkeypatch.setattr(Prober, name, broken)
    stream = probe(film(36.0))
    [done] = of(heard, ProbeDone)
    assert done.failed.values["error"] == "ValueError"
    assert done.failed.values["detail"].startswith("http://a.example/live/~")
    assert done.failed.values["detail"].endswith("\ufffd")
    assert stream.verdict is None
    assert stream.due > NOON
