"""Questions and answers survive JSON exactly."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cautery.messages import message, term
from cautery.model import Fault, FaultKind, Observation, Witness, from_json, to_json
from cautery.model.records import LookStep
from cautery.model.records.scoring import MediaPiece
from cautery.model.verdict import NoMatch
from cautery.workflows.media.fetching import Fetched
from cautery.workflows.media.places import MediaPlace
from cautery.workflows.watch.probing.questions import Look, LookQuestion, LookWindow, Shown
from cautery.workflows.watch.probing.wire import (
    Failed,
    KeyMade,
    LookAnswer,
    LookJob,
    LookShown,
    RecordMade,
    ReferencePiece,
    Sealings,
    ShowAnswer,
    ShowJob,
    Told,
)

TEXT = st.text(max_size=30)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
MOMENT = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - the zone is added
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
DIGEST = st.text("0123456789abcdef", min_size=64, max_size=64).map(lambda text: f"sha256:{text}")
STEP = st.sampled_from(LookStep)


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=3).map(tuple)


def made(noun: type[Any], **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    assert set(parts) == {field.name for field in fields(noun)}, noun.__name__
    return st.builds(noun, **parts)


PART = st.none() | st.tuples(NUMBER, NUMBER, NUMBER, NUMBER)
WITNESS = made(
    Witness, kind=st.sampled_from(("sound", "picture")), reference=TEXT, score=NUMBER,
    runner_up=NUMBER, delay_s=NUMBER, speed=NUMBER, coverage=NUMBER, probe_s=NUMBER,
    log10_lr=NUMBER, methods=several(TEXT), repeats_s=several(NUMBER), shared=several(TEXT),
    part=PART,
)  # fmt: skip
REASON = st.none() | st.builds(
    lambda why: message("observation.unmatched", sense=term("sense", "sound"), why=why),
    st.sampled_from(NoMatch).map(lambda why: term("no-match", why)),
)
OBSERVATION = made(
    Observation, at=MOMENT, witnesses=several(WITNESS), exhibits=several(DIGEST),
    media_start_s=NUMBER, media_end_s=NUMBER,
    unmatched=st.dictionaries(st.sampled_from(("sound", "pictures")), st.sampled_from(NoMatch)),
    reason=REASON, served=st.none() | TEXT,
)  # fmt: skip
FAULT = made(
    Fault, kind=st.sampled_from(FaultKind), reference=TEXT, at_s=NUMBER,
    seconds=st.floats(0.0, 1e6), exhibit=st.none() | DIGEST,
)  # fmt: skip
PIECE = made(
    MediaPiece, payload=DIGEST, byte_range=st.none() | TEXT, key=st.none() | DIGEST,
    iv=st.none() | TEXT,
)  # fmt: skip
PLACE = made(
    MediaPlace, url=TEXT, hops=several(TEXT), size=st.integers(0, 1 << 40), hands_on=st.booleans()
)
FETCHED = made(
    Fetched, data=st.just(b""), sound=st.none() | st.just(b""), available_s=NUMBER, at=MOMENT,
    live=st.booleans(), target_s=NUMBER, hops=several(TEXT), address=TEXT, asked_at=TEXT,
    way=several(TEXT), sound_way=several(TEXT), places=several(PLACE),
    sound_places=several(PLACE), pieces=several(PIECE), sound_pieces=several(PIECE),
)  # fmt: skip
QUESTION = made(
    LookQuestion, id=TEXT, key=TEXT, url=TEXT, listed=TEXT, host=TEXT, seconds=NUMBER,
    anchor=st.none() | NUMBER, work=st.none() | TEXT, licensee=st.none() | TEXT,
    of_event=st.booleans(), earlier=st.none() | OBSERVATION, named=st.none() | OBSERVATION,
    by_sound=st.booleans(), offered_as_event=st.none() | st.booleans(), pictured=st.none() | MOMENT,
    second=st.booleans(), within_s=NUMBER,
)  # fmt: skip
WINDOW = made(
    LookWindow, observation=OBSERVATION, media_at_s=NUMBER, starts_s=NUMBER, duration_s=NUMBER,
    pictures=st.integers(0, 1000), settled=st.booleans(), kept=st.booleans(),
    faults=several(FAULT),
)  # fmt: skip
LOOK = made(Look, fetched=FETCHED, windows=several(WINDOW), node=TEXT)
TOLD = made(Told, secrets=several(TEXT), erased=several(TEXT))
RECORD = made(RecordMade, kind=TEXT, body=st.dictionaries(TEXT, NUMBER | TEXT | st.none()))
KEY = made(KeyMade, subject=TEXT, id=TEXT, key=TEXT)
SEALINGS = made(Sealings, records=several(RECORD), keys=several(KEY))
FAILED = made(Failed, error=TEXT, text=TEXT, hindered=st.none() | STEP)
JOB = made(
    ShowJob,
    looks=several(
        made(LookShown, question=QUESTION, look=LOOK, until=st.integers(0, 3))
    ),
    marks_of=st.none() | TEXT, bases=st.booleans(),
    shown=st.none() | made(Shown, witness=WITNESS, pictures_of=TEXT),
    piece=st.none() | made(ReferencePiece, exhibit=DIGEST, moment_s=NUMBER), told=TOLD,
)  # fmt: skip


def back(noun: Any) -> Any:
    return from_json(type(noun), json.loads(json.dumps(to_json(noun), allow_nan=False)))


@given(made(LookJob, question=QUESTION, told=TOLD))
def test_a_question_comes_back_as_it_was(job: LookJob) -> None:
    assert back(job) == job


@given(
    made(
        LookAnswer, exhibits=several(DIGEST), anchor=st.none() | NUMBER, anew=st.booleans(),
        pictured=st.none() | MOMENT, spent=st.dictionaries(STEP, NUMBER), look=st.none() | LOOK,
        failed=st.none() | FAILED, sealings=SEALINGS,
    )
)  # fmt: skip
def test_an_answer_comes_back_as_it_was(answer: LookAnswer) -> None:
    assert back(answer) == answer


@given(JOB)
def test_what_is_to_be_shown_comes_back_as_it_was(job: ShowJob) -> None:
    assert back(job) == job


@given(
    made(
        ShowAnswer, faults=several(FAULT), shown=st.booleans(), failed=st.none() | FAILED,
        sealings=SEALINGS,
    )
)  # fmt: skip
def test_what_was_shown_comes_back_as_it_was(answer: ShowAnswer) -> None:
    assert back(answer) == answer


@given(QUESTION)
def test_a_question_shows_no_line_where_it_is_printed(question: LookQuestion) -> None:
    assert "url=" not in repr(question)
    assert "listed=" not in repr(question)
