"""Domain registrations from the registries' own RDAP services.

Reaches: the mandate's RDAP service, or the registry that IANA's bootstrap names for a domain; by
    the polite HTTP client alone.
Lawful basis: a mandate; registration data is published for such enquiries, contacts are kept as
    keyed hashes only.
Manners: those of the HTTP client; one question a domain, answers kept for a day.
Format: RFC 9082 (queries), RFC 9083 (answers), RFC 9224 (bootstrap).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

from cautery.errors import SourceError
from cautery.formats.jobs import registration_in, services_in
from cautery.model import Limits, Registration
from cautery.model.ports import Clock, Readers, VerifiedFetcher

BOOTSTRAP = "https://data.iana.org/rdap/dns.json"
_KEPT_FOR = timedelta(days=1)
_MOST_CACHED = 20_000
_LIMITS = Limits(max_bytes=2_000_000, total_s=15.0)


class RdapRegistry:
    """Fulfils :class:`cautery.model.ports.Registry`.

    Parameters
    ----------
    base_url : str or None
        An RDAP service for all domains; ``None``: each registry's, by IANA's bootstrap.
    fetcher : VerifiedFetcher
        The polite client for our services and for registries.
    redact : callable
        Contact to keyed hash.
    clock : Clock
        Says how old a kept answer is.
    readers : Readers
        Read the answers.
    """

    def __init__(
        self,
        base_url: str | None,
        fetcher: VerifiedFetcher,
        redact: Callable[[str], str],
        clock: Clock,
        readers: Readers,
    ) -> None:
        self._base = base_url.rstrip("/") if base_url else None
        self._fetcher = fetcher
        self._redact = redact
        self._clock = clock
        self._readers = readers
        self._services: dict[str, str] | None = None
        self._cache: OrderedDict[str, Registration] = OrderedDict()

    async def of(self, domain: str) -> Registration:
        """Return the registration of a registered domain.

        Raises
        ------
        SourceError
            If nobody answers for it, or it is not registered.
        """
        domain = domain.lower().rstrip(".")
        cached = self._cache.get(domain)
        if cached is not None and self._clock.now() - cached.seen_at < _KEPT_FOR:
            return cached
        base = self._base or await self._service(domain)
        url = f"{base}/domain/{quote(domain, safe='.-')}"
        answer = await self._fetcher.fetch(url, limits=_LIMITS)
        if answer.status == 404:
            raise SourceError(f"{domain}: its registry says that it is not registered")
        if answer.status != 200:
            raise SourceError(f"{domain}: its registry answered with status {answer.status}")
        registration = await registration_in(
            answer.body,
            redact=self._redact,
            seen_at=answer.answered_at,
            readers=self._readers,
        )
        if registration.domain != domain:
            raise SourceError(f"{domain}: its registry answered about {registration.domain}")
        self._cache[domain] = registration
        if len(self._cache) > _MOST_CACHED:
            self._cache.popitem(last=False)
        return registration

    async def _service(self, domain: str) -> str:
        if self._services is None:
            answer = await self._fetcher.fetch(BOOTSTRAP, limits=_LIMITS)
            if answer.status != 200:
                raise SourceError(f"IANA's RDAP bootstrap answered with status {answer.status}")
            self._services = await services_in(answer.body, readers=self._readers)
        labels = domain.split(".")
        for start in range(1, len(labels)):
            if (base := self._services.get(".".join(labels[start:]))) is not None:
                return base
        raise SourceError(f"{domain}: no RDAP service is registered for .{labels[-1]}")
