"""Certificates as servers show them: names, key and age, to compare and never to trust."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from cautery.errors import SourceError
from cautery.model import CertificateFacts

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

FORMAT = "X.509 certificate, DER"
SPECIFICATION = "RFC 5280"
MEDIA_TYPES = ("application/pkix-cert",)

_MOST_BYTES = 65_536
_MOST_NAMES = 500


def read_certificate(der: bytes, *, host: str, address: str, seen_at: datetime) -> CertificateFacts:
    """Read one certificate; its chain is not followed.

    ``spki_sha256`` stays the same when a certificate is renewed with the same key.

    Raises
    ------
    SourceError
        If it is no certificate.
    """
    if not der or len(der) > _MOST_BYTES:
        raise SourceError(f"certificate of {host}: {len(der)} bytes")
    # heavy: only certificates need it
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    try:
        found = x509.load_der_x509_certificate(der)
        key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        subject, issuer = _named(found.subject), _named(found.issuer)
        return CertificateFacts(
            host=host,
            address=address,
            sha256=hashlib.sha256(der).hexdigest(),
            spki_sha256=hashlib.sha256(key).hexdigest(),
            subject=subject,
            issuer=issuer,
            names=_names(found),
            not_before=found.not_valid_before_utc,
            not_after=found.not_valid_after_utc,
            self_signed=found.subject == found.issuer,
            seen_at=seen_at,
        )
    except (ValueError, TypeError, UnsupportedAlgorithm, OverflowError) as error:
        raise SourceError(f"certificate of {host}: malformed ({error})"[:300]) from error


def _named(name: Name) -> str:
    return name.rfc4514_string()[:1000]


def _names(certificate: Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415 - heavy: only certificates need it

    found: set[str] = set()
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found.update(name.lower() for name in names.get_values_for_type(x509.DNSName))
        found.update(str(one) for one in names.get_values_for_type(x509.IPAddress))
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        pass
    if not found:
        for one in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME):
            found.add(str(one.value).lower())
    return tuple(sorted(found))[:_MOST_NAMES]
