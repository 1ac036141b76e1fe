"""Two contents at once: a verdict claims one and states the other beside it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cautery.identify.decide import decide
from cautery.messages import say
from cautery.model import (
    Channel,
    Event,
    Finding,
    Mandate,
    Observation,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    Witness,
    Work,
)
from cautery.model.picture_part import Part
from cautery.workflows.watch.probing.looks import differs

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = RedactedUrl("http://pirate.example/live/1.m3u8")
MANDATE = Mandate(
    id="t", who="League", regime=Regime.GDPR, legal_basis="contract",
    window=Window(start=NOON, end=NOON + timedelta(hours=2)), territories=("FR",),
    events=(Event(id="m", name="Match", kick_off=NOON, legal_basis="rights"),),
    channels=(Channel(id="fr", names=("Sport",), legal_basis="rights", event="m"),),
    works=(Work(id="film", title="A Film", legal_basis="rights"),
           Work(id="other", title="Another", legal_basis="rights")),
)  # fmt: skip
CORNER: Part = (0.55, 0.55, 0.4, 0.4)
LEFT: Part = (0.0, 0.0, 1.0, 0.5)
RIGHT: Part = (0.0, 0.5, 1.0, 0.5)


def seen(reference: str, part: Part | None = None, *, delay_s: float = 30.0,
         log10_lr: float = 3.0) -> Witness:  # fmt: skip
    return Witness(
        kind="picture", reference=reference, score=20 * log10_lr, runner_up=0, delay_s=delay_s,
        speed=1, coverage=1, probe_s=12, log10_lr=log10_lr, part=part,
    )  # fmt: skip


def heard(reference: str) -> Witness:
    return replace(seen(reference), kind="sound")


def judged(*witnesses: Witness, before: tuple[Witness, ...] | None = None) -> Verdict:
    """Judge three probes that show the same, or the newest one after two others."""
    probes = [
        Observation(
            at=NOON + timedelta(seconds=start_s),
            witnesses=witnesses if before is None or start_s == 26 else before,
            media_start_s=start_s, media_end_s=start_s + 12,
        ) for start_s in (0, 13, 26)
    ]  # fmt: skip
    return decide(URL, probes, mandate=MANDATE, host="pirate.example", at=NOON)


def test_an_inset_of_another_work_is_stated_with_its_place_and_delay() -> None:
    inset = seen("other", CORNER, delay_s=-7.5, log10_lr=1.6)
    verdict = judged(seen("film"), inset)
    (too,) = verdict.at_once
    assert (too.reference, too.content, too.event) == ("other", "other", None)
    assert (too.part, too.delay_s, too.probes) == (CORNER, -7.5, 3)
    assert 1.6 <= too.log10_lr < verdict.log10_lr
    assert any("other" in say(reason) and "40 %" in say(reason) for reason in verdict.reasons)


def test_what_is_proven_by_one_content_stays_as_it_is_without_the_other() -> None:
    alone = judged(seen("film"))
    beside = judged(seen("film"), seen("other", CORNER, log10_lr=1.6))
    assert alone.finding is Finding.PROVEN
    assert not alone.at_once
    reasons = beside.reasons[: len(alone.reasons)]
    assert replace(beside, at_once=(), observations=alone.observations, reasons=reasons) == alone


def test_two_halves_are_each_at_its_own_part() -> None:
    verdict = judged(seen("film", LEFT), seen("other", RIGHT))
    parts = {verdict.channels[0]: verdict.part, verdict.at_once[0].content: verdict.at_once[0].part}
    assert parts == {"film": LEFT, "other": RIGHT}


def test_sound_of_one_and_pictures_of_another_are_both_stated() -> None:
    verdict = judged(heard("film"), seen("other"))
    (too,) = verdict.at_once
    assert {*verdict.channels, too.content} == {"film", "other"}
    assert (too.kind == "picture") == (too.content == "other")
    assert too.part is None


def test_an_event_beside_a_work_is_named_as_the_event() -> None:
    verdict = judged(seen("film"), heard("film"), seen("event:m", CORNER, log10_lr=1.6))
    (too,) = verdict.at_once
    assert (verdict.channels, too.reference, too.content) == (("film",), "event:m", "m")


@pytest.mark.parametrize("other", [
    seen("other", (0.02, 0.0, 0.96, 1.0)),
    seen("fr", CORNER, log10_lr=0.9),
    seen("stranger", CORNER),
    replace(seen("other", (0.02, 0.0, 0.96, 1.0)), kind="sound"),
], ids=["the same part", "too weak to be named", "not of the mandate", "both are heard"])  # fmt: skip
def test_what_is_no_second_content_is_not_stated(other: Witness) -> None:
    assert judged(seen("film"), heard("film"), other).at_once == ()


def test_a_further_content_is_news_to_a_watch_and_its_absence_is_none() -> None:
    alone, both = judged(seen("film")), judged(seen("film"), seen("other", CORNER))
    assert differs(alone, both)
    assert not differs(both, alone)
    assert not differs(both, both)


def test_what_an_earlier_probe_showed_is_not_at_once() -> None:
    verdict = judged(seen("film"), before=(seen("film"), seen("other", CORNER)))
    assert verdict.channels == ("film",)
    assert verdict.at_once == ()
