"""A world of links with its truth: networks that share values, hubs, false links, dates.

Unlike the shared generator it draws sizes from a log-normal, lets values be as popular as their
first bearers made them (rich get richer), copies false values from a victim's neighbour rather
than from anywhere, and dates links; kinds have other names. So what holds here and there holds
for neither's constants.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cautery.graph.evidence import Floats, Ints
from cautery.graph.links_table import LinkTable

DAY = 86_400.0
START = 1_735_689_600.0
"""2025-01-01 in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of link comes about.

    ``has`` is the chance that a subject bears one, ``hub`` that it is a hub's value, ``hubs`` how
    many of those there are, ``fresh`` the concentration of a network's own values, ``false`` the
    chance that it is another network's.
    """

    name: str
    has: float
    hub: float
    hubs: int
    fresh: float
    false: float


KINDS = (
    Kind("address", 1.0, 0.4, 120, 3.0, 0.01),
    Kind("tracker", 0.6, 0.05, 10, 0.5, 0.03),
    Kind("tls-key", 0.7, 0.2, 60, 4.0, 0.005),
    Kind("wallet", 0.35, 0.0, 1, 1.0, 0.01),
    Kind("theme", 0.8, 0.7, 40, 0.5, 0.02),
    Kind("tld-registry", 1.0, 1.0, 30, 1.0, 0.0),
)


@dataclass(frozen=True, slots=True)
class LinkWorld:
    """Links and, by subject, the network that is truly behind it."""

    table: LinkTable
    truth: Ints


def link_world(subjects: int, *, seed: int, falser: float = 1.0) -> LinkWorld:
    """Draw a world.

    Parameters
    ----------
    subjects : int
        About how many.
    falser : float
        Multiplies the share of false links of each kind.
    """
    rng = np.random.default_rng(seed)
    truth = _networks(rng, subjects)
    networks = int(truth[-1]) + 1
    rows, columns, kinds, firsts, lasts = [], [], [], [], []
    count = 0
    begun = START + rng.random(networks) * 400 * DAY
    for number, kind in enumerate(KINDS):
        bears = np.flatnonzero(rng.random(truth.size) < kind.has)
        source = truth[bears].copy()
        false = rng.random(bears.size) < kind.false * falser
        source[false] = truth[rng.integers(0, truth.size, int(false.sum()))]
        hub = rng.random(bears.size) < kind.hub
        value = np.empty(bears.size, dtype=np.int64)
        popular = rng.dirichlet(np.full(kind.hubs, 0.4))
        value[hub] = rng.choice(kind.hubs, int(hub.sum()), p=popular)
        value[~hub] = kind.hubs + _urns(rng, source[~hub], kind.fresh)
        first = begun[truth[bears]] + rng.random(bears.size) * 60 * DAY
        rows.append(bears)
        columns.append(value + count)
        kinds.append(np.full(int(value.max(initial=0)) + 1, number))
        firsts.append(first)
        lasts.append(first + rng.exponential(120 * DAY, bears.size))
        count += int(value.max(initial=0)) + 1
    kind_of = np.concatenate(kinds).astype(np.int64)
    table = LinkTable(
        subjects=[f"s{n:07}.example" for n in range(truth.size)],
        kinds=[kind.name for kind in KINDS],
        values=[f"v{n}" for n in range(count)],
        subject=np.concatenate(rows).astype(np.int32),
        value=np.concatenate(columns).astype(np.int32),
        kind=kind_of,
        first=np.concatenate(firsts),
        last=np.concatenate(lasts),
    )
    return LinkWorld(table, truth)


def _networks(rng: np.random.Generator, subjects: int) -> Ints:
    sizes: list[int] = []
    while sum(sizes) < subjects:
        sizes.append(int(np.clip(rng.lognormal(1.8, 1.2), 1, subjects / 10 + 1)))
    return np.repeat(np.arange(len(sizes)), sizes)


def _urns(rng: np.random.Generator, network: Ints, fresh: float) -> Ints:
    """Draw a value for each link from its network's own urn: an old one, or a fresh one."""
    urns: dict[int, list[int]] = {}
    values = np.empty(network.size, dtype=np.int64)
    next_value = 0
    for place, owner in enumerate(network.tolist()):
        urn = urns.setdefault(owner, [])
        if rng.random() * (len(urn) + fresh) < fresh:
            value, next_value = next_value, next_value + 1
        else:
            value = urn[int(rng.integers(len(urn)))]
        urn.append(value)
        values[place] = value
    return values


def b_cubed_of(truth: Ints, label: Ints) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F of two labellings, in arrays."""
    cells, place, counts = np.unique(
        truth * np.int64(label.max(initial=0) + 1) + label, return_inverse=True, return_counts=True
    )
    del cells
    same: Floats = counts[place].astype(np.float64)
    precision = float(np.mean(same / np.bincount(label)[label]))
    recall = float(np.mean(same / np.bincount(truth)[truth]))
    return precision, recall, 2 * precision * recall / (precision + recall)
