"""The programme of a night: of which media, hosts, disguises and titles its decoys are drawn."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cautery.errors import CauteryError, InputError
from cautery.model import Mandate, Window
from cautery.model.decoys import MOST_DECOYS, DecoyKind
from cautery.model.disguises import DISGUISES, Disguise, chain_of
from cautery.model.host_names import ascii_name, host_of, literal
from cautery.model.ids import check_id
from cautery.model.own_places import covers
from cautery.model.times import to_utc
from cautery.model.toml import simple_toml

MAX_PROGRAMME_BYTES = 1 << 20
_Text = Annotated[str, Field(min_length=1, max_length=500)]
_Seconds = Annotated[float, Field(ge=0, le=86_400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHost:
    """A host of the organisation on which decoys may stand.

    Parameters
    ----------
    name : str
        As decoys' URLs have it: a name or an address.
    address : str
        At which it is reached.
    port : int
        Its port.
    partner : bool
        Whether the mandate names it as a partner's, who may show the event.
    further : tuple of str
        Further addresses to which its name led when the night was planned.
    """

    name: str
    address: str
    port: int
    partner: bool = False
    further: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """All its addresses: an act on any of them would hit it."""
        return (self.address, *self.further)

    @property
    def base(self) -> str:
        """The beginning of its URLs."""
        host = f"[{self.name}]" if ":" in self.name else self.name
        return f"http://{host}" if self.port == 80 else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMedia:
    """Media of the organisation.

    Parameters
    ----------
    place : str
        An absolute path of an HLS playlist, or the URL of a running feed.
    kind : DecoyKind
        What it shows.
    event : str or None
        Id of the event in the mandate that it shows; ``None``: it shows none.
    licensee : str or None
        Id of the licensee's channel; ``None``: it is the clean feed, or none.
    begins_at : datetime or None
        When its first second is live, in UTC; ``None``: at the start of the night.
    titles : tuple of str
        Titles of its own; empty: those of the programme.
    """

    place: str
    kind: DecoyKind
    event: str | None = None
    licensee: str | None = None
    begins_at: datetime | None = None
    titles: tuple[str, ...] = ()

    @property
    def is_feed(self) -> bool:
        """Whether it is fetched from a running feed."""
        return self.place.startswith(("http://", "https://"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoyList:
    """A playlist (M3U) that offers decoys.

    Parameters
    ----------
    host : str
        Name of the own host that serves it.
    path : str
        Its path there.
    """

    host: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What the decoys of one night are drawn from.

    Parameters
    ----------
    night : str
        Id of the night.
    planner : str
        Name of the planner.
    window : Window
        When decoys may stand.
    own_streams, look_alikes : int
        How many of each.
    delay_s, appears_s : tuple of (float, float)
        Least and most delay behind the media, and least and most time from the start of the night
        until a decoy appears.
    titles : tuple of str
        Patterns: ``{event}`` and ``{number}`` are filled in.
    disguises : tuple of Disguise
        The mix.
    hosts : tuple of OwnHost
    lists : tuple of DecoyList
    media : tuple of OwnMedia
    own_places : tuple of str
        The organisation's own domains and ranges of addresses.
    """

    night: str
    planner: str
    window: Window
    own_streams: int
    look_alikes: int
    delay_s: tuple[float, float]
    appears_s: tuple[float, float]
    titles: tuple[str, ...]
    disguises: tuple[Disguise, ...]
    hosts: tuple[OwnHost, ...]
    lists: tuple[DecoyList, ...]
    media: tuple[OwnMedia, ...]
    own_places: tuple[str, ...]

    def host(self, name: str) -> OwnHost | None:
        """Return an own host by its name; ``None``: it is a stranger's."""
        return next((host for host in self.hosts if host.name == name), None)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _HostTable(_Table):
    name: _Text
    address: _Text
    port: Annotated[int, Field(ge=1, le=65_535)] = 80
    partner: bool = False


class _ListTable(_Table):
    host: _Text
    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9._/-]{1,200}$")]


class _MediaTable(_Table):
    path: _Text | None = None
    feed: _Text | None = None
    kind: DecoyKind = DecoyKind.OWN_STREAM
    event: _Text | None = None
    licensee: _Text | None = None
    begins_at: datetime | None = None
    titles: list[_Text] = []


class _RecipeTable(_Table):
    name: _Text
    vf: str = ""
    af: str = ""


class _File(_Table):
    night: _Text
    planner: _Text
    start: datetime
    end: datetime
    own: Annotated[list[_Text], Field(min_length=1, max_length=200)]
    own_streams: Annotated[int, Field(ge=1, le=MOST_DECOYS // 2)]
    look_alikes: Annotated[int, Field(ge=0, le=MOST_DECOYS // 2)]
    delay_s: tuple[_Seconds, _Seconds] = (8.0, 45.0)
    appears_s: tuple[_Seconds, _Seconds] = (0.0, 1800.0)
    titles: Annotated[list[_Text], Field(min_length=1, max_length=500)]
    disguises: Annotated[list[_Text], Field(min_length=1, max_length=200)] = ["none"]
    host: Annotated[list[_HostTable], Field(max_length=500)] = []
    list_: Annotated[list[_ListTable], Field(alias="list", max_length=50)] = []
    media: Annotated[list[_MediaTable], Field(max_length=200)] = []
    recipe: Annotated[list[_RecipeTable], Field(max_length=50)] = []


def read_programme(raw: bytes, *, folder: Path) -> Programme:
    """Read a programme.

    Parameters
    ----------
    folder : Path
        To which the paths in it are relative.

    Raises
    ------
    InputError
        Naming what is wrong and where.
    """
    if len(raw) > MAX_PROGRAMME_BYTES:
        raise InputError(f"a programme has at most {MAX_PROGRAMME_BYTES} bytes")
    try:
        tables = _File.model_validate(simple_toml(raw.decode()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"programme: {where}: {first['msg']}") from error
    except ValueError as error:
        raise InputError(f"programme: {error}") from error
    check_id("night", tables.night)
    for what, (least, most) in (("delay_s", tables.delay_s), ("appears_s", tables.appears_s)):
        if least > most:
            raise InputError(f"programme: {what}: {least:g} is more than {most:g}")
    if not tables.host:
        raise InputError("programme: it names no [[host]] on which decoys can stand")
    if not tables.list_:
        raise InputError("programme: it names no [[list]] that offers decoys")
    hosts = tuple(_host(row, tables.own) for row in tables.host)
    window = Window(start=to_utc("start", tables.start), end=to_utc("end", tables.end))
    if tables.appears_s[1] >= window.seconds:
        raise InputError("programme: appears_s: a decoy would appear after the end of the night")
    programme = Programme(
        night=tables.night,
        planner=tables.planner,
        window=window,
        own_streams=tables.own_streams,
        look_alikes=tables.look_alikes,
        delay_s=tables.delay_s,
        appears_s=tables.appears_s,
        titles=tuple(tables.titles),
        disguises=_disguises(tables),
        hosts=hosts,
        lists=tuple(DecoyList(host=row.host, path=row.path) for row in tables.list_),
        media=tuple(_media(row, folder) for row in tables.media),
        own_places=tuple(tables.own),
    )
    for row in programme.lists:
        if programme.host(row.host) is None:
            raise _stranger(row.host)
    _check_media(programme)
    return programme


def check_against(programme: Programme, mandate: Mandate) -> tuple[str, ...]:
    """Raise unless a night fits its mandate; return what is odd about it, in sentences.

    Raises
    ------
    InputError
        If it does not fit.
    """
    if not (
        mandate.window.start <= programme.window.start
        and programme.window.end <= mandate.window.end
    ):
        raise InputError("programme: the night is not within the window of the mandate")
    events = {event.id for event in mandate.events}
    channels = {channel.id: channel for channel in mandate.channels}
    for media in programme.media:
        if media.event is not None and media.event not in events:
            raise InputError(f"programme: the mandate has no event {media.event!r}")
        if media.licensee is not None:
            channel = channels.get(media.licensee)
            if channel is None or channel.event != media.event:
                raise InputError(
                    f"programme: {media.licensee!r} is no licensee's channel of {media.event!r} in "
                    "the mandate"
                )
    own_places = () if mandate.decoys is None else mandate.decoys.own
    for host in programme.hosts:
        if not (covers(own_places, host.name) and covers(own_places, host.address)):
            raise InputError(
                f"programme: the mandate does not say that {host.name} at {host.address} is your "
                "own: no decoy may stand on a stranger's server",
                hint="Two people sign own under [decoys] in the mandate.",
            )
        licensed = any(partner.carries(host.name) for partner in mandate.partners)
        if host.partner != licensed:
            raise InputError(
                f"programme: {host.name} is {'no' if host.partner else 'a'} partner's host in the "
                f"mandate, but partner = {str(host.partner).lower()}"
            )
    urls_read = {source.location.reveal() for source in mandate.sources}
    offered = [f"{_base(programme, row)}{row.path}" for row in programme.lists]
    return tuple(
        f"the mandate does not read the list {url}" for url in offered if url not in urls_read
    )


def _base(programme: Programme, row: DecoyList) -> str:
    host = programme.host(row.host)
    assert host is not None  # a programme is read whole
    return host.base


def _host(row: _HostTable, own_places: Iterable[str]) -> OwnHost:
    try:
        name = ascii_name(row.name)
        literal_name, address = literal(name), literal(row.address)
    except (UnicodeError, CauteryError) as error:
        raise InputError(f"programme: host {row.name[:60]!a}: {error}") from error
    if address is None:
        raise InputError(f"programme: host {row.name[:60]!a}: address is not an IP address")
    name = literal_name or name
    if host_of(OwnHost(name=name, address=address, port=row.port).base) != name:
        raise InputError(f"programme: {row.name[:60]!a} is not the name of a host")
    if not (is_own(name, own_places) and is_own(address, own_places)):
        raise _stranger(row.name)
    return OwnHost(name=name, address=address, port=row.port, partner=row.partner)


def _stranger(name: str) -> InputError:
    return InputError(
        f"programme: {name[:60]!a} is not one of your own hosts: no decoy may stand on a "
        "stranger's server",
        hint="List your own domains and address ranges under own, and each host under [[host]].",
    )


def is_own(place: str, own_places: Iterable[str]) -> bool:
    """Tell whether a name or an address lies in one of some domains and ranges."""
    for entry in own_places:
        try:
            network = ipaddress.ip_network(entry, strict=False)
        except ValueError:
            if f".{place}".endswith(f".{entry.lower().strip('.')}"):
                return True
            continue
        try:
            if ipaddress.ip_address(place) in network:
                return True
        except ValueError:
            continue
    return False


def _disguises(tables: _File) -> tuple[Disguise, ...]:
    recipes = {
        row.name: Disguise(name=row.name, video=chain_of(row.vf), audio=chain_of(row.af))
        for row in tables.recipe
    }
    if clash := recipes.keys() & DISGUISES.keys():
        raise InputError(f"programme: recipe {min(clash)!r} has the name of a known disguise")
    by_name = {**DISGUISES, **recipes}
    for name in tables.disguises:
        if name not in by_name:
            raise InputError(
                f"programme: there is no disguise {name[:60]!a}",
                hint=f"Known are {', '.join(by_name)}; describe your own in a [[recipe]].",
            )
    return tuple(by_name[name] for name in tables.disguises)


def _media(row: _MediaTable, folder: Path) -> OwnMedia:
    if (row.path is None) == (row.feed is None):
        raise InputError("programme: [[media]] needs either a path or a feed")
    if row.kind is DecoyKind.PARTNER:
        raise InputError("programme: a partner's decoy is drawn by its [[host]], not by its media")
    if (row.event is None) == (row.kind is DecoyKind.OWN_STREAM):
        raise InputError(
            "programme: [[media]] names the event that it shows, or the kind of look-alike"
        )
    if row.feed is not None and urlsplit(row.feed).scheme not in ("http", "https"):
        raise InputError("programme: [[media]]: feed is not an http or https URL")
    return OwnMedia(
        place=row.feed or str((folder / (row.path or "")).absolute()),
        kind=row.kind,
        event=row.event,
        licensee=row.licensee,
        begins_at=None if row.begins_at is None else to_utc("begins_at", row.begins_at),
        titles=tuple(row.titles),
    )


def _check_media(programme: Programme) -> None:
    showing = [media for media in programme.media if media.event is not None]
    look_alikes = [media for media in programme.media if media.event is None]
    if not showing:
        raise InputError(
            "programme: it has no media that show an event, so no own stream can be served",
            hint="Add a [[media]] with the path of an HLS playlist, or a feed, and its event.",
        )
    if not any(not host.partner for host in programme.hosts):
        raise InputError("programme: every [[host]] is a partner's; own streams need another one")
    if (
        programme.look_alikes
        and not look_alikes
        and not any(host.partner for host in programme.hosts)
    ):
        raise InputError("programme: it has no media for look-alikes, and no partner's host")


def programme_example(window: Window, *, event: str) -> str:
    """Return an example of a programme, with every key explained."""
    start, end = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (window.start, window.end))
    return f"""\
# The decoys of one night (docs/howto/test-yourself-blind.md). Only the planner reads this file.
night = "{window.start:%Y-%m-%d}-{event}"
planner = "P. Lan"                 # neither a signer nor an approver of the mandate
start = {start}
end = {end}
own = ["own.example", "192.0.2.0/28"]   # your own domains and address ranges, and no others
own_streams = 20                   # they show the event: the watch should prove them
look_alikes = 20                   # they do not: the watch should accuse none of them
delay_s = [8, 45]
appears_s = [0, 1800]              # seconds after start
titles = ["{{event}} LIVE HD", "SPORT {{number}} FHD", "CALCIO {{number}}"]
disguises = ["none", "mirror", "crop", "logo", "ticker", "dark", "aes-128", "tinted"]

[[host]]                           # several, or each act on one of them meets all decoys
name = "tv1.own.example"
address = "192.0.2.1"
port = 80

[[list]]                           # the mandate reads it: kind = "m3u"
host = "tv1.own.example"
path = "/sports.m3u"

[[media]]                          # an HLS playlist on this machine, or a running feed
feed = "https://feeds.own.example/clean/index.m3u8"
event = "{event}"

[[media]]
path = "last-year.m3u8"            # ffmpeg -i FILE -c copy -f hls -hls_playlist_type vod ...
kind = "last-year"                 # other-match, highlights, last-year or fan-talk

[[recipe]]                         # a disguise of your own: filters of FFmpeg that only compute
name = "tinted"
vf = "hue=h=20:s=1.3"
"""
