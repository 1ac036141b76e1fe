"""What following costs: time and memory by entities a month.

Run: ``python bench/estimate/descent_scale.py [--entities 50000 100000 200000]``. Each entity shows
ten traits over its first days, half of them popular (Zipf) and a tenth of the popular ones also a
struck network's; three networks are followed for 30 days. Each size runs in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np

from cautery.graph.descent import Follower
from cautery.lab.descent import Settings, descent_world
from cautery.model.descent import TraitKind, TraitSeen

DAYS = 30
_KINDS = (
    TraitKind.SITE_NAME,
    TraitKind.CERTIFICATE,
    TraitKind.HOSTER,
    TraitKind.NAME_SERVER,
    TraitKind.TEMPLATE,
    TraitKind.PRICE_LIST,
    TraitKind.PAYMENT_SERVICE,
    TraitKind.PANEL,
    TraitKind.MIDDLEWARE,
    TraitKind.STREAM_FAULT,
)


def main() -> None:
    """Print one row for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, nargs="+", default=[50_000, 100_000, 200_000])
    asked = parser.parse_args()
    print("| entities in 30 days | traits | CPU s | us a trait | memory, MB |")
    print("| --- | --- | --- | --- | --- |")
    context = multiprocessing.get_context("spawn")
    for count in asked.entities:
        with context.Pool(1) as pool:
            print(pool.apply(measured, (count,)), flush=True)


def measured(count: int) -> str:
    """Follow so many entities; return a row."""
    world = descent_world(1500, Settings(strangers_a_day=0, descendants=0, after_d=1))
    follower = Follower(world.sets)
    first = max(traits.acted_on for traits in world.sets)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, rows = 0.0, 0
    for number in range(DAYS):
        day = first + timedelta(days=number)
        seen = list(_rows(world.sets[0].traits, count // DAYS, day))
        rows += len(seen)
        begun = time.process_time()
        follower.day(day, seen)
        seconds += time.process_time() - begun
        del seen
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    cost = f"{seconds:.0f} | {1e6 * seconds / rows:.0f} | {memory:.0f}"
    return f"| {count:,} | {rows:,} | {cost} |"


def _rows(known: tuple, count: int, day: date) -> Iterator[TraitSeen]:
    rng = np.random.default_rng([day.toordinal(), count])
    ranks = (rng.pareto(1.0, size=(count, len(_KINDS))) * 3).astype(int)
    draws = rng.random((count, len(_KINDS)))
    of_kind = {kind: [t.value for t in known if t.kind is kind] for kind in _KINDS}
    for number in range(count):
        entity = f"e{day.toordinal()}-{number}.example"
        for column, kind in enumerate(_KINDS):
            draw = draws[number, column]
            if draw < 0.05 and of_kind[kind]:
                value = of_kind[kind][number % len(of_kind[kind])]
            elif draw < 0.5:
                value = f"popular {ranks[number, column]}"
            elif kind is TraitKind.PRICE_LIST:
                value = f"1m={5 + draw * 10:.2f}EUR 12m={50 + draw * 99:.2f}EUR"
            else:
                value = f"own{entity[:-8]}{column}"
            yield TraitSeen(entity=entity, kind=kind, value=value, day=day, source="watch")


if __name__ == "__main__":
    main()
