"""``cautery log``: the organisation's log, which others stamp and co-sign."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import CauteryError, SourceError
from cautery.messages import say
from cautery.wiring import timing
from cautery.workflows.timing.log import Proven

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Keep the organisation's log, with which others vouch for the times of its cases.",
)

_Keys = Annotated[
    Path | None, typer.Option(help="Key folder outside the log; default $CAUTERY_KEYS.")
]


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder for the log, beside the cases.")],
    origin: Annotated[str, typer.Option(help="The organisation's domain, such as league.example.")],
    keys: _Keys = None,
) -> None:
    """Make a log and its key; print the public key, for co-signers and policies.

    A mandate names the log by [log] folder = "...". Name time-stamping authorities and co-signers
    in its log.toml. A web server can publish its folder `public`, which holds only hashes.

    Example: cautery log new cases/log --origin league.example
    """
    key = timing.new_log(folder, origin, keys_dir=keys)
    typer.echo(key)
    render.say(f"settings  {folder / 'log.toml'}: name authorities and co-signers there")


@app.command()
def prove(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case.")],
    log: Annotated[Path, typer.Option("--log", help="Folder of the log.")],
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Ask again; a proof that has all that the one there has, and more, replaces it.",
        ),
    ] = False,
    keys: _Keys = None,
) -> None:
    """Put a closed case into the log, and write the proof of others beside the note of the case.

    A watch with [log] in its mandate does so itself when it closes its case. If nobody answers, the
    command fails; a proof that is there already stays.

    Example: cautery log prove cases/md34 --log cases/log
    """
    proven = asyncio.run(timing.prove_closed(case, log, keys_dir=keys, again=again))
    say_proven(case, proven)
    if not (proven.given.stamps or _cosignatures(proven)):
        raise SourceError(
            f"{case}: it stands in the log, but nobody vouches for it",
            hint=f"Ask again: cautery log prove {case} --log {log} --again.",
        )


@app.command()
def check(
    log: Annotated[Path, typer.Argument(help="Folder of the log.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Check that the published tiles agree with the ledger and with the signed checkpoint.

    Example: cautery log check cases/log
    """
    checked = timing.check_log(log)
    if json:
        render.json_line(checked)
        return
    for label, value in checked.items():
        typer.echo(f"{label:<12} {render.printable(str(value))}")


def say_proof(case: Path, outcome: Proven | CauteryError) -> None:
    """Say who vouches for a closed case, or why nobody does and how to ask again."""
    if isinstance(outcome, CauteryError):
        render.say(render.printable(f"no proof from outside for the closed case: {outcome}"))
        render.say(f"  Ask again: cautery log prove {case} --log LOG.")
    else:
        say_proven(case, outcome)


def say_proven(case: Path, proven: Proven) -> None:
    """Say who vouches for a closed case, and who does not."""
    stamps = len(proven.given.stamps)
    lines = _cosignatures(proven)
    render.say(f"proof   {case / 'manifest.proof'}: {stamps} time-stamps, {lines} co-signatures")
    for missing in proven.missing:
        render.say(render.printable(f"missing {missing.by}: {say(missing.why)}"))


def _cosignatures(proven: Proven) -> int:
    return proven.given.checkpoint.rpartition("\n\n")[2].count("\n") - 1
