"""``cautery mandate``: what a mandate file says, before anything is probed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.act import standing_of, terms_digest
from cautery.adapters.person_keys import load_approver
from cautery.cli import render
from cautery.cli._signing import ask, mandate_text
from cautery.cli._verbs import Verbs
from cautery.messages import say
from cautery.model import Digest, Mandate, OwnService, Source, digest_of, iso, to_json
from cautery.watch.rhythm import Rhythm
from cautery.workflows.mandate.read import read_mandate, read_with_bytes
from cautery.workflows.mandate.signatures import add_signature, signatures_path
from cautery.workflows.mandate.signers import read_signers

app = typer.Typer(cls=Verbs, no_args_is_help=True, help="Check, show and sign a mandate.")


@app.callback()
def mandate() -> None:
    """Check, show and sign a mandate."""


@app.command()
def show(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show the events and times that a mandate covers, fixtures left out, sources and purchases.

    The file and the files that it names (calendars, receipts) are checked as a watch checks them.
    Nothing is fetched, and no credential is shown.

    Example: cautery mandate show mandate.toml
    """
    now = wiring.clock().now()
    checked, raw = read_with_bytes(mandate, now=now)
    standing = standing_of(checked, now=now)
    if json:
        for row in _rows(checked):
            render.json_line(row)
        summary = {"mandate": checked.id, "digest": digest_of(raw), "terms": terms_digest(checked)}
        render.json_line({**summary, "standing": standing.words, **to_json(standing)})
        return
    render.say(f"{checked.id}: {checked.who}, regime {checked.regime.value}")
    render.say(render.printable(standing.words))
    render.say(f"digest to sign  {digest_of(raw)}")
    window = checked.window
    render.say(f"window {_time(window.start)} to {_time(window.end)}")
    if checked.events:
        render.table(
            ("event", "kick-off", "watched from", "until", "id"),
            (
                (
                    event.name,
                    _time(event.kick_off),
                    _time(event.window.start),
                    _time(event.window.end),
                    event.id,
                )
                for event in sorted(checked.events, key=lambda event: event.kick_off)
            ),
        )
    if checked.left_out:
        render.table(("left out", "why"), ((say(what), say(why)) for what, why in checked.left_out))
    if checked.calendars:
        render.table(
            ("calendar, fetched during the watch", "read again"),
            ((str(calendar.location), _rhythm(calendar)) for calendar in checked.calendars),
        )
    if checked.sources:
        render.table(
            ("source", "kind", "access", "read again", "also from"),
            (
                (
                    str(source.location),
                    source.kind,
                    _access(source),
                    _rhythm(source),
                    ", ".join(source.vantages),
                )
                for source in checked.sources
            ),
        )
    if checked.services:
        render.table(
            ("service of our own", "certificate authority", "pinned keys", "our certificate"),
            (
                (_hosts(service), _authority(service), str(len(service.pins)), _shown(service))
                for service in checked.services
            ),
        )
    if checked.purchases:
        render.table(
            ("purchase", "service", "authorised by", "bought", "merchant", "paid"),
            (
                (
                    purchase.id,
                    purchase.service,
                    purchase.authorised_by,
                    _time(purchase.bought_at),
                    purchase.merchant,
                    f"{purchase.amount} {purchase.currency} by {purchase.means}",
                )
                for purchase in checked.purchases
            ),
        )


@app.command()
def check(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="TOML file with [[signer]]: who may sign mandates."),
    ] = None,
) -> None:
    """Show who has signed a mandate, and whether --signers knows these people.

    Exit code 1 if fewer than two people have signed it, or if --signers does not name them.

    Example: cautery mandate check mandate.toml --signers ministry.toml
    """
    now = wiring.clock().now()
    allowed_signers = None if signers is None else read_signers(signers)
    standing = standing_of(read_mandate(mandate, now=now), now=now, signers=allowed_signers)
    typer.echo(render.printable(standing.words))
    if not standing.signed or standing.vouched is False:
        raise typer.Exit(1)


@app.command()
def sign(
    mandate: Annotated[Path, typer.Argument(help="The mandate's TOML file.")],
    name: Annotated[str, typer.Option("--name", help="Your name.")],
    role: Annotated[str, typer.Option("--role", help="Your role, such as director.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key (PEM, mode 0600).")],
    digest: Annotated[
        str | None,
        typer.Option("--digest", help="Digest of what you sign, from cautery mandate show."),
    ] = None,
) -> None:
    """Sign a mandate; two people must sign it before its approvers can approve anything.

    You see what you sign and are asked to confirm; without a terminal, give its --digest instead.
    The signature is written to a file next to the mandate and covers every byte of the mandate.

    Example: cautery mandate sign mandate.toml --name "M. Head" --role director --key m.pem
    """
    now = wiring.clock().now()
    checked, raw = read_with_bytes(mandate, now=now)
    private = load_approver(key)
    if digest is None:
        ask(
            mandate_text(checked, raw),
            question=f"Sign this as {render.printable(name)}, {render.printable(role)}?",
            hint=f"Give --digest sha256:..., which cautery mandate show {mandate} prints.",
        )
    expected = digest_of(raw) if digest is None else Digest(digest)
    add_signature(
        mandate, checked, raw=raw, shown=expected, name=name, role=role, key=private, now=now
    )
    render.say(render.printable(f"{name} has signed {mandate}: {signatures_path(mandate)}"))


def _rows(mandate: Mandate) -> list[dict[str, object]]:

    rows: list[dict[str, object]] = [
        {
            "event": event.id,
            "name": event.name,
            "kick_off": iso(event.kick_off),
            "watched_from": iso(event.window.start),
            "watched_until": iso(event.window.end),
        }
        for event in sorted(mandate.events, key=lambda event: event.kick_off)
    ]
    rows += [{"left_out": say(what), "why": say(why)} for what, why in mandate.left_out]
    rows += [
        {"calendar": str(calendar.location), "revisit_s": calendar.revisit_s}
        for calendar in mandate.calendars
    ]
    rows += [
        {
            "source": str(source.location),
            "kind": source.kind,
            "access": source.access.value,
            "purchase": source.purchase,
            "revisit_s": source.revisit_s,
            "vantages": list(source.vantages),
        }
        for source in mandate.sources
    ]
    rows += [
        {
            "service": service.host,
            "also": list(service.also),
            "ca": None if service.ca is None else str(service.ca),
            "pins": list(service.pins),
            "client_cert": None if service.client_cert is None else str(service.client_cert),
        }
        for service in mandate.services
    ]
    rows += [
        {
            "purchase": purchase.id,
            "service": purchase.service,
            "authorised_by": purchase.authorised_by,
            "authorisation": purchase.authorisation,
            "bought_at": iso(purchase.bought_at),
            "merchant": purchase.merchant,
            "amount": purchase.amount,
            "currency": purchase.currency,
            "means": purchase.means,
            "receipt": None if purchase.receipt is None else str(purchase.receipt),
        }
        for purchase in mandate.purchases
    ]
    return rows


def _hosts(service: OwnService) -> str:
    return ", ".join((service.host, *service.also))


def _authority(service: OwnService) -> str:
    return "the system's authorities" if service.ca is None else str(service.ca)


def _shown(service: OwnService) -> str:
    return "none" if service.client_cert is None else str(service.client_cert)


def _access(source: Source) -> str:
    if source.purchase is not None:
        return f"purchase {source.purchase}"
    return source.access.value if source.receipt is None else f"{source.access.value}, recorded"


def _rhythm(source: Source) -> str:
    if source.is_file or source.kind == "stream":
        return "once"
    if source.revisit_s is not None:
        return f"every {source.revisit_s:g} s"

    wait_s = Rhythm.of(source.kind, least_s=source.least_s, most_s=source.most_s).wait_s
    rhythm = f"learned, at first every {wait_s / 60:.0f} min"
    return rhythm if source.kind == "ical" else f"{rhythm}; every minute while an event is on"


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
