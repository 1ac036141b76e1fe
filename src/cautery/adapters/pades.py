"""Signatures on PDF documents: PAdES, by pyHanko.

Reaches: the local disk; with an authority's URL also that time-stamp authority.
Lawful basis: a person signs with their own certificate, or an organisation with its own.
Manners: the document's digest alone leaves the machine, and only where an authority is named.
Format: PAdES (ETSI EN 319 142-1), baseline B-B, or B-LTA where an authority stamps it; the key in
    a file (PKCS#12) or on a token (PKCS#11).
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509

from cautery.adapters._files import read_whole, real_path
from cautery.adapters._pdf_keys import MOST_CERTIFICATE, KeyFile, KeyToken, signer_of
from cautery.errors import CauteryError, EvidenceError, InputError, SourceError
from cautery.evidence.outside.stamps import MAX_TOKEN_BYTES, check_digest_stamped

FIELD = "Cautery"
_WITHIN_S = 20.0
"""For one answer of a time-stamp authority. Judgement: usual ones come within a second."""
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_COMPLIANT, _TYPES = "0.4.0.1862.1.1", "0.4.0.1862.1.6"
"""QcCompliance and QcType (ETSI EN 319 412-5, 4.2.1 and 4.2.3)."""
_SEAL, _SIGNATURE = "0.4.0.1862.1.6.2", "0.4.0.1862.1.6.1"
_QC_STATEMENTS = "qc_statements"
_ORGANISATION = frozenset(("organization_identifier", "organization_name"))
_PERSON = frozenset(("given_name", "surname", "pseudonym"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPdf:
    """A signed document, and what may be said of its signature.

    Parameters
    ----------
    kind : str
        ``signature`` of a person, or ``seal`` of an organisation, as the certificate says.
    calls_itself_qualified : bool
        The certificate says so; whether it is stands in a trusted list alone.
    level : str
        ``B-B``, or ``B-LTA`` where an authority stamped it.
    subject : str
        Whose certificate it is.
    """

    pdf: bytes
    kind: str
    calls_itself_qualified: bool
    level: str
    subject: str


def sign_pdf(
    pdf: bytes,
    *,
    key: KeyFile | KeyToken,
    reason: str,
    authority: str | None = None,
    roots: Path | None = None,
    field: str = FIELD,
) -> SignedPdf:
    """Sign a document.

    Parameters
    ----------
    key : KeyFile or KeyToken
        With its certificate.
    reason : str
        Shown with the signature.
    authority : str, optional
        URL of an RFC 3161 time-stamp authority; with it the signature is B-LTA.
    roots : Path, optional
        Certificates (PEM) of the authority's root; needed with ``authority``.
    field : str
        Name of the signature in the document.

    Raises
    ------
    InputError
        If the key cannot be used, or pyHanko is not installed.
    SourceError
        If the authority does not stamp it.
    """
    try:
        from pyhanko.pdf_utils.incremental_writer import (  # noqa: PLC0415 - an extra
            IncrementalPdfFileWriter,
        )
        from pyhanko.sign import fields, signers, timestamps  # noqa: PLC0415
    except ImportError as error:
        raise InputError(
            "signing a document needs the library pyHanko",
            hint="pip install 'cautery[dossier]'",
        ) from error
    stamper, context = None, None
    with signer_of(key) as signer:
        certificate = signer.signing_cert
        if authority is not None:
            if roots is None:
                raise InputError(
                    "the root certificate of the time-stamp authority is missing",
                    hint="Give it with --authority-root.",
                )
            authorities = _certificates(roots)
            stamper = _stamper(authority, timestamps.TimeStamper, authorities)
            context = _context([certificate, *signer.cert_registry, *authorities])
        metadata = signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm="sha256",
            reason=reason,
            name=certificate.subject.human_friendly,
            subfilter=fields.SigSeedSubFilter.PADES,
            embed_validation_info=context is not None,
            use_pades_lta=context is not None,
            validation_context=context,
        )
        out = io.BytesIO()
        try:
            signers.PdfSigner(metadata, signer=signer, timestamper=stamper).sign_pdf(
                IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out
            )
        except Exception as error:  # pyHanko and the libraries below it have no common base
            why = str(error) or type(error).__name__
            if authority is not None:
                raise SourceError(f"{authority}: the document is not stamped: {why}") from error
            raise CauteryError(f"the document cannot be signed: {why}") from error
    return SignedPdf(
        pdf=out.getvalue(),
        kind=_kind(certificate),
        calls_itself_qualified=_COMPLIANT in _statements(certificate),
        level="B-B" if context is None else "B-LTA",
        subject=certificate.subject.human_friendly,
    )


def _context(known: list[Any]) -> Any:
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415 - comes with pyHanko

    return ValidationContext(trust_roots=known, allow_fetching=False, revocation_mode="soft-fail")


def _stamper(url: str, base: Any, authorities: Iterable[Any]) -> Any:
    """Return what asks an authority: it follows nobody elsewhere, and reads and waits so much.

    What it gets is verified before it is embedded: pyHanko looks at the certificate alone.
    """
    from asn1crypto import tsp  # noqa: PLC0415 - comes with pyHanko

    roots = [x509.load_der_x509_certificate(authority.dump()) for authority in authorities]

    class Stamper(base):  # type: ignore[misc]
        async def async_request_tsa_response(self, req: Any) -> Any:
            timeout = aiohttp.ClientTimeout(total=_WITHIN_S)
            async with (
                aiohttp.ClientSession(
                    timeout=timeout, trust_env=True, auto_decompress=False
                ) as session,
                session.post(
                    url, data=req.dump(), headers={"Content-Type": _QUERY}, allow_redirects=False
                ) as answer,
            ):
                if answer.status != 200 or answer.content_type != _REPLY:
                    raise SourceError(f"it answered with status {answer.status} and no time-stamp")
                body = bytearray()
                async for part in answer.content.iter_any():
                    body += part
                    if len(body) > MAX_TOKEN_BYTES:
                        raise SourceError(f"it answered with more than {MAX_TOKEN_BYTES} bytes")
            digest = req["message_imprint"]["hashed_message"].native
            check_digest_stamped(bytes(body), digest=digest, roots=roots)
            return tsp.TimeStampResp.load(bytes(body))

    return Stamper()


def _certificates(path: Path) -> list[Any]:
    from pyhanko.keys import load_certs_from_pemder_data  # noqa: PLC0415 - an extra

    try:
        raw = read_whole(real_path(path), limit=MOST_CERTIFICATE)
        return list(load_certs_from_pemder_data(raw))
    except (EvidenceError, ValueError) as error:
        raise InputError(f"{path}: no certificates in PEM") from error


def _statements(certificate: Any) -> dict[str, Any]:
    """Return the statements of a qualified certificate, by their number; empty: it has none."""
    for extension in certificate["tbs_certificate"]["extensions"]:
        if extension["extn_id"].native in {_QC_STATEMENTS, "1.3.6.1.5.5.7.1.3"}:
            try:
                return dict(_read_statements(extension["extn_value"].contents))
            except (ValueError, TypeError, KeyError, IndexError):
                return {}
    return {}


def _read_statements(der: bytes) -> list[tuple[str, list[str]]]:
    from asn1crypto import core  # noqa: PLC0415 - comes with pyHanko

    class Statement(core.Sequence):  # type: ignore[misc]
        _fields = [("id", core.ObjectIdentifier), ("info", core.Any, {"optional": True})]  # noqa: RUF012

    class Statements(core.SequenceOf):  # type: ignore[misc]
        _child_spec = Statement

    class Types(core.SequenceOf):  # type: ignore[misc]
        _child_spec = core.ObjectIdentifier

    statements = []
    for statement in Statements.load(der):
        number = statement["id"].dotted
        kinds = []
        if number == _TYPES:
            kinds = [kind.dotted for kind in statement["info"].parse(spec=Types)]
        statements.append((number, kinds))
    return statements


def _kind(certificate: Any) -> str:
    """Tell whose certificate it is: by its QcType, else by the names of its subject."""
    types = _statements(certificate).get(_TYPES, [])
    if _SEAL in types:
        return "seal"
    if _SIGNATURE in types:
        return "signature"
    names = set(certificate.subject.native)
    return "seal" if names & _ORGANISATION and not names & _PERSON else "signature"
