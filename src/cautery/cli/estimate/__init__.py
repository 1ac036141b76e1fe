"""``cautery estimate``: how large is it, does the headline fit, and what does it cost?"""

from __future__ import annotations

import typer

from cautery.cli._verbs import verbs_of

_VERBS = {
    "size": (
        "cautery.cli.estimate.size:size",
        "Size users, payers and revenue by each method, and by all together.",
    ),
    "reconcile": (
        "cautery.cli.estimate.size:reconcile",
        (
            "Compare each claim with each source, with all sources together, and with the other"
            " claims."
        ),
    ),
    "effect": (
        "cautery.cli.estimate.effect:effect",
        "Estimate what a strike did: use lost, users displaced, streams served, and what lives on.",
    ),
    "forecast": (
        "cautery.cli.estimate.forecast:forecast",
        "Forecast the next days of a series, and say what must be ready by when.",
    ),
    "machines": (
        "cautery.cli.estimate.machines:machines",
        "Say how many machines a night of so many channels and looks needs.",
    ),
    "harm": (
        "cautery.cli.estimate.harm:harm",
        (
            "Say what an audience may have cost, as a range under each stated assumption; judge a"
            " claim."
        ),
    ),
    "deterrence": (
        "cautery.cli.estimate.deterrence:deterrence",
        "Show what studies measured after such acts, beside what was measured here.",
    ),
    "kpi": (
        "cautery.cli.estimate.kpi:kpi",
        "Report key figures of cases in the five families of Recommendation (EU) 2023/1018.",
    ),
}

app = typer.Typer(
    cls=verbs_of(_VERBS),
    no_args_is_help=True,
    help="Size a network from its sources, with intervals, and check claims about its size.",
)
