"""What a lab world is made of: its channels, hosts, streams and sources, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from cautery.lab.encode_options import Coding


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The media time when the lab starts serving (T0), all in seconds.

    Parameters
    ----------
    edge_s : float
        Media time of the references' live edge at T0: their DVR window.
    after_s : float
        How long after T0 everything goes on.
    before_s : float
        How much of a suspect stream lies before its own live edge at T0.
    """

    edge_s: float
    after_s: float
    before_s: float = 12.0

    @property
    def end_s(self) -> float:
        """Length of a reference."""
        return self.edge_s + self.after_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSpec:
    """A lawful programme. ``role`` is clean, licensee, linear, lawful, look-alike or work."""

    id: str
    name: str
    role: str
    style: str
    seed: int
    territory: str | None = None
    event: str | None = None
    short: str = ""
    corner: int = 0
    colour: tuple[int, int, int] = (90, 128, 128)
    host: str = ""

    @property
    def mandated(self) -> bool:
        """Whether the mandate covers it, with a reference."""
        return self.role in ("clean", "licensee", "linear", "work")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSpec:
    """A host of the world: who runs it, where it is, and what it shows of itself.

    ``certificate`` names the certificate it serves; ``registrant`` is ``None`` behind a privacy
    service; ``network`` is the criminal network's id, ``None`` for everybody else.
    """

    name: str
    address: str
    role: str
    network: str | None = None
    certificate: str = ""
    registrant: str | None = None
    registrar: str = ""
    nameservers: tuple[str, ...] = ()
    created: str = "2025-01-01"
    brand: str = ""
    innocent: bool = False
    listening: bool = True
    resolves: bool = True
    scored: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """One encoder's feed that several services carry, with its faults, in content seconds.

    ``advert`` and ``freeze`` are begin and length; ``seed`` draws the logo and the advert.
    """

    id: str
    seed: int
    advert: tuple[float, float] | None = None
    freeze: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """One stream as offered: what it carries, how it is disguised, and who lists it.

    ``path`` is on ``host``; ``line`` is a panel's stream number, when it is offered there;
    ``edge`` is where a panel sends the viewer; ``feed`` is what it takes on, where it is not made
    from the licensee's own.
    """

    id: str
    host: str
    path: str
    title: str
    kind: str
    delivery: str
    content: str | None = None
    event: str | None = None
    licensee: str | None = None
    mandated: bool = False
    delay_s: float | None = None
    speed: float = 1.0
    disguise: tuple[str, ...] = ()
    coding: Coding = field(default_factory=Coding)
    window: int = 5
    lists: tuple[str, ...] = ()
    group: str = ""
    line: int | None = None
    edge: str | None = None
    seed: int = 0
    appears_s: float = 0.0
    vanishes_s: float | None = None
    feed: FeedSpec | None = None

    @property
    def rendered(self) -> bool:
        """Whether it has media of its own."""
        return self.content is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """A criminal network: its brands, panel with the investigator's line, and money."""

    id: str
    brands: tuple[str, ...]
    panel: str
    username: str
    password: str
    analytics: str
    crypto: str
    contact: str
    redirects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """Something the mandate lets us read: a public list, a panel, a storefront."""

    id: str
    kind: str
    host: str
    path: str
    network: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole world before any media: everything follows from the seed."""

    seed: int
    size: str
    timing: Timing
    channels: tuple[ChannelSpec, ...]
    hosts: tuple[HostSpec, ...]
    streams: tuple[StreamSpec, ...]
    networks: tuple[NetworkSpec, ...]
    sources: tuple[SourceSpec, ...]
    past: tuple[tuple[str, str, str, str], ...]
    """Former tenants of addresses: address, name, first and last seen."""
    dedicated: tuple[tuple[str, str], ...]
    """Addresses that a hoster said are one customer's: address, customer."""
    event: str = ""
    event_name: str = ""
    work_title: str = ""
    popular: tuple[str, ...] = ()
    protected: tuple[tuple[str, str], ...] = ()
    feeds: str = ""

    def channel(self, id: str) -> ChannelSpec:
        """Return a channel by its id."""
        return next(channel for channel in self.channels if channel.id == id)

    def host(self, name: str) -> HostSpec:
        """Return a host by its name or bare address."""
        return next(host for host in self.hosts if host.name == name)
