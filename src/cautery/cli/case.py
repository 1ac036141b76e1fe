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
    cls=Verbs, no_args_is_help=True, help="Go on with an older copy of a case, by two people."
)


@app.callback()
def case() -> None:
    """Keep the group a group while it has one command."""


@app.command()
def restore(
    case: Annotated[Path, typer.Argument(help="The older copy, in the case's place.")],
    why: Annotated[str, typer.Option(help="Why an older copy is all that is left: one line.")],
    name: Annotated[
        list[str], typer.Option("--as", help="An approver's name, as the mandate has it; twice.")
    ],
    key: Annotated[
        list[Path], typer.Option(help="That approver's signing key (PEM, mode 0600); twice.")
    ],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Go on with an older copy of a case: by two approvers, on record, and `verify` says so.

    A case remembers, with its keys, what was signed last. A copy that ends before that is refused,
    until two approvers whom its first record names take it back. Where it names none, as in an
    operation's case, any two people can, and `verify` says that too.

    Example: cautery case restore cases/md34 --why "the disk broke" --as "A. Legal" --key a.pem
    --as "B. Duty" --key b.pem
    """
    if len(name) != len(key) or len(name) != 2:
        raise InputError(
            "two people take a case back",
            hint='--as "A. Legal" --key a.pem --as "B. Duty" --key b.pem',
        )

    restored = closing.restore(
        case, why=why, people=list(zip(name, key, strict=True)), keys_dir=keys
    )
    render.say(
        f"{case} goes on from {restored.signed} signed records; {restored.before} had been signed. "
        f"Signed by {' and '.join(restored.people)}, on record."
    )
    if restored.records > restored.signed:
        render.say(f"{restored.records - restored.signed} records after those were never signed")
    if not restored.named:
        render.say("the case names no approvers, so nobody else vouches for these two")
