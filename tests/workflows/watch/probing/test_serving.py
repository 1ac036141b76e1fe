"""Who serves what a look showed: a table of attacks that would accuse an innocent, and of evasions."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import pytest

from cautery.formats.open_redirect import only_sends_on
from cautery.lab.readers import ReadersHere
from cautery.model import Mandate, Observation, Partner, Regime, Window, Witness, Work, host_of
from cautery.workflows.media.fetching import Fetched, fetch_newest
from cautery.workflows.watch.probing.serving import (
    MOST_PLACES,
    Serving,
    partner_leading,
    serving_of,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MEDIA = b"media of ours" * 20
A, B = "http://a.pirate.example/0.ts", "http://b.pirate2.example/1.ts"
FILM = "http://pirate.example/live/film.ts"
TOKEN = base64.urlsafe_b64encode(b'{"iss":"https://login.example/"}').decode().rstrip("=")
LAWFUL = "http://innocent.example/bbb/1.ts"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=320x180{}\n{}\n"
SOUND = '#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="x",DEFAULT=YES,URI="{}"\n'


def playlist(*urls: str, before: str = "", each_s: int = 30) -> bytes:
    lines = "".join(f"#EXTINF:{each_s},\n{url}\n" for url in urls)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:30\n{before}{lines}#EXT-X-ENDLIST\n".encode()


def echo(body: bytes) -> str:
    return f"http://innocent.example/echo?text={quote(body)}"


def observed(*kinds: str) -> Observation:
    witnesses = tuple(
        Witness(
            kind=kind, reference="work-1", score=60.0, runner_up=0.0, delay_s=0.0, speed=1.0,
            coverage=1.0, probe_s=12.0, log10_lr=6.0,
        )
        for kind in kinds
    )  # fmt: skip
    return Observation(at=NOON, witnesses=witnesses)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What is asked, what answers, what that showed, and what follows."""

    asked: str
    table: Mapping[str, bytes] = field(default_factory=dict)
    led_through: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    showed: tuple[str, ...] = ("sound",)
    led_to: str | None = None
    named: frozenset[str] = frozenset()
    media: str = ""
    hands_on: bool = True


BY_PANEL = {
    "http://panel.pirate.example/live.m3u8": playlist("http://edge7.cdnx.example/0.ts"),
    "http://edge7.cdnx.example/0.ts": MEDIA,
}
TO_PANEL = MASTER.format("", "http://panel.pirate.example/live.m3u8").encode()
WITH_SOUND = (
    SOUND.format("http://pirate.example/sound.m3u8")
    + MASTER.format(',AUDIO="a"', "http://pirate.example/v.m3u8").partition("\n")[2]
).encode()
BY_SOUND = {
    "http://pirate.example/v.m3u8": playlist(LAWFUL),
    "http://pirate.example/sound.m3u8": playlist("http://pirate.example/s.ts"),
    "http://pirate.example/s.ts": MEDIA,
    LAWFUL: MEDIA,
}
MAPPED = playlist(f"#EXT-X-BYTERANGE:0@0\n{LAWFUL}", before=f'#EXT-X-MAP:URI="{FILM}"\n')
BY_SOUND_ALONE = "a sound track that alone proves it, and pictures of the innocent whom it names"
SHORT = "http://short.example/abc"
BY_PROXY = f"http://proxy.example/seg?url={quote(A, safe='')}"
ON_A_LIST = "http://pirate.example/m.m3u8"
INNOCENT = {
    "an echo of media at two hosts": Look(
        asked=echo(playlist(A, B)),
        table={A: MEDIA, B: MEDIA},
        named=frozenset(("a.pirate.example", "b.pirate2.example")),
    ),
    "an echo of media, and of some of its own": Look(
        asked=echo(playlist(A, LAWFUL)),
        table={A: MEDIA, LAWFUL: MEDIA},
        named=frozenset(("a.pirate.example",)),
    ),
    "an echo of a master playlist": Look(
        asked=echo(TO_PANEL), table=BY_PANEL, led_to="panel.pirate.example",
        media="edge7.cdnx.example",
    ),
    "an echo of a short link to media": Look(
        asked=echo(playlist(SHORT)), table={SHORT: MEDIA}, led_through={SHORT: (SHORT, A)},
        led_to="short.example", media="a.pirate.example",
    ),
    "an echo of a sound track": Look(
        asked=echo(WITH_SOUND), table=BY_SOUND, led_to="pirate.example", media="pirate.example"
    ),
    "a proxy": Look(
        asked=f"http://proxy.example/?url={quote(FILM, safe='')}",
        named=frozenset(("pirate.example",)),
    ),
    "a proxy by path": Look(
        asked=f"http://proxy.example/{FILM}", named=frozenset(("pirate.example",))
    ),
    "a web archive": Look(
        asked=f"http://archive.example/web/2026/{FILM.replace('//', '/')}",
        named=frozenset(("pirate.example",)),
    ),
    "a proxy without the scheme": Look(
        asked=f"http://proxy.example/?u={FILM.removeprefix('http:')}",
        named=frozenset(("pirate.example",)),
    ),
    "a proxy by base64": Look(
        asked=f"http://proxy.example/p/{base64.urlsafe_b64encode(FILM.encode()).decode()}",
        named=frozenset(("pirate.example",)),
    ),
    "a proxy that first leads to its own www": Look(
        asked=f"http://proxy.example/?url={FILM}",
        led_through={
            f"http://proxy.example/?url={FILM}": (
                f"http://proxy.example/?url={FILM}", f"http://www.proxy.example/?url={FILM}"
            )
        },
        named=frozenset(("pirate.example",)),
    ),
    "a proxy to which its own open redirect comes back": Look(
        asked=f"http://proxy.example/out?url={FILM}",
        led_through={
            f"http://proxy.example/out?url={FILM}": (
                f"http://proxy.example/out?url={FILM}", FILM, f"http://proxy.example/?url={FILM}"
            )
        },
        named=frozenset(("pirate.example",)),
    ),
    "a proxy of playlists": Look(
        asked=f"http://proxy.example/hls?url={quote(FILM, safe='')}",
        table={
            f"http://proxy.example/hls?url={quote(FILM, safe='')}": playlist(BY_PROXY),
            BY_PROXY: MEDIA,
        },
        named=frozenset(("pirate.example",)),
    ),
    "an echo of what a proxy gives": Look(
        asked=echo(playlist(BY_PROXY)), table={BY_PROXY: MEDIA}, named=frozenset(("proxy.example",))
    ),
}  # fmt: skip
GUILTY = {
    "media as initialisation sections, and none of the innocent whom it names": Look(
        asked=f"{ON_A_LIST}?ref=innocent.example",
        table={f"{ON_A_LIST}?ref=innocent.example": MAPPED, LAWFUL: MEDIA, FILM: MEDIA},
        media="pirate.example",
        hands_on=False,
    ),
    BY_SOUND_ALONE: Look(
        asked=f"{ON_A_LIST}?ref=innocent.example",
        table={f"{ON_A_LIST}?ref=innocent.example": WITH_SOUND, **BY_SOUND},
        media="pirate.example",
        hands_on=False,
    ),
    "a name in its question": Look(
        asked=f"{FILM}?ref=innocent.example", media="pirate.example", hands_on=False
    ),
    "who signed its token": Look(
        asked=f"{FILM}?token=eyJhbGciOiJIUzI1NiJ9."
        f"{TOKEN}.x",
        media="pirate.example",
        hands_on=False,
    ),
    "its own address": Look(
        asked=f"{FILM}?url=http://www.pirate.example/", media="pirate.example", hands_on=False
    ),
    "media at two hosts": Look(
        asked=ON_A_LIST, table={ON_A_LIST: playlist(A, B), A: MEDIA, B: MEDIA}, hands_on=False
    ),
    "segments that a proxy gives": Look(
        asked=ON_A_LIST, table={ON_A_LIST: playlist(BY_PROXY), BY_PROXY: MEDIA}, hands_on=False
    ),
    "a redirect to a whole URL in a question": Look(
        asked=FILM, led_through={FILM: (FILM, f"{A}?from=http://innocent.example/")}, hands_on=False
    ),
}  # fmt: skip


@pytest.fixture
def fetched(answers: Callable[..., Any]) -> Callable[..., Any]:
    """Fetch what a look at a URL gives; a URL that no table holds is an echo's, or a file's."""

    async def of(look: Look) -> Fetched:
        said = look.asked.partition("?text=")[2]
        table = {look.asked: unquoted(said) if said else MEDIA, **look.table}
        fetcher = answers(table)
        fetcher.led_through |= look.led_through
        return await fetch_newest(
            look.asked, fetcher=Answered(fetcher), readers=ReadersHere(), seconds=12.0
        )

    return of


def unquoted(text: str) -> bytes:
    return unquote_to_bytes(text)


class Answered:
    """A fetcher whose answers have the last of their hops as their URL, as a client's have."""

    def __init__(self, fetcher: Any) -> None:
        self._fetcher = fetcher

    async def fetch(self, url: str, **more: Any) -> Any:
        answer = await self._fetcher.fetch(url, **more)
        return replace(answer, url=answer.hops[-1])


def hands_on(serving: Serving, asked: str) -> bool:
    return only_sends_on(host_of(asked), serving.hosts, serving.led_to_host, serving.named_hosts)


@pytest.mark.parametrize("name", [*INNOCENT, *GUILTY])
async def test_who_serves_is_who_gave_what_proves_it_or_leads_there_by_itself(
    fetched: Callable[..., Any], name: str
) -> None:
    look = (INNOCENT | GUILTY)[name]
    serving = serving_of(await fetched(look), observed(*look.showed))
    assert hands_on(serving, look.asked) is look.hands_on
    assert serving.led_to_host == look.led_to
    assert frozenset(serving.named_hosts) == look.named
    assert host_of(serving.media) == look.media


async def test_whose_pictures_and_whose_sound_prove_it_is_told_apart(
    fetched: Callable[..., Any],
) -> None:
    look = await fetched(GUILTY["a sound track that alone proves it, and pictures of the innocent whom it names"])  # fmt: skip
    assert host_of(serving_of(look, observed("sound")).media) == "pirate.example"
    assert host_of(serving_of(look, observed("picture")).media) == "innocent.example"
    assert serving_of(look, observed("sound", "picture")).media == ""


@pytest.mark.parametrize(
    ("asked", "plain"),
    [
        (f"{FILM}?ref=http://innocent.example/&user=1", f"{FILM}?user=1"),
        (f"{FILM}?ref=http%3A%2F%2Finnocent.example%2F", FILM),
        (f"{FILM}?user=1#http://innocent.example/", f"{FILM}?user=1"),
        ("http://pirate.example/a/http://innocent.example/b?c=1", "http://pirate.example/a"),
        ("http://pirate.example/http://innocent.example/b", None),
    ],
)
async def test_what_is_proven_is_asked_for_without_the_names_too(
    fetched: Callable[..., Any], asked: str, plain: str | None
) -> None:
    serving = serving_of(await fetched(Look(asked=asked)), observed("sound"))
    assert hands_on(serving, asked)
    assert serving.plain == plain


async def test_a_playlist_of_many_hosts_has_few_of_them_asked_about(
    fetched: Callable[..., Any],
) -> None:
    urls = [f"http://h{number}.example/0.ts" for number in range(40)]
    look = Look(asked=echo(playlist(*urls, each_s=2)), table=dict.fromkeys(urls, MEDIA))
    assert len(serving_of(await fetched(look), observed("sound")).named) == MOST_PLACES


PARTNER = Partner(name="Licensee", hosts=("licensee.example",), channels=("news",))
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON.replace(hour=13)),
    territories=("FR",),
    works=(Work(id="work-1", title="A Film", legal_basis="rights"),),
)
TV = "http://tv.licensee.example/live/film.ts"


@pytest.mark.parametrize(
    ("hops", "leads"),
    [
        ((TV, "http://d1.cdn.example/film.ts"), True),
        (("http://pirate.example/1", TV, "http://d1.cdn.example/film.ts"), True),
        ((TV,), False),
        ((TV, "http://cdn.licensee.example/film.ts"), False),
        (("http://pirate.example/1", TV), False),
        ((f"{TV}?to={FILM}", FILM), False),
        ((FILM, A), False),
    ],
)
async def test_a_partner_that_leads_to_a_host_is_told_from_one_whose_question_names_it(
    fetched: Callable[..., Any], hops: tuple[str, ...], *, leads: bool
) -> None:
    look = Look(asked=hops[0], led_through={hops[0]: hops})
    mandate = replace(MANDATE, partners=(replace(PARTNER, channels=()),))
    partner = partner_leading(await fetched(look), mandate)
    assert (partner is not None and partner.name == "Licensee") is leads
