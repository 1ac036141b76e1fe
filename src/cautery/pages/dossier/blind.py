"""What a dossier says of blind tests: error rates of this watch on its organisation's own feeds."""

from __future__ import annotations

from collections.abc import Iterable

from cautery.messages import tr, tr_n
from cautery.model.blind import NightsShare, SeasonAccount
from cautery.pages.dossier.view import RateView
from cautery.pages.dossier.words import style, written


def blind_rates(season: SeasonAccount) -> tuple[RateView, ...]:
    """Return the error rates of the nights of blind tests, or none if no night counts."""
    return tuple(
        RateView(what=what, counted=_counted(share, is_wrong=is_wrong), source=_source(season))
        for what, share, is_wrong in _shares(season)
        if share.exact.whole
    )


def blind_nights(season: SeasonAccount) -> tuple[str, ...]:
    """Return each night that counts, with the case in which anybody can count it again."""
    return tuple(
        tr(
            "%(night)s: case %(case)s, manifest %(manifest)s",
            style,
            night=night.night,
            case=night.case,
            manifest=night.manifest,
        )
        for night in season.nights
    )


def _shares(season: SeasonAccount) -> Iterable[tuple[str, NightsShare, bool]]:
    yield tr("innocent look-alikes accused"), season.accused, True
    yield tr("own streams that were looked at, missed"), season.missed, True
    yield tr("own streams missed or not looked at"), season.missed_or_unseen, True
    yield tr("licensees of caught own streams named wrong"), season.licensee_right, False
    yield tr("innocents that the guard would have let an act hit"), season.hit, True


def _counted(share: NightsShare, *, is_wrong: bool) -> str:
    """Return errors, trials and bounds; of what is right, the rest is wrong."""
    part, high, low = share.exact.part, share.high, share.low
    if not is_wrong:
        part, high, low = share.exact.whole - part, 1 - share.low, 1 - share.high
    if share.spread is None and is_wrong:
        return tr(
            "%(errors)s of %(trials)s; at 95 %% confidence at most %(bound)s %%",
            style,
            errors=part,
            trials=share.exact.whole,
            bound=written(f"{100 * share.exact.at_most:.2g}"),
        )
    return tr(
        "%(errors)s of %(trials)s; 95 %% interval %(low)s to %(high)s %%",
        style,
        errors=part,
        trials=share.exact.whole,
        low=written(f"{100 * low:.2g}"),
        high=written(f"{100 * high:.2g}"),
    )


def _source(season: SeasonAccount) -> str:
    nights = season.nights
    stamped = sum(night.stamped_at is not None for night in nights)
    counted_nights = tr_n(
        "%(count)s night (%(names)s)",
        "%(count)s nights (%(names)s), each a cluster of the interval",
        len(nights),
        style,
        names=", ".join(night.night for night in nights),
    )
    sealed = tr_n(
        "of %(count)s, the case says that others stamped the plan before",
        "of %(count)s, the cases say that others stamped the plans before",
        stamped,
        style,
    )
    return f"{counted_nights}; {sealed}"
