"""Do the intervals of blind tests hold? Nights and seasons whose true rates are known.

Run: ``python bench/decoy/nights.py``, some fifteen minutes on one core; ``--quick`` for two.

A whole night of the lab costs a minute of media and nobody knows its true rates, so here each
verdict is drawn by a chosen rate; the plan, its leaves and openings, the records and all that
counts them are those of Cautery. What is estimated is the rate of the *programme*: what becomes of
one more decoy that is drawn like these. Its disguises differ, so a night's rate is their mean.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from scipy.stats import beta, binom

from cautery.estimate.drift import NIGHTS_A_FALSE_ALARM, drift
from cautery.estimate.exact import exact_share
from cautery.estimate.over_nights import share_over
from cautery.lab.drawn_nights import DISGUISES, NightRates, draw_night
from cautery.model.blind import Share
from cautery.model.decoys import DecoyKind
from cautery.projections.blind_account import account

KEY = Ed25519PrivateKey.from_private_bytes(b"b" * 32)
LOOK_ALIKES = [kind for kind in DecoyKind if kind.is_look_alike]
Held = Callable[[Share, float], bool]


def main() -> None:
    """Measure nights, seasons and warnings, and print what RESULTS.md has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    few = 10 if given.quick else 1
    nights(rng, 200, "200 nights, 40 + 40 decoys")
    nights(rng, 2_000 // few, f"{2_000 // few:,} nights, 40 + 40 decoys")
    exactly()
    seasons(rng, 1_000 // few)
    warnings(rng, 1_000 // few)


def nights(rng: np.random.Generator, count: int, head: str) -> None:
    """Draw nights by rates that differ by night and disguise; ask each interval for the rate."""
    holds: dict[str, list[bool]] = {}
    agree = 0
    for number in range(count):
        rates = _rates(rng)
        drawn = draw_night(rng, rates, key=KEY, number=number % 40, own=40, look_alikes=40)
        night = account(drawn.entries)
        assert night is not None
        counts, truth = night.counts, drawn.truth
        agree += (counts.missed.part, counts.missed.whole) == (
            truth["missed"],
            truth["missed"] + truth["caught"],
        ) and (counts.accused.part, counts.accused.whole, counts.licensee_right.part) == (
            truth["accused"],
            truth["accused"] + truth["cleared"],
            truth["right"],
        )
        for what, share, rate in (
            ("missed", counts.missed, float(np.mean([*rates.missed.values()]))),
            ("accused", counts.accused, float(np.mean([*rates.accused.values()]))),
        ):
            for name, held in _INTERVALS.items():
                holds.setdefault(f"{what}, {name}", []).append(held(share, rate))
    print(f"\n{head}: the account is the truth in {agree:,} of {count:,}")
    for name, found in holds.items():
        print(f"  {name}: {_percent(found)}")


def _rates(rng: np.random.Generator) -> NightRates:
    """Draw a night's rates: its level from 1 to 30 %, and by how much each disguise is harder."""
    missed = float(np.exp(rng.uniform(np.log(0.01), np.log(0.3))))
    accused = float(np.exp(rng.uniform(np.log(0.01), np.log(0.3))))
    harder = rng.dirichlet(np.ones(len(DISGUISES))) * len(DISGUISES)
    # Kinds of look-alikes are planted in equal numbers, so they have one rate: else the count
    # spreads less than any interval expects.
    return NightRates(
        missed={
            name: min(0.9, missed * float(times))
            for name, times in zip(DISGUISES, harder, strict=True)
        },
        accused=dict.fromkeys(LOOK_ALIKES, accused),
        unseen=0.03,
    )


def _exact(share: Share, rate: float) -> bool:
    return share.low <= rate <= share.high


def _bound(share: Share, rate: float) -> bool:
    return rate <= share.at_most


def _mid(share: Share, rate: float) -> bool:
    """Tell whether Jeffreys' interval holds a rate; it nearly is the mid-P one."""
    part, rest = share.part, share.whole - share.part
    low = float(beta.ppf(0.025, part + 0.5, rest + 0.5)) if part else 0.0
    high = float(beta.ppf(0.975, part + 0.5, rest + 0.5)) if rest else 1.0
    return low <= rate <= high


_INTERVALS: dict[str, Held] = {
    "exact interval (Clopper and Pearson)": _exact,
    "exact upper bound, one-sided": _bound,
    "for comparison, mid-P (Jeffreys)": _mid,
}


def exactly() -> None:
    """Compute the coverage of the exact interval of 40 trials, rate by rate, without chance."""
    shares = [exact_share(part, 40) for part in range(41)]
    print("\nexact coverage at 40 trials, by the true rate, %: two-sided, one-sided, mid-P")
    for rate in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3):
        chances = binom.pmf(np.arange(41), 40, rate)
        row = [
            100 * sum(p for p, share in zip(chances, shares, strict=True) if held(share, rate))
            for held in _INTERVALS.values()
        ]
        print(f"  {rate:g}: " + ", ".join(f"{value:.1f}" for value in row))


def seasons(rng: np.random.Generator, count: int) -> None:
    """Ask the interval over nights, and the exact one, for the season's rate."""
    print(f"\nseasons, {count:,} each, 20 to 40 decoys a night; coverage, %: over nights (exact)")
    every: list[bool] = []
    for alike in (0.0, 0.02, 0.05, 0.1):
        for rate in (0.02, 0.05, 0.1, 0.2):
            row = []
            for length in (2, 3, 4, 5, 8, 12, 20, 38):
                held, exact = _season(rng, count, rate=rate, alike=alike, length=length)
                row.append(f"{length}: {100 * np.mean(held):.1f} ({100 * np.mean(exact):.1f})")
                if length > 3:
                    every += held
            print(f"  correlation {alike:g}, rate {rate:g}: " + "; ".join(row))
    print(f"  all seasons of four nights or more: {_percent(every)}")


def _season(
    rng: np.random.Generator, count: int, *, rate: float, alike: float, length: int
) -> tuple[list[bool], list[bool]]:
    held, exact = [], []
    for _ in range(count):
        wholes = rng.integers(20, 41, length)
        rates = _between(rng, np.full(length, rate), alike)
        parts = rng.binomial(wholes, rates)
        over = share_over([(int(x), int(n)) for x, n in zip(parts, wholes, strict=True)])
        held.append(over.low <= rate <= over.high)
        exact.append(_exact(over.exact, rate))
    return held, exact


def _between(rng: np.random.Generator, rates: np.ndarray, alike: float) -> np.ndarray:
    """Return the rate of each night; ``alike`` is the correlation of two decoys of one night."""
    if not alike:
        return rates
    spread = 1 / alike - 1
    drawn: np.ndarray = rng.beta(rates * spread, (1 - rates) * spread)
    return drawn


def warnings(rng: np.random.Generator, count: int) -> None:
    """Count false alarms of seasons that do not drift, and how late one that does is noticed."""
    print(f"\nwarnings, {count:,} seasons of 38 nights of 30 decoys, one figure")
    for alike in (0.0, 0.1):
        for rate in (0.001, 0.02, 0.1, 0.3):
            alarms = [_noticed(rng, [rate] * 38, alike) is not None for _ in range(count)]
            print(f"  no drift at {rate:g}, correlation {alike:g}: false {_percent(alarms)}")
    print(f"  stated: at most {100 * 38 / NIGHTS_A_FALSE_ALARM:.1f} %")
    for before, after in ((0.02, 0.1), (0.02, 0.3), (0.1, 0.3), (0.05, 0.5), (0.02, 1.0)):
        found = [
            _noticed(rng, [before] * 12 + [min(after, 1 - 1e-9)] * 26, 0.05) for _ in range(count)
        ]
        late = [night[1] - 12 for night in found if night is not None and night[1] >= 12]
        print(
            f"  {before:g} becomes {after:g} after 12 nights: noticed in "
            f"{100 * len(late) / count:.0f} %, median after {np.median(late) + 1:.0f} nights"
        )


def _noticed(
    rng: np.random.Generator, rates: Sequence[float], alike: float
) -> tuple[int, int] | None:
    missed = rng.binomial(30, _between(rng, np.array(rates), alike)) / 30
    return drift([float(figure) for figure in missed], ties=[*(1 - rng.random(len(rates)))])


def _percent(held: Sequence[bool]) -> str:
    """Return a share of seasons or nights, with its own standard error."""
    share = float(np.mean(held))
    error = math.sqrt(share * (1 - share) / len(held))
    return f"{100 * share:.1f} % (standard error {100 * error:.1f})"


if __name__ == "__main__":
    main()
