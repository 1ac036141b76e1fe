"""A trusted list is signed by its country's operator: the whole list, by a pinned certificate."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cautery.errors import InputError
from cautery.evidence.outside.trusted_list import read_trusted_list
from cautery.lab.trusted_lists import GRANTED, signed, trusted_list

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
END = b"</TrustServiceStatusList>"


def operator(
    key: ec.EllipticCurvePrivateKey, *, name: str = "Operator of XL", ends: datetime = NOW + DAY
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - 900 * DAY)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )


KEY, STRANGER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
SIGNER, OTHER = operator(KEY), operator(STRANGER)
PLAIN = trusted_list(
    [SIGNER], issued=NOW - 10 * DAY, until=NOW + 170 * DAY, states=[(NOW - 100 * DAY, GRANTED)]
)
SIGNED = signed(PLAIN, KEY, SIGNER, at=NOW - 10 * DAY)
SIGNATURE = SIGNED[SIGNED.index(b"<ds:Signature") : SIGNED.rindex(END)]
ELEMENT = SIGNED[SIGNED.index(b"<TrustServiceStatusList") :]
FORGED = PLAIN.replace(b">XL<", b">FR<")


def test_a_list_that_the_operator_signed_says_by_whom_and_reads_the_same() -> None:
    pytest.importorskip("signxml")
    read = read_trusted_list(SIGNED, signers=[OTHER, SIGNER])
    assert read.signed_by == "CN=Operator of XL"
    plain = read_trusted_list(PLAIN)
    assert (read.services, read.until, plain.signed_by) == (plain.services, plain.until, "")


def test_without_a_certificate_no_signature_is_checked() -> None:
    assert read_trusted_list(SIGNED.replace(b"/granted", b"/withdrawn")).signed_by == ""


def inside(outer: bytes, inner: bytes) -> bytes:
    """A list with something before its end."""
    at = outer.rindex(END)
    return outer[:at] + inner + outer[at:]


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(PLAIN, id="unsigned"),
        pytest.param(SIGNED.replace(b"/granted", b"/withdrawn"), id="another status"),
        pytest.param(SIGNED.replace(b">XL<", b">FR<"), id="another territory"),
        pytest.param(inside(SIGNED, b"<Extra/>"), id="one element more"),
        pytest.param(inside(FORGED, SIGNATURE), id="the signature of another list"),
        pytest.param(inside(FORGED, ELEMENT), id="wrapped around a signed list"),
        pytest.param(
            inside(
                FORGED,
                SIGNATURE.replace(b"<ds:Object>", b"<ds:Object>" + ELEMENT, 1),
            ),
            id="a signed list inside the signature",
        ),
        pytest.param(
            inside(
                FORGED.replace(b'TSLTag="', b'Id="forged" TSLTag="', 1),
                SIGNATURE.replace(b'URI=""', b'URI="#props"', 1),
            ),
            id="only the properties are signed",
        ),
        pytest.param(SIGNED.replace(SIGNATURE, SIGNATURE * 2), id="two signatures"),
        pytest.param(SIGNED.replace(b"ecdsa-sha256", b"hmac-sha256"), id="a key that all know"),
        pytest.param(SIGNED.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue>AA"), id="value"),
    ],
)
def test_a_list_that_is_not_signed_as_a_whole_is_refused(raw: bytes) -> None:
    pytest.importorskip("signxml")
    read_trusted_list(raw)  # it is a list that a reader goes on with
    with pytest.raises(InputError, match="trusted list does"):
        read_trusted_list(raw, signers=[SIGNER])


def test_another_key_under_the_same_name_signs_nothing() -> None:
    pytest.importorskip("signxml")
    with pytest.raises(InputError, match="does not hold"):
        read_trusted_list(SIGNED, signers=[OTHER])
    by_other = signed(PLAIN, STRANGER, OTHER, at=NOW)
    with pytest.raises(InputError, match="does not hold"):
        read_trusted_list(by_other, signers=[SIGNER])


def test_a_certificate_counts_that_was_valid_when_the_list_was_issued() -> None:
    pytest.importorskip("signxml")
    ended = operator(KEY, ends=NOW - 5 * DAY)
    assert read_trusted_list(signed(PLAIN, KEY, ended, at=NOW), signers=[ended]).signed_by
    too_early = operator(KEY, ends=NOW - 20 * DAY)
    with pytest.raises(InputError, match="does not hold"):
        read_trusted_list(signed(PLAIN, KEY, too_early, at=NOW), signers=[too_early])


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "signxml", None)
    with pytest.raises(InputError, match="needs the library signxml"):
        read_trusted_list(SIGNED, signers=[SIGNER])
