"""How fast the cases of a folder are listed: the first time, again, and after some grew.

Cases of two records, copies of one ledger, by default 1,000. CPU is this process's.

    python bench/console/registry.py [N]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cautery.adapters.ledger_sql import SqlLedger
from cautery.model import Event, Mandate, Regime, Window
from cautery.model.ledger import append
from cautery.model.records import CaseOpened, StreamVanished
from cautery.wiring.kept import cases_of, registry

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON.replace(hour=14)),
    territories=("FR",),
    events=(Event(id="match", name="Home v Away", kick_off=NOON, legal_basis="rights"),),
)
GROWN = 20


def grow(case: Path) -> None:
    """Append one record."""
    ledger = SqlLedger(case / "ledger.sqlite")
    append(ledger, StreamVanished(url="http://p.example/1", source="list", at=NOON), at=NOON)
    ledger.close()


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    key = "unread"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = folder / "case-0"
        first.mkdir()
        ledger = SqlLedger(first / "ledger.sqlite")
        append(ledger, CaseOpened(mandate=MANDATE, version="0", lab=True, key=key), at=NOON)
        ledger.close()
        grow(first)
        for number in range(1, count):
            shutil.copytree(first, folder / f"case-{number}")
        known = registry()
        print("| listing | CPU | wall |\n| --- | --- | --- |")
        for what in ("the first time", "again", f"after {GROWN} of them grew"):
            if what.startswith("after"):
                for number in range(GROWN):
                    grow(folder / f"case-{number}")
            cpu, wall = time.process_time(), time.perf_counter()
            lines = cases_of(folder, known)
            spent = time.process_time() - cpu, time.perf_counter() - wall
            assert [line.title for line in lines] == ["Home v Away"] * count
            print(f"| {count:,} cases, {what} | {spent[0]:.3f} s | {spent[1]:.3f} s |")


if __name__ == "__main__":
    main()
