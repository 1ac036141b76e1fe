"""``cautery case``: what people decide about a case itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.wiring import closing

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Continue with an older copy of a case; two people sign for it.",
)


@app.callback()
def case() -> None:
    """Keep the group a group while it has one command."""


@app.command()
def restore(
    case: Annotated[Path, typer.Argument(help="Folder of the older copy, at the case's own path.")],
    why: Annotated[str, typer.Option(help="Why only an older copy is left, in one line.")],
    name: Annotated[
        list[str],
        typer.Option("--as", help="An approver's name, as in the mandate; give it twice."),
    ],
    key: Annotated[
        list[Path],
        typer.Option(help="That approver's signing key (PEM, mode 0600); give it twice."),
    ],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Continue with an older copy of a case; two approvers sign for it, and `verify` shows that.

    The key folder keeps the last state of the case that was signed. A copy of the case that ends
    earlier is refused until two approvers, whom its first record names, accept it. If the first
    record names no approvers, as in an operation's case, any two people can accept it, and `verify`
    shows that.

    Example: cautery case restore cases/md34 --why "the disk broke" --as "A. Legal" --key a.pem
    --as "B. Duty" --key b.pem
    """
    if len(name) != len(key) or len(name) != 2:
        raise InputError(
            "two different people must accept an older copy of a case",
            hint='Give --as "A. Legal" --key a.pem --as "B. Duty" --key b.pem',
        )

    restored = closing.restore(
        case, why=why, people=list(zip(name, key, strict=True)), keys_dir=keys
    )
    render.say(
        f"{case} continues from {restored.signed} signed records; {restored.before} had been "
        "signed before. "
        f"{' and '.join(restored.people)} signed for it, and that is recorded."
    )
    if restored.records > restored.signed:
        render.say(f"{restored.records - restored.signed} later records were never signed")
    if not restored.named:
        render.say("the case names no approvers, so nothing confirms who these two people are")
