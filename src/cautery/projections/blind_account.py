"""The account of a night's blind test, and of several nights: counts with their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from statistics import median
from typing import TypeVar

from cautery.estimate.drift import NIGHTS_A_FALSE_ALARM, drift
from cautery.estimate.exact import exact_share
from cautery.estimate.over_nights import share_over
from cautery.model import Entry
from cautery.model.blind import (
    BlindCounts,
    Drifting,
    NightAccount,
    NightsShare,
    SeasonAccount,
    Share,
    Trial,
    TrialEnd,
    Warned,
)
from cautery.model.decoys import DecoyKind, RevealedBy
from cautery.model.ports import Ledger
from cautery.model.records import kinds_of
from cautery.projections.blind import PLAN_RECORDS, TRIAL_RECORDS, BlindTest
from cautery.projections.folding import folded

Group = TypeVar("Group", DecoyKind, str)
_ROOT_DIGITS = 13
"""Of a root, as many as a float holds without loss."""


def account(entries: Iterable[Entry]) -> NightAccount | None:
    """Return the account of the blind test of a case; ``None``: it has no sealed plan."""
    return account_of(folded(BlindTest(), entries))


def account_in(ledger: Ledger) -> NightAccount | None:
    """Return the account of the blind test of a case; only records that bear on it are read."""
    planned = account(ledger.read(kinds=kinds_of(*PLAN_RECORDS)))
    if planned is None or not planned.is_whole:  # before all is revealed nothing is counted
        return planned
    return account(ledger.read(kinds=kinds_of(*TRIAL_RECORDS)))


def account_of(test: BlindTest) -> NightAccount | None:
    """Return the account of a blind test; ``None``: it has no sealed plan."""
    planned = test.decoys.planned
    if planned is None:
        return None
    revealed, trials = list(test.decoys.revealed.values()), test.trials()
    return NightAccount(
        night=planned.sealed.night,
        planner=planned.sealed.planner,
        root=planned.sealed.root,
        planned=planned.sealed.count,
        made_at=planned.sealed.made_at,
        stamped_at=planned.stamped_at,
        stamped_by=planned.stamped_by,
        revealed_at=None
        if test.decoys.unopened
        else max(leaf.at for leaf in (*revealed, *test.decoys.foreign.values())),
        abandoned=next((leaf.why for leaf in revealed if leaf.how is RevealedBy.ABANDONED), ""),
        counts=counts_of(trials),
        by_kind=tuple(_groups(trials, lambda trial: trial.kind)),
        by_disguise=tuple(_groups(trials, lambda trial: trial.disguise)),
        trials=trials,
    )


def season_account(nights: Iterable[NightAccount]) -> SeasonAccount:
    """Return the account of several nights, in the order in which their plans were made.

    Rates are of the nights that are whole and were not ended early: a night that is opened in part,
    or that its planner ended, would count what was caught and not what was not.
    """
    inside: list[NightAccount] = []
    outside: list[NightAccount] = []
    by_root = {night.root: night for night in nights}
    for night in sorted(by_root.values(), key=lambda night: (night.made_at, night.root)):
        (inside if night.is_whole and not night.abandoned else outside).append(night)
    return SeasonAccount(
        nights=tuple(inside),
        left_out=tuple(outside),
        missed=_over(inside, lambda counts: counts.missed),
        missed_or_unseen=_over(inside, lambda counts: counts.missed_or_unseen),
        accused=_over(inside, lambda counts: counts.accused),
        licensee_right=_over(inside, lambda counts: counts.licensee_right),
        hit=_over(inside, lambda counts: counts.hit),
        by_kind=_grouped(inside, lambda night: night.by_kind),
        by_disguise=_grouped(inside, lambda night: night.by_disguise),
        median_s=_median_s([trial for night in inside for trial in night.trials]),
        warnings=tuple(_warnings(inside)),
        nights_a_false_alarm=NIGHTS_A_FALSE_ALARM,
    )


def counts_of(trials: Sequence[Trial]) -> BlindCounts:
    """Return what some trials come to."""
    own = [trial for trial in trials if not trial.kind.is_look_alike]
    innocent = [trial for trial in trials if trial.kind.is_look_alike]

    def of(group: Sequence[Trial], outcome: TrialEnd) -> int:
        return sum(trial.outcome is outcome for trial in group)

    caught, missed = of(own, TrialEnd.CAUGHT), of(own, TrialEnd.MISSED)
    own_unseen = of(own, TrialEnd.NOT_LOOKED_AT)
    accused, cleared = of(innocent, TrialEnd.ACCUSED), of(innocent, TrialEnd.CLEARED)
    return BlindCounts(
        own=len(own),
        look_alikes=len(innocent),
        missed=exact_share(missed, caught + missed),
        missed_or_unseen=exact_share(missed + own_unseen, caught + missed + own_unseen),
        accused=exact_share(accused, accused + cleared),
        licensee_right=exact_share(sum(trial.licensee_right is True for trial in own), caught),
        hit=exact_share(sum(trial.is_hit for trial in innocent), len(innocent)),
        own_unseen=own_unseen,
        look_alikes_unseen=of(innocent, TrialEnd.NOT_LOOKED_AT),
        cut_short=of(trials, TrialEnd.CUT_SHORT),
        named_wrong=sum(trial.named_wrong for trial in own),
        median_s=_median_s(own),
    )


def _groups(
    trials: Sequence[Trial], name: Callable[[Trial], Group]
) -> Iterable[tuple[Group, BlindCounts]]:
    for group in _in_order({name(trial) for trial in trials}):
        yield group, counts_of([trial for trial in trials if name(trial) == group])


def _grouped(
    nights: Sequence[NightAccount],
    groups: Callable[[NightAccount], Sequence[tuple[Group, BlindCounts]]],
) -> tuple[tuple[Group, NightsShare, NightsShare], ...]:
    names = _in_order({name for night in nights for name, _ in groups(night)})
    counts_by_name = {
        name: [counts for night in nights for group, counts in groups(night) if group == name]
        for name in names
    }
    return tuple(
        (
            name,
            share_over(
                [(counts.missed.part, counts.missed.whole) for counts in counts_by_name[name]]
            ),
            share_over(
                [(counts.accused.part, counts.accused.whole) for counts in counts_by_name[name]]
            ),
        )
        for name in names
    )


def _in_order(names: Collection[Group]) -> list[Group]:
    """Return kinds as their enumeration has them, own streams first, and other names by letter."""
    kinds = list(DecoyKind)
    return sorted(
        names, key=lambda name: (kinds.index(name) if isinstance(name, DecoyKind) else 0, name)
    )


def _over(nights: Sequence[NightAccount], share: Callable[[BlindCounts], Share]) -> NightsShare:
    shares = [share(night.counts) for night in nights]
    return share_over([(of_night.part, of_night.whole) for of_night in shares])


def _warnings(nights: Sequence[NightAccount]) -> Iterable[Warned]:
    """Look at each figure over the nights that have it; one that is larger is worse."""
    for what, figure in (
        (Drifting.MISSED, lambda counts: counts.missed_or_unseen.rate),
        (Drifting.ACCUSED, lambda counts: counts.accused.rate),
        (Drifting.LICENSEE_WRONG, _wrong_licensees),
        (Drifting.SLOWER, _slowness),
    ):
        nights_rated = [
            (number, worse)
            for number, night in enumerate(nights)
            if (worse := figure(night.counts)) is not None
        ]
        # A root is random, and was fixed before the night: nobody chooses how a tie is broken.
        ties = [
            (int(nights[number].root[:_ROOT_DIGITS], 16) + 1) / 16**_ROOT_DIGITS
            for number, _ in nights_rated
        ]
        noticed = drift([worse for _, worse in nights_rated], ties=ties)
        if noticed is not None:
            since, warned_at = noticed
            yield Warned(
                what=what, since=nights_rated[since][0], warned_at=nights_rated[warned_at][0]
            )


def _wrong_licensees(counts: BlindCounts) -> float | None:
    right = counts.licensee_right.rate
    return None if right is None else 1 - right


def _slowness(counts: BlindCounts) -> float | None:
    if not counts.missed_or_unseen.whole:
        return None
    return math.inf if counts.median_s is None else counts.median_s


def _median_s(trials: Sequence[Trial]) -> float | None:
    waits = [
        math.inf if trial.detected_s is None else trial.detected_s
        for trial in trials
        if trial.outcome in (TrialEnd.CAUGHT, TrialEnd.MISSED)
        or (trial.outcome is TrialEnd.NOT_LOOKED_AT and not trial.kind.is_look_alike)
    ]
    middle = median(waits) if waits else math.inf
    return None if math.isinf(middle) else round(middle, 3)
