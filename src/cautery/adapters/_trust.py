"""TLS contexts: some verify the server, also with pins; one accepts any server.

Reaches: nothing; it reads the certificate files that a mandate names.
Lawful basis: none needed.
Manners: TLS 1.2 or newer; a name is looked for among a certificate's names, never in its subject.
Format: RFC 5280 (certificates), RFC 9525 (names of services), RFC 7469 section 2.4 (SPKI pins).
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Sequence

import aiohttp
from aiohttp.connector import Connection

from cautery.errors import InputError
from cautery.model import OwnService, revealed


class Trusts:
    """Return the TLS context for each of our services; all of them verify.

    Parameters
    ----------
    services : sequence of OwnService
        Those of the mandate that have an authority, pins or a client certificate of their own.

    Raises
    ------
    InputError
        If a file of theirs cannot be used.
    """

    def __init__(self, services: Sequence[OwnService] = ()) -> None:
        self._usual = verifying()
        self._contexts: dict[str, ssl.SSLContext] = {}
        for service in services:
            context = _of(service)
            self._contexts |= dict.fromkeys((service.host, *service.also), context)

    def context(self, host: str) -> ssl.SSLContext:
        """Return the context by which a host is met."""
        return self._contexts.get(host, self._usual)


class _Verifying(ssl.SSLContext):
    """A client's context; with pins, the peer's key must also be one of them."""

    pins: frozenset[str] = frozenset()


class _Pinned(ssl.SSLObject):
    """Ends a handshake whose key is not pinned, before anything else is sent."""

    def do_handshake(self) -> None:
        super().do_handshake()
        certificate = self.getpeercert(binary_form=True) or b""
        if _spki_sha256(certificate) not in getattr(self.context, "pins", ()):
            raise ssl.SSLCertVerificationError("the mandate does not pin its key")


def verifying(ca: str | None = None) -> _Verifying:
    """Return a context that verifies chain and name, by the system's authorities or by ``ca``."""
    context = _Verifying(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode, context.check_hostname = ssl.CERT_REQUIRED, True
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The subject's common name is free text (RFC 9525, 2).
    context.hostname_checks_common_name = False
    # aiohttp speaks no HTTP/2: a server that prefers it must not choose it.
    context.set_alpn_protocols(["http/1.1"])
    if ca is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    else:
        context.load_verify_locations(cafile=ca)
        # The file may name an intermediate authority or the server's own certificate; without this
        # only a self-signed root ends a chain.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def taking_any() -> ssl.SSLContext:
    """Return a context that takes whatever a suspect shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def why_not(error: BaseException) -> str:
    """Say why a handshake failed, in the TLS library's words."""
    cause: BaseException = error
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
    elif isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
    reason = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
    if reason:
        return str(reason).replace("_", " ").lower()
    if isinstance(cause, ssl.SSLError) and cause.args:
        return str(cause.args[-1])[:120]
    return getattr(cause, "strerror", None) or type(cause).__name__


class Answer(aiohttp.ClientResponse):
    """An answer that still knows the certificate under which it came, and if that was verified."""

    certificate: bytes | None = None
    verified: bool = False

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Read the answer's head; its connection may be gone afterwards."""
        transport = connection.transport
        tls = None if transport is None else transport.get_extra_info("ssl_object")
        if tls is not None:
            self.certificate = tls.getpeercert(binary_form=True)
            self.verified = tls.context.verify_mode is ssl.CERT_REQUIRED
        return await super().start(connection)


def _of(service: OwnService) -> ssl.SSLContext:
    try:
        context = verifying(revealed(service.ca))
        if service.client_cert is not None:
            # An empty password: a key that has one is an error here, not a question in a terminal.
            certificate, key = service.client_cert.reveal(), revealed(service.client_key)
            context.load_cert_chain(certificate, key, password=b"")
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"service {service.host}: its certificate files cannot be used ({why_not(error)})",
            hint="Check ca, client_cert and client_key in the mandate.",
        ) from error
    if service.pins:
        context.pins = frozenset(service.pins)
        context.sslobject_class = _Pinned
    return context


def _spki_sha256(der: bytes) -> str:
    from cryptography import x509  # noqa: PLC0415 - heavy, and only pins ask for it
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - the same
        Encoding,
        PublicFormat,
    )

    try:
        key = x509.load_der_x509_certificate(der).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except Exception as error:  # whatever it is, the key is not one that is pinned
        raise ssl.SSLCertVerificationError("its key cannot be read") from error
    return hashlib.sha256(spki).hexdigest()
