"""Mirror families on the first day, names alone: ours beside peers, and popular domains as traps.

Run: ``python bench/estimate/mirrors_online.py [DATA] [--draws 200] [--hosts 1000000]``;
``CAUTERY_BENCH_PEERS`` names a folder with rapidfuzz (PyPI), else its rows are skipped.

The domains of the shared mirror-families come by their first day, those of one day by name; each
part (SHA-256 of the site modulo 4, as in ``bench/networks/mirrors.py``) is a stream of its own.
Constants were chosen on parts 0 and 1. A *descendant* is a domain whose family came before: it is
right if the family answered is, by most of its members so far, its own. *First* is the first
domain of a family: it is wrong if it is called a descendant. Family names as given. Intervals are a
bootstrap over sites, seed 1. Popular domains come after all pirates' ones: joined is who is
answered a family that a pirate began; Clopper-Pearson bounds. ``--hosts``: time and memory of so
many made-up names, half of them of families.
"""

from __future__ import annotations

import argparse
import lzma
import os
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from publicsuffixlist import PublicSuffixList
from scipy.stats import beta

sys.path += [str(Path(__file__).parents[1] / "networks")]

from mirrors import PARTS, SEED, Labels, _part, _rows, _sites, _stem, distance, process

from cautery.graph.mirrors import Arrivals

Answer = Callable[[str], tuple[str, float]]
"""Of a domain: the first domain of its family (itself: a new one), and how sure that is."""


def main() -> None:
    """Print one row per method and part."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(os.environ.get("CAUTERY_DATA", "../shared/data"))
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--hosts", type=int)
    parser.add_argument("--parts", nargs="*", default=[*PARTS, "all"])
    asked = parser.parse_args()
    if asked.hosts:
        _long(asked.hosts)
        return
    rows = _rows(asked.folder)
    told: Labels = {}
    first: Labels = {}
    for row in rows:
        domain = row["registered_domain"]
        told.setdefault(domain, row["family"])
        first[domain] = min(first.get(domain, "9999"), row["first"] or "9999")
    site = _sites(rows)
    print(
        "| method | part | descendants | right family (95 %) | other family (95 %) | first ones "
        "| called descendant (95 %) | calibration error |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    methods: dict[str, Callable[[], Answer]] = {
        "bare stem": _bare,
        **_fuzzy(),
        "cautery": lambda: _ours(Arrivals()),
    }
    for name, begin in methods.items():
        for part in asked.parts:
            numbers = PARTS.get(part, range(4))
            stream = sorted(
                (one for one in told if _part(site[one]) in numbers),
                key=lambda one: (first[one], one),
            )
            outcomes = _outcomes(stream, told, begin())
            _row(name, part, outcomes, site, draws=asked.draws)
    _popular(asked.folder, sorted(told, key=lambda one: (first[one], one)), methods)


def _ours(arrivals: Arrivals) -> Answer:
    def answer(domain: str) -> tuple[str, float]:
        said = arrivals.answer(domain)
        return said.family, said.probability

    return answer


def _bare() -> Answer:
    founders: Labels = {}
    return lambda domain: (founders.setdefault(_stem(domain), domain), 1.0)


def _fuzzy() -> dict[str, Callable[[], Answer]]:
    if distance is None:
        print("skipped: rapidfuzz is not in CAUTERY_BENCH_PEERS")
        return {}

    def nearest(score: object, least: float) -> Callable[[], Answer]:
        def begin() -> Answer:
            founders: Labels = {}

            def answer(domain: str) -> tuple[str, float]:
                stem = _stem(domain)
                if stem not in founders:
                    best = process.extractOne(
                        stem, founders.keys(), scorer=score, score_cutoff=least
                    )
                    founders[stem] = founders[best[0]] if best else domain
                return founders[stem], 1.0

            return answer

        return begin

    return {
        "rapidfuzz Levenshtein >= 0.85, nearest": nearest(
            distance.Levenshtein.normalized_similarity, 0.85
        ),
        "rapidfuzz Jaro-Winkler >= 0.95, nearest": nearest(
            distance.JaroWinkler.normalized_similarity, 0.95
        ),
    }


def _outcomes(
    stream: Iterable[str], told: Labels, answer: Answer
) -> list[tuple[str, str, float, bool]]:
    """Return for each domain: itself, what became of it, how sure, and whether that was right."""
    members: defaultdict[str, Counter[str]] = defaultdict(Counter)
    known: set[str] = set()
    out = []
    for domain in stream:
        family, sure = answer(domain)
        true = told[domain]
        if family == domain:
            what = "missed" if true in known else "first"
        else:
            most = members[family].most_common(2)
            tied = len(most) > 1 and most[0][1] == most[1][1]
            is_right = most[0][0] == true and not tied
            what = ("right" if is_right else "other") if true in known else "called"
        members[family][true] += 1
        known.add(true)
        out.append((domain, what, sure, what in {"first", "right"}))
    return out


_KINDS = ("right", "other", "missed", "first", "called")


def _rates(counts: np.ndarray) -> np.ndarray:
    right, other, missed, first, called = counts
    descendants = max(right + other + missed, 1)
    return np.array((right / descendants, other / descendants, called / max(first + called, 1)))


def _row(
    name: str, part: str, outcomes: list[tuple[str, str, float, bool]], site: Labels, *, draws: int
) -> None:
    # A site stands or falls as one: its domains are drawn together.
    sums: defaultdict[str, np.ndarray] = defaultdict(lambda: np.zeros(len(_KINDS)))
    bins: defaultdict[int, list[float]] = defaultdict(list)
    for domain, what, sure, was_right in outcomes:
        sums[site[domain]][_KINDS.index(what)] += 1
        bins[min(9, int(sure * 10))].append(sure - was_right)
    table = np.array(list(sums.values()))
    rng = np.random.default_rng(SEED)
    drawn = [
        _rates(table[rng.integers(0, len(table), len(table))].sum(axis=0)) for _ in range(draws)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    right, other, called = (
        f"{rate:.3f} ({least:.3f}-{most:.3f})"
        for rate, least, most in zip(_rates(table.sum(axis=0)), low, high, strict=True)
    )
    error = sum(abs(sum(gaps)) for gaps in bins.values()) / len(outcomes)
    total = table.sum(axis=0).astype(int)
    print(
        f"| {name} | {part} | {total[:3].sum()} | {right} | {other} | {total[3:].sum()} "
        f"| {called} | {error:.3f} |",
        flush=True,
    )


def _popular(folder: Path, pirates: list[str], methods: dict[str, Callable[[], Answer]]) -> None:
    """Say how many popular domains are answered a family that a pirate began."""
    suffixes = PublicSuffixList()
    packed = folder / "popular-domains" / "popular.csv.xz"
    with lzma.open(packed, "rt", encoding="utf-8") as file:
        hosts = [line.partition(",")[0] for line in file][1:]
    registered = sorted({suffixes.privatesuffix(host) or "" for host in hosts} - {""})
    strangers = [one for one in registered if one not in set(pirates)]
    lists = folder / "piracy-domains" / "other-lists.csv.xz"
    with lzma.open(lists, "rt", encoding="utf-8") as file:
        listed = {line.partition(",")[0] for line in file}
    strangers = [one for one in strangers if one not in listed]
    print(f"popular domains, N = {len(strangers):,}, after {len(pirates):,} pirates' ones:")
    for name, begin in methods.items():
        answer = begin()
        begun = {answer(domain)[0] for domain in pirates}
        joined = [domain for domain in strangers if answer(domain)[0] in begun]
        low, high = _bounds(len(joined), len(strangers))
        same = sum(_stem(one) in {_stem(pirate) for pirate in pirates} for one in joined)
        print(
            f"  {name}: joined {len(joined)} ({len(joined) / len(strangers):.2%}, "
            f"{low:.2%}-{high:.2%}), {same} of them by the same stem: {', '.join(joined[:8])}",
            flush=True,
        )


def _bounds(count: int, of: int) -> tuple[float, float]:
    low = beta.ppf(0.025, count, of - count + 1) if count else 0.0
    return float(low), float(beta.ppf(0.975, count + 1, of - count))


def _long(count: int) -> None:
    rng = random.Random(SEED)
    brands = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=8)) for _ in range(count // 20)]
    arrivals, begun = Arrivals(), time.process_time()
    for number in range(count):
        if number % 2:
            name = f"{rng.choice(brands)}{rng.randrange(1000)}"
        else:
            name = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=10))
        domain = f"{name}.{rng.choice(('com', 'net', 'to'))}"
        if domain not in arrivals:
            arrivals.answer(domain)
        if (number + 1) % (count // 10) == 0:
            spent = time.process_time() - begun
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{number + 1:,} hosts: {spent:.0f} s of CPU, {memory:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
