"""A document is signed by a key that never leaves its token: SoftHSM in the place of a card."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.tokens import LIBRARY, SoftToken

from cautery.adapters._pdf_keys import KeyToken
from cautery.adapters.pades import sign_pdf
from cautery.adapters.pdf_signatures import checked_document
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import InputError
from cautery.wiring.dossiers import certificate_of

SCRIPT = """
import sys, pkcs11, pkcs11.util.ec, pkcs11.util.x509
library, key, certificate = sys.argv[1:]
token = pkcs11.lib(library).get_token(token_label="lab")
with token.open(rw=True, user_pin="1234") as session:
    private = pkcs11.util.ec.decode_ec_private_key(open(key, "rb").read())
    session.create_object({**private, pkcs11.Attribute.LABEL: "seal", pkcs11.Attribute.TOKEN: True})
    known = pkcs11.util.x509.decode_x509_certificate(open(certificate, "rb").read())
    session.create_object({**known, pkcs11.Attribute.LABEL: "seal", pkcs11.Attribute.TOKEN: True})
"""


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of a token with a key and its certificate, or a skip that says what is missing."""
    folder = tmp_path_factory.mktemp("token")
    os.environ["SOFTHSM2_CONF"] = str(SoftToken.made(folder).conf)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "League")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(5).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9)).add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "key.der").write_bytes(
        key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    (folder / "certificate.der").write_bytes(certificate.public_bytes(Encoding.DER))
    subprocess.run(
        [sys.executable, "-c", SCRIPT, LIBRARY, folder / "key.der", folder / "certificate.der"],
        check=True,
    )
    (folder / "key.der").unlink()
    return LIBRARY


def sign(library: Path, *, name: str = "lab", label: str = "seal", pin: bytes = b"1234"):
    key = KeyToken(library=library, token=name, label=label, pin=pin)
    return sign_pdf(compile_pdf("= A document", archival=True), key=key, reason="case 12")


def test_a_token_signs_a_document(token: Path) -> None:
    made = sign(token)
    assert (made.kind, made.level) == ("seal", "B-B")
    assert "League" in made.subject
    assert checked_document(made.pdf).subject == made.subject


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "other"}, "the token 'other' cannot be opened"),
        ({"pin": b"0000"}, "the token 'lab' cannot be opened"),
        ({"label": "other"}, "no certificate 'other'"),
    ],
)
def test_what_is_wrong_with_a_token_is_named(token: Path, wrong: dict, why: str) -> None:
    with pytest.raises(InputError, match=why):
        sign(token, **wrong)


def test_a_library_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such PKCS#11 library"):
        sign(tmp_path / "no.so")
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(InputError, match="cannot be opened"):
        sign(tmp_path / "text.so")


def test_without_the_library_python_pkcs11_the_hint_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    with pytest.raises(InputError, match="needs the library python-pkcs11") as refused:
        sign(LIBRARY)
    assert "pip install 'cautery[token]'" in refused.value.hint


def test_options_of_a_signature_do_not_contradict_each_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="by a file, or by a token"):
        certificate_of(tmp_path, (LIBRARY, "lab", "seal"), None, None, None)
    with pytest.raises(InputError, match="nothing that signs"):
        certificate_of(None, None, tmp_path, None, None)
    assert certificate_of(None, None, None, "http://127.0.0.1:9/", None) is None
    (tmp_path / "pin").write_text("1234\n")
    (tmp_path / "pin").chmod(0o600)
    made = certificate_of(None, (LIBRARY, "lab", "seal"), tmp_path / "pin", None, None)
    assert made is not None
    assert made.key == KeyToken(library=LIBRARY, token="lab", label="seal", pin=b"1234")
