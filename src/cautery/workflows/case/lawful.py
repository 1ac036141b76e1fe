"""Look up where lawful sites are, so that no act names the bare address of one.

A name can be compared with the mandate as it stands. An address says nothing of who is there: the
hosts that a mandate calls lawful are asked for in the DNS, and facts are asked which popular or
protected names stand on the address that an act would name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from itertools import islice

from cautery.errors import InputError, SourceError
from cautery.messages import message
from cautery.model import Mandate, host_of
from cautery.model.host_names import addresses_in
from cautery.model.ledger import append
from cautery.model.message import Message
from cautery.model.ports import Facts, Ledger, Names
from cautery.model.records import LawfulSeen, LawfulSource
from cautery.workflows.case.notices import notices_of

MOST_HOSTS = 1_000
"""Hosts of one mandate that are looked up: those of its partners and its own."""
AT_ONCE = 24
ROUND_S = 30.0
"""For all hosts together; a resolver that does not answer stops no act for longer."""
MOST_NAMES = 5_000
"""Names on one address that are looked at, as many as the guard looks at."""
CURRENT = timedelta(days=30)


async def where_lawful(mandate: Mandate, names: Names, *, at: datetime) -> list[LawfulSeen]:
    """Ask the DNS for each host that a mandate calls lawful; a host with no answer says why."""
    hosts = [host for host in mandate.lawful_hosts if not addresses_in(host)]
    look_ups: dict[str, LawfulSeen] = {
        host: _failed(host, at, message("look-up.lawful-late", limit_s=ROUND_S)) for host in hosts
    }
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(host: str) -> None:
        async with gate:
            try:
                addresses = await names.resolve(host)
            except SourceError as error:
                why = message("look-up.addresses", detail=str(error))
                look_ups[host] = _failed(host, at, why)
            else:
                look_ups[host] = LawfulSeen(
                    host=host, addresses=tuple(addresses), source=LawfulSource.DNS, at=at
                )

    try:
        async with asyncio.timeout(ROUND_S):
            await asyncio.gather(*map(one, hosts[:MOST_HOSTS]))
    except TimeoutError:
        pass  # what has no answer says so
    for host in hosts[MOST_HOSTS:]:
        look_ups[host] = _failed(host, at, message("look-up.lawful-many", limit=MOST_HOSTS))
    return list(look_ups.values())


def lawful_beside(
    host: str, *, facts: Facts, accused: Collection[str], at: datetime
) -> LawfulSeen | None:
    """Return the popular or protected name that facts know on a bare address; ``None``: none.

    Parameters
    ----------
    host : str
        A host as a URL names it; a name is nobody's bare address.
    accused : collection of str
        Hosts of proven streams: their own names keep no address of theirs up.
    """
    places = addresses_in(host)
    if not places:
        return None
    own_domains = {_domain(name, facts) for name in accused}
    for place in places:
        current = (row for row in facts.names_on(place) if row.last_seen >= at - CURRENT)
        for row in islice(current, MOST_NAMES):
            if _domain(row.name, facts) in own_domains:
                continue
            if facts.popular(row.name) or facts.kinds_of(row.name):
                return LawfulSeen(
                    host=row.name, addresses=(place,), source=LawfulSource.PASSIVE_DNS, at=at
                )
    return None


async def look_again(
    ledger: Ledger,
    notice: str,
    *,
    names: Callable[[Mandate], Names],
    facts: Callable[[], Facts],
    now: Callable[[], datetime],
) -> None:
    """Look up who is at the bare addresses of a notice today, and record it.

    Who moved there since the draft must not be accused by the approval. A notice that names no
    bare address costs no question.

    Parameters
    ----------
    names, facts : callable
        Opened only where they are asked; names for the mandate as it is in force.

    Raises
    ------
    InputError
        If there is no such notice, or the facts cannot be read.
    """
    case = notices_of(ledger)
    hosts = bare(host_of(url.url) for url in case.draft(notice).urls)
    if not hosts:
        return
    look_ups = await where_lawful(case.mandate, names(case.mandate), at=now())
    known_facts = facts()
    accused = {host_of(url.url) for url in case.notices.proven()}
    beside = (lawful_beside(host, facts=known_facts, accused=accused, at=now()) for host in hosts)
    for look_up in (*look_ups, *beside):
        if look_up is not None:
            append(ledger, look_up, at=look_up.at)


def bare(hosts: Iterable[str]) -> list[str]:
    """Return those of these hosts that are addresses."""
    return [host for host in dict.fromkeys(hosts) if addresses_in(host)]


def _domain(name: str, facts: Facts) -> str:
    try:
        return facts.registered_domain(name) or name
    except InputError:
        return name


def _failed(host: str, at: datetime, why: Message) -> LawfulSeen:
    return LawfulSeen(host=host, addresses=(), source=LawfulSource.DNS, failed=why, at=at)
