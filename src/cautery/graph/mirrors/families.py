"""Which domains are one site's, with a probability each.

Domains of one brand name are one group from the start; then groups are joined. It is done twice:
what the first round found tells the second how generic each word and how busy each day is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cautery.graph.mirrors.dates import NO_DAYS, NOTHING, Days
from cautery.graph.mirrors.joining import Group, Join, Joining, Known, Value
from cautery.graph.mirrors.names import GENERIC, SERVICES, brand, plain, stem

SUREST = 0.95
"""Of a member's probability: one in twenty belongs elsewhere for reasons that no name or day shows,
such as a brand that others took up (ADR 0018)."""
PROXY_SITES = 3
"""Whoever serves so many known sites under names of their own is a proxy service."""
_ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A registered domain and the known facts about it.

    Parameters
    ----------
    name : str
        The registered domain, lower case.
    hosts : frozenset of str
        Its hosts as seen, without the domain itself.
    days : Days
        When it was first and last seen, in which lists.
    values : frozenset of (kind, value)
        Facts that domains of one site tend to share: an address, a certificate, an owner.
    apart : bool
        Known to be nobody's mirror: a platform, a link shortener, a popular site.
    """

    name: str
    hosts: frozenset[str] = NOTHING
    days: Days = NO_DAYS
    values: frozenset[Value] = NOTHING
    apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Domains that are likely one site, each with the probability that it belongs there.

    ``id`` is one of its domains: the first by name among those of its commonest brand.
    """

    id: str
    members: tuple[tuple[str, float], ...]
    joins: tuple[Join, ...] = ()


def mirror_families(
    domains: Iterable[Domain],
    *,
    doing: Callable[[str], None] = lambda _: None,
    cut: Callable[[], None] = lambda: None,
) -> tuple[Family, ...]:
    """Return the families of domains, largest first; each domain stands in exactly one.

    Parameters
    ----------
    domains : iterable of Domain
        Each name once.
    doing : callable
        Called with what is being done.
    cut : callable
        Called if so much may belong together that not all of it was compared.

    Returns
    -------
    tuple of Family
        A member's probability is that it belongs to the true family of most of the members (of
        two that tie, neither does); one that stands alone is right by that, and has 1.

    Notes
    -----
    Log-odds of names and days as in ``names`` and ``dates``, after Fellegi and Sunter, "A Theory
    for Record Linkage", JASA 1969, with each value's weight by its rarity; the odds before any
    evidence are those of two families drawn from the list.
    """
    joinable, alone = _parted(sorted(domains, key=lambda domain: domain.name))
    family_of = {domain.name: domain.brand or domain.label for domain in joinable}
    groups: list[Group] = []
    was_cut = False
    for number in range(_ROUNDS if joinable else 0):
        doing(f"round {number + 1} of {_ROUNDS}: {len(joinable):,} domains")
        groups.clear()  # or the groups of both rounds take memory at once
        joining = Joining(joinable, family_of, doing)
        groups = joining.groups()
        family_of = {
            name: str(number) for number, group in enumerate(groups) for name in group.domains
        }
        was_cut |= joining.was_cut
    if was_cut:
        cut()
    families = [_family(group) for group in groups]
    families += [Family(id=name, members=((name, 1.0),)) for name in alone]
    return tuple(sorted(families, key=lambda family: (-len(family.members), family.id)))


def _parted(domains: Sequence[Domain]) -> tuple[list[Known], list[str]]:
    """Part what may be a site's mirror from what serves many: proxy services and platforms."""
    read = [_read(domain) for domain in domains]
    brands = {site.brand for site in read} - GENERIC
    joinable: list[Known] = []
    alone: list[str] = []
    for site, raw in zip(read, domains, strict=True):
        several = len((site.served & brands) - {site.brand}) >= PROXY_SITES
        if raw.apart or several:
            alone.append(site.name)
        else:
            joinable.append(site)
    return joinable, alone


def _read(domain: Domain) -> Known:
    label = plain(domain.name.partition(".")[0])
    below = f".{domain.name}"
    before = {
        brand(plain(host.removesuffix(below).rpartition(".")[2]))
        for host in domain.hosts
        if host.endswith(below)
    }
    served = before - SERVICES - {""}
    return Known(
        name=domain.name,
        label=label,
        brand=brand(label),
        stem=stem(label),
        served=frozenset(served) if served else NOTHING,
        days=domain.days,
        values=domain.values,
    )


def _family(group: Group) -> Family:
    """Say a group's id, and how sure its main part is to be the most of it."""
    members = group.domains
    top = surest = max(members.values())
    main = [name for name, sure in members.items() if sure == top]
    other_chances = [sure for sure in members.values() if sure != top]
    if other_chances and len(main) <= len(other_chances):
        # The main part is the most of the family only if others belong to it too.
        surest = min(surest, max(other_chances))
    ceiling = SUREST if len(members) > 1 else 1.0
    chances = {name: ceiling * (surest if sure == top else sure) for name, sure in members.items()}
    return Family(id=min(main), members=tuple(sorted(chances.items())), joins=tuple(group.joins))
