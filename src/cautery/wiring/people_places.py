"""Where the accounts of a room lie: in the folder of its people, or in the organisation's database.

The folder says it: a file in it names the database, so that a room whose database was not named
refuses to open, and does not begin without its accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cautery.adapters._files import write_whole
from cautery.adapters.people_file import NAME, PeopleFile
from cautery.adapters.people_sql import SqlPeople
from cautery.errors import InputError
from cautery.packed import small_file
from cautery.wiring.server import required_server, server
from cautery.workflows.people.throttle import Tries

if TYPE_CHECKING:  # who has no server does not load what speaks to it
    from cautery.adapters.people_server import ServerPeople

MARK = "accounts.server"
"""Has the id of the database in which the accounts lie."""
ARRIVING = f".{NAME}.arriving"
_MOST_MARK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPlace:
    """The accounts of a room, open.

    Parameters
    ----------
    people : SqlPeople or None
        ``None``: there are none.
    tries : Tries or None
        Where wrong logins are counted for all rooms; ``None``: in the room itself.
    """

    folder: Path
    people: SqlPeople | None
    tries: Tries | None = None

    def required(self) -> SqlPeople:
        """Return the accounts.

        Raises
        ------
        InputError
            If there are none.
        """
        if self.people is None:
            raise InputError(f"{self.folder}: no people of an operations room")
        return self.people

    def close(self) -> None:
        """Let go of them."""
        if self.people is not None:
            self.people.close()


def open_accounts(folder: Path, *, key: bytes | None) -> AccountsPlace:
    """Open the accounts of a room.

    Parameters
    ----------
    key : bytes or None
        The room's own; ``None``: to look or to copy alone, and nothing is made.

    Raises
    ------
    InputError
        If they lie in a database that was not named, or are being moved.
    StorageError
        If the database does not answer.
    """
    marked = marked_server(folder)
    if marked is None:
        there = key is not None or (folder / NAME).exists()
        return AccountsPlace(folder=folder, people=PeopleFile(folder) if there else None)
    if (folder / NAME).exists() or (folder / ARRIVING).exists():
        raise InputError(
            f"{folder}: the move of its accounts was cut short",
            hint="Finish it: cautery people move FROM TO, as it was begun.",
        )
    if server() is None:
        raise InputError(
            f"{folder}: the accounts of this room lie in the organisation's database",
            hint="Name it: --database and --vault",
        )
    people = open_server(key)
    try:
        require_same(folder, marked, people.id)
    except InputError:
        people.close()
        raise
    tries = None if key is None else people.tries(key)
    return AccountsPlace(folder=folder, people=people, tries=tries)


def open_server(key: bytes | None) -> ServerPeople:
    """Open the accounts in the organisation's database."""
    from cautery.adapters.people_server import ServerPeople  # noqa: PLC0415 - few have a server

    return ServerPeople(required_server(), key)


def refuse_other_people() -> None:
    """Refuse a room without people for an organisation that has some.

    Raises
    ------
    InputError
        If it has.
    """
    people = open_server(None)
    try:
        begun = people.begun()
    finally:
        people.close()
    if begun:
        raise InputError(
            "this organisation has people, and there is no room of theirs on this machine",
            hint="Make one with the key of another room: cautery people join FILE",
        )


def mark(folder: Path, server_id: str) -> None:
    """Write into a folder in which database its accounts lie."""
    write_whole(folder / MARK, f"{server_id}\n".encode(), mode=0o600)


def require_same(folder: Path, marked: str, server_id: str) -> None:
    """Raise InputError unless the named database is the one in which the accounts lie."""
    if marked != server_id:
        raise InputError(
            f"{folder}: the accounts of this room lie in another database",
            hint=f"Name the one whose id is {marked}: --database",
        )


def marked_server(folder: Path) -> str | None:
    """Return the id of the database in which the accounts lie; ``None``: in the folder itself."""
    if not (folder / MARK).exists():
        return None
    raw = small_file(folder / MARK, most=_MOST_MARK, of="the id of a database")
    return raw.decode("ascii", "replace").strip()
