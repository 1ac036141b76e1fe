"""Mirror families of the shared data: how well they are found again, beside peers.

Run: ``python bench/networks/mirrors.py [DATA] [--draws 200]``; ``CAUTERY_BENCH_PEERS`` names a
folder with rapidfuzz (PyPI), else its rows are skipped.

The score is B-cubed over registered domains, by family name as given (a domain of several names has
the first). Families that share a domain are one site, so that the parts below never share a site:
SHA-256 of the site's name modulo 4. Parts 0 and 1 are for development: misses are looked at there
alone, and constants chosen. Parts 2 and 3 are blind to choices since ADR 0018's routine days; the
choices before had their totals in sight, and some of their misses. Each part is clustered alone.
The intervals are a bootstrap over sites, seed 1. Since one family of 338 domains is a tenth of all,
the score is also given with no family weighing more than 20 domains. The order of the lines and the
family's name are never used: the file is sorted by both.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import lzma
import os
import re
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

import numpy as np

sys.path += [one for one in os.environ.get("CAUTERY_BENCH_PEERS", "").split(os.pathsep) if one]

try:
    from rapidfuzz import distance, process
except ImportError:
    distance = process = None

from cautery.graph.mirrors import Days, Domain, all_days, mirror_families

SEED = 1
PARTS = {"development (0, 1)": (0, 1), "blind (2, 3)": (2, 3)}
MOST_WEIGHT = 20
"""Domains that any one family weighs at most, where it is said so."""
Labels = dict[str, str]


def main() -> None:
    """Print one row per method and part."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(os.environ.get("CAUTERY_DATA", "../shared/data"))
    parser.add_argument("folder", nargs="?", type=Path, default=default)
    parser.add_argument("--draws", type=int, default=200)
    asked = parser.parse_args()
    rows = _rows(asked.folder)
    told: Labels = {}
    for row in rows:
        told.setdefault(row["registered_domain"], row["family"])
    site = _sites(rows)
    several = sum(count > 1 for count in Counter(told.values()).values())
    print(f"{len(told)} domains, {len(set(told.values()))} families, {several} of two and more")
    methods: list[tuple[str, Callable[[set[str]], Labels]]] = [
        ("exact stem, suffix removed", _exact),
        ("names only: stem without digits and hyphens", _bare),
        *_fuzzy(),
        ("cautery, names alone", lambda some: _ours(rows, some, days=False)[0]),
        ("cautery, names, hosts and days", lambda some: _ours(rows, some, days=True)[0]),
    ]
    print(
        "| method | part | N domains / sites | B-cubed P / R / F (95 %) | F, families of two and "
        f"more | F, none over {MOST_WEIGHT} (95 %) | s CPU |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    _ours(rows, set(list(told)[:50]), days=True)  # loads what is compiled
    parts = {"all": set(told)} | {
        name: {one for one in told if _part(site[one]) in numbers}
        for name, numbers in PARTS.items()
    }
    for name, method in methods:
        for part, some in parts.items():
            begun = time.process_time()
            found = method(some)
            spent = time.process_time() - begun
            _row(
                name,
                part,
                told={one: told[one] for one in sorted(some)},
                found=found,
                site=site,
                spent=spent,
                draws=asked.draws,
            )
    print(
        "calibration error of the membership probability, ten bins, all / families found of two+:"
    )
    for part, some in parts.items():
        found, sure = _ours(rows, some, days=True)
        every, larger = _calibration({one: told[one] for one in some}, found, sure)
        print(f"  {part}: N={len(some)} {every:.3f} / {larger:.3f}")


def _rows(folder: Path) -> list[dict[str, str]]:
    with lzma.open(folder / "mirror-families" / "families.csv.xz", "rt", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["shared_proxy"] == "0"]


def _sites(rows: Iterable[Mapping[str, str]]) -> Labels:
    """Return, for each domain, one name of its site: families that share a domain are one."""
    names: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        names[row["registered_domain"]].add(row["family"])
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for held in names.values():
        first, *others = sorted(held)
        for other in (first, *others):
            parent[top(other)] = top(first)
    return {domain: top(min(held)) for domain, held in names.items()}


def _part(site: str) -> int:
    return int(hashlib.sha256(f"f:{site}".encode()).hexdigest()[:8], 16) % 4


def _exact(some: set[str]) -> Labels:
    return {one: one.partition(".")[0] for one in some}


def _bare(some: set[str]) -> Labels:
    return {one: _stem(one) for one in some}


def _stem(domain: str) -> str:
    label = domain.partition(".")[0]
    return re.sub(r"[\d-]+", "", label) or label


def _fuzzy() -> list[tuple[str, Callable[[set[str]], Labels]]]:
    if distance is None:
        print("skipped: rapidfuzz is not in CAUTERY_BENCH_PEERS")
        return []

    def joined(score: object, least: float) -> Callable[[set[str]], Labels]:
        def method(some: set[str]) -> Labels:
            stems = sorted({_stem(one) for one in some})
            like = process.cdist(stems, stems, scorer=score, score_cutoff=least) >= least
            group = list(range(len(stems)))

            def top(one: int) -> int:
                while group[one] != one:
                    one = group[one]
                return one

            for one, other in np.argwhere(np.triu(like, 1)):
                group[top(int(one))] = top(int(other))
            name = {stem: stems[top(place)] for place, stem in enumerate(stems)}
            return {one: name[_stem(one)] for one in some}

        return method

    return [
        ("rapidfuzz Levenshtein >= 0.85, components", joined(
            distance.Levenshtein.normalized_similarity, 0.85)),
        ("rapidfuzz Jaro-Winkler >= 0.95, components", joined(
            distance.JaroWinkler.normalized_similarity, 0.95)),
    ]  # fmt: skip


def _ours(
    rows: Iterable[Mapping[str, str]], some: set[str], *, days: bool
) -> tuple[Labels, dict[str, float]]:
    by_domain: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        if row["registered_domain"] in some:
            by_domain[row["registered_domain"]].append(row)

    def seen(row: Mapping[str, str], what: str) -> frozenset[tuple[str, int]]:
        if not days or not row[what]:
            return frozenset()
        return frozenset({(row["source"], date.fromisoformat(row[what]).toordinal())})

    families = mirror_families(
        Domain(
            name=name,
            hosts=frozenset(row["host"] for row in of),
            days=all_days(Days(seen(row, "first"), seen(row, "last")) for row in of),
        )
        for name, of in by_domain.items()
    )
    found = {name: family.id for family in families for name, _ in family.members}
    return found, dict(member for family in families for member in family.members)


def _bcubed(told: Labels, found: Labels) -> dict[str, tuple[float, float]]:
    both = Counter((told[one], found[one]) for one in told)
    families, groups = Counter(told.values()), Counter(found[one] for one in told)
    return {
        one: (
            both[told[one], found[one]] / groups[found[one]],
            both[told[one], found[one]] / families[told[one]],
        )
        for one in told
    }


def _f(each: Iterable[tuple[float, float]]) -> tuple[float, float, float]:
    precision, recall = np.mean(np.array(list(each)), axis=0)
    return precision, recall, 2 * precision * recall / (precision + recall)


def _row(
    name: str, part: str, *, told: Labels, found: Labels, site: Labels, spent: float, draws: int
) -> None:
    each = _bcubed(told, found)
    sizes = Counter(told.values())
    precision, recall, score = _f(each.values())
    several = _f(of for one, of in each.items() if sizes[told[one]] > 1)[2]
    low, high = _interval(each, site, dict.fromkeys(each, 1.0), draws)
    weight = {one: min(1.0, MOST_WEIGHT / sizes[told[one]]) for one in each}
    capped = _weighted(np.array([(*each[one], 1) for one in each]), np.array(list(weight.values())))
    least, most = _interval(each, site, weight, draws)
    print(
        f"| {name} | {part} | {len(told)} / {len({site[one] for one in told})} "
        f"| {precision:.3f} / {recall:.3f} / {score:.3f} ({low:.3f}-{high:.3f}) | {several:.3f} "
        f"| {capped:.3f} ({least:.3f}-{most:.3f}) | {spent:.1f} |",
        flush=True,
    )


def _weighted(sums: np.ndarray, weight: np.ndarray) -> float:
    right, whole, count = weight @ sums
    return float(2 * right * whole / (right + whole) / count)


def _interval(
    each: Mapping[str, tuple[float, float]], site: Labels, weight: Mapping[str, float], draws: int
) -> tuple[float, float]:
    # A site stands or falls as one: its domains are drawn together.
    sums = defaultdict(lambda: np.zeros(3))
    for one, (right, whole) in each.items():
        sums[site[one]] += weight[one] * np.array((right, whole, 1))
    table = np.array(list(sums.values()))
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(table), (draws, len(table)))
    scores = [_weighted(table, np.bincount(one, minlength=len(table))) for one in drawn]
    low, high = np.quantile(scores, (0.025, 0.975))
    return float(low), float(high)


def _calibration(told: Labels, found: Labels, sure: Mapping[str, float]) -> tuple[float, float]:
    """Return the calibration error over all, and over what stands with others."""
    inside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one, family in told.items():
        inside[found[one]][family] += 1
    bins: dict[bool, defaultdict[int, list[float]]] = {
        False: defaultdict(lambda: [0.0, 0.0]),
        True: defaultdict(lambda: [0.0, 0.0]),
    }
    for one, family in told.items():
        most = inside[found[one]].most_common(2)
        tied = len(most) > 1 and most[0][1] == most[1][1]
        gap = sure[one] - (most[0][0] == family and not tied)
        for larger in {False, sum(inside[found[one]].values()) > 1}:
            held = bins[larger][min(9, int(sure[one] * 10))]
            held[0] += gap
            held[1] += 1
    every, larger = (
        sum(abs(gap) for gap, _ in one.values()) / sum(count for _, count in one.values())
        for one in (bins[False], bins[True])
    )
    return every, larger


if __name__ == "__main__":
    main()
