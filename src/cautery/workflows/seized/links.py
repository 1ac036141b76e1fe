"""Extract links from seized material: a panel's servers, sources, domains and handles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from cautery.formats import address_in
from cautery.messages import message
from cautery.model import Link
from cautery.model.records import Entry, MaterialTaken
from cautery.workflows.seized.records import readings, taken
from cautery.workflows.seized.tables import Derivative
from cautery.workflows.seized.views import sources

COLUMNS = ("subject", "kind", "value", "first_seen", "last_seen", "source")


def links_of_seized(derivative: Derivative) -> tuple[Link, ...]:
    """Return each link once, its span as wide as the material says, sorted.

    A panel bears itself as a value, and so does what belongs to it: its servers, the hosts that it
    draws streams from, its resellers' domains. Handles are keyed hashes. No customer is in it.
    Each link names the record of what was taken, and the sealed table that it stands in.
    """
    spans: dict[tuple[str, str, str, str], _Found] = {}
    for observation in _found(derivative):
        key = (observation.subject, observation.kind, observation.value, observation.seized)
        earlier = spans.get(key, observation)
        spans[key] = earlier._replace(
            first=min(earlier.first, observation.first), last=max(earlier.last, observation.last)
        )
    material = readings(derivative.ledger)
    return tuple(
        _link(observation, *material[observation.seized])
        for _, observation in sorted(spans.items())
    )


class _Found(NamedTuple):
    """A link as a table has it; ``table`` is the table's kind, none for the panel itself."""

    subject: str
    kind: str
    value: str
    seized: str
    first: datetime
    last: datetime
    table: str | None


def _link(observation: _Found, entry: Entry, material: MaterialTaken) -> Link:
    sealed = [table.exhibit for table in material.tables if table.kind == observation.table]
    return Link(
        subject=observation.subject,
        kind=observation.kind,
        value=observation.value,
        source=f"seized:{observation.seized}",
        first_seen=observation.first,
        last_seen=observation.last,
        exhibit=sealed[0] if sealed else None,
        records=(entry.index,),
        said=None
        if observation.table is None
        else message(
            f"link.in-table.{observation.table}",
            kind=observation.kind,
            value=observation.value,
        ),
    )


def _found(derivative: Derivative) -> Iterator[_Found]:
    for dump in taken(derivative.ledger):
        yield _Found(dump.panel, "panel", dump.panel, dump.id, dump.at, dump.at, None)
    yield from _servers(derivative)
    yield from _sources(derivative)
    yield from _accounts(derivative)
    yield from _requests(derivative)
    yield from _flows(derivative)


def _servers(derivative: Derivative) -> Iterator[_Found]:
    servers = derivative.frame("server", ("domain", "address", "second_address"))
    for row in () if servers is None else servers.iter_rows(named=True):
        seized, at = row["seized"], row["taken_at"]
        hosts = [row[column] for column in ("domain", "address", "second_address") if row[column]]
        for host in hosts:
            yield _Found(host, "panel", row["panel"], seized, at, at, "server")
            for address in hosts:
                if address_in(address) is not None:
                    yield _Found(host, "address", address, seized, at, at, "server")


def _sources(derivative: Derivative) -> Iterator[_Found]:
    upstreams = sources(derivative)
    for row in () if upstreams is None else upstreams.iter_rows(named=True):
        at = row["taken_at"]
        first = row["added_at"] or at
        yield _Found(
            row["host"], "panel", row["panel"], row["seized"], min(first, at), at, "stream"
        )


def _accounts(derivative: Derivative) -> Iterator[_Found]:
    accounts = derivative.frame("account", ("email", "domain", "created_at", "last_seen_at"))
    for row in () if accounts is None else accounts.iter_rows(named=True):
        seized, at = row["seized"], row["taken_at"]
        first = min(row["created_at"] or at, at)
        subject = row["domain"] or row["panel"]
        if row["domain"]:
            yield _Found(row["domain"], "panel", row["panel"], seized, first, at, "account")
        if row["email"]:
            last = row["last_seen_at"] or at
            yield _Found(subject, "contact", row["email"], seized, first, last, "account")


def _requests(derivative: Derivative) -> Iterator[_Found]:
    import polars as pl  # noqa: PLC0415 - heavy

    requests = derivative.frame("request", ("host", "upstream", "at"))
    if requests is None:
        return
    for name in ("host", "upstream"):
        spans = (
            requests.drop_nulls(name)
            .group_by(name, "panel", "seized")
            .agg(first=pl.min("at"), last=pl.max("at"))
        )
        for row in spans.iter_rows(named=True):
            if row["first"] is not None:
                yield _Found(
                    row[name], "panel", row["panel"], row["seized"], row["first"], row["last"],
                    "request",
                )  # fmt: skip


def _flows(derivative: Derivative) -> Iterator[_Found]:
    import polars as pl  # noqa: PLC0415 - heavy

    flows = derivative.frame("flow", ("source", "destination", "at"))
    if flows is None:
        return
    for name in ("source", "destination"):
        clear = flows.filter(~pl.col(name).str.starts_with("~"))
        spans = clear.group_by(name, "panel", "seized").agg(first=pl.min("at"), last=pl.max("at"))
        for row in spans.iter_rows(named=True):
            yield _Found(
                row[name], "panel", row["panel"], row["seized"], row["first"], row["last"], "flow"
            )
