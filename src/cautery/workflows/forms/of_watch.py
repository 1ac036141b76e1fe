"""Gather the facts that the case of a watch gives to a form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date
from zoneinfo import ZoneInfo

from cautery.act import order_of
from cautery.act.jurisdictions import profile_of
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    CourtOrder,
    Entry,
    ExhibitId,
    Finding,
    Lever,
    Mandate,
    Referral,
    Verdict,
    host_of,
    iso,
)
from cautery.model.forms import Fact, Form, Need, Row, Value
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import ExhibitSealed
from cautery.workflows.case.opening import Opening, opening_of
from cautery.workflows.case.referral import FiledReferral, filed_in, mandate_of
from cautery.workflows.forms.chosen import About, refuse_country, refuse_regime

Facts = dict[str, Fact]


def facts_of_watch(ledger: Ledger, form: Form, about: About) -> Facts:
    """Return what the case of a watch knows for a form.

    Raises
    ------
    ApprovalError
        If the regime of the mandate does not allow the form.
    InputError
        If the case lacks what the form needs: an operation, a referral, a verdict.
    """
    opening = opening_of(ledger)
    refuse_regime(form, opening.mandate.regime)
    refuse_country(form, tuple(map(str.upper, opening.mandate.territories)))
    if Need.OPERATION in form.needs:
        raise InputError(f"the form {form.id} is of an operation, and this is the case of a watch")
    verdicts = _newest_verdicts(ledger)
    if Need.VERDICT in form.needs and not verdicts:
        raise InputError(
            "this case has no verdict that proves a stream, so there is nothing to state",
            hint="The report of the case says what was found.",
        )
    facts = _paper(opening, about) | _mandate(opening, mandate_of(ledger))
    exhibits: tuple[ExhibitId, ...] = ()
    if Need.REFERRAL in form.needs:
        filed = chosen_referral(ledger, form, about)
        facts |= referral_facts(filed, opening.mandate, record=_record_of(ledger, filed))
        facts |= _event(filed.referral, mandate_of(ledger), opening.entry.index)
        exhibits = _exhibits_of(filed.referral)
        verdicts = [
            (entry, verdict)
            for entry, verdict in verdicts
            if _shows(verdict, filed.referral, exhibits)
        ]
    elif about.hosts:
        verdicts = [pair for pair in verdicts if host_of(pair[1].url.text) in about.hosts]
        if not verdicts and Need.VERDICT in form.needs:
            raise InputError(f"no verdict proves a stream of {', '.join(about.hosts)[:200]}")
    if not exhibits:
        exhibits = tuple(
            dict.fromkeys(exhibit for _, verdict in verdicts for exhibit in _exhibits_in(verdict))
        )
    return facts | _verdict_facts(verdicts) | exhibit_facts(ledger, exhibits)


def chosen_referral(ledger: Ledger, form: Form, about: About) -> FiledReferral:
    """Return the referral that a paper is about.

    Raises
    ------
    InputError
        If there is none, it is of another country, or several could be meant.
    """
    territory = form.country
    referrals = filed_in(ledger, only=about.referral).referrals
    of_country = [filed for filed in referrals if filed.referral.territory.upper() == territory]
    if about.referral is not None and referrals and not of_country:
        raise InputError(
            f"referral {about.referral} is for {referrals[0].referral.territory}, and the form "
            f"{form.id} is of {territory}"
        )
    if len(of_country) == 1:
        return of_country[0]
    which = "no referral" if about.referral is None else f"no referral {about.referral!r}"
    if not of_country:
        raise InputError(
            f"this case has {which} for {territory}", hint="cautery referral list CASE"
        )
    raise InputError(
        f"this case has {len(of_country)} referrals for {territory}: say which one",
        hint="Give --referral ID; cautery referral list CASE lists them.",
    )


def referral_facts(filed: FiledReferral, mandate: Mandate, *, record: tuple[int, ...]) -> Facts:
    """Return what a referral and its order say; of an order that the mandate lacks, nothing."""
    referral = filed.referral
    addresses = _targets(referral, Lever.ADDRESS)
    values: dict[str, Value] = {
        "referral.id": referral.id,
        "referral.digest": filed.digest,
        "referral.begin": iso(referral.window.start),
        "referral.end": iso(referral.window.end),
        "referral.names": _targets(referral, Lever.NAME),
        "referral.urls": _targets(referral, Lever.URL),
        "referral.ipv4": tuple(address for address in addresses if ":" not in address),
        "referral.ipv6": tuple(address for address in addresses if ":" in address),
        "referral.targets": tuple(_target_rows(referral)),
        "referral.statement": referral.statement,
        "referral.approvers": tuple(
            f"{approval.approver} ({approval.role})" for approval in filed.approvals
        ),
    }
    facts = {name: Fact(value=value, records=record) for name, value in values.items()}
    try:
        return facts | _order(order_of(referral, mandate))
    except ApprovalError:
        return facts


def _record_of(ledger: Ledger, filed: FiledReferral) -> tuple[int, ...]:
    """Return the number of the record that drafted a referral."""
    for entry, referral in contents(ledger, Referral):
        if referral == filed.referral:
            return (entry.index,)
    return ()


def exhibit_facts(ledger: Ledger, exhibits: Iterable[ExhibitId]) -> Facts:
    """Return the list of the exhibits that a paper rests on, each with the record of its seal."""
    sealed: dict[ExhibitId, tuple[int, ExhibitSealed]] = {}
    ordered = dict.fromkeys(exhibits)
    for entry, record in contents(ledger, ExhibitSealed):
        if record.exhibit.id in ordered:
            sealed.setdefault(record.exhibit.id, (entry.index, record))
    rows: list[Row] = []
    for number, exhibit in enumerate((name for name in ordered if name in sealed), 1):
        record = sealed[exhibit][1]
        rows.append(
            {
                "number": str(number),
                "digest": exhibit,
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


def _paper(opening: Opening, about: About) -> Facts:
    return {
        "case.id": Fact(value=opening.signed_for.case, records=(opening.entry.index,)),
        "case.lab": Fact(value=opening.mandate.lab, records=(opening.entry.index,)),
        "paper.day": Fact(value=about.at.astimezone(UTC).date().isoformat()),
        "paper.time": Fact(value=iso(about.at)),
    }


def _mandate(opening: Opening, mandate: Mandate) -> Facts:
    first = (opening.entry.index,)
    works = [work.title for work in mandate.works]
    works += [channel.names[0] for channel in mandate.channels if channel.names]
    return {
        "mandate.id": Fact(value=mandate.id, records=first),
        "mandate.holder": Fact(value=mandate.who, records=first),
        "mandate.legal_basis": Fact(value=mandate.legal_basis, records=first),
        "mandate.territories": Fact(value=mandate.territories, records=first),
        "mandate.works": Fact(value=tuple(dict.fromkeys(works)), records=first),
        "mandate.approvers": Fact(
            value=tuple(f"{person.name} ({person.role})" for person in mandate.approvers),
            records=first,
        ),
    }


def _order(order: CourtOrder) -> Facts:
    # An order stands in the mandate, which the first record holds.
    values: dict[str, Value] = {
        "order.id": order.id,
        "order.authority": order.authority,
        "order.territory": order.territory,
        "order.begin": iso(order.window.start),
        "order.end": iso(order.window.end),
        "order.targets_rule": order.targets_rule,
    }
    values |= {f"order.{name}": text for name, text in order.particulars.items()}
    values["order.days"] = tuple(map(date.isoformat, order.days))
    return {name: Fact(value=value, records=(0,)) for name, value in values.items()}


def _event(referral: Referral, mandate: Mandate, record: int) -> Facts:
    event = next((event for event in mandate.events if event.id == referral.event), None)
    if event is None:
        return {}
    zone = ZoneInfo(profile_of(referral.territory).zone)
    return {
        "event.id": Fact(value=event.id, records=(record,)),
        "event.name": Fact(value=event.name, records=(record,)),
        "event.start": Fact(value=iso(event.kick_off), records=(record,)),
        "event.day": Fact(
            value=event.kick_off.astimezone(zone).date().isoformat(), records=(record,)
        ),
        "event.legal_basis": Fact(value=event.legal_basis, records=(record,)),
    }


def _targets(referral: Referral, lever: Lever) -> tuple[str, ...]:
    return tuple(sorted({entry.target for entry in referral.entries if entry.lever is lever}))


def _target_rows(referral: Referral) -> Iterator[Row]:
    for entry in referral.entries:
        yield {
            "kind": entry.lever.value,
            "target": entry.target,
            "end": iso(entry.valid_until),
            "exhibits": " ".join(entry.exhibits),
        }


def _exhibits_of(referral: Referral) -> tuple[ExhibitId, ...]:
    return tuple(dict.fromkeys(exhibit for entry in referral.entries for exhibit in entry.exhibits))


def _exhibits_in(verdict: Verdict) -> Iterator[ExhibitId]:
    for observation in verdict.observations:
        yield from observation.exhibits


def _shows(verdict: Verdict, referral: Referral, exhibits: tuple[ExhibitId, ...]) -> bool:
    """Tell whether a verdict is of a stream for which a referral names a target."""
    targets = {entry.target for entry in referral.entries}
    return host_of(verdict.url.text) in targets or not set(exhibits).isdisjoint(
        _exhibits_in(verdict)
    )


def _newest_verdicts(ledger: Ledger) -> list[tuple[Entry, Verdict]]:
    """Return the newest verdict of each stream, where it proves the stream."""
    newest = {verdict.url.text: (entry, verdict) for entry, verdict in contents(ledger, Verdict)}
    return [pair for pair in newest.values() if pair[1].finding is Finding.PROVEN]


def _verdict_facts(verdicts: list[tuple[Entry, Verdict]]) -> Facts:
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
