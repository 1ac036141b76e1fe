"""Gather what papers to a court state of a closed case: all of it as its dossier has it.

No number is computed here. A paper takes the words of the dossier's document, with its marks, so
that a court reads the same figure in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cautery import __version__
from cautery.errors import InputError
from cautery.evidence.custody import CustodyLine
from cautery.messages import tr
from cautery.model import ExhibitId, Finding, Verdict, iso
from cautery.model.forms import Fact, Form, Row, Value
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import CaseClosed, CaseOpened
from cautery.pages.dossier import DossierView
from cautery.pages.dossier.render import document_texts, method
from cautery.pages.dossier.view import RateView
from cautery.pages.dossier.words import style
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.forms.chosen import About
from cautery.workflows.forms.custody_words import acts_of, gaps_of, state_of
from cautery.workflows.forms.of_watch import exhibit_facts
from cautery.workflows.forms.sealed_rows import listed, sealed_rows

Facts = dict[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class CourtCase:
    """What a court is told of a case that was verified.

    Parameters
    ----------
    view : DossierView
        The content of the dossier's document for a court.
    chain : tuple of CustodyLine
        The chain of custody as it is now.
    root, key : str
        The root of the ledger, hex, and the verifier key that it was checked against.
    """

    view: DossierView
    chain: tuple[CustodyLine, ...]
    root: str
    key: str


def court_facts(
    ledger: Ledger, court: CourtCase, known: Mapping[str, Fact], about: About, form: Form
) -> Facts:
    """Return what a paper to a court states.

    Parameters
    ----------
    known : mapping of str to Fact
        What the case says besides.

    Raises
    ------
    InputError
        If only some hosts are asked for: a court is given the whole case.
    """
    if about.hosts:
        raise InputError(
            f"the form {form.id} is about the whole case: a court is given all of it",
            hint="Omit --host.",
        )
    view, chain = court.view, court.chain
    verdicts = known["verdict.list"].records
    exhibits = tuple(dict.fromkeys(ExhibitId(f"sha256:{line.digest}") for line in view.lines))
    sealed = exhibit_facts(without_decoys(ledger), exhibits)["exhibit.digests"].records
    return {
        **_span(ledger, court),
        "court.exhibits": Fact(
            value=sealed_rows(view, lambda digest: state_of(chain, digest)),
            records=sealed,
            exhibits=exhibits,
        ),
        "court.claims": Fact(value=_claims(view), records=verdicts),
        "court.ratios": Fact(
            value=tuple(dict.fromkeys(claim.ratio for claim in view.claims)), records=verdicts
        ),
        "court.claim_rates": Fact(value=_claim_rates(view), records=verdicts),
        "court.times": Fact(value=_times(view), records=verdicts),
        "court.rates": Fact(value=_rates(view.rates)),
        "court.blind": Fact(value=_rates(view.blind)),
        "court.method": Fact(value=(*method(computed_again=False), document_texts()["scale"])),
        "court.versions": _versions(ledger),
        "court.vouched": Fact(value=(*view.vouched, document_texts()["bytes"])),
        "court.limits": Fact(value=_limits(view)),
        "court.decoys": Fact(value=view.decoys),
        "court.custody": Fact(value=view.custody),
        "court.acts": Fact(value=acts_of(chain)),
        "court.gaps": Fact(value=gaps_of(ledger, chain)),
    }


def _span(ledger: Ledger, court: CourtCase) -> Facts:
    """Return when the case was opened and closed, and what its closing sealed."""
    opening, opened = next(iter(contents(ledger, CaseOpened)))
    closing, closed = [*contents(ledger, CaseClosed)][-1]
    rows = (
        (tr("opened by Cautery, version"), opened.version),
        (tr("root of all records (RFC 9162, SHA-256)"), court.root),
        (tr("key that signed it, and against which it was checked"), court.key),
        (tr("exhibits of the claims"), style(len({line.digest for line in court.view.lines}))),
        (tr("SHA-256 of their list, exhibits.csv of the dossier"), court.view.exhibits_sha256),
    )
    return {
        "court.opened": Fact(value=iso(opening.record.at), records=(opening.index,)),
        "court.closed": Fact(value=iso(closed.at), records=(closing.index,)),
        "court.seal": Fact(
            value=tuple({"what": what, "says": says} for what, says in rows),
            records=(opening.index, closing.index),
        ),
    }


def _versions(ledger: Ledger) -> Fact:
    opening, opened = next(iter(contents(ledger, CaseOpened)))
    proving = [
        (entry.index, verdict.recipe)
        for entry, verdict in contents(ledger, Verdict)
        if verdict.finding is Finding.PROVEN and verdict.recipe
    ]
    sentences: list[str] = [tr("Cautery %(version)s made the case.", version=opened.version)]
    sentences += [
        tr("Recipe of the fingerprints that were compared: %(recipe)s", recipe=recipe)
        for recipe in dict.fromkeys(recipe for _, recipe in proving)
    ]
    sentences.append(tr("Cautery %(version)s wrote this paper.", version=__version__))
    return Fact(value=tuple(sentences), records=(opening.index, *(index for index, _ in proving)))


def _claims(view: DossierView) -> tuple[Row, ...]:
    return tuple(
        {
            "number": str(claim.number),
            "stream": claim.title,
            "url": claim.url,
            "says": claim.says,
            "support": claim.support,
            "ratio": claim.ratio_figure,
        }
        for claim in view.claims
    )


def _claim_rates(view: DossierView) -> tuple[Row, ...]:
    claims: dict[tuple[str, str], list[int]] = {}
    for claim in view.claims:
        for rate in claim.rates:
            claims.setdefault((rate.what, rate.counted), []).append(claim.number)
    return tuple(
        {"claims": listed(numbers), "what": what, "counted": counted}
        for (what, counted), numbers in claims.items()
    )


def _times(view: DossierView) -> tuple[Row, ...]:
    nobody = document_texts()["unjudged" if view.unjudged else "nobody"]
    return tuple(
        {
            "claim": str(claim.number),
            "what": time.what,
            "not_before": time.not_before or nobody,
            "not_after": time.not_after or nobody,
            "claimed": time.claimed,
        }
        for claim in view.claims
        for time in claim.times
    )


def _rates(rates: tuple[RateView, ...]) -> tuple[Row, ...]:
    return tuple(
        {"what": rate.what, "counted": rate.counted, "source": rate.source} for rate in rates
    )


def _limits(view: DossierView) -> Value:
    rows = [{"what": what, "why": why} for what, why in view.limits]
    if view.left_out:
        left_out = f"{document_texts()['left-out']} {view.left_out}"
        rows.append({"what": left_out, "why": tr("Nothing is stated here of them.")})
    return tuple(rows)
