"""Names to addresses, asked of one resolver and of nothing else on this machine.

Reaches: the mandate's resolver, or the system's; UDP, and TCP when an answer is cut.
Lawful basis: a mandate; DNS is public.
Manners: answers are kept as long as they allow, at most five minutes; two tries, bounded time.
Format: RFC 1035, RFC 3596 (AAAA), RFC 2308 (negative answers); no search list, no hosts file.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

from cautery.errors import InputError, SourceError
from cautery.model.host_names import literal

_MOST_CACHED = 50_000
_MOST_ALIASES = 8
_MOST_ADDRESSES = 64
_NO_SUCH_NAME_S = 30.0
_LEAST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAnswer:
    """What the DNS says of a name: its addresses, and the aliases (CNAME) on the way."""

    host: str
    aliases: tuple[str, ...]
    addresses: tuple[str, ...]
    ttl_s: float


class DnsNames:
    """Fulfils :class:`cautery.model.ports.Names`.

    Parameters
    ----------
    resolver : str or None
        ``address:port`` or an address of a DNS server; ``None``: the system's servers.
    timeout_s : float
        For one name, all tries together.
    longest_s : float
        The longest that an answer is kept; shorter TTLs are honoured.
    time_s : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        resolver: str | None = None,
        *,
        timeout_s: float = 4.0,
        longest_s: float = 300.0,
        time_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = _resolver(resolver)
        self._resolver.lifetime = timeout_s
        # Half of the time for one server: a second one is still asked when the first is silent.
        self._resolver.timeout = max(timeout_s / 2, 0.1)
        self._longest_s = longest_s
        self._time_s = time_s
        self._cache: OrderedDict[str, tuple[float, NameAnswer | str]] = OrderedDict()

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return A and AAAA addresses, sorted; an address resolves to itself.

        Raises
        ------
        SourceError
            If the name does not exist, has no address, or nobody answers.
        """
        return (await self.look_up(host)).addresses

    async def look_up(self, host: str) -> NameAnswer:
        """Return addresses with the aliases that led to them.

        Raises
        ------
        SourceError
            If the name does not exist, has no address, or nobody answers.
        """
        if (address := literal(host)) is not None:
            return NameAnswer(host=host, aliases=(), addresses=(address,), ttl_s=self._longest_s)
        name = host.lower().rstrip(".")
        now = self._time_s()
        if (cached := self._cache.get(name)) is not None and cached[0] > now:
            if isinstance(cached[1], str):
                raise SourceError(cached[1])
            return cached[1]
        try:
            answer = await self._ask(name)
        except _NoSuchNameError as error:
            self._keep(name, now + min(_NO_SUCH_NAME_S, self._longest_s), str(error))
            raise SourceError(str(error)) from error
        self._keep(name, now + min(max(answer.ttl_s, _LEAST_S), self._longest_s), answer)
        return answer

    def _keep(self, name: str, until: float, answer: NameAnswer | str) -> None:
        self._cache[name] = (until, answer)
        self._cache.move_to_end(name)
        if len(self._cache) > _MOST_CACHED:
            self._cache.popitem(last=False)

    async def _ask(self, host: str) -> NameAnswer:
        aliases: list[str] = []
        addresses: set[str] = set()
        ttl_s = self._longest_s
        name = host
        for _ in range(_MOST_ALIASES + 1):
            # Both kinds must be known before anything is fetched: each address is checked against
            # the mandate.
            answers = await asyncio.gather(self._one(name, "A"), self._one(name, "AAAA"))
            steps: list[str] = []
            for chain, some_addresses, seconds in answers:
                steps = chain if len(chain) > len(steps) else steps
                addresses.update(some_addresses)
                # The chain is as short-lived as its shortest link.
                ttl_s = min(ttl_s, seconds)
            aliases += [step for step in steps if step not in aliases]
            if addresses or not steps:
                break
            # A server that is no recursor names the alias only: go there ourselves.
            if steps[-1] == name or steps[-1] in aliases[: -len(steps)]:
                raise SourceError(f"{host}: its aliases form a circle")
            name = steps[-1]
        else:
            raise SourceError(f"{host}: more than {_MOST_ALIASES} aliases")
        if not addresses:
            raise _NoSuchNameError(f"{host}: the name has no address")
        return NameAnswer(
            host=host,
            aliases=tuple(aliases),
            # Sorted, so that a server that turns its answers about is no change of the host.
            addresses=tuple(sorted(addresses)[:_MOST_ADDRESSES]),
            ttl_s=ttl_s,
        )

    async def _one(self, host: str, kind: str) -> tuple[list[str], list[str], float]:
        """Return aliases, addresses and the shortest TTL of one question."""
        try:
            # The dot keeps the system's search list out: ``panel`` must not become
            # ``panel.ourdomain``.
            name = dns.name.from_text(host + ".")
            answer = await self._resolver.resolve(name, kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN as error:
            raise _NoSuchNameError(f"{host}: the name does not exist") from error
        except dns.exception.Timeout as error:
            raise SourceError(f"{host}: the resolver does not answer") from error
        except dns.resolver.NoNameservers as error:
            raise SourceError(f"{host}: no resolver answered") from error
        except (dns.exception.DNSException, OSError, ValueError, UnicodeError) as error:
            raise SourceError(f"{host}: the name cannot be resolved ({error})"[:300]) from error
        chain: list[str] = []
        seconds = [float(rrset.ttl) for rrset in answer.response.answer]
        aliases = {
            rrset.name: rrset[0].target
            for rrset in answer.response.answer
            if rrset.rdtype == dns.rdatatype.CNAME and len(rrset)
        }
        while name in aliases and len(chain) < _MOST_ALIASES:
            name = aliases[name]
            chain.append(name.to_text(omit_final_dot=True).lower())
        addresses = [record.address for record in answer.rrset] if answer.rrset is not None else []
        return chain, addresses[:_MOST_ADDRESSES], min(seconds, default=self._longest_s)


class _NoSuchNameError(SourceError):
    """Kept for a while, so that a dead name is not asked for again with each entry."""


def _resolver(where: str | None) -> dns.asyncresolver.Resolver:
    if where is None:
        try:
            return dns.asyncresolver.Resolver(configure=True)
        except dns.resolver.NoResolverConfiguration as error:
            raise InputError("this machine has no DNS resolver; set network.resolver") from error
    address, port = where, 53
    if where.startswith("["):
        address, closed, tail = where[1:].partition("]")
        if not closed:
            raise InputError(f"network.resolver: {where!r} is not ADDRESS:PORT")
        port = _port(tail.removeprefix(":") or "53", where)
    elif where.count(":") == 1:
        address, _, tail = where.partition(":")
        port = _port(tail, where)
    resolver = dns.asyncresolver.Resolver(configure=False)
    try:
        resolver.nameservers = [address]
    except ValueError as error:
        raise InputError(f"network.resolver: {where!r} is not ADDRESS:PORT") from error
    resolver.port = port
    return resolver


def _port(text: str, where: str) -> int:
    if not text.isdigit() or not 0 < int(text[:6]) < 65_536:
        raise InputError(f"network.resolver: {where!r} is not ADDRESS:PORT")
    return int(text)
