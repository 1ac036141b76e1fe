"""Which hosts belong to one criminal network, how surely, and what joins them.

Evidence is weighed value by value, hubs and shared infrastructure join nobody, and a component
held together by a false bridge is cut again: Leiden inside each component, then communities are
joined back only when they bear the same values alike. A value that still spans several of them
is a product's, not an owner's; it is weakened and all is done once more.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from cautery.graph.links import Mark
from cautery.graph.weights import HUB, OWNED, UNIVERSE, Shared, shared_values
from cautery.model import CriminalNetwork, Link, Membership

JOIN_RATIO = 0.4
"""Communities are one when the evidence that both bear alike is at least this share of what the
poorer one bears. Chosen on the planted networks of the tests and of the shared generator."""
JOIN_COUNTS = 0.25
"""The same share, in counts of bearers; chosen likewise."""
PRIOR_LOG_ODDS = -4.0
"""Two hosts of a case picked blindly: one chance in fifty of being one network. Judgement."""
BRIDGE_WEIGHT = 0.25
"""A value that two bearers or more have in each of two communities which are otherwise unlike
keeps this share of its weight; in three communities or more it keeps none."""
MOST_SPANNED = 200
"""Communities apart, in one value's list, up to which they are compared."""
_WHY = 5

Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


def cluster(
    links: Sequence[Link],
    *,
    shared: Mapping[Mark, str] | None = None,
    previous: Sequence[CriminalNetwork] = (),
    seed: int = 0,
    universe: int = UNIVERSE,
    hub: int = HUB,
) -> tuple[CriminalNetwork, ...]:
    """Group the subjects of links into criminal networks: a partition of all of them.

    Parameters
    ----------
    links : sequence of Link
        In any order.
    shared : mapping of (str, str) to str
        Values that join nobody, by ``(kind, value)``, with the reason.
    previous : sequence of CriminalNetwork
        An earlier result: a network keeps the id of the one it shares most hosts with.
    seed : int
        Of Leiden's random choices; the same links and seed give the same networks.

    Returns
    -------
    tuple of CriminalNetwork
        Largest first; a host that nothing joins is a network of its own.
    """
    hosts = sorted({link.subject for link in links})
    values = shared_values(links, shared or {}, universe=universe, hub=hub)
    first = _communities(hosts, values, seed)
    values = _without_bridges(values, dict(zip(hosts, first, strict=True)))
    labels = _communities(hosts, values, seed)
    members: dict[int, list[str]] = defaultdict(list)
    for host, label in zip(hosts, labels, strict=True):
        members[label].append(host)
    evidence = _evidence(dict(zip(hosts, labels, strict=True)), values)
    groups = sorted(members.values(), key=lambda group: (-len(group), group[0]))
    ids = _ids(groups, previous)
    return tuple(
        CriminalNetwork(id=ids[place], members=tuple(_member(host, evidence) for host in group))
        for place, group in enumerate(groups)
    )


def _without_bridges(values: Sequence[Shared], label: Mapping[str, int]) -> list[Shared]:
    """Weaken values that span communities: default keys and icons, copied trackers."""
    kept: list[Shared] = []
    for value in values:
        bearers: dict[int, int] = defaultdict(int)
        for host in value.hosts:
            bearers[label[host]] += 1
        spanned = sum(count >= 2 for count in bearers.values())
        if spanned >= 3:
            continue
        weight = value.weight * (BRIDGE_WEIGHT if spanned == 2 else 1.0)
        kept.append(Shared(value.kind, value.value, value.hosts, weight))
    return kept


def _communities(hosts: Sequence[str], values: Sequence[Shared], seed: int) -> list[int]:
    """Return a label for each host: components, Leiden inside, and the joining back."""
    place = {host: number for number, host in enumerate(hosts)}
    if not values:
        return list(range(len(hosts)))
    rows = np.fromiter((place[host] for value in values for host in value.hosts), dtype=np.int64)
    sizes = np.fromiter((len(value.hosts) for value in values), dtype=np.int64)
    columns = np.repeat(np.arange(len(values), dtype=np.int64), sizes) + len(hosts)
    weights = np.repeat(np.fromiter((value.weight for value in values), dtype=np.float64), sizes)
    community = _leiden(len(hosts) + len(values), rows, columns, weights, seed)
    owned = np.fromiter((value.kind in OWNED for value in values), dtype=np.bool_)
    merged = _joined(community[: len(hosts)], rows, columns - len(hosts), weights, owned)
    # A host without any value has a community of its own already.
    return [int(label) for label in merged]


def _leiden(
    count: int,
    rows: Ints,
    columns: Ints,
    weights: Floats,
    seed: int,
) -> Ints:
    import random  # noqa: PLC0415 - igraph takes Python's generator

    import igraph  # noqa: PLC0415 - heavy: only clustering needs it

    graph = igraph.Graph(n=count, edges=np.column_stack([rows, columns]))
    # Modularity never joins two components, and its resolution limit leaves small ones whole.
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311 - chance, not secrecy
    try:
        found = graph.community_leiden(
            objective_function="modularity", weights=weights.tolist(), n_iterations=4
        )
    finally:
        igraph.set_random_number_generator(random)
    return np.asarray(found.membership, dtype=np.int64)


def _joined(
    community: Ints,
    rows: Ints,
    columns: Ints,
    weights: Floats,
    owned: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> Ints:
    """Join communities of hosts while two bear the same values alike.

    A community's profile is, by value, the share of its hosts that bear it times the value's
    weight; two profiles overlap in the sum of the lesser of each. A sparse chain of hosts has
    profiles that hardly overlap, so the same is asked of counts of bearers, against the values
    that two or more hosts of the poorer community bear.
    """
    label = community.copy()
    weight = np.zeros(int(columns.max()) + 1)
    weight[columns] = weights
    for _ in range(20):
        _, label = np.unique(label, return_inverse=True)
        count = int(label.max()) + 1
        sizes = np.bincount(label)
        cells, bearing = np.unique(columns * count + label[rows], return_counts=True)
        value, group = cells // count, cells % count
        profile = weight[value] * bearing / sizes[group]
        borne = weight[value] * bearing
        inside = np.bincount(group, np.where(bearing >= 2, borne, 0.0), minlength=count)
        own = np.bincount(group, profile, minlength=count)
        # What many communities bear, and nobody owns, says little about any two of them.
        spanned = np.bincount(value, bearing >= 2, minlength=weight.size)
        common = np.where(owned, 1.0, 1.0 / np.maximum(spanned - 1, 1))[value]
        first_row, second_row = _pairs(value)
        if first_row.size == 0:
            break
        one = np.minimum(group[first_row], group[second_row])
        other = np.maximum(group[first_row], group[second_row])
        pairs, where = np.unique(one * count + other, return_inverse=True)
        alike = np.bincount(
            where, common[first_row] * np.minimum(profile[first_row], profile[second_row])
        )
        between = np.bincount(
            where, common[first_row] * np.minimum(borne[first_row], borne[second_row])
        )
        one, other = pairs // count, pairs % count
        ratio = np.maximum(
            alike / np.maximum(np.minimum(own[one], own[other]), 1e-9) / JOIN_RATIO,
            between / np.maximum(np.minimum(inside[one], inside[other]), 1e-9) / JOIN_COUNTS,
        )
        taken = np.flatnonzero(ratio >= 1.0)
        if taken.size == 0:
            break
        used = np.zeros(count, dtype=bool)
        target = np.arange(count)
        for pair in taken[np.lexsort((pairs[taken], -ratio[taken]))]:
            first, second = int(one[pair]), int(other[pair])
            if not (used[first] or used[second]):
                used[first] = used[second] = True
                target[second] = first
        label = target[label]
    return label


def _pairs(value: Ints) -> tuple[Ints, Ints]:
    """Return every two rows of one value; the rows are sorted by value."""
    firsts: list[Ints] = [np.zeros(0, np.int64)]
    seconds: list[Ints] = [np.zeros(0, np.int64)]
    # Rows of one value lie side by side: compare each with the one `step` further on.
    for step in range(1, MOST_SPANNED + 1):
        same = np.flatnonzero(value[:-step] == value[step:])
        if same.size == 0:
            break
        firsts.append(same)
        seconds.append(same + step)
    return np.concatenate(firsts), np.concatenate(seconds)


def _evidence(
    label: Mapping[str, int], values: Iterable[Shared]
) -> dict[str, list[tuple[float, str]]]:
    """Return, by host, what joins it to others of its own network, strongest first."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for value in values:
        by_label: dict[int, list[str]] = defaultdict(list)
        for host in value.hosts:
            by_label[label[host]].append(host)
        for together in by_label.values():
            if len(together) < 2:
                continue
            for host in together:
                other = together[0] if together[0] != host else together[1]
                found[host].append(
                    (
                        value.weight,
                        _said(value, other, len(together) - 2),
                    )
                )
    return {host: sorted(said, key=lambda one: (-one[0], one[1])) for host, said in found.items()}


def _said(value: Shared, other: str, more: int) -> str:
    further = f" and {more} more" if more > 0 else ""
    return (
        f"shares {value.kind} {_short(value.value)} with {other}{further}, "
        f"log-odds {value.weight:.1f}"
    )


def _member(host: str, evidence: Mapping[str, Sequence[tuple[float, str]]]) -> Membership:
    said = evidence.get(host, ())
    if not said:
        return Membership(host=host, probability=1.0, why=("shares nothing with any other host",))
    log_odds = PRIOR_LOG_ODDS + sum(weight for weight, _ in said)
    # More than 0.999 is never claimed from shared values alone: all could be copied.
    probability = min(0.999, 1 / (1 + math.exp(-min(log_odds, 50.0))))
    return Membership(
        host=host, probability=round(probability, 4), why=tuple(text for _, text in said[:_WHY])
    )


def _ids(groups: Sequence[Sequence[str]], previous: Sequence[CriminalNetwork]) -> list[str]:
    """Name each group after its first host, or after the earlier network it mostly is."""
    earlier = {member.host: one.id for one in previous for member in one.members}
    claims: list[tuple[int, int, str]] = []
    for place, group in enumerate(groups):
        counts: dict[str, int] = defaultdict(int)
        for host in group:
            if host in earlier:
                counts[earlier[host]] += 1
        claims += [(-count, place, name) for name, count in counts.items()]
    ids: dict[int, str] = {}
    taken: set[str] = set()
    for _, place, name in sorted(claims):
        if place not in ids and name not in taken:
            ids[place] = name
            taken.add(name)
    for place, group in enumerate(groups):
        fresh = "net-" + hashlib.sha256(group[0].encode()).hexdigest()[:10]
        if place not in ids:
            if fresh in taken:
                fresh = "net-" + hashlib.sha256("\n".join(group).encode()).hexdigest()[:10]
            ids[place] = fresh
            taken.add(fresh)
    return [ids[place] for place in range(len(groups))]


def _short(value: str) -> str:
    return value if len(value) <= 24 else value[:16] + "..."
