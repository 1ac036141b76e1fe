"""The provider's agent on nft, BIND, unbound and PowerDNS Recursor, with the feed under attack.

    python bench/provider/agent_on_real_resolvers.py [--attack-s S] [--entries N] [--only PART]

Needs root and Debian's nftables, bind9, unbound and pdns-recursor. Everything listens on loopback;
nft works in a network namespace of its own. It prints tables for bench/RESULTS.md:

- `ends`: how long after its signed end an entry is gone, for each driver (wanted: 5 s at most);
- `attack`: the feed lies, stalls and fails; live entries must fall, standing ones must stand, and a
  withdrawal by the second feed must work; the clock on the wall is not touched;
- `home`: how long after a withdrawal names are open in a home whose forwarder caches (unbound);
- `killed`: the agent gets SIGKILL; the watchdog must leave nothing standing;
- `many`: entries that end in one second, straight through each driver.
"""

from __future__ import annotations

import argparse
import base64
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "agents" / "provider" / "src"
sys.path[:0] = [str(SOURCES), str(ROOT / "tests" / "agents"), str(Path(__file__).parent)]

import provider_lists as lists  # noqa: E402
import resolvers  # noqa: E402

from cautery_provider.blocks import Block  # noqa: E402
from cautery_provider.drivers.bind import Bind, read_key  # noqa: E402
from cautery_provider.drivers.bind_file import BindFile  # noqa: E402
from cautery_provider.drivers.nftables import Nftables  # noqa: E402
from cautery_provider.drivers.powerdns import PowerDns  # noqa: E402
from cautery_provider.drivers.unbound import Unbound  # noqa: E402

DRIVERS = ("nft", *resolvers.RESOLVERS)
NEVER = float("nan")


class Feed(ThreadingHTTPServer):
    """The first feed: honest, or each minute another attack."""

    daemon_threads = True
    attacks = (
        "error",
        "silence",
        "garbage",
        "old",
        "changed",
        "stranger",
        "one-person",
        "drip",
        "huge",
        "reset",
    )

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.body = b""
        self.old = b""
        self.attack: str | None = None
        self.asked: dict[str, int] = {}
        self.acknowledged = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/L-1"


class _Answer(BaseHTTPRequestHandler):
    server: Feed

    def do_GET(self) -> None:
        attack, body, status = self.server.attack, self.server.body, 200
        name = attack or "honest"
        self.server.asked[name] = self.server.asked.get(name, 0) + 1
        if attack == "error":
            status, body = 503, b""
        elif attack == "silence":
            time.sleep(30)
        elif attack == "garbage":
            body = random.Random(1).randbytes(100_000)
        elif attack == "old":
            body = self.server.old
        elif attack == "changed":
            body = body.replace(b"pirate", b"honest")
        elif attack == "stranger":
            body = _by_a_stranger()
        elif attack == "one-person":
            body = _by_one_person()
        elif attack == "reset":
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Retry-After", "999999" if attack == "error" else "1")
        size = 2**40 if attack == "huge" else len(body)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            if attack == "drip":
                for at in range(60):
                    self.wfile.write(body[at : at + 1])
                    time.sleep(1)
            elif attack == "huge":
                for _ in range(1_000):
                    self.wfile.write(bytes(2**20))
            else:
                self.wfile.write(body)
        except OSError:
            pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.acknowledged += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def _by_a_stranger() -> bytes:
    text = lists.version_text(number=9_999, made_at=_now())
    body: bytes = lists.envelope(text, [], key=lists.CARLA)
    return body


def _by_one_person() -> bytes:
    text = _referral("R-alone", "innocent.example", end=_now() + timedelta(hours=1))
    version = lists.version_text(number=9_999, made_at=_now(), texts=[text])
    body: bytes = lists.envelope(version, [lists.referral(text, (lists.ANNA,))])
    return body


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _referral(name: str, target: str, *, end: datetime, stale_s: int | None = None) -> str:
    lever = "address" if target[0].isdigit() else "name"
    row = lists.entry(target, lever=lever, end=end, stale_s=stale_s)
    text: str = lists.referral_text(row, name=name, end=end)
    return text


class Trial:
    """Resolvers, feeds, an agent and its watchdog as processes."""

    def __init__(self, folder: Path, machine: resolvers.Resolvers) -> None:
        self.machine = machine
        self.feed = Feed()
        self.spool = folder / "spool.json"
        self.publisher = lists.Publisher()
        self.config = folder / "provider.toml"
        self.config.write_text(_config(folder, self.feed, self.spool) + machine.drivers_toml())
        self.folder = folder
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.publish()
        self.feed.old = self.feed.body
        for verb in ("run", "watchdog"):
            self.start(verb)
        while not self.feed.acknowledged:
            time.sleep(0.1)

    def start(self, verb: str) -> None:
        with (self.folder / f"{verb}.log").open("ab") as log:
            self.children[verb] = subprocess.Popen(
                [sys.executable, "-m", "cautery_provider", verb, "--config", str(self.config)],
                env=os.environ | {"PYTHONPATH": str(SOURCES)},
                stdout=log,
                stderr=log,
            )

    def publish(self, *, spool: bool = False) -> None:
        """Make the next version, for the first feed or for the second."""
        body = self.publisher.publish(_now())
        if spool:
            draft = self.spool.with_suffix(".new")
            draft.write_bytes(body)
            draft.replace(self.spool)
        else:
            self.feed.body = body

    def is_blocked(self, driver: str, name: str, address: str) -> bool:
        if driver == "nft":
            return address in self.machine.blocked_addresses()
        return self.machine.is_blocked(driver, name)

    def wait(self, wanted: bool, name: str, address: str, *, limit_s: float) -> dict[str, float]:  # noqa: FBT001
        """Wait until each driver blocks, or no longer; return the moments, since the epoch."""
        moments: dict[str, float] = {}
        last = time.time() + limit_s
        while len(moments) < len(DRIVERS) and time.time() < last:
            for driver in DRIVERS:
                if driver not in moments and self.is_blocked(driver, name, address) is wanted:
                    moments[driver] = time.time()
            time.sleep(0.1)
        return moments

    def close(self) -> None:
        for child in self.children.values():
            child.terminate()
            child.wait(30)


def _config(folder: Path, feed: Feed, spool: Path) -> str:
    def public(key: object) -> str:
        raw: bytes = key.public_key().public_bytes_raw()  # type: ignore[attr-defined]
        return base64.b64encode(raw).decode()

    return (
        f'list = "{lists.NAMES[0]}"\nprovider = "{lists.NAMES[1]}"\n'
        f'territory = "{lists.NAMES[2]}"\nlist_key = "{public(lists.LIST_KEY)}"\n'
        f'state = "{folder}/state"\nfeeds = ["{feed.url()}", "file://{spool}"]\n'
        f'ack = "{feed.url()}/ack"\npoll_s = 2\n'
        f'[[approver]]\nname = "Anna"\nkey = "{public(lists.ANNA)}"\n'
        f'[[approver]]\nname = "Bruno"\nkey = "{public(lists.BRUNO)}"\n'
    )


def ends(trial: Trial) -> Iterator[str]:
    """Measure how long entries outlive their end: a dozen pairs, 4 s apart."""
    first = _now() + timedelta(seconds=25)
    pairs = []
    for number in range(12):
        end = first + timedelta(seconds=4 * number)
        name, address = f"pirate{number}.example", f"192.0.2.{number}"
        for target in (name, address):
            trial.publisher.texts.append(_referral(f"R-{target}", target, end=end))
        pairs.append((name, address, end.timestamp()))
    begun = time.time()
    trial.publish()
    blocked = trial.wait(True, pairs[0][0], pairs[0][1], limit_s=20)
    outlived: dict[str, list[float]] = {driver: [] for driver in DRIVERS}
    early = dict.fromkeys(DRIVERS, 0)
    for name, address, end_s in pairs:
        for driver in DRIVERS:
            early[driver] += time.time() < end_s and not trial.is_blocked(driver, name, address)
        time.sleep(max(0.0, end_s - time.time() - 0.5))
        for driver, moment in trial.wait(False, name, address, limit_s=30).items():
            outlived[driver].append(moment - end_s)
    yield "| driver | blocked after s | entries | gone s after its end, median | max | too early |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for driver in DRIVERS:
        seconds = outlived[driver]
        yield (
            f"| {driver} | {blocked.get(driver, NEVER) - begun:.1f} | {len(seconds)} of 12 "
            f"| {statistics.median(seconds):.1f} | {max(seconds):.1f} | {early[driver]} |"
        )
    trial.publisher.texts.clear()


def attack(trial: Trial, seconds: float) -> Iterator[str]:
    """Attack the first feed: what must stand stands, what must fall falls."""
    end = _now() + timedelta(hours=3)
    standing, live = ("film.example", "192.0.2.100"), ("live.example", "192.0.2.101")
    for target in standing:
        trial.publisher.texts.append(_referral(f"R-{target}", target, end=end))
    for target in live:
        trial.publisher.texts.append(_referral(f"R-{target}", target, end=end, stale_s=120))
    made_s = _now().timestamp()
    trial.publish()
    trial.wait(True, *standing, limit_s=20)
    trial.wait(True, *live, limit_s=20)
    begun, checks, lost = time.time(), 0, dict.fromkeys(DRIVERS, 0)
    fell: dict[str, float] = {}
    back: list[str] = []
    while time.time() < begun + seconds:
        place = int((time.time() - begun) / seconds * len(Feed.attacks))
        trial.feed.attack = Feed.attacks[min(place, len(Feed.attacks) - 1)]
        checks += 1
        for driver in DRIVERS:
            lost[driver] += not trial.is_blocked(driver, *standing)
            blocked = trial.is_blocked(driver, *live)
            if not blocked and driver not in fell:
                fell[driver] = time.time() - made_s - 120
            elif blocked and driver in fell:
                back.append(driver)
        time.sleep(0.5)
    withdrawn_s = time.time()
    for target in standing:
        text = next(text for text in trial.publisher.texts if f"R-{target}" in text)
        trial.publisher.withdrawn.append((text, target))
    trial.publish(spool=True)
    opened = trial.wait(False, *standing, limit_s=60)
    trial.feed.attack = None
    trial.publisher.texts.clear()
    trial.publisher.withdrawn.clear()
    yield f"Attacked for {seconds:.0f} s; questions: {trial.feed.asked}; came back: {back}."
    yield ""
    yield "| driver | standing: looks | lost | live: fell s late | withdrawn by feed 2: open s |"
    yield "| --- | --- | --- | --- | --- |"
    for driver in DRIVERS:
        yield (
            f"| {driver} | {checks} | {lost[driver]} | {fell.get(driver, NEVER):.1f} | "
            f"{opened.get(driver, NEVER) - withdrawn_s:.1f} |"
        )


def home(trial: Trial) -> Iterator[str]:
    """Withdraw names that forwarders in homes have cached as blocked, one after another."""
    end = _now() + timedelta(hours=1)
    targets = [f"home{number}.example" for number in range(10)]
    trial.publisher.texts += [_referral(f"R-{target}", target, end=end) for target in targets]
    trial.publish()
    homes = [trial.machine.start_forwarder(resolver) for resolver in resolvers.RESOLVERS]
    open_s: dict[str, list[float]] = {place: [] for place in (*resolvers.RESOLVERS, *homes)}
    for target in targets:
        # A forwarder that is asked before keeps the open answer for the five minutes it may live.
        while not all(trial.machine.is_blocked(name, target) for name in resolvers.RESOLVERS):
            time.sleep(0.1)
        assert all(trial.machine.is_blocked(name, target) for name in homes)
        text = next(text for text in trial.publisher.texts if f"R-{target}" in text)
        trial.publisher.withdrawn.append((text, target))
        withdrawn_s = time.time()
        trial.publish()
        waiting = set(open_s)
        while waiting:
            for place in tuple(waiting):
                if not trial.machine.is_blocked(place, target):
                    open_s[place].append(time.time() - withdrawn_s)
                    waiting.remove(place)
            time.sleep(0.1)
    trial.publisher.texts.clear()
    trial.publisher.withdrawn.clear()
    yield "| a name is open | N | median s | longest s |"
    yield "| --- | --- | --- | --- |"
    for place, seconds in open_s.items():
        where = f"behind a forwarder of {place[5:]}" if place in homes else f"at {place}"
        median = statistics.median(seconds)
        yield f"| {where} | {len(seconds)} | {median:.1f} | {max(seconds):.1f} |"


def killed(trial: Trial) -> Iterator[str]:
    """Kill the agent with signal 9; the watchdog unblocks."""
    pair, end = ("last.example", "192.0.2.110"), _now() + timedelta(hours=1)
    for target in pair:
        trial.publisher.texts.append(_referral(f"R-{target}", target, end=end))
    trial.publish()
    blocked = trial.wait(True, *pair, limit_s=60)
    trial.children["run"].send_signal(signal.SIGKILL)
    trial.children.pop("run").wait()
    begun = time.time()
    opened = trial.wait(False, *pair, limit_s=180)
    trial.start("run")
    again_s = time.time()
    again = trial.wait(True, *pair, limit_s=30)
    yield "| driver | blocked before | open after SIGKILL, s | blocked again after a restart, s |"
    yield "| --- | --- | --- | --- |"
    for driver in DRIVERS:
        yield (
            f"| {driver} | {driver in blocked} | {opened.get(driver, NEVER) - begun:.0f} | "
            f"{again.get(driver, NEVER) - again_s:.1f} |"
        )


def many(machine: resolvers.Resolvers, entries: int) -> Iterator[str]:
    """Put entries straight through each driver, then let all of them end at once."""
    until = datetime.now(UTC) + timedelta(hours=1)
    names = [Block("name", f"a{number}.example", until) for number in range(entries)]
    addresses = [
        Block("address", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", until)
        for number in range(entries)
    ]
    key = read_key(machine.key_file)
    made: dict[str, Callable[[], object]] = {
        "nft": lambda: Nftables(owner="L-1", command=machine.nft),
        "bind": lambda: Bind(
            zone=resolvers.ZONE, key=key, server="127.0.0.1", port=machine.ports["bind"]
        ),
        "bind-file": lambda: BindFile(
            zone=resolvers.ZONE,
            file=machine.zone_file("bind-file"),
            command=machine.control("bind-file"),
        ),
        "unbound": lambda: Unbound(
            zone=resolvers.ZONE,
            file=machine.zone_file("unbound"),
            command=machine.control("unbound"),
        ),
        "powerdns": lambda: PowerDns(
            zone=resolvers.ZONE,
            file=machine.zone_file("powerdns"),
            command=machine.control("powerdns"),
        ),
    }
    yield "| driver | entries | written, s | all end: gone, s | done, s | CPU of the driver, s |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, make in made.items():
        driver = make()
        blocks = addresses if name == "nft" else names
        cpu = _cpu_s()
        begun = time.perf_counter()
        driver.apply(blocks, datetime.now(UTC))  # type: ignore[attr-defined]
        written = time.perf_counter() - begun
        seen = () if name == "nft" else (names[0], names[entries // 2], names[-1])
        for block in seen:  # a cache, too, knows them as blocked
            while not machine.is_blocked(name, block.target):
                time.sleep(0.05)
        begun = time.perf_counter()
        nothing: tuple[list[Block], datetime] = [], datetime.now(UTC)
        ending = threading.Thread(target=driver.apply, args=nothing)  # type: ignore[attr-defined]
        ending.start()
        if name == "nft":
            ending.join()
            assert not machine.blocked_addresses()
        for block in seen:
            while machine.is_blocked(name, block.target):
                time.sleep(0.05)
        gone = time.perf_counter() - begun
        ending.join()
        done = time.perf_counter() - begun
        spent = _cpu_s() - cpu
        yield f"| {name} | {entries} | {written:.1f} | {gone:.1f} | {done:.1f} | {spent:.1f} |"


def _cpu_s() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, whose))


def main() -> int:
    ask = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    ask.add_argument("--attack-s", type=float, default=600)
    ask.add_argument("--entries", type=int, default=100_000)
    ask.add_argument("--only", choices=("ends", "attack", "home", "killed", "many"))
    options = ask.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # children are stopped on the way out
    missing = resolvers.missing()
    if missing or os.geteuid() != 0:
        packages = " ".join(resolvers.TOOLS[command] for command in missing)
        print(f"needs root, and: apt-get install {packages}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name, resolvers.Resolvers(Path(name)) as machine:
        parts: dict[str, Callable[[], Iterator[str]]] = {}
        if options.only != "many":
            trial = Trial(Path(name), machine)
            parts = {
                "ends": lambda: ends(trial),
                "attack": lambda: attack(trial, options.attack_s),
                "home": lambda: home(trial),
                "killed": lambda: killed(trial),
            }
        try:
            for part, rows in parts.items():
                if options.only in (None, part):
                    print(f"\n{part}, load {os.getloadavg()[0]:.1f}\n", flush=True)
                    print(*rows(), sep="\n", flush=True)
        finally:
            if parts:
                trial.close()
        if options.only in (None, "many"):
            print(f"\nmany, load {os.getloadavg()[0]:.1f}\n", flush=True)
            for row in many(machine, options.entries):
                print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
