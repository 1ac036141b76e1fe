"""The truth of a world: the content of each stream, the owner of each host, the bystanders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cautery.lab.spec import Plan, StreamSpec
from cautery.model.wire import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTruth:
    """One stream. Times are seconds after T0 before serving, epoch seconds when served.

    ``feed`` names the encoder's feed that it shares with other streams, if it does.
    """

    id: str
    url: str
    host: str
    network: str | None
    carries: str | None
    event: str | None
    licensee: str | None
    kind: str
    mandated: bool
    delay_s: float | None
    speed: float
    disguise: tuple[str, ...]
    appears_at: float
    vanishes_at: float | None
    feed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTruth:
    """One host; ``scored`` hosts are those whose network a watch can be asked to find."""

    host: str
    address: str
    network: str | None
    role: str
    innocent: bool
    scored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """All of it. ``bystanders``: per address or name, the innocent names that a block would hit."""

    seed: int
    size: str
    event: str
    t0: float
    window_s: float
    streams: tuple[StreamTruth, ...]
    hosts: tuple[HostTruth, ...]
    bystanders: dict[str, tuple[str, ...]]

    def to_json(self) -> Any:
        """Return the truth as plain JSON."""
        return to_json(self)

    def served(self, *, t0: float, kick_off: float, window_s: float, port: int) -> Truth:
        """Return the truth of a run: real ports and times."""
        streams = tuple(
            replace(
                stream,
                url=stream.url.replace(":0/", f":{port}/"),
                appears_at=kick_off + stream.appears_at,
                vanishes_at=None if stream.vanishes_at is None else kick_off + stream.vanishes_at,
            )
            for stream in self.streams
        )
        return replace(self, t0=t0, window_s=window_s, streams=streams)


def truth_of(plan: Plan) -> Truth:
    """Return what is true of a plan; ports are 0 and times count from kick-off."""
    networks = {host.name: host.network for host in plan.hosts}
    streams = tuple(
        StreamTruth(
            id=stream.id,
            url=url_of(plan, stream, 0),
            host=stream.host,
            network=networks.get(stream.host),
            carries=stream.content,
            event=stream.event,
            licensee=stream.licensee,
            kind=stream.kind,
            mandated=stream.mandated,
            delay_s=stream.delay_s,
            speed=stream.speed,
            disguise=stream.disguise,
            appears_at=stream.appears_s,
            vanishes_at=stream.vanishes_s,
            feed=None if stream.feed is None else stream.feed.id,
        )
        for stream in plan.streams
    )
    offered = {stream.host for stream in plan.streams} | {source.host for source in plan.sources}
    hosts = tuple(
        HostTruth(
            host=host.name,
            address=host.address,
            network=host.network,
            role=host.role,
            innocent=host.innocent,
            scored=host.scored and not host.innocent and host.resolves and host.name in offered,
        )
        for host in plan.hosts
    )
    return Truth(
        seed=plan.seed,
        size=plan.size,
        event=plan.event,
        t0=0.0,
        window_s=0.0,
        streams=streams,
        hosts=hosts,
        bystanders=_bystanders(plan),
    )


def url_of(plan: Plan, stream: StreamSpec, port: int) -> str:
    """Return a stream's URL as offered."""
    if stream.line is None:
        return f"http://{stream.host}:{port}{stream.path}"
    network = next(network for network in plan.networks if network.panel == stream.host)
    line = f"{network.username}/{network.password}/{stream.line}"
    return f"http://{stream.host}:{port}/live/{line}.m3u8"


def _bystanders(plan: Plan) -> dict[str, tuple[str, ...]]:
    hit: dict[str, set[str]] = {}
    for host in plan.hosts:
        if host.innocent:
            hit.setdefault(host.address, set()).add(host.name)
            hit.setdefault(host.name, set()).add(host.name)
    for name in plan.popular:
        hit.setdefault(name, set()).add(name)
    return {target: tuple(sorted(names)) for target, names in sorted(hit.items())}
