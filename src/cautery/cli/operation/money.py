"""``cautery operation money``: follow supplied money from a purchase or an address."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.errors import InputError
from cautery.messages import say
from cautery.model import to_json
from cautery.operation.money.lots import METHODS
from cautery.operation.money.picture import flow_picture
from cautery.operation.money.supplied import MAX_BYTES
from cautery.operation.money.trail import Trace
from cautery.packed import content_of
from cautery.wiring import desks
from cautery.workflows.operation.trace_money import (
    read_purchases,
    read_supplied,
    read_tag_file,
    trace_money,
    trace_supplied,
)

MOST_ROWS = 60


def money(
    transfers: Annotated[
        Path,
        typer.Argument(help="Supplied transactions: CSV or JSON lines, also packed; - for stdin."),
    ],
    beginning: Annotated[
        str, typer.Option("--from", help="PURCHASE.toml, or an address or account.")
    ],
    tags: Annotated[
        list[Path] | None, typer.Option(help="CSV of address tags; may be repeated.")
    ] = None,
    method: Annotated[str, typer.Option(help="fifo, haircut or poison.")] = "fifo",
    only_purchase: Annotated[
        bool,
        typer.Option(
            "--only-purchase",
            help="Follow only the coins of the purchase; by default every coin that the owner of "
            "its address received.",
        ),
    ] = False,
    change: Annotated[
        bool, typer.Option("--change", help="Also join change addresses; this makes more mistakes.")
    ] = False,
    case: Annotated[Path | None, typer.Option(help="Keep the trace in this agency's case.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the flow as SVG.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Follow money through supplied transactions: hops, ends, and sums that could be frozen.

    If the trace begins at a purchase, it follows all coins that the owner of the paid address
    received. With --only-purchase, it follows only the price of the purchase.

    Nothing is fetched. CSV has the columns id,asset,at,side,address,amount, a row for each input
    and output. A person drafts a freezing order with `cautery operation instrument`.

    Example: cautery operation money transfers.csv --from purchase.toml --tags tags.csv
    """
    if method not in METHODS:
        raise InputError(f"--method {method!r}", hint="One of " + ", ".join(METHODS))
    start = read_purchases(Path(beginning)) if beginning.endswith(".toml") else beginning
    render.say(f"reading {transfers}")
    supplied = content_of(transfers, most=MAX_BYTES)
    table = read_supplied(transfers, supplied)
    all_tags = [tag for file in tags or () for tag in read_tag_file(file)]
    render.say(
        f"transactions {len(table):,}, addresses {len(table.addresses):,}, tags {len(all_tags):,}"
    )
    trace = trace_supplied(
        start,
        table,
        all_tags,
        method=method,
        follow="purchase" if only_purchase else "owner",
        change=change,
    )
    if case is not None:
        with desks.desk(case) as desk:
            trace_money(desk, trace, supplied=supplied)
        render.say(f"kept in {case}, encrypted")
    if plot is not None:
        wiring.write_file(plot, flow_picture(trace).encode())
        render.say(f"drawn: {plot}")
    if json:
        render.json_line(to_json(trace, words=say))
        return
    _show(trace)


def _show(trace: Trace) -> None:
    """Print what is followed, then hops, endings, holdings and proposals, the largest of each."""
    render.say(render.printable(say(trace.followed)))
    name = {node.id: _short(node.label) for node in trace.nodes}

    def cut(title: str, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        if rows:
            render.table(columns, rows[: render.most_rows(MOST_ROWS)], title=title)
        if len(rows) > render.most_rows(MOST_ROWS):
            render.say(f"{len(rows) - MOST_ROWS} more in --json")

    cut(
        f"hops ({trace.method})",
        ("from", "to", "amount", "asset", "seen"),
        [
            (
                name.get(hop.source, hop.source),
                name.get(hop.target, hop.target),
                f"{hop.amount:f}",
                hop.asset,
                f"{len(hop.transfers) or 1}x, {_days(hop.first, hop.last)}, {hop.basis}",
            )
            for hop in trace.hops
        ],
    )
    cut(
        "where the trail ends",
        ("at", "amount", "asset", "why", "who could be asked"),
        [
            (
                name.get(ending.node, ending.node),
                f"{ending.amount:f}",
                ending.asset,
                say(ending.why),
                ending.ask or "nobody",
            )
            for ending in trace.endings
        ],
    )
    cut(
        "held now, by the supplied transactions",
        ("owner", "of the trail", "in all", "asset", "addresses", "joined by"),
        [
            (
                name.get(holding.node, holding.node),
                f"{holding.tainted:f}",
                f"{holding.balance:f}",
                holding.asset,
                len(holding.addresses),
                f"{len(holding.joined_by)} transactions" if holding.joined_by else "",
            )
            for holding in trace.holdings
        ],
    )
    cut(
        "what drafts would hold (a person issues them)",
        ("draft", "to", "at most", "asset", "holds"),
        [
            (
                proposal.kind.value,
                proposal.addressee,
                "" if proposal.amount is None else f"{proposal.amount:f}",
                proposal.asset,
                "\n".join(map(say, proposal.holds[:3]))
                + ("\n..." if len(proposal.holds) > 3 else ""),
            )
            for proposal in trace.proposals
        ],
    )
    if not trace.hops and not trace.holdings:
        render.say("nothing went on from there in the supplied transactions")
    for note in trace.notes:
        render.say(render.printable(say(note)))


def _days(first: datetime, last: datetime) -> str:
    begun, ended = f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"
    return begun if begun == ended else f"{begun} to {ended}"


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:8]}...{text[-6:]}"
