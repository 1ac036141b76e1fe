"""What the derivative of a case shows: counts by service, never a person, and none that is small.

A number of customers under five is shown as unknown (docs/adr/0002). Servers, streams and accounts
are the service's own, and are counted as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cautery.evidence.ports import CaseVault
from cautery.model import iso
from cautery.model.ports import Ledger
from cautery.watch import SMALLEST
from cautery.workflows.seized.records import taken
from cautery.workflows.seized.tables import frame
from cautery.workflows.seized.take import host_of_source

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 100
ELSEWHERE = "ZZ"
"""ISO 3166-1 leaves ZZ to its users: countries too small to be told, and customers without one."""

Row = dict[str, Any]


def views(ledger: Ledger, vault: CaseVault, *, on: datetime) -> dict[str, list[Row]]:
    """Return the tables to show, by their title; those with nothing in them are left out.

    Parameters
    ----------
    on : datetime
        Lines that end before it are expired.
    """
    found = {title: view(ledger, vault, on) for title, view in VIEWS.items()}
    return {title: rows for title, rows in found.items() if rows}


def _taken(ledger: Ledger, _vault: CaseVault, _on: datetime) -> list[Row]:
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "panel": one.panel,
            "bytes": one.size,
            "rows": {kind: one.rows(kind) for kind in sorted({t.kind for t in one.tables})},
            "unread": sum(told.count for told in one.warnings),
            "failed": one.failed,
            "by": one.by,
            "at": iso(one.at),
        }
        for one in taken(ledger)
    ]


def _lines(ledger: Ledger, vault: CaseVault, on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    lines = frame(ledger, vault, "line", ("country", "ip_country", "trial", "expires_at"))
    if lines is None:
        return []
    country = pl.coalesce("country", "ip_country", pl.lit(ELSEWHERE))
    state = (
        pl.when(pl.col("trial"))
        .then(pl.lit("trial"))
        .when(pl.col("expires_at") < on)
        .then(pl.lit("expired"))
        .otherwise(pl.lit("paid"))
    )
    counted = lines.select("panel", country=country, state=state)
    size = counted.group_by("panel", "country").len()
    small = size.filter(pl.col("len") < SMALLEST).select(
        "panel", "country", small=pl.lit(value=True)
    )
    merged = counted.join(small, on=["panel", "country"], how="left").with_columns(
        country=pl.when(pl.col("small")).then(pl.lit(ELSEWHERE)).otherwise("country")
    )
    told = merged.group_by("panel", "country").agg(
        *((pl.col("state") == one).sum().alias(one) for one in ("paid", "trial", "expired"))
    )
    return _rows(told, ("paid", "trial", "expired"), by="paid")


def _resellers(ledger: Ledger, vault: CaseVault, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    accounts = frame(
        ledger, vault, "account", ("account", "role", "owner", "group", "credits", "domain")
    )
    if accounts is None:
        return []
    accounts = accounts.unique("account", keep="last", maintain_order=True)
    below = accounts.drop_nulls("owner").group_by(account="owner").agg(accounts_below=pl.len())
    found = accounts.join(below, on="account", how="left")
    groups = frame(ledger, vault, "group", ("group", "administrator", "reseller"))
    if groups is not None:
        said = (
            pl.when(pl.col("administrator"))
            .then(pl.lit("administrator"))
            .when(pl.col("reseller"))
            .then(pl.lit("reseller"))
        )
        named = groups.select("panel", "group", said=said).unique(["panel", "group"])
        found = found.join(named, on=["panel", "group"], how="left").with_columns(
            role=pl.coalesce("role", "said")
        )
    lines = frame(ledger, vault, "line", ("account",))
    own = (
        None
        if lines is None
        else lines.drop_nulls("account").group_by("account").agg(lines=pl.len())
    )
    found = (
        found.join(own, on="account", how="left")
        if own is not None
        else found.with_columns(lines=pl.lit(None, pl.UInt32))
    )
    sold = frame(ledger, vault, "credit", ("account", "amount"))
    if sold is not None:
        given = sold.drop_nulls("account").group_by("account").agg(credits_moved=pl.sum("amount"))
        found = found.join(given, on="account", how="left")
    kept = ("panel", "account", "role", "owner", "domain", "credits", "credits_moved",
            "accounts_below", "lines")  # fmt: skip
    return _rows(found.select(one for one in kept if one in found.columns), ("lines",), by="lines")


def _upstreams(ledger: Ledger, vault: CaseVault, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    found = sources(ledger, vault)
    if found is None:
        return []
    told = found.group_by("panel", "host").agg(streams=pl.col("stream").n_unique())
    return _rows(told, (), by="streams")


def sources(ledger: Ledger, vault: CaseVault) -> pl.DataFrame | None:
    """Return (panel, seized, taken_at, stream, added_at, host): from where each stream is drawn."""
    import polars as pl  # noqa: PLC0415 - heavy

    parts = [
        frame(ledger, vault, "stream", ("stream", "sources", "added_at")),
        frame(ledger, vault, "placement", ("stream", "sources")),
    ]
    known = [part for part in parts if part is not None]
    if not known:
        return None
    return (
        pl.concat(known, how="diagonal")
        .explode("sources")
        .drop_nulls("sources")
        .with_columns(host=pl.col("sources").map_elements(host_of_source, return_dtype=pl.String))
        .filter(pl.col("host") != "")
        .drop("sources")
    )


def _servers(ledger: Ledger, vault: CaseVault, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    servers = frame(
        ledger, vault, "server", ("server", "domain", "address", "second_address", "parent")
    )
    if servers is None:
        return []
    found = servers.drop("seized", "taken_at").unique(["panel", "server"], keep="last")
    placed = frame(ledger, vault, "placement", ("stream", "server"))
    if placed is not None:
        streams = placed.group_by("panel", "server").agg(streams=pl.col("stream").n_unique())
        found = found.join(streams, on=["panel", "server"], how="left")
    seen = frame(ledger, vault, "activity", ("server", "line", "ip", "at"))
    if seen is not None:
        told = seen.group_by("panel", "server").agg(
            customers=pl.coalesce("line", "ip").drop_nulls().n_unique(),
            first=pl.min("at"),
            last=pl.max("at"),
        )
        found = found.join(told, on=["panel", "server"], how="left")
    shown = ("first", "last") if seen is not None else ()
    customers = ("customers",) if seen is not None else ()
    return _rows(found, customers, by="server", beside=shown, descending=False)


def _streams(ledger: Ledger, vault: CaseVault, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    streams = frame(ledger, vault, "stream", ("stream", "title"))
    seen = frame(ledger, vault, "activity", ("stream", "line", "ip"))
    if streams is None or seen is None:
        return []
    told = seen.group_by("panel", "stream").agg(
        customers=pl.coalesce("line", "ip").drop_nulls().n_unique(), watched=pl.len()
    )
    named = streams.drop_nulls("title").unique(["panel", "stream"], keep="last")
    found = named.select("panel", "stream", "title").join(told, on=["panel", "stream"])
    return _rows(found, ("customers",), by="customers", beside=("watched",))


def _hosts(ledger: Ledger, vault: CaseVault, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    asked = frame(ledger, vault, "request", ("host", "upstream", "ip", "route", "bytes", "at"))
    if asked is None:
        return []
    told = asked.group_by("panel", "host", "upstream", "route").agg(
        requests=pl.len(),
        bytes=pl.sum("bytes"),
        customers=pl.col("ip").drop_nulls().n_unique(),
        first=pl.min("at"),
        last=pl.max("at"),
    )
    return _rows(told, ("customers",), by="requests", beside=("requests", "bytes", "first", "last"))


def _endpoints(ledger: Ledger, vault: CaseVault, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    flows = frame(
        ledger, vault, "flow",
        ("source", "source_port", "source_country", "destination", "destination_port",
         "destination_country", "bytes", "at"),
    )  # fmt: skip
    if flows is None:
        return []
    ways = [
        flows.select(
            "panel", "bytes", "at",
            server=near, port=f"{near}_port", peer=far, peer_country=f"{far}_country",
            way=pl.lit(way),
        )
        for near, far, way in (("source", "destination", "out"), ("destination", "source", "in"))
    ]  # fmt: skip
    told = (
        pl.concat(ways)
        .filter(~pl.col("server").str.starts_with("~"))
        .group_by("panel", "server", "port", "way", "peer_country")
        .agg(
            flows=pl.len(),
            bytes=pl.sum("bytes"),
            peers=pl.col("peer").n_unique(),
            first=pl.min("at"),
            last=pl.max("at"),
        )
    )
    return _rows(told, ("peers",), by="bytes", beside=("flows", "bytes", "first", "last"))


def _rows(
    found: pl.DataFrame,
    customers: tuple[str, ...],
    *,
    by: str,
    beside: tuple[str, ...] = (),
    descending: bool = True,
) -> list[Row]:
    """Return the first rows for showing: small numbers of customers, and what goes with, untold."""
    import polars as pl  # noqa: PLC0415 - heavy

    small = {customer: pl.col(customer).is_between(1, SMALLEST - 1) for customer in customers}
    hidden = [pl.when(few).then(None).otherwise(one).alias(one) for one, few in small.items()]
    if beside:
        few = pl.any_horizontal(*small.values())
        hidden += [pl.when(few).then(None).otherwise(one).alias(one) for one in beside]
    ties = [one for one in ("panel", "country", "host", "account") if one in found.columns]
    ordered = found.sort(
        [by, *ties], descending=[descending, *(False for _ in ties)], nulls_last=True
    ).with_columns(hidden)
    rows = ordered.drop("seized", "taken_at", strict=False).head(MOST_ROWS).to_dicts()
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


VIEWS: Mapping[str, Callable[[Ledger, CaseVault, datetime], list[Row]]] = {
    "taken": _taken,
    "lines by country": _lines,
    "accounts": _resellers,
    "drawn from": _upstreams,
    "servers": _servers,
    "streams": _streams,
    "requests": _hosts,
    "flows": _endpoints,
}
