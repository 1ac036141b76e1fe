"""The page of blind tests, and the part of it that stands in a report and in the room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment
from markupsafe import Markup

from cautery.drawing.styles import style
from cautery.drawing.templates import environment
from cautery.model.blind import LeftOut, NightAccount, NightsShare, SeasonAccount, Trial, TrialEnd
from cautery.pages.blind import words

MOST_ROWS = 200
"""Decoys in one table; a night has 20 to 40."""
_AS_IT_SHOULD_BE = (TrialEnd.CAUGHT, TrialEnd.CLEARED)


def blind_page(
    nights: Sequence[NightAccount],
    *,
    cases: Sequence[str],
    lab: bool,
    season: SeasonAccount | None = None,
    left_out: Sequence[LeftOut] = (),
) -> str:
    """Return a page of its own: no script, no request.

    Parameters
    ----------
    nights : sequence of NightAccount
        One after the other.
    cases : sequence of str
        Names of the cases from whose records it is made.
    lab : bool
        Whether one of them is of the lab.
    season : SeasonAccount or None
        All nights together; ``None``: each stands for itself.
    left_out : sequence of LeftOut
        Cases whose nights are not counted.
    """
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            nights=nights,
            season=season,
            left_out=left_out,
            cases=cases,
            lab=lab,
            most=MOST_ROWS,
            style=style("cautery.pages.blind", "blind.css"),
        )
    )


def night_part(night: NightAccount, level: int, *, each: bool) -> Markup:
    """Return one night as a part of another page.

    Parameters
    ----------
    level : int
        Of the page's headings there, 2 to 6.
    each : bool
        Whether decoys are named one by one: no page that leaves the building does.
    """
    template = _environment().get_template("night.html.j2")
    # Every text in it was escaped by its own template.
    return Markup(template.render(one=night, level=level, most=MOST_ROWS, each=each))  # noqa: S704


def amiss(night: NightAccount) -> list[Trial]:
    """Return the trials that did not end as they should, the worst first."""
    wrong = [
        trial
        for trial in night.trials
        if trial.outcome not in _AS_IT_SHOULD_BE
        or trial.licensee_right is False
        or trial.is_hit
        or trial.named_wrong
    ]
    ranks = (TrialEnd.ACCUSED, TrialEnd.MISSED, TrialEnd.NOT_LOOKED_AT, TrialEnd.CUT_SHORT)
    return sorted(
        wrong,
        key=lambda trial: ranks.index(trial.outcome) if trial.outcome in ranks else len(ranks),
    )


def _interval(share: NightsShare) -> str:
    return words.between(share.low, share.high)


@cache
def _environment() -> Environment:
    env = environment("cautery.pages.blind")
    env.filters |= {
        "account": words.account,
        "amiss": amiss,
        "counted": words.counted,
        "interval": _interval,
        "percents": words.percents,
        "season": words.season,
        "standing": words.standing,
        "uncounted": words.uncounted,
    }
    return env
