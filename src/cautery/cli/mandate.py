"""``cautery mandate``: what a mandate file says, before anything is probed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs

if TYPE_CHECKING:
    from cautery.model import Mandate, OwnService, Source

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Check and show a mandate.")


@app.callback()
def mandate() -> None:
    """Check and show a mandate."""


@app.command()
def show(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show when which event is watched, which fixtures are left out, sources and purchases.

    The file and what it names (calendars, receipts) are checked as a watch would; nothing is
    fetched, and no credential is shown.

    Example: cautery mandate show mandate.toml
    """
    from cautery import wiring
    from cautery.workflows.read_mandate import read_mandate

    checked = read_mandate(mandate, now=wiring.clock().now())
    if json:
        for row in _rows(checked):
            render.json_line(row)
        return
    render.say(f"{checked.id}: {checked.who}, regime {checked.regime.value}")
    window = checked.window
    render.say(f"window {_time(window.start)} to {_time(window.end)}")
    if checked.events:
        render.table(
            ("event", "kick-off", "watched from", "until", "id"),
            (
                (
                    one.name,
                    _time(one.kick_off),
                    _time(one.window.start),
                    _time(one.window.end),
                    one.id,
                )
                for one in sorted(checked.events, key=lambda one: one.kick_off)
            ),
        )
    if checked.left_out:
        render.table(("left out", "why"), checked.left_out)
    if checked.calendars:
        render.table(
            ("calendar, fetched while it is watched", "read again"),
            ((str(one.location), _rhythm(one)) for one in checked.calendars),
        )
    if checked.sources:
        render.table(
            ("source", "kind", "access", "read again", "also from"),
            (
                (str(one.location), one.kind, _access(one), _rhythm(one), ", ".join(one.vantages))
                for one in checked.sources
            ),
        )
    if checked.services:
        render.table(
            ("service of ours", "proves itself by", "keys pinned", "is shown"),
            (
                (_hosts(one), _authority(one), str(len(one.pins)), _shown(one))
                for one in checked.services
            ),
        )
    if checked.purchases:
        render.table(
            ("purchase", "service", "authorised by", "bought", "merchant", "paid"),
            (
                (
                    one.id,
                    one.service,
                    one.authorised_by,
                    _time(one.bought_at),
                    one.merchant,
                    f"{one.amount} {one.currency} by {one.means}",
                )
                for one in checked.purchases
            ),
        )


def _rows(mandate: Mandate) -> list[dict[str, object]]:
    from cautery.model import iso

    rows: list[dict[str, object]] = [
        {
            "event": one.id,
            "name": one.name,
            "kick_off": iso(one.kick_off),
            "watched_from": iso(one.window.start),
            "watched_until": iso(one.window.end),
        }
        for one in sorted(mandate.events, key=lambda one: one.kick_off)
    ]
    rows += [{"left_out": what, "why": why} for what, why in mandate.left_out]
    rows += [
        {"calendar": str(one.location), "revisit_s": one.revisit_s} for one in mandate.calendars
    ]
    rows += [
        {
            "source": str(one.location),
            "kind": one.kind,
            "access": one.access.value,
            "purchase": one.purchase,
            "revisit_s": one.revisit_s,
            "vantages": list(one.vantages),
        }
        for one in mandate.sources
    ]
    rows += [
        {
            "service": one.host,
            "also": list(one.also),
            "ca": None if one.ca is None else str(one.ca),
            "pins": list(one.pins),
            "client_cert": None if one.client_cert is None else str(one.client_cert),
        }
        for one in mandate.services
    ]
    rows += [
        {
            "purchase": one.id,
            "service": one.service,
            "authorised_by": one.authorised_by,
            "authorisation": one.authorisation,
            "bought_at": iso(one.bought_at),
            "merchant": one.merchant,
            "amount": one.amount,
            "currency": one.currency,
            "means": one.means,
            "receipt": None if one.receipt is None else str(one.receipt),
        }
        for one in mandate.purchases
    ]
    return rows


def _hosts(service: OwnService) -> str:
    return ", ".join((service.host, *service.also))


def _authority(service: OwnService) -> str:
    return "the system's authorities" if service.ca is None else str(service.ca)


def _shown(service: OwnService) -> str:
    return "nothing" if service.client_cert is None else str(service.client_cert)


def _access(source: Source) -> str:
    if source.purchase is not None:
        return f"purchase {source.purchase}"
    return source.access.value if source.receipt is None else f"{source.access.value}, recorded"


def _rhythm(source: Source) -> str:
    if source.is_file or source.kind == "stream":
        return "once"
    if source.revisit_s is not None:
        return f"every {source.revisit_s:g} s"
    from cautery.watch.rhythm import Rhythm

    wait_s = Rhythm.of(source.kind, least_s=source.least_s, most_s=source.most_s).wait_s
    rhythm = f"learned, at first every {wait_s / 60:.0f} min"
    return rhythm if source.kind == "ical" else f"{rhythm}; every min while an event is on"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
