"""``cautery token``: let programs read cases through the room, and stop that again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.model.marking import marking_of
from cautery.model.times import iso
from cautery.model.tokens import AccessToken, Scope
from cautery.wiring.tokens import make_token, tokens

_MOST_DAYS = 366
app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Let programs read cases through `cautery serve`, and stop that again.",
)
Folder = Annotated[
    Path | None,
    typer.Option(
        "--tokens",
        help="Folder of tokens, and no other place; default: $CAUTERY_TOKENS or one in your data "
        "folder, and the organisation's database for its rooms.",
    ),
]


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Who or what gets it, such as 'wall screen'.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may read; may be repeated. Default: cases."),
    ] = None,
    case: Annotated[
        list[str] | None,
        typer.Option(help="Read this case alone, by its name in addresses; may be repeated."),
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            "--cases",
            help="The room that it opens, by its cases: what `cautery serve --cases` is given;"
            " default: server: where one is named, or else cases.",
        ),
    ] = None,
    marking: Annotated[
        str,
        typer.Option(
            help="Under which cases leave by TAXII, such as 'TLP:AMBER PAP:AMBER H1'; with --scope"
            " taxii.",
        ),
    ] = "",
    days: Annotated[int, typer.Option(min=1, max=_MOST_DAYS, help="How long it holds.")] = 30,
    folder: Folder = None,
) -> None:
    """Make a token, and print it once: only a digest of it is kept.

    A program sends it as "Authorization: Bearer TOKEN" to /api/v1 of the room, or a partner's tool
    to /taxii2/, there also as the password of any user. Nobody can write with it. It is for one
    room: the one that shows these cases.

    Example: cautery token make "wall screen" --scope cases --days 7
    """
    token, secret = make_token(
        tokens(folder),
        name,
        tuple(scope or (Scope.CASES,)),
        days=days,
        cases=tuple(case or ()),
        room=cases,
        marking=marking_of(marking) if marking else None,
    )
    typer.echo(secret)
    render.say(
        f"{token.name} may read {', '.join(token.scopes)} of the room of the {token.room} until "
        f"{iso(token.ends_at)}. "
        f"To end this sooner: cautery token revoke {token.id}"
    )


@app.command("list")
@render.tabular
def listed(
    folder: Folder = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the tokens, the newest first: who has them, what they read and until when.

    Example: cautery token list
    """
    tokens_found = tokens(folder).all()
    if json:
        for token in tokens_found:
            render.json_line(_told(token))
    elif tokens_found:
        render.table(
            ("id", "name", "scopes", "room", "cases", "until"),
            [
                (
                    token.id,
                    token.name,
                    ", ".join(token.scopes),
                    token.room,
                    ", ".join(token.cases) or "all",
                    iso(token.ends_at),
                )
                for token in tokens_found
            ],
        )
    else:
        render.say("There is no token. Make one: cautery token make NAME")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="Its id, of 16 digits, as `cautery token list` says.")],
    folder: Folder = None,
) -> None:
    """End a token at once.

    Example: cautery token revoke 0123456789abcdef
    """
    if id.startswith("cautery_"):
        raise InputError(
            "this is a token, not its id", hint="Its id is the part between the underscores."
        )
    tokens(folder).remove(id)


def _told(token: AccessToken) -> dict[str, object]:
    return {
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes,
        "room": token.room,
        "cases": token.cases,
        "marking": None if token.marking is None else token.marking.words,
        "made_at": iso(token.made_at),
        "ends_at": iso(token.ends_at),
    }
