"""Dossiers: who is handed what of a case; the chain of custody says so."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery import wiring
from cautery.adapters._files import write_new
from cautery.adapters._key_files import private_bytes
from cautery.adapters._pdf_keys import KeyFile, KeyToken
from cautery.adapters.bag_folder import BagFolder
from cautery.adapters.case_still import still
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.output import check_output
from cautery.adapters.pades import SignedPdf, sign_pdf
from cautery.adapters.person_keys import load_approver
from cautery.adapters.side_by_side import encoded
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import CauteryError, InputError
from cautery.evidence.custody import CustodyAct, stated
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.outside.proof_file import PROOF
from cautery.evidence.ports import CaseStore
from cautery.formats.named_hosts import host_written
from cautery.messages import in_language
from cautery.model import NetworkPolicy
from cautery.model.blind import NightAccount
from cautery.model.records import CaseOpened, PaperKind, kinds_of
from cautery.pages.dossier import dossier_typst
from cautery.pages.dossier.exhibits import EXHIBITS
from cautery.wiring import cases, desks, timing
from cautery.wiring.case_graphs import case_graph
from cautery.wiring.cases import reading_store
from cautery.wiring.moving import as_folder
from cautery.workflows.dossier.accused import Accused
from cautery.workflows.dossier.as_verified import as_verified
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.build import Dossier, make_dossier
from cautery.workflows.dossier.chain import chain_bytes
from cautery.workflows.dossier.clips import clips_of
from cautery.workflows.dossier.defence import Defence
from cautery.workflows.dossier.document import PDF, document_view, operation_view
from cautery.workflows.dossier.extract import Extract
from cautery.workflows.dossier.opened import LIST, Opened, opened_copies
from cautery.workflows.dossier.trusted import trusted_files
from cautery.workflows.dossier.withholding import withholdings
from cautery.workflows.operation.about_person import hosts_of, said_of
from cautery.workflows.operation.papers import register_paper, require_person
from cautery.workflows.timing.settings import LogSettings, StampingAuthority, check_url

ALL_HOSTS = "*"
_MOST_WHAT = 400
"""Letters of a line of custody on what was opened; the list names each exhibit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """By which a document is signed.

    Parameters
    ----------
    key : KeyFile or KeyToken
        Key and certificate.
    authority : str or None
        URL of a time-stamp authority; ``None``: the signature is not stamped.
    roots : Path or None
        Certificates of that authority.
    """

    key: KeyFile | KeyToken
    authority: str | None = None
    roots: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """Who vouches for the times of a dossier.

    Parameters
    ----------
    trust : Trust
        By whose word times have a bracket.
    stamping : LogSettings or None
        Whose authorities are asked to stamp the bag; ``None``: nobody is.
    must_stamp : bool
        A person asked for the stamp, so that there is no dossier without one.
    """

    trust: Trust = NOBODY
    stamping: LogSettings | None = None
    must_stamp: bool = False


def certificate_of(
    p12: Path | None,
    token: tuple[Path, str, str] | None,
    password_file: Path | None,
    authority: str | None,
    roots: Path | None,
) -> Certificate | None:
    """Return the certificate that the options name; ``None``: they name none.

    Parameters
    ----------
    token : tuple of (Path, str, str), optional
        PKCS#11 library, label of the token, label of the certificate.
    password_file : Path, optional
        Holds the password of the file, or the PIN of the token.

    Raises
    ------
    InputError
        If the password cannot be read, or the options contradict each other.
    """
    if p12 is not None and token is not None:
        raise InputError("a document is signed once: by a file, or by a token")
    if p12 is None and token is None:
        if password_file is not None:
            raise InputError(
                "a password is given, but nothing that signs", hint="Give --sign or --sign-token."
            )
        return None
    secret = b"" if password_file is None else private_bytes(password_file).rstrip(b"\r\n")
    key: KeyFile | KeyToken
    if p12 is not None:
        key = KeyFile(path=p12, password=secret)
    else:
        assert token is not None
        library, name, label = token
        key = KeyToken(library=library, token=name, label=label, pin=secret)
    return Certificate(key=key, authority=authority, roots=roots)


def make(
    case: Path,
    out: Path,
    *,
    audience: Audience,
    hosts: Iterable[str] = (),
    person: str = "",
    operation: Path | None = None,
    withhold: Iterable[str] = (),
    by: str,
    key: Path,
    to: str,
    why: str,
    language: str = "en",
    certificate: Certificate | None = None,
    clips: int = 0,
    open_kinds: Collection[str] = (),
    keys: Path | None = None,
    vouching: Vouching | None = None,
    blind: Sequence[NightAccount] = (),
) -> tuple[Dossier, SignedPdf | None]:
    """Make a dossier, and write into the chain of custody who was given it and why.

    Parameters
    ----------
    certificate : Certificate, optional
        Signs the document; without one it is not signed, and the bag's signature covers it.
    hosts : iterable of str
        Whose records an extract shows; ``*``: those of all. A hoster's must be named.
    person : str
        For the defence, pseudonym of the accused.
    operation : Path, optional
        Case of the operation that has this person; ``None``: ``case`` itself.
    withhold : iterable of str
        For the defence, what is withheld and why: ``KIND=REASON``.
    clips : int
        Playable proofs at most, for a court.
    open_kinds : collection of str
        Kinds of encrypted exhibits of which a court is handed opened copies; ``*``: of all.
    keys : Path, optional
        Folder of the keys that open them.
    vouching : Vouching, optional
        Authorities and co-signers by whose word times have a bracket, and who stamps the bag.
    blind : sequence of NightAccount
        Blind tests of other cases, which are counted with that of this one.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    hosts = frozenset(map(host_written, hosts))
    if audience is Audience.HOSTER and not hosts:
        raise InputError(
            "a hoster is shown what lies at its own hosts, and none is named",
            hint=f"Name each with --host, or give --host '{ALL_HOSTS}' for those of all hosters.",
        )
    signer = load_approver(key)
    now = wiring.clock().now()
    accused = None
    is_operation = audience is Audience.DEFENCE and not _has(case, CaseOpened)
    if audience is Audience.DEFENCE:
        accused = _accused(case, hosts, person, operation, is_operation=is_operation)
        accused = replace(accused, withheld=withholdings(withhold, by=by, on=now.date()))
    elif person or operation is not None or tuple(withhold):
        raise InputError(
            "--person, --operation and --withhold are for a dossier for the defence",
            hint="Give --for defence.",
        )
    # Before anything is written: a dossier that no record of custody can name must not leave.
    stated(at=now, act=CustodyAct.HANDED_OVER, by=by, to=to, why=why, what="", digest="")
    salts = out.parent / f"{out.name}.openings.json"
    if audience is not Audience.COURT:
        _require_place_of_salts(salts)
    if open_kinds and audience is not Audience.COURT:
        raise InputError("opened copies are for a court alone", hint="Omit --open.")
    opened = opened_copies(case, open_kinds, store=cases.store(keys)) if open_kinds else None
    if opened is not None:  # first, so that the chain in the bag says it
        _note_opened(case, opened, at=now, by=by, why=why, key=signer)
    custody = reading_store().custody(case)
    signatures: list[SignedPdf] = []

    vouching = vouching or Vouching()
    stamping, trust = vouching.stamping, vouching.trust

    def document(
        folder: Path, seen: CaseStore, extract: Extract | None, defence: Defence | None
    ) -> Mapping[str, bytes]:
        if is_operation and extract is not None and defence is not None:
            view, attached = operation_view(
                folder, extract, defence, store=seen, at=now, trust=trust
            )
        else:
            view, attached = document_view(
                folder,
                extract,
                audience=audience,
                store=seen,
                at=now,
                trust=trust,
                opened=opened.exhibits if opened is not None else 0,
                custody=custody,
                defence=defence,
                blind=blind,
            )
        source = dossier_typst(view, tuple(attached))
        pdf = compile_pdf(source, made_at=now, beside={**view.files, **attached}, archival=True)
        if certificate is not None:
            signatures.append(_signed(pdf, certificate, reason=why))
            pdf = signatures[0].pdf
        beside = {name: attached[name] for name in (EXHIBITS,) if name in attached}
        return {PDF: pdf, **beside}

    def stamp(listed: bytes) -> bytes:
        assert stamping is not None
        return asyncio.run(timing.stamp_over(listed, stamping))

    def note(digest: str, openings: Mapping[int, str]) -> None:
        """Keep the salts, and write into the chain who is given what: no bag is there before."""
        if openings:
            body = {"dossier": digest, "salts": openings}
            write_new(salts, json.dumps(body).encode())
        try:
            if person:
                _register(operation or case, person, digest, to=to, by=by, why=why, at=now)
            reading_store().add_to_custody(
                case,
                lambda chain: stated(
                    at=now,
                    act=CustodyAct.HANDED_OVER if to else CustodyAct.COPIED,
                    by=by,
                    to=to,
                    why=why,
                    what=_what(audience, accused),
                    digest=digest,
                    previous=chain[-1].id if chain else "",
                    case=reading_store().id_of(case),
                    key=signer,
                ),
            )
        except CauteryError:
            if openings:  # there is no bag that they belong to
                salts.unlink()
            raise

    with (
        as_folder(case) as folder,
        as_verified(folder, store=reading_store(), still=still, now=now) as (verified, seen),
        in_language(language),
    ):
        playable: Mapping[str, bytes] = {}
        if audience is Audience.COURT and clips > 0:
            playable = asyncio.run(_clips(folder, clips, seen))
        dossier = make_dossier(
            folder,
            out,
            audience=audience,
            hosts=frozenset() if accused is not None else hosts - {ALL_HOSTS},
            accused=accused,
            verified=verified,
            store=seen,
            writer=BagFolder(),
            by=by,
            key=signer,
            at=now,
            salt=secrets.token_bytes,
            document=partial(document, folder, seen)
            if is_operation or _names_a_mandate(folder, seen)
            else None,
            graph=case_graph,
            clips=playable,
            opened=opened,
            # An operation's chain says what became of other persons.
            custody=b"" if is_operation else chain_bytes(custody),
            stamp=stamp if stamping is not None and stamping.authorities else None,
            must_stamp=vouching.must_stamp,
            trusted=trusted_files(trust),
            note=note,
        )
    return dossier, signatures[0] if signatures else None


def _accused(
    case: Path,
    hosts: frozenset[str],
    person: str,
    operation: Path | None,
    *,
    is_operation: bool,
) -> Accused:
    """Return whom a dossier for the defence is about: hosts, and those attributed to a person."""
    asked = hosts - {ALL_HOSTS}
    if not person:
        if not asked:
            raise InputError(
                "a dossier for the defence is about an accused, and none is named",
                hint="Name the hosts that are held against him with --host, or --person ID.",
            )
        return Accused(hosts=asked, asked=asked)
    if operation is None and not is_operation:
        raise InputError(
            f"{case}: this case has no persons",
            hint="Name the case of the operation that has the person: --operation CASE.",
        )
    with desks.person_file(operation or case, read_only=True) as file:
        require_person(file, person)
        said = said_of(file.desk, person)
        attributed = hosts_of(file.desk, person)
    if not is_operation and not attributed | asked:
        raise InputError(
            f"no standing statement of the operation attributes a host to {person}",
            hint="Name the hosts with --host.",
        )
    return Accused(
        hosts=attributed | asked,
        asked=asked,
        person=person,
        statements=said.withheld if is_operation else {},
        received=tuple(row.statement for row in said.shown if row.received_from is not None),
    )


def _what(audience: Audience, accused: Accused | None) -> str:
    """Return what the chain of custody says was handed over."""
    if accused is None:
        return f"dossier for {audience}"
    whom = accused.person or ", ".join(sorted(accused.hosts))
    what = f"dossier for {audience} of {whom}"
    return what if len(what) <= _MOST_WHAT else f"{what[: _MOST_WHAT - 1]}…"


def _register(
    operation: Path, person: str, digest: str, *, to: str, by: str, why: str, at: datetime
) -> None:
    """Register a dossier as a paper that names a person, in the case that has the person."""
    with desks.person_file(operation) as file:
        register_paper(
            file,
            kind=PaperKind.DOSSIER,
            title="dossier for defence",
            paper=digest,
            persons={person},
            to={to} if to else (),
            by=by,
            why=why,
            at=at,
        )


def _require_place_of_salts(salts: Path) -> None:
    """Refuse a place where the salts of an earlier dossier lie: they exist nowhere else."""
    if os.path.lexists(salts):
        raise InputError(
            f"{salts}: the salts of another dossier lie there",
            hint="Keep them, and name another folder with -o: without its salts, no record that"
            " a dossier withholds can be opened.",
        )
    check_output(salts)


def _note_opened(
    case: Path, opened: Opened, *, at: datetime, by: str, why: str, key: Ed25519PrivateKey
) -> None:
    """Write into the chain of custody what was opened; the list has the digest of each copy."""
    what = f"{opened.exhibits} exhibits into {LIST} of a dossier: {', '.join(opened.kinds)}"
    reading_store().add_to_custody(
        case,
        lambda chain: stated(
            at=at,
            act=CustodyAct.OPENED,
            by=by,
            why=why,
            what=what if len(what) <= _MOST_WHAT else f"{what[: _MOST_WHAT - 1]}…",
            digest=opened.digest,
            previous=chain[-1].id if chain else "",
            case=reading_store().id_of(case),
            key=key,
        ),
    )


def _signed(pdf: bytes, certificate: Certificate, *, reason: str) -> SignedPdf:
    return sign_pdf(
        pdf,
        key=certificate.key,
        reason=reason,
        authority=certificate.authority,
        roots=certificate.roots,
    )


def vouching_of(
    log: Path | None,
    authority: str | None,
    roots: Path | None,
    *,
    cosigners: Path | None = None,
    tsa_roots: Path | None = None,
) -> Vouching:
    """Return who vouches for the times of a dossier, and who is asked to stamp it.

    Parameters
    ----------
    log : Path or None
        Of the organisation: whom it names is trusted, and asked for a stamp.
    authority, roots : str and Path, optional
        An authority whose stamp the bag must have, and its root certificates.
    cosigners, tsa_roots : Path or None
        Whom to trust besides, asked for nothing; a policy of co-signers replaces that of the log.

    Raises
    ------
    InputError
        If the log's settings, the policy or the certificates cannot be used.
    """
    settings = None if log is None else timing.log_settings(log)
    trusted_sources = timing.trust(cosigners, tsa_roots)
    if authority is not None:
        settings = _with_authority(settings, authority, roots)
    authorities = () if settings is None else settings.authorities
    policy = trusted_sources.policy or (None if settings is None else settings.cosigners)
    trusted = (*(root for each in authorities for root in each.roots), *trusted_sources.roots)
    return Vouching(
        trust=Trust(policy=policy, roots=tuple(dict.fromkeys(trusted))),
        stamping=settings,
        must_stamp=authority is not None,
    )


def _with_authority(
    settings: LogSettings | None, authority: str, roots: Path | None
) -> LogSettings:
    if roots is None:
        raise InputError(
            "the root certificate of the time-stamp authority is missing",
            hint="Give it with --authority-root.",
        )
    check_url("--authority", authority)
    stamping = StampingAuthority(
        name=authority, url=authority, roots=timing.trust(None, roots).roots
    )
    if settings is not None:
        return replace(settings, authorities=(stamping, *settings.authorities))
    loopback = ("127.0.0.0/8",) if urlsplit(authority).hostname == "127.0.0.1" else ()
    return LogSettings(
        origin="", authorities=(stamping,), cosigners=None, network=NetworkPolicy(allow=loopback)
    )


def has_unjudged_proofs(case: Path, vouching: Vouching) -> bool:
    """Tell whether others vouch for a case, and nobody was named whose word on that is trusted."""
    trust = vouching.trust
    return not trust.roots and trust.policy is None and reading_store().exists(case, PROOF)


async def _clips(case: Path, most: int, store: CaseStore) -> Mapping[str, bytes]:
    async with ChildDecoder(1, without_seccomp=wiring.without_seccomp()) as decoder:
        return await clips_of(case, most=most, store=store, decoder=decoder, encode=encoded)


def _has(case: Path, shape: type) -> bool:
    """Tell whether a case has a record of a type."""
    with cases.reading(case) as opened:
        return next(iter(opened.ledger.read(kinds=kinds_of(shape))), None) is not None


def _names_a_mandate(case: Path, store: CaseStore) -> bool:
    """Tell whether a case was opened under a mandate; an operation's case has no such claims."""
    ledger = store.ledger(case, read_only=True)
    try:
        return next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None) is not None
    finally:
        ledger.close()
