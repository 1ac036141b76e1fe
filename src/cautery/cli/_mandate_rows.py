"""All that a mandate puts in force, as rows: JSON lines as they are, and tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby

from cautery.cli import render
from cautery.formats.rhythm import Rhythm
from cautery.messages import say
from cautery.model import Mandate, Source, to_json
from cautery.model.message import Message

Row = Mapping[str, object]
"""Its first key names the table that it stands in."""


def rows_of(mandate: Mandate) -> Iterator[Row]:
    """Yield all that a mandate puts in force, table by table; no row holds a secret."""
    for event in sorted(mandate.events, key=lambda event: event.kick_off):
        yield {
            "event": event.id,
            "name": event.name,
            "kick_off": event.kick_off,
            "watched_from": event.window.start,
            "watched_until": event.window.end,
            "clean_feed": event.clean_feed,
            "legal_basis": event.legal_basis,
            "collateral_budget": event.collateral_budget,
        }
    for what, why in mandate.left_out:
        yield {"left_out": say(what), "why": say(why)}
    for calendar in mandate.calendars:
        yield {
            "calendar": calendar.location,
            "revisit_s": calendar.revisit_s,
            "read_again": _rhythm(calendar),
        }
    for channel in mandate.channels:
        yield {
            "channel": channel.id,
            "names": channel.names,
            "territory": channel.territory,
            "of_event": channel.event,
            "reference": channel.reference,
            "legal_basis": channel.legal_basis,
        }
    for work in mandate.works:
        yield {
            "work": work.id,
            "title": work.title,
            "other_titles": work.other_titles,
            "year": work.year,
            "work_kind": work.kind,
            "reference": work.reference,
            "legal_basis": work.legal_basis,
        }
    for partner in mandate.partners:
        yield {"partner": partner.name, "hosts": partner.hosts, "channels": partner.channels}
    yield from _sources(mandate)
    yield from _acts(mandate)
    yield {
        "user_agent": mandate.network.user_agent,
        "rate_per_host": mandate.network.rate_per_host,
        "resolver": mandate.network.resolver,
        "facts": mandate.network.facts,
        "rdap": mandate.network.rdap,
        "allow": mandate.network.allow,
        "canary_port": mandate.network.canary_port,
    }
    if mandate.log is not None:
        yield {
            "log": mandate.log.folder,
            "stamps": mandate.log.stamps,
            "beyond": mandate.log.beyond,
        }
    if mandate.lists is not None:
        yield {"lists": mandate.lists.folder, "key": mandate.lists.key}
    if mandate.decoys is not None:
        yield {
            "decoys": mandate.decoys.sealed,
            "keeper": mandate.decoys.keeper,
            "planner": mandate.decoys.planner,
            "own": mandate.decoys.own,
        }


def _sources(mandate: Mandate) -> Iterator[Row]:
    for source in mandate.sources:
        yield {
            "source": source.location,
            "kind": source.kind,
            "access": source.access,
            "purchase": source.purchase,
            "receipt": source.receipt,
            "revisit_s": source.revisit_s,
            "read_again": _rhythm(source),
            "vantages": source.vantages,
        }
    for vantage in mandate.vantages:
        yield {"vantage": vantage.name, "country": vantage.country, "proxy": vantage.proxy}
    for purchase in mandate.purchases:
        yield {
            "purchase": purchase.id,
            "service": purchase.service,
            "authorised_by": purchase.authorised_by,
            "authorisation": purchase.authorisation,
            "bought_at": purchase.bought_at,
            "merchant": purchase.merchant,
            "amount": purchase.amount,
            "currency": purchase.currency,
            "means": purchase.means,
            "receipt": purchase.receipt,
        }
    for service in mandate.services:
        yield {
            "service": service.host,
            "also": service.also,
            "ca": service.ca,
            "pins": service.pins,
            "client_cert": service.client_cert,
        }


def _acts(mandate: Mandate) -> Iterator[Row]:
    for order in mandate.orders:
        yield {
            "order": order.id,
            "authority": order.authority,
            "territory": order.territory,
            "order_kind": order.kind,
            "start": order.window.start,
            "end": order.window.end,
            "days": order.days,
            "targets_rule": order.targets_rule,
            "particulars": order.particulars,
        }
    for intermediary in mandate.intermediaries:
        yield {
            "intermediary": intermediary.name,
            "territory": intermediary.territory,
            "list_url": intermediary.list_url,
            "proxy": intermediary.proxy,
        }
    for approver in mandate.approvers:
        yield {"approver": approver.name, "role": approver.role, "public_key": approver.public_key}
    for confirmation in mandate.confirmations:
        yield {
            "confirmed_rule": confirmation.rule,
            "source": confirmation.source,
            "by": confirmation.name,
            "at": confirmation.at,
        }


def as_json(row: Row) -> dict[str, object]:
    """Return a row as JSON has it."""
    return {key: to_json(value) for key, value in row.items()}


def show_tables(rows: Iterable[Row]) -> None:
    """Print a table for each kind of row, without the columns in which nothing stands."""
    for _, group in groupby(rows, key=lambda row: next(iter(row))):
        table = [{key: _cell(value) for key, value in row.items()} for row in group]
        columns = [column for column in table[0] if any(row[column] for row in table)]
        render.table(
            [column.replace("_", " ") for column in columns],
            ([row[column] for column in columns] for row in table),
        )


def warning_rows(gaps: Iterable[Message]) -> Iterator[dict[str, object]]:
    """Yield a row for each thing that a mandate switches off."""
    for gap in gaps:
        yield {"warning": gap.id, "text": say(gap)}


def say_warnings(gaps: Iterable[Message]) -> None:
    """Tell a person what a mandate switches off."""
    for gap in gaps:
        render.say(f"warning: {say(gap)}")


def time_words(moment: datetime) -> str:
    """Return a time as people read it here."""
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return time_words(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {word}" for name, word in value.items())
    return "" if value is None else str(value)


def _rhythm(source: Source) -> str:
    if source.is_file or source.kind == "stream":
        return "once"
    if source.revisit_s is not None:
        return f"every {source.revisit_s:g} s"
    wait_s = Rhythm.of(source.kind, least_s=source.least_s, most_s=source.most_s).wait_s
    rhythm = f"learned, at first every {wait_s / 60:.0f} min"
    return rhythm if source.kind == "ical" else f"{rhythm}; every minute while an event is on"
