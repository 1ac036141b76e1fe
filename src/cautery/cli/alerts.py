"""``cautery alerts``: people are told of what happens in cases, and no case leaves the house."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import SourceError
from cautery.wiring import alerts

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Tell people by webhook, mail or syslog what happens in cases: a link, and no more.",
)

_Settings = Annotated[Path, typer.Argument(help="TOML file of the settings, mode 0600.")]
_SECRET_BYTES = 32


@app.command()
def run(
    settings: _Settings,
    cases: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the cases, or server: for those of the organisation; default: server: "
            "where one is named, or else cases."
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Look and send once, and end; 1: something failed.")
    ] = False,
    keys: Annotated[
        Path | None,
        typer.Option(help="Folder with the key of the log of alerts; default $CAUTERY_KEYS."),
    ] = None,
) -> None:
    """Look at all open cases every few seconds, and tell people what the rules find.

    Rules: a stream was proven; nothing is drafted against a proven stream; a watch is behind; the
    time of an act that waits for a person ends soon; a watch died. What is sent names a case, a
    number and a link into the room: no host, no person, no title. Each alert and what became of it
    on each way stand in a signed log. After a restart nothing is lost; an alert that was under way
    may come twice, with the same id.

    Example: cautery alerts run alerts.toml
    """
    read = alerts.read_alerts(settings)
    raised, failed = alerts.run(
        read, cases, once=once, keys_dir=keys, say=lambda text: render.say(render.printable(text))
    )
    render.say(f"{raised} alerts raised, {failed} not taken")
    if failed:
        raise typer.Exit(1)


@app.command()
def test(settings: _Settings) -> None:
    """Send a test on each way, once.

    Example: cautery alerts test alerts.toml
    """
    faults = alerts.try_ways(alerts.read_alerts(settings))
    for way, fault in faults.items():
        render.say(render.printable(f"{way}: {fault or 'taken'}"))
    if any(faults.values()):
        raise SourceError("not every way took the test")


@app.command()
def secret() -> None:
    """Print a new secret for a webhook, which its receiver gets as well.

    Example: cautery alerts secret
    """
    typer.echo("whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode())
