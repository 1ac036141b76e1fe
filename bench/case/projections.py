"""What it costs to read a case: records from disk to typed records, and each projection of them.

A made-up night of N records (by default 1,000,000, about 400 bytes each): streams appear, are
probed, get verdicts and vanish. CPU is this process's, memory its peak.

    python bench/case/projections.py [N]
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cautery.adapters.ledger_sql import SqlLedger
from cautery.messages import message
from cautery.model import Entry, Event, Finding, Mandate, RedactedUrl, Regime, Verdict, Window
from cautery.model.ledger import filed
from cautery.model.records import ProbeDone, StreamAppeared, StreamVanished
from cautery.projections import (
    CaseRecords,
    MandateInForce,
    Pace,
    Projection,
    Streams,
    Tally,
    folded,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    events=(Event(id="match", name="Home v Away", kick_off=NOON, legal_basis="rights"),),
)
HELD = 50_000
"""Decoded records over which a projection alone is timed."""


def night(records: int) -> Iterator[object]:
    """Yield typed records of a made-up night."""
    for number in range(records // 4):
        url = f"http://edge-{number % 97}.pirate.example:8080/live/~a1b2c3d4e5f6/{number}.ts"
        host = f"edge-{number % 97}.pirate.example"
        at = NOON + timedelta(seconds=number % 3600)
        yield StreamAppeared(
            url=url,
            title=f"|FR| Sport Premium {number % 500} FHD (backup {number % 7})",
            source="http://panel.pirate.example:8080/get.php?username=~0a1b2c3d&password=~4e5f6a7b",
            host=host,
            at=at,
            offer=None,
        )
        yield ProbeDone(
            url=url,
            at=at,
            observation=None,
            failed=message(
                "failed.with-error",
                error="SourceError",
                detail="the server answers with 403 and a page of another service",
            ),
            hosts=(host, f"cdn-{number % 11}.example"),
            exhibits=(f"sha256:{number:064x}",),
        )
        yield Verdict(
            url=RedactedUrl(url),
            finding=Finding.UNREACHABLE,
            at=at,
            reasons=(message("verdict.unreachable", detail="the server answers with 403"),),
        )
        yield StreamVanished(url=url, source="http://panel.pirate.example:8080/get.php", at=at)


def write(path: Path, records: int) -> int:
    """Write a ledger of so many records; return their mean size in bytes."""
    ledger = SqlLedger(path)
    size, batch = 0, []
    for content in night(records):
        batch.append((*filed(content), NOON))
        if len(batch) == 5_000:
            size += sum(len(entry.leaf) for entry in ledger.append_all(batch))
            batch.clear()
    ledger.append_all(batch)
    ledger.close()
    return size // records


class Counting:
    """Counts decoded records by type: the least that a projection can do."""

    def __init__(self) -> None:
        self.counts: dict[type, int] = {}

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        shape = type(entry.content)
        self.counts[shape] = self.counts.get(shape, 0) + 1


def rate(projection: Projection, entries: list[Entry]) -> float:
    """Return records a second of CPU over decoded records."""
    began = time.process_time()
    folded(projection, entries)
    return len(entries) / (time.process_time() - began)


def main() -> None:
    """Print the tables."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        size = write(path, records)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        ledger = SqlLedger(path, read_only=True)
        began = time.process_time()
        counted = folded(Counting(), ledger.read())
        spent = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        entries = [entry for entry, _ in zip(ledger.read(), range(HELD), strict=False)]
        folded(Counting(), entries)
        ledger.close()
    print(f"{records:,} records of {size} bytes, {len(counted.counts)} types")
    print("| from disk to typed records | wanted | measured |\n| --- | --- | --- |")
    print(f"| CPU of 10^6 | 60 s | {spent * 1e6 / records:.1f} s |")
    print(f"| peak memory ({before / 1024:.0f} MiB before) | 500 MiB | {peak / 1024:.0f} MiB |\n")
    print("| projection over decoded records | wanted | records/s |\n| --- | --- | --- |")
    for name, projection, wanted in (
        ("counting", Counting(), 200_000),
        ("pace", Pace(), 200_000),
        ("streams", Streams(), 30_000),
        ("tally (the board)", Tally(in_force=MandateInForce(MANDATE)), 30_000),
        ("case (the report)", CaseRecords(), 30_000),
    ):
        print(f"| {name} | {wanted:,} | {rate(projection, entries):,.0f} |")


if __name__ == "__main__":
    main()
