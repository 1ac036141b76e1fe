"""Decoys are on the air in their time and delay; lists, playlists and segments say nothing more."""

from __future__ import annotations

import asyncio
import random
import re
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from tests.planted import NIGHT, night_of, planned

from cautery.errors import DecodeError, InputError, SourceError
from cautery.formats.hls import MediaPlaylist, read_hls
from cautery.model.decoys import Decoy, OwnPiece
from cautery.model.disguises import Disguise
from cautery.workflows.decoys.feed import FeedFootage
from cautery.workflows.decoys.live import LiveDecoys, Served
from cautery.workflows.decoys.loop import LoopedFootage

PLANNED = night_of(planned())
PIECES = tuple(OwnPiece(2.0, media=b"G%d" % number) for number in range(10))
LATER = NIGHT.start + timedelta(minutes=5)


class Copier:
    """Disguises nothing, and counts."""

    def __init__(self) -> None:
        self.made = 0
        self.starts_s: list[float] = []
        self.fails = False

    async def disguised(self, segment: bytes, disguise: Disguise, *, starts_s: float) -> bytes:
        self.made += 1
        self.starts_s.append(starts_s)
        await asyncio.sleep(0)
        if self.fails:
            raise DecodeError("no")
        return disguise.name.encode() + segment


@pytest.fixture
def copier() -> Copier:
    return Copier()


@pytest.fixture
def live(copier: Copier) -> LiveDecoys:
    footage = [LoopedFootage(PIECES, begins_at=NIGHT.start) for _ in PLANNED.programme.media]
    return LiveDecoys(PLANNED, footage, copier)


def decoy_with(disguise: str) -> Decoy:
    return next(leaf.decoy for leaf in PLANNED.plan.leaves if leaf.decoy.disguise == disguise)


def path_of(decoy: Decoy, name: str = "index.m3u8") -> str:
    return urlsplit(decoy.url).path.replace("index.m3u8", name)


async def playlist_of(live: LiveDecoys, decoy: Decoy, at: datetime) -> MediaPlaylist:
    served = await live.answer(decoy.host, path_of(decoy), at)
    assert served is not None
    playlist = read_hls([served.body], base=decoy.url)
    assert isinstance(playlist, MediaPlaylist)
    return playlist


async def test_a_playlist_shows_the_newest_segments_behind_the_delay(live: LiveDecoys) -> None:
    decoy = decoy_with("none")
    playlist = await playlist_of(live, decoy, LATER)
    assert [segment.duration_s for segment in playlist.segments] == [2.0] * 5
    assert playlist.live
    last = playlist.segments[-1]
    name = last.url.rpartition("/")[2]
    served = await live.answer(decoy.host, path_of(decoy, name), LATER)
    shown_s = (LATER - NIGHT.start).total_seconds() - decoy.delay_s
    assert served == Served(
        body=b"none" + PIECES[int(shown_s // 2 - 1) % 10].media, media_type="video/mp2t"
    )


async def test_numbers_go_on_and_never_below_zero(live: LiveDecoys) -> None:
    for leaf in PLANNED.plan.leaves:
        decoy, before = leaf.decoy, -1
        for seconds in range(0, 120, 7):
            at = decoy.appears_at + timedelta(seconds=seconds)
            first = (await playlist_of(live, decoy, at)).segments[0].sequence
            assert first >= max(before, 0)
            before = first


async def test_time_stamps_go_on_where_media_begin_again(live: LiveDecoys, copier: Copier) -> None:
    decoy = decoy_with("none")
    names = {}
    for seconds in range(0, 40, 2):
        at = LATER + timedelta(seconds=seconds)
        playlist = await playlist_of(live, decoy, at)
        assert not any(segment.discontinuity for segment in playlist.segments)
        newest = playlist.segments[-1]
        names[newest.sequence] = newest.url.rpartition("/")[2]
        assert await live.answer(decoy.host, path_of(decoy, names[newest.sequence]), at)
    assert len(names) == len(copier.starts_s) == 20
    steps = [after - before for before, after in pairwise(copier.starts_s)]
    assert steps == pytest.approx([2.0] * 19)
    assert copier.starts_s[0] == pytest.approx(2.0 * min(names), abs=2.0)


async def test_a_decoy_is_neither_offered_nor_served_outside_its_time(live: LiveDecoys) -> None:
    for leaf in PLANNED.plan.leaves:
        decoy = leaf.decoy
        for at in (decoy.appears_at - timedelta(seconds=1), decoy.vanishes_at):
            assert await live.answer(decoy.host, path_of(decoy), at) is None
            assert decoy.url not in live.list_text(at)
        assert decoy.url in live.list_text(decoy.appears_at)


async def test_a_list_offers_all_under_their_titles_and_says_no_more(live: LiveDecoys) -> None:
    served = await live.answer("tv1.own.example", "/sports.m3u", LATER)
    assert served is not None
    lines = served.body.decode().splitlines()
    assert len(lines) == 1 + 2 * 12
    titles = {leaf.decoy.url: leaf.decoy.offered_as for leaf in PLANNED.plan.leaves}
    for said, url in zip(lines[1::2], lines[2::2], strict=True):
        assert said == f'#EXTINF:-1 group-title="SPORT",{titles.pop(url)}'
    assert not titles


async def test_what_is_not_there_is_not_answered(live: LiveDecoys) -> None:
    decoy = decoy_with("none")
    names = ("key.bin", "x.ts", "-1.ts", "999999999.ts", "9" * 30 + ".ts", "\u0661.ts", "0.ts", "")
    for name in names:
        assert await live.answer(decoy.host, path_of(decoy, name), LATER) is None
    for host, path in (
        ("tv9.own.example", path_of(decoy)),
        (decoy.host, "/sports.m3"),
        (decoy.host, "/"),
        ("", ""),
        (decoy.host, "/live/../sports.m3u"),
    ):
        assert await live.answer(host, path, LATER) is None


async def test_an_encrypted_decoy_serves_its_key_in_clear(live: LiveDecoys) -> None:
    decoy = decoy_with("aes-128")
    playlist = await playlist_of(live, decoy, LATER)
    segment = playlist.segments[-1]
    assert segment.key is not None
    key = await live.answer(decoy.host, path_of(decoy, "key.bin"), LATER)
    name = segment.url.rpartition("/")[2]
    served = await live.answer(decoy.host, path_of(decoy, name), LATER)
    assert key is not None
    assert served is not None
    box = Cipher(algorithms.AES(key.body), modes.CBC(segment.sequence.to_bytes(16, "big")))
    clear = box.decryptor().update(served.body)
    assert clear.startswith(b"aes-128G")


async def test_who_asks_at_the_same_time_waits_for_one_segment(
    live: LiveDecoys, copier: Copier
) -> None:
    decoy = decoy_with("mirror")
    name = (await playlist_of(live, decoy, LATER)).segments[-1].url.rpartition("/")[2]
    asked = [live.answer(decoy.host, path_of(decoy, name), LATER) for _ in range(20)]
    answers = await asyncio.gather(*asked)
    assert len({answer.body for answer in answers if answer}) == copier.made == 1


async def test_a_segment_that_cannot_be_made_is_not_there_and_is_tried_again(
    live: LiveDecoys, copier: Copier
) -> None:
    decoy = decoy_with("mirror")
    name = (await playlist_of(live, decoy, LATER)).segments[-1].url.rpartition("/")[2]
    copier.fails = True
    assert await live.answer(decoy.host, path_of(decoy, name), LATER) is None
    copier.fails = False
    assert await live.answer(decoy.host, path_of(decoy, name), LATER) is not None


@given(seconds=st.lists(st.floats(0.5, 10), min_size=2, max_size=9), at_s=st.floats(-500, 500))
def test_looped_media_go_on_for_ever(seconds: list[float], at_s: float) -> None:
    pieces = [OwnPiece(length, media=b"") for length in seconds]
    footage = LoopedFootage(pieces, begins_at=LATER)
    at = LATER + timedelta(seconds=at_s)
    edge = footage.edge(at)
    later = footage.edge(at + timedelta(seconds=sum(seconds)))
    assert edge is not None
    assert later is not None
    assert abs(later - edge - len(seconds)) <= 1
    begun = footage.piece(edge)
    assert begun is not None
    assert begun.seconds == seconds[edge % len(seconds)]


def test_media_of_no_length_are_refused() -> None:
    with pytest.raises(InputError, match="shorter than a second"):
        LoopedFootage([], begins_at=LATER)
    with pytest.raises(InputError, match="shorter than a second"):
        LoopedFootage([OwnPiece(0.0, media=b"")], begins_at=LATER)


class Times:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = LATER

    def now(self) -> datetime:
        return self.at


class Server:
    """A feed's server."""

    def __init__(self) -> None:
        self.first = 7
        self.is_down = False

    async def fetch(self, url: str, **_: object) -> object:
        from cautery.model import Response

        if self.is_down:
            raise SourceError("down")
        name = url.rpartition("/")[2]
        body = name.encode()
        if name == "x.m3u8":
            rows = "".join(f"#EXTINF:2,\ns{n}.ts\n" for n in range(self.first, self.first + 3))
            head = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{self.first}\n"
            body = (head + rows).encode()
        return Response(
            url=url, hops=(url,), status=200, headers=(), body=body, asked_at=LATER,
            answered_at=LATER, address="192.0.2.1",
        )  # fmt: skip


class Reading:
    """Reads in this process."""

    async def read(self, job: str, asked: object, data: bytes) -> bytes:
        from cautery.formats.jobs import JOBS

        return JOBS[job](asked, data)


async def follow_once(footage: FeedFootage) -> None:
    following = asyncio.ensure_future(footage.follow())
    for _ in range(50):
        await asyncio.sleep(0)
    following.cancel()


async def test_a_feed_is_kept_as_it_comes_and_for_the_longest_delay() -> None:
    clock, server, heard = Times(), Server(), list[str]()
    footage = FeedFootage(
        "http://feeds.example/x.m3u8",
        longest=timedelta(seconds=30),
        fetcher=server,  # type: ignore[arg-type]
        readers=Reading(),  # type: ignore[arg-type]
        clock=clock,  # type: ignore[arg-type]
        say=heard.append,
    )
    assert footage.edge(LATER) is None
    await follow_once(footage)
    # Three pieces of 2 s came at once; the newest waits for as long as the next one may take.
    edges = [footage.edge(LATER + timedelta(seconds=late)) for late in (-3, -2, 0, 1.9, 2)]
    assert edges == [None, 1, 2, 2, 3]
    assert [footage.piece(n).media for n in range(3)] == [b"s7.ts", b"s8.ts", b"s9.ts"]  # type: ignore[union-attr]
    clock.at += timedelta(seconds=3.5)
    server.first = 9
    await follow_once(footage)
    edges = [footage.edge(LATER + timedelta(seconds=late)) for late in (3.9, 4, 5.9, 6)]
    assert edges == [3, 4, 4, 5]
    assert [footage.begins_s(n) for n in (0, 4, 5)] == [0.0, 8.0, None]
    clock.at += timedelta(minutes=5)
    server.first = 12
    await follow_once(footage)
    assert footage.piece(4) is None
    assert footage.begins_s(4) is None
    assert footage.piece(5).media == b"s12.ts"  # type: ignore[union-attr]
    assert footage.edge(clock.at) == 6  # it came late, so all later ones do
    assert footage.edge(clock.at + timedelta(seconds=2)) == 7
    server.is_down = True
    await follow_once(footage)
    assert len(heard) == 1
    assert "down" in heard[0]


# -- a feed or a file? -------------------------------------------------------------------------

LOOKS_S = tuple(place * 0.4 for place in range(40))
"""When somebody looks at a playlist again, seconds."""


async def feed_until(end: datetime, rng: random.Random) -> FeedFootage:
    """Return a feed as it was followed for an hour, polled each second, with a shaky network."""
    clock = Times()
    clock.at = NIGHT.start - timedelta(minutes=10, seconds=rng.random() * 2)
    feed = FeedFootage(
        "http://feeds.example/x.m3u8",
        longest=timedelta(seconds=60),
        fetcher=None,  # type: ignore[arg-type]
        readers=None,  # type: ignore[arg-type]
        clock=clock,  # type: ignore[arg-type]
        say=print,
    )
    made, begun = clock.at, False
    while made < end:
        made += timedelta(seconds=2)
        late = timedelta(seconds=rng.uniform(0.1, 1.2))
        clock.at = made if begun else made + timedelta(seconds=2)
        feed.keep(OwnPiece(2.0, media=b"x"), at=clock.at + (late if begun else timedelta()))
        begun = True
    return feed


async def looks_of(live: LiveDecoys, decoy: Decoy, at: datetime) -> list[float]:
    """Return what many looks at one playlist say, as numbers."""
    texts = []
    for late_s in LOOKS_S:
        served = await live.answer(decoy.host, path_of(decoy), at + timedelta(seconds=late_s))
        assert served is not None
        texts.append(served.body.decode())
    first = texts[0]
    lengths = [float(found) for text in texts for found in re.findall(r"#EXTINF:([0-9.]+)", text)]
    sequences = [float(text.partition("SEQUENCE:")[2].split("\n")[0]) for text in texts]
    steps = [after - before for before, after in pairwise(sequences)]
    changed = [late_s for late_s, step in zip(LOOKS_S[1:], steps, strict=True) if step]
    waits = [after - before for before, after in pairwise(changed)]
    return [
        *(float(number) for number in re.findall(r"[0-9]+(?:\.[0-9]+)?", first)[:4]),
        sequences[0] % 5,
        len(first.splitlines()),
        sum(text.count("DISCONTINUITY") for text in texts),
        max(len(digits) for digits in re.findall(r"\.([0-9]+),", first)),
        max(lengths) - min(lengths),
        max(abs(length - round(length, 1)) for length in lengths),
        max(steps),
        sum(steps),
        max(waits) - min(waits),
        changed[0],
        changed[0] * 10 % 1,
    ]


def best_guess(rows: list[tuple[list[float], bool]]) -> float:
    """Return how often the best question of one number, learnt on one half, is right on the other.

    Feeds and files weigh the same.
    """
    learnt, tried = rows[::2], rows[1::2]

    def right(some: list[tuple[list[float], bool]], place: int, least: float) -> float:
        shares = []
        for truth in (True, False):
            looks = [numbers[place] >= least for numbers, is_feed in some if is_feed is truth]
            shares.append(sum(look is truth for look in looks) / len(looks))
        return sum(shares) / 2

    questions = [
        (max(share, 1 - share), share >= 0.5, place, least)
        for place in range(len(rows[0][0]))
        for least in sorted({numbers[place] for numbers, _ in learnt})
        for share in (right(learnt, place, least),)
    ]
    _, is_above, place, least = max(questions)
    share = right(tried, place, least)
    return share if is_above else 1 - share


async def test_nothing_in_the_playlists_tells_a_feed_from_a_file() -> None:
    """In the example own streams come from feeds: who tells these apart knows what is a decoy."""
    rows = []
    for seed in range(30):
        rng = random.Random(seed)
        night = night_of(planned(seed=seed))
        feed = await feed_until(LATER + timedelta(minutes=1), rng)
        file = [OwnPiece(2.0 + rng.uniform(-0.004, 0.004), media=b"x") for _ in range(9)]
        is_feed = [media.event is not None for media in night.programme.media]
        footage = [feed if fed else LoopedFootage(file, begins_at=NIGHT.start) for fed in is_feed]
        live = LiveDecoys(night, footage, Copier())
        at = LATER + timedelta(seconds=rng.random() * 10)
        for leaf, media in zip(night.plan.leaves, night.media_of, strict=True):
            rows.append((await looks_of(live, leaf.decoy, at), is_feed[media]))
    assert len({fed for _, fed in rows}) == 2
    random.Random(1).shuffle(rows)
    assert best_guess(rows) < 0.6
