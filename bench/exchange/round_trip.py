"""Out, through a partner's tool, in, and out again: what is kept of each field that matters.

Run: ``python bench/exchange/round_trip.py [--case CASE] [--size 100000] [--format NAME ...]``.
A field is *kept* if it comes back equal, *told* if the loss report that leaves with the file has
it, and else lost in silence. The tool's own version is in the table.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from upstream import PEERS

from cautery.errors import InputError
from cautery.exchange.catalogue import NAMES, format_named
from cautery.exchange.loss import WHOLE, losses
from cautery.model.exchange import Item, Package
from worlds import full_package, machine, of_case, synthetic

FIELDS = {
    "valid_until": lambda item: item.valid_until,
    "revoked": lambda item: item.revoked or None,
    "marking": lambda item: item.marking,
    "confidence": lambda item: item.confidence,
    "category": lambda item: item.category,
    "digests": lambda item: item.exhibits or None,
    "likelihood ratio": lambda item: item.log10_lr,
    "interval": lambda item: item.interval,
}
_NAMES = {"digests": "exhibits", "likelihood ratio": "log10_lr"}


def main() -> None:
    """Print a table for each package."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", type=Path, help="A watch's case, as the demo leaves one.")
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--format", nargs="*", choices=NAMES, default=NAMES)
    asked = parser.parse_args()
    packages = [full_package(), synthetic(asked.size)]
    if asked.case is not None:
        packages.insert(0, of_case(asked.case))
    print(f"before: {machine()}")
    for package in packages:
        print(f"\n{package.name}: {len(package.items):,} items, {len(package.relations):,} links")
        print("| format | through | " + " | ".join(FIELDS) + " | all fields | in silence | s |")
        print("| --- " * (len(FIELDS) + 5) + "|")
        for name in asked.format:
            print(row(name, package), flush=True)
    print(f"\nafter: {machine()}")


def row(name: str, package: Package) -> str:
    """Return the line of a format: kept of how many, per field."""
    exchange = format_named(name)
    tool, through = PEERS[name]
    versions = " ".join(f"{one} {version(_distribution(one))}" for one in tool.split(", "))
    begun = time.perf_counter()
    raw = b"".join(exchange.write(package))
    report = losses(package, exchange.read(raw, "ours").package)
    try:
        after = exchange.read(through(raw), "theirs").package
        again = exchange.read(b"".join(exchange.write(after)), "again").package
    except InputError as error:
        return f"| {name} | {versions} | refused: {error} {'| ' * (len(FIELDS) + 2)}|"
    seconds = time.perf_counter() - begun
    reported = {(loss.noun, loss.field.partition(".")[0]) for loss in report}
    silent = [
        loss
        for loss in losses(package, again)
        if not {(loss.noun, loss.field.partition(".")[0]), (loss.noun, WHOLE)} & reported
    ]
    kept = _kept(package, again)
    cells = [f"{kept[field]:,} of {kept[f'all {field}']:,}" for field in FIELDS]
    whole = "equal" if again == package else f"{len(report)} told"
    shown = "; ".join(f"{loss.noun} {loss.field} {loss.count}" for loss in silent[:3])
    told = f"{whole} | {len(silent)} {shown} | {seconds:.1f}"
    return f"| {name} | {versions} | {' | '.join(cells)} | {told} |"


def _distribution(tool: str) -> str:
    return {"calamine": "python-calamine"}.get(tool, tool)


def _kept(before: Package, after: Package) -> Counter[str]:
    now: dict[object, Item] = {item.key: item for item in after.items}
    count: Counter[str] = Counter()
    for item in before.items:
        other = now.get(item.key)
        for field, value_of in FIELDS.items():
            if (value := value_of(item)) is not None:
                count[f"all {field}"] += 1
                count[field] += other is not None and value_of(other) == value
    return count


if __name__ == "__main__":
    main()
