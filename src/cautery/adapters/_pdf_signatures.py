"""The job of the child that checks the signatures of a PDF, which anybody may have made."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cautery.errors import SourceError

MODULE = "cautery.adapters._pdf_signatures"
JOB = "pdf-signatures"
_MOST_SIGNATURES = 20
_WRITTEN = re.compile(
    rb"<(xmp:(?:Modify|Metadata)Date|pdf:Producer)>[^<]*</\1>"
    rb"|\b(?:xmp:(?:Modify|Metadata)Date|pdf:Producer)=(?:\"[^\"<]*\"|'[^'<]*')"
)
"""When and by what metadata was written."""


def _signatures(_: Any, pdf: bytes) -> bytes:
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 - an extra

    if pdf and not pdf.rstrip(b"\r\n").endswith(b"%%EOF"):
        raise SourceError("bytes follow its end")
    try:
        return json.dumps(_seen(PdfFileReader(io.BytesIO(pdf), strict=True))).encode()
    except SourceError:
        raise
    except Exception as error:  # of hostile bytes pyHanko's errors have no common base
        raise SourceError(f"not a PDF whose signatures can be read: {str(error)[:200]}") from error


def _seen(reader: Any) -> dict[str, Any]:
    from pyhanko.sign.diff_analysis import ModificationLevel  # noqa: PLC0415 - an extra
    from pyhanko.sign.validation import (  # noqa: PLC0415
        async_validate_pdf_signature,
        async_validate_pdf_timestamp,
    )
    from pyhanko.sign.validation.status import SignatureCoverageLevel  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    signatures_found = reader.embedded_signatures
    if not signatures_found:
        return {"subject": "", "stamps": 0}
    if len(signatures_found) > _MOST_SIGNATURES:
        raise SourceError(f"it has {len(signatures_found)} signatures")
    nobody = ValidationContext(trust_roots=[], allow_fetching=False)
    policy, last, subject, stamps = _times_alone(), signatures_found[0], "", 0
    for signature in signatures_found:
        _require_one_gap(signature)
        is_stamp = signature in reader.embedded_timestamp_signatures
        judge = async_validate_pdf_timestamp if is_stamp else async_validate_pdf_signature
        last = _run(judge(signature, nobody, diff_policy=policy))
        if not (last.intact and last.valid):
            raise SourceError(
                "a signature in it does not match: it was altered after it was signed"
            )
        if is_stamp:
            stamps += 1
            continue
        if subject:
            raise SourceError("it has a second signature, in a revision that was added later")
        subject = signature.signer_cert.subject.human_friendly
        if last.modification_level not in {ModificationLevel.NONE, ModificationLevel.LTA_UPDATES}:
            raise SourceError("it was revised after it was signed, by more than time-stamps")
    whole = last.coverage is SignatureCoverageLevel.ENTIRE_FILE
    # What proves an authority's certificate may follow its time-stamp (PAdES, 5.4.2.3).
    if not whole and last.modification_level is not ModificationLevel.LTA_UPDATES:
        raise SourceError("it was revised after it was signed: bytes follow the last signature")
    if not subject:
        raise SourceError("it is time-stamped, but nobody has signed it")
    return {"subject": subject, "stamps": stamps}


def _times_alone() -> Any:
    """Return what may follow a signature: time-stamps, and what proves them.

    pyHanko's own policy also lets the title of a document change, and hidden objects come in. When
    the document was changed last does change with each time-stamp.
    """
    from pyhanko.sign import diff_analysis as diff  # noqa: PLC0415 - an extra

    class Info(diff.DocInfoRule):
        def apply(self, old: Any, new: Any) -> Any:
            return super().apply(old, new) if _info(old) == _info(new) else ()

    class Metadata(diff.MetadataUpdateRule):
        def apply(self, old: Any, new: Any) -> Any:
            return super().apply(old, new) if _metadata(old) == _metadata(new) else ()

    level: Any = diff.ModificationLevel.LTA_UPDATES
    return diff.StandardDiffPolicy(
        global_rules=[
            diff.CatalogModificationRule(  # type: ignore[no-untyped-call]
                ignored_keys=frozenset({"/AcroForm", "/DSS", "/Extensions"})
            ),
            Info().as_qualified(level),
            Metadata().as_qualified(level),  # type: ignore[no-untyped-call]
            diff.XrefStreamRule().as_qualified(level),
            diff.ObjectStreamRule().as_qualified(level),
            diff.DSSCompareRule().as_qualified(level),
        ],
        form_rule=diff.FormUpdatingRule(
            field_rules=[diff.SigFieldCreationRule(), diff.SigFieldModificationRule()]  # type: ignore[no-untyped-call]
        ),
        ignore_orphaned_objects=False,
    )


def _info(revision: Any) -> dict[str, str]:
    """Return what a revision says of the document, but not when and by what it was written."""
    info = _object(revision, revision.trailer_view, "/Info") or {}
    return {key: str(info[key]) for key in info if key not in {"/ModDate", "/Producer"}}


def _metadata(revision: Any) -> bytes:
    """Return the same of its metadata (XMP)."""
    stream = _object(revision, revision.root, "/Metadata")
    return b"" if stream is None else _WRITTEN.sub(b"", stream.data)


def _object(revision: Any, holder: Any, key: str) -> Any:
    """Return a member of a dictionary as it was in a revision; ``None``: there was none."""
    try:
        value = holder.raw_get(key)
    except KeyError:
        return None
    return revision.get_object(value.reference) if hasattr(value, "reference") else value


def _require_one_gap(signature: Any) -> None:
    """Raise unless a signature covers all before and after its own bytes, and these alone are not.

    pyHanko compares how much is covered with the length of the file, and not where it lies.
    """
    gap = 2 * len(signature.pkcs7_content) + 2  # hex digits between < and >
    places = list(signature.byte_range)
    if len(places) != 4 or places[0] != 0 or places[2] != places[1] + gap:
        raise SourceError("a signature in it leaves out other bytes than its own")


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to its end what waits for nothing: a loop would need sockets, which are refused here."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise SourceError("checking it would need a network")


def _signed_sample() -> bytes:
    from asn1crypto.keys import PrivateKeyInfo  # noqa: PLC0415 - comes with pyHanko
    from asn1crypto.x509 import Certificate  # noqa: PLC0415
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        NoEncryption,
        PrivateFormat,
    )
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import signers  # noqa: PLC0415
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a sample")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    untyped: Any = PdfFileWriter
    writer, plain, out = untyped(), io.BytesIO(), io.BytesIO()
    page: Any = PageObject
    writer.insert_page(page(contents=writer.add_object(_stream()), media_box=(0, 0, 10, 10)))
    writer.write(plain)
    store: Any = SimpleCertificateStore
    signer = signers.SimpleSigner(
        signing_cert=Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=PrivateKeyInfo.load(
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ),
        cert_registry=store(),
    )
    signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(plain.getvalue())),
        signers.PdfSignatureMetadata(field_name="Sample"),
        signer=signer,
        output=out,
    )
    return out.getvalue()


def _stream() -> Any:
    from pyhanko.pdf_utils.generic import StreamObject  # noqa: PLC0415 - an extra

    return StreamObject(stream_data=b"")


def warm() -> None:
    """Check a signed document of its own, so that nothing is loaded once no file can be opened."""
    logging.disable(logging.CRITICAL)  # pyHanko logs what it cannot trust
    _signatures(None, _signed_sample())


JOBS: Mapping[str, Callable[[Any, bytes], bytes]] = {JOB: _signatures}
