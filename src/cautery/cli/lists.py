"""``cautery lists``: what access providers were sent, and what they need to check it."""

from __future__ import annotations

import base64
from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.messages import word
from cautery.model import iso, to_json
from cautery.wiring import cases
from cautery.workflows.case.lists import lists_of, trust_of

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Show and serve the block lists of a case; print the keys that a provider needs.",
)


@app.command()
@render.tabular
def show(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show the newest version of each access provider's list, and the answer of the provider.

    Example: cautery lists show cases/md34
    """
    with cases.reading(case) as opened:
        sent = lists_of(opened.ledger)
    if json:
        for version in sent:
            render.json_line(to_json(version))
        return
    render.table(
        ("provider", "list", "version", "sent", "referrals", "withdrawn", "answer", "not applied"),
        (
            (
                version.intermediary,
                version.list,
                str(version.version),
                iso(version.at),
                "\n".join(version.referrals),
                "\n".join(version.withdrawn),
                word(version.effect),
                "\n".join(f"{entry.target}: {entry.rule}" for entry in version.refused),
            )
            for version in sent
        ),
    )


@app.command()
def trust(
    case: Annotated[Path, typer.Argument(help="Folder of a case, open or closed.")],
    provider: Annotated[str, typer.Argument(help="Name of the provider, as in the mandate.")],
) -> None:
    """Print the keys that an access provider needs to check its list, as TOML for its agent.

    Give the keys to the provider through another channel than the list: on paper, or in person.

    Example: cautery lists trust cases/md34 "Lab access provider FR" > trust.toml
    """
    with cases.reading(case) as opened:
        known = trust_of(opened.ledger, provider)
    lines = [
        f"list = {_string(known.list_id)}",
        f"provider = {_string(known.provider)}",
        f"territory = {_string(known.territory)}",
        f'list_key = "{base64.b64encode(known.key).decode()}"',
        "",
    ]
    for name, key in known.approvers.items():
        encoded = base64.b64encode(key).decode()
        lines += ["[[approver]]", f"name = {_string(name)}", f'key = "{encoded}"', ""]
    typer.echo("\n".join(lines), nl=False)


@app.command()
def serve(
    settings: Annotated[Path, typer.Argument(help="TOML file with the settings of the face.")],
) -> None:
    """Serve the public face: lists for providers, look-up, complaints, figures, a 451 page.

    The server reads the folders that cautery watch --publish fills. It needs no key and no case.

    Example: cautery lists serve face.toml
    """
    # A web server is heavy, and the other commands have no use for it.
    from cautery.wiring.face import read_face, serve_face  # noqa: PLC0415

    serve_face(read_face(settings), ready=render.say)


@app.command()
def publish(
    case: Annotated[Path, typer.Argument(help="Folder of an open case that nobody watches.")],
    folder: Annotated[Path, typer.Option("--publish", help="The case's public folder.")],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Make the next version of each list, without the targets of complaints granted since then.

    The command never adds a target to a list. A running watch makes such versions by itself.

    Example: cautery lists publish cases/md34 --publish public/md34
    """
    # A web server is heavy, and the other commands have no use for it.
    from cautery.wiring import face  # noqa: PLC0415

    made = face.publish(case, folder, keys_dir=keys)
    released = f", released: {', '.join(made.released)}" if made.released else ""
    render.say(render.printable(f"{made.lists} lists have a new version{released}"))


def _string(text: str) -> str:
    """Return a TOML string; one of JSON is one, but for DEL."""
    return dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
