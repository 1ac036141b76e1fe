"""A withdrawal at polling TAXII clients: polls until it is revoked there, and what polls cost.

Run: ``python bench/exchange/taxii.py [--withdrawals 250] [--items 20000]``. A case with so many
approved blocks is served by ``cautery serve``, over a socket, to our client and to OASIS's
taxii2-client, each with a token of ``cautery token make``. Each withdrawal is a record of the case.
After it each client polls for what is new since its last poll, up to three times. Wanted: one poll,
and nothing revoked that was not withdrawn. A first poll and one that brings nothing are timed on a
case of ``--items`` blocks; the seconds of the server are those of its own process.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import taxii2client.v21 as oasis
from tests.form_case import NOW, made_case

from cautery.adapters.case_folder import FolderStore
from cautery.exchange.catalogue import format_named
from cautery.json_text import parsed_json
from cautery.model import Referral
from cautery.model.exchange import ItemKind
from cautery.model.ledger import append, contents
from cautery.model.records import EntryWithdrawn
from cautery.wiring.taxii import Access, offered, polled
from worlds import machine

_MARKING = "TLP:AMBER PAP:AMBER"
_MOST_POLLS = 3
_PAGE = 1_000
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print how many polls a withdrawal takes, and what polls cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--withdrawals", type=int, default=250)
    parser.add_argument("--items", type=int, default=20_000)
    asked = parser.parse_args()
    print(f"before: {machine()}")
    with served(asked.withdrawals + 50) as room:
        print_withdrawals(room, asked.withdrawals)
    with served(asked.items) as room:
        print_costs(room, asked.items)
    print(f"after: {machine()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A served case, and how a partner reaches it."""

    case: Path
    root: str
    collection: str
    token: Path
    server: int
    made_s: float
    """How long the first question took, for which the server makes what it gives."""

    @property
    def access(self) -> Access:
        return Access(token_file=self.token, allow=("127.0.0.0/8",))

    def cpu_s(self) -> float:
        """Return the seconds of CPU that the server has spent so far."""
        spent = Path(f"/proc/{self.server}/stat").read_text().rpartition(")")[2].split()
        return (int(spent[11]) + int(spent[12])) / _TICKS

    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.server}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024


@contextmanager
def served(blocks: int) -> Iterator[Room]:
    """Serve a case with so many blocks as a person would."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        case = made_case(folder / "cases", *(f"host-{n}.goals.example" for n in range(blocks)))
        paths = {"XDG_CACHE_HOME": "cache", "XDG_DATA_HOME": "data", "XDG_CONFIG_HOME": "config"}
        environment = os.environ | {name: str(folder / place) for name, place in paths.items()}
        environment |= {"CAUTERY_TOKENS": str(folder / "tokens")}
        cautery = [sys.executable, "-m", "cautery"]
        make = ["token", "make", "partner", "--scope", "taxii", "--marking", _MARKING, "--cases"]
        secret = subprocess.run(
            [*cautery, *make, str(case.parent)],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        ).stdout.split()[-1]
        token = folder / "token"
        token.touch(0o600)
        token.write_text(secret)
        serve = ["serve", "--cases", str(case.parent), "--port", "0", "--no-browser"]
        with subprocess.Popen(
            [*cautery, *serve],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        ) as server:
            try:
                address = _address_of(server)
                root = f"{address}/taxii2/{case.name}/"
                access = Access(token_file=token, allow=("127.0.0.0/8",))
                begun = time.perf_counter()
                (collection,) = _patient(lambda: offered(root, access=access))
                yield Room(
                    case=case,
                    root=root,
                    collection=collection.id,
                    token=token,
                    server=server.pid,
                    made_s=time.perf_counter() - begun,
                )
            finally:
                server.terminate()


def _address_of(server: subprocess.Popen[str]) -> str:
    said = []
    for line in server.stdout or ():
        said.append(line)
        if (found := re.search(r"http://127\.0\.0\.1:\d+", line)) is not None:
            return found[0]
    raise SystemExit("".join(said))


def _patient(ask: Callable[[], Any]) -> Any:
    """Ask until the server has made what it gives: at first it may answer 503."""
    for _ in range(60):
        try:
            return ask()
        except Exception as error:
            if "503" not in str(error) and "later" not in str(error):
                raise
            time.sleep(1.0)
    raise SystemExit("the server never had it ready")


@dataclass
class Client:
    """A partner's client, and what it knows after its polls."""

    name: str
    room: Room
    revoked: set[str] = field(default_factory=set)
    patterns: dict[str, str] = field(default_factory=dict)
    pages: int = 0
    bytes: int = 0

    def poll(self) -> None:
        """Ask for what is new, and note which targets are revoked."""
        for thing in _patient(self._news):
            if thing["type"] == "indicator":
                target = re.findall("'(.*)'", thing["pattern"])[0]
                self.patterns[target] = thing["id"]
                (self.revoked.add if thing.get("revoked") else self.revoked.discard)(target)

    def _news(self) -> list[dict[str, Any]]:
        raise NotImplementedError


@dataclass
class Ours(Client):
    """``cautery import --taxii``, up to the bundle; and what our reader says of it."""

    since: datetime | None = None
    items: int = 0

    def _news(self) -> list[dict[str, Any]]:
        room = self.room
        brought = polled(room.root, room.collection, access=room.access, since=self.since)
        self.since, self.pages, self.bytes = brought.newest, brought.pages, len(brought.bundle)
        objects: list[dict[str, Any]] = parsed_json(brought.bundle)["objects"]
        if objects:
            package = format_named("stix").read(brought.bundle, "poll").package
            read = {item.id for item in package.items if item.revoked}
            assert read == {
                re.findall("'(.*)'", thing["pattern"])[0]
                for thing in objects
                if thing.get("revoked")
            }
            self.items = sum(item.kind is ItemKind.BLOCK for item in package.items)
        return objects


@dataclass
class Oasis(Client):
    """taxii2-client, which keeps the time that the server named last."""

    seen: str | None = None

    def __post_init__(self) -> None:
        url = f"{self.room.root}collections/{self.room.collection}/"
        self._collection = oasis.Collection(
            url, user="opencti", password=self.room.token.read_text()
        )

    def _news(self) -> list[dict[str, Any]]:
        asked = {} if self.seen is None else {"added_after": self.seen}
        pages = list(oasis.as_pages(self._collection.get_objects, per_request=_PAGE, **asked))
        self.pages = len(pages)
        objects = [thing for page in pages for thing in page.get("objects", ())]
        self.bytes = len(json.dumps(objects))
        if objects:
            self.seen = self._newest(asked)
        return objects

    def _newest(self, asked: dict[str, str]) -> str:
        pages = oasis.as_pages(self._collection.get_manifest, per_request=_PAGE, **asked)
        return str([entry for page in pages for entry in page["objects"]][-1]["date_added"])


def print_withdrawals(room: Room, count: int) -> None:
    """Withdraw one entry after the other; print the polls that each client needed."""
    clients = [Ours("ours", room), Oasis("taxii2-client", room)]
    for client in clients:
        client.poll()
        assert not client.revoked
    targets = sorted(clients[0].patterns)
    polls: dict[str, Counter[int]] = {client.name: Counter() for client in clients}
    spent: dict[str, list[float]] = {client.name: [] for client in clients}
    wrong = 0
    for number in range(count):
        _withdraw(room.case, targets[number], NOW + timedelta(seconds=number + 1))
        withdrawn = set(targets[: number + 1])
        for client in clients:
            begun = time.perf_counter()
            needed = next((n for n in range(1, _MOST_POLLS + 1) if _knows(client, withdrawn)), 0)
            spent[client.name].append(time.perf_counter() - begun)
            polls[client.name][needed] += 1
            wrong += len(client.revoked - withdrawn)
    print("| client | withdrawals | known after one poll | after more | never | s a poll, median |")
    print("| --- " * 6 + "|")
    for client in clients:
        of = polls[client.name]
        more = sum(of[n] for n in range(2, _MOST_POLLS + 1))
        print(
            f"| {client.name} | {count} | {of[1]} | {more} | {of[0]} | "
            f"{median(spent[client.name]):.2f} |"
        )
    print(f"\n{wrong} revoked that were not withdrawn; {len(targets) - count} still in force")


def _knows(client: Client, withdrawn: set[str]) -> bool:
    client.poll()
    return withdrawn <= client.revoked


def _withdraw(case: Path, target: str, at: datetime) -> None:
    with closing(FolderStore().ledger(case, read_only=False)) as ledger:
        referral = next(referral for _, referral in contents(ledger, Referral))
        gone = EntryWithdrawn(referral=referral.id, target=target, reasons=(), published=(), at=at)
        append(ledger, gone, at=at)


def print_costs(room: Room, items: int) -> None:
    """Print what a first poll and one without news cost."""
    print(f"\n{items:,} blocks, and their collections were made in {room.made_s:.1f} s, ", end="")
    print(f"of which {room.cpu_s():.1f} s of CPU with the start of the server")
    print("| client | poll | pages | MiB | s | server: CPU s | its peak MiB |")
    print("| --- " * 7 + "|")
    for client in (Ours("ours", room), Oasis("taxii2-client", room)):
        for title in ("first", "nothing new", "one withdrawn"):
            if title == "one withdrawn":
                _withdraw(room.case, sorted(client.patterns)[len(client.name)], NOW)
            begun, cpu_s = time.perf_counter(), room.cpu_s()
            client.poll()
            seconds, cpu_s = time.perf_counter() - begun, room.cpu_s() - cpu_s
            print(
                f"| {client.name} | {title} | {client.pages} | {client.bytes / (1 << 20):.1f} | "
                f"{seconds:.2f} | {cpu_s:.2f} | {room.peak_mib():.0f} |",
                flush=True,
            )
        assert len(client.patterns) == items


if __name__ == "__main__":
    main()
