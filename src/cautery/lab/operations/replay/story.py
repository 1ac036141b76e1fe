"""The state that the chapters of a replay pass on, and the output of each chapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from cautery.evidence.ports import CaseStore
from cautery.lab.operations.replay.clock import ReplayClock
from cautery.lab.operations.spec import OperationWorld
from cautery.model import Operation
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.partners import register_partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message of a running replay: for the board, or as a line of JSON.

    ``figures`` are the numbers that stand beside the sentence.
    """

    at: datetime
    chapter: str
    text: str
    figures: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Told], None]


def others_of(folder: Path) -> Path:
    """Return where the cases of those stand that do not lead."""
    return folder.with_name(folder.name + "-agencies")


@dataclass(slots=True, kw_only=True)
class Story:
    """What the chapters of a replay have in common.

    Parameters
    ----------
    desks : dict of agency to Desk
        Each agency's own case; the lead's is the case of the operation.
    folder : Path
        Of the lead's case; the others stand in ``FOLDER-agencies``.
    """

    world: OperationWorld
    operation: Operation
    clock: ReplayClock
    store: CaseStore
    folder: Path
    rng: np.random.Generator
    listen: Listener
    desks: dict[str, Desk] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)

    @property
    def lead(self) -> Desk:
        """The desk of the agency that leads."""
        return self.desks[self.operation.lead.id]

    def case_of(self, agency: str) -> Path:
        """Return where an agency's case lies."""
        if agency == self.operation.lead.id:
            return self.folder
        return others_of(self.folder) / agency

    def open_desks(self) -> None:
        """Begin every agency's own case; each knows the others' keys, handed over in person."""
        for agency in self.operation.agencies:
            self.desks[agency.id] = open_desk(
                self.case_of(agency.id),
                store=self.store,
                clock=self.clock,
                operation=self.operation,
                agency=agency.id,
            )
        for desk in self.desks.values():
            for name, desk_beside in self.desks.items():
                if desk_beside is not desk:
                    register_partner(desk, name, desk_beside.case.verifier, at=self.clock.now())

    def tell(self, chapter: str, text: str, **figures: Any) -> None:
        """Tell something at the story's moment."""
        self.listen(Told(at=self.clock.now(), chapter=chapter, text=text, figures=figures))

    def leave(self) -> None:
        """Let go of every case that is still open."""
        for desk in self.desks.values():
            desk.leave()
