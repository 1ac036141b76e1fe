"""Three hundred access providers that poll their lists, over TLS with a certificate each.

    python bench/lists/feeds.py [--minutes M] [--providers N] [--entries N] [--changes N]

One process serves (``cautery lists serve``), one makes a new version of every list at each change
and after 30 s without one, and one is all the providers: each asks every 10 s, give or take a
fifth, with ``If-None-Match`` and ``since``, over a new connection, as the agent does. A provider
checks the version's signature and that it holds every referral; what it then blocks is compared
with what the writer says. It prints a table for bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import json
import multiprocessing
import os
import random
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.lists import CaseKey, approved, entry, lasting  # noqa: E402

from cautery.act import StandingList  # noqa: E402
from cautery.adapters.public_folder import PublicFolder  # noqa: E402
from cautery.canonical import canonical  # noqa: E402
from cautery.lab.certificates import Authority, self_signed  # noqa: E402
from cautery.model import Intermediary, digest_of  # noqa: E402
from cautery.workflows.case.public_lists import ListFiles, PublicLists  # noqa: E402

POLL_S = 10.0
RENEWED_S = 30.0
PER_REFERRAL = 100
PORT = 18_443


@dataclass(slots=True)
class Plan:
    """What is run."""

    folder: Path
    providers: int
    entries: int
    changes: float
    seconds: float


class Nobody:
    """By PUT nobody is reached."""

    async def publish(self, *_: object, **__: object) -> None:
        """Fail."""
        raise AssertionError


# -- the case ---------------------------------------------------------------------------------


def write(plan: Plan, begun: Any, ended: Any) -> None:
    """Make the lists, then a change every few seconds; write down when each was out."""
    key = CaseKey()
    until = datetime.now(UTC) + timedelta(days=1)
    files = PublicFolder(plan.folder / "public", make=True)
    publisher = PublicLists(ListFiles(files), by_put=Nobody())  # type: ignore[arg-type]
    lists = [
        StandingList(key=key.public, to=Intermediary(name=f"isp-{n}", territory="FR"))
        for n in range(plan.providers)
    ]
    added: list[tuple[str, str]] = []

    def add(names: Sequence[str]) -> None:
        subject, mandate = lasting(*map(entry, names), until=until)
        allowed = approved(subject, key, mandate)
        lists[0].add(allowed, mandate.orders[0])
        for standing in lists[1:]:  # to check one referral 300 times is not what is measured
            standing.share.parts.update(lists[0].share.parts)
        added.extend((subject.id, name) for name in names)

    # The first entries are written as they stand in an approved referral: to draft, judge and sign
    # 60,000 takes minutes, and is not what is measured.
    add(["model.pirate.example"])
    [model] = lists[0].share.parts.values()
    body = json.loads(model.text)
    for first in range(0, plan.entries, PER_REFERRAL):
        names = sorted(f"n{n}.pirate.example" for n in range(first, first + PER_REFERRAL))
        rows = [body["entries"][0] | {"target": name} for name in names]
        number = f"R-{first:012x}"
        text = canonical(body | {"referral": number, "entries": rows}).decode()
        part = replace(model, id=number, text=text, ends=dict.fromkeys(names, until))
        for standing in lists:
            standing.share.parts[digest_of(text.encode())] = part
        added.extend((number, name) for name in names)

    def publish() -> None:
        asyncio.run(publish_all(datetime.now(UTC)))

    async def publish_all(at: datetime) -> None:
        for standing in lists:
            version = standing.next_version(at)
            envelope = standing.signed(version, key.sign_list(version.text))
            await publisher.publish(envelope, now=at)

    publish()
    (plan.folder / "ids.json").write_text(
        json.dumps({"key": base64.b64encode(key.public).decode(), "ids": [s.id for s in lists]})
    )
    begun.set()
    gc.freeze()
    rng, changes = random.Random(1), []
    start, turn = time.time(), 0
    while time.time() - start < plan.seconds:
        turn += 1
        time.sleep(max(0.0, start + turn * 60.0 / plan.changes - time.time()))
        decided = time.time()
        if turn % 2:
            target, is_in = f"late{turn}.pirate.example", True
            add([target])
        else:
            referral, target = added.pop(rng.randrange(len(added)))
            is_in = False
            for standing in lists:
                standing.withdraw(referral, target)
        publish()
        changes.append({"target": target, "in": is_in, "decided": decided, "out": time.time()})
    (plan.folder / "changes.json").write_text(json.dumps(changes))
    ended.set()


PARTS: dict[str, tuple[str, ...]] = {}
"""The targets of each referral that any provider has received."""


# -- the providers ----------------------------------------------------------------------------


@dataclass(slots=True)
class Provider:
    """One provider: what it holds, and when it saw each change."""

    list_id: str
    context: ssl.SSLContext
    etag: str = ""
    digest: str = ""
    named: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    seen: dict[tuple[str, bool], float] = field(default_factory=dict)

    def take(self, body: bytes, key: Ed25519PublicKey, at: float) -> None:
        """Check a version, and note what came and what went."""
        # The first whole lists hold the same referrals: one provider reads them, the others their
        # end alone, since all providers share one process here.
        end = body.rindex(b'],"signature":')
        envelope = (
            json.loads(b'{"referrals":[' + body[end:])
            if PARTS and end > 1 << 20
            else json.loads(body)
        )
        text = envelope["version"]
        key.verify(base64.b64decode(envelope["signature"]), text.encode())
        version = json.loads(text)
        if not all(name in PARTS for name in version["referrals"]):
            envelope = json.loads(body)
        for part in envelope["referrals"]:
            digest = digest_of(part["text"].encode())
            PARTS[digest] = tuple(
                sys.intern(row["target"]) for row in json.loads(part["text"])["entries"]
            )
        named = version["referrals"]
        withdrawn = {place["target"] for place in version["withdrawn"]}
        if self.digest:
            for digest in set(named) - self.named:
                self.seen.update(dict.fromkeys(((target, True) for target in PARTS[digest]), at))
            for target in withdrawn - self.withdrawn:
                self.seen[target, False] = at
        self.named, self.withdrawn = set(named), withdrawn
        self.digest = digest_of(text.encode())

    def blocks(self, target: str) -> bool:
        """Tell whether a target is on its list."""
        return target not in self.withdrawn and any(target in PARTS[name] for name in self.named)


async def poll(
    provider: Provider,
    key: Ed25519PublicKey,
    record: list[tuple[float, int, int, float]],
    stop: float,
) -> int:
    """Ask until the end; return how many answers were no answer."""
    rng, faults = random.Random(provider.list_id), 0
    await asyncio.sleep(rng.uniform(0, POLL_S))
    url = f"https://127.0.0.1:{PORT}/lists/{provider.list_id}"
    while time.time() < stop:
        asked = time.perf_counter()
        try:
            connector = aiohttp.TCPConnector(ssl=provider.context, force_close=True)
            async with aiohttp.ClientSession(connector=connector) as session:
                query = {"since": provider.digest} if provider.digest else {}
                headers = {"If-None-Match": provider.etag} if provider.etag else {}
                async with session.get(url, params=query, headers=headers) as answer:
                    body = await answer.read()
                    took = time.perf_counter() - asked
                    record.append((took, answer.status, len(body), time.time()))
                    if answer.status == 200:
                        provider.take(body, key, time.time())
                        provider.etag = answer.headers["ETag"]
                    elif answer.status != 304:
                        faults += 1
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            print(f"{provider.list_id}: {error!r}", file=sys.stderr)
            faults += 1
        await asyncio.sleep(POLL_S * rng.uniform(0.8, 1.2))
    return faults


async def ask_all(plan: Plan, begin: float) -> tuple[list[Provider], list[Any], int]:
    """Be every provider; the first whole list is fetched before the clock runs."""
    known = json.loads((plan.folder / "ids.json").read_text())
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(known["key"]))
    providers = []
    for number, list_id in enumerate(known["ids"]):
        context = ssl.create_default_context(cafile=str(plan.folder / "ca" / "authority.pem"))
        context.load_cert_chain(plan.folder / f"isp-{number}.pem")
        providers.append(Provider(list_id, context))
    record: list[tuple[float, int, int, float]] = []
    stop = begin + plan.seconds + 2 * POLL_S
    faults = sum(
        await asyncio.gather(*(poll(provider, key, record, stop) for provider in providers))
    )
    return providers, record, faults


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--minutes", type=float, default=10.0)
    ask.add_argument("--providers", type=int, default=300)
    ask.add_argument("--entries", type=int, default=60_000)
    ask.add_argument("--changes", type=float, default=10.0, help="a minute")
    given = ask.parse_args()
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        run(Plan(Path(name), given.providers, given.entries, given.changes, given.minutes * 60))


def run(plan: Plan) -> None:
    """Serve, change and ask at once."""
    authority = Authority(plan.folder / "ca")
    server_pem = authority.vouch("127.0.0.1")
    spawn = multiprocessing.get_context("spawn")
    begun, ended = spawn.Event(), spawn.Event()
    writer = spawn.Process(target=write, args=(plan, begun, ended))
    writer.start()
    for number in range(plan.providers):
        self_signed(plan.folder / f"isp-{number}.pem", f"isp-{number}")
    begun.wait()
    ids = json.loads((plan.folder / "ids.json").read_text())["ids"]
    rows = "".join(
        f'[[provider]]\nlist = "{list_id}"\ncertificate = "isp-{number}.pem"\n'
        for number, list_id in enumerate(ids)
    )
    (plan.folder / "face.toml").write_text(
        'folders = ["public"]\nname = "Bench"\ncontact = "a@b.example"\n'
        f'url = "https://127.0.0.1"\n[feeds]\nlisten = "127.0.0.1:{PORT}"\n'
        f'certificate = "{server_pem}"\nconnections_per_address = 1000\n{rows}'
    )
    server = subprocess.Popen(
        [sys.executable, "-m", "cautery", "lists", "serve", str(plan.folder / "face.toml")],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        print(server.stderr.readline().strip())
        begin = time.time()
        providers, record, faults = asyncio.run(ask_all(plan, begin))
        writer.join()
        usage = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
        cpu_s = (int(usage[11]) + int(usage[12])) / os.sysconf("SC_CLK_TCK")
        memory = next(
            line
            for line in Path(f"/proc/{server.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )
    finally:
        server.terminate()
        server.wait(10)
    changes = json.loads((plan.folder / "changes.json").read_text())
    asked_from = min(change["decided"] for change in changes)
    lags, lost = [], 0
    for change in changes:
        for provider in providers:
            seen = provider.seen.get((change["target"], change["in"]))
            if seen is not None:
                lags.append(seen - change["decided"])
            elif provider.blocks(change["target"]) is not change["in"]:
                lost += 1
    whole = [row[0] for row in record if row[2] > 1 << 20]
    small = [(row[0], row[3]) for row in record if row[2] <= 1 << 20]
    count = {status: sum(row[1] == status for row in record) for status in (200, 304)}
    print(
        f"providers {len(providers)}, entries {plan.entries}, changes {len(changes)} "
        f"in {plan.seconds / 60:.1f} min from {asked_from - begin:+.0f} s"
    )
    print(f"answers {len(record)}: 200 {count[200]}, 304 {count[304]}, faults {faults}")
    print("| what | N | median | p99 | longest |\n| --- | --- | --- | --- | --- |")
    for what, values, unit in (
        ("an answer in the first 30 s (ms)", [t for t, at in small if at < begin + 30], 1_000),
        ("an answer after them (ms)", [t for t, at in small if at >= begin + 30], 1_000),
        ("the first whole list (ms)", whole, 1_000),
        ("a change, from its decision to a provider (s)", lags, 1),
    ):
        if values:
            p50, p99 = np.percentile(values, [50, 99]) * unit
            print(f"| {what} | {len(values)} | {p50:.1f} | {p99:.1f} | {max(values) * unit:.1f} |")
    print(f"lost {lost} of {len(changes) * len(providers)}; server CPU {cpu_s:.0f} s, {memory}")


if __name__ == "__main__":
    main()
