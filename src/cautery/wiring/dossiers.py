"""Dossiers: who is handed what of a case; the chain of custody says so."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery import wiring
from cautery.adapters._key_files import private_bytes
from cautery.adapters.bag_folder import BagFolder
from cautery.adapters.custody_file import add_to_custody, read_custody
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.pades import SignedPdf, sign_pdf
from cautery.adapters.person_keys import load_approver
from cautery.adapters.side_by_side import encoded
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import InputError
from cautery.evidence.custody import CustodyAct, stated
from cautery.messages import in_language
from cautery.model.records import CaseOpened, kinds_of
from cautery.pages.dossier import dossier_typst
from cautery.wiring.cases import reading_store
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.build import Dossier, make_dossier
from cautery.workflows.dossier.clips import clips_of
from cautery.workflows.dossier.document import document_view
from cautery.workflows.dossier.extract import Extract


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """By which a document is signed.

    Parameters
    ----------
    p12 : Path
        Key and certificate (PKCS#12).
    authority : str or None
        URL of a time-stamp authority; ``None``: the signature is not stamped.
    roots : Path or None
        Certificates of that authority.
    """

    p12: Path
    password: bytes
    authority: str | None = None
    roots: Path | None = None


def certificate_of(
    p12: Path | None, password_file: Path | None, authority: str | None, roots: Path | None
) -> Certificate | None:
    """Return the certificate that the options name; ``None``: they name none.

    Raises
    ------
    InputError
        If the file of its password cannot be read, or an authority is named without it.
    """
    if p12 is None:
        if authority is not None or password_file is not None:
            raise InputError("a document is stamped only if it is signed", hint="Give --sign.")
        return None
    password = b"" if password_file is None else private_bytes(password_file).rstrip(b"\r\n")
    return Certificate(p12=p12, password=password, authority=authority, roots=roots)


def make(
    case: Path,
    out: Path,
    *,
    audience: Audience,
    hosts: Iterable[str] = (),
    by: str,
    key: Path,
    to: str,
    why: str,
    language: str = "en",
    certificate: Certificate | None = None,
    clips: int = 0,
) -> tuple[Dossier, SignedPdf | None]:
    """Make a dossier, and write into the chain of custody who was given it and why.

    Parameters
    ----------
    certificate : Certificate, optional
        Signs the document; without one it is not signed, and the bag's signature covers it.
    clips : int
        Playable proofs at most, for a court.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    person = load_approver(key)
    now = wiring.clock().now()
    # Before anything is written: a dossier that no record of custody can name must not leave.
    stated(at=now, act=CustodyAct.HANDED_OVER, by=by, to=to, why=why, what="", digest="")
    read_custody(case)
    signatures: list[SignedPdf] = []

    def document(extract: Extract | None) -> bytes:
        with in_language(language):
            view, attached = document_view(
                case, extract, audience=audience, store=reading_store(), at=now
            )
            source = dossier_typst(view, tuple(attached))
        pdf = compile_pdf(source, made_at=now, beside={**view.files, **attached}, archival=True)
        if certificate is None:
            return pdf
        signatures.append(
            sign_pdf(
                pdf,
                p12=certificate.p12,
                password=certificate.password,
                reason=why,
                authority=certificate.authority,
                roots=certificate.roots,
            )
        )
        return signatures[0].pdf

    playable: Mapping[str, bytes] = {}
    if audience is Audience.COURT and clips > 0:
        playable = asyncio.run(_clips(case, clips))
    dossier = make_dossier(
        case,
        out,
        audience=audience,
        hosts=frozenset(hosts),
        store=reading_store(),
        writer=BagFolder(),
        by=by,
        key=person,
        at=now,
        salt=secrets.token_bytes,
        pdf=document if _names_a_mandate(case) else None,
        clips=playable,
    )
    if dossier.openings:
        body = {"dossier": dossier.digest, "salts": dossier.openings}
        wiring.write_secret(
            out.with_name(f"{out.name}.openings.json"), (json.dumps(body).encode(),)
        )
    add_to_custody(
        case,
        lambda chain: stated(
            at=now,
            act=CustodyAct.HANDED_OVER if to else CustodyAct.COPIED,
            by=by,
            to=to,
            why=why,
            what=f"dossier for {audience}",
            digest=dossier.digest,
            previous=chain[-1].id if chain else "",
            key=person,
        ),
    )
    return dossier, signatures[0] if signatures else None


async def _clips(case: Path, most: int) -> Mapping[str, bytes]:
    async with ChildDecoder(1, without_seccomp=wiring.without_seccomp()) as decoder:
        return await clips_of(
            case, most=most, store=reading_store(), decoder=decoder, encode=encoded
        )


def _names_a_mandate(case: Path) -> bool:
    """Tell whether a case was opened under a mandate; an operation's case has no such claims."""
    ledger = reading_store().ledger(case, read_only=True)
    try:
        return next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None) is not None
    finally:
        ledger.close()
