"""What backups need of the world: the folder that they lie in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cautery.evidence.all_records import Expected
from cautery.evidence.ports import CaseLedger, CasePlace, FileSeen
from cautery.model.evidence import Digest
from cautery.model.ports import Ledger


class BackupLog(Protocol):
    """The signed log of backups."""

    @property
    def ledger(self) -> Ledger:
        """To be read."""
        ...

    def require_own(self, now: datetime) -> int:
        """Return its size; raise if it has a record that this machine was not about to sign."""
        ...

    def append(self, content: object, at: datetime, *, since: int) -> None:
        """Append a record and sign it; raise if another one came in since the log was so large."""
        ...


class CaseCopy(Protocol):
    """Where one case is copied to, in a backup that is not whole yet."""

    damaged: list[str]
    """What the earlier backup has otherwise than it was, and was copied anew."""

    @property
    def place(self) -> CasePlace:
        """The copy, to be read."""
        ...

    def begin(self) -> None:
        """Forget all that a backup which was cut short left of it, but for exhibits."""
        ...

    def earlier(self, name: str) -> bytes | None:
        """Return a small file as the newest earlier backup has it; ``None``: it has none."""
        ...

    def take(
        self, file: FileSeen, pieces: Callable[[], Iterator[bytes]], *, is_fixed: bool
    ) -> None:
        """Copy a file; what is fixed and was copied before is not read again."""
        ...

    def take_ledger(self, ledger: CaseLedger) -> None:
        """Copy the checkpoints, and all records that there are then."""
        ...

    def take_custody(self, chain: bytes) -> None:
        """Copy the chain of custody."""
        ...

    def is_as_before(self, *, but: str) -> bool:
        """Tell whether all files but one are those of the newest earlier backup."""
        ...

    def end(self) -> tuple[int, int]:
        """Write the list of its files; return how many there are, and their bytes."""
        ...

    def forget(self) -> None:
        """Remove it: it could not be copied."""
        ...


class Backups(Protocol):
    """A folder of backups, each a folder of cases like any other."""

    @property
    def path(self) -> Path:
        """Where it lies."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Keep other processes from making or removing backups meanwhile."""
        ...

    def names(self) -> tuple[str, ...]:
        """Return the names of those that are whole, the oldest first."""
        ...

    def begin(self) -> None:
        """Go on with a backup that was cut short, or begin one."""
        ...

    def copy_of(
        self, case: str, earlier: str | None = None, listed: Mapping[str, str] | None = None
    ) -> CaseCopy:
        """Return where a case is copied to, beside what an earlier backup has of it.

        Parameters
        ----------
        case : str
            Its path among the cases.
        listed : mapping of str to str
            What the earlier backup lists, as it was signed.

        Raises
        ------
        EvidenceError
            If the list of the case there is not the one that was signed.
        """
        ...

    def people(self) -> Path:
        """Return where the people of the room are copied to."""
        ...

    def finish_list(self, cases: Sequence[str]) -> Digest:
        """Write the list of the backup, without cases that are gone; return its digest."""
        ...

    def admit(self, name: str) -> None:
        """Let the backup stand under its name, in one step."""
        ...

    def remove(self, name: str) -> None:
        """Remove a backup: first so that it stands no more."""
        ...

    def listed(self, name: str, digest: Digest) -> dict[str, str]:
        """Return the list of a backup, if it is the one with this digest: name to SHA-256."""
        ...

    def strangers(self, name: str, listed: Collection[str]) -> tuple[str, ...]:
        """Return what lies in a backup beside the files and the cases that are listed."""
        ...

    def check_file(self, name: str, file: str, listed: Mapping[str, str]) -> None:
        """Raise unless a file of a backup has the SHA-256 and the size that are listed."""
        ...

    def check_sizes(
        self, name: str, case: str, listed: Mapping[str, str], *, most: int
    ) -> Mapping[str, int]:
        """Raise unless a case's files have the sizes that are listed; none of them is read."""
        ...

    def check_case(self, name: str, case: str, listed: Mapping[str, str], *, most: int) -> None:
        """Raise unless a case's files and its chain of custody are those that are listed."""
        ...

    def expected(self, name: str, case: str, listed: Mapping[str, str]) -> Expected:
        """Return what a copy of a case must be, by what the backup lists."""
        ...

    def place_of(self, name: str, case: str) -> CasePlace:
        """Return a case of a backup."""
        ...
