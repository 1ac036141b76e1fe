"""The people of an operations room, and their access log.

The log and its key, the room's own key and the questions for persons lie in a folder of this
machine. The accounts lie there, too, or in the database of an organisation, for all of its rooms.
"""

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
from cautery.adapters.askings_file import AskingsFile
from cautery.adapters.cosign_server import tls_of
from cautery.adapters.keys_file import CaseSigner, default_folder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.passwords import Argon2Passwords
from cautery.adapters.people_file import NAME
from cautery.adapters.people_sql import SqlPeople
from cautery.adapters.requests_folder import RequestsFolder
from cautery.adapters.tray_copy import publish_key
from cautery.adapters.tray_folder import TrayFolder
from cautery.errors import EvidenceError, InputError
from cautery.evidence.case_names import is_on_server
from cautery.model.ports import Clock
from cautery.model.signing_keys import PasskeyKey
from cautery.packed import small_file
from cautery.public_keys import PasskeyText, passkey_in
from cautery.wiring.people_places import (
    mark,
    marked_server,
    open_accounts,
    open_server,
    refuse_other_people,
)
from cautery.wiring.server import server as server_named
from cautery.wiring.signed_log import SignedLog, begin_log, open_log
from cautery.workflows.case.roots import Standing
from cautery.workflows.people.accounts import OWNER, Accounts
from cautery.workflows.people.asking import Inquiries
from cautery.workflows.people.identities import Identities
from cautery.workflows.people.identity_questions import Questions
from cautery.workflows.people.log import AccessLog
from cautery.workflows.people.login import Logins
from cautery.workflows.people.passkeys import Passkeys
from cautery.workflows.people.ports import Authenticators, Passwords
from cautery.workflows.people.requests import SigningRequests
from cautery.workflows.people.second import Seconds
from cautery.workflows.people.sessions import Sessions
from cautery.workflows.people.tray import Tray

__all__ = [
    "PeopleOfRoom",
    "approver_passkey",
    "are_there",
    "authenticators",
    "join",
    "lie_on_server",
    "owner",
    "people_of",
    "tls_of",
]

LOG, LOG_KEY, KEY, TRAY = "access.sqlite", "access.pub", "room.key", "tray"
_KEY_BYTES, _MOST_KEY = 32, 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleOfRoom:
    """Everything about the people of a room.

    Parameters
    ----------
    people : SqlPeople
        Their accounts.
    signed : SignedLog
        The access log's ledger, with its key.
    key : bytes
        The room's own.
    """

    folder: Path
    clock: Clock
    people: SqlPeople
    signed: SignedLog
    log: AccessLog
    accounts: Accounts
    logins: Logins
    passkeys: Passkeys
    identities: Identities
    questions: Questions
    seconds: Seconds
    sessions: Sessions
    inquiries: Inquiries
    tray: Tray
    requests: SigningRequests
    key: bytes

    @property
    def ledger(self) -> SqlLedger:
        """Of the access log."""
        return self.signed.ledger

    def settle(self) -> None:
        """Write what was counted, and sign the log if it has grown.

        Raises
        ------
        CauteryError
            If it cannot be written or signed.
        """
        self.inquiries.lapse()
        self.log.settle()
        self.signed.sign(self.clock.now())
        self.requests.lapse()

    def check(self) -> Standing:
        """Re-hash every record of the log past every root that was signed.

        Raises
        ------
        EvidenceError
            Naming what differs.
        """
        return self.signed.check()


def are_there(folder: Path, *, cases: Path | None = None) -> bool:
    """Tell whether a room has people.

    Parameters
    ----------
    folder : Path
        Of the room's people.
    cases : Path, optional
        That the room shows: those of an organisation are shown to its people alone.

    Raises
    ------
    EvidenceError
        If it had some, and has none any more: the room does not open without a login for that.
    InputError
        If the organisation has people, and this machine has no room of theirs.
    """
    anybody = False
    with contextlib.closing(open_accounts(folder, key=None)) as accounts:
        anybody = accounts.people is not None and accounts.people.any()
    if not anybody and cases is not None and is_on_server(cases):
        refuse_other_people()
    if not anybody and (folder / LOG_KEY).exists():
        raise EvidenceError(
            f"{folder}: it has an access log, and no accounts",
            hint=f"Bring the accounts back ({NAME}, or the database), or make one: "
            f"cautery people add NAME --role keeper --people {folder}. For a room without people, "
            "move the folder away.",
        )
    return anybody


def lie_on_server(folder: Path) -> bool:
    """Tell whether the accounts of a room lie in the organisation's database."""
    return marked_server(folder) is not None


def authenticators(site: str, origin: str) -> Authenticators:
    """Return what asks the browsers of a site for passkeys."""
    from cautery.adapters.passkeys import WebAuthn  # noqa: PLC0415 - its parts are many

    return WebAuthn(site=site, origin=origin)


def owner() -> str:
    """Return the id under which the log has who works at the command line."""
    return f"{OWNER}:{os.getuid()}"


def approver_passkey(room: PeopleOfRoom, name: str, passkey: str | None = None) -> PasskeyText:
    """Return a person's passkey as the author of a mandate names it.

    Parameters
    ----------
    name : str
        By which the person comes in.
    passkey : str, optional
        What the person calls it; needed where there are several.

    Raises
    ------
    InputError
        If there is none that may approve, or one has to be chosen.
    """
    from cautery.adapters.passkeys import public_key_of  # noqa: PLC0415 - its parts are many

    account = room.accounts.named(name)
    passkeys = [key for key in room.people.passkeys(account.id) if passkey in (None, key.name)]
    able = [key for key in passkeys if key.approves_at]
    if passkeys and not able:
        raise InputError(
            f"{account.name} has no passkey that stays on its device, only synced ones",
            hint="Add one of a security key, or of a device that keeps it, in the room: /account. "
            "A passkey that an earlier version added must be added again.",
        )
    if len(able) != 1:
        names = ", ".join(repr(key.name) for key in able)
        raise InputError(
            f"{account.name} has {len(able) or 'no'} passkeys that may approve",
            hint=f"Choose one with --passkey: {names}."
            if able
            else "Add one in the room: /account.",
        )
    (chosen,) = able
    text = PasskeyText(chosen.approves_at, account.id, chosen.id, public_key_of(chosen))
    try:
        PasskeyKey(passkey_in(text.spelled))
    except ValueError as error:
        raise InputError(
            f"the passkey {chosen.name!r} cannot approve: {error}",
            hint="Add one that signs by ES256 or EdDSA, at the name of the room: /account.",
        ) from error
    return text


@contextmanager
def people_of(
    folder: Path,
    *,
    new: bool = False,
    on_server: bool | None = None,
    keys_dir: Path | None = None,
    clock: Clock | None = None,
    passwords: Passwords | None = None,
) -> Iterator[PeopleOfRoom]:
    """Open the people of a room.

    Parameters
    ----------
    new : bool
        Make them where there are none.
    on_server : bool, optional
        Make the accounts in the organisation's database, or in the folder; default: in the database
        where one is named.
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
        _begin(folder, keys, on_server=on_server)
    with contextlib.ExitStack() as stack:
        key = key_bytes(folder / KEY)
        accounts_here = stack.enter_context(contextlib.closing(open_accounts(folder, key=key)))
        people = accounts_here.required()
        if new:
            people.begin()
        askings = stack.enter_context(contextlib.closing(AskingsFile(folder)))
        signed = stack.enter_context(open_log(folder / LOG, folder / LOG_KEY, keys=keys))
        publish_key(folder, signed.signer.hashes, CaseSigner(signed.signer).sign)
        clock = clock or wiring.clock()
        passwords, log = passwords or Argon2Passwords(), AccessLog(signed.ledger, clock)
        accounts = Accounts(people, passwords, log, clock)
        room = PeopleOfRoom(
            folder=folder,
            clock=clock,
            people=people,
            signed=signed,
            log=log,
            accounts=accounts,
            logins=Logins(
                people,
                accounts,
                log,
                clock,
                key=key,
                passwords=passwords,
                seconds=time.monotonic,
                tries=accounts_here.tries,
            ),
            passkeys=Passkeys(people, log, clock, key),
            identities=Identities(people, accounts, log, clock),
            questions=Questions(people, clock, key),
            seconds=Seconds(people, clock, key),
            sessions=Sessions(people, log, clock, key),
            inquiries=Inquiries(askings, people, log, clock, key),
            tray=Tray(
                TrayFolder(folder / TRAY),
                log,
                signed.ledger,
                clock,
                hashes=signed.signer.hashes,
                check=signed.check,
            ),
            requests=SigningRequests(RequestsFolder(folder), people, clock),
            key=key,
        )
        try:
            yield room
        finally:
            room.settle()


def join(folder: Path, key: Path, *, keys_dir: Path | None = None) -> None:
    """Open another room of the people in the organisation's database, on this machine.

    Parameters
    ----------
    folder : Path
        Of this room's people: it gets an access log of its own.
    key : Path
        ``room.key`` of a room that they have.

    Raises
    ------
    InputError
        If it is not their rooms' key, or they are nowhere, or something lies in the folder.
    """
    raw = small_file(key, most=_MOST_KEY, of="a room's key")
    if len(raw) != _KEY_BYTES:
        raise InputError(f"{key}: this is no room's key")
    with contextlib.closing(open_server(raw)) as people:
        if not people.begun():
            raise InputError(
                "no people are in the database yet",
                hint="Make an account: cautery people add NAME --role keeper",
            )
        server = people.id
    keys = default_folder() if keys_dir is None else keys_dir
    _make(folder, keys, raw, server=server)


def _begin(folder: Path, keys: Path, *, on_server: bool | None) -> None:
    key, server = secrets.token_bytes(_KEY_BYTES), ""
    if on_server or (on_server is None and server_named() is not None):
        with contextlib.closing(open_server(key)) as people:
            server = people.id
    _make(folder, keys, key, server=server)


def _make(folder: Path, keys: Path, key: bytes, *, server: str) -> None:
    private_folder(folder)
    if any(folder.iterdir()):
        raise InputError(f"{folder}: there is something in this folder already")
    write_whole(folder / KEY, key, mode=0o600)
    if server:
        mark(folder, server)
    begin_log(folder / LOG, folder / LOG_KEY, of="access", keys=keys)
