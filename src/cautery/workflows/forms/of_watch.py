"""Gather the facts that the case of a watch gives to a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cautery.act import order_of
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    Entry,
    ExhibitId,
    Finding,
    Mandate,
    OrderKind,
    Referral,
    Verdict,
    host_of,
    iso,
)
from cautery.model.forms import UNAPPROVED, Fact, Form, Need, Row
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import AssetFacts, ExhibitSealed
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import refuse_unrevealed, without_decoys
from cautery.workflows.case.opening import opening_of
from cautery.workflows.case.referral import FiledReferral, filed_in, mandate_of
from cautery.workflows.forms.chosen import About, refuse_country, refuse_regime
from cautery.workflows.forms.leaving import leaving
from cautery.workflows.forms.of_referral import (
    Facts,
    exhibits_of,
    mandate_facts,
    narrowed,
    paper_facts,
    referral_facts,
    targets_of,
)

_Verdicts = Sequence[tuple[Entry, Verdict]]


def facts_of_watch(ledger: Ledger, form: Form, about: About) -> Facts:
    """Return what the case of a watch knows for a form.

    Raises
    ------
    ApprovalError
        If the regime of the mandate does not allow the form, or an approver refused the referral.
    InputError
        If the case lacks what the form needs: an operation, a verdict, a referral that stands.
    UnaskedError, UnrevealedError
        If the paper is to leave, and nobody may know yet which streams are decoys.
    """
    opening = opening_of(ledger)
    refuse_regime(form, opening.mandate.regime)
    refuse_country(form, tuple(map(str.upper, opening.mandate.territories)))
    if Need.OPERATION in form.needs:
        raise InputError(f"the form {form.id} is of an operation, and this is the case of a watch")
    opened, mandate = opening.entry.index, mandate_of(ledger)
    facts = paper_facts(opening, about) | mandate_facts(mandate, record=opened)
    decoys = Decoys().read_on(ledger)
    # A court may have to judge before anybody reveals them: its papers say so, as its dossier does.
    if about.leaves and not {Need.REFERRAL, Need.CLOSED} & set(form.needs):
        refuse_unrevealed(decoys, what=f"the form {form.id}")
    shown = without_decoys(ledger)
    verdicts: _Verdicts = _proven(shown)
    if Need.VERDICT in form.needs and not verdicts:
        raise InputError(
            "this case has no verdict that proves a stream, so there is nothing to state",
            hint="The report of the case says what was found.",
        )
    if Need.REFERRAL in form.needs:
        whole = chosen_referral(ledger, form, about, mandate)
        if about.leaves:
            decoys.void(whole.referral)  # nothing of it leaves before their keeper has answered
        may_leave = leaving(
            ledger, whole, opening=opening, mandate=mandate, decoys=decoys, at=about.at
        )
        if may_leave.unapproved:
            facts[UNAPPROVED] = Fact(value=may_leave.unapproved)
        filed = narrowed(may_leave.filed, form, about)
        referral = filed.referral
        drafted = _record_of(ledger, referral.id)
        facts |= referral_facts(filed, mandate, drafted=drafted, opened=opened)
        facts |= hosting_facts(shown, targets_of(referral))
        verdicts = [pair for pair in verdicts if _shows(pair[1], referral)]
        exhibits = exhibits_of(referral)
    else:
        verdicts = _about(verdicts, about, form)
        exhibits = tuple(dict.fromkeys(name for _, one in verdicts for name in _exhibits_in(one)))
    return facts | _verdict_facts(verdicts) | exhibit_facts(shown, exhibits)


def chosen_referral(ledger: Ledger, form: Form, about: About, mandate: Mandate) -> FiledReferral:
    """Return the referral that a paper is about: the one that is named, or the only one that fits.

    Raises
    ------
    InputError
        If there is none, it is of another country or under another kind of order, or several fit.
    """
    territory = form.country
    referrals = filed_in(ledger, only=about.referral).referrals
    if about.referral is not None and referrals:
        _refuse_referral(form, referrals[0].referral, mandate)
    fitting = [
        filed
        for filed in referrals
        if filed.referral.territory.upper() == territory
        and _kind_of(filed.referral, mandate) in (None, *form.orders)
    ]
    if len(fitting) == 1:
        return fitting[0]
    which = "no referral" if about.referral is None else f"no referral {about.referral!r}"
    if not fitting:
        kinds = "" if set(form.orders) == set(OrderKind) else f" under a {_kinds(form)} order"
        raise InputError(
            f"this case has {which} for {territory}{kinds}", hint="cautery referral list CASE"
        )
    raise InputError(
        f"this case has {len(fitting)} referrals for {territory}: say which one",
        hint=f"Give --referral: {', '.join(filed.referral.id for filed in fitting)[:500]}.",
    )


def hosts_of_papers(ledger: Ledger, form: Form, about: About) -> tuple[str, ...]:
    """Return for which targets of a referral there is a paper each: those that still stand.

    Raises
    ------
    ApprovalError
        If an approver refused it.
    InputError
        If the form is not one for each target, no referral fits, or none of its targets stands.
    UnaskedError
        If the keeper of the decoys has not answered for the referral.
    """
    if not form.per_target:
        raise InputError(
            f"the form {form.id} is one paper for all targets", hint="cautery form write writes it."
        )
    mandate, decoys = mandate_of(ledger), Decoys().read_on(ledger)
    whole = chosen_referral(ledger, form, about, mandate)
    decoys.void(whole.referral)
    may_leave = leaving(
        ledger, whole, opening=opening_of(ledger), mandate=mandate, decoys=decoys, at=about.at
    )
    return targets_of(may_leave.filed.referral)


def exhibit_facts(ledger: Ledger, exhibits: Iterable[ExhibitId]) -> Facts:
    """Return the list of the exhibits that a paper rests on, each with the record of its seal."""
    wanted = dict.fromkeys(exhibits)
    sealed: dict[ExhibitId, tuple[int, ExhibitSealed]] = {}
    for entry, record in contents(ledger, ExhibitSealed):
        if record.exhibit.id in wanted:
            sealed.setdefault(record.exhibit.id, (entry.index, record))
    rows: list[Row] = []
    for number, name in enumerate((name for name in wanted if name in sealed), 1):
        record = sealed[name][1]
        rows.append(
            {
                "number": str(number),
                "digest": name,
                "what": record.what,
                "kind": record.exhibit.media_type,
                "sealed": iso(record.exhibit.sealed_at),
                "size": str(record.exhibit.size),
            }
        )
    records = tuple(index for index, _ in sealed.values())
    digests = tuple(row["digest"] for row in rows)
    names = tuple(map(ExhibitId, digests))
    return {
        "exhibit.digests": Fact(value=digests, records=records, exhibits=names),
        "exhibit.list": Fact(value=tuple(rows), records=records, exhibits=names),
    }


def hosting_facts(ledger: Ledger, targets: Iterable[str]) -> Facts:
    """Return who hosts each target, by the newest facts of the case; of some nobody knows it."""
    newest = {facts.host: (entry.index, facts) for entry, facts in contents(ledger, AssetFacts)}
    of_targets = [newest[target] for target in targets if target in newest]
    rows = tuple(
        {
            "target": facts.host,
            "addresses": ", ".join(facts.addresses),
            "asn": "" if facts.asn is None else f"AS{facts.asn}",
            "organisation": facts.organisation or "",
            "country": facts.country or "",
        }
        for _, facts in of_targets
    )
    records = tuple(index for index, _ in of_targets)
    return {"referral.hosting": Fact(value=rows, records=records)}


def _refuse_referral(form: Form, referral: Referral, mandate: Mandate) -> None:
    if referral.territory.upper() != form.country:
        raise InputError(
            f"referral {referral.id} is for {referral.territory}, and the form {form.id} is of "
            f"{form.country}"
        )
    kind = _kind_of(referral, mandate)
    if kind not in (None, *form.orders):
        raise InputError(
            f"the form {form.id} is for a {_kinds(form)} order, and referral {referral.id} is "
            f"under {referral.order}, which is no such order"
        )


def _kind_of(referral: Referral, mandate: Mandate) -> OrderKind | None:
    """Return the kind of a referral's order; ``None``: the mandate lacks it."""
    try:
        return order_of(referral, mandate).kind
    except ApprovalError:
        return None


def _kinds(form: Form) -> str:
    return " or ".join(kind.value for kind in form.orders)


def _record_of(ledger: Ledger, referral: str) -> int:
    """Return the number of the record that drafted a referral."""
    return next(
        entry.index for entry, drafted in contents(ledger, Referral) if drafted.id == referral
    )


def _proven(ledger: Ledger) -> list[tuple[Entry, Verdict]]:
    """Return the newest verdict of each stream, where it proves the stream."""
    newest = {verdict.url.text: (entry, verdict) for entry, verdict in contents(ledger, Verdict)}
    return [pair for pair in newest.values() if pair[1].finding is Finding.PROVEN]


def _about(verdicts: _Verdicts, about: About, form: Form) -> _Verdicts:
    if not about.hosts:
        return verdicts
    of_hosts = [pair for pair in verdicts if host_of(pair[1].url.text) in about.hosts]
    if not of_hosts and Need.VERDICT in form.needs:
        raise InputError(f"no verdict proves a stream of {', '.join(about.hosts)[:200]}")
    return of_hosts


def _exhibits_in(verdict: Verdict) -> Iterator[ExhibitId]:
    for observation in verdict.observations:
        yield from observation.exhibits


def _shows(verdict: Verdict, referral: Referral) -> bool:
    """Tell whether a verdict is of a stream for which a referral names a target."""
    by_exhibit = not set(exhibits_of(referral)).isdisjoint(_exhibits_in(verdict))
    return by_exhibit or host_of(verdict.url.text) in targets_of(referral)


def _verdict_facts(verdicts: _Verdicts) -> Facts:
    rows = tuple(
        {
            "stream": verdict.url.text,
            "host": host_of(verdict.url.text),
            "right": verdict.event or ", ".join(verdict.channels),
            "finding": verdict.finding.value,
            "log10_lr": f"{verdict.log10_lr:.1f}",
            "at": iso(verdict.at),
        }
        for _, verdict in verdicts
    )
    records = tuple(entry.index for entry, _ in verdicts)
    return {"verdict.list": Fact(value=rows, records=records)}
