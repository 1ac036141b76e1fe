"""The facts that a referral, its order and its mandate give to a form: nothing else is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date
from zoneinfo import ZoneInfo

from cautery.act import order_of
from cautery.act.jurisdictions import profile_of
from cautery.errors import ApprovalError, InputError
from cautery.model import (
    BlockEntry,
    CourtOrder,
    Event,
    ExhibitId,
    Lever,
    Mandate,
    Referral,
    host_of,
    iso,
)
from cautery.model.forms import Fact, Form, Row, Value
from cautery.workflows.case.opening import Opening
from cautery.workflows.case.referral import FiledReferral
from cautery.workflows.forms.chosen import About

Facts = dict[str, Fact]


def narrowed(filed: FiledReferral, form: Form, about: About) -> FiledReferral:
    """Return a referral with the entries that a paper is about.

    Raises
    ------
    InputError
        If none of its targets is meant, or the form has a paper for each target and several are.
    """
    entries = tuple(
        entry
        for entry in filed.referral.entries
        if not about.hosts or host_in(entry) in about.hosts
    )
    if not entries:
        raise InputError(
            f"referral {filed.referral.id} has no target {', '.join(about.hosts)[:200]!r}",
            hint=f"Its targets: {', '.join(targets_of(filed.referral))[:500]}.",
        )
    if form.per_target and len(entries) > 1:
        raise InputError(
            f"the form {form.id} is a paper for one target, and referral {filed.referral.id} has "
            f"{len(entries)}: write one for each",
            hint=f"Give --host: {', '.join(host_in(entry) for entry in entries)[:500]}.",
        )
    return replace(filed, referral=replace(filed.referral, entries=entries))


def host_in(entry: BlockEntry) -> str:
    """Return what names the target of an entry: its host, or the address."""
    return host_of(entry.target) if entry.lever is Lever.URL else entry.target


def targets_of(referral: Referral) -> tuple[str, ...]:
    """Return what names each target of a referral, in its order."""
    return tuple(dict.fromkeys(map(host_in, referral.entries)))


def exhibits_of(referral: Referral) -> tuple[ExhibitId, ...]:
    """Return the exhibits that a referral names, each once."""
    return tuple(dict.fromkeys(exhibit for entry in referral.entries for exhibit in entry.exhibits))


def paper_facts(opening: Opening, about: About) -> Facts:
    """Return what each paper of a case may state: the case and the time."""
    first = (opening.entry.index,)
    return {
        "case.id": Fact(value=opening.signed_for.case, records=first),
        "case.lab": Fact(value=opening.mandate.lab, records=first),
        "paper.day": Fact(value=about.at.astimezone(UTC).date().isoformat()),
        "paper.time": Fact(value=iso(about.at)),
    }


def mandate_facts(mandate: Mandate, *, record: int) -> Facts:
    """Return what a mandate says, which a record states."""
    approvers = tuple(f"{person.name} ({person.role})" for person in mandate.approvers)
    return _stated(
        {
            "mandate.id": mandate.id,
            "mandate.holder": mandate.who,
            "mandate.legal_basis": mandate.legal_basis,
            "mandate.territories": mandate.territories,
            "mandate.works": _works(mandate),
            "mandate.approvers": approvers,
        },
        record,
    )


def referral_facts(filed: FiledReferral, mandate: Mandate, *, drafted: int, opened: int) -> Facts:
    """Return what a referral, its event and its order say; of an unknown order, nothing.

    Parameters
    ----------
    drafted : int
        The record that drafted it.
    opened : int
        The record that states the mandate.
    """
    referral = filed.referral
    addresses = _targets(referral, Lever.ADDRESS)
    event = next((event for event in mandate.events if event.id == referral.event), None)
    values: dict[str, Value] = {
        "referral.id": referral.id,
        "referral.digest": filed.digest,
        "referral.covers": _covers(event, mandate),
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
    facts = _stated(values, drafted) | _event(event, referral.territory, opened)
    try:
        return facts | _order(order_of(referral, mandate), opened)
    except ApprovalError:
        return facts


def _order(order: CourtOrder, record: int) -> Facts:
    values: dict[str, Value] = {
        "order.id": order.id,
        "order.authority": order.authority,
        "order.territory": order.territory,
        "order.begin": iso(order.window.start),
        "order.end": iso(order.window.end),
        "order.targets_rule": order.targets_rule,
        "order.days": tuple(map(date.isoformat, order.days)),
    }
    values |= {f"order.{name}": text for name, text in order.particulars.items()}
    return _stated(values, record)


def _event(event: Event | None, territory: str, record: int) -> Facts:
    if event is None:
        return {}
    zone = ZoneInfo(profile_of(territory).zone)
    return _stated(
        {
            "event.id": event.id,
            "event.name": event.name,
            "event.start": iso(event.kick_off),
            "event.day": event.kick_off.astimezone(zone).date().isoformat(),
            "event.legal_basis": event.legal_basis,
        },
        record,
    )


def _stated(values: Mapping[str, Value], record: int) -> Facts:
    return {name: Fact(value=value, records=(record,)) for name, value in values.items()}


def _covers(event: Event | None, mandate: Mandate) -> str:
    if event is not None:
        return f"{event.name}, {event.kick_off:%Y-%m-%d %H:%M} UTC"
    return "; ".join(_works(mandate))


def _works(mandate: Mandate) -> tuple[str, ...]:
    titles = [work.title for work in mandate.works]
    titles += [channel.names[0] for channel in mandate.channels if channel.names]
    return tuple(dict.fromkeys(titles))


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
