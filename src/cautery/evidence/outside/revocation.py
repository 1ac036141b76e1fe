"""Whether a certificate was revoked at a time: lists of its issuer (RFC 5280), OCSP (RFC 6960).

An answer that says *revoked* counts for ever: from the time of the revocation on, if its reason
tells that the key was not compromised, and else at any time (RFC 3161, section 4): who has the key
can date a time-stamp as they like. One that does not say so is worth something for the times that
it is about: a list that ended before a time-stamp was made does not know whether its certificate
was still good then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from cautery.errors import EvidenceError
from cautery.model.times import iso

MAX_CRL_BYTES = 4 << 20
"""Of a list of revoked certificates. Judgement."""
MAX_OCSP_BYTES = 1 << 16
"""Of an answer of an OCSP responder: usual ones have 1 to 3 kB. Judgement."""
MOST_RESPONSES = 64
"""In an answer of an OCSP responder: usual is one. Judgement."""
LONGEST_PATH = 8
"""Certificates from a signer to its root. Judgement: there are two to four."""
_MOST_ALONG = 64
"""Certificates beside a time-stamp that are looked at. Judgement: usual are two to four."""
_WITHOUT_END = timedelta(days=1)
"""How long an answer holds that does not say when the next one comes. Judgement."""
_SHA2 = ("sha256", "sha384", "sha512")
_NOT_COMPROMISED = frozenset(
    (
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.affiliation_changed,
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
    )
)
"""Reasons after which tokens of an earlier time stay valid (RFC 3161, section 4, 1)."""


class RevokedError(EvidenceError):
    """The issuer of a certificate revoked it before the time that is asked about."""


def path_of(
    certificate: x509.Certificate,
    *,
    roots: Sequence[x509.Certificate],
    others: Sequence[x509.Certificate],
) -> tuple[tuple[x509.Certificate, x509.Certificate], ...]:
    """Return each certificate from a signer's up to a trusted root, with its issuer.

    Parameters
    ----------
    roots : sequence of Certificate
        Those that are trusted.
    others : sequence of Certificate
        Those that came along. Nobody signs what comes along, so that another one with the name and
        the key of an issuer may lie before it: only a way to a trusted root counts.

    Returns
    -------
    tuple of (Certificate, Certificate)
        The shortest way; empty: there is none, or the certificate is itself trusted.
    """
    way: dict[x509.Certificate, tuple[tuple[x509.Certificate, x509.Certificate], ...]]
    certificates, way = (*roots, *others[:_MOST_ALONG]), {certificate: ()}
    waiting: deque[x509.Certificate] = deque(way)
    while waiting:
        last = waiting.popleft()
        path = way[last]
        if last in roots:
            return path
        for issuer in certificates if len(path) < LONGEST_PATH else ():
            if issuer not in way and _issued(last, issuer):
                way[issuer] = (*path, (last, issuer))
                waiting.append(issuer)
    return ()


def crl_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return where a certificate says that its issuer's list of revoked certificates lies."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except Exception:  # noqa: BLE001 - a broken certificate is refused where it is verified
        return ()
    return tuple(
        name.value
        for point in points
        for name in point.full_name or ()
        if isinstance(name, x509.UniformResourceIdentifier) and name.value.startswith("http")
    )


def ocsp_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return where a certificate says that an OCSP responder is asked."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except Exception:  # noqa: BLE001 - the same
        return ()
    return tuple(
        place.access_location.value
        for place in access.value
        if place.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(place.access_location, x509.UniformResourceIdentifier)
        and place.access_location.value.startswith("http")
    )


def ocsp_request(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """Return the question to an OCSP responder, DER."""
    # SHA-1 only names the issuer here, and is what all responders know (RFC 5019, section 2.1.1).
    names_by = hashes.SHA1()  # noqa: S303 - nothing rests on it: the answer's signature counts
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, names_by)
    return builder.build().public_bytes(Encoding.DER)


def is_ocsp(raw: bytes) -> bool:
    """Tell an OCSP answer from a list of revoked certificates: it begins with its status."""
    if raw.startswith(b"-----"):
        return False
    length_bytes = raw[1] & 0x7F if len(raw) > 1 and raw[1] & 0x80 else 0
    return raw[2 + length_bytes : 3 + length_bytes] == b"\x0a"


def read_revocation(raw: bytes) -> x509.CertificateRevocationList | ocsp.OCSPResponse:
    """Parse a list of revoked certificates, DER or PEM, or an OCSP answer, DER.

    Raises
    ------
    EvidenceError
        If it is neither, or the responder gave no answer.
    """
    if not is_ocsp(raw):
        return _crl(raw)
    if len(raw) > MAX_OCSP_BYTES:
        raise EvidenceError(f"the OCSP answer has more than {MAX_OCSP_BYTES} bytes")
    try:
        answer = ocsp.load_der_ocsp_response(raw)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise EvidenceError(f"the OCSP responder refused: {answer.response_status.name}")
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"not an OCSP answer: {error}") from error
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What an answer says of one certificate.

    Parameters
    ----------
    revoked : tuple of (datetime or None, ReasonFlags or None)
        When it was revoked, and why; ``None``: it does not say.
    good : tuple of (datetime, datetime or None)
        The times for which it would name the certificate, had it been revoked.
    """

    revoked: tuple[tuple[datetime | None, x509.ReasonFlags | None], ...] = ()
    good: tuple[tuple[datetime, datetime | None], ...] = ()


class Revocations:
    """Judges answers on revocation: each once for a certificate, however many proofs carry it."""

    def __init__(self) -> None:
        self._said: dict[tuple[bytes, x509.Certificate, x509.Certificate], _Said | str] = {}

    def known_good(
        self,
        certificate: x509.Certificate,
        *,
        issuer: x509.Certificate,
        at: datetime,
        answers: Iterable[bytes],
    ) -> bool:
        """Tell whether an answer says that a certificate was not revoked at a time.

        Parameters
        ----------
        at : datetime
            What is asked about: the time of a time-stamp.
        answers : iterable of bytes
            Lists of revoked certificates and OCSP answers; those by other issuers are passed over.

        Raises
        ------
        RevokedError
            If it had been revoked by then.
        EvidenceError
            If an answer cannot be read, or is not signed by the issuer that it names.
        """
        is_known = False
        for raw in answers:
            answer = self._of(raw, certificate, issuer)
            for revoked, reason in answer.revoked:
                _require_later(revoked or at, at, reason=reason)
            is_known |= any(_is_about(at, begins, ends) for begins, ends in answer.good)
        return is_known

    def _of(self, raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> _Said:
        key = (raw, certificate, issuer)
        if key not in self._said:
            try:
                self._said[key] = _said_in(raw, certificate, issuer)
            except EvidenceError as error:
                self._said[key] = str(error)
            # The library parses on access, and its errors have no common base.
            except Exception as error:  # noqa: BLE001
                why = str(error)[:200]
                self._said[key] = f"an answer on revocation cannot be read: {why}"
        answer = self._said[key]
        if isinstance(answer, str):
            raise EvidenceError(answer)
        return answer


def _said_in(raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> _Said:
    answer = read_revocation(raw)
    if isinstance(answer, ocsp.OCSPResponse):
        return _said_by_ocsp(answer, certificate, issuer)
    return _said_by_crl(answer, certificate, issuer)


def _said_by_crl(
    crl: x509.CertificateRevocationList, certificate: x509.Certificate, issuer: x509.Certificate
) -> _Said:
    if crl.issuer != certificate.issuer:
        return _Said()
    if not _crl_signed(crl, issuer):
        raise EvidenceError("a list of revoked certificates is not signed by its issuer")
    entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
    covers = _covers(crl, certificate)
    return _Said(
        revoked=() if entry is None else ((entry.revocation_date_utc, _reason_in(entry)),),
        good=((crl.last_update_utc, crl.next_update_utc),) if covers else (),
    )


def _said_by_ocsp(
    answer: ocsp.OCSPResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> _Said:
    responses = list(islice(answer.responses, MOST_RESPONSES + 1))
    if len(responses) > MOST_RESPONSES:
        raise EvidenceError(f"the OCSP answer is about more than {MOST_RESPONSES} certificates")
    about = [response for response in responses if _is_for(response, certificate, issuer)]
    if not about:
        return _Said()
    if not _ocsp_signed(answer, issuer):
        raise EvidenceError("an OCSP answer is not signed for the issuer of the certificate")
    return _Said(
        revoked=tuple(
            (response.revocation_time_utc, response.revocation_reason)
            for response in about
            if response.certificate_status is ocsp.OCSPCertStatus.REVOKED
        ),
        good=tuple(
            (response.this_update_utc, response.next_update_utc)
            for response in about
            if response.certificate_status is not ocsp.OCSPCertStatus.UNKNOWN
        ),
    )


def _reason_in(entry: x509.RevokedCertificate) -> x509.ReasonFlags | None:
    try:
        return entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return None


def _require_later(revoked: datetime, at: datetime, *, reason: x509.ReasonFlags | None) -> None:
    """Raise unless a certificate that was revoked was still good at an earlier time."""
    if revoked <= at:
        raise RevokedError(
            f"its certificate was revoked at {iso(revoked)}, before the time-stamp of {iso(at)}"
        )
    if reason not in _NOT_COMPROMISED:
        why = "no reason is given" if reason is None else f"the reason is {reason.value}"
        raise RevokedError(
            f"its certificate was revoked at {iso(revoked)}, and {why}: whoever had its key could "
            "date a time-stamp as they liked"
        )


def _is_about(at: datetime, begins: datetime, ends: datetime | None) -> bool:
    """Tell whether an answer holds for a time; one that was made later knows of earlier times."""
    return at <= (begins + _WITHOUT_END if ends is None else ends)


def _covers(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Tell whether a list would name the certificate; some are partial (RFC 5280, 5.2.4, 6.3.3)."""
    try:
        crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    except x509.ExtensionNotFound:
        pass
    else:
        return False
    try:
        part = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return True
    if part.relative_name is not None or (
        part.full_name is not None and not set(part.full_name) & set(_points(certificate))
    ):
        return False  # the issuer parts its lists, and this is not the part of the certificate
    return not (
        part.only_some_reasons
        or part.only_contains_attribute_certs
        or (part.only_contains_ca_certs and not _is_ca(certificate))
        or (part.only_contains_user_certs and _is_ca(certificate))
    )


def _points(certificate: x509.Certificate) -> tuple[x509.GeneralName, ...]:
    """Return what a certificate calls the list that would name it."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(name for point in points for name in point.full_name or ())


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _is_for(
    each: ocsp.OCSPSingleResponse, certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    if each.serial_number != certificate.serial_number:
        return False
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, each.hash_algorithm)
    request = builder.build()
    return (each.issuer_key_hash, each.issuer_name_hash) == (
        request.issuer_key_hash,
        request.issuer_name_hash,
    )


def _ocsp_signed(answer: ocsp.OCSPResponse, issuer: x509.Certificate) -> bool:
    """Tell whether the issuer signed an answer, or whom it lets answer (RFC 6960, 4.2.2.2)."""
    signers = [issuer]
    for certificate in answer.certificates[:LONGEST_PATH]:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if (
            begins <= answer.produced_at_utc <= ends
            and _issued(certificate, issuer)
            and _may_answer(certificate)
        ):
            signers.append(certificate)
    return any(_signed_by(answer, signer) for signer in signers)


def _may_answer(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _signed_by(answer: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, signed = signer.public_key(), answer.tbs_response_bytes
    try:
        algorithm = answer.signature_hash_algorithm
        if algorithm is not None and algorithm.name not in _SHA2:
            return False
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            key.verify(answer.signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(answer.signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, Ed25519PublicKey) and algorithm is None:
            key.verify(answer.signature, signed)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _crl(raw: bytes) -> x509.CertificateRevocationList:
    if len(raw) > MAX_CRL_BYTES:
        raise EvidenceError(f"the list of revoked certificates has more than {MAX_CRL_BYTES} bytes")
    try:
        load = x509.load_pem_x509_crl if raw.startswith(b"-----") else x509.load_der_x509_crl
        return load(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"not a list of revoked certificates: {error}") from error


def _crl_signed(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type] # any that signs
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return False
