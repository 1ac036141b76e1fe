"""A ledger beside the cases, with a key of its own: the access log, the log of backups."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cautery.adapters._files import write_whole
from cautery.adapters.keys_file import CaseSigner
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.signer import SignerProcess
from cautery.errors import EvidenceError, InputError
from cautery.evidence.leaf import leaf_of
from cautery.evidence.note import NoteVerifier
from cautery.model.evidence import digest_of
from cautery.model.ledger import filed
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
    keys : Path
        Folder of keys: it says, too, which record this machine was about to sign.
    """

    path: Path
    ledger: SqlLedger
    signer: SignerProcess
    verifier: NoteVerifier
    keys: Path

    def append(self, content: object, at: datetime, *, since: int) -> None:
        """Append a record and sign it; who is killed in between signs it the next time.

        Parameters
        ----------
        since : int
            How many records were found to be this machine's own: if somebody wrote another one
            since, nothing is appended, and what comes behind the record is not signed.

        Raises
        ------
        ConflictError
            If somebody did.
        CauteryError
            If it cannot be written, or the log is not what was signed last.
        """
        kind, body = filed(content)
        intended = digest_of(leaf_of(kind, body, at))
        write_whole(self._intent, str(intended).encode())
        self.ledger.append(kind, body, at=at, if_unchanged_since=since)
        self.ledger.checkpoint(CaseSigner(self.signer), at=at, size=since + 1)

    def require_own(self, now: datetime) -> int:
        """Return the size of the log, all of which this machine signed or was about to sign.

        Whoever can write to the log would else have it signed by the next who signs.

        Raises
        ------
        EvidenceError
            If it has another record, or is not what was signed.
        """
        standing = self.check()
        if standing.size == standing.signed:
            return standing.size
        first, *others = self.ledger.read(since=standing.signed)
        if others or not self._intent.exists() or digest_of(first.leaf) != self._intended():
            raise EvidenceError(
                f"{self.path}: {standing.size - standing.signed} records at its end were signed by "
                "nobody: somebody else wrote them",
                hint="Keep this folder as it is, and begin a new one.",
            )
        self.ledger.checkpoint(CaseSigner(self.signer), at=now, size=standing.size)
        return standing.size

    @property
    def _intent(self) -> Path:
        named = hashlib.sha256(self.verifier.name.encode()).hexdigest()
        return self.keys / f"log-{named[:16]}.intent"

    def _intended(self) -> str:
        raw = small_file(self._intent, most=_MOST_KEY, of="an intent")
        return raw.decode("ascii", "replace")

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
        yield SignedLog(path=ledger, ledger=opened, signer=signer, verifier=verifier, keys=keys)


def public_key(key: Path) -> NoteVerifier:
    """Read the public key of a log.

    Raises
    ------
    InputError
        If it is none.
    """
    raw = small_file(key, most=_MOST_KEY, of="a key")
    return NoteVerifier.parse(raw.decode("ascii", "replace"))
