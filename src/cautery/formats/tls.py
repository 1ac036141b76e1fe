"""Certificates as servers show them: names, key and age, to compare and never to trust."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from cautery.errors import SourceError
from cautery.formats._tally import Tally
from cautery.formats._text import whole
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model import CertificateFacts

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

FORMAT = "X.509 certificate in DER, or any number of them in PEM"
SPECIFICATION = "RFC 5280; RFC 7468 for PEM, also with other text between (openssl s_client)"
MEDIA_TYPES = ("application/pkix-cert", "application/pem-certificate-chain")

_MOST_BYTES = 65_536
_MOST_NAMES = 500
_MOST_PEM_BYTES = 16_000_000
_PEM = re.compile(
    r"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----((?:[^-]++|-(?!----(?:BEGIN|END)))*+)"
)


def read_certificates(
    chunks: Iterable[bytes], *, host: str, address: str, seen_at: datetime
) -> Iterator[CertificateFacts | ReadWarning]:
    """Yield the one certificate of a DER file, or all of a PEM file in its order.

    Raises
    ------
    SourceError
        If there is none in it.
    """
    data = whole(chunks, most_bytes=_MOST_PEM_BYTES, expected_format="certificate")
    if not is_pem(data):
        yield read_certificate(data, host=host, address=address, seen_at=seen_at)
        return
    text = data.decode("ascii", "replace")
    tally = Tally()
    line, counted = 1, 0
    for match in _PEM.finditer(text):
        try:
            der = base64.b64decode("".join(match[1].split()), validate=True)
            yield read_certificate(der, host=host, address=address, seen_at=seen_at)
        except (ValueError, SourceError) as error:
            line += text.count("\n", counted, match.start())
            counted = match.start()
            why = (
                message("source-row.unread", detail=str(error))
                if isinstance(error, SourceError)
                else message("unread.not-base64")
            )
            yield from tally.add(line, why, match[1].strip()[:80])
    yield from tally.rest()


def is_pem(head: bytes) -> bool:
    """Tell whether there is a certificate in PEM."""
    return re.search(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----", head) is not None


def read_certificate(der: bytes, *, host: str, address: str, seen_at: datetime) -> CertificateFacts:
    """Read one certificate; its chain is not followed.

    ``spki_sha256`` stays the same when a certificate is renewed with the same key. A validity that
    cannot be read is unknown; the rest is read all the same.

    Raises
    ------
    SourceError
        If it is no certificate.
    """
    if not der or len(der) > _MOST_BYTES:
        raise SourceError(f"certificate of {host}: {len(der)} bytes are not a valid size")
    # heavy: only certificates need it
    from cryptography import x509  # noqa: PLC0415
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    try:
        certificate, dated = _loaded(der)
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        subject, issuer = _named(certificate.subject), _named(certificate.issuer)
        return CertificateFacts(
            host=host,
            address=address,
            sha256=hashlib.sha256(der).hexdigest(),
            spki_sha256=hashlib.sha256(key).hexdigest(),
            subject=subject,
            issuer=issuer,
            names=_names(certificate),
            not_before=_dated(certificate.not_valid_before_utc) if dated[0] else None,
            not_after=_dated(certificate.not_valid_after_utc) if dated[1] else None,
            self_signed=certificate.subject == certificate.issuer,
            seen_at=seen_at,
        )
    except (
        ValueError,
        TypeError,
        OverflowError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise SourceError(f"certificate of {host}: malformed ({error})"[:300]) from error


def _dated(moment: datetime) -> datetime | None:
    return moment if moment.year > 1970 else None


def _loaded(der: bytes) -> tuple[Certificate, tuple[bool, bool]]:
    """Parse a certificate, and say which of its two dates are its own.

    The parser refuses a broken date with all that is beside it.
    """
    from cryptography import x509  # noqa: PLC0415 - heavy: only certificates need it

    try:
        return x509.load_der_x509_certificate(der), (True, True)
    except ValueError:
        for sound_dates in ((True, False), (False, True)):
            with contextlib.suppress(ValueError):
                return x509.load_der_x509_certificate(
                    _with_plain_dates(der, sound_dates)
                ), sound_dates
    return x509.load_der_x509_certificate(_with_plain_dates(der, (False, False))), (False, False)


def _with_plain_dates(der: bytes, sound_dates: tuple[bool, bool]) -> bytes:
    """Return the certificate with other dates instead of some of its own, its signature now void.

    Raises
    ------
    ValueError
        If it is no certificate up to its validity (RFC 5280, section 4.1).
    """
    to_be_signed, tail = _parted(_content(der))
    fields = []
    left = _content(to_be_signed)
    while left:
        field, left = _parted(left)
        fields.append(field)
    at = 4 if fields and fields[0][:1] == b"\xa0" else 3  # a version may stand first
    if len(fields) <= at or fields[at][:1] != b"\x30":
        raise ValueError("no validity")
    # UTCTime, 1 January 2000 (RFC 5280, section 4.1.2.5.1).
    plain = b"\x17\x0d000101000000Z"
    dates = plain, plain
    if any(sound_dates):
        first, second = _parted(_content(fields[at]))
        dates = (first if sound_dates[0] else plain), (second if sound_dates[1] else plain)
    fields[at] = _sequence(b"".join(dates))
    return _sequence(_sequence(b"".join(fields)) + tail)


def _parted(data: bytes) -> tuple[bytes, bytes]:
    """Split off the first DER value."""
    start, length = _header(data)
    if len(data) < start + length:
        raise ValueError("cut off")
    return data[: start + length], data[start + length :]


def _content(value: bytes) -> bytes:
    start, length = _header(value)
    return value[start : start + length]


def _header(data: bytes) -> tuple[int, int]:
    if len(data) < 2:
        raise ValueError("cut off")
    if data[1] < 0x80:
        return 2, data[1]
    count = data[1] & 0x7F
    # Three bytes of length are 16 MiB, more than any certificate; 0 would be BER's open end.
    if not 1 <= count <= 3 or len(data) < 2 + count:
        raise ValueError("no length")
    return 2 + count, int.from_bytes(data[2 : 2 + count], "big")


def _sequence(content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((0x30, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x30, 0x80 | len(length))) + length + content


def _named(name: Name) -> str:
    return name.rfc4514_string()[:1000]


def _names(certificate: Certificate) -> tuple[str, ...]:
    from cryptography import x509  # noqa: PLC0415 - heavy: only certificates need it

    names_found: set[str] = set()
    try:
        # Without the extension, or with two that may disagree, the subject's own name counts.
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names_found.update(name.lower() for name in names.get_values_for_type(x509.DNSName))
        names_found.update(str(address) for address in names.get_values_for_type(x509.IPAddress))
    except (x509.ExtensionNotFound, x509.DuplicateExtension):
        pass
    if not names_found:
        for attribute in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME):
            names_found.add(str(attribute.value).lower())
    return tuple(sorted(names_found))[:_MOST_NAMES]
