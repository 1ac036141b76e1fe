"""What travels between a watch and the nodes that look for it: plain values, never code or media.

Whatever a node answers is checked before anything of it is recorded: a node is another machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.model import Exhibit, ExhibitId, Fault, Json, from_json, to_json
from cautery.model.records import AlignmentShown, ExhibitSealed, LookStep
from cautery.model.records.kinds import typed
from cautery.model.records.scoring import ScoreBasis
from cautery.workflows.watch.probing.looks import MOST_WINDOWS
from cautery.workflows.watch.probing.questions import Look, LookQuestion, Shown

MOST_RECORDS = 1_000
"""Of one answer: a playlist of 400 segments may have each in an archive of its own, and each may
lean on an earlier one."""
MOST_SPENT_S = 3_600.0
_RECORDS = (ExhibitSealed, ScoreBasis, AlignmentShown)
_HEX = frozenset("0123456789abcdef")


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


def look_answer(body: Json, question: LookQuestion) -> tuple[LookAnswer, list[Any]]:
    """Return what a node answered to a question, and its records.

    Raises
    ------
    InputError
        If it is no valid answer to it.
    """
    _require_finite(body)
    answer = from_json(LookAnswer, body)
    records = _records(answer.sealings, question.key)
    if (answer.look is None) == (answer.failed is None):
        raise InputError("it must hold either what was seen or why nothing was")
    if any(not 0 <= seconds <= MOST_SPENT_S for seconds in answer.spent.values()):
        raise InputError("no look takes less than no time, or more than an hour")
    named = set(answer.exhibits)
    if answer.look is not None:
        _require_look(answer.look, question)
        for window in answer.look.windows:
            named.update(window.observation.exhibits)
            named.update(fault.exhibit for fault in window.faults if fault.exhibit is not None)
    _require_sealed(named, records)
    return answer, records


def show_answer(body: Json, job: ShowJob) -> tuple[ShowAnswer, list[Any]]:
    """Return what a node answered when it was to show a stream, and its records.

    Raises
    ------
    InputError
        If it is no valid answer.
    """
    _require_finite(body)
    answer = from_json(ShowAnswer, body)
    records = _records(answer.sealings, job.looks[-1].question.key)
    named = {fault.exhibit for fault in answer.faults if fault.exhibit is not None}
    lent = set() if job.piece is None else {job.piece.exhibit}
    for record in records:
        if isinstance(record, ScoreBasis):
            named.add(record.exhibit)
        elif isinstance(record, AlignmentShown):
            of_it = (record.suspect_still, record.reference_still, record.reference_media)
            named.update(exhibit for exhibit in of_it if exhibit is not None)
    _require_sealed(named - lent, records)
    return answer, records


def _records(sealings: Sealings, key: str) -> list[Any]:
    """Return the records of an answer as the types of their kinds."""
    if len(sealings.records) > MOST_RECORDS or len(sealings.keys) > MOST_RECORDS:
        raise InputError(f"it has more than {MOST_RECORDS} records or keys")
    records = [typed(record.kind, record.body) for record in sealings.records]
    for record in records:
        if not isinstance(record, _RECORDS):
            raise InputError("it holds a record that no look makes")
        if not isinstance(record, ExhibitSealed) and record.url != key:
            raise InputError("it holds a record of another stream")
    sealed = [record.exhibit for record in records if isinstance(record, ExhibitSealed)]
    _require_keys(sealings, sealed)
    return records


def _require_keys(sealings: Sealings, sealed: list[Exhibit]) -> None:
    """Refuse keys of what was not sealed, and what was sealed without a key."""
    if any(one.confidential != (one.subject is not None) for one in sealed):
        raise InputError("it holds a confidential exhibit without a subject")
    subjects = {one.subject for one in sealed if one.subject is not None}
    if {made.subject for made in sealings.keys} != subjects:
        raise InputError("its keys are not those of what it sealed")
    for made in sealings.keys:
        sizes = len(made.id), len(made.key)
        if sizes != (32, 64) or not _HEX.issuperset(made.id + made.key):
            raise InputError("it holds a key of the wrong size")


def _require_sealed(named: set[ExhibitId], records: list[Any]) -> None:
    """Refuse an answer that names an exhibit without its record."""
    sealed = {record.exhibit.id for record in records if isinstance(record, ExhibitSealed)}
    if not named <= sealed:
        raise InputError("it names an exhibit that it does not say was sealed")


def _require_look(look: Look, question: LookQuestion) -> None:
    fetched, windows = look.fetched, look.windows
    if fetched.data or fetched.sound:
        raise InputError("it holds media, which stay where they were fetched")
    if not fetched.hops or not 1 <= len(windows) <= MOST_WINDOWS:
        raise InputError(f"a look has a URL and from 1 to {MOST_WINDOWS} windows")
    if fetched.live and len(windows) > 1:
        raise InputError("a live stream has one window")
    if any(window.observation.at != fetched.at for window in windows):
        raise InputError("what it observed is of another time than what it fetched")
    if any(window.duration_s < 0 or window.pictures < 0 for window in windows):
        raise InputError("no window is shorter than nothing")
    if question.proven and any(window.kept for window in windows):
        raise InputError("of a proven stream nothing more is kept")


def _require_finite(body: Any) -> None:
    for number in _numbers(body):
        if not math.isfinite(number):
            raise InputError("it holds a number that is not finite")


def _numbers(value: Any) -> Iterator[float]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, float):
            yield part
        elif isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, list | tuple):
            waiting.extend(part)
