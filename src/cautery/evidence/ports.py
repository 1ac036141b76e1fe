"""Ports that a case needs in addition to :mod:`cautery.model.ports`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cautery.evidence.covered_rows import CoveredRows
from cautery.evidence.lease import Lease
from cautery.evidence.note import NoteVerifier
from cautery.model import Regime
from cautery.model.evidence import Checkpoint, ExhibitId
from cautery.model.ports import Ledger, Signer, Vault
from cautery.model.pseudonyms import Pseudonyms
from cautery.model.records import Entry


class CaseLedger(Ledger, Protocol):
    """A ledger that can be sealed by checkpoints and closed."""

    def keep_to(self, covered: CoveredRows) -> None:
        """From now on, refuse to read other rows in the place of those that roots covered."""
        ...

    def set_right(self, *, since: int, now: Callable[[], datetime]) -> None:
        """Replace rows from ``since`` on that are no records; ``since`` of them are signed."""
        ...

    def checkpoint(self, signer: Signer, *, at: datetime) -> Checkpoint:
        """Sign size and root, and keep the note; the ledger goes on from the last root signed."""
        ...

    def checkpoint_times(self) -> Iterator[tuple[int, str]]:
        """Yield size and time (RFC 3339) of each checkpoint; no signature covers the time."""
        ...

    def pick(self, indexes: Sequence[int]) -> tuple[Entry, ...]:
        """Return the entries of some numbers in rising order; one that has none is left out."""
        ...

    def leaves(
        self, *, since: int = 0, until: int | None = None
    ) -> Iterator[tuple[int, str, bytes]]:
        """Yield index, kind as filed, and leaf of every record, or of some, unread."""
        ...

    def checkpoints(self) -> Iterator[str]:
        """Yield the notes in the order in which they were made."""
        ...

    def filed_checkpoints(self) -> Iterator[tuple[int, int, str, str]]:
        """Yield number, size, time and note of each checkpoint, as they are filed."""
        ...

    def newest_checkpoint(self) -> str | None:
        """Return the note that was made last; ``None``: there is none."""
        ...

    def refuse_writers(self) -> None:
        """Raise if another process writes to it; from now on none can until it is closed."""
        ...

    def settle(self) -> None:
        """Leave it as one plain file, whoever reads it, and let go of it."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class CaseVault(Vault, Protocol):
    """A vault whose subjects can be erased."""

    def erase(self, subject: str) -> int:
        """Destroy a subject's keys; return how many there were."""
        ...

    def pieces(
        self, exhibit: ExhibitId, *, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """Yield the stored bytes or a range of them; the seal of the whole is checked.

        Raises
        ------
        BrokenSealError
            If they no longer match.
        """
        ...

    def holds(self, exhibit: ExhibitId) -> bool:
        """Tell whether the exhibit lies in the vault; its seal is not checked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSeen:
    """A regular file of a case: its path inside, with slashes, and its bytes."""

    name: str
    size: int


class CaseKeys(Protocol):
    """The secrets of one case; they never lie in it."""

    @property
    def case(self) -> str:
        """The case's id, 16 hex digits."""
        ...

    @property
    def signer(self) -> Signer:
        """Signs checkpoints and the manifest."""
        ...

    @property
    def verifier(self) -> NoteVerifier:
        """The public half of :attr:`signer`."""
        ...

    @property
    def pseudonyms(self) -> Pseudonyms:
        """What stands for credentials and personal values in this case."""
        ...

    def pseudonyms_of(self, subject: str) -> Pseudonyms:
        """Return what stands for a subject's people; its key goes with theirs."""
        ...


class Still(Protocol):
    """Lends a store that reads a closed case as it was verified, whoever exchanges its files."""

    def __call__(
        self, case: Path, *, ledger: str, held: Mapping[str, bytes]
    ) -> AbstractContextManager[CaseStore]:
        """Copy the ledger with this SHA-256, and hold files that were verified."""
        ...


class CaseStore(Protocol):
    """Where cases lie: folders, or a server. Paths inside a case are relative and use slashes."""

    def allow(self, path: Path, regime: Regime | None) -> None:
        """Raise unless a case of this regime may begin or go on there; ``None``: nobody said."""
        ...

    def begin(self, path: Path) -> CaseKeys:
        """Make the folder of a new case, and its keys outside it."""
        ...

    def keys(self, path: Path) -> CaseKeys:
        """Return the secrets of the case that stands at ``path``."""
        ...

    def hold(self, path: Path, *, alone: bool) -> None:
        """Keep the case from being closed by others; ``alone``: from being written by them."""
        ...

    def shares(self, path: Path) -> bool:
        """Tell whether another process holds the case too."""
        ...

    def release(self, path: Path) -> None:
        """Let go of what :meth:`hold` took."""
        ...

    def drive(self, path: Path) -> Lease:
        """Take the lease on the case: one process at a time drives it."""
        ...

    def ledger(self, path: Path, *, read_only: bool) -> CaseLedger:
        """Open the ledger."""
        ...

    def vault(self, path: Path, keys: CaseKeys | None) -> CaseVault:
        """Open the vault; without keys it is only read."""
        ...

    def exists(self, path: Path, name: str) -> bool:
        """Tell whether a case has this file."""
        ...

    def files(self, path: Path) -> tuple[FileSeen, ...]:
        """List every file, sorted, and every empty folder, with a slash at its end."""
        ...

    def read(self, path: Path, name: str, *, limit: int) -> bytes:
        """Read a small file, following no link."""
        ...

    def digest(self, path: Path, name: str, *, size: int, flush: bool = False) -> str:
        """Hash a file of ``size`` bytes, following no link; ``flush`` puts it on disk first."""
        ...

    def write(self, path: Path, name: str, content: bytes) -> None:
        """Write a file so that after a crash it is there whole or not at all."""
        ...

    def remove(self, path: Path, name: str) -> None:
        """Remove a file if it is there."""
        ...

    def make_room(self, path: Path) -> None:
        """Give back the room kept for the end of the case."""
        ...

    def signed_ledger(self, path: Path, *, digest: str) -> AbstractContextManager[CaseLedger]:
        """Lend the ledger of a closed case: the file of this SHA-256, and nothing beside it."""
        ...

    def tidy(self, path: Path) -> None:
        """Give back the reserve, and remove leftovers and empty folders."""
        ...

    def public_key(self, path: Path, *, name: str) -> NoteVerifier:
        """Read a public key that an analyst gave: a verifier key string, or PEM."""
        ...


class CasePlace(Protocol):
    """Where one case lies, or will: what it is moved from and to."""

    @property
    def path(self) -> Path:
        """How people name it."""
        ...

    @property
    def at(self) -> Path:
        """How :attr:`store` names it, until it is admitted also."""
        ...

    @property
    def store(self) -> CaseStore:
        """Reads it."""
        ...

    def standing(self) -> str | None:
        """Return the id of the case that stands there; ``None``: none does."""
        ...

    def left(self) -> str | None:
        """Return the id of a case that was moved away, and whose removal was cut short."""
        ...

    def allow(self, regime: Regime | None) -> None:
        """Raise unless a case of this regime may lie there."""
        ...

    def hold(self) -> None:
        """Keep all others from writing to it until :meth:`release`."""
        ...

    def release(self) -> None:
        """Let go of it."""
        ...

    def leave(self) -> None:
        """Let nobody write to it any more, also after a crash."""
        ...

    def stay(self) -> None:
        """Undo :meth:`leave`: the move failed, and the copy does not stand."""
        ...

    def files(self) -> tuple[FileSeen, ...]:
        """List the files that belong to the case; the ledger's only once it is closed."""
        ...

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of one of them."""
        ...

    def ledger(self) -> CaseLedger:
        """Open the ledger to be read."""
        ...

    def custody(self) -> bytes:
        """Return the chain of custody beside it."""
        ...

    def expect(self, case: str) -> None:
        """Make room for a case, or go on with what came of it; it does not stand yet."""
        ...

    def take(self, file: FileSeen, pieces: Callable[[], Iterator[bytes]]) -> None:
        """Take up a file, unless it is there."""
        ...

    def take_ledger(self, ledger: CaseLedger) -> None:
        """Take up the records and checkpoints that are not there."""
        ...

    def take_custody(self, chain: bytes) -> None:
        """Take up the chain of custody."""
        ...

    def forget(self) -> None:
        """Remove what came and does not stand yet."""
        ...

    def admit(self) -> None:
        """Let what came stand as the case, in one step."""
        ...

    def remove(self, custody: bytes) -> None:
        """Remove it, if this is its chain: first so that it stands no more, then all it was."""
        ...
