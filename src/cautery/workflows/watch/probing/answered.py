"""What a node answered, checked before anything of it is recorded: a node is another machine."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from cautery.errors import InputError
from cautery.model import Exhibit, ExhibitId, Json, from_json
from cautery.model.records import AlignmentShown, ExhibitSealed
from cautery.model.records.scoring import ScoreBasis
from cautery.workflows.watch.probing.looks import MOST_WINDOWS
from cautery.workflows.watch.probing.questions import Look, LookQuestion
from cautery.workflows.watch.probing.wire import LookAnswer, Sealings, ShowAnswer, ShowJob

MOST_RECORDS = 1_000
"""Of one answer: a playlist of 400 segments may have each in an archive of its own, and each may
lean on an earlier one."""
MOST_LISTED, MOST_LETTERS = 4_000, 100_000
"""Of one list and one text: a look of 400 segments has 800 pieces, a URL 65,000 letters."""
MOST_SPENT_S = 3_600.0
_RECORDS = (ExhibitSealed, ScoreBasis, AlignmentShown)
_HEX = frozenset("0123456789abcdef")
_SEALED = frozenset(
    (
        *("playlist", "segment", "refusal", "still", "logo", "foreign sound"),
        "fingerprints of references",
    )
)
"""What looks seal: an exhibit of another name, a mandate say, is none of theirs."""
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")


def look_answer(body: Json, question: LookQuestion) -> tuple[LookAnswer, list[Any]]:
    """Return what a node answered to a question, and its records.

    Raises
    ------
    InputError
        If it is no valid answer to it.
    """
    _require_bounds(body)
    answer = from_json(LookAnswer, body)
    records = _records(answer.sealings, question.key)
    if (answer.look is None) == (answer.failed is None):
        raise InputError("it must hold either what was seen or why nothing was")
    if any(not 0 <= seconds <= MOST_SPENT_S for seconds in answer.spent.values()):
        raise InputError("no look takes less than no time, or more than an hour")
    exhibits_named = set(answer.exhibits)
    if answer.look is not None:
        _require_look(answer.look, question)
        for window in answer.look.windows:
            exhibits_named.update(window.observation.exhibits)
            exhibits_named.update(
                fault.exhibit for fault in window.faults if fault.exhibit is not None
            )
    _require_sealed(exhibits_named, records)
    return answer, records


def show_answer(body: Json, job: ShowJob) -> tuple[ShowAnswer, list[Any]]:
    """Return what a node answered when it was to show a stream, and its records.

    Raises
    ------
    InputError
        If it is no valid answer.
    """
    _require_bounds(body)
    answer = from_json(ShowAnswer, body)
    records = _records(answer.sealings, job.looks[-1].question.key)
    exhibits_named = {fault.exhibit for fault in answer.faults if fault.exhibit is not None}
    lent = set() if job.piece is None else {job.piece.exhibit}
    for record in records:
        if isinstance(record, ScoreBasis):
            exhibits_named.add(record.exhibit)
        elif isinstance(record, AlignmentShown):
            of_it = (record.suspect_still, record.reference_still, record.reference_media)
            exhibits_named.update(exhibit for exhibit in of_it if exhibit is not None)
    _require_sealed(exhibits_named - lent, records)
    return answer, records


def _records(sealings: Sealings, key: str) -> list[Any]:
    """Return the records of an answer as the types of their kinds."""
    if len(sealings.records) > MOST_RECORDS or len(sealings.keys) > MOST_RECORDS:
        raise InputError(f"it has more than {MOST_RECORDS} records or keys")
    records = [record.content for record in sealings.records]
    for record in records:
        if not isinstance(record, _RECORDS):
            raise InputError("it holds a record that no look makes")
        if isinstance(record, ExhibitSealed):
            if record.what not in _SEALED or not _MEDIA_TYPE.fullmatch(record.exhibit.media_type):
                raise InputError("it holds an exhibit that no look seals")
        elif record.url != key:
            raise InputError("it holds a record of another stream")
    sealed = [record.exhibit for record in records if isinstance(record, ExhibitSealed)]
    _require_keys(sealings, sealed)
    return records


def _require_keys(sealings: Sealings, sealed: list[Exhibit]) -> None:
    """Refuse keys of what was not sealed, and what was sealed without a key."""
    if any(exhibit.confidential != (exhibit.subject is not None) for exhibit in sealed):
        raise InputError("it holds a confidential exhibit without a subject")
    subjects = {exhibit.subject for exhibit in sealed if exhibit.subject is not None}
    if {key_made.subject for key_made in sealings.keys} != subjects:
        raise InputError("its keys are not those of what it sealed")
    for key_made in sealings.keys:
        sizes = len(key_made.id), len(key_made.key)
        if sizes != (32, 64) or not _HEX.issuperset(key_made.id + key_made.key):
            raise InputError("it holds a key of the wrong size")


def _require_sealed(exhibits_named: set[ExhibitId], records: list[Any]) -> None:
    """Refuse an answer that names an exhibit without its record."""
    sealed = {record.exhibit.id for record in records if isinstance(record, ExhibitSealed)}
    if not exhibits_named <= sealed:
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


def _require_bounds(body: Any) -> None:
    """Refuse numbers that are not finite, and lists and texts that no look makes."""
    waiting = [body]
    while waiting:
        part = waiting.pop()
        if isinstance(part, float) and not math.isfinite(part):
            raise InputError("it holds a number that is not finite")
        if isinstance(part, str) and len(part) > MOST_LETTERS:
            raise InputError(f"it holds a text of more than {MOST_LETTERS:,} letters")
        if isinstance(part, list | tuple):
            if len(part) > MOST_LISTED:
                raise InputError(f"it holds a list of more than {MOST_LISTED:,} values")
            waiting.extend(part)
        elif isinstance(part, Mapping):
            waiting.extend(part.values())
