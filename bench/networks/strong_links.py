"""How often strangers are tied by a link that should be a network's own: each strong kind.

Run: ``python bench/networks/strong_links.py [--worlds 60] [--adverts 300] [--runs demo/*]``, some
minutes.

*Catalogues*: worlds of ``lab/catalogues.py``: three networks of three panels, each an edited copy
of its network's list, and seven strangers that sell the same channels. Seeds 1 to 3 stand in the
tests.
*Delays, freezes*: drawn. Strangers' encoders start at random within a time, and their pictures
stand still at random; those of one feed show the same to within what was measured on the lab's
media (bench/RESULTS.md). What is found is what chance gives, no more: if all encoders start by one
clock, as at full hours, these rates are far too good.
*Adverts*: the lab's, each with a voice and a tune of its own, heard through a transcoder's noise.
*Runs*: ``cautery demo``'s folders. Of all pairs of scored hosts of different networks, those that a
link of the case ties.
All worlds are drawn by the hand that wrote the rules.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.audio import landmarks_of, peaks_of
from cautery.graph.catalogues import ORDER, QUIRKS, Listing, catalogue_links
from cautery.graph.faults import Carried, fault_links, same_sounds
from cautery.lab import sounds
from cautery.lab.catalogues import Catalogue, draw_catalogues
from cautery.model import ErrorRate, Fault, FaultKind, Link
from cautery.model.media import AUDIO_RATE_HZ
from cautery.wiring import cases
from cautery.workflows.networks.case_links import links_of_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = 100
Pair = frozenset[str]
"""Two names."""

SERVICES, CARRIERS = 100, 3
NIGHT_S = 3 * 3600.0
STARTS_S = (24 * 3600.0, NIGHT_S)
"""Within which encoders start: a day, or the night of the match."""
PLACED_S = 0.006
"""By sound; RESULTS.md, identification."""
FREEZES_AN_HOUR, FREEZE_S = 4.0, (1.0, 6.0)
STEP_S = 0.08
ADVERT_S, HEARD_S = 20.0, 12.0
NOISE_DB = -30.0


def main() -> None:
    """Print one row a kind of link."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=60)
    parser.add_argument("--adverts", type=int, default=300)
    parser.add_argument("--runs", type=Path, nargs="*", default=[])
    asked = parser.parse_args()
    print("| link | strangers tied, of pairs | 95 % bound | true pairs tied, of |")
    print("| --- | --- | --- | --- |")
    seeds = range(FIRST, FIRST + asked.worlds)
    for kind in (ORDER, QUIRKS):
        _row(kind, [_catalogues(draw_catalogues(seed), kind) for seed in seeds])
    for within_s in STARTS_S:
        name = f"feed-delay, {SERVICES} services started within {within_s / 3600:.0f} h"
        _row(name, [_delays(seed, within_s) for seed in seeds])
    _row(f"feed-freeze, {SERVICES} services in 3 h", [_freezes(seed) for seed in seeds])
    _row(f"feed-advert, {asked.adverts} adverts", [_adverts(asked.adverts)])
    for kind, rates in sorted(_of_runs(asked.runs).items()):
        _row(f"{kind}, in {len(asked.runs)} demos", rates)


Tied = tuple[int, int, int, int]
"""Strangers tied, pairs of strangers, true pairs tied, true pairs."""


def _row(name: str, rates: Sequence[Tied]) -> None:
    wrong, strangers, right, true = (sum(column) for column in zip(*rates, strict=True))
    bound = ErrorRate(what=name, errors=wrong, trials=strangers, source="bench").upper_bound
    shown = "-" if bound is None else f"{bound:.1e}"
    print(f"| {name} | {wrong:,} of {strangers:,} | {shown} | {right:,} of {true:,} |")


def _tied(links: Iterable[Link], kind: str) -> set[Pair]:
    held: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        if link.kind == kind:
            held[link.value].add(link.subject)
    return {frozenset(pair) for one in held.values() for pair in combinations(one, 2)}


def _judged(tied: set[Pair], owner: dict[str, str]) -> Tied:
    """Count pairs; ``owner`` tells strangers from those of one network or feed."""
    pairs = [frozenset(pair) for pair in combinations(owner, 2)]
    true = {pair for pair in pairs if len({owner[name] for name in pair}) == 1}
    strangers = len(pairs) - len(true)
    return len(tied - true), strangers, len(tied & true), len(true)


def _catalogues(panels: tuple[Catalogue, ...], kind: str) -> Tied:
    listings = [
        Listing(
            host=one.host,
            titles=tuple(title for title, _ in one.entries),
            guides=tuple(guide for _, guide in one.entries),
            first_seen=NOON,
            last_seen=NOON,
            records=(number,),
        )
        for number, one in enumerate(panels)
    ]
    owner = {one.host: one.network or one.host for one in panels}
    return _judged(_tied(catalogue_links(listings, source="watch"), kind), owner)


def _carried(server: str, kind: FaultKind, at_s: float, seconds: float = 0.0) -> Carried:
    return Carried(
        host=server,
        server=server,
        stream=f"http://{server}/live",
        fault=Fault(kind=kind, reference="event:cup", at_s=at_s, seconds=seconds),
        at=NOON,
        record=0,
    )


def _owners() -> dict[str, str]:
    """Return services by feed: the first ones carry one, each other one has its own."""
    names = [f"s{number}.example" for number in range(SERVICES)]
    return {name: names[0] if number < CARRIERS else name for number, name in enumerate(names)}


def _delays(seed: int, within_s: float) -> Tied:
    rng = np.random.default_rng([seed, 1])
    owner = _owners()
    started = {feed: float(rng.uniform(0, within_s)) for feed in owner}
    seen = [
        _carried(name, FaultKind.DELAY, NOON.timestamp() + started[feed] + rng.normal(0, PLACED_S))
        for name, feed in owner.items()
    ]
    return _judged(_tied(fault_links(seen, source="watch"), "feed-delay"), owner)


def _freezes(seed: int) -> Tied:
    rng = np.random.default_rng([seed, 2])
    owner = _owners()
    seen = []
    frozen = {
        feed: [
            (float(rng.uniform(0, NIGHT_S)), float(rng.uniform(*FREEZE_S)))
            for _ in range(rng.poisson(FREEZES_AN_HOUR * NIGHT_S / 3600))
        ]
        for feed in owner
    }
    for name, feed in owner.items():
        # Each shows other pictures of those that are kept, so that ends differ by up to a step.
        grid_s = float(rng.uniform(0, STEP_S))
        for at_s, seconds in frozen[feed]:
            begin, end = (
                (at - grid_s) // STEP_S * STEP_S + grid_s for at in (at_s, at_s + seconds)
            )
            seen.append(
                _carried(name, FaultKind.FREEZE, NOON.timestamp() + begin, max(0.0, end - begin))
            )
    return _judged(_tied(fault_links(seen, source="watch"), "feed-freeze"), owner)


def _adverts(count: int) -> Tied:
    """Hear each advert in two services, from other seconds of it on, and compare all stretches."""
    owner: dict[str, str] = {}
    heard = []
    for seed in range(FIRST, FIRST + count):
        whole = sounds.advert(seed, ADVERT_S)[:: sounds.RATE_HZ // AUDIO_RATE_HZ]
        rng = np.random.default_rng([seed, 3])
        for service in "ab":
            start = int(rng.uniform(0, ADVERT_S - HEARD_S) * AUDIO_RATE_HZ)
            part = whole[start : start + int(HEARD_S * AUDIO_RATE_HZ)]
            hiss = rng.normal(0, float(part.std()) * 10 ** (NOISE_DB / 20), len(part))
            found = landmarks_of(
                peaks_of((part + hiss).astype(np.float32), DEFAULT_RECIPE), DEFAULT_RECIPE
            )
            owner[f"{seed}{service}"] = str(seed)
            heard.append((found.words, found.frames))
    names = list(owner)
    tied = {frozenset((names[a], names[b])) for a, b in same_sounds(heard)}
    return _judged(tied, owner)


def _of_runs(runs: Sequence[Path]) -> dict[str, list[Tied]]:
    found: defaultdict[str, list[Tied]] = defaultdict(list)
    for run in runs:
        truth = json.loads((run / "truth.json").read_text(encoding="utf-8"))
        owner = {one["host"]: one["network"] for one in truth["hosts"] if one["scored"]}
        with cases.reading(run / "case") as case:
            links, _ = links_of_case(case.ledger, case.vault)
        for kind in {link.kind for link in links}:
            own = [link for link in links if link.subject in owner]
            found[kind].append(_judged(_tied(own, kind), owner))
    return found


if __name__ == "__main__":
    main()
