"""``cautery case``: what people decide about a case itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.model import to_json
from cautery.wiring import closing, moving

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Move a case to or from the server; continue with an older copy of one.",
)


@app.command()
def restore(
    case: Annotated[Path, typer.Argument(help="Folder of the older copy, at the case's own path.")],
    why: Annotated[str, typer.Option(help="Why only an older copy is left, in one line.")],
    name: Annotated[
        list[str] | None,
        typer.Option("--as", help="An approver's name, as in the mandate; may be given twice."),
    ] = None,
    key: Annotated[
        list[Path] | None,
        typer.Option(help="That approver's signing key (PEM, mode 0600); once for each --as."),
    ] = None,
    in_room: Annotated[
        list[str] | None,
        typer.Option(
            "--in-room", help="Name of an approver whose passkey signs in the operations room."
        ),
    ] = None,
    people: Annotated[
        Path, typer.Option("--people", help="Folder of the people of that room.")
    ] = Path("people"),
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Continue with an older copy of a case; two approvers sign for it, and `verify` shows that.

    The key folder keeps the last state of the case that was signed. A copy of the case that ends
    earlier is refused until two approvers, whom its first record names, accept it. If the first
    record names no approvers, as in an operation's case, any two people can accept it, and `verify`
    shows that.

    An approver who signs with a passkey does so in the operations room, on a second device. The
    command lays the text there and ends with exit code 1; run it again, with the same options, when
    the approver has signed.

    Example: cautery case restore cases/md34 --why "the disk broke" --as "A. Legal" --key a.pem
    --as "B. Duty" --key b.pem
    """
    names, files, of_room = name or [], key or [], in_room or []
    if len(names) != len(files) or len(names) + len(of_room) != 2:
        raise InputError(
            "two different people must accept an older copy of a case",
            hint='Give --as "A. Legal" --key a.pem --as "B. Duty" --key b.pem, or --in-room NAME '
            "for who signs with a passkey.",
        )

    signing = [*zip(names, files, strict=True), *((each, None) for each in of_room)]
    restored = closing.restore(case, why=why, people=signing, room_people=people, keys_dir=keys)
    render.say(
        f"{case} continues from {restored.signed} signed records; {restored.before} had been "
        "signed before. "
        f"{' and '.join(restored.people)} signed for it, and that is recorded."
    )
    if restored.records > restored.signed:
        render.say(f"{restored.records - restored.signed} later records were never signed")
    if not restored.named:
        render.say("the case names no approvers, so nothing confirms who these two people are")


@app.command()
def move(
    case: Annotated[Path, typer.Argument(help="Folder of the case, or server:NAME.")],
    to: Annotated[Path, typer.Argument(help="Where it will lie: server:NAME, or a new folder.")],
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key", help="The key of a closed case, had from elsewhere than the case."
        ),
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON.")] = False,
) -> None:
    """Move a case from a folder to the server of the organisation, or back.

    The case is checked before it is copied, and the copy after it: it must have the same records,
    checkpoints and files. Only then does it stand at its new place, and the old one is removed. If
    the move is cut short, nothing is lost: give the same command again. Meanwhile nobody can write
    to the case. Its keys stay where they are.

    Example: cautery case move cases/md34 server:md34
    """
    with Progress("files copied", None) as bar:
        moved = moving.move(case, to, public_key=public_key, keys_dir=keys, progress=bar.step)
    if json:
        render.json_line(to_json(moved) | {"path": str(to)})
        return
    checked = "is open, and goes on there" if not moved.closed else "is closed and was verified"
    render.say(
        f"{to} has the case now: {moved.records} records with the root {moved.root[:16]}..., "
        f"{moved.files} files. It {checked}{': authentic' if moved.authentic else ''}."
    )
