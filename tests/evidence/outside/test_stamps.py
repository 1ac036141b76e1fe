"""Time-stamps: made by OpenSSL, checked by us, and by OpenSSL what we keep."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from cautery.errors import EvidenceError, InputError
from cautery.evidence.outside.stamps import (
    Stamp,
    check_stamp,
    read_roots,
    stamp_request,
)
from cautery.lab.stamping import POLICY, LabAuthority, _tlv

MESSAGE = b"league.example\n5\nAAAA\n"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabAuthority:
    return made(tmp_path_factory.mktemp("tsa"))


def made(folder: Path, **given: object) -> LabAuthority:
    values = {"begins": NOW - timedelta(days=10), "ends": NOW + timedelta(days=10)} | given
    return LabAuthority(folder, crl_url="http://tsa.example/crl", **values)  # type: ignore[arg-type]


def stamped(authority: LabAuthority, *, at: datetime = NOW, **given: object) -> Stamp:
    request, nonce = stamp_request(MESSAGE)
    answer = authority.answer_at(request, at=at)
    values = {"message": MESSAGE, "nonce": nonce, "roots": read_roots(authority.root)} | given
    return check_stamp(answer, **values)  # type: ignore[arg-type]


def test_a_stamp_of_openssl_ts_proves_its_time(authority: LabAuthority) -> None:
    request, nonce = stamp_request(MESSAGE)
    stamp = check_stamp(
        authority.answer(request),
        message=MESSAGE,
        nonce=nonce,
        roots=read_roots(authority.root),
        policies=[POLICY],
        revocation=[authority.crl(at=NOW)],
    )
    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (stamp.accuracy, stamp.revocation_known) == (timedelta(seconds=1), True)


def test_a_time_that_may_be_wrong_by_days_is_none(authority: LabAuthority) -> None:
    request, nonce = stamp_request(MESSAGE)
    known = {"message": MESSAGE, "nonce": nonce, "roots": read_roots(authority.root)}
    day = authority.answer_at(request, at=NOW, accuracy_s=86_400)
    assert check_stamp(day, **known).accuracy == timedelta(days=1)  # type: ignore[arg-type]
    with pytest.raises(EvidenceError, match="wrong by more than a day"):
        check_stamp(authority.answer_at(request, at=NOW, accuracy_s=86_401), **known)  # type: ignore[arg-type]


def test_openssl_ts_verifies_what_we_keep(authority: LabAuthority, tmp_path: Path) -> None:
    request, _ = stamp_request(MESSAGE)
    for name, answer in (
        ("now", authority.answer(request)),
        ("lab", authority.answer_at(request, at=NOW)),
    ):
        (tmp_path / name).write_bytes(answer)
        (tmp_path / "data").write_bytes(MESSAGE)
        (tmp_path / "query").write_bytes(request)
        for what in ("-data", "-queryfile"):
            ran = subprocess.run(
                [
                    *("openssl", "ts", "-verify", "-in", tmp_path / name),
                    *(what, tmp_path / ("data" if what == "-data" else "query")),
                    *("-CAfile", authority.folder / "root.pem"),
                ],
                capture_output=True,
                check=False,
            )
            assert b"Verification: OK" in ran.stdout + ran.stderr, ran.stderr


def test_a_certificate_that_expired_later_is_fine(tmp_path: Path) -> None:
    old = made(tmp_path, begins=NOW - timedelta(days=900), ends=NOW - timedelta(days=400))
    at = NOW - timedelta(days=500)
    assert stamped(old, at=at).at == at


@pytest.mark.parametrize(
    ("days", "why"), [(-11, "its certificate is valid from"), (11, "its certificate ended at")]
)
def test_a_certificate_that_was_not_valid_at_that_time_is_refused(
    authority: LabAuthority, days: int, why: str
) -> None:
    with pytest.raises(EvidenceError, match=why):
        stamped(authority, at=NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"message": b"other"}, "over other bytes"),
        ({"nonce": 7}, "does not repeat the nonce"),
        ({"policies": ["1.2.3"]}, "but 1.2.3 is asked for"),
        ({"roots": ()}, "no trusted authority is given"),
    ],
)
def test_a_stamp_for_something_else_is_refused(
    authority: LabAuthority, given: dict[str, object], why: str
) -> None:
    with pytest.raises(EvidenceError, match=why):
        stamped(authority, **given)


def test_a_stamp_of_an_authority_that_nobody_trusts_is_refused(
    authority: LabAuthority, tmp_path: Path
) -> None:
    with pytest.raises(EvidenceError, match="does not lead to a trusted authority"):
        stamped(authority, roots=read_roots(made(tmp_path).root))


@pytest.mark.parametrize(
    "usages",
    [
        (ExtendedKeyUsageOID.SERVER_AUTH,),
        (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH),
    ],
)
def test_a_certificate_for_anything_but_time_stamping_is_refused(
    tmp_path: Path, usages: tuple[object, ...]
) -> None:
    with pytest.raises(EvidenceError, match="not for time-stamping alone"):
        stamped(made(tmp_path, usages=usages))


def test_a_revoked_certificate_is_refused_from_its_revocation_on(authority: LabAuthority) -> None:
    revoked = authority.crl(at=NOW, revoked=NOW - timedelta(hours=1))
    with pytest.raises(EvidenceError, match="its certificate was revoked"):
        stamped(authority, revocation=[revoked])
    assert stamped(authority, at=NOW - timedelta(hours=2), revocation=[revoked]).revocation_known


def test_a_list_of_revoked_certificates_that_another_signed_is_refused(
    authority: LabAuthority, tmp_path: Path
) -> None:
    """It has the issuer's name, and another key."""
    with pytest.raises(EvidenceError, match="not signed by its issuer"):
        stamped(authority, revocation=[made(tmp_path).crl(at=NOW)])


def test_no_changed_byte_passes_for_another_time_or_message(authority: LabAuthority) -> None:
    request, nonce = stamp_request(MESSAGE)
    answer = authority.answer_at(request, at=NOW)
    roots = read_roots(authority.root)
    rng = random.Random(7)
    refused = 0
    for _ in range(1500):
        changed = bytearray(answer)
        for _ in range(rng.choice([1, 1, 1, 4])):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            stamp = check_stamp(bytes(changed), message=MESSAGE, nonce=nonce, roots=roots)
        except EvidenceError:
            refused += 1
        else:  # bytes that no signature covers: what they are wrapped in
            assert (stamp.at, stamp.signer) == (NOW, "CN=Lab time-stamping authority")
    assert refused > 1400


@pytest.mark.parametrize("answer", [b"", b"0", b"\x30\x03\x02\x01\x02", b"<html>", bytes(70_000)])
def test_what_is_no_answer_is_refused(authority: LabAuthority, answer: bytes) -> None:
    with pytest.raises(EvidenceError):
        check_stamp(answer, message=MESSAGE, nonce=1, roots=read_roots(authority.root))


def test_roots_must_be_certificates() -> None:
    with pytest.raises(InputError, match="no certificates in PEM"):
        read_roots(b"nothing")


def children(der: bytes) -> list[bytes]:
    """Return the parts of a structure in DER."""
    parts, at = [], header(der, 0)
    while at < len(der):
        begin = header(der, at)
        size = der[at + 1] if der[at + 1] < 128 else int.from_bytes(der[at + 2 : begin], "big")
        parts.append(der[at : begin + size])
        at = begin + size
    return parts


def header(der: bytes, at: int) -> int:
    return at + 2 + (der[at + 1] & 127 if der[at + 1] >= 128 else 0)


def beside(answer: bytes, certificate: x509.Certificate) -> bytes:
    """Return an answer with one more certificate, which no signature covers."""
    status, token = children(answer)
    kind, content = children(token)
    parts = children(children(content)[0])
    der = certificate.public_bytes(Encoding.DER)
    parts = [
        _tlv(0xA0, *sorted((*children(part), der))) if part[0] == 0xA0
        else part
        for part in parts
    ]  # fmt: skip
    return _tlv(0x30, status, _tlv(0x30, kind, _tlv(0xA0, _tlv(0x30, *parts))))


def forged(like: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Return a certificate with the name and number of another, which anybody can make."""
    return (
        x509.CertificateBuilder()
        .subject_name(like.subject).issuer_name(like.issuer).public_key(key.public_key())
        .serial_number(like.serial_number).not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=30_000))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("x" * 60)] * 9), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip


def test_a_certificate_under_the_signers_name_is_not_taken_for_it(authority: LabAuthority) -> None:
    request, nonce = stamp_request(MESSAGE)
    false = forged(authority.certificate, ec.generate_private_key(ec.SECP256R1()))
    answer = beside(authority.answer_at(request, at=NOW), false)
    with pytest.raises(EvidenceError, match="two certificates with the name of the signer"):
        check_stamp(answer, message=MESSAGE, nonce=nonce, roots=read_roots(authority.root))


def test_a_list_signed_under_the_issuers_name_alone_is_refused(authority: LabAuthority) -> None:
    request, nonce = stamp_request(MESSAGE)
    key = ec.generate_private_key(ec.SECP256R1())
    [root] = read_roots(authority.root)
    answer = beside(authority.answer_at(request, at=NOW), forged(root, key))
    false = (
        x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(NOW)
        .next_update(NOW + timedelta(days=7)).sign(key, hashes.SHA256())
    )  # fmt: skip
    with pytest.raises(EvidenceError, match="not signed by its issuer"):
        check_stamp(
            answer, message=MESSAGE, nonce=nonce, roots=[root],
            revocation=[false.public_bytes(Encoding.DER)],
        )  # fmt: skip
