"""What a season needs of the world: its mandate, cases, processes, and a place for its board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cautery.model import Mandate
from cautery.model.records import WatchDied
from cautery.model.season import Ended, FixtureWhy, SeasonBoard, SeasonFixture
from cautery.workflows.mandate.fixture_approvals import FixtureApprovals


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A mandate and its fixtures, as they were read last.

    Parameters
    ----------
    fixtures : tuple of SeasonFixture
        Those that its calendars list, and those of its own file.
    hold : FixtureWhy or None
        Why no watch may start under it; ``None``: one may.
    calendar_broken : bool
        Whether a calendar could not be read, so that an earlier reading stands.
    problems : tuple of str
        What is wrong, a sentence each.
    """

    mandate: Mandate
    fixtures: tuple[SeasonFixture, ...]
    approvals: FixtureApprovals
    hold: FixtureWhy | None = None
    calendar_broken: bool = False
    problems: tuple[str, ...] = ()


class SeasonMandate(Protocol):
    """The mandate of a season."""

    async def read(self) -> Reading:
        """Read it again, with its calendars; what cannot be read stands as it was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """What a fixture's case says.

    Parameters
    ----------
    begun, closed, left_open : bool
        As :class:`~cautery.workflows.season.plan.CaseSeen` has them.
    stopped : bool
        Whether its watch said last that it ended: in order, or because the disk was full.
    restarts : int
        How often its watch died before.
    late_s : float or None
        How far its watch is behind, seconds; ``None``: it keeps up.
    """

    begun: bool
    closed: bool = False
    left_open: bool = False
    stopped: bool = False
    restarts: int = 0
    late_s: float | None = None


class SeasonCases(Protocol):
    """The cases of a season's fixtures, by name."""

    def facts(self, case: str, *, over: bool) -> CaseFacts:
        """Return what a case says.

        Parameters
        ----------
        over : bool
            Whether its window has passed and its mandate lets it wait for notices: it is asked
            whether it does.
        """
        ...

    def record(self, case: str, died: WatchDied) -> None:
        """Write into a case that its watch died."""
        ...

    def has_room(self) -> bool:
        """Tell whether another case fits where they lie."""
        ...


class SeasonProcesses(Protocol):
    """The processes that watch and close, each of them alone at its case."""

    def at_work(self, case: str) -> bool | None:
        """Tell whether a process closes a case (``True``) or watches it; ``None``: none is there.

        One that an earlier service began counts as well.
        """
        ...

    async def watch(self, case: str, fixture: SeasonFixture) -> bool:
        """Start a watch; ``False``: another process is at the case."""
        ...

    async def close(self, case: str) -> bool:
        """Start to close a case; ``False``: another process is at the case."""
        ...

    def stop(self, case: str) -> None:
        """Ask the process at a case to end in order."""
        ...

    def ended(self) -> Sequence[Ended]:
        """Return those that ended since this was asked last."""
        ...

    async def wait(self, seconds: float) -> None:
        """Wait for so long, or until one ends."""
        ...


class BoardPlace(Protocol):
    """Where a season writes its board, whole."""

    def load(self) -> SeasonBoard | None:
        """Return what stands there; ``None``: nothing, or nothing that can be read."""
        ...

    def save(self, board: SeasonBoard) -> None:
        """Write it whole.

        Raises
        ------
        StorageError
            If it cannot be written; what stood there stands.
        """
        ...
