"""What the kept lists of a case cost: made from its records, asked for a page, and how soon.

The made-up night of ``bench/case/projections.py`` (by default 1,000,000 records). The lists are
made in a process of its own, whose CPU and peak memory are given; pages are asked for in this one,
each by its key at a random place. Then another process appends one record after the other, and
what counts is when the first page of the lists has it.

    python bench/console/projections.py [N]
    python bench/console/projections.py rebuild FOLDER
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))
from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.model import Finding
from cautery.projections.kept import Asked
from cautery.workflows.case.kept import KeptCase
from projections import write  # type: ignore[import-not-found]  # of bench/case

PAGES = 200
APPENDED = 200
BATCH = 5_000
APPEND = """
import sys, time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from cautery.adapters.ledger_sql import SqlLedger
ledger = SqlLedger(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    ledger.append("failure", {"sent": time.time()}, at=datetime.now(UTC))
    time.sleep(0.05)
ledger.close()
"""


def kept(folder: Path) -> KeptCase:
    """Open the case and its lists."""
    ledger = SqlLedger(folder / "ledger.sqlite", read_only=True)
    return KeptCase(ledger, SqliteLists(folder / "lists"), verifier=None)


def rebuild(folder: Path) -> None:
    """Make the lists, and print what that cost, as JSON: decoding and the rest in turns."""
    ledger = SqlLedger(folder / "ledger.sqlite", read_only=True)
    lists = SqliteLists(folder / "lists")
    standing = lists.standing()
    entries = ledger.read(since=standing.size)
    decoding, began = 0.0, time.process_time()
    while True:
        turn = time.process_time()
        batch = list(islice(entries, BATCH))
        for entry in batch:
            assert entry.content is not None
        decoding += time.process_time() - turn
        if not batch:
            break
        assert lists.take(batch, since=standing)
        standing, _ = standing.after(batch)
    spent = time.process_time() - began
    lists.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([standing.size, decoding, spent, peak / 1024]))


def quantiles(values: list[float]) -> str:
    """Return median, 95th percentile and worst."""
    ordered = sorted(values)
    at = [ordered[min(int(len(ordered) * share), len(ordered) - 1)] for share in (0.5, 0.95, 1.0)]
    return " / ".join(f"{value:.2f}" for value in at)


def pages(case: KeptCase, records: int, asked: dict[str, object], page: str) -> str:
    """Return CPU of pages at random places, in milliseconds."""
    rng, spent = random.Random(22), []
    for _ in range(PAGES):
        place = Asked(before=rng.randrange(1000, records), **asked)  # type: ignore[arg-type]
        began = time.process_time()
        found = getattr(case, page)(place)
        spent.append((time.process_time() - began) * 1e3)
        assert found.rows or "text" in asked
    return quantiles(spent)


def visible(folder: Path, case: KeptCase) -> list[float]:
    """Return after how many milliseconds each appended record was on the first page."""
    since = case.catch_up()
    writer = subprocess.Popen(
        [sys.executable, "-c", APPEND, str(folder / "ledger.sqlite"), str(APPENDED)]
    )
    waits = []
    for entry in case.ledger.follow(since=since, patience_s=60.0):
        case.catch_up()
        (line,) = case.records(Asked(limit=1)).rows
        assert line.record >= entry.index
        waits.append((time.time() - entry.record.body["sent"]) * 1e3)
        if len(waits) == APPENDED:
            break
    writer.wait()
    return waits


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["rebuild"]:
        rebuild(Path(sys.argv[2]))
        return
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "ledger.sqlite", records)
        made = subprocess.run(
            [sys.executable, __file__, "rebuild", name], check=True, capture_output=True, text=True
        )
        count, decoding, spent, peak = json.loads(made.stdout)
        assert count == records
        size = sum(path.stat().st_size for path in (folder / "lists").iterdir())
        print(f"{records:,} records, {datetime.now(UTC):%Y-%m-%d}; lists of {size / 1e6:.0f} MB")
        print("| what | wanted | measured |\n| --- | --- | --- |")
        per = 1e6 / records
        print(f"| lists of 10^6 records, CPU | 60 s | {spent * per:.1f} s |")
        print(f"| of that, records read and decoded | - | {decoding * per:.1f} s |")
        print(f"| peak memory | 500 MiB | {peak:.0f} MiB |")
        case = kept(folder)
        for what, asked, page in (
            ("records", {}, "records"),
            ("records of two kinds", {"kinds": ("verdict", "probe.done")}, "records"),
            ("verdicts", {}, "verdicts"),
            ("streams", {}, "streams"),
            ("streams of a finding", {"finding": Finding.UNREACHABLE}, "streams"),
            ("streams by two words", {"text": "premium 403"}, "streams"),
        ):
            spread = pages(case, records, asked, page)
            print(f"| 50 {what}, CPU ms, p50 / p95 / worst of {PAGES} | 8 | {spread} |")
        waits = visible(folder, case)
        spread = quantiles(waits)
        print(f"| append to first page, ms, p50 / p95 / worst of {len(waits)} | 300 | {spread} |")
        case.close()


if __name__ == "__main__":
    main()
