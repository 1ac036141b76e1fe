"""Fill the view of a dossier's document from the records of its case."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from cautery.errors import InputError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.custody import CustodyLine
from cautery.evidence.manifest import NOTE, open_manifest
from cautery.evidence.note import MAX_NOTE_BYTES
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.ports import CaseLedger, CaseStore
from cautery.messages import tr
from cautery.model import DarkProbe, ErrorRate, SupplyGraph, Verdict
from cautery.model.blind import NightAccount
from cautery.model.ledger import contents
from cautery.model.records import (
    AlignmentShown,
    CaseOpened,
    OperationOpened,
    StreamAppeared,
    kind_of_type,
)
from cautery.pages.case_report import ReportView
from cautery.pages.dossier import DossierView, claims_of
from cautery.pages.dossier.blind import blind_nights, blind_rates
from cautery.pages.dossier.exhibits import EXHIBITS, exhibit_lines, exhibit_list
from cautery.pages.dossier.limits import limits_of
from cautery.pages.dossier.render import method
from cautery.pages.dossier.view import MOST_CLAIMS, proven_of, rate_views
from cautery.pages.dossier.words import by_this_clock, style
from cautery.projections.blind_account import account_in, season_account
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.case.report_view import report_view
from cautery.workflows.dossier.audiences import SHOWN, Audience, Shown, has_media
from cautery.workflows.dossier.chain import chain_words
from cautery.workflows.dossier.decoys import decoy_words
from cautery.workflows.dossier.defence import Defence
from cautery.workflows.dossier.defence_parts import defence_parts
from cautery.workflows.dossier.encrypted import Encrypted, encrypted_of
from cautery.workflows.dossier.extract import Extract
from cautery.workflows.dossier.hosts import Hosts
from cautery.workflows.dossier.times import case_times, has_proofs

PDF = "dossier.pdf"
RATES, VERDICTS = "error_rates.toml", "verdicts.jsonl"
_MOST_ATTACHED = 32 << 20


def document_view(
    case: Path,
    extract: Extract | None,
    *,
    audience: Audience,
    store: CaseStore,
    at: datetime,
    trust: Trust = NOBODY,
    opened: int = 0,
    custody: Sequence[CustodyLine] = (),
    blind: Sequence[NightAccount] = (),
    defence: Defence | None = None,
) -> tuple[DossierView, Mapping[str, bytes]]:
    """Return what the document shows, and the proofs that are attached to it.

    Of an extract it shows no more than the extract's own records do.

    Parameters
    ----------
    extract : Extract or None
        What the audience is shown; ``None``: the whole case.
    trust : Trust
        By whose word times have a bracket.
    opened : int
        Of how many encrypted exhibits the bag has opened copies.
    custody : sequence of CustodyLine
        The chain of custody as it is now; a court and the defence read of it.
    blind : sequence of NightAccount
        Nights of blind tests of other cases, which are counted with those of this one.
    defence : Defence, optional
        For the defence, whom the document is about, and what is not in the bag.

    Raises
    ------
    EvidenceError
        If the ledger opens no case.
    """
    indices = None if extract is None else {index for index, *_ in extract.shown}
    ledger, vault = store.ledger(case, read_only=True), store.vault(case, None)
    try:
        times = case_times(case, ledger, vault, store=store, trust=trust, whole=extract is None)
        is_trusted = trust.policy is not None or bool(trust.roots)
        unjudged = not is_trusted and has_proofs(case, ledger, store=store, whole=extract is None)
        decoys = Decoys().read_on(ledger)
        judges_all = audience in {Audience.COURT, Audience.DEFENCE}
        # Nobody is accused by a decoy: a court, too, reads of them apart from the claims.
        shown = without_decoys(ledger, redacts=not judges_all)
        report = report_view(shown.read(), vault.read, at=at, times=times.report)
        night = _night(case, ledger, store)
        verdicts = [
            (entry, verdict)
            for entry, verdict in contents(ledger, Verdict)
            if indices is None or entry.index in indices
        ]
        hosts = Hosts(shown) if extract is None else None
    finally:
        ledger.close()
    urls = {verdict.url.text for _, verdict in verdicts}
    pictured = has_media(audience)
    if extract is not None:
        rule = SHOWN[audience]
        kinds = rule.kinds if defence is None else frozenset(kind for _, kind, *_ in extract.shown)
        report = _within(report, rule, kinds)

    def bracketed(kind: type, url: str, at: datetime) -> tuple[datetime | None, datetime | None]:
        bracket = times.bracket(kind, url, at)
        return bracket.not_before, bracket.not_after

    claims, left_out, stills = claims_of(
        report,
        urls=frozenset(urls),
        pictured=pictured,
        bracketed=bracketed,
        in_bag=None if extract is None else extract.exhibits,
    )
    if hosts is not None:
        streams = proven_of(report, frozenset(urls))
        # The document shows the first claims alone: there may be more proven streams than
        # claims.
        claims = tuple(
            replace(claim, hosts=hosts.of(stream))
            for claim, stream in zip(claims, streams, strict=False)
        )
    encrypted = encrypted_of(
        case, None if extract is None else extract.exhibits | extract.encrypted, store=store
    )
    attached = {
        RATES: files("cautery.identify").joinpath(RATES).read_bytes(),
        NOTE: store.read(case, NOTE, limit=MAX_NOTE_BYTES),
    }
    lines = b"".join(entry.leaf + b"\n" for entry, _ in verdicts)
    if lines and len(lines) <= _MOST_ATTACHED:
        attached[VERDICTS] = lines
    exhibits_of_claims = exhibit_lines(
        proven_of(report, frozenset(urls))[:MOST_CLAIMS],
        in_bag=None if extract is None else extract.exhibits,
    )
    if exhibits := exhibit_list(exhibits_of_claims):
        attached[EXHIBITS] = exhibits
    public = audience is Audience.PUBLIC or (
        extract is not None and defence is not None and not _shows(extract, CaseOpened)
    )
    season = season_account(each for each in (*blind, night) if each is not None)
    parts = () if extract is None or defence is None else defence_parts(extract, defence)
    view = DossierView(
        case=report.key.partition("+")[0].removeprefix("cautery/case-"),
        audience=_audience(audience),
        who="" if public else report.mandate.who,
        legal_basis="" if public else report.mandate.legal_basis,
        standing=report.standing if extract is None else "",
        lab=report.lab,
        made_at=by_this_clock(at),
        claims=claims,
        left_out=left_out,
        rates=rate_views(report.error_rates),
        blind=blind_rates(season),
        blind_nights=blind_nights(season),
        method=method(computed_again=pictured),
        vouched=_vouched(times.report.lines, trust),
        encrypted_says=_encrypted(encrypted, opened),
        encrypted=encrypted.kinds(),
        unjudged=unjudged,
        decoys=decoy_words(decoys) if judges_all else (),
        custody=chain_words(custody) if judges_all else (),
        exhibits_sha256=hashlib.sha256(exhibits).hexdigest() if exhibits else "",
        lines=exhibits_of_claims,
        limits=limits_of(report, decoys=len(decoys.opened)) if audience is Audience.COURT else (),
        withheld=_withheld(None if defence is not None else extract),
        parts=parts,
        files=stills,
    )
    return view, attached


def _night(case: Path, ledger: CaseLedger, store: CaseStore) -> NightAccount | None:
    """Return the blind test of a closed case, named by what its key signed."""
    night = account_in(ledger)
    if night is None:
        return None
    note = store.read(case, NOTE, limit=MAX_NOTE_BYTES)
    manifest = open_manifest(note, case_verifier(store, case))
    return replace(night, case=manifest.case, manifest=manifest.digest)


def operation_view(
    case: Path,
    extract: Extract,
    defence: Defence,
    *,
    store: CaseStore,
    at: datetime,
    trust: Trust = NOBODY,
) -> tuple[DossierView, Mapping[str, bytes]]:
    """Return what a document for the defence shows of an operation's case.

    Raises
    ------
    InputError
        If the case is not of an operation.
    """
    ledger, vault = store.ledger(case, read_only=True), store.vault(case, None)
    try:
        times = case_times(case, ledger, vault, store=store, trust=trust, whole=False)
        opening = next((content for _, content in contents(ledger, OperationOpened)), None)
    finally:
        ledger.close()
    if opening is None:
        raise InputError(f"{case}: not the case of an operation")
    operation = opening.operation
    view = DossierView(
        case=opening.key.partition("+")[0].removeprefix("cautery/case-"),
        audience=_audience(Audience.DEFENCE),
        who=operation.agency(opening.agency).name,
        legal_basis=operation.legal_basis,
        standing="",
        lab=opening.lab,
        made_at=by_this_clock(at),
        claims=(),
        left_out=0,
        rates=(),
        method=(),
        vouched=_vouched(times.report.lines, trust),
        parts=defence_parts(extract, defence),
    )
    return view, {NOTE: store.read(case, NOTE, limit=MAX_NOTE_BYTES)}


def _encrypted(encrypted: Encrypted, opened: int) -> str:
    """Return how many exhibits are encrypted, and of how many there are opened copies."""
    if not encrypted.exhibits:
        return ""
    copies = tr(
        "Opened copies of %(count)s are in data/opened of this bag; data/opened.csv lists them.",
        style,
        count=opened,
    )
    return f"{encrypted.total()} {copies}" if opened else encrypted.total()


def _vouched(lines: tuple[str, ...], trust: Trust) -> tuple[str, ...]:
    """Return what is known of the times, and who was trusted for it."""
    sentences = []
    if trust.policy is not None:
        sentences.append(
            tr(
                "These brackets rest on the word of co-signers: %(policy)s.",
                policy=trust.policy.words,
            )
        )
    if trust.roots:
        sentences.append(
            tr(
                "They rest on time-stamps (RFC 3161) that lead to: %(authorities)s.",
                authorities="; ".join(root.subject.rfc4514_string() for root in trust.roots),
            )
        )
    if not sentences:
        sentences.append(tr("Nobody was named whose word on times is trusted."))
    return (*lines, *sentences)


def _withheld(extract: Extract | None) -> tuple[tuple[str, str], ...]:
    counts = {} if extract is None else extract.counts
    return tuple((kind, str(count)) for kind, count in counts.items())


def _shows(extract: Extract, shape: type) -> bool:
    return any(kind == kind_of_type(shape) for _, kind, *_ in extract.shown)


def _within(report: ReportView, rule: Shown, kinds: frozenset[str]) -> ReportView:
    """Return a report without what records say that an extract does not hold.

    Parameters
    ----------
    kinds : frozenset of str
        Kinds of records that it holds.
    """
    aligned = kind_of_type(AlignmentShown) in kinds
    dark = kind_of_type(DarkProbe) in kinds
    rated = kind_of_type(ErrorRate) in kinds
    appeared = kind_of_type(StreamAppeared) in kinds
    return replace(
        report,
        graph=report.graph if kind_of_type(SupplyGraph) in kinds else None,
        error_rates=report.error_rates if rated else (),
        streams=tuple(
            replace(
                stream,
                title=stream.title if appeared else None,
                first_seen=stream.first_seen if appeared else None,
                rates=stream.rates if rated else (),
                dark_at=stream.dark_at if dark else None,
                alignment=stream.alignment if aligned else None,
                sealed=stream.sealed if rule.exhibits else (),
            )
            for stream in report.streams
        ),
    )


def _audience(audience: Audience) -> str:
    return {
        Audience.COURT: tr("a court"),
        Audience.HOSTER: tr("a hosting service"),
        Audience.PROVIDER: tr("an access provider"),
        Audience.DEFENCE: tr("the defence of an accused"),
        Audience.PUBLIC: tr("the public"),
    }[audience]
