"""The published sizing of the whole market, for when a network has no sources of its own.

A network is a part of the market: how large a part nobody published, so its share is a judgement
(:data:`~cautery.estimate.priors.NETWORK_SHARE`), and all that comes of it says so.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cautery.estimate import priors
from cautery.estimate.reconcile import Reconciled
from cautery.estimate.shared import DRAWS
from cautery.estimate.sized import Draws, Sized
from cautery.messages import message


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The figures, and the sources that publish them."""

    title: str
    what: str
    scope: str
    source: str
    basis: str
    users: float
    users_log_sd: float
    arpu_eur: float
    arpu_log_sd: float
    arpu_range_eur: tuple[float, float]
    revenue_eur_year: float
    list_price_eur: float
    list_price_source: str


@cache
def published() -> Published:
    """Return the figures of ``published.toml``."""
    text = files("cautery.estimate").joinpath("published.toml").read_text(encoding="utf-8")
    tables: dict[str, Any] = tomllib.loads(text)
    market = tables["market"]
    return Published(
        title=market["title"],
        what=market["what"],
        scope=market["scope"],
        source=market["source"],
        basis=market["basis"],
        users=market["users"]["value"],
        users_log_sd=market["users"]["log_sd"],
        arpu_eur=market["arpu"]["value"],
        arpu_log_sd=market["arpu"]["log_sd"],
        arpu_range_eur=(tables["arpu_range"]["low"], tables["arpu_range"]["high"]),
        revenue_eur_year=market["revenue"]["value"],
        list_price_eur=tables["retail"]["value"],
        list_price_source=tables["retail"]["source"],
    )


def reconciled_from_published(*, rng: np.random.Generator) -> Reconciled:
    """Return what the published sizing alone lets one network be.

    Notes
    -----
    It counts users who pay, so users and payers are one number here.
    """
    survey = published()
    scope = (survey.scope,)
    users = survey.users * _around_one(survey.users_log_sd, rng)
    monthly = survey.revenue_eur_year / 12 / survey.users
    revenue = users * monthly * _around_one(survey.arpu_log_sd, rng)
    share = priors.NETWORK_SHARE.draw(rng, DRAWS)
    market = Draws(users=users[:, None], payers=users[:, None], revenue=revenue[:, None])
    network = Draws(
        users=(users * share)[:, None],
        payers=(users * share)[:, None],
        revenue=(revenue * share)[:, None],
    )
    logs = np.log(users)
    whole = Sized(
        method=f"{survey.title}, all services",
        about="users",
        countries=scope,
        log_mean=np.array([logs.mean()]),
        log_cov=np.array([[logs.var()]]),
        bias=message("bias.published", what=survey.what, scope=survey.scope),
        draws=market,
        whole=True,
    )
    return Reconciled(
        countries=scope,
        draws=network,
        sized=(whole,),
        disagreements=(),
        between=0.0,
        alone=True,
        scope=message(
            "estimate.one-network", what=survey.what, scope=survey.scope, source=survey.source
        ),
    )


def _around_one(log_sd: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw log-normal factors of median one, evenly, so that the middle is what is published."""
    even = ndtri((np.arange(DRAWS) + 0.5) / DRAWS)
    return np.asarray(np.exp(log_sd * rng.permutation(even)))
