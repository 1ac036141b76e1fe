"""The newest media of a stream is chosen, sealed as received, and unlocked only as any player may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import LimitError, SourceError, StorageError
from cautery.evidence.warc import read_warc
from cautery.formats.hls import Key, MediaPlaylist, Segment
from cautery.lab.readers import ReadersHere
from cautery.model import Entry, ExhibitId, host_of
from cautery.workflows.case.capturing import Capturing
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.media import fetching
from cautery.workflows.media.fetching import (
    MOST_SEGMENTS,
    PLAYLIST,
    fetch_newest,
    fetch_segments,
    join_segments,
    media,
    newest,
)
from cautery.workflows.media.segments import cut, decrypt

BASE = "http://pirate.example/1"
SECRET = bytes(range(16))
EDGE_S = 1_000.0


def playlist(durations_s: list[float], *, ended: bool = False, first: int = 7) -> MediaPlaylist:
    segments = tuple(
        Segment(url=f"{BASE}/{first + at}.ts", sequence=first + at, duration_s=one)
        for at, one in enumerate(durations_s)
    )
    return MediaPlaylist(
        url=f"{BASE}/index.m3u8", target_s=4.0, sequence=first, segments=segments, ended=ended
    )


def written(durations_s: list[float], *, before: str = "", after: str = "") -> bytes:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXT-X-MEDIA-SEQUENCE:7", before]
    for at, one in enumerate(durations_s):
        lines += [f"#EXTINF:{one},", f"{7 + at}.ts"]
    return "\n".join([*filter(None, lines), after]).encode()


def locked(clear: bytes, *, key: bytes, vector: bytes) -> bytes:
    padder = PKCS7(128).padder()
    machine = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return machine.update(padder.update(clear) + padder.finalize()) + machine.finalize()


def a_key(*, iv: bytes | None = None) -> Key:
    return Key(method="AES-128", url=f"{BASE}/key.bin", iv=iv, key_format="identity", drm=None)


def kinds(heard: list[Entry]) -> list[str]:
    return [one.record.body["what"] for one in heard if one.record.kind == "exhibit.sealed"]


def test_of_a_live_playlist_the_last_seconds_are_taken_and_end_at_its_edge() -> None:
    chosen, available_s = newest(playlist([4.0] * 6), 12.0, edge_s=EDGE_S)
    assert [one.sequence for one in chosen] == [10, 11, 12]
    assert available_s == EDGE_S - 12.0


def test_a_live_playlist_that_is_shorter_than_a_probe_is_taken_whole() -> None:
    chosen, available_s = newest(playlist([2.0, 3.0]), 12.0, edge_s=EDGE_S)
    assert [one.sequence for one in chosen] == [7, 8]
    assert available_s == EDGE_S - 5.0


def test_of_a_film_several_places_are_taken_after_its_opening() -> None:
    chosen, place_s = newest(playlist([4.0] * 60, ended=True), 12.0, edge_s=EDGE_S)
    assert place_s == 80.0, "the place in the film, not a time of day"
    assert sum(one.duration_s for one in chosen) == 48.0
    assert chosen[0].sequence == 7 + 20


@given(st.lists(st.floats(0.5, 10.0), min_size=1, max_size=40), st.floats(0.5, 30.0))
def test_what_is_taken_of_a_live_stream_is_its_end_and_no_longer_than_needed(
    durations_s: list[float], seconds: float
) -> None:
    chosen, available_s = newest(playlist(durations_s), seconds, edge_s=EDGE_S)
    held = [one.duration_s for one in chosen]
    assert held == durations_s[-len(held) :]
    assert sum(held[1:]) < seconds
    assert available_s == pytest.approx(EDGE_S - sum(held))


def test_a_byte_range_is_cut_as_the_playlist_says() -> None:
    assert cut(b"0123456789", "3@2") == b"234"
    assert cut(b"0123456789", "4") == b"0123"
    assert cut(b"0123456789", None) == b"0123456789"


@pytest.mark.parametrize(
    "wrong", ["11", "5@6", "-1@0", "1@-1", "a@b", "", "3@", "@3", "\u00b2@0", "9" * 5000]
)
def test_a_byte_range_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(SourceError, match="byte range"):
        cut(b"0123456789", wrong)


@given(st.binary(max_size=200), st.integers(0, 2**63))
def test_a_segment_without_a_vector_is_unlocked_by_its_sequence_number(
    clear: bytes, sequence: int
) -> None:
    vector = sequence.to_bytes(16, "big")
    segment = Segment(url=f"{BASE}/1.ts", sequence=sequence, duration_s=4.0, key=a_key())
    assert decrypt(locked(clear, key=SECRET, vector=vector), key=SECRET, segment=segment) == clear


def test_a_vector_in_the_playlist_goes_before_the_sequence_number() -> None:
    vector = b"\x07" * 16
    segment = Segment(url=f"{BASE}/1.ts", sequence=3, duration_s=4.0, key=a_key(iv=vector))
    body = locked(b"clear", key=SECRET, vector=vector)
    assert decrypt(body, key=SECRET, segment=segment) == b"clear"


def test_a_wrong_key_is_said_and_gives_no_noise() -> None:
    segment = Segment(url=f"{BASE}/1.ts", sequence=3, duration_s=4.0, key=a_key())
    # Nine blocks whose last, under the wrong key, is no PKCS#7 padding.
    body = locked(b"x" * 140, key=SECRET, vector=(3).to_bytes(16, "big"))
    with pytest.raises(SourceError, match="cannot be decrypted"):
        decrypt(body, key=b"\xff" * 16, segment=segment)


@pytest.mark.parametrize("key", [b"", b"short", b"k" * 17])
def test_a_key_of_the_wrong_length_is_refused(key: bytes) -> None:
    segment = Segment(url=f"{BASE}/1.ts", sequence=3, duration_s=4.0, key=a_key())
    with pytest.raises(SourceError, match=f"must have 16 bytes, not {len(key)}"):
        decrypt(b"\0" * 16, key=key, segment=segment)


def test_a_segment_that_is_no_whole_number_of_blocks_is_refused() -> None:
    segment = Segment(url=f"{BASE}/1.ts", sequence=3, duration_s=4.0, key=a_key())
    with pytest.raises(SourceError, match="cannot be decrypted"):
        decrypt(b"\0" * 15, key=SECRET, segment=segment)


async def test_first_segments_that_are_lost_move_the_time_of_what_is_left(
    answers: Callable[..., Any], journal: Journal
) -> None:
    fetcher = answers({f"{BASE}/9.ts": b"nine", f"{BASE}/10.ts": b"ten"})
    data, lost_s = await fetch_segments(playlist([4.0, 3.0, 4.0, 4.0]).segments, fetcher=fetcher)
    assert data == b"nineten"
    assert lost_s == 7.0


async def test_a_segment_lost_in_the_middle_does_not_move_the_time(
    answers: Callable[..., Any], journal: Journal
) -> None:
    fetcher = answers({f"{BASE}/7.ts": b"seven", f"{BASE}/9.ts": b"nine"})
    data, lost_s = await fetch_segments(playlist([4.0, 4.0, 4.0]).segments, fetcher=fetcher)
    assert data == b"sevennine"
    assert lost_s == 0.0


async def test_a_stream_without_one_segment_raises_what_went_wrong_last(
    answers: Callable[..., Any], journal: Journal
) -> None:
    fetcher = answers({f"{BASE}/7.ts": 403, f"{BASE}/8.ts": LimitError("it stalls")})
    with pytest.raises(LimitError, match="stalls"):
        await fetch_segments(playlist([4.0, 4.0]).segments, fetcher=fetcher)


async def test_an_initialisation_section_alone_is_no_media(
    answers: Callable[..., Any], journal: Journal
) -> None:
    segment = Segment(url=f"{BASE}/1.m4s", sequence=1, duration_s=4.0, map_url=f"{BASE}/init.mp4")
    with pytest.raises(SourceError, match="404"):
        await fetch_segments((segment,), fetcher=answers({f"{BASE}/init.mp4": b"init"}))


async def test_sub_ranges_of_one_file_are_fetched_once_and_joined_in_order(
    answers: Callable[..., Any], journal: Journal
) -> None:
    url = f"{BASE}/all.mp4"
    segments = tuple(
        Segment(
            url=url,
            sequence=at,
            duration_s=2.0,
            byte_range=f"2@{4 + 2 * at}",
            map_url=url,
            map_byte_range="4@0",
        )
        for at in range(3)
    )
    fetcher = answers({url: b"INITaabbcc"})
    data, _ = await fetch_segments(segments, fetcher=fetcher)
    assert data == b"INITaabbcc"
    assert fetcher.asked == [url]


async def test_a_locked_stream_is_sealed_as_received_and_heard_in_the_clear(
    answers: Callable[..., Any], journal: Journal, case: Case
) -> None:
    kept: list[ExhibitId] = []
    head = '#EXT-X-KEY:METHOD=AES-128,URI="key.bin"'
    bodies = {
        f"{BASE}/{number}.ts": locked(
            f"clear {number} ".encode(), key=SECRET, vector=number.to_bytes(16, "big")
        )
        for number in (7, 8)
    }
    fetched = await fetch_newest(
        f"{BASE}/index.m3u8",
        fetcher=Capturing(
            answers(
                {f"{BASE}/index.m3u8": written([4, 4], before=head), f"{BASE}/key.bin": SECRET}
                | bodies
            ),
            journal,
            media,
            into=kept,
        ),
        readers=ReadersHere(),
        seconds=12.0,
    )
    assert fetched.data == b"clear 7 clear 8 "
    held = [archived for one in kept[1:] for archived in read_warc(case.vault.read(one))]
    assert {one.body for one in held} == {SECRET, *bodies.values()}


SENT_ON = "http://innocent.example/out?to=pirate.example"


@pytest.mark.parametrize(
    ("segments", "answered", "served"),
    [
        ((f"{BASE}/7.ts", f"{BASE}/8.ts"), {}, [f"{BASE}/7.ts"]),
        ((SENT_ON,), {SENT_ON: f"{BASE}/7.ts"}, [f"{BASE}/7.ts"]),
        ((f"{BASE}/7.ts",), {f"{BASE}/7.ts": f"{BASE}/7.ts?token=1"}, [f"{BASE}/7.ts"]),
        (
            ("http://innocent.example/7.ts", f"{BASE}/8.ts"),
            {},
            ["http://innocent.example/7.ts", f"{BASE}/8.ts"],
        ),
        (("http://gone.example/7.ts", f"{BASE}/8.ts"), {}, [f"{BASE}/8.ts"]),
    ],
)
async def test_media_lie_at_each_host_that_answered_some_of_them(
    answers: Callable[..., Any],
    segments: tuple[str, ...],
    answered: dict[str, str],
    served: list[str],
) -> None:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", *(f"#EXTINF:4,\n{url}" for url in segments)]
    table = {"http://list.example/": "\n".join(lines).encode()} | dict.fromkeys(
        (url for url in segments if "gone" not in url), b"media"
    )
    fetcher = answers(table)

    class SentOn:
        async def fetch(self, url: str, **limits: Any) -> Any:
            answer = await fetcher.fetch(url, **limits)
            last = answered.get(url, url)
            return replace(answer, url=last, hops=(url, last))

    fetched = await fetch_newest(
        "http://list.example/", fetcher=SentOn(), readers=ReadersHere(), seconds=12.0
    )
    places = {host_of(place.url): place.url for place in fetched.places}
    assert places == {host_of(url): url for url in served}


async def test_a_host_gave_what_was_decoded_of_its_answers_and_no_more(
    answers: Callable[..., Any],
) -> None:
    innocent, pirate = "http://innocent.example/7.ts", "http://pirate.example/8.ts"
    held = "http://echo.example/base64/" + "QUJDRA" * 40
    segments = (
        Segment(url=innocent, sequence=0, duration_s=4.0, byte_range="0@0", map_url=pirate),
        Segment(url=held, sequence=1, duration_s=4.0),
    )
    table = {innocent: b"a lawful film", pirate: b"media", held: b"ABCD" * 40}
    joined = await join_segments(segments, fetcher=answers(table))
    assert [(place.url, place.size) for place in joined.places] == [(pirate, 5)]


async def test_media_behind_another_hosts_url_are_not_known_to_be_their_hosts(
    answers: Callable[..., Any],
) -> None:
    plain, proxied = (f"http://proxy.example/{last}" for last in ("1.ts", "?u=http://b.example/2"))
    segments = tuple(
        Segment(url=url, sequence=at, duration_s=4.0) for at, url in enumerate((plain, proxied))
    )
    joined = await join_segments(segments, fetcher=answers({plain: b"media", proxied: b"media"}))
    assert [(place.url, place.hands_on) for place in joined.places] == [(plain, True)]


async def test_a_stream_under_drm_is_recorded_and_neither_key_nor_segment_asked_for(
    answers: Callable[..., Any], journal: Journal
) -> None:
    head = (
        '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://licence.example/1",'
        'KEYFORMAT="com.apple.streamingkeydelivery",KEYFORMATVERSIONS="1"'
    )
    fetcher = answers({f"{BASE}/index.m3u8": written([4, 4], before=head)})
    with pytest.raises(SourceError, match=r"DRM \(FairPlay\).*not circumvented"):
        await fetch_newest(
            f"{BASE}/index.m3u8", fetcher=fetcher, readers=ReadersHere(), seconds=12.0
        )
    assert fetcher.asked == [f"{BASE}/index.m3u8"]


async def test_the_playlist_is_sealed_confidentially_before_its_segments(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    table = {f"{BASE}/index.m3u8": written([4.0]), f"{BASE}/7.ts": b"seven"}
    kept: list[ExhibitId] = []
    fetcher = Capturing(answers(table), journal, media, into=kept)
    fetched = await fetch_newest(
        f"{BASE}/index.m3u8", fetcher=fetcher, readers=ReadersHere(), seconds=12.0
    )
    assert kinds(heard) == ["playlist", "segment"]
    assert [one.record.body["exhibit"]["confidential"] for one in heard] == [True, False]
    assert kept == [one.record.body["exhibit"]["id"] for one in heard]
    assert fetched.live


async def test_a_master_playlist_leads_to_its_media_and_both_are_sealed(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    master = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=320x180\nmedia.m3u8\n"
    table = {
        f"{BASE}/index.m3u8": master,
        f"{BASE}/media.m3u8": written([4.0]),
        f"{BASE}/7.ts": b"seven",
    }
    fetched = await fetch_newest(
        f"{BASE}/index.m3u8",
        fetcher=Capturing(answers(table), journal, media),
        readers=ReadersHere(),
        seconds=12.0,
    )
    assert fetched.data == b"seven"
    assert kinds(heard) == ["playlist", "playlist", "segment"]


async def test_a_refusal_is_sealed_too(
    answers: Callable[..., Any], journal: Journal, heard: list[Entry]
) -> None:
    with pytest.raises(SourceError, match="answers 403"):
        await fetch_newest(
            BASE,
            fetcher=Capturing(answers({BASE: 403}), journal, media),
            readers=ReadersHere(),
            seconds=9,
        )
    assert kinds(heard) == ["refusal"]


async def test_a_segment_fetched_again_is_kept_once_and_both_archives_are_named(
    answers: Callable[..., Any], journal: Journal, case: Case
) -> None:
    url, kept = f"{BASE}/7.ts", list[ExhibitId]()
    fetcher = Capturing(answers({url: b"G" * 100_000}), journal, media, into=kept)
    first = await fetcher.fetch(url, limits=PLAYLIST)
    again = list[ExhibitId]()
    second = await Capturing(answers({url: b"G" * 100_000}), journal, media, into=again).fetch(
        url, limits=PLAYLIST
    )
    assert first.body == second.body
    assert len(case.vault.read(again[0])) < 5_000
    assert again[1:] == kept
    [held] = read_warc(case.vault.read(again[0]))
    assert held.body is None


async def test_a_master_playlist_that_leads_to_a_master_playlist_is_refused(
    answers: Callable[..., Any], journal: Journal
) -> None:
    master = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\nindex.m3u8\n"
    with pytest.raises(SourceError, match="another master"):
        await fetch_newest(
            f"{BASE}/index.m3u8",
            fetcher=answers({f"{BASE}/index.m3u8": master}),
            readers=ReadersHere(),
            seconds=12.0,
        )


async def test_a_playlist_without_end_is_refused(
    answers: Callable[..., Any], journal: Journal
) -> None:
    fetcher = answers({BASE: b"#EXTM3U\n" + b"A" * 1000}, truncated=True)
    with pytest.raises(LimitError, match="is too large"):
        await fetch_newest(BASE, fetcher=fetcher, readers=ReadersHere(), seconds=12.0)


@pytest.mark.parametrize("status", [403, 404, 451, 500])
async def test_a_stream_that_answers_with_an_error_names_host_and_status(
    answers: Callable[..., Any], journal: Journal, status: int
) -> None:
    with pytest.raises(SourceError, match=rf"pirate\.example answers {status}"):
        await fetch_newest(
            BASE, fetcher=answers({BASE: status}), readers=ReadersHere(), seconds=12.0
        )


async def test_plain_media_that_goes_on_is_live_and_a_file_is_not(
    answers: Callable[..., Any], journal: Journal
) -> None:
    live, file = [
        await fetch_newest(
            BASE,
            fetcher=answers({BASE: b"G" * 188}, truncated=on),
            readers=ReadersHere(),
            seconds=12.0,
        )
        for on in (True, False)
    ]
    assert (live.live, file.live) == (True, False)
    assert (live.available_s > 1e9, file.available_s) == (True, 0.0)


async def test_of_a_transaction_that_failed_nothing_is_kept(
    answers: Callable[..., Any], journal: Journal, case: Case, heard: list[Entry]
) -> None:
    kept: list[ExhibitId] = []
    fetcher = Capturing(answers({BASE: LimitError("it never ends")}), journal, media, into=kept)
    with pytest.raises(LimitError):
        await fetcher.fetch(BASE, limits=PLAYLIST)
    assert (kept, heard) == ([], [])
    assert not [one for one in (case.path / "vault").rglob("*") if one.is_file()]


async def test_what_cannot_be_sealed_is_not_worked_with(
    answers: Callable[..., Any], journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("disk full")

    monkeypatch.setattr(journal._vault, "seal", full)
    with pytest.raises(StorageError):
        await Capturing(answers({BASE: b"G" * 188}), journal, media).fetch(BASE, limits=PLAYLIST)


def test_segments_that_last_no_time_are_taken_by_number() -> None:
    for ended in (False, True):
        chosen, _ = newest(playlist([0.0] * 20_000, ended=ended), 12.0, edge_s=EDGE_S)
        assert len(chosen) <= MOST_SEGMENTS


async def test_no_more_bytes_are_joined_than_are_decoded(
    answers: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1000)
    fetcher = answers({f"{BASE}/{number}.ts": bytes(400) for number in range(7, 107)})
    data, _ = await fetch_segments(playlist([4.0] * 100).segments, fetcher=fetcher)
    assert len(data) == 1200


async def test_of_ranges_in_many_files_one_file_is_held_at_a_time(
    answers: Callable[..., Any],
) -> None:
    urls = [f"{BASE}/{number}.ts" for number in range(3)]
    fetcher = answers({url: bytes(100) for url in urls})
    segments = tuple(
        Segment(url=url, sequence=at, duration_s=1.0, byte_range="1@0")
        for at, url in enumerate([*urls, urls[0]])
    )
    data, _ = await fetch_segments(segments, fetcher=fetcher)
    assert len(data) == 4


@pytest.mark.parametrize(("sequence", "iv"), [(-1, None), (10**60, None), (7, b"x"), (7, b"")])
def test_a_vector_that_is_none_is_refused(sequence: int, iv: bytes | None) -> None:
    segment = Segment(url=BASE, sequence=sequence, duration_s=4.0, key=a_key(iv=iv))
    with pytest.raises(SourceError, match="cannot be decrypted"):
        decrypt(b"\0" * 16, key=SECRET, segment=segment)
