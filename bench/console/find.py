"""What a search over the cases of a season costs, in the store of one regime, CPU of each question.

A made-up season: CASES match nights, each with THINGS titles and hosts out of a pool, some of which
come back every night. The store is filled as a room fills it, but from lines that are made up. Then
pages are asked for: words that few things have, words that many have, a begun word, and the history
of what every night has.

    python bench/console/find.py [CASES [THINGS]]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cautery.adapters.across_lists import SqliteAcross
from cautery.model import Regime
from cautery.projections.across import Gathered, Words
from cautery.projections.things import ThingKind, ThingLine, month_of

AUGUST = datetime(2025, 8, 1, 20, tzinfo=UTC)
POOL = 20_000
EVERY_NIGHT = 30
QUESTIONS = 60


def lines(rng: random.Random, at: datetime, count: int) -> Iterator[ThingLine]:
    """Yield what one night says of things."""
    chosen = {*range(EVERY_NIGHT), *rng.sample(range(POOL), count)}
    for number in sorted(chosen):
        kind = ThingKind.HOST if number % 4 == 0 else ThingKind.TITLE
        name = f"edge-{number}.pirate{number % 50}.example"
        if kind is ThingKind.TITLE:
            name = f"sport premium {number % 500} fhd backup {number}"
        yield ThingLine(
            kind=kind,
            key=name,
            text=name.title(),
            first=number + 1,
            first_at=at,
            named=number + 2,
            last=number + 3,
            last_at=at + timedelta(hours=2),
            stream=number + 1,
            months={month_of(at): 12},
        )


def quantiles(ask: Callable[[int], object]) -> str:
    """Return median, 95th percentile and worst of the CPU of a question, in milliseconds."""
    spent = []
    for number in range(QUESTIONS):
        began = time.process_time()
        ask(number)
        spent.append((time.process_time() - began) * 1e3)
    spent.sort()
    at = [spent[min(int(QUESTIONS * share), QUESTIONS - 1)] for share in (0.5, 0.95, 1.0)]
    return " / ".join(f"{value:.1f}" for value in at)


def main() -> None:
    """Print the table."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 380
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    rng = random.Random(22)
    with tempfile.TemporaryDirectory() as name:
        store = SqliteAcross(Path(name), Regime.GDPR)
        began = time.process_time()
        for number in range(cases):
            at = AUGUST + timedelta(days=number * 300 / cases)
            night = f"night-{number:04d}"
            gathered = Gathered(
                identity=night, name=night, stamp="", lists="", taken=1, has_map=True
            )
            store.take(gathered, [list(lines(rng, at, count))], anew=False)
        filled = time.process_time() - began
        names = [*store.gathered()]
        few = names[::40]
        size = sum(path.stat().st_size for path in Path(name).iterdir())
        print(
            f"{cases} cases, {cases * count:,} lines, {size / 1e6:.0f} MB, filled in {filled:.1f} s"
        )
        print(f"| question, CPU ms, p50 / p95 / worst of {QUESTIONS} | wanted | measured |")
        print("| --- | --- | --- |")
        questions: dict[str, Callable[[int], object]] = {
            "a host by its name": lambda n: store.find(Words(text=f"edge-{n * 4}"), names),
            "two words that some have": lambda n: store.find(Words(text=f"premium {n}"), names),
            "a word that all titles have": lambda _: store.find(Words(text="premium"), names),
            "a begun word": lambda n: store.find(Words(text=f"pirate{n % 5}"), names),
            "a word, of a tenth of the cases": lambda _: store.find(Words(text="premium"), few),
            "nothing": lambda n: store.find(Words(text=f"nobody{n}"), names),
            "history of what every night has": lambda n: store.history(
                ThingKind.HOST,
                f"edge-{n % 7 * 4}.pirate{n % 7 * 4 % 50}.example",
                names,
                after="",
                limit=50,
            ),
        }
        for what, ask in questions.items():
            print(f"| {what} | 8 | {quantiles(ask)} |", flush=True)
        store.close()


if __name__ == "__main__":
    main()
