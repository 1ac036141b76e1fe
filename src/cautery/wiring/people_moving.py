"""The accounts of a room moved from its folder into the organisation's database, or back.

They lie at one place at each moment. The folder is marked before they are copied to the database,
and unmarked after they came back, so a room does not open on a half-done move; the same command
finishes it. Hashes, public keys and sealed texts move as they are: the room's key stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cautery import wiring
from cautery.adapters._files import sync_folder
from cautery.adapters._key_files import key_bytes
from cautery.adapters.keys_file import default_folder
from cautery.adapters.people_file import NAME, PeopleTables
from cautery.adapters.people_sql import SqlPeople, fill
from cautery.errors import CauteryError, InputError, StorageError
from cautery.evidence.case_names import ON_SERVER, is_on_server
from cautery.model.account import require_why
from cautery.model.records import AccountChanged
from cautery.wiring.people import KEY, LOG, LOG_KEY, owner
from cautery.wiring.people_places import (
    ARRIVING,
    MARK,
    mark,
    marked_server,
    open_server,
    require_same,
)
from cautery.wiring.signed_log import open_log
from cautery.workflows.people.log import AccessLog


def move_people(source: Path, to: Path, *, why: str, keys_dir: Path | None = None) -> int:
    """Move the accounts of a room; finish a move that was cut short. Return how many there are.

    Parameters
    ----------
    source, to : Path
        The folder of the people, and ``server:``.

    Raises
    ------
    InputError
        If the two are no such places, or other people are in the database.
    StorageError
        If a room is open on the folder, or one of the two cannot be read or written. The accounts
        are where they were then, or the same command finishes the move.
    """
    ends = (str(source), str(to))
    if is_on_server(source) == is_on_server(to) or ON_SERVER not in ends:
        raise InputError(
            "accounts are moved from the folder of the people to the server, or back",
            hint=f"cautery people move people {ON_SERVER}",
        )
    folder = to if is_on_server(source) else source
    if not (folder / LOG_KEY).exists():
        raise InputError(
            f"{folder}: no people of an operations room",
            hint="Name the folder that cautery serve --people names.",
        )
    keys = default_folder() if keys_dir is None else keys_dir
    why = require_why(why)
    return (_to_folder if folder is to else _to_server)(folder, why=why, keys=keys)


def _to_server(folder: Path, *, why: str, keys: Path) -> int:
    marked = marked_server(folder)
    with contextlib.closing(open_server(key_bytes(folder / KEY))) as people:
        require_same(folder, marked or people.id, people.id)
        if not (folder / NAME).exists():
            if marked is None or not people.begun():
                raise _nobody(folder)
            return len(people.accounts())  # nothing is left to do
        if people.begun() and marked is None:
            raise InputError(f"{folder}: people are in the database already")
        with contextlib.closing(_alone(folder / NAME)) as tables:
            everything = SqlPeople(tables).everything()
            if not people.begun():
                if not everything["accounts"]:
                    raise _nobody(folder)
                _note(folder, everything["accounts"], why=why, keys=keys)
                mark(folder, people.id)
                try:
                    people.take(everything)
                except CauteryError:
                    with contextlib.suppress(StorageError):  # nobody knows: the mark stays
                        if not people.begun():
                            (folder / MARK).unlink()
                    raise
            with tables.writing() as do:  # overwritten, before the file goes
                for table in everything:
                    do(f"DELETE FROM {table}")  # noqa: S608 - our own names
        (folder / NAME).unlink()
        sync_folder(folder)
        return len(people.accounts())


def _to_folder(folder: Path, *, why: str, keys: Path) -> int:
    marked, arriving = marked_server(folder), folder / ARRIVING
    if marked is None:
        raise InputError(f"{folder}: the accounts of this room lie here already")
    with contextlib.closing(open_server(key_bytes(folder / KEY))) as people:
        require_same(folder, marked, people.id)
        if people.begun():
            _note(folder, people.everything()["accounts"], why=why, keys=keys)
            try:
                arriving.unlink(missing_ok=True)
                with people.leaving() as everything:
                    with contextlib.closing(_alone(arriving)) as tables, tables.writing() as do:
                        fill(do, everything)
                    sync_folder(folder)
            except CauteryError:
                with contextlib.suppress(StorageError):  # nobody knows: both stay
                    if people.begun():
                        arriving.unlink(missing_ok=True)
                raise
    if arriving.exists():
        arriving.replace(folder / NAME)
        sync_folder(folder)
    if not (folder / NAME).exists():
        raise InputError(f"{folder}: no people are in the database", hint="Restore a backup.")
    with contextlib.closing(_alone(folder / NAME)) as tables:
        count = len(SqlPeople(tables).accounts())
    (folder / MARK).unlink()
    sync_folder(folder)
    return count


def _nobody(folder: Path) -> InputError:
    return InputError(f"{folder}: no accounts lie here")


def _alone(path: Path) -> PeopleTables:
    try:
        return PeopleTables(path, alone=True)
    except StorageError as error:
        raise StorageError(
            f"{path}: another process has it open", hint="Stop the room, and give it again."
        ) from error


def _note(folder: Path, accounts: Sequence[Sequence[Any]], *, why: str, keys: Path) -> None:
    """Write into the access log, before it is done, that each account moves."""
    with open_log(folder / LOG, folder / LOG_KEY, keys=keys) as signed:
        clock = wiring.clock()
        log = AccessLog(signed.ledger, clock)
        for id_, *_ in accounts:
            log.write(AccountChanged(account=id_, by=owner(), what="moved", why=why))
        signed.sign(clock.now())
