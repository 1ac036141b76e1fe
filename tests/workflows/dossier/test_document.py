"""The document in the bag: its language, its exhibits, and what follows its signature."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.x509.oid import NameOID

from cautery.adapters._pdf_keys import KeyFile
from cautery.adapters.pades import sign_pdf
from cautery.adapters.pdf_signatures import checked_document
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import EvidenceError
from cautery.messages import in_language
from cautery.wiring import custody
from cautery.workflows.dossier.verify_page import PAGES, verify_page

from .conftest import Made, Vouched
from .test_command import WHO, Authority, authority, cautery, certificate  # noqa: F401
from .test_times import signed_again

CODE = re.compile(r"```(?:sh|text)\n.*?```", re.DOTALL)
ALL = dict.fromkeys(
    (
        "stamp",
        "times",
        "times-of-authorities",
        "times-of-cosigners",
        "proofs",
        "media",
        "encrypted",
        "opened",
        "custody",
    ),
    True,
)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("language", ["es", "fr", "it"])
def test_the_commands_of_a_page_are_those_of_every_language(page: str, language: str) -> None:
    english = verify_page(page, ALL).decode()
    with in_language(language):
        translated = verify_page(page, ALL).decode()
    assert CODE.findall(english) == CODE.findall(translated)
    assert len(CODE.findall(english)) >= 9
    assert CODE.sub("", english) != CODE.sub("", translated)
    assert "<!--" not in translated
    names = re.compile(r"`[^`\n]+`")
    assert sorted(names.findall(CODE.sub("", english))) == sorted(
        names.findall(CODE.sub("", translated))
    )


@pytest.mark.parametrize("page", PAGES)
def test_no_command_of_a_page_ends_the_one_before_it(page: str) -> None:
    """A shell with `pipefail` ends where one stops to read what another still writes."""
    for line in verify_page(page, ALL).decode().splitlines():
        assert "| head -n" not in line
        assert "sqlite3" not in line or "| head" not in line


def test_a_page_says_nothing_of_what_a_bag_has_not() -> None:
    page = verify_page("verify_extract.md", {}).decode()
    for word in ("tsr", "manifest.proof", "cosigners.policy", "rerun.py", "inclusion.py"):
        assert word not in page
    assert "manifest.note" in page


def test_a_dossier_speaks_the_language_that_is_asked_for(
    vouched: Vouched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(vouched.made.path, tmp_path / "case")
    handing = ("dossier", tmp_path / "case", "--for", "court", *WHO, "--key", vouched.made.key)
    bag = tmp_path / "bag"
    assert cautery(monkeypatch, *handing, "--language", "fr", "--clips", "0", "-o", bag) == 0
    assert (bag / "VERIFY.md").read_text().startswith("# Vérifier ce dossier sans Cautery\n")
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext")
    text = subprocess.run(
        ["pdftotext", "-layout", bag / "data/dossier.pdf", "-"], capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip
    for word in ("Ce qui est affirmé", "soutien fort", "non apprécié"):
        assert word in text
    listed = (bag / "data/exhibits.csv").read_bytes()
    assert hashlib.sha256(listed).hexdigest() in text
    rows = list(csv.DictReader(io.StringIO(listed.decode(), newline="")))
    assert {row["claim"] for row in rows} == {"1"}
    for row in rows:
        digits = row["sha256"]
        assert (bag / "data/case/vault" / digits[:2] / digits).is_file()


def signed(tmp_path: Path) -> bytes:
    p12 = certificate(tmp_path, (NameOID.ORGANIZATION_NAME, "League"))
    pdf = compile_pdf("= A document", archival=True)
    return sign_pdf(pdf, key=KeyFile(path=p12), reason="case 12").pdf


def revised(pdf: bytes) -> bytes:
    """Return a document with one more revision, as any tool writes one."""
    from pyhanko.pdf_utils.generic import NameObject, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root[NameObject("/Lang")] = pdf_string("xx")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_document_that_was_revised_after_it_was_signed_is_refused(tmp_path: Path) -> None:
    whole = signed(tmp_path)
    assert checked_document(whole).subject.endswith("League")
    with pytest.raises(EvidenceError, match="revised after it was signed"):
        checked_document(revised(whole))
    with pytest.raises(EvidenceError, match="bytes follow its end"):
        checked_document(whole + b"\n% one more line\n")
    other = tmp_path / "other"
    other.mkdir()
    p12 = certificate(other, (NameOID.ORGANIZATION_NAME, "Other"))
    flipped = bytearray(whole)
    flipped[1000] ^= 1
    with pytest.raises(EvidenceError):
        checked_document(bytes(flipped))
    again = sign_pdf(whole, key=KeyFile(path=p12), reason="mine", field="Second").pdf
    with pytest.raises(EvidenceError, match=r"revised after|second signature"):
        checked_document(again)


def changed_root(key: str, value: str) -> Callable[[Any], None]:
    def change(writer: Any) -> None:
        from pyhanko.pdf_utils.generic import NameObject, pdf_name

        writer.root[NameObject(key)] = pdf_name(value)
        writer.update_root()

    return change


def other_title(writer: Any) -> None:
    from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name, pdf_string

    writer.set_info(DictionaryObject({pdf_name("/Title"): pdf_string("Acquitted")}))


def hidden_object(writer: Any) -> None:
    from pyhanko.pdf_utils.generic import StreamObject

    writer.add_object(StreamObject(stream_data=b"a letter"))


@pytest.mark.parametrize("change", [other_title, hidden_object, changed_root("/Version", "/1.4")])
def test_neither_its_title_nor_anything_hidden_follows_the_signature(
    tmp_path: Path, change: Callable[[Any], None]
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer, out = IncrementalPdfFileWriter(io.BytesIO(signed(tmp_path))), io.BytesIO()
    change(writer)
    writer.write(out)
    with pytest.raises(EvidenceError, match="revised after it was signed"):
        checked_document(out.getvalue())


def test_a_signature_that_leaves_out_the_end_of_the_file_is_refused(tmp_path: Path) -> None:
    """As long as the file, in the wrong place: the signer can change the end later."""
    from pyhanko.sign import signers

    whole = bytearray(signed(tmp_path))
    listed = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", bytes(whole))
    assert listed is not None
    _, before, after, rest = map(int, listed.groups())
    moved = b"/ByteRange [0 %d %d %d]" % (before, after - 9, rest)
    whole[listed.start() : listed.end()] = moved.ljust(len(listed[0]))
    whole[before + 1 : after - 1] = b"0" * (after - before - 2)
    [p12] = tmp_path.glob("*.p12")
    signer = signers.SimpleSigner.load_pkcs12_data(p12.read_bytes(), other_certs=[], passphrase=b"")
    covered = whole[:before] + whole[after - 9 : after - 9 + rest]
    digest = hashlib.sha256(covered).digest()
    cms = asyncio.run(signer.async_sign(digest, "sha256", use_pades=True)).dump().hex().encode()
    whole[before + 1 : before + 1 + len(cms)] = cms
    with pytest.raises(EvidenceError, match="leaves out other bytes than its own"):
        checked_document(bytes(whole))


def test_stamps_may_follow_the_signature(tmp_path: Path, authority) -> None:  # noqa: F811
    url, roots = authority
    p12 = certificate(tmp_path, (NameOID.ORGANIZATION_NAME, "League"))
    pdf = compile_pdf("= A document", archival=True)
    lta = sign_pdf(pdf, key=KeyFile(path=p12), reason="12", authority=url, roots=roots).pdf
    assert checked_document(lta).stamps == 1
    with pytest.raises(EvidenceError, match="revised after it was signed"):
        checked_document(revised(lta))


@pytest.mark.parametrize("pdf", [b"", b"%PDF-2.0", b"%PDF-1.7\n" + b"[" * 100_000, b"\x00" * 9999])
def test_what_is_no_document_is_refused(pdf: bytes) -> None:
    with pytest.raises(EvidenceError):
        checked_document(pdf)


def test_a_dossier_with_a_revised_document_is_refused_though_all_digests_agree(
    vouched: Vouched, tmp_path: Path
) -> None:
    bag = tmp_path / "bag"
    whole = signed(tmp_path)
    vouched.dossier(bag, document=lambda *_: {"dossier.pdf": whole})
    verified = custody.verify(bag, public_key=None, signer=None)
    assert "nothing follows the signature of" in verified.document
    (bag / "data/dossier.pdf").write_bytes(revised(whole))
    signed_again(bag, vouched)
    with pytest.raises(EvidenceError, match=r"dossier\.pdf: .*revised after it was signed"):
        custody.verify(bag, public_key=None, signer=None)


def test_a_document_without_a_signature_is_covered_by_that_of_the_bag(made: Made, tmp_path) -> None:
    pdf = compile_pdf("= A document", archival=True)
    made.dossier(tmp_path / "bag", document=lambda *_: {"dossier.pdf": pdf})
    verified = custody.verify(tmp_path / "bag", public_key=None, signer=None)
    assert "not signed itself" in verified.document
