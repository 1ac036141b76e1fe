"""RFC 3161 time-stamps: the request, and what an answer proves at the time that it states.

The token is parsed and its signature and chain are verified by ``rfc3161-client``, at genTime: a
certificate that expired later is fine, one that was not yet valid is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client.errors import VerificationError
from rfc3161_client.tsp import TimeStampResponse

from cautery.errors import EvidenceError, InputError
from cautery.evidence.outside.revocation import Revocations, path_of
from cautery.model.evidence import Digest, digest_of
from cautery.model.times import iso

MAX_TOKEN_BYTES = 1 << 16
"""Of an answer with its chain: usual ones have 2 to 8 kB. Judgement."""
MAX_ROOTS_BYTES = 4 << 20
_MOST_WRONG_S = 86_400
"""Of a stated accuracy: a time that may be wrong by more than a day bounds nothing. Judgement."""
_UNTRUSTED = "its certificate does not lead to a trusted authority at its time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a time-stamp proves: its message existed at ``at``.

    Parameters
    ----------
    at : datetime
        genTime, UTC.
    accuracy : timedelta
        As the token states it; zero: it states none.
    policy : str
        Dotted OID.
    serial : int
        Of the token.
    signer : str
        Subject of the authority's certificate, RFC 4514.
    key : Digest
        SHA-256 of the authority's certificate.
    expires : datetime
        When that certificate ends.
    revocation_known : bool
        Answers of the issuers were given that hold for ``at`` and say of this certificate, and of
        each between it and the root, that it was not revoked.
    path : tuple of Certificate
        The authority's certificate, and those between it and the root, which is last.
    """

    at: datetime
    accuracy: timedelta
    policy: str
    serial: int
    signer: str
    key: Digest
    expires: datetime
    revocation_known: bool
    path: tuple[x509.Certificate, ...] = ()

    @property
    def not_after(self) -> datetime:
        """The latest true time by the stated accuracy."""
        return self.at + self.accuracy

    @property
    def not_before(self) -> datetime:
        """The earliest true time by the stated accuracy."""
        return self.at - self.accuracy


def stamp_request(message: bytes) -> tuple[bytes, int]:
    """Return a time-stamp request over the SHA-256 of a message, DER, and its random nonce."""
    request = (
        rfc3161_client.TimestampRequestBuilder()
        .data(message)
        .hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
        .build()
    )
    if request.nonce is None:
        raise AssertionError("the library makes a nonce unless it is told not to")
    return request.as_bytes(), request.nonce


def check_stamp(
    answer: bytes,
    *,
    message: bytes,
    nonce: int | None,
    roots: Sequence[x509.Certificate],
    policies: Collection[str] = (),
    revocation: Iterable[bytes] = (),
    revocations: Revocations | None = None,
) -> Stamp:
    """Return what an answer of a time-stamping authority proves of a message.

    Parameters
    ----------
    answer : bytes
        A TimeStampResp in DER.
    message : bytes
        What must have been stamped.
    nonce : int or None
        What was sent; ``None``: it is not known.
    roots : sequence of Certificate
        The authorities that are trusted.
    policies : collection of str
        The policies of which the token must have one, dotted OIDs; empty: any.
    revocation : iterable of bytes
        Lists of revoked certificates, DER or PEM, and OCSP answers, DER.
    revocations : Revocations or None
        What judges them, and has judged those of other time-stamps.

    Raises
    ------
    EvidenceError
        Naming the rule that the answer breaks.
    """
    try:
        return _checked(
            answer,
            message=message,
            nonce=nonce,
            roots=roots,
            policies=policies,
            revocation=tuple(dict.fromkeys(revocation)),
            revocations=revocations or Revocations(),
        )
    except EvidenceError:
        raise
    except Exception as error:  # the library's errors on hostile bytes have no common base
        raise EvidenceError(f"the time-stamp cannot be verified: {str(error)[:200]}") from error


def check_digest_stamped(
    answer: bytes, *, digest: bytes, roots: Sequence[x509.Certificate]
) -> None:
    """Raise unless an answer stamps a digest of SHA-2, by an authority that is trusted.

    Raises
    ------
    EvidenceError
        Naming the rule that the answer breaks.
    """
    try:
        response = decoded(answer)
        _only_time_stamping(signing_certificate(response))
        rfc3161_client.VerifierBuilder(roots=list(roots)).build().verify(response, digest)
    except EvidenceError:
        raise
    except Exception as error:  # the library's errors on hostile bytes have no common base
        raise EvidenceError(f"the time-stamp cannot be verified: {str(error)[:200]}") from error


def _checked(
    answer: bytes,
    *,
    message: bytes,
    nonce: int | None,
    roots: Sequence[x509.Certificate],
    policies: Collection[str],
    revocation: Sequence[bytes],
    revocations: Revocations,
) -> Stamp:
    response = decoded(answer)
    if not roots:
        raise EvidenceError("no trusted authority is given")
    info = response.tst_info
    if info.message_imprint.message != _imprint(response, message):
        raise EvidenceError("the time-stamp is over other bytes")
    if nonce is not None and info.nonce != nonce:
        raise EvidenceError("the time-stamp does not repeat the nonce that was sent")
    if policies and info.policy.dotted_string not in policies:
        raise EvidenceError(
            f"the time-stamp has policy {info.policy.dotted_string}, but "
            f"{' or '.join(sorted(policies))} is asked for"
        )
    certificate = signing_certificate(response)
    at = _utc(info.gen_time)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if at < begins:
        raise EvidenceError(
            f"the time-stamp has the time {iso(at)}, but its certificate is valid from "
            f"{iso(begins)}"
        )
    if at > ends:
        raise EvidenceError(
            f"the time-stamp has the time {iso(at)}, but its certificate ended at {iso(ends)}"
        )
    _only_time_stamping(certificate)
    verifier = rfc3161_client.VerifierBuilder(roots=list(roots)).build()
    try:
        verifier.verify_message(response, message)
    except VerificationError as error:
        why = str(error)
        raise EvidenceError(_UNTRUSTED if "certificates" in why else why) from error
    path = path_of(certificate, roots=roots, others=chain_of(response))
    known_links = [
        revocations.known_good(each, issuer=by, at=at, answers=revocation) for each, by in path
    ]
    return Stamp(
        at=at,
        accuracy=_accuracy(response),
        policy=info.policy.dotted_string,
        serial=info.serial_number,
        signer=certificate.subject.rfc4514_string(),
        key=digest_of(certificate.public_bytes(Encoding.DER)),
        expires=ends,
        revocation_known=bool(known_links) and all(known_links),
        path=(certificate, *(issuer for _, issuer in path)),
    )


def decoded(answer: bytes) -> TimeStampResponse:
    """Parse an answer; it is granted, and holds a token.

    Raises
    ------
    EvidenceError
        If it is not.
    """
    if len(answer) > MAX_TOKEN_BYTES:
        raise EvidenceError(f"the time-stamp has more than {MAX_TOKEN_BYTES} bytes")
    try:
        response = rfc3161_client.decode_timestamp_response(answer)
        status = int(response.status)
    except (ValueError, TypeError, OverflowError) as error:
        raise EvidenceError(f"not an answer of a time-stamping authority: {error}") from error
    if status != 0:  # grantedWithMods, too: it has another meaning than what was asked for
        raise EvidenceError(f"the authority refused: status {status}")
    try:
        response.tst_info  # noqa: B018 - parsed when it is asked for
    except (ValueError, TypeError, OverflowError) as error:
        raise EvidenceError(f"the time-stamp cannot be read: {error}") from error
    return response


def chain_of(response: TimeStampResponse) -> list[x509.Certificate]:
    """Return the certificates that came with a token.

    Raises
    ------
    EvidenceError
        If one cannot be read.
    """
    try:
        ders = response.signed_data.certificates
        return [x509.load_der_x509_certificate(der) for der in ders]
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"a certificate of the time-stamp cannot be read: {error}") from error


def signing_certificate(response: TimeStampResponse) -> x509.Certificate:
    """Return the certificate that the token names as its signer's.

    Raises
    ------
    EvidenceError
        If it did not come with the token, several signed, or another came under its name: the
        certificates beside a token are not signed, so one could be taken for the other.
    """
    try:
        signers = list(response.signed_data.signer_infos)
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"the signer of the time-stamp cannot be read: {error}") from error
    if len(signers) != 1:
        raise EvidenceError(f"the time-stamp has {len(signers)} signers, but must have one")
    name = signers[0].issuer, signers[0].serial_number
    matching = [
        certificate
        for certificate in chain_of(response)
        if (certificate.issuer, certificate.serial_number) == name
    ]
    if not matching:
        raise EvidenceError("the certificate of the signer did not come with the time-stamp")
    if len(matching) > 1:
        raise EvidenceError("two certificates with the name of the signer came with the time-stamp")
    return matching[0]


def read_roots(raw: bytes) -> tuple[x509.Certificate, ...]:
    """Parse the certificates of trusted authorities, PEM.

    Raises
    ------
    InputError
        If there is none.
    """
    if len(raw) > MAX_ROOTS_BYTES:
        raise InputError(f"more than {MAX_ROOTS_BYTES} bytes of certificates")
    try:
        return tuple(x509.load_pem_x509_certificates(raw))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise InputError(
            f"no certificates in PEM: {error}", hint="Give the authority's root certificate as PEM."
        ) from error


def _only_time_stamping(certificate: x509.Certificate) -> None:
    """Raise unless the certificate is for time-stamping and nothing else (RFC 3161, 2.3)."""
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise EvidenceError("its certificate is not for time-stamping alone")


def _imprint(response: TimeStampResponse, message: bytes) -> bytes:
    oid = response.tst_info.message_imprint.hash_algorithm.dotted_string
    hashers = {
        "2.16.840.1.101.3.4.2.1": hashlib.sha256,
        "2.16.840.1.101.3.4.2.2": hashlib.sha384,
        "2.16.840.1.101.3.4.2.3": hashlib.sha512,
    }
    if oid not in hashers:
        raise EvidenceError(f"the time-stamp uses the hash {oid}, which is not one of SHA-2")
    return hashers[oid](message).digest()


def _accuracy(response: TimeStampResponse) -> timedelta:
    accuracy = response.tst_info.accuracy
    if accuracy is None:
        return timedelta(0)
    seconds, millis, micros = (
        int(part or 0) for part in (accuracy.seconds, accuracy.millis, accuracy.micros)
    )
    if not 0 <= seconds <= _MOST_WRONG_S or not 0 <= millis < 1000 or not 0 <= micros < 1000:
        raise EvidenceError("the time-stamp says that its time may be wrong by more than a day")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
