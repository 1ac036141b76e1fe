"""The guard on real lists: blocks of courts, pirate domains, stream hosts, incidents; its speed.

Run: ``python bench/plan/guard.py [--facts DIR] [--fraction 1.0]``. Judged at the data's date.
Peers in the same run: block all, and the range table alone (refuse what a published range holds).

The words by which ``plan/network_kind.py`` tells a network's kind were written with these very
lists in sight, so nothing in them is held out: the rows "ranges only" show what the
guard does without any word, and the halves (by SHA-256 of the AS number) how much it hangs on a
few large networks. A rate on networks that nobody has looked at is not known.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import ipaddress
import itertools
import lzma
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

from scipy.stats import beta

from cautery.adapters.facts_folder import FactsFolder
from cautery.lab.incidents import INCIDENTS, judged, stopped, write_facts
from cautery.model import Decision, DedicatedFact, NetworkFact
from cautery.plan import guard

AT = datetime(2026, 8, 25, 12, 0, tzinfo=UTC)
EVIDENCE_DAY = date(2026, 8, 24)


def main() -> None:
    """Print one row per question."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", type=Path, default=Path("../shared/data"))
    parser.add_argument("--fraction", type=float, default=1.0, help="Every n-th target only.")
    asked = parser.parse_args()
    step = max(1, round(1 / asked.fraction))
    begun = time.process_time()
    facts = FactsFolder(asked.facts)
    for one in ("192.0.2.1", "2001:db8::1", "a.example"):
        guard(one, facts=facts, at=AT)
    print(f"facts loaded in {time.process_time() - begun:.2f} s of CPU, judged at {AT:%Y-%m-%d}")
    blocks, domains = _blocks(asked.facts)[::step], _domains(asked.facts, facts)[::step]
    outside = [one for one in _bare(asked.facts) if facts.shared(one) is None][::step]
    if not (blocks and domains and outside):
        raise SystemExit("nothing to judge: is the facts folder whole?")

    spared, spent = _judge(facts, blocks)
    _row("court blocks refused or narrowed", len(blocks) - spared, len(blocks))
    _row("  peer: range table alone", sum(facts.shared(o) is not None for o in blocks), len(blocks))
    _row("  peer: block all", 0, len(blocks))
    each = spent / len(blocks)
    print(f"  {1000 * each:.3f} ms of CPU a target; 10^5 targets: {1e5 * each:.0f} s")
    allowed, spent = _judge(facts, domains)
    _row("pirate domains wrongly refused", len(domains) - allowed, len(domains))
    print(f"  {1000 * spent / len(domains):.3f} ms of CPU a target")
    allowed, spent = _judge(facts, outside, dedicated=True)
    _row("dedicated stream hosts wrongly refused", len(outside) - allowed, len(outside))
    allowed, _ = _judge(facts, outside)
    _row("the same without evidence, refused", len(outside) - allowed, len(outside))
    _words(asked.facts, facts, blocks, outside)
    _at_once(facts, [*blocks, *outside, *domains], round(1e5 / step))
    numbers = [int(ipaddress.ip_address(one)) for one in blocks[::10]]
    mapped = [f"2002:{one >> 16:x}:{one & 65535:x}::1" for one in numbers]
    spared, _ = _judge(facts, mapped)
    _row("the same blocks as 6to4, refused", len(mapped) - spared, len(mapped))
    with tempfile.TemporaryDirectory() as folder:
        held = sum(
            stopped(judged(one, FactsFolder(write_facts(one, Path(folder) / one.id))))
            for one in INCIDENTS
        )
    _row("incidents refused or narrowed", held, len(INCIDENTS))


class _NoWords(FactsFolder):
    """The same facts, where no network has a name: its kind is told by published ranges only."""

    def network_of(self, address: str) -> NetworkFact | None:
        found = super().network_of(address)
        return None if found is None else replace(found, organisation="")


def _words(data: Path, facts: FactsFolder, blocks: Sequence[str], outside: Sequence[str]) -> None:
    """Print what the words for networks' names do, with evidence of dedication supplied."""
    plain = _NoWords(data)
    print("with evidence of dedication, refused for sharing alone (the words saw these lists):")
    for half in (0, 1):
        mine = [one for one in blocks if _half(facts, one) == half]
        theirs = [one for one in outside if _half(facts, one) == half]
        for what, known in (("words too", facts), ("ranges only", plain)):
            for whose, listed in (("blocks", mine), ("stream hosts", theirs)):
                if listed:
                    allowed, _ = _judge(known, listed, dedicated=True)
                    _row(f"  half {half}, {whose}, {what}"[:42], len(listed) - allowed, len(listed))


def _half(facts: FactsFolder, address: str) -> int:
    network = facts.network_of(address)
    text = "none" if network is None else str(network.asn)
    return hashlib.sha256(text.encode()).digest()[0] & 1


def _at_once(facts: FactsFolder, targets: Sequence[str], count: int) -> None:
    """Print the time of so many targets in one go, each list in its share, mixed."""
    mixed = sorted(targets, key=lambda one: hashlib.sha256(one.encode()).digest())
    asked = list(itertools.islice(itertools.cycle(mixed), count))
    begun, slowest = time.process_time(), 0.0
    for one in asked:
        began = time.process_time()
        guard(one, facts=facts, at=AT)
        slowest = max(slowest, time.process_time() - began)
    spent = time.process_time() - begun
    print(
        f"{count:,} targets in one go ({len(set(asked)):,} different): {spent:.1f} s of CPU, "
        f"{1000 * spent / count:.3f} ms each, the slowest {1000 * slowest:.1f} ms"
    )


def _judge(
    facts: FactsFolder, targets: Sequence[str], *, dedicated: bool = False
) -> tuple[int, float]:
    begun = time.process_time()
    allowed = 0
    for one in targets:
        evidence = None
        if dedicated:
            evidence = DedicatedFact(
                address=one,
                dedicated_to="the stream's operator",
                evidence="as if its hoster had said so",
                evidence_date=EVIDENCE_DAY,
            )
        verdict = guard(one, facts=facts, at=AT, dedicated=evidence)
        allowed += verdict.decision is Decision.ALLOW
    return allowed, time.process_time() - begun


def _row(what: str, hits: int, count: int) -> None:
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, count - hits + 1))
    high = 1.0 if hits == count else float(beta.ppf(0.975, hits + 1, count - hits))
    print(f"{what:42} {hits:6} of {count:6}  {hits / count:7.2%}  [{low:.2%}, {high:.2%}]")


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.TextIOWrapper(lzma.open(path), "utf-8")))


def _blocks(data: Path) -> list[str]:
    files = ("laliga-es-events", "hayahora-es-events")
    return sorted({r["ip"] for f in files for r in _rows(data / f"court-blocks/{f}.csv.xz")})


def _domains(data: Path, facts: FactsFolder) -> list[str]:
    """List pirate names that are not popular, under a private suffix or in dynamic DNS."""
    files = ("hagezi-anti-piracy-snapshots", "other-lists", "ut1-warez-dated")
    listed = sorted(
        {r["domain"] for f in files for r in _rows(data / f"piracy-domains/{f}.csv.xz")}
    )
    private = _private(data)
    popular = {r["domain"] for r in _rows(data / "popular-domains/popular.csv.xz")}
    return [
        one
        for one in listed
        if not _is_address(one)
        and not any(".".join(one.split(".")[at:]) in popular for at in range(one.count(".")))
        and "dynamic-dns" not in facts.kinds_of(one)
        and not any(".".join(one.split(".")[at:]) in private for at in range(one.count(".")))
    ]


def _private(data: Path) -> frozenset[str]:
    with lzma.open(
        data / "public-suffix/public_suffix_list.dat.xz", "rt", encoding="utf-8"
    ) as file:
        text = file.read().partition("===BEGIN PRIVATE DOMAINS===")[2]
    lines = (line.strip() for line in text.splitlines())
    return frozenset(one.lstrip("*.!") for one in lines if one and not one.startswith("//"))


def _bare(data: Path) -> list[str]:
    hosts = {_host(r["url"]) for r in _rows(data / "iptv-streams/streams.csv.xz")}
    return sorted(one for one in hosts if _is_address(one))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    main()
