"""What travels between a watch and the nodes that look for it: plain values; no code, no media."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.model import ExhibitId, Fault, Json, to_json
from cautery.model.records import LookStep
from cautery.model.records.kinds import typed
from cautery.workflows.watch.probing.questions import Look, LookQuestion, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a node is told with each job.

    Parameters
    ----------
    secrets : tuple of str
        Of purchased lines: they must stand in nothing that is sealed in the open.
    erased : tuple of str
        Ids of keys that were destroyed, 32 hex digits each: nothing more is sealed under them.
    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookJob:
    """A job of kind ``look``."""

    question: LookQuestion
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class LookShown:
    """A look, as the node that did it may have it in memory; any other can do it again.

    Parameters
    ----------
    until : int
        The window that decided.
    """

    question: LookQuestion
    look: Look
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencePiece:
    """Sealed bytes of a reference.

    Parameters
    ----------
    moment_s : float
        The moment that is shown, in the time of these bytes, seconds.
    """

    exhibit: ExhibitId
    moment_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowJob:
    """A job of kind ``show``.

    Parameters
    ----------
    looks : tuple of LookShown
        Of one stream, oldest first.
    marks_of : str or None
        The licensee over whose pictures a mark is looked for, in the newest look.
    bases : bool
        Whether to seal what the scores of these looks rest on.
    shown : Shown or None
        What a reader is to see of the newest look.
    piece : ReferencePiece or None
        The reference at that instant; ``None``: it is gone.
    """

    looks: tuple[LookShown, ...]
    marks_of: str | None = None
    bases: bool = False
    shown: Shown | None = None
    piece: ReferencePiece | None = None
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMade:
    """A record that a node made, for the driver to append."""

    kind: str
    body: Mapping[str, Any]

    @property
    def content(self) -> Any:
        """What it says, as the type of its kind."""
        return typed(self.kind, self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMade:
    """A key that a node made for a source.

    Parameters
    ----------
    id, key : str
        16 and 32 bytes, as hex digits.
    """

    subject: str
    id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealings:
    """What a node sealed into the vault of the case, with the records that say so.

    Parameters
    ----------
    keys : tuple of KeyMade
        Under which the confidential ones are encrypted.
    """

    records: tuple[RecordMade, ...] = ()
    keys: tuple[KeyMade, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Why a job came to nothing.

    Parameters
    ----------
    error : str
        Its name, by which failures are counted.
    hindered : LookStep or None
        What of the node kept it from its end; ``None``: the stream did.
    """

    error: str
    text: str
    hindered: LookStep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAnswer:
    """What a job of kind ``look`` gave; the fields are those of ``UnderWay`` and the look.

    Parameters
    ----------
    spent : mapping
        Seconds that each step took.
    look : Look or None
        ``None``: it failed.
    failed : Failed or None
        Why; ``None``: it did not.
    """

    exhibits: tuple[ExhibitId, ...] = ()
    anchor: float | None = None
    anew: bool = False
    pictured: datetime | None = None
    spent: Mapping[LookStep, float] = field(default_factory=dict)
    look: Look | None = None
    failed: Failed | None = None
    sealings: Sealings


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAnswer:
    """What a job of kind ``show`` gave."""

    faults: tuple[Fault, ...] = ()
    shown: bool = False
    failed: Failed | None = None
    sealings: Sealings


def as_answered(noun: LookAnswer | ShowAnswer) -> Json:
    """Return the JSON of an answer.

    Raises
    ------
    InputError
        If a number in it is not finite.
    """
    body: Json = to_json(noun)
    return body
