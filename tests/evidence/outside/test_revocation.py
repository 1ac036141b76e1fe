"""Whether a certificate was revoked: lists and OCSP answers, judged at the time of a time-stamp."""

from __future__ import annotations

import subprocess
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey as Key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from cautery.errors import EvidenceError
from cautery.evidence.outside import revocation
from cautery.evidence.outside.revocation import (
    Revocations,
    RevokedError,
    crl_urls,
    is_ocsp,
    ocsp_request,
    ocsp_urls,
    path_of,
    read_revocation,
)
from cautery.evidence.outside.stamps import Stamp, check_stamp, read_roots, stamp_request
from cautery.lab.stamping import LabAuthority

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)


def made(folder: Path) -> LabAuthority:
    return LabAuthority(
        folder,
        begins=NOW - timedelta(days=30),
        ends=NOW + timedelta(days=30),
        crl_url="http://tsa.example/crl",
        ocsp_url="http://tsa.example/ocsp",
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabAuthority:
    return made(tmp_path_factory.mktemp("tsa"))


def question(authority: LabAuthority) -> bytes:
    return ocsp_request(authority.certificate, authority.root_certificate)


def known(authority: LabAuthority, *answers: bytes, at: datetime = NOW) -> bool:
    root = authority.root_certificate
    return Revocations().known_good(authority.certificate, issuer=root, at=at, answers=answers)


def stamped(authority: LabAuthority, *answers: bytes, at: datetime = NOW) -> Stamp:
    request, nonce = stamp_request(b"m")
    return check_stamp(
        authority.answer_at(request, at=at),
        message=b"m",
        nonce=nonce,
        roots=read_roots(authority.root),
        revocation=answers,
    )


@pytest.mark.parametrize("delegate", [False, True])
def test_an_ocsp_answer_says_that_a_certificate_was_good(
    authority: LabAuthority, *, delegate: bool
) -> None:
    answer = authority.ocsp(question(authority), at=NOW - HOUR, delegate=delegate)
    assert is_ocsp(answer)
    assert stamped(authority, answer).revocation_known


def test_openssl_ocsp_accepts_what_the_lab_answers(authority: LabAuthority, tmp_path: Path) -> None:
    asked, answer = tmp_path / "asked", tmp_path / "answer"
    asked.write_bytes(question(authority))
    answer.write_bytes(authority.ocsp(question(authority), at=NOW))
    root, issued = authority.folder / "root.pem", authority.folder / "tsa.pem"
    verified = subprocess.run(
        [
            *("openssl", "ocsp", "-respin", answer, "-CAfile", root, "-issuer", root),
            *("-cert", issued, "-no_nonce"),
        ],
        capture_output=True,
        check=True,
    )
    assert b"Response verify OK" in verified.stdout + verified.stderr
    assert b"tsa.pem: good" in verified.stdout


def test_a_certificate_revoked_before_the_stamp_is_refused_and_one_revoked_later_is_not(
    authority: LabAuthority,
) -> None:
    answer = authority.ocsp(question(authority), at=NOW, revoked=NOW - HOUR)
    with pytest.raises(RevokedError, match="its certificate was revoked at"):
        stamped(authority, answer)
    assert stamped(authority, answer, at=NOW - 2 * HOUR).revocation_known


REASONS = x509.ReasonFlags


@pytest.mark.parametrize("kind", ["crl", "ocsp"])
@pytest.mark.parametrize(
    ("reason", "stays"),
    [
        (REASONS.superseded, True),
        (REASONS.cessation_of_operation, True),
        (REASONS.affiliation_changed, True),
        (REASONS.key_compromise, False),
        (REASONS.ca_compromise, False),
        (REASONS.certificate_hold, False),
        (None, False),
    ],
)
def test_who_may_have_had_the_key_can_have_dated_a_stamp_at_any_time(
    authority: LabAuthority, kind: str, reason: x509.ReasonFlags | None, *, stays: bool
) -> None:
    """RFC 3161, section 4."""
    revoked = {"at": NOW, "revoked": NOW - HOUR, "reason": reason}
    answer = (
        authority.crl(**revoked)
        if kind == "crl"
        else authority.ocsp(question(authority), **revoked)
    )
    if stays:
        assert stamped(authority, answer, at=NOW - 2 * HOUR).revocation_known
        return
    with pytest.raises(RevokedError, match="could date a time-stamp as they liked"):
        stamped(authority, answer, at=NOW - 2 * HOUR)


@pytest.mark.parametrize("kind", ["crl", "ocsp"])
def test_an_answer_that_ended_before_the_stamp_says_nothing_of_it(
    authority: LabAuthority, kind: str
) -> None:
    """Who stole a key of a revoked authority keeps the last good answer, and no newer one."""
    old = NOW - timedelta(days=8)
    answer = authority.crl(at=old) if kind == "crl" else authority.ocsp(question(authority), at=old)
    assert not stamped(authority, answer).revocation_known
    assert stamped(authority, answer, at=old + HOUR).revocation_known


def test_an_answer_is_judged_once_however_many_time_stamps_carry_it(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    def reading(raw: bytes) -> Any:
        read.append(raw)
        return read_revocation(raw)

    monkeypatch.setattr(revocation, "read_revocation", reading)
    answer, revocations = authority.ocsp(question(authority), at=NOW - HOUR), Revocations()
    by = authority.root_certificate
    for minutes in range(9):
        at = NOW - timedelta(minutes=minutes)
        for answers, broken in (((answer, answer), False), ((answer, answer[:-9]), True)):
            with pytest.raises(EvidenceError) if broken else nullcontext():
                assert revocations.known_good(
                    authority.certificate, issuer=by, at=at, answers=answers
                )
    assert read == [answer, answer[:-9]]


def test_an_answer_about_thousands_of_certificates_is_refused(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = authority.ocsp(question(authority), at=NOW - HOUR)
    assert known(authority, answer)
    monkeypatch.setattr(revocation, "MOST_RESPONSES", 0)
    with pytest.raises(EvidenceError, match="about more than 0 certificates"):
        known(authority, answer)


def test_an_old_answer_that_revokes_still_revokes(authority: LabAuthority) -> None:
    old = NOW - timedelta(days=20)
    with pytest.raises(RevokedError):
        known(authority, authority.crl(at=old, revoked=old))


def test_an_answer_by_a_responder_that_the_issuer_did_not_let_answer_is_refused(
    authority: LabAuthority, tmp_path: Path
) -> None:
    other = made(tmp_path / "other")
    mine = authority.ocsp(question(authority), at=NOW)
    key = ocsp.load_der_ocsp_response(mine)
    forged = ocsp.OCSPResponseBuilder().add_response(
        cert=authority.certificate,
        issuer=authority.root_certificate,
        algorithm=hashes.SHA1(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=NOW,
        next_update=None,
        revocation_time=None,
        revocation_reason=None,
    )
    assert key.responder_key_hash is not None
    for usage in (ExtendedKeyUsageOID.OCSP_SIGNING, ExtendedKeyUsageOID.SERVER_AUTH):
        # Of another issuer, or not for answering.
        issuer = other if usage == ExtendedKeyUsageOID.OCSP_SIGNING else authority
        signer, private = issuer._responder(NOW, usage)
        answer = (
            forged.responder_id(ocsp.OCSPResponderEncoding.HASH, signer)
            .certificates([signer])
            .sign(private, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )
        with pytest.raises(EvidenceError, match="not signed for the issuer"):
            known(authority, answer)


def test_an_answer_about_another_certificate_says_nothing(
    authority: LabAuthority, tmp_path: Path
) -> None:
    other = made(tmp_path / "other")
    answer = other.ocsp(question(other), at=NOW, revoked=NOW - HOUR)
    assert not known(authority, answer)


def test_a_changed_ocsp_answer_is_refused_or_says_nothing(authority: LabAuthority) -> None:
    answer = authority.ocsp(question(authority), at=NOW, revoked=NOW - HOUR)
    for at in range(len(answer)):
        changed = bytearray(answer)
        changed[at] ^= 1
        try:
            assert not known(authority, bytes(changed))
        except EvidenceError:
            continue


def test_an_answer_without_an_end_holds_for_a_day(authority: LabAuthority) -> None:
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=authority.certificate,
        issuer=authority.root_certificate,
        algorithm=hashes.SHA256(),
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=NOW,
        next_update=None,
        revocation_time=None,
        revocation_reason=None,
    )
    signed = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, authority.root_certificate).sign(
        authority._key, hashes.SHA256()
    )
    answer = signed.public_bytes(Encoding.DER)
    assert known(authority, answer, at=NOW + 20 * HOUR)
    assert not known(authority, answer, at=NOW + 30 * HOUR)


def test_a_list_of_authorities_alone_says_nothing_of_one_that_stamps(
    authority: LabAuthority,
) -> None:
    part = x509.IssuingDistributionPoint(
        full_name=None,
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=True,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.root_certificate.subject)
        .last_update(NOW)
        .next_update(NOW + HOUR)
    )
    partial = builder.add_extension(part, critical=True).sign(authority._key, hashes.SHA256())
    delta = builder.add_extension(x509.DeltaCRLIndicator(1), critical=True)
    for crl in (partial, delta.sign(authority._key, hashes.SHA256())):
        assert not known(authority, crl.public_bytes(Encoding.DER))


@pytest.mark.parametrize("list_of", ["http://tsa.example/crl", "http://tsa.example/crl-7"])
def test_the_part_of_a_list_that_would_name_another_certificate_says_nothing(
    authority: LabAuthority, list_of: str
) -> None:
    part = x509.IssuingDistributionPoint(
        full_name=[x509.UniformResourceIdentifier(list_of)],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.root_certificate.subject)
        .last_update(NOW)
        .next_update(NOW + HOUR)
        .add_extension(part, critical=True)
    )
    crl = builder.sign(authority._key, hashes.SHA256())
    assert known(authority, crl.public_bytes(Encoding.DER)) is (
        list_of in crl_urls(authority.certificate)
    )


def issued(name: str, key: Key, by: str, with_key: Key) -> x509.Certificate:
    def called(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - HOUR)
        .not_valid_after(NOW + HOUR)
        .sign(with_key, None)
    )


def test_a_certificate_beside_a_stamp_hides_no_issuer_from_the_lists() -> None:
    first, middle, unit, stranger = (Key.generate() for _ in range(4))
    root = issued("root", first, "root", first)
    between = issued("between", middle, "root", first)
    stamping = issued("unit", unit, "between", middle)
    theirs = issued("stranger", stranger, "stranger", stranger)
    twins = [
        issued("between", middle, "nobody", stranger),
        issued("between", middle, "stranger", stranger),
    ]
    way = ((stamping, between), (between, root))
    for along in ([*twins, theirs, between], [between, theirs, *twins], [between]):
        assert path_of(stamping, roots=[root], others=along) == way
    assert path_of(stamping, roots=[root], others=[*twins, theirs]) == ()
    assert path_of(root, roots=[root], others=[root]) == ()


def test_a_responder_that_refuses_and_bytes_that_are_no_answer_are_named() -> None:
    refusal = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
    with pytest.raises(EvidenceError, match="the OCSP responder refused: TRY_LATER"):
        read_revocation(refusal.public_bytes(Encoding.DER))
    with pytest.raises(EvidenceError, match="not an OCSP answer"):
        read_revocation(b"\x30\x03\x0a\x01\x00\xff")
    with pytest.raises(EvidenceError, match="more than 65536 bytes"):
        read_revocation(b"\x30\x84\x00\x01\x11\x70\x0a" + bytes(70_000))


def test_a_certificate_says_where_to_ask(authority: LabAuthority) -> None:
    assert crl_urls(authority.certificate) == ("http://tsa.example/crl",)
    assert ocsp_urls(authority.certificate) == ("http://tsa.example/ocsp",)
