"""Match nights of the lab's small world on nodes, against the same night in one process.

Each night has a driver and nodes as processes, a database of PostgreSQL, S3 of moto and the lab's
streams, all at loopback. Compared, by the stream's path, is what a night says of each stream last.

- ``throughput``: looks that were done in the window, by two nodes against one process with two
  decoders, on the same cores;
- ``verdicts``: one node against four, fixed seed: streams of which they say something else;
- ``kill``: a node is killed at a random instant after the first look;
- ``partition``: a proxy before the database stops forwarding for one node, and goes on again;
- of all: looks that stand twice, exhibits that stand twice, false accusations.

A small world lasts forty seconds, so on a busy machine both sides see less of it: look at
``looked`` beside what differs.

Run: python bench/scale/nodes.py [--nights throughput,verdicts,kill,partition] [--trials 1]
     [--cut 12] [--window 38] [--seed 3] [--media FOLDER] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import selectors
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.servers import Bucket, database_of_its_own, s3_environment, s3_server  # noqa: E402

from cautery.adapters.node_key import make_node_key  # noqa: E402
from cautery.adapters.server_place import Server  # noqa: E402
from cautery.adapters.server_schema import prepare  # noqa: E402
from cautery.lab import World, build_world, start_lab  # noqa: E402
from cautery.lab.nodes import Spoken, node, watch  # noqa: E402
from cautery.lab.scoreboard import score, stream_key  # noqa: E402
from cautery.model import Regime  # noqa: E402
from cautery.wiring import cases  # noqa: E402

CASE = "server:night"
Fault = Callable[[list[Spoken], "Wire"], None]


@dataclass
class Night:
    """What one night gave."""

    nodes: int
    looks: int
    looked: int
    offered: int
    findings: dict[str, str]
    twice: int
    false_accusations: int
    failures: dict[str, int] = field(default_factory=dict)


class Wire:
    """A proxy before the database, which can be cut: what is open stays open, and says nothing."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._cut = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, seconds: float) -> None:
        self._cut.set()
        time.sleep(seconds)
        self._cut.clear()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._to, timeout=5)
            except OSError:
                return
            threading.Thread(target=self._forward, args=(near, far), daemon=True).start()

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        ways = selectors.DefaultSelector()
        ways.register(near, selectors.EVENT_READ, far)
        ways.register(far, selectors.EVENT_READ, near)
        with contextlib.suppress(OSError), near, far:
            while True:
                for way, _ in ways.select(0.2):
                    while self._cut.is_set():
                        time.sleep(0.05)
                    got = way.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                    if not got:
                        return
                    way.data.sendall(got)


@contextlib.contextmanager
def server(run: Path, endpoint: str) -> Iterator[str]:
    with database_of_its_own() as database:
        bucket = Bucket(endpoint)
        os.environ |= {"CAUTERY_DATABASE": database, "CAUTERY_VAULT": bucket.url}
        os.environ["XDG_CONFIG_HOME"] = str(run / "config")
        prepare(Server(database=database, vault=bucket.url), Regime.GDPR)
        yield database


def night(world: World, endpoint: str, options: argparse.Namespace, nodes: int,
          fault: Fault | None = None) -> Night:  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        run = Path(folder)
        with server(run, endpoint) as database, contextlib.ExitStack() as stack:
            key = run / "node.key"
            make_node_key(key)
            parts = urlsplit(database)
            wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
            stack.callback(wire.close)
            who = parts.netloc.rpartition("@")[0]
            through = urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{wire.port}"))
            started = [
                stack.enter_context(
                    node(
                        f"node-{number}",
                        key=key,
                        cache=run / "cache",
                        jobs=max(2, 8 // nodes),
                        environment={"CAUTERY_DATABASE": through} if number == 0 else {},
                    )
                )
                for number in range(nodes)
            ]
            for one in started:
                one.until(lambda line: line["turn"] == "joined")
            with start_lab(world, run / "lab", lead_s=2.0, window_s=options.window) as lab:
                driver = stack.enter_context(
                    watch(
                        lab.mandate_path, CASE, keys=run / "keys", environment={},
                        key=key if nodes else None,
                    )
                )  # fmt: skip
                if fault is not None:
                    driver.until(lambda line: line["kind"] == "probe.done")
                    fault(started, wire)
                driver.end()
                truth = lab.truth.to_json()
            for one in started:
                if one.process.poll() is None:
                    one.stop()
            with cases.reading(Path(CASE)) as case:
                scored = score(truth, case.ledger.read())
    return seen(driver, nodes, scored.false_accusations)


def seen(driver: Spoken, nodes: int, false_accusations: int) -> Night:
    of = lambda kind: [line["body"] for line in driver.lines if line["kind"] == kind]  # noqa: E731
    probes = of("probe.done")
    done = [probe for probe in probes if probe["hindered"] is None]
    looks = Counter((probe["url"], probe["at"]) for probe in probes)
    exhibits = Counter(body["exhibit"]["id"] for body in of("exhibit.sealed"))
    findings = {stream_key(body["url"]["text"]): body["finding"] for body in of("verdict")}
    return Night(
        nodes=nodes,
        looks=len(done),
        looked=len({probe["url"] for probe in done}),
        offered=len(of("stream.appeared")),
        findings=findings,
        twice=sum(count - 1 for count in (*looks.values(), *exhibits.values())),
        false_accusations=false_accusations,
        failures=dict(Counter(body["error"] for body in of("failure"))),
    )


def differing(first: Night, second: Night) -> dict[str, list[str]]:
    """Streams of which both say something, and not the same: decided by one alone, or by both."""
    paths = sorted(
        path
        for path in first.findings.keys() & second.findings.keys()
        if first.findings[path] != second.findings[path]
    )
    open_in_one = [
        path for path in paths if "undecided" in (first.findings[path], second.findings[path])
    ]
    return {
        "undecided in one": open_in_one,
        "contradicting": [path for path in paths if path not in open_in_one],
    }


def kill(rng: random.Random) -> Fault:
    def fault(nodes: list[Spoken], _: Wire) -> None:
        time.sleep(rng.uniform(0.0, 8.0))
        rng.choice(nodes).kill()

    return fault


def main() -> None:
    ask = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ask.add_argument("--nights", default="throughput,verdicts,kill,partition")
    ask.add_argument("--trials", type=int, default=1)
    ask.add_argument("--cut", type=float, default=12.0, help="seconds without the database")
    ask.add_argument("--window", type=float, default=38.0)
    ask.add_argument("--seed", type=int, default=3)
    ask.add_argument("--media", type=Path, default=Path(tempfile.gettempdir()) / "cautery-lab")
    ask.add_argument("--json", action="store_true")
    options = ask.parse_args()
    rng = random.Random(options.seed)
    world = build_world(options.seed, options.media, size="small")

    def show(name: str, nights: list[Night], **more: object) -> None:
        if options.json:
            print(json.dumps({"night": name, "of": [asdict(one) for one in nights], **more}))
            return
        for one in nights:
            print(
                f"{name:<12} nodes {one.nodes}  looks {one.looks:3}  looked at {one.looked} of "
                f"{one.offered}  twice {one.twice}  false {one.false_accusations}  "
                f"failures {one.failures or 'none'}"
            )
        print("  ".join(f"{key} {value}" for key, value in more.items()), flush=True)

    with s3_server() as endpoint:
        os.environ |= s3_environment(endpoint)
        for name in options.nights.split(","):
            for _ in range(options.trials):
                if name == "throughput":
                    alone, pair = (night(world, endpoint, options, n) for n in (0, 2))
                    show(name, [alone, pair], ratio=round(pair.looks / max(1, alone.looks), 2))
                elif name == "verdicts":
                    few, many = (night(world, endpoint, options, n) for n in (1, 4))
                    show(name, [few, many], **differing(few, many))
                elif name == "kill":
                    show(name, [night(world, endpoint, options, 2, kill(rng))])
                elif name == "partition":
                    cut: Fault = lambda _nodes, wire: wire.cut(options.cut)  # noqa: E731
                    show(name, [night(world, endpoint, options, 2, cut)])
                else:
                    ask.error(f"there is no night {name!r}")


if __name__ == "__main__":
    main()
