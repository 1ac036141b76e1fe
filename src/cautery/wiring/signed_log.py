"""A ledger beside the cases, with a key of its own: the access log, the log of backups."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cautery.adapters._files import write_whole
from cautery.adapters.keys_file import CaseSigner
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.signer import SignerProcess
from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.packed import small_file
from cautery.workflows.case.roots import Standing, check_roots

_MOST_KEY = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedLog:
    """A log that is open.

    Parameters
    ----------
    path : Path
        Of its ledger.
    verifier : NoteVerifier
        Its public key.
    """

    path: Path
    ledger: SqlLedger
    signer: SignerProcess
    verifier: NoteVerifier

    def sign(self, now: datetime) -> None:
        """Sign it if it has grown.

        Raises
        ------
        CauteryError
            If it is not what was signed last, or cannot be written.
        """
        signer = CaseSigner(self.signer)
        last = signer.last()
        if last is None or self.ledger.size() > last.size:
            self.ledger.checkpoint(signer, at=now)

    def check(self) -> Standing:
        """Re-hash every record past every root that was signed.

        Raises
        ------
        EvidenceError
            Naming what differs.
        """
        return check_roots(self.path, self.ledger, self.verifier, CaseSigner(self.signer).last())


def begin_log(ledger: Path, key: Path, *, of: str, keys: Path) -> None:
    """Make an empty log with a new key.

    Parameters
    ----------
    of : str
        Whose log, such as ``access``: it stands in the key's name.
    keys : Path
        Folder of keys.

    Raises
    ------
    CauteryError
        If it cannot be written.
    """
    signer = SignerProcess(keys, f"new-log:{of}.invalid/{secrets.token_hex(6)}")
    try:
        SqlLedger.at(ledger).close()
        # The log's key comes last: where it is, all else is.
        write_whole(key, f"{signer.key}\n".encode())
    finally:
        signer.close()


@contextlib.contextmanager
def open_log(ledger: Path, key: Path, *, keys: Path) -> Iterator[SignedLog]:
    """Open a log to write to it.

    Raises
    ------
    InputError
        If its key is not in the folder of keys.
    CauteryError
        If it cannot be opened.
    """
    verifier = public_key(key)
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(contextlib.closing(SqlLedger.at(ledger)))
        signer = stack.enter_context(
            contextlib.closing(SignerProcess(keys, f"log:{verifier.name}"))
        )
        if signer.key != str(verifier):
            raise InputError(f"{key}: this is not the key of the log")
        yield SignedLog(path=ledger, ledger=opened, signer=signer, verifier=verifier)


def public_key(key: Path) -> NoteVerifier:
    """Read the public key of a log.

    Raises
    ------
    InputError
        If it is none.
    """
    raw = small_file(key, most=_MOST_KEY, of="a key")
    return NoteVerifier.parse(raw.decode("ascii", "replace"))
