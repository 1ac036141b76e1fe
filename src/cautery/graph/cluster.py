"""Which hosts belong to one criminal network, how surely, and what joins them.

For the live watch, over a few thousand links; ``cautery.workflows.networks.cluster`` does the same
over files of ten million.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from cautery.graph.constraints import Ruled, agreeing, ruled_labels
from cautery.graph.evidence import Ints
from cautery.graph.links import Mark
from cautery.graph.links_table import UNTYING, LinkTable, table_of
from cautery.graph.membership import probabilities, ties_of
from cautery.graph.networks import find_networks
from cautery.graph.partition import Partition
from cautery.messages import message
from cautery.model import CriminalNetwork, Link, Membership
from cautery.model.message import Message

_WHY = 5
_Member = tuple[str, float, tuple[Message, ...]]


def cluster(
    links: Sequence[Link],
    *,
    shared: Mapping[Mark, Message] | None = None,
    ruled: Sequence[Ruled] = (),
    previous: Sequence[CriminalNetwork] = (),
    seed: int = 0,
) -> tuple[CriminalNetwork, ...]:
    """Group the subjects of links into criminal networks: a partition of all of them.

    Parameters
    ----------
    links : sequence of Link
        In any order.
    shared : mapping of (str, str) to Message
        Values that join nobody, by ``(kind, value)``, with the reason.
    ruled : sequence of Ruled
        What people say of pairs of hosts, the weightiest first: one that contradicts those before
        it counts for nothing. Hosts that are in no link are passed over.
    previous : sequence of CriminalNetwork
        An earlier result: a network keeps the id of the one it shares most hosts with.
    seed : int
        Of random choices; the same links and seed give the same networks.

    Returns
    -------
    tuple of CriminalNetwork
        Largest first; a host that nothing joins is a network of its own.
    """
    if not links:
        return ()
    nobody = shared or {}
    rows = {
        (
            link.subject,
            link.kind,
            link.value,
            link.first_seen.timestamp(),
            link.last_seen.timestamp(),
        )
        for link in links
        if link.kind not in UNTYING and (link.kind, link.value) not in nobody
    }
    table = table_of(sorted(rows))
    members: dict[int, list[_Member]] = defaultdict(list)
    alone = sorted({link.subject for link in links} - set(table.subjects))
    place = {host: number for number, host in enumerate((*table.subjects, *alone))}
    part, of = None, np.empty(0, np.int64)
    chances: Sequence[float] = ()
    if rows:
        evidence, of = table.evidence()
        part = find_networks(evidence, common=np.empty(0, np.int64), seed=seed)
        chances = probabilities(part).tolist()
    agree = agreeing(word[:3] for word in ruled)
    words = [word for word, fits in zip(ruled, agree, strict=True) if fits]
    labels = ruled_labels(part, place, words)
    for number, (host, chance) in enumerate(zip(table.subjects, chances, strict=True)):
        members[labels[host]].append((host, chance, _why(part, table, of, number)))
    for host in alone:
        members[labels[host]].append((host, 1.0, _NOTHING))
    words_of = _said(words, labels)
    groups = [_as_ruled(group, words_of) for group in members.values()]
    groups.sort(key=lambda group: (-len(group), group[0][0]))
    ids = named([[host for host, _, _ in group] for group in groups], previous)
    return tuple(
        CriminalNetwork(
            id=name,
            members=tuple(
                Membership(host=host, probability=round(chance, 4), why=why)
                for host, chance, why in group
            ),
        )
        for name, group in zip(ids, groups, strict=True)
    )


def _said(words: Sequence[Ruled], labels: Mapping[str, int]) -> dict[str, list[Message]]:
    words_of: dict[str, list[Message]] = defaultdict(list)
    for word in words:
        for host, other_host in ((word.host, word.other), (word.other, word.host)):
            if host in labels and other_host in labels:
                text = "member.ruled-same" if word.same else "member.ruled-not-same"
                words_of[host].append(message(text, host=other_host, by=word.by))
    return words_of


def _as_ruled(group: list[_Member], words_of: Mapping[str, Sequence[Message]]) -> list[_Member]:
    """Put people's words on top of what speaks for each member; no word makes one certain."""
    if not any(host in words_of for host, _, _ in group):
        return group
    most_certain = 1.0 if len(group) == 1 else _MOST_CERTAIN
    return [
        (host, min(chance, most_certain), (*words_of.get(host, ()), *why)[:_WHY])
        for host, chance, why in group
    ]


_MOST_CERTAIN = 0.99
_NOTHING = (message("member.shares-nothing"),)


def _why(part: Partition | None, table: LinkTable, of: Ints, subject: int) -> tuple[Message, ...]:
    assert part is not None  # it has this subject
    reasons: list[Message] = []
    evidence = part.evidence
    for tie in ties_of(part, subject):
        bearers = evidence.v_subjects[
            evidence.v_starts[tie.value] : evidence.v_starts[tie.value + 1]
        ]
        companions = [
            table.subjects[bearer]
            for bearer in bearers
            if bearer != subject and part.label[bearer] == part.label[subject]
        ]
        if companions:
            shares: dict[str, object] = {
                "kind": table.kinds[int(evidence.kind[tie.value])],
                "value": _short(table.values[int(of[tie.value])]),
                "host": companions[0],
                "log_odds": round(tie.log_odds, 1),
            }
            further = len(companions) - 1
            reasons.append(
                message("member.shares-with-more", more=further, **shares)
                if further
                else message("member.shares", **shares)
            )
    return tuple(reasons[:_WHY]) or _NOTHING


def named(groups: Sequence[Sequence[str]], previous: Sequence[CriminalNetwork]) -> list[str]:
    """Name each group after its first host, or after the earlier network it mostly is."""
    earlier = {member.host: network.id for network in previous for member in network.members}
    claims: list[tuple[int, int, str]] = []
    for place, group in enumerate(groups):
        counts: dict[str, int] = defaultdict(int)
        for host in group:
            if host in earlier:
                counts[earlier[host]] += 1
        claims += [(-count, place, name) for name, count in counts.items()]
    ids: dict[int, str] = {}
    used: set[str] = set()
    for _, place, name in sorted(claims):
        if place not in ids and name not in used:
            ids[place] = name
            used.add(name)
    for place, group in enumerate(groups):
        if place not in ids:
            fresh = network_id(group[0])
            if fresh in used:
                fresh = network_id("\n".join(group))
            ids[place] = fresh
            used.add(fresh)
    return [ids[place] for place in range(len(groups))]


def network_id(host: str) -> str:
    """Return the id of a network that is named after a host."""
    # A feed can name a host with half of a surrogate pair, which strict UTF-8 refuses.
    return "net-" + hashlib.sha256(host.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _short(value: str) -> str:
    return value if len(value) <= 24 else value[:16] + "..."
