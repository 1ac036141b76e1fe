"""How long blocks take to come and to go: live demos in which facts change in mid-match.

A demo runs as it always does. Half-way its facts begin to call every blocked name popular, so the
guard withdraws it, the next version of each list leaves it out, and our own probes through the
lab's access providers see the stream again. Both are counted from the decision: two people's to
block, the guard's to unblock. Everything is read from the closed case.

No other work should run on the machine. Run: python bench/watch/unblock.py [SEED ...]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from cautery.errors import CauteryError
from cautery.model import Lever, Referral
from cautery.model.ledger import contents
from cautery.model.records import EntryWithdrawn, ListSent
from cautery.projections import Lists, folded
from cautery.wiring import cases

CHANGED_AFTER_S = 8.0
"""After the first list was sent; a match of the demo lasts 76 s, and what is withdrawn late is not
seen open before it ends."""
POPULAR = Path("facts") / "popular-domains" / "popular.csv"
"""Of a run's folder: the list that its ``facts.toml`` names."""


def run(seed: int, folder: Path) -> Path:
    """Run a demo, change its facts half-way, and return its case."""
    command = [sys.executable, "-m", "cautery", "demo", "--seed", str(seed)]
    demo = subprocess.Popen(
        [*command, "--folder", str(folder), "--window", "76"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    changed_at: float | None = None
    case: Path | None = None
    while demo.poll() is None:
        time.sleep(0.5)
        case = case or next(folder.glob("seed-*/case"), None)
        names = blocked_names(case) if case is not None and changed_at is None else []
        if case is not None and names and demo_time(case) >= CHANGED_AFTER_S:
            changed_at = time.monotonic()
            with (case.parent / POPULAR).open("a", encoding="utf-8") as file:
                file.writelines(f"{name},lab\n" for name in names)
    if demo.returncode or case is None or changed_at is None:
        raise SystemExit(f"seed {seed}: the demo ended with {demo.returncode}, facts unchanged")
    return case


def demo_time(case: Path) -> float:
    """Return how many seconds ago the first list was sent."""
    with cases.reading(case) as opened:
        first = next((entry for entry, _ in contents(opened.ledger, ListSent)), None)
    return 0.0 if first is None else time.time() - first.record.at.timestamp()


def blocked_names(case: Path) -> list[str]:
    """Return the names on referrals so far; none before the case is there."""
    with suppress(CauteryError), cases.reading(case) as opened:
        referrals = [referral for _, referral in contents(opened.ledger, Referral)]
        entries = [entry for referral in referrals for entry in referral.entries]
        return sorted({entry.target for entry in entries if entry.lever is Lever.NAME})
    return []


def row(what: str, seconds: list[float]) -> str:
    """Return a row of the table."""
    if not seconds:
        return f"| {what} | 0 | - | - | - |"
    p50, p99 = np.percentile(seconds, [50, 99])
    return f"| {what} | {len(seconds)} | {p50:.1f} | {p99:.1f} | {max(seconds):.1f} |"


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("seeds", type=int, nargs="*", default=[1, 3, 5], metavar="SEED")
    block: list[float] = []
    unblock: list[float] = []
    withdrawn = open_still = 0
    for seed in ask.parse_args().seeds:
        with tempfile.TemporaryDirectory() as folder:
            case = run(seed, Path(folder))
            with cases.reading(case) as opened:
                lists = folded(Lists(), opened.ledger.read())
                withdrawn += sum(1 for _ in contents(opened.ledger, EntryWithdrawn))
            block += lists.block_s
            unblock += lists.unblock_s
            open_still += len(lists.not_lifted)
    print("| from | N | median s | p99 s | longest s |\n| --- | --- | --- | --- | --- |")
    print(row("the second approval to the first dark probe", block))
    print(row("the guard's verdict to the first open probe", unblock))
    print(f"\nwithdrawn {withdrawn}, dark and not seen open again {open_still}")


if __name__ == "__main__":
    main()
