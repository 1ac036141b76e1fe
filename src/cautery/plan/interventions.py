"""Which interventions could be tried on a set of streams; the guard decides which exist."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import date, datetime

from cautery.errors import InputError
from cautery.model import Decision, GuardVerdict, Intervention, Lever, Override, host_of
from cautery.model.ports import Facts
from cautery.plan.guard.guard import DEFAULT_POLICY, GuardPolicy, guard
from cautery.plan.guard.lawful import Lawful
from cautery.plan.guard.targets import address_of, exact, parse_target, plain_address

COSTS: Mapping[Lever, float] = {Lever.URL: 1.0, Lever.NAME: 2.0, Lever.ADDRESS: 5.0}
"""Effort and intrusion of a lever, relative to one URL: the narrower, the cheaper. Judgement;
the recommendation behind the order is "FQDN first" (docs/reference/sources.md, F28)."""


def candidates(
    streams: Mapping[str, Sequence[str]],
    *,
    facts: Facts,
    at: datetime,
    lawful: Mapping[str, Sequence[str]] | None = None,
    hosts: Collection[str] = (),
    proven_on: Mapping[str, date] | None = None,
    answered: Mapping[str, Collection[str]] | None = None,
    allow: Collection[str] = (),
    popular_second_approver: str | None = None,
    overrides: Mapping[str, Override] | None = None,
    policy: GuardPolicy = DEFAULT_POLICY,
    costs: Mapping[Lever, float] = COSTS,
) -> tuple[Intervention, ...]:
    """Return every name, address and needed URL with the guard's word on it.

    Parameters
    ----------
    streams : mapping of str to sequence of str
        Proven streams by URL, with the addresses that their host resolved to.
    lawful : mapping of str to sequence of str
        The same of streams and names that must go on: partners', and streams that show none of the
        mandate's works.
    hosts : collection of str
        Further names with evidence against them (panels, storefronts): no strangers.
    proven_on : mapping of str to date or None
        By URL, the day of the newest probe that proves it: who took over a name or an address since
        is another.
    answered : mapping of str to collection of str or None
        By URL, the addresses of its host that answered a probe: of such a URL no other address is a
        candidate, since whoever holds a name may lead it to anybody's.
    allow : collection of str
        Private ranges that the mandate may touch.
    overrides : mapping of str to Override or None
        Two people's answers to objections, by target in the guard's spelling.

    Returns
    -------
    tuple of Intervention
        Allowed, narrowed and refused ones; names, then addresses, then URLs. An intervention
        on an address lists the streams that it contributes to cutting: all addresses of a
        host must go before its streams do.
    """
    spared, answers, days = lawful or {}, overrides or {}, proven_on or {}
    at_name: dict[str, list[str]] = {}
    at_address: dict[str, list[str]] = {}
    for url in sorted(streams):
        host = host_of(url)
        bare = address_of(host)
        if bare is None:
            at_name.setdefault(host, []).append(url)
        addresses = {plain_address(raw) for raw in streams[url]}
        if answered is not None and url in answered:
            addresses &= {plain_address(raw) for raw in answered[url]}
        for address in addresses | ({str(bare)} if bare else set()):
            at_address.setdefault(address, []).append(url)
    kept_up = Lawful.of_streams(spared)
    suspects = suspects_among(streams, hosts, spared)

    def judged(target: str, cut: Sequence[str], resolving: Collection[str] = ()) -> GuardVerdict:
        return guard(
            target,
            facts=facts,
            at=at,
            suspects=suspects,
            lawful=kept_up,
            resolving=resolving,
            evidence_date=max((days[url] for url in cut if url in days), default=None),
            allow=allow,
            popular_second_approver=popular_second_approver,
            override=answers.get(target),
            policy=policy,
        )

    interventions: list[Intervention] = []
    urls: set[str] = set()
    for host, cut in sorted(at_name.items()):
        verdict = judged(host, cut)
        interventions.append(_intervention(verdict, cut, costs))
        if verdict.decision is not Decision.ALLOW:
            urls.update(cut)
    for address, cut in sorted(at_address.items()):
        names = {host_of(url) for url in cut} - {address}
        interventions.append(_intervention(judged(address, cut, names), cut, costs))
        urls.update(url for url in cut if address_of(host_of(url)) is not None)
    interventions += [
        _intervention(judged(url, [url]), [url], costs)
        for url in sorted(urls)
        if exact(url) and _is_url(url)
    ]
    return tuple(interventions)


def suspects_among(
    streams: Iterable[str], hosts: Iterable[str], lawful: Container[str]
) -> frozenset[str]:
    """Return proven streams and hosts with evidence against them that the guard holds no strangers.

    Parameters
    ----------
    lawful : collection of str
        Streams and names that must go on: none of them is a suspect.
    """
    return frozenset(place for place in (*streams, *hosts) if place not in lawful)


def _intervention(
    verdict: GuardVerdict, cut: Sequence[str], costs: Mapping[Lever, float]
) -> Intervention:
    return Intervention(
        target=verdict.target,
        lever=verdict.lever,
        streams=tuple(sorted(cut)),
        cost=costs[verdict.lever],
        guard=verdict,
    )


def _is_url(text: str) -> bool:
    """Tell whether a URL is a target of its own, not a whole site."""
    try:
        return parse_target(text).lever is Lever.URL
    except InputError:
        return False
