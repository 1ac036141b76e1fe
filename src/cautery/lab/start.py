"""Serves a world live on loopback from one child process, and says where everything is."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import signal
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import time
from types import TracebackType
from typing import Any, Self

import numpy as np

from cautery.errors import InputError, SourceError
from cautery.lab.decoys import DecoyPlaces, decoy_places, write_programme
from cautery.lab.facts_folder import write_facts
from cautery.lab.mandate_file import write_mandate
from cautery.lab.spec import Plan
from cautery.lab.truth import Truth
from cautery.lab.world import World

START_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a run of the lab listens."""

    ports: tuple[int, int]
    dns_port: int
    services: dict[str, str] = field(default_factory=dict)

    @property
    def resolver(self) -> str:
        """``address:port`` of the lab's name server."""
        return f"{self.services['dns.lab.example']}:{self.dns_port}"


def layout_of(plan: Plan) -> Layout:
    """Choose free ports; HTTPS is always the port after HTTP."""
    rng = np.random.default_rng([plan.seed, 95])
    names = ("dns", "rdap", "control", "isp-fr", "isp-gb", "feeds")
    addresses = {host.address for host in plan.hosts}
    services = {}
    for name in names:
        while True:
            low, last = rng.integers(1, 250, 2)
            address = f"127.70.{low}.{last}"
            if address not in addresses:
                addresses.add(address)
                services[f"{name}.lab.example"] = address
                break
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65000 and _free(port + 1):
            break
    else:
        raise SourceError("this machine does not have two free ports")
    return Layout(ports=(port, port + 1), dns_port=port, services=services)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - tried, never listened on
        except OSError:
            return False
    return True


class LiveLab:
    """A lab that is being served; a context manager that stops it at the end.

    Attributes
    ----------
    t0 : float
        Epoch seconds at which the references' live edge stood at the plan's ``edge_s``.
    kick_off : float
        Epoch seconds from which sources list streams.
    mandate_path, truth_path : Path
        What a watch starts from, and what it is scored against.
    decoys : DecoyPlaces or None
        Where the planner plants decoys; ``None``: nobody does.
    """

    def __init__(
        self,
        *,
        world: World,
        run_dir: Path,
        layout: Layout,
        t0: float,
        kick_off: float,
        truth: Truth,
        child: BaseProcess,
        line: Connection,
        decoys: DecoyPlaces | None = None,
    ) -> None:
        self.decoys = decoys
        self.world, self.run_dir, self.layout = world, run_dir, layout
        self.t0, self.kick_off, self.truth = t0, kick_off, truth
        self.mandate_path = run_dir / "mandate.toml"
        self.truth_path = run_dir / "truth.json"
        self._child, self._line = child, line

    @property
    def control_url(self) -> str:
        """Base of the lab's own ``/__lab__/`` pages: asked, clock, lists."""
        address = self.layout.services["control.lab.example"]
        return f"http://{address}:{self.layout.ports[0]}"

    @property
    def alive(self) -> bool:
        """Whether it is still being served."""
        return self._child.is_alive()

    def stop(self) -> None:
        """Stop serving; harmless when stopped before."""
        self._line.close()
        self._child.join(5)
        if self._child.is_alive():
            self._child.terminate()
            self._child.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def run_folder(path: Path) -> Path:
    """Make the folder of a run, and return it resolved.

    Raises
    ------
    InputError
        If it cannot be one: a file lies there, or it may not be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be the folder of a run ({error.strerror})",
            hint="Name a folder that is new or holds an earlier run.",
        ) from error
    return path.resolve()


def start_lab(
    world: World,
    run_dir: Path,
    *,
    lead_s: float = 14.0,
    window_s: float | None = None,
    log: Path | None = None,
    decoys: bool = False,
) -> LiveLab:
    """Serve a world from a child process until stopped.

    Parameters
    ----------
    world : World
        From :func:`cautery.lab.build_world`.
    run_dir : Path
        Gets ``mandate.toml``, ``truth.json``, ``keys/`` and ``facts/``.
    lead_s : float
        Seconds from now to kick-off; sources list nothing before.
    window_s : float or None
        Length of the mandate's window from kick-off; ``None``: 60 s, or 24 s in a small world.
    log : Path or None
        Folder of the log that the mandate names; ``None``: it names none.
    decoys : bool
        Whether the mandate says that decoys stand; the planner's programme is written then, and
        somebody has to plan the night and keep it.

    Raises
    ------
    InputError
        If the world's media end before the window does, or ``run_dir`` cannot be a folder.
    SourceError
        If it can't be served.
    """
    timing = world.plan.timing
    if window_s is None:
        window_s = 60.0 if world.plan.size == "demo" else 24.0
    if lead_s < 0 or window_s <= 15 or lead_s + window_s > timing.after_s:
        raise InputError(
            f"lead {lead_s} s and window {window_s} s: this world lasts {timing.after_s} s, "
            "and a window must be longer than 15 s"
        )
    run_dir = run_folder(run_dir)
    layout = layout_of(world.plan)
    context = multiprocessing.get_context("spawn")
    line, child_end = context.Pipe()
    child = context.Process(
        target=_serve,
        args=((world.plan, world.media, run_dir), layout, lead_s, child_end),
        daemon=True,
    )
    child.start()
    child_end.close()
    try:
        if not line.poll(START_S):
            raise SourceError("the lab did not start in time")
        t0, failure = line.recv()
    except EOFError as error:
        raise SourceError("the lab died while starting") from error
    if failure is not None:
        raise SourceError(f"the lab could not start: {failure}")
    kick_off = t0 + lead_s
    now, kick = (datetime.fromtimestamp(moment, UTC) for moment in (t0, kick_off))
    places = decoy_places(world.plan, run_dir, port=layout.ports[0]) if decoys else None
    # A decoy's address can be acted on as a pirate's can, so that its referral reaches the gate.
    rented = () if places is None else [(address, "one service") for address in places.hosts]
    write_facts(world.plan, run_dir / "facts", now, rented=rented)
    write_mandate(
        world.plan,
        run_dir,
        media=world.media,
        ports=layout.ports,
        services=layout.services,
        resolver=layout.resolver,
        now=now - timedelta(seconds=1),
        kick_off=kick,
        window_s=window_s,
        log=log,
        decoys=places,
    )
    if places is not None:
        write_programme(
            places,
            world.plan,
            world.media,
            t0=t0,
            kick_off=kick_off,
            end=kick_off + window_s,
        )
    truth = world.truth.served(t0=t0, kick_off=kick_off, window_s=window_s, port=layout.ports[0])
    body = truth.to_json() | {"ports": list(layout.ports), "control": layout.services}
    text = json.dumps(body, indent=1, ensure_ascii=False)
    (run_dir / "truth.json").write_text(text, encoding="utf-8")
    return LiveLab(
        world=world,
        run_dir=run_dir,
        layout=layout,
        t0=t0,
        kick_off=kick_off,
        truth=truth,
        child=child,
        line=line,
        decoys=places,
    )


def _serve(what: tuple[Plan, Path, Path], layout: Layout, lead_s: float, line: Connection) -> None:
    """Be the child process: serve a plan from its media folder, keys in a run's folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when to stop
    asyncio.run(_serve_all(what, layout, lead_s, line))


async def _serve_all(
    what: tuple[Plan, Path, Path], layout: Layout, lead_s: float, line: Connection
) -> None:
    from aiohttp import web  # noqa: PLC0415 - heavy: the child only

    from cautery.lab.certificates import contexts, write_certificates  # noqa: PLC0415 - the same
    from cautery.lab.dns_server import DnsServer  # noqa: PLC0415 - the same
    from cautery.lab.isp import Isp  # noqa: PLC0415 - the same
    from cautery.lab.mandate_file import list_trust  # noqa: PLC0415 - the same
    from cautery.lab.site import Site  # noqa: PLC0415 - the same

    loop = asyncio.get_running_loop()
    plan, media, run_dir = what
    services = layout.services
    isps = [
        Isp(
            territory=territory,
            address=services[f"isp-{territory.lower()}.lab.example"],
            delay_s=delay_s,
            closes=closes,
            trust=partial(list_trust, run_dir, territory),
        )
        for territory, delay_s, closes in (("FR", 1.5, False), ("GB", 3.0, True))
    ]
    site = Site(plan, media, layout.ports, services, isps)
    web_server = web.Server(site.answer, access_log=None)
    listening = [host for host in plan.hosts if host.listening]
    addresses = sorted({host.address for host in listening} | set(services.values()))
    names = {host.name: host.address for host in plan.hosts if host.resolves}
    names |= services | {plan.feeds: services["feeds.lab.example"]}
    servers: list[Any] = []
    try:
        tls = contexts(write_certificates(plan, run_dir / "tls"))
        servers.append(
            await loop.create_server(web_server, addresses, layout.ports[0], backlog=256)
        )
        contexts_by_address = {host.address: tls[host.name] for host in reversed(listening)}
        for address, context in sorted(contexts_by_address.items()):
            secure = await loop.create_server(web_server, address, layout.ports[1], ssl=context)
            servers.append(secure)
        where = (services["dns.lab.example"], layout.dns_port)
        servers.append(
            await loop.create_datagram_endpoint(lambda: DnsServer(names), local_addr=where)
        )
    except OSError as error:
        line.send((0.0, str(error)))
        return
    # The clock starts when everything listens, so that no second of the plan passes unserved.
    t0 = time()
    site.start(t0, t0 + lead_s)
    line.send((t0, None))
    parent_gone = asyncio.Event()
    loop.add_reader(line.fileno(), parent_gone.set)  # the parent only ever closes its end
    await parent_gone.wait()
