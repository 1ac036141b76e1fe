"""The people of an operations room: where their accounts lie, and their access log."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import write_whole
from cautery.adapters._key_files import key_bytes, private_folder
from cautery.adapters.cosign_server import tls_of
from cautery.adapters.keys_file import CaseSigner, default_folder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.passwords import Argon2Passwords
from cautery.adapters.people_file import NAME, PeopleFile
from cautery.adapters.signer import SignerProcess
from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.model.ports import Clock
from cautery.packed import small_file
from cautery.workflows.case.roots import Standing, check_roots
from cautery.workflows.people.accounts import OWNER, Accounts
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.login import Logins
from cautery.workflows.people.passkeys import Passkeys
from cautery.workflows.people.ports import Authenticators, Passwords
from cautery.workflows.people.sessions import Sessions

__all__ = ["PeopleOfRoom", "are_there", "authenticators", "owner", "people_of", "tls_of"]

LOG, LOG_KEY, KEY = "access.sqlite", "access.pub", "room.key"
_MOST_KEY = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleOfRoom:
    """Everything about the people of a room.

    Parameters
    ----------
    people : PeopleFile
        Their accounts.
    ledger : SqlLedger
        Of the access log.
    key : bytes
        The room's own.
    """

    folder: Path
    clock: Clock
    people: PeopleFile
    ledger: SqlLedger
    log: AccessLog
    accounts: Accounts
    logins: Logins
    passkeys: Passkeys
    sessions: Sessions
    key: bytes
    signer: SignerProcess

    def settle(self) -> None:
        """Write what was counted, and sign the log if it has grown.

        Raises
        ------
        CauteryError
            If it cannot be written or signed.
        """
        self.log.settle()
        signer = CaseSigner(self.signer)
        last = signer.last()
        if last is None or self.ledger.size() > last.size:
            self.ledger.checkpoint(signer, at=self.clock.now())

    def check(self) -> Standing:
        """Re-hash every record of the log past every root that was signed.

        Raises
        ------
        EvidenceError
            Naming what differs.
        """
        verifier = NoteVerifier.parse(self.signer.key)
        return check_roots(self.folder / LOG, self.ledger, verifier, CaseSigner(self.signer).last())


def are_there(folder: Path) -> bool:
    """Tell whether a folder has people.

    Raises
    ------
    EvidenceError
        If it had some, and has none any more: the room does not open without a login for that.
    """
    anybody = False
    if (folder / NAME).exists():
        with contextlib.closing(PeopleFile(folder)) as people:
            anybody = people.any()
    if not anybody and (folder / LOG_KEY).exists():
        raise EvidenceError(
            f"{folder}: it has an access log, and no accounts",
            hint=f"Bring {NAME} back, or make an account: cautery people add NAME --role keeper "
            f"--people {folder}. For a room without people, move the folder away.",
        )
    return anybody


def authenticators(site: str, origin: str) -> Authenticators:
    """Return what asks the browsers of a site for passkeys."""
    from cautery.adapters.passkeys import WebAuthn  # noqa: PLC0415 - its parts are many

    return WebAuthn(site=site, origin=origin)


def owner() -> str:
    """Return the id under which the log has who works at the command line."""
    return f"{OWNER}:{os.getuid()}"


@contextmanager
def people_of(
    folder: Path,
    *,
    new: bool = False,
    keys_dir: Path | None = None,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
) -> Iterator[PeopleOfRoom]:
    """Open the people of a room.

    Parameters
    ----------
    new : bool
        Make them where there are none.
    clock, passwords
        By default this machine's clock, and argon2id as RFC 9106 recommends it.

    Raises
    ------
    InputError
        If there are none, or others may read them.
    CauteryError
        If they cannot be opened.
    """
    keys = default_folder() if keys_dir is None else keys_dir
    if not (folder / LOG_KEY).exists():
        if not new:
            raise InputError(
                f"{folder}: no people of an operations room",
                hint=f"Make an account: cautery people add NAME --role keeper --people {folder}",
            )
        _begin(folder, keys)
    verifier = NoteVerifier.parse(
        small_file(folder / LOG_KEY, most=_MOST_KEY, of="a key").decode("ascii", "replace")
    )
    with contextlib.ExitStack() as stack:
        people = stack.enter_context(contextlib.closing(PeopleFile(folder)))
        ledger = stack.enter_context(contextlib.closing(SqlLedger.at(folder / LOG)))
        signer = stack.enter_context(
            contextlib.closing(SignerProcess(keys, f"log:{verifier.name}"))
        )
        if signer.key != str(verifier):
            raise InputError(f"{folder / LOG_KEY}: this is not the key of the access log")
        clock, key = clock or wiring.clock(), key_bytes(folder / KEY)
        passwords, log = passwords or Argon2Passwords(), AccessLog(ledger, clock)
        accounts = Accounts(people, passwords, log, clock)
        room = PeopleOfRoom(
            folder=folder,
            clock=clock,
            people=people,
            ledger=ledger,
            log=log,
            accounts=accounts,
            logins=Logins(
                people, accounts, log, clock, key=key, passwords=passwords, seconds=time.monotonic
            ),
            passkeys=Passkeys(people, log, clock, key),
            sessions=Sessions(people, log, clock, key),
            key=key,
            signer=signer,
        )
        try:
            yield room
        finally:
            room.settle()


def _begin(folder: Path, keys: Path) -> None:
    private_folder(folder)
    if any(folder.iterdir()):
        raise InputError(f"{folder}: there is something in this folder already")
    signer = SignerProcess(keys, f"new-log:access.invalid/{secrets.token_hex(6)}")
    try:
        write_whole(folder / KEY, secrets.token_bytes(32), mode=0o600)
        SqlLedger.at(folder / LOG).close()
        # The log's key comes last: where it is, all else is.
        write_whole(folder / LOG_KEY, f"{signer.key}\n".encode())
    finally:
        signer.close()
