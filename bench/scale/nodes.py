"""Match nights of the lab on nodes, against the same night in one process.

Each night has a driver and nodes as processes, a database of PostgreSQL, S3 of moto and the lab's
streams, all at loopback. Compared, by the stream's path, is what a night says of each stream last.

- ``verdicts``: one node against four, fixed seed: streams of which they say something else;
- ``kill``: a node is killed at a random instant after the first look;
- ``kills``: nights of two minutes in which a node is killed again and again, another one started at
  once, and two are always there, until ``--kills`` are done; a night without kills goes before;
- ``partition``: a proxy before the database stops forwarding for one node, and goes on again;
- ``throughput``: looks of two nodes against one process with two decoders, on the same cores, at
  ``--copies`` times the small world's re-broadcasts, each at a host of its own, so that no host's
  rate limits them; counted over ``--stretch`` first looks after forty;
- of all: looks that stand twice, exhibits that stand twice, looks that were asked and are not
  recorded, records that were told and do not stand, false accusations.

The small world lasts forty seconds, so on a busy machine both sides see less of it: look at
``looked`` beside what differs.

Run: python bench/scale/nodes.py [--nights throughput,verdicts,kill,kills,partition] [--trials 1]
     [--kills 100] [--again 12] [--cut 30] [--window SECONDS] [--copies 40] [--stretch 110]
     [--seed 3] [--media FOLDER] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import selectors
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does, before numpy is loaded

import job_log  # noqa: E402
from forked_nodes import ForkedNode  # noqa: E402
from job_log import Kill, Looks, Recovery, Shelf  # noqa: E402
from tests.servers import Bucket, database_of_its_own, s3_environment, s3_server  # noqa: E402
from trees import tree  # noqa: E402

from cautery.adapters.node_key import make_node_key, read_node_key  # noqa: E402
from cautery.adapters.server_place import Server  # noqa: E402
from cautery.adapters.server_schema import prepare  # noqa: E402
from cautery.lab import World, build_world, start, start_lab, world  # noqa: E402
from cautery.lab.nodes import Spoken, watch  # noqa: E402
from cautery.lab.scoreboard import score, stream_key  # noqa: E402
from cautery.lab.spec import HostSpec, StreamSpec  # noqa: E402
from cautery.lab.truth import truth_of  # noqa: E402
from cautery.lab.underworld import Addresses  # noqa: E402
from cautery.model import Regime  # noqa: E402
from cautery.wiring import cases  # noqa: E402
from cautery.workflows.watch.probing.here import CAPACITY  # noqa: E402

CASE = "server:night"
LEAD_S = 2.0
SMALL_S, LONG_S = 38.0, 146.0
"""The longest windows of these worlds."""
BEGINS_S = 60.0
"""Until nodes look, on a busy machine."""
HEALS_S = 48.0
WITHIN_S = 8.0
"""A fault comes at a random instant within so long."""
NODES, LIVING = 4, 3
"""Nodes of a night with many kills, and how many are there when one is killed."""
ENDS_S = 400.0
"""Until a watch has ended, on a busy machine."""
LAST_KILL_S = 25.0
"""Before the end of the window, so that it is seen who goes on."""
BEGUN = 40
"""Looks before the stretch in which they are counted: decoders and readers have started by then."""
During = Callable[["Cluster"], Any]


@dataclass
class Night:
    """What one night gave; by a stream's path, how often it was looked at, and then found so."""

    nodes: int
    looks: int
    looked: int
    offered: int
    findings: dict[str, str]
    looks_at: dict[str, int]
    found_after: dict[str, int]
    looks_twice: int
    exhibits_twice: int
    false_accusations: int
    counted: Looks | None
    told_otherwise: int
    failures: dict[str, int] = field(default_factory=dict)
    kills: list[Recovery] = field(default_factory=list)
    during: Any = None
    load: float = 0.0


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


@dataclass
class Cluster:
    """The driver and the nodes of a night that is under way."""

    run: Path
    jobs: int
    wire: Wire
    through: str
    stack: contextlib.ExitStack
    nodes: dict[str, Spoken] = field(default_factory=dict)
    kills: list[Kill] = field(default_factory=list)
    started: int = 0
    ends_s: float = 0.0
    watching: Spoken | None = None

    @property
    def driver(self) -> Spoken:
        assert self.watching is not None
        return self.watching

    def another(self, *, wired: bool = False) -> None:
        """Start a node."""
        name = f"node-{self.started}"
        self.started += 1
        self.nodes[name] = self.stack.enter_context(
            ForkedNode(
                name,
                key=self.run / "node.key",
                cache=self.run / "cache",
                jobs=self.jobs,
                environment={"CAUTERY_DATABASE": self.through} if wired else {},
            )
        )

    def left_s(self) -> float:
        """Return how long the window goes on."""
        return self.ends_s - time.time()

    def kill(self, name: str) -> None:
        """Kill a node and start another one."""
        victim = self.nodes.pop(name)
        at_s = time.time()
        victim.kill()
        self.another()
        self.kills.append(Kill(at_s, name, job_log.begun(victim.lines)))

    def cpu_s(self) -> float:
        """Return the CPU seconds of driver and nodes, and of all that they started."""
        return sum(
            process.cpu_s + process.ended_cpu_s
            for spoken in (self.driver, *self.nodes.values())
            for process in tree(spoken.process.pid)
        )


@contextlib.contextmanager
def server(run: Path, endpoint: str) -> Iterator[str]:
    with database_of_its_own() as database:
        bucket = Bucket(endpoint)
        os.environ |= {"CAUTERY_DATABASE": database, "CAUTERY_VAULT": bucket.url}
        os.environ["XDG_CONFIG_HOME"] = str(run / "config")
        prepare(Server(database=database, vault=bucket.url), Regime.GDPR)
        job_log.install(database)
        yield database


def night(
    lab_world: World, endpoint: str, window_s: float, nodes: int, during: During | None = None
) -> Night:
    with tempfile.TemporaryDirectory(prefix="nodes-") as folder:
        run = Path(folder)
        with server(run, endpoint) as database, contextlib.ExitStack() as stack:
            key = run / "node.key"
            make_node_key(key)
            nodes_key = read_node_key(key)
            parts = urlsplit(database)
            wire = Wire(parts.hostname or "127.0.0.1", parts.port or 5432)
            stack.callback(wire.close)
            who = parts.netloc.rpartition("@")[0]
            cluster = Cluster(
                run,
                jobs=max(2, CAPACITY // max(nodes, 1)),
                wire=wire,
                through=urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{wire.port}")),
                stack=stack,
            )
            for number in range(nodes):
                cluster.another(wired=number == 0)
            for spoken in cluster.nodes.values():
                spoken.until(joined)
            shelf = Shelf(os.environ["CAUTERY_VAULT"], database, nodes_key)
            run_lab = start_lab(lab_world, run / "lab", lead_s=LEAD_S, window_s=window_s)
            with shelf.watched(), run_lab as lab:
                cluster.ends_s = lab.kick_off + window_s
                cluster.watching = stack.enter_context(
                    watch(
                        lab.mandate_path, CASE, keys=run / "keys", environment={},
                        key=key if nodes else None,
                    )
                )  # fmt: skip
                result = None
                if during is not None:
                    cluster.driver.until(looked())
                    result = during(cluster)
                cluster.driver.process.wait(max(cluster.left_s(), 0.0) + ENDS_S)
                code = cluster.driver.end()
                if code:
                    raise SystemExit(f"the watch ended with {code}: {cluster.driver.said[-5:]}")
                ended_s = time.time()
                truth = lab.truth.to_json()
            for spoken in cluster.nodes.values():
                if spoken.process.poll() is None:
                    spoken.stop()
            with cases.reading(Path(CASE)) as case:
                entries = list(case.ledger.read())
            steps = job_log.steps_of(database, nodes_key)
    lines = cluster.driver.lines
    told = seen(lines)
    stands = {one.index: (one.record.kind, one.record.body) for one in entries}
    probes = [
        (one.record.body["url"], one.record.at.timestamp())
        for one in entries
        if one.record.kind == "probe.done"
    ]
    return replace(
        told,
        nodes=nodes,
        false_accusations=score(truth, entries).false_accusations,
        counted=job_log.looks_of(steps, probes, ended_s=ended_s) if nodes else None,
        told_otherwise=len(job_log.differing_records(lines, stands)),
        kills=[job_log.recovery(kill, steps, shelf.lists) for kill in cluster.kills],
        during=result(steps) if callable(result) else result,
        load=os.getloadavg()[0],
    )


def joined(line: dict[str, Any]) -> bool:
    return line.get("turn") == "joined"


def looked(node_name: str | None = None) -> Callable[[dict[str, Any]], bool]:
    """Return what knows a look that was done, by a node if one is named."""
    return lambda line: (
        line.get("kind") == "probe.done"
        and line["body"]["hindered"] is None
        and node_name in (None, line["body"]["node"])
    )


def seen(lines: Sequence[dict[str, Any]]) -> Night:
    of = lambda kind: [line["body"] for line in lines if line.get("kind") == kind]  # noqa: E731
    probes = of("probe.done")
    done = [probe for probe in probes if probe["hindered"] is None]
    looks = Counter((probe["url"], probe["at"]) for probe in probes)
    exhibits = Counter(body["exhibit"]["id"] for body in of("exhibit.sealed"))
    looks_at: Counter[str] = Counter()
    findings: dict[str, str] = {}
    found_after: dict[str, int] = {}
    for line in lines:
        if looked()(line):
            looks_at[stream_key(line["body"]["url"])] += 1
        elif line.get("kind") == "verdict":
            path = stream_key(line["body"]["url"]["text"])
            findings[path], found_after[path] = line["body"]["finding"], looks_at[path]
    return Night(
        nodes=0,
        looks=len(done),
        looked=len({probe["url"] for probe in done}),
        offered=len(of("stream.appeared")),
        findings=findings,
        looks_at=dict(looks_at),
        found_after=found_after,
        looks_twice=sum(count - 1 for count in looks.values()),
        exhibits_twice=sum(count - 1 for count in exhibits.values()),
        false_accusations=0,
        counted=None,
        told_otherwise=0,
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


def lost(whole: Night, hurt: Night) -> dict[str, list[str]]:
    """Streams that a night without a fault decides, and one with faults does not.

    They are lost if it looked at them as often as the other one did before it knew.
    """
    paths = sorted(
        path
        for path, finding in whole.findings.items()
        if finding != "undecided" and hurt.findings.get(path, "undecided") == "undecided"
    )
    often = [path for path in paths if hurt.looks_at.get(path, 0) >= whole.found_after[path]]
    return {
        "lost": often,
        "looked at too seldom": [path for path in paths if path not in often],
    }


def kill(rng: random.Random) -> During:
    def during(cluster: Cluster) -> None:
        time.sleep(rng.uniform(0.0, WITHIN_S))
        cluster.kill(rng.choice(sorted(cluster.nodes)))

    return during


def kills(rng: random.Random, most: int, again_s: float) -> During:
    """Kill one node after the other; two others are there each time."""

    def during(cluster: Cluster) -> None:
        while len(cluster.kills) < most and cluster.left_s() > LAST_KILL_S:
            there = [
                name for name, spoken in cluster.nodes.items() if any(map(joined, spoken.lines))
            ]
            if len(there) < LIVING:
                time.sleep(0.1)
                continue
            time.sleep(rng.uniform(0.0, again_s))
            cluster.kill(rng.choice(sorted(there)))

    return during


def partition(rng: random.Random, cut_s: float) -> During:
    """Cut a node off its database while it looks, and let it come back."""

    def during(cluster: Cluster) -> Callable[[list[job_log.Step]], dict[str, Any]]:
        cluster.driver.until(looked("node-0"))
        time.sleep(rng.uniform(0.0, WITHIN_S))
        cut_at_s = time.time()
        cluster.wire.cut(cut_s)
        healed_s, left_s = time.time(), cluster.left_s()
        lines = cluster.nodes["node-0"].lines
        return lambda steps: {
            "answers again after s": job_log.next_answer_s("node-0", healed_s, steps),
            "a job that it began since after s": job_log.next_answer_s(
                "node-0", healed_s, steps, of=job_log.begun(lines, since_s=healed_s)
            ),
            "the window then lasted s": left_s,
            "the other answered after s": job_log.next_answer_s("node-1", cut_at_s, steps),
        }

    return during


def stretch(count: int) -> During:
    """Count seconds and CPU seconds of so many looks, after all have begun.

    As many on both sides, and not as many as come in a minute: first looks cost several times what
    further ones do, and who is slower has more of those.
    """

    def during(cluster: Cluster) -> dict[str, float]:
        lines = cluster.driver.lines
        for name in cluster.nodes:
            cluster.driver.until(looked(name))
        wait_for(BEGUN, cluster)
        begun_s, cpu_s, busy_s, first = time.monotonic(), cluster.cpu_s(), busy(), len(lines)
        before = sum(map(looked(), lines[:first]))
        wait_for(before + count, cluster)
        looks = sum(map(looked(), list(lines))) - before
        took_s = time.monotonic() - begun_s
        cpu_s, busy_s = cluster.cpu_s() - cpu_s, busy() - busy_s
        return {
            "looks": looks,
            "a second": looks / took_s,
            "a CPU second": looks / cpu_s,
            "cores used": cpu_s / took_s,
            "cores busy": busy_s / took_s,
        }

    return during


def wait_for(count: int, cluster: Cluster) -> None:
    """Wait for so many looks of a night."""
    while sum(map(looked(), list(cluster.driver.lines))) < count:
        if cluster.left_s() < 0:
            raise SystemExit(f"the night ended before {count} looks")
        time.sleep(0.05)


def busy() -> float:
    """Return the CPU seconds of this machine, whoever used them."""
    user, nice, system, _, _, irq, soft, steal, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def crowded(base: World, copies: int, media: Path) -> World:
    """Return a world whose re-broadcasts are offered so many times more, each at its own host."""
    plan = base.plan
    taken = {host.address for host in plan.hosts}
    addresses = Addresses(plan.seed + 1)
    hosts: list[HostSpec] = []
    streams: list[StreamSpec] = []
    model = next(host for host in plan.hosts if host.role == "solo")
    for place in base.media.iterdir():
        (media / place.name).symlink_to(place)
    for stream in plan.streams:
        if stream.kind != "rebroadcast" or not stream.rendered:
            continue
        for number in range(copies):
            name = f"m{number}.{stream.id}.pirate.example"
            while (address := addresses.at(number % 3)) in taken:
                pass
            hosts.append(replace(model, name=name, address=address, scored=False))
            copy = replace(
                stream, id=f"{stream.id}-{number}", host=name, line=None, edge=None,
                lists=(f"list-{1 + number % 2}",), appears_s=0.0, vanishes_s=None,
            )  # fmt: skip
            streams.append(copy)
            (media / copy.id).symlink_to(base.media / stream.id)
    whole = replace(plan, hosts=(*plan.hosts, *hosts), streams=(*plan.streams, *streams))
    return World(whole, media, truth_of(whole))


def spread(seconds: Iterable[float | None]) -> str:
    """Return median and worst of what came, and how much did not."""
    all_of = list(seconds)
    came = sorted(one for one in all_of if one is not None)
    never = len(all_of) - len(came)
    text = f"{statistics.median(came):.1f}, {came[-1]:.1f} (N {len(came)})" if came else "none"
    return f"{text}; {never} never" if never else text


def show(name: str, nights: list[Night], *, as_json: bool, **more: object) -> None:
    if as_json:
        print(
            json.dumps({"night": name, "of": [asdict(one) for one in nights], **more}), flush=True
        )
        return
    for one in nights:
        print(
            f"{name:<12} nodes {one.nodes}  looks {one.looks:3}  looked at {one.looked} of "
            f"{one.offered}  looks twice {one.looks_twice}  exhibits twice {one.exhibits_twice}  "
            f"told otherwise {one.told_otherwise}  false {one.false_accusations}  "
            f"failures {one.failures or 'none'}  load {one.load:.1f}"
        )
        if one.counted is not None:
            print("  " + "  ".join(f"{key} {value}" for key, value in asdict(one.counted).items()))
        if one.kills:
            print(f"  kills {len(one.kills)}  " + "  ".join(recoveries([one])))
        if one.during is not None:
            print(f"  {one.during}")
    if more:
        print("  " + "  ".join(f"{key} {value}" for key, value in more.items()), flush=True)


def recoveries(nights: Iterable[Night]) -> list[str]:
    of = [one for hurt in nights for one in hurt.kills]
    return [
        "another answers after s: " + spread(one.answer_s for one in of),
        "its jobs are answered after s: " + spread(at for one in of for at in one.redone_s),
        "its shards are at home elsewhere after s: "
        + spread(at for one in of for at in one.homes_s.values()),
        "and published after s: " + spread(at for one in of for at in one.published_s.values()),
    ]


def many_kills(options: argparse.Namespace, lab_world: World, endpoint: str,
               rng: random.Random) -> None:  # fmt: skip
    window = options.window or LONG_S
    whole = night(lab_world, endpoint, window, NODES)
    show("no kills", [whole], as_json=options.json)
    hurt: list[Night] = []
    while (done := sum(len(one.kills) for one in hurt)) < options.kills:
        hurt.append(
            night(
                lab_world, endpoint, window, NODES, kills(rng, options.kills - done, options.again)
            )
        )
        told = {**lost(whole, hurt[-1]), **differing(whole, hurt[-1])}
        show("kills", hurt[-1:], as_json=options.json, **told)
    counted = [one.counted for one in hurt if one.counted is not None]
    print(
        f"{sum(len(one.kills) for one in hurt)} kills in {len(hurt)} nights:"
        f" {sum(one.looks for one in hurt)} looks,"
        f" {sum(one.asked for one in counted)} asked,"
        f" {sum(one.recorded for one in counted)} recorded,"
        f" {sum(one.under_way for one in counted)} under way at the end,"
        f" {sum(len(one.lost) for one in counted)} without an answer,"
        f" {sum(one.more for one in counted)} recorded without a question,"
        f" {sum(one.answered_twice for one in counted)} answered twice,"
        f" {sum(one.done_twice for one in counted)} done by two nodes of which one counts,"
        f" {sum(one.looks_twice for one in hurt)} looks and"
        f" {sum(one.exhibits_twice for one in hurt)} exhibits twice,"
        f" {sum(one.told_otherwise for one in hurt)} records told otherwise,"
        f" {sum(len(lost(whole, one)['lost']) for one in hurt)} verdicts lost,"
        f" {sum(len(differing(whole, one)['contradicting']) for one in hurt)} contradicting,"
        f" {sum(one.false_accusations for one in hurt)} false accusations",
        *recoveries(hurt),
        sep="\n  ",
    )


def throughput(options: argparse.Namespace, lab_world: World, endpoint: str) -> None:
    window = options.window or LONG_S
    ratios: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(prefix="nodes-media-") as folder:
        crowd = crowded(lab_world, options.copies, Path(folder))
        for trial in range(options.trials):
            of: dict[int, Night] = {}
            for nodes in (0, 2) if trial % 2 == 0 else (2, 0):
                of[nodes] = night(crowd, endpoint, window, nodes, stretch(options.stretch))
            alone, pair = of[0].during, of[2].during
            ratios.append(
                (pair["a second"] / alone["a second"], pair["a CPU second"] / alone["a CPU second"])
            )
            show("throughput", [of[0], of[2]], as_json=options.json, ratios=ratios[-1])
    for at, what in enumerate(("looks a second", "looks a CPU second")):
        each = [ratio[at] for ratio in ratios]
        print(
            f"{what}, two nodes / one process: {statistics.mean(each):.2f}"
            f" ({min(each):.2f} to {max(each):.2f}; N {len(each)})"
        )


def world_of(options: argparse.Namespace, window_s: float) -> World:
    """Return a world that lasts as long as a window."""
    if window_s <= SMALL_S:
        return build_world(options.seed, options.media, size="small")
    if window_s > LONG_S:
        timing = world.TIMINGS["long"]
        world.TIMINGS["long"] = replace(timing, after_s=window_s + 2 * LEAD_S)
    return build_world(options.seed, options.media, size="long")


def main() -> None:
    ask = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ask.add_argument("--nights", default="throughput,verdicts,kill,kills,partition")
    ask.add_argument("--trials", type=int, default=1)
    ask.add_argument("--kills", type=int, default=100)
    ask.add_argument("--again", type=float, default=12.0, help="most seconds to the next kill")
    ask.add_argument("--cut", type=float, default=30.0, help="seconds without the database")
    ask.add_argument("--window", type=float, help="seconds; else as long as a night needs")
    ask.add_argument("--copies", type=int, default=40, help="of each re-broadcast, for throughput")
    ask.add_argument("--stretch", type=int, default=110, help="looks that are counted")
    ask.add_argument("--seed", type=int, default=3)
    ask.add_argument("--media", type=Path, default=Path(tempfile.gettempdir()) / "cautery-lab")
    ask.add_argument("--json", action="store_true")
    options = ask.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that all it started is ended
    start.START_S = ENDS_S  # a busy machine starts late
    rng = random.Random(options.seed)
    with s3_server() as endpoint:
        os.environ |= s3_environment(endpoint)
        for name in options.nights.split(","):
            if name == "kills":
                many_kills(options, world_of(options, options.window or LONG_S), endpoint, rng)
                continue
            if name == "throughput":
                throughput(options, world_of(options, options.window or LONG_S), endpoint)
                continue
            needs = BEGINS_S + WITHIN_S + options.cut + HEALS_S if name == "partition" else SMALL_S
            window = options.window or needs
            for _ in range(options.trials):
                of_window = world_of(options, window)
                if name == "verdicts":
                    few, many = (night(of_window, endpoint, window, n) for n in (1, 4))
                    show(name, [few, many], as_json=options.json, **differing(few, many))
                elif name == "kill":
                    show(
                        name,
                        [night(of_window, endpoint, window, 2, kill(rng))],
                        as_json=options.json,
                    )
                elif name == "partition":
                    during = partition(rng, options.cut)
                    show(
                        name, [night(of_window, endpoint, window, 2, during)], as_json=options.json
                    )
                else:
                    ask.error(f"there is no night {name!r}")


if __name__ == "__main__":
    main()
