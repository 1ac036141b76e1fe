"""Views of a case's derivative: counts by service, without persons and without small counts.

A number of customers under five is shown as unknown (docs/adr/0002). Servers, streams and accounts
are the service's own, and are counted as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cautery.formats import SMALLEST
from cautery.messages import say
from cautery.model import iso
from cautery.workflows.seized.records import taken
from cautery.workflows.seized.tables import Derivative
from cautery.workflows.seized.take import host_of_source

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 100
ELSEWHERE = "ZZ"
"""ISO 3166-1 leaves ZZ to its users: countries too small to be told, and customers without one."""

Row = dict[str, Any]


def views(derivative: Derivative, *, on: datetime) -> dict[str, list[Row]]:
    """Return the tables to show, by their title; those with nothing in them are left out.

    Parameters
    ----------
    on : datetime
        Lines that end before it are expired.
    """
    tables = {title: view(derivative, on) for title, view in VIEWS.items()}
    return {title: rows for title, rows in tables.items() if rows}


def _taken(derivative: Derivative, _on: datetime) -> list[Row]:
    return [
        {
            "id": dump.id,
            "kind": dump.kind,
            "panel": dump.panel,
            "bytes": dump.size,
            "rows": {kind: dump.rows(kind) for kind in sorted({t.kind for t in dump.tables})},
            "unread": sum(warning.count for warning in dump.warnings),
            "failed": None if dump.failed is None else say(dump.failed),
            "by": dump.by,
            "at": iso(dump.at),
        }
        for dump in taken(derivative.ledger)
    ]


def _lines(derivative: Derivative, on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    lines = derivative.frame("line", ("country", "ip_country", "trial", "expires_at"))
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
    counts = merged.group_by("panel", "country").agg(
        *((pl.col("state") == state).sum().alias(state) for state in ("paid", "trial", "expired"))
    )
    return _rows(counts, ("paid", "trial", "expired"), by="paid")


def _resellers(derivative: Derivative, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    accounts = derivative.frame(
        "account", ("account", "role", "owner", "group", "credits", "domain")
    )
    if accounts is None:
        return []
    accounts = accounts.unique("account", keep="last", maintain_order=True)
    below = accounts.drop_nulls("owner").group_by(account="owner").agg(accounts_below=pl.len())
    resellers = accounts.join(below, on="account", how="left")
    groups = derivative.frame("group", ("group", "administrator", "reseller"))
    if groups is not None:
        role = (
            pl.when(pl.col("administrator"))
            .then(pl.lit("administrator"))
            .when(pl.col("reseller"))
            .then(pl.lit("reseller"))
        )
        roles = groups.select("panel", "group", said=role).unique(["panel", "group"])
        resellers = resellers.join(roles, on=["panel", "group"], how="left").with_columns(
            role=pl.coalesce("role", "said")
        )
    lines = derivative.frame("line", ("account",))
    line_counts = (
        None
        if lines is None
        else lines.drop_nulls("account").group_by("account").agg(lines=pl.len())
    )
    resellers = (
        resellers.join(line_counts, on="account", how="left")
        if line_counts is not None
        else resellers.with_columns(lines=pl.lit(None, pl.UInt32))
    )
    sold = derivative.frame("credit", ("account", "amount"))
    if sold is not None:
        movements = (
            sold.drop_nulls("account").group_by("account").agg(credits_moved=pl.sum("amount"))
        )
        resellers = resellers.join(movements, on="account", how="left")
    columns = ("panel", "account", "role", "owner", "domain", "credits", "credits_moved",
            "accounts_below", "lines")  # fmt: skip
    return _rows(
        resellers.select(column for column in columns if column in resellers.columns),
        ("lines",),
        by="lines",
    )


def _upstreams(derivative: Derivative, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    upstreams = sources(derivative)
    if upstreams is None:
        return []
    counts = upstreams.group_by("panel", "host").agg(streams=pl.col("stream").n_unique())
    return _rows(counts, (), by="streams")


def sources(derivative: Derivative) -> pl.DataFrame | None:
    """Return (panel, seized, taken_at, stream, added_at, host): from where each stream is drawn."""
    import polars as pl  # noqa: PLC0415 - heavy

    parts = [
        derivative.frame("stream", ("stream", "sources", "added_at")),
        derivative.frame("placement", ("stream", "sources")),
    ]
    frames = [part for part in parts if part is not None]
    if not frames:
        return None
    return (
        pl.concat(frames, how="diagonal")
        .explode("sources")
        .drop_nulls("sources")
        .with_columns(host=pl.col("sources").map_elements(host_of_source, return_dtype=pl.String))
        .filter(pl.col("host") != "")
        .drop("sources")
    )


def _servers(derivative: Derivative, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    servers = derivative.frame(
        "server", ("server", "domain", "address", "second_address", "parent")
    )
    if servers is None:
        return []
    table = servers.drop("seized", "taken_at").unique(["panel", "server"], keep="last")
    placed = derivative.frame("placement", ("stream", "server"))
    if placed is not None:
        streams = placed.group_by("panel", "server").agg(streams=pl.col("stream").n_unique())
        table = table.join(streams, on=["panel", "server"], how="left")
    activity = derivative.frame("activity", ("server", "line", "ip", "at"))
    if activity is not None:
        use = activity.group_by("panel", "server").agg(
            customers=pl.coalesce("line", "ip").drop_nulls().n_unique(),
            first=pl.min("at"),
            last=pl.max("at"),
        )
        table = table.join(use, on=["panel", "server"], how="left")
    times = ("first", "last") if activity is not None else ()
    customers = ("customers",) if activity is not None else ()
    return _rows(table, customers, by="server", beside=times, descending=False)


def _streams(derivative: Derivative, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    streams = derivative.frame("stream", ("stream", "title"))
    activity = derivative.frame("activity", ("stream", "line", "ip"))
    if streams is None or activity is None:
        return []
    use = activity.group_by("panel", "stream").agg(
        customers=pl.coalesce("line", "ip").drop_nulls().n_unique(), watched=pl.len()
    )
    titled = streams.drop_nulls("title").unique(["panel", "stream"], keep="last")
    table = titled.select("panel", "stream", "title").join(use, on=["panel", "stream"])
    return _rows(table, ("customers",), by="customers", beside=("watched",))


def _hosts(derivative: Derivative, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    requests = derivative.frame("request", ("host", "upstream", "ip", "route", "bytes", "at"))
    if requests is None:
        return []
    traffic = requests.group_by("panel", "host", "upstream", "route").agg(
        requests=pl.len(),
        bytes=pl.sum("bytes"),
        customers=pl.col("ip").drop_nulls().n_unique(),
        first=pl.min("at"),
        last=pl.max("at"),
    )
    return _rows(
        traffic, ("customers",), by="requests", beside=("requests", "bytes", "first", "last")
    )


def _endpoints(derivative: Derivative, _on: datetime) -> list[Row]:
    import polars as pl  # noqa: PLC0415 - heavy

    flows = derivative.frame(
        "flow",
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
    traffic = (
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
    return _rows(traffic, ("peers",), by="bytes", beside=("flows", "bytes", "first", "last"))


def _rows(
    table: pl.DataFrame,
    customers: tuple[str, ...],
    *,
    by: str,
    beside: tuple[str, ...] = (),
    descending: bool = True,
) -> list[Row]:
    """Return the first rows for showing: small numbers of customers, and what goes with, untold."""
    import polars as pl  # noqa: PLC0415 - heavy

    small = {customer: pl.col(customer).is_between(1, SMALLEST - 1) for customer in customers}
    hidden = [
        pl.when(is_small).then(None).otherwise(column).alias(column)
        for column, is_small in small.items()
    ]
    if beside:
        any_small = pl.any_horizontal(*small.values())
        hidden += [
            pl.when(any_small).then(None).otherwise(column).alias(column) for column in beside
        ]
    ties = [column for column in ("panel", "country", "host", "account") if column in table.columns]
    ordered = table.sort(
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


VIEWS: Mapping[str, Callable[[Derivative, datetime], list[Row]]] = {
    "taken": _taken,
    "lines by country": _lines,
    "accounts": _resellers,
    "drawn from": _upstreams,
    "servers": _servers,
    "streams": _streams,
    "requests": _hosts,
    "flows": _endpoints,
}
