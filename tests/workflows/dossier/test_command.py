"""The commands: hand over, verify, sign a receipt, file it; open an exhibit and say so."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cautery.adapters import custody_file
from cautery.adapters._pdf_keys import KeyFile
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.pades import sign_pdf
from cautery.adapters.typst_pdf import compile_pdf
from cautery.cli import main
from cautery.cli.dossier import _standing
from cautery.errors import InputError, SourceError, StorageError
from cautery.evidence.custody import CustodyAct, stated
from cautery.wiring import custody
from cautery.workflows.dossier.audiences import SHOWN, Audience
from cautery.workflows.dossier.document import document_view
from cautery.workflows.dossier.extract import Extract, extract_of

from .conftest import NOON, Made, loaded, watched

WHO = ("--by", "A. Legal", "--to", "Court of Roma", "--why", "case 12/2026")


def cautery(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["cautery", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def own(tmp_path: Path, made: Made, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The same case with a chain of custody of its own."""
    import shutil

    shutil.copytree(made.path, tmp_path / "case")
    return Made(tmp_path / "case", made.store, made.verdict, made.key)


def test_no_dossier_is_there_without_its_line_of_custody(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its chain can be read and not written: the disk is full, say, or the file another's."""

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(custody_file, "add_to_custody", full)
    handing = ("dossier", own.path, "--for", "public", *WHO, "--key", own.key)
    assert cautery(monkeypatch, *handing, "-o", tmp_path / "bag") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["case"]


def test_for_what_was_only_opened_there_is_no_receipt(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exhibit = "sha256:" + "1" * 64
    custody.note_opening(own.path, what=exhibit, digest=exhibit, by="B", why="x", copied=False)
    receipt = stated(
        at=NOON, act=CustodyAct.RECEIVED, by="Clerk", why="x", what="dossier", digest=exhibit,
        key=loaded(own.key),
    )  # fmt: skip
    (tmp_path / "receipt.json").write_bytes(receipt.text())
    assert cautery(monkeypatch, "custody", "file", own.path, tmp_path / "receipt.json") == 2
    assert len(custody.chain_of(own.path)) == 1


def test_a_case_is_handed_over_and_its_receipt_is_filed(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    bag, receipt = tmp_path / "bag", tmp_path / "receipt.json"
    key = ("--key", own.key)
    assert cautery(monkeypatch, "dossier", own.path, "--for", "court", *WHO, *key, "-o", bag) == 0
    assert "the signature of the bag covers it" in capsys.readouterr().err
    assert cautery(monkeypatch, "verify", bag) == 3
    received = ("custody", "receive", bag, "--by", "Clerk", *key, "-o", receipt)
    assert cautery(monkeypatch, *received) == 0
    assert cautery(monkeypatch, "custody", "file", own.path, receipt) == 0
    assert cautery(monkeypatch, "custody", "file", own.path, receipt) == 2  # once is enough
    handed, filed = custody.chain_of(own.path)
    assert (handed.act, handed.by, handed.to) == (
        CustodyAct.HANDED_OVER, "A. Legal", "Court of Roma",
    )  # fmt: skip
    assert handed.signature
    assert (filed.act, filed.by, filed.digest) == (CustodyAct.RECEIVED, "Clerk", handed.digest)
    capsys.readouterr()
    assert cautery(monkeypatch, "custody", "list", own.path) == 0
    rows = [row.split("\t")[-2:] for row in capsys.readouterr().out.splitlines()[1:]]
    # The clerk of this test has the same key, which no mandate names.
    assert rows == [[handed.public_key, ""]] * 2
    assert cautery(monkeypatch, "custody", "list", own.path, "--json") == 0
    assert [json.loads(text)["act"] for text in capsys.readouterr().out.splitlines()] == [
        "handed over", "received",
    ]  # fmt: skip


def test_a_hoster_is_shown_no_other_hoster_s_records_by_default(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    made = ("dossier", own.path, "--for", "hoster", *WHO, "--key", own.key, "-o", tmp_path / "bag")
    assert cautery(monkeypatch, *made) == 2
    assert "none is named" in capsys.readouterr().err
    assert not (tmp_path / "bag").exists()
    assert cautery(monkeypatch, *made, "--host", "*") == 0


def test_a_receipt_for_something_else_is_refused(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.dossier(tmp_path / "bag")
    receipt = tmp_path / "receipt.json"
    received = ("custody", "receive", tmp_path / "bag", "--by", "Clerk", "--key", own.key)
    assert cautery(monkeypatch, *received, "-o", receipt) == 0
    assert cautery(monkeypatch, "custody", "file", own.path, receipt) == 2
    receipt.write_bytes(receipt.read_bytes().replace(b"Clerk", b"Other"))
    assert cautery(monkeypatch, "custody", "file", own.path, receipt) == 1
    assert custody.chain_of(own.path) == ()


def test_a_receipt_that_is_a_pipe_is_not_waited_for(
    tmp_path: Path, own: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "receipt.json")
    assert cautery(monkeypatch, "custody", "file", own.path, tmp_path / "receipt.json") == 2


def test_nothing_is_handed_over_beside_a_broken_chain(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own.path.with_name("case.custody.jsonl").write_text("{}\n")
    made = ("dossier", own.path, "--for", "public", *WHO, "--key", own.key, "-o", tmp_path / "bag")
    assert cautery(monkeypatch, *made) == 1
    assert not (tmp_path / "bag").exists()


def test_who_opens_or_copies_an_exhibit_is_written_down(
    own: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = (own.path / "vault").glob("*/*")
    digits = min(path.name for path in sealed if not path.read_bytes().startswith(b"CAUTERY1"))
    assert cautery(monkeypatch, "exhibit", own.path, digits[:12]) == 0
    copied = ("-o", tmp_path / "x", "--by", "B. Duty", "--why", "to look at")
    assert cautery(monkeypatch, "exhibit", own.path, digits[:12], *copied) == 0
    opened, taken = custody.chain_of(own.path)
    assert opened.act is CustodyAct.OPENED
    assert (taken.act, taken.by, taken.why) == (CustodyAct.COPIED, "B. Duty", "to look at")
    assert taken.what == taken.digest == f"sha256:{digits}"
    assert cautery(monkeypatch, "exhibit", own.path) == 0  # to list opens nothing
    assert len(custody.chain_of(own.path)) == 2


def certificate(folder: Path, *names: tuple[x509.ObjectIdentifier, str], extension=None) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
        .public_key(key.public_key()).serial_number(7).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )  # fmt: skip
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = builder.add_extension(usage, critical=True)
    if extension is not None:
        builder = builder.add_extension(extension, critical=False)
    signed = builder.sign(key, hashes.SHA256())
    path = folder / "seal.p12"
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, signed, None, NoEncryption()))
    path.chmod(0o600)
    return path


QUALIFIED_SEAL = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"),
    bytes.fromhex("301f") + bytes.fromhex("3008060604008e460101")
    + bytes.fromhex("3013060604008e4601063009060704008e46010602"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "extension", "said"),
    [
        (((NameOID.GIVEN_NAME, "Ada"), (NameOID.SURNAME, "Legal")), None, "at most an advanced signature"),
        (((NameOID.ORGANIZATION_NAME, "League"),), None, "at most an advanced seal"),
        (((NameOID.COMMON_NAME, "League"),), QUALIFIED_SEAL, "calls itself qualified for a seal"),
    ],
)  # fmt: skip
def test_a_document_is_signed_and_says_what_its_certificate_allows(
    tmp_path: Path, names, extension, said: str, capsys
) -> None:
    p12 = certificate(tmp_path, *names, extension=extension)
    pdf = compile_pdf("= A document", archival=True)
    signed = sign_pdf(pdf, key=KeyFile(path=p12), reason="case 12")
    assert signed.level == "B-B"
    assert said in _standing(signed.kind, qualified=signed.calls_itself_qualified)
    assert signed.pdf.startswith(b"%PDF-2.0")
    assert signed.pdf[: len(pdf)] == pdf
    assert intact(signed.pdf)
    flipped = bytearray(signed.pdf)
    flipped[len(pdf) // 2] ^= 1
    assert not intact(bytes(flipped))


def intact(pdf: bytes) -> bool:
    import io

    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
        status = validate_pdf_signature(embedded, ValidationContext(trust_roots=[]))
    except (PdfError, ValueError):
        return False
    return status.intact and status.valid


class Authority(BaseHTTPRequestHandler):
    """A time-stamp authority over HTTP, for the lab."""

    stamper: ClassVar[Any]
    paths: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        asked = tsp.TimeStampReq.load(self.rfile.read(int(self.headers["Content-Length"])))
        body = self.change(self.stamper.request_tsa_response(asked).dump())
        type(self).paths.append(self.path)
        self.send_response(307 if self.path == "/elsewhere" else 200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/inside")
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    @staticmethod
    def change(body: bytes) -> bytes:
        return body

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
    from pyhanko.sign.timestamps import DummyTimeStamper

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(9)
        .public_key(key.public_key()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(Encoding.PEM)
    [loaded] = load_certs_from_pemder_data(pem)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    Authority.stamper = DummyTimeStamper(
        loaded, load_private_key_from_pemder_data(private, passphrase=None)
    )
    (tmp_path / "authority.pem").write_bytes(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Authority)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", tmp_path / "authority.pem"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_authority_makes_it_a_signature_for_the_long_term(
    tmp_path: Path, authority: tuple[str, Path]
) -> None:
    url, roots = authority
    p12 = certificate(tmp_path, (NameOID.ORGANIZATION_NAME, "League"))
    pdf = compile_pdf("= A document", archival=True)
    signed = sign_pdf(pdf, key=KeyFile(path=p12), reason="12", authority=url, roots=roots)
    assert signed.level == "B-LTA"
    assert b"/DocTimeStamp" in signed.pdf
    assert b"/DSS" in signed.pdf
    assert intact(signed.pdf)


@pytest.mark.parametrize("where", ["", "elsewhere"])
@pytest.mark.parametrize("fault", ["signature", "size", "none"])
def test_a_bad_answer_of_an_authority_is_not_embedded(
    tmp_path: Path,
    authority: tuple[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    fault: str,
) -> None:
    changes = {
        "signature": lambda body: body[:-1] + bytes([body[-1] ^ 1]),
        "size": lambda body: body + b"0" * 200_000,
        "none": lambda body: body,
    }
    monkeypatch.setattr(Authority, "change", staticmethod(changes[fault]))
    monkeypatch.setattr(Authority, "paths", [])
    url, roots = authority
    p12 = certificate(tmp_path, (NameOID.ORGANIZATION_NAME, "League"))
    signing = {"key": KeyFile(path=p12), "reason": "12", "roots": roots}
    if not where and fault == "none":
        assert sign_pdf(compile_pdf("= A"), authority=url, **signing).level == "B-LTA"
        return
    with pytest.raises(SourceError, match="not stamped"):
        sign_pdf(compile_pdf("= A document"), authority=url + where, **signing)
    assert "/inside" not in Authority.paths


def test_an_authority_that_does_not_answer_is_named(tmp_path: Path) -> None:
    p12 = certificate(tmp_path, (NameOID.ORGANIZATION_NAME, "League"))
    pdf = compile_pdf("= A document", archival=True)
    with pytest.raises(InputError, match="root certificate"):
        sign_pdf(pdf, key=KeyFile(path=p12), reason="12", authority="http://127.0.0.1:9/")
    (tmp_path / "root.pem").write_text("nothing")
    with pytest.raises(InputError):
        sign_pdf(
            pdf, key=KeyFile(path=p12), reason="12", authority="http://127.0.0.1:9/",
            roots=tmp_path / "root.pem",
        )  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"no key", b"0" * 70_000])
def test_what_is_no_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "seal.p12"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError):
        sign_pdf(b"%PDF-2.0", key=KeyFile(path=path), reason="12")


def test_a_document_with_its_proofs_is_in_the_bag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lab_case: Made
) -> None:
    bag = tmp_path / "bag"
    p12 = certificate(tmp_path, (NameOID.ORGANIZATION_NAME, "League"))
    made = ("dossier", lab_case.path, "--for", "court", *WHO, "--key", lab_case.key)
    assert cautery(monkeypatch, *made, "--sign", p12, "-o", bag) == 0
    pdf = (bag / "data/dossier.pdf").read_bytes()
    assert intact(pdf)
    for name in (b"error_rates.toml", b"verdicts.jsonl", b"manifest.note"):
        assert name in pdf
    assert b"pdfaid" in pdf


@pytest.fixture
def lab_case(tmp_path: Path) -> Made:
    folder = tmp_path / "lab"
    folder.mkdir()
    return watched(folder)


@pytest.mark.parametrize("audience", Audience)
def test_the_document_names_the_program_where_the_bag_has_it(
    made: Made, tmp_path: Path, audience: Audience
) -> None:
    sentences: list[str] = []

    def document(extract: Extract | None, _: object) -> dict[str, bytes]:
        view, _ = document_view(made.path, extract, audience=audience, store=FolderStore(), at=NOON)
        sentences.extend(view.method)
        return {}

    made.dossier(tmp_path / "bag", audience, document=document)
    has = (tmp_path / "bag/rerun.py").is_file()
    assert has == (audience in {Audience.COURT, Audience.HOSTER, Audience.DEFENCE})
    assert len(sentences) >= 3
    assert any("rerun.py" in sentence for sentence in sentences) == has


@pytest.mark.parametrize("audience", [Audience.HOSTER, Audience.PROVIDER, Audience.PUBLIC])
def test_the_document_of_an_extract_says_no_more_than_its_records(
    made: Made, audience: Audience
) -> None:
    store = FolderStore()
    ledger = store.ledger(made.path, read_only=True)
    extract = extract_of(ledger.leaves(), SHOWN[audience], hosts=frozenset(), salt=bytes)
    ledger.close()
    view, attached = document_view(made.path, extract, audience=audience, store=store, at=NOON)
    text = f"{view} {attached}"
    assert view.standing == ""
    assert ("League" in text) == (audience is not Audience.PUBLIC)
    assert ("pirate.example" in text) == (audience is not Audience.PUBLIC)
    assert bool(view.claims) == (audience is not Audience.PUBLIC)
    assert all(claim.network == "" for claim in view.claims)
    assert all(claim.hosts == () for claim in view.claims)
    assert sum(int(count) for _, count in view.withheld) == len(extract.withheld)
