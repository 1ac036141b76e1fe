"""What is said of a blind test: sentences with counts and their bounds, never a bare rate."""

from __future__ import annotations

from collections.abc import Iterable

from cautery.drawing.formatting import both, number
from cautery.messages import tr, tr_n, word
from cautery.model.blind import (
    BlindCounts,
    LeftOut,
    NightAccount,
    NightsShare,
    SeasonAccount,
    Share,
    Warned,
)


def percents(share: float) -> str:
    """Return a share of one in percent, one digit after the point, without the sign.

    Examples
    --------
    >>> percents(0.1133), percents(0.0722), percents(0.0)
    ('11.3', '7.2', '0')
    """
    return number(round(100 * share, 1))


def counted(share: Share) -> str:
    """Return how many of how many."""
    return tr("%(part)s of %(whole)s", number, part=share.part, whole=share.whole)


def between(low: float, high: float) -> str:
    """Return an interval in percent."""
    return tr("%(low)s to %(high)s %%", low=percents(low), high=percents(high))


def standing(night: NightAccount) -> str:
    """Return how many decoys there are, who planned them, and whether all are opened."""
    planned = tr_n(
        "%(planner)s planted %(count)s decoy for night %(night)s.",
        "%(planner)s planted %(count)s decoys for night %(night)s.",
        night.planned,
        number,
        planner=night.planner,
        night=night.night,
    )
    return f"{planned} {_sealed(night)} {_opened(night)}"


def _sealed(night: NightAccount) -> str:
    if night.stamped_at is None:
        return tr("Nobody but the planner vouches for when the plan was sealed.")
    return tr(
        "The case says that %(authority)s stamped the plan before %(time)s UTC; the stamp lies in "
        "the case.",
        time=f"{night.stamped_at:%Y-%m-%d %H:%M:%S}",
        authority=night.stamped_by,
    )


def _opened(night: NightAccount) -> str:
    if night.abandoned:
        return tr(
            "The planner ended the test early (%(why)s): only what had been decided counts.",
            why=night.abandoned,
        )
    if night.is_whole:
        return tr("All are opened, and each opens to the root that was sealed.")
    return tr(
        "%(opened)s of them are opened. There are no rates before all are.",
        number,
        opened=len(night.trials),
    )


def account(counts: BlindCounts) -> list[str]:
    """Return what a night comes to, in sentences."""
    return [*_own(counts), *_innocents(counts), *_apart(counts)]


def _own(counts: BlindCounts) -> Iterable[str]:
    missed, whole = counts.missed, counts.missed_or_unseen
    if missed.whole:
        yield tr(
            "Missed %(part)s of %(whole)s own streams (95 %%: at most %(bound)s %%).",
            number,
            part=missed.part,
            whole=missed.whole,
            bound=percents(missed.at_most),
        )
    elif counts.own:
        yield tr("Of no own stream it is known whether it would have been missed.")
    if counts.own_unseen:
        yield tr_n(
            "Nobody looked at %(count)s more; if it counts as missed, %(part)s of %(whole)s were "
            "(at most %(bound)s %%).",
            "Nobody looked at %(count)s more; if they count as missed, %(part)s of %(whole)s were "
            "(at most %(bound)s %%).",
            counts.own_unseen,
            number,
            part=whole.part,
            whole=whole.whole,
            bound=percents(whole.at_most),
        )
    if counts.licensee_right.whole:
        yield tr(
            "Licensee right for %(part)s of %(whole)s that were caught.",
            number,
            part=counts.licensee_right.part,
            whole=counts.licensee_right.whole,
        )
    if counts.median_s is not None:
        yield tr("Median %(seconds)s s to detection.", number, seconds=round(counts.median_s, 1))
    elif whole.whole:
        yield tr("Half of the own streams or more were never detected.")


def _innocents(counts: BlindCounts) -> Iterable[str]:
    if counts.accused.whole:
        yield tr(
            "Accused %(part)s of %(whole)s innocents (at most %(bound)s %%).",
            number,
            part=counts.accused.part,
            whole=counts.accused.whole,
            bound=percents(counts.accused.at_most),
        )
    if counts.look_alikes_unseen:
        yield tr_n(
            "Nobody looked at %(count)s more innocent, which could not be accused.",
            "Nobody looked at %(count)s more innocents, which could not be accused.",
            counts.look_alikes_unseen,
            number,
        )
    if counts.hit.whole:
        yield tr(
            "The guard would have let an act hit %(part)s of %(whole)s innocents (at most "
            "%(bound)s %%).",
            number,
            part=counts.hit.part,
            whole=counts.hit.whole,
            bound=percents(counts.hit.at_most),
        )


def _apart(counts: BlindCounts) -> Iterable[str]:
    if counts.named_wrong:
        yield tr_n(
            "A proof of %(count)s own stream named another event.",
            "Proofs of %(count)s own streams named another event.",
            counts.named_wrong,
            number,
        )
    if counts.cut_short:
        yield tr_n(
            "%(count)s was opened before anything was decided, and counts for nothing.",
            "%(count)s were opened before anything was decided, and count for nothing.",
            counts.cut_short,
            number,
        )


def season(counted_nights: SeasonAccount) -> list[str]:
    """Return what a season comes to, in sentences."""
    lines = [
        tr_n(
            "%(count)s night counts.", "%(count)s nights count.", len(counted_nights.nights), number
        ),
        *_shares(counted_nights),
    ]
    if counted_nights.median_s is not None:
        seconds = round(counted_nights.median_s, 1)
        lines.append(tr("Median %(seconds)s s to detection.", number, seconds=seconds))
    if counted_nights.left_out:
        lines.append(
            tr(
                "Left out, as not all their decoys are opened or the planner ended the test early: "
                "%(nights)s.",
                nights=both([night.night for night in counted_nights.left_out]),
            )
        )
    return [*lines, *warnings(counted_nights)]


def uncounted(left_out: LeftOut) -> str:
    """Return that the blind test of a case is not counted, and why."""
    return tr("Not counted: %(case)s: %(why)s.", case=left_out.case, why=word(left_out.why))


def _shares(nights: SeasonAccount) -> Iterable[str]:
    if nights.missed.exact.whole:
        yield tr(
            "Missed %(counted)s own streams: %(interval)s at 95 %%, by %(method)s.",
            number,
            **_of(nights.missed),
        )
    if nights.missed_or_unseen.exact.whole > nights.missed.exact.whole:
        yield tr(
            "Missed or not looked at: %(counted)s own streams, %(interval)s at 95 %%.",
            number,
            **_of(nights.missed_or_unseen),
        )
    if nights.accused.exact.whole:
        yield tr(
            "Accused %(counted)s innocents: %(interval)s at 95 %%, by %(method)s.",
            number,
            **_of(nights.accused),
        )
    if nights.licensee_right.exact.whole:
        yield tr(
            "Licensee right for %(counted)s that were caught: %(interval)s at 95 %%.",
            number,
            **_of(nights.licensee_right),
        )
    if nights.hit.exact.whole:
        yield tr(
            "The guard would have let an act hit %(counted)s innocents: %(interval)s at 95 %%.",
            number,
            **_of(nights.hit),
        )


def _of(share: NightsShare) -> dict[str, str]:
    return {
        "counted": counted(share.exact),
        "interval": between(share.low, share.high),
        "method": method(share),
    }


def method(share: NightsShare) -> str:
    """Return by which method the interval of a share over nights is made."""
    if share.spread is None:
        return tr("Clopper and Pearson: one night says nothing of how nights differ")
    return word(share.spread)


def warnings(counted_nights: SeasonAccount) -> list[str]:
    """Return what becomes worse, and how often such a warning is false."""
    rate = tr(
        "When nothing becomes worse, each of these four warnings comes falsely once in %(nights)s "
        "nights or more, on average.",
        number,
        nights=counted_nights.nights_a_false_alarm,
    )
    if not counted_nights.warnings:
        return [tr("No warning: nothing is seen to become worse."), rate]
    return [*(_warning(warned, counted_nights) for warned in counted_nights.warnings), rate]


def _warning(warned: Warned, counted_nights: SeasonAccount) -> str:
    return tr(
        "WARNING: %(what)s, most likely since night %(since)s; noticed after night %(noticed)s.",
        what=word(warned.what),
        since=counted_nights.nights[warned.since].night,
        noticed=counted_nights.nights[warned.warned_at].night,
    )
