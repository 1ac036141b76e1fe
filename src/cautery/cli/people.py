"""``cautery people``: who may come into the operations room, and the log of what they did there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.errors import EvidenceError, InputError
from cautery.model.records import LogRead
from cautery.model.room import LogPurpose, RoomRole
from cautery.model.signing_keys import PasskeyKey
from cautery.model.toml import toml_string
from cautery.wiring import people as rooms
from cautery.wiring.inquiries import answer_inquiries
from cautery.wiring.people_moving import move_people
from cautery.workflows.people.reading import access_view

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="Say who may come into the operations room; read its access log.",
)

_People = Annotated[Path, typer.Option("--people", help="Folder of the people of the room.")]
_Keys = Annotated[
    Path | None, typer.Option(help="Folder with the key of the access log; default $CAUTERY_KEYS.")
]
_Name = Annotated[str, typer.Argument(help="By which the person comes in.")]
_Roles = Annotated[
    list[RoomRole], typer.Option("--role", help="What the person is; may be given several times.")
]
_Cases = Annotated[
    list[str] | None,
    typer.Option("--case", help="Name of a case in the room; may be given several times."),
]
_All = Annotated[bool, typer.Option("--all-cases", help="Every case, also those to come.")]
_Why = Annotated[str, typer.Option(help="For what, in one line: it stands in the access log.")]
_FOLDER = Path("people")


@app.command()
def add(
    name: _Name,
    role: _Roles,
    case: _Cases = None,
    all_cases: _All = False,
    why: _Why = "made by the owner of the machine",
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Make an account, and print the one-time word with which the person chooses a password.

    From the first account on, `cautery serve` asks everybody for a login. Keepers of accounts and
    auditors are made here alone; a keeper makes the others in the room.

    Example: cautery people add a.rossi --role analyst --all-cases --why "night shift"
    """
    with rooms.people_of(people, new=True, keys_dir=keys) as room:
        cases = _cases(case, all_cases=all_cases)
        account, word = room.accounts.make(name, role, cases, by=rooms.owner(), why=why)
    render.say(render.printable(f"{account.name} ({account.id}): {_seen(account.cases)}"))
    render.say("The word is good once, for three days, at /login/first of the room.")
    typer.echo(word)


@app.command()
def answer(
    cases: Annotated[
        Path, typer.Option("--cases", help="Folder with the cases that are asked, or server:.")
    ] = Path("cases"),
    people: _People = _FOLDER,
    keys: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the keys of the cases and of the log; default $CAUTERY_KEYS."
        ),
    ] = None,
) -> None:
    """Answer whether any case has the persons that two people asked for in the room.

    Run it where the keys of the cases are. Each case compares under its own key, and the answer
    that the room shows is hit or no hit. No name is printed; each is destroyed with its answer.

    Example: cautery people answer --cases cases
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        count = answer_inquiries(room, cases, keys_dir=keys)
    render.say(f"{count} answered" if count else "no question waits that two people agreed on")


@app.command(name="list")
@render.tabular
def list_people(
    people: _People = _FOLDER,
    keys: _Keys = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """List the accounts: roles, cases, and why.

    Example: cautery people list
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        accounts = room.people.accounts()
        rows = [
            {
                "name": account.name,
                "id": account.id,
                "roles": sorted(account.roles),
                "cases": None if account.cases is None else sorted(account.cases),
                "why": account.why,
                "comes_in": bool(
                    account.password
                    or room.people.passkeys(account.id)
                    or room.people.identities(account.id)
                ),
                "identities": [
                    {"issuer": bound.issuer, "subject": bound.subject}
                    for bound in room.people.identities(account.id)
                ],
            }
            for account in accounts
        ]
    if json:
        for row in rows:
            render.json_line(row)
        return
    render.table(
        ("name", "id", "roles", "cases", "why", "comes in"),
        (
            (
                account.name,
                account.id,
                ", ".join(sorted(account.roles)),
                _seen(account.cases),
                account.why,
                "yes" if row["comes_in"] else "not yet",
            )
            for account, row in zip(accounts, rows, strict=True)
        ),
    )


@app.command()
def give(
    name: _Name,
    role: _Roles,
    why: _Why,
    case: _Cases = None,
    all_cases: _All = False,
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Give a person these roles and cases, and no others.

    Example: cautery people give a.rossi --role analyst --case md34 --why "assigned to md34"
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        account = room.accounts.give(
            room.accounts.named(name).id,
            role,
            _cases(case, all_cases=all_cases),
            by=rooms.owner(),
            why=why,
        )
    render.say(render.printable(f"{account.name}: {_seen(account.cases)}"))


@app.command()
def invite(
    name: _Name,
    why: _Why,
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """End a person's password, passkeys, identity and sessions; print a new one-time word.

    Example: cautery people invite a.rossi --why "lost her telephone"
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        word = room.accounts.invite(room.accounts.named(name).id, by=rooms.owner(), why=why)
    typer.echo(word)


@app.command()
def bind(
    name: _Name,
    issuer: Annotated[
        str, typer.Option(help="URL of the identity provider, letter by letter as it writes it.")
    ],
    subject: Annotated[
        str, typer.Option(help="The provider's id for the person, which never changes.")
    ],
    why: _Why,
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Let a person come in through an identity provider: `cautery serve --oidc` names it.

    The subject is the provider's own id for the person, not a name or an address of mail. Whoever
    comes without being bound is refused, and is shown the subject to hand on.

    Example: cautery people bind a.rossi --issuer https://id.league.example --subject 248289761001
    --why "moved to the organisation's login"
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        account = room.accounts.named(name)
        room.identities.bind(account.id, issuer, subject, by=rooms.owner(), why=why)
    render.say(render.printable(f"{account.name} comes in through {issuer}"))


@app.command()
def unbind(
    name: _Name,
    why: _Why,
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Bind a person's account to no identity provider any more, and end all its sessions.

    Example: cautery people unbind a.rossi --why "left the organisation"
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        account = room.accounts.named(name)
        room.identities.unbind(account.id, by=rooms.owner(), why=why)
    render.say(render.printable(f"{account.name} comes in through no identity provider"))


@app.command()
def approver(
    name: _Name,
    person: Annotated[str, typer.Option("--as", help="The person's name, as in the mandate.")],
    role: Annotated[str, typer.Option(help="The person's role, as in the mandate.")],
    passkey: Annotated[
        str | None, typer.Option(help="What the person calls the passkey, if there are several.")
    ] = None,
    signer: Annotated[
        bool,
        typer.Option("--signer", help="A table for the list of who may sign mandates instead."),
    ] = False,
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Print a person's passkey for the author of a mandate, as an approver's table in TOML.

    The person adds the passkey in the room, at /account. It must stay on its device: a synced one
    is refused. It signs for this room alone, so the mandate names the room's address with it.

    Example: cautery people approver a.rossi --as "A. Rossi" --role counsel >> mandate.toml
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        key = PasskeyKey(rooms.approver_passkey(room, name, passkey))
    table = "signer" if signer else "approver"
    typer.echo(
        f"\n[[{table}]]\nname = {toml_string(person)}\nrole = {toml_string(role)}\n"
        f"public_key = {toml_string(key.spelled)}"
    )
    if signer:
        render.say(f"cautery mandate check names this key {key.id} of {key.passkey.origin}.")
    else:
        render.say("Two people sign the mandate with it: cautery mandate sign.")


@app.command()
def move(
    source: Annotated[
        Path, typer.Argument(metavar="FROM", help="Folder of the people, or server:.")
    ],
    to: Annotated[Path, typer.Argument(metavar="TO", help="server:, or the folder of the people.")],
    why: _Why = "moved by the owner of the machine",
    keys: _Keys = None,
) -> None:
    """Move the accounts of a room from its folder into the organisation's database, or back.

    Rooms of one database share their people: roles, passwords, passkeys and sessions. What is
    hashed stays so. The access log, the room's own key and questions for persons stay in the
    folder. Stop the room first. If the move is cut short, give the same command again.

    Example: cautery people move people server:
    """
    count = move_people(source, to, why=why, keys_dir=keys)
    render.say(render.printable(f"{to} has the accounts now: {count}"))


@app.command()
def join(
    key: Annotated[
        Path, typer.Argument(metavar="FILE", help="room.key of a room that these people have.")
    ],
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Make a room on this machine for the people in the organisation's database.

    It gets an access log of its own. Bring the other room's key by a way that nobody else reads,
    and remove that copy afterwards.

    Example: cautery people join room.key --people people
    """
    rooms.join(people, key, keys_dir=keys)
    render.say(render.printable(f"{people}: a room of the same people, with a log of its own"))


@app.command()
def erase(
    name: _Name,
    why: _Why,
    people: _People = _FOLDER,
    keys: _Keys = None,
) -> None:
    """Erase a person's name, password, passkeys and sessions; the access log keeps the id alone.

    Example: cautery people erase a.rossi --why "left the agency"
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        account = room.accounts.named(name)
        room.accounts.erase(account.id, by=rooms.owner(), why=why)
    render.say(f"erased; the access log keeps {account.id}")


@app.command()
@render.tabular
def log(
    purpose: Annotated[
        LogPurpose, typer.Option(help="For what it is read: the law allows these alone.")
    ],
    why: _Why,
    about: Annotated[
        str, typer.Option(help="Name or id of a person: only what concerns this one.")
    ] = "",
    case: Annotated[str, typer.Option(help="Only what was done with this case.")] = "",
    before: Annotated[
        int | None, typer.Option(min=0, help="Only entries before this number.")
    ] = None,
    people: _People = _FOLDER,
    keys: _Keys = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Read the access log, newest first, a hundred entries; that it is read is logged first.

    Every record is hashed again past every root that the log's key signed.

    Example: cautery people log --purpose lawfulness --why "yearly review" --case md34
    """
    with rooms.people_of(people, keys_dir=keys) as room:
        look = room.log.look(by=rooms.owner(), purpose=purpose, why=why)
        view = access_view(
            room.people,
            room.log,
            lambda: (room.check().signed, room.clock.now()),
            look=look,
            stated=LogRead(by=rooms.owner(), purpose=purpose, why=why),
            before=before,
            about=about,
            case=case,
        )
    if json:
        for row in view.rows:
            render.json_line(
                {
                    "number": row.index,
                    "at": row.at.isoformat(),
                    "by": row.id,
                    "name": row.who or None,
                    "what": row.what,
                    "about": row.about,
                    "numbers": row.numbers,
                    "why": row.why,
                }
            )
    else:
        render.table(
            ("number", "at", "who", "what", "of what", "numbers", "why"),
            (
                (
                    row.index,
                    f"{row.at:%Y-%m-%d %H:%M:%S}",
                    f"{row.who} {row.id}".strip(),
                    row.what,
                    row.about,
                    row.numbers,
                    row.why,
                )
                for row in view.rows
            ),
        )
    if view.broken:
        raise EvidenceError(view.broken)
    render.say(f"{view.signed} of {view.total} entries are under a signed root")


def _cases(names: list[str] | None, *, all_cases: bool) -> list[str] | None:
    if all_cases and names:
        raise InputError("--all-cases and --case do not go together")
    return None if all_cases else names or []


def _seen(cases: frozenset[str] | None) -> str:
    return "all cases" if cases is None else ", ".join(sorted(cases)) or "no case"
