"""The people of a room, brought back from a backup: accounts, and photographs that waited."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from cautery.adapters._files import make_folders, sync_folder
from cautery.adapters._key_files import private_folder
from cautery.adapters._signing_keys import EMPTY_ROOT
from cautery.adapters.backup_folder import BackupFolder
from cautery.adapters.keys_file import default_folder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.people_copy import copy_accounts
from cautery.adapters.people_file import NAME as ACCOUNTS
from cautery.adapters.signer import SignerProcess
from cautery.adapters.tray_copy import name_of, open_tray
from cautery.adapters.tray_folder import TrayFolder
from cautery.errors import CauteryError, EvidenceError, InputError, StorageError
from cautery.evidence.backup import PEOPLE
from cautery.model.records import LogBegunAnew
from cautery.wiring import people as rooms
from cautery.wiring.backups import found
from cautery.wiring.signed_log import public_key
from cautery.workflows.case.roots import check_roots
from cautery.workflows.people.tray import Tray


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleReturned:
    """People of a room that came back.

    Parameters
    ----------
    photographs : int
        Of its tray, that wait again.
    lacks : tuple of str
        Photographs that do not, each with the reason.
    """

    backup: str
    photographs: int = 0
    lacks: tuple[str, ...] = ()


def restore_people(
    folder: Path,
    name: str | None,
    people: Path,
    *,
    why: str,
    public_key: Path | None = None,
    keys_dir: Path | None = None,
) -> PeopleReturned:
    """Bring the accounts of a room back, and begin their access log anew.

    The log until then lies beside it, as far as the backup has it. Photographs of the tray come
    back if they are as they came by that log, the key of which must be in the folder of keys.

    Raises
    ------
    InputError
        If the backup has no people, or the folder is not empty.
    EvidenceError
        If they are not as they were backed up.
    """
    backups = BackupFolder(folder)
    if people.exists() and (not people.is_dir() or any(people.iterdir())):
        raise InputError(f"{people}: something lies there", hint="Name a new folder.")
    with found(folder, name, public_key) as (listing, _):
        names = {file: f"{PEOPLE}/{file}" for file in (ACCOUNTS, rooms.LOG, rooms.LOG_KEY)}
        if not all(listed in listing.files for listed in names.values()):
            raise InputError(f"the backup {listing.backup.name} has no people of a room")
        sealed = [
            file
            for file in listing.files
            if file.startswith(f"{PEOPLE}/") and name_of(file.removeprefix(f"{PEOPLE}/"))
        ]
        for listed_file in sealed:  # the log has their digests as well: they are read by these
            backups.check_file(listing.backup.name, listed_file, listing.files)
        with TemporaryDirectory(prefix="cautery-people-") as private:
            checked = {file: Path(private) / file for file in names}
            for file, place in names.items():
                with checked[file].open("xb") as copy:
                    backups.check_file(listing.backup.name, place, listing.files, also=copy.write)
            return _begin_anew(
                checked,
                people,
                sealed=[folder / listing.backup.name / file for file in sealed],
                backup=listing.backup.name,
                why=why,
                keys_dir=keys_dir,
            )


def _begin_anew(
    files: dict[str, Path],
    people: Path,
    *,
    sealed: Sequence[Path],
    backup: str,
    why: str,
    keys_dir: Path | None,
) -> PeopleReturned:
    verifier = public_key(files[rooms.LOG_KEY])
    with contextlib.closing(SqlLedger.at(files[rooms.LOG], read_only=True)) as ledger:
        longest = check_roots(files[rooms.LOG], ledger, verifier, None).longest
    arriving = people.with_name(f".{people.name}.arriving")
    try:
        shutil.rmtree(arriving, ignore_errors=True)
        with rooms.people_of(arriving, new=True, on_server=False, keys_dir=keys_dir) as room:
            anew = LogBegunAnew(
                by=rooms.owner(),
                backup=backup,
                log=str(verifier),
                size=0 if longest is None else longest.size,
                root=(EMPTY_ROOT if longest is None else longest.root).hex(),
                why=why,
            )
            room.log.write(anew)
            photographs, lacks = _bring_photographs(
                sealed, files, room, why=f"of the backup {backup}: {why}", keys_dir=keys_dir
            )
        copy_accounts(files[ACCOUNTS], arriving / ACCOUNTS)
        earlier = arriving / f"until-{backup}"
        private_folder(earlier)
        for file in (rooms.LOG, rooms.LOG_KEY):
            shutil.copyfile(files[file], earlier / file)
        if people.exists():
            people.rmdir()
        make_folders(people.parent)
        arriving.rename(people)
        sync_folder(people.parent)
    except OSError as error:
        raise StorageError(f"{people}: {error.strerror}") from error
    return PeopleReturned(backup=backup, photographs=photographs, lacks=lacks)


def _bring_photographs(
    sealed: Sequence[Path],
    files: dict[str, Path],
    room: rooms.PeopleOfRoom,
    *,
    why: str,
    keys_dir: Path | None,
) -> tuple[int, tuple[str, ...]]:
    """Let photographs of a backup wait again, judged by the log until then.

    Returns
    -------
    int, tuple of str
        How many wait, and a sentence for each that does not.
    """
    if not sealed:
        return 0, ()
    tray, verifier = room.folder / rooms.TRAY, public_key(files[rooms.LOG_KEY])
    keys = default_folder() if keys_dir is None else keys_dir
    lacks = []
    try:
        signer = SignerProcess(keys, f"log:{verifier.name}")
    except CauteryError as error:
        return 0, (f"{len(sealed)} photographs of the tray stay sealed: {error}",)
    with (
        contextlib.closing(signer),
        contextlib.closing(SqlLedger.at(files[rooms.LOG], read_only=True)) as ledger,
    ):
        for file in sealed:
            try:
                open_tray([file], tray, signer.hashes)
            except EvidenceError as error:
                lacks.append(str(error))
        earlier = Tray(
            TrayFolder(tray),
            room.log,
            ledger,
            room.clock,
            hashes=signer.hashes,
            check=lambda: None,  # it was re-hashed before, past its signed roots
        )
        lying, _ = earlier.judged()
    waiting = 0
    for item in lying:
        try:
            room.tray.take_over(item, by=rooms.owner(), why=why)
            waiting += 1
        except EvidenceError as error:
            lacks.append(f"{item.name}: {error}")
            TrayFolder(tray).remove(item.name)
    return waiting, tuple(lacks)
