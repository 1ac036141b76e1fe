"""Backups of all cases and of the people of their room: made, listed, checked, brought back."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import make_folders
from cautery.adapters.backup_copy import copy_ledger
from cautery.adapters.backup_folder import BackupFolder
from cautery.adapters.case_shelf import shut_below
from cautery.adapters.keys_file import default_folder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.moved_folder import FolderCase
from cautery.adapters.people_copy import copy_accounts, write_accounts
from cautery.adapters.people_file import NAME as ACCOUNTS
from cautery.adapters.person_keys import load_public_key
from cautery.adapters.tray_copy import seal_tray
from cautery.errors import EvidenceError, InputError
from cautery.evidence.backup import LOG, LOG_KEY
from cautery.evidence.case_names import case_path, is_on_server, name_on_server
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CasePlace
from cautery.model.records import BackupMade
from cautery.wiring import people as rooms
from cautery.wiring.cases import reading_store
from cautery.wiring.people_places import marked_server, open_accounts
from cautery.wiring.server import required_server
from cautery.wiring.signed_log import begin_log, open_log, public_key
from cautery.workflows.backup.check import Checked, Listed, check_backup, listed, logged
from cautery.workflows.backup.make import Made, Progress, make_backup
from cautery.workflows.backup.restore import Returned, restore_cases
from cautery.workflows.case.verify import is_outside

_UNHEARD: Progress = lambda _: None  # noqa: E731 - its type stands beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupLine:
    """A backup that the log has.

    Parameters
    ----------
    is_here : bool
        It lies in the folder; the others were removed.
    """

    backup: BackupMade
    is_here: bool


def make(
    folder: Path,
    cases: Path,
    *,
    people: Path | None,
    keep: int | None = None,
    let_go: Collection[str] = (),
    keys_dir: Path | None = None,
    progress: Progress = _UNHEARD,
) -> Made:
    """Back up all cases below a folder or on the server, and the people of their room.

    Parameters
    ----------
    folder : Path
        Of the backups.
    people : Path or None
        Folder of the people; ``None``: there are none.
    let_go : collection of str
        Cases that earlier backups have, and that went or were replaced on purpose.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    keys = default_folder() if keys_dir is None else keys_dir
    _require_apart(folder, cases, people, keys)
    backups, clock = BackupFolder(folder), wiring.clock()
    make_folders(folder)
    if not (folder / LOG_KEY).exists():
        backups.refuse_strangers()
        begin_log(folder / LOG, folder / LOG_KEY, of="backups", keys=keys)
    with open_log(folder / LOG, folder / LOG_KEY, keys=keys) as log:
        return make_backup(
            _sources(cases),
            backups,
            log=log,
            clock=clock,
            people=None
            if people is None
            else partial(_copy_people, people, _earlier_key(backups, folder)),
            keep=keep,
            let_go=let_go,
            shut={} if is_on_server(cases) else shut_below(cases),
            progress=progress,
        )


def lines(folder: Path) -> tuple[BackupLine, ...]:
    """Return the backups that the log has, the oldest first.

    Raises
    ------
    CauteryError
        If it cannot be read, or is not the one that was signed.
    """
    names = BackupFolder(folder).names()
    with _logged(folder, None) as (entries, _):
        return tuple(BackupLine(backup=entry, is_here=entry.name in names) for entry in entries)


def check(
    folder: Path, name: str | None, *, public_key: Path | None, progress: Progress = _UNHEARD
) -> Checked:
    """Hash each file of a backup again, and verify each case of it.

    Raises
    ------
    CauteryError
        If it is not the one that the log has.
    """
    backups = BackupFolder(folder)
    with found(folder, name, public_key) as (listing, authentic):
        return check_backup(listing, backups, authentic=authentic, progress=progress)


def restore(
    folder: Path,
    name: str | None,
    to: Path,
    *,
    only: tuple[str, ...] = (),
    public_key: Path | None = None,
    progress: Progress = _UNHEARD,
) -> Returned:
    """Bring cases back to a folder or to the server, over nothing that is there.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with found(folder, name, public_key) as (listing, _):
        return restore_cases(
            listing, BackupFolder(folder), _target_in(to), only=only, progress=progress
        )


def _earlier_key(backups: BackupFolder, folder: Path) -> NoteVerifier | None:
    """Return the key of the access log in the newest backup that has people; ``None``: none has."""
    for name in sorted(backups.names(), reverse=True):
        key = folder / name / "people" / rooms.LOG_KEY
        if key.is_file():
            return public_key(key)
    return None


def _copy_people(people: Path, earlier: NoteVerifier | None, to: Path) -> tuple[str, ...]:
    """Copy the accounts of a room and its access log; the room's own key stays behind.

    Parameters
    ----------
    earlier : NoteVerifier or None
        The key of the access log in the backup before; ``None``: there is none. It vouches for the
        key to which photographs are sealed: if another log has taken its place, none is sealed.

    Returns
    -------
    tuple of str
        A sentence for each photograph of its tray that could not be sealed.
    """
    make_folders(to)
    # Before the log, which then has the record of each.
    log = public_key(people / rooms.LOG_KEY)
    unsealed: tuple[str, ...]
    if earlier is None or earlier == log:
        unsealed = seal_tray(people, people / rooms.TRAY, to, log)
    else:
        why = (
            f"{people / rooms.LOG_KEY} is not the key of the access log in the backup before, so "
            "no photograph is sealed: find out who began another log. The next backup seals them"
        )
        unsealed = (why,)
    if marked_server(people) is None:
        copy_accounts(people / ACCOUNTS, to / ACCOUNTS)
    else:
        with contextlib.closing(open_accounts(people, key=None)) as accounts:
            write_accounts(accounts.required().everything(), to / ACCOUNTS)
    with contextlib.closing(SqlLedger.at(people / rooms.LOG, read_only=True)) as ledger:
        copy_ledger(ledger, to / rooms.LOG)
    shutil.copyfile(people / rooms.LOG_KEY, to / rooms.LOG_KEY)
    return unsealed


def _sources(cases: Path) -> dict[str, Callable[[], CasePlace]]:
    places = reading_store().below(cases)
    if is_on_server(cases):
        return {name: partial(_place, path) for name, path in places.items()}
    return {
        (path.name if path == cases else path.relative_to(cases).as_posix()): partial(_place, path)
        for path in places.values()
    }


def _target_in(to: Path) -> Callable[[str], CasePlace]:
    if not is_on_server(to):
        return lambda case: _place(to / case)
    # On a server there are no folders: what lies in one has its name before the own.
    return lambda case: _place(case_path(case.replace("/", "-")))


def _place(case: Path) -> CasePlace:
    if not is_on_server(case):
        return FolderCase(case, None, to="")
    from cautery.adapters.moved_server import ServerCase  # noqa: PLC0415 - few have a server

    name_on_server(case)
    return ServerCase(case, required_server(), None)


@contextlib.contextmanager
def _logged(folder: Path, outside: Path | None) -> Iterator[tuple[tuple[BackupMade, ...], bool]]:
    """Read the log of backups, and tell whether a key from elsewhere says that it is that one."""
    if not (folder / LOG_KEY).exists():
        raise InputError(
            f"{folder}: not a folder of backups",
            hint="Make a backup: cautery backup make FOLDER",
        )
    verifier = public_key(folder / LOG_KEY)
    authentic = outside is not None and is_outside(outside, folder, own=(LOG_KEY,))
    if outside is not None and load_public_key(outside, name=verifier.name) != verifier:
        raise EvidenceError(f"{folder / LOG_KEY}: not the key in {outside}")
    with contextlib.closing(SqlLedger.at(folder / LOG, read_only=True)) as ledger:
        yield logged(ledger, verifier, folder), authentic


@contextlib.contextmanager
def found(folder: Path, name: str | None, outside: Path | None) -> Iterator[tuple[Listed, bool]]:
    """Find a backup by the log, and tell whether a key from elsewhere says that it is that log.

    Raises
    ------
    CauteryError
        If it is not the one that the log has.
    """
    with _logged(folder, outside) as (entries, authentic):
        yield listed(name, entries, BackupFolder(folder)), authentic


def _require_apart(folder: Path, cases: Path, people: Path | None, keys: Path) -> None:
    """Refuse backups in what is backed up, or beside the keys."""
    real = folder.resolve()
    places = [(keys, "the folder of keys")]
    if not is_on_server(cases):
        places.append((cases, "the folder of the cases"))
    if people is not None:
        places.append((people, "the folder of the people"))
    for place, what in places:
        if real.is_relative_to(place.resolve()) or place.resolve().is_relative_to(real):
            raise InputError(
                f"{folder}: it must lie apart from {what} {place}",
                hint="Name a folder on another disk.",
            )
