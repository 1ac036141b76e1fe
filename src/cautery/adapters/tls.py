"""Certificates that servers show, fetched to be compared and never trusted.

Reaches: TLS servers at public addresses, and a mandate's own ranges; one handshake, no request.
Lawful basis: a mandate; the certificate is shown to whoever connects.
Manners: one connection, closed at once; bounded time.
Format: RFC 8446 (TLS 1.3), RFC 6066 (SNI), RFC 5280 (certificates).
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from cautery.adapters._addresses import check
from cautery.adapters._targets import PORTS_OF_OTHERS, spelled_address
from cautery.errors import ForbiddenAddressError, SourceError
from cautery.formats.jobs import certificate_in
from cautery.model import CertificateFacts, NetworkPolicy
from cautery.model.ports import Clock, Names, Readers


class TlsCertificates:
    """Fulfils :class:`cautery.model.ports.Certificates`.

    Parameters
    ----------
    names : Names
        Resolves hosts; the connection goes to the address that was checked.
    policy : NetworkPolicy
        Ranges allowed beside public ones.
    readers : Readers
        Read the certificates.
    """

    def __init__(
        self,
        names: Names,
        policy: NetworkPolicy,
        clock: Clock,
        readers: Readers,
        *,
        timeout_s: float = 6.0,
    ) -> None:
        self._names = names
        self._policy = policy
        self._clock = clock
        self._readers = readers
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(20)

    async def of(self, host: str, port: int = 443) -> CertificateFacts:
        """Return the certificate that ``host`` shows to its own name.

        Raises
        ------
        ForbiddenAddressError
            If its address may not be touched, or the port is another service's.
        SourceError
            If there is no TLS server.
        """
        host = host.lower().rstrip(".")
        if port in PORTS_OF_OTHERS:
            raise ForbiddenAddressError(
                f"{host}: port {port} belongs to another service than the web"
            )
        if not 0 < port < 65_536:
            raise SourceError(f"{host}: {port} is not a valid port")
        spelled = spelled_address(host)
        addresses = (spelled,) if spelled is not None else await self._names.resolve(host)
        checked = sorted(
            check(host, addresses, self._policy.allow), key=lambda address: ":" in address
        )
        why = ""
        for address in checked[:3]:
            try:
                async with self._slots, asyncio.timeout(self._timeout_s):
                    der = await _shown(address, port, host)
            except TimeoutError:
                why = f"no handshake within {self._timeout_s:g} s"
            except (OSError, ssl.SSLError, EOFError, ValueError) as error:
                why = _reason(error)
            else:
                return await certificate_in(
                    der,
                    host=host,
                    address=address,
                    seen_at=self._clock.now(),
                    readers=self._readers,
                )
        raise SourceError(f"{host}:{port}: no TLS server ({why})")


async def _shown(address: str, port: int, host: str) -> bytes:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # compared, never trusted
    with suppress(ssl.SSLError):
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # old servers have certificates too
    _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
    try:
        certificate = writer.get_extra_info("ssl_object").getpeercert(True)
    finally:
        writer.transport.abort()
    if not certificate:
        raise ValueError("it shows no certificate")
    return bytes(certificate)


def _reason(error: BaseException) -> str:
    if isinstance(error, ssl.SSLError):
        return (error.reason or "no TLS").replace("_", " ").lower()
    return getattr(error, "strerror", None) or str(error)[:120] or type(error).__name__
