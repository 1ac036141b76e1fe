"""``cautery lists``: what access providers were sent, and what they need to check it."""

from __future__ import annotations

import base64
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import InputError
from cautery.messages import word
from cautery.model import iso, to_json
from cautery.model.toml import toml_string
from cautery.wiring import cases, lists
from cautery.workflows.case.lists import lists_of, trust_of
from cautery.workflows.mandate.read import read_mandate

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Show and serve the block lists of a case; print the keys that a provider needs.",
)


@app.command()
@render.tabular
def show(
    place: Annotated[
        Path, typer.Argument(help="Folder of a case, or of the lists of an organisation.")
    ],
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show the newest version of each access provider's list, and the answer of the provider.

    For the lists of an organisation, show what each case has on each of them.

    Example: cautery lists show cases/md34
    """
    if lists.is_lists(place):
        _show_shares(place, json=json)
        return
    with cases.reading(place) as opened:
        sent_lists = lists_of(opened.ledger)
    if json:
        for version in sent_lists:
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
            for version in sent_lists
        ),
    )


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder for the lists, beside the cases.")],
    origin: Annotated[str, typer.Option(help="The organisation's domain, such as league.example.")],
    mandate: Annotated[
        Path, typer.Option(help="A mandate, whose approvers every access provider will believe.")
    ],
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the lists; default $CAUTERY_KEYS.")
    ] = None,
) -> None:
    """Make the lists of an organisation and their key: one list a provider, for all cases.

    The command prints the lines that mandates need. All cases whose mandates have them put their
    entries on the same lists, so a provider configures its agent once.

    Example: cautery lists new cases/lists --origin league.example --mandate mandate.toml
    """
    read = read_mandate(mandate, now=wiring.clock().now())
    key = lists.new_lists(folder, origin, read, keys_dir=keys)
    typer.echo(f"[lists]\nfolder = {toml_string(str(folder.resolve()))}\nkey = {toml_string(key)}")
    render.say(f"settings  {folder / 'lists.toml'}: whose signatures the providers believe")


@app.command()
def trust(
    place: Annotated[
        Path, typer.Argument(help="Folder of a case, or of the lists of an organisation.")
    ],
    provider: Annotated[str, typer.Argument(help="Name of the provider, as in the mandate.")],
    territory: Annotated[
        str | None,
        typer.Option(help="For the lists of an organisation: territory of the provider, as IT."),
    ] = None,
) -> None:
    """Print the keys that an access provider needs to check its list, as TOML for its agent.

    Give the keys to the provider through another channel than the list: on paper, or in person.

    Example: cautery lists trust cases/md34 "Lab access provider FR" > trust.toml
    """
    if lists.is_lists(place):
        if territory is None:
            raise InputError(f"{place}: name the territory of {provider}: --territory IT")
        trusted = lists.organisation_trust(place, provider, territory)
    else:
        with cases.reading_signed(place) as opened:
            trusted = trust_of(opened.ledger, provider)
    lines = [
        f"list = {toml_string(trusted.list_id)}",
        f"provider = {toml_string(trusted.provider)}",
        f"territory = {toml_string(trusted.territory)}",
        f'list_key = "{base64.b64encode(trusted.key).decode()}"',
        "",
    ]
    for name, key in trusted.approvers.items():
        lines += ["[[approver]]", f"name = {toml_string(name)}", f'key = "{key.spelled}"', ""]
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
    of: Annotated[
        Path | None,
        typer.Option(
            "--lists", help="Folder of the organisation's lists, if the mandate has some."
        ),
    ] = None,
) -> None:
    """Make the next version of each list, without the targets of complaints granted since then.

    The command never adds a target to a list. A running watch makes such versions by itself.

    Example: cautery lists publish cases/md34 --publish public/md34
    """
    # A web server is heavy, and the other commands have no use for it.
    from cautery.wiring import face  # noqa: PLC0415

    published = face.publish(case, folder, keys_dir=keys, lists=of)
    released = f", released: {', '.join(published.released)}" if published.released else ""
    render.say(render.printable(f"{published.lists} lists have a new version{released}"))


def _show_shares(folder: Path, *, json: bool) -> None:
    shares = lists.shares_shown(folder)
    if json:
        for share in shares:
            render.json_line(asdict(share))
        return
    render.table(
        (
            "provider",
            "territory",
            "list",
            "version",
            "made",
            "case",
            "referrals",
            "withdrawn",
            "last sign",
        ),
        (
            (
                share.provider,
                share.territory,
                share.list,
                str(share.version),
                share.made_at,
                share.case,
                "unreadable" if share.referrals is None else str(share.referrals),
                "" if share.withdrawn is None else str(share.withdrawn),
                "none" if share.silent_s is None else f"{share.silent_s:.0f} s ago",
            )
            for share in shares
        ),
    )
