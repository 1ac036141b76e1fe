"""The first error rate is that of the claim at hand: its senses, their length, their number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from cautery.identify.likelihood import published_error_rates
from cautery.model import ErrorRate, Finding, Mandate, Observation, RedactedUrl, Verdict, Witness
from cautery.model.mandate import Regime, Window, Work
from cautery.pages.bearing import bearing, in_order

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m", who="W", regime=Regime.GDPR, legal_basis="b", territories=("FR",),
    window=Window(start=NOON, end=NOON.replace(hour=15)),
    works=(Work(id="a", title="A", legal_basis="b"),),
)  # fmt: skip


def rate(what: str, errors: int = 0, trials: int = 4000) -> ErrorRate:
    return ErrorRate(what=what, errors=errors, trials=trials, source="bench")


def false(sense: str, seconds: int, content: str = "other content", references: int = 20) -> str:
    return (
        f"false match of {sense}, one {seconds}-s probe of {content} "
        f"against {references} references"
    )


ALIKE = "a match that looks alike"
BOTH = "sound and pictures together"
RATES = [
    rate("wrong licensee named from graphics that were kept, two 12-s probes", trials=48),
    rate(false("pictures", 10, ALIKE)), rate(false("pictures", 10)),
    rate("pictures missed, one 10-s probe, clean", trials=60),
    rate(false("pictures", 5, ALIKE), errors=17, trials=1000), rate(false("pictures", 5)),
    rate(false("sound", 10, references=2500)), rate(false("sound", 10, references=30), trials=400),
    rate("sound missed, one 10-s probe, disguised", 56), rate(false("sound", 5, references=2500)),
    rate(false(BOTH, 10), trials=9000), rate(false(BOTH, 5), trials=9000),
]  # fmt: skip


def witness(
    kind: str, probe_s: float = 10.0, log10_lr: float = 2.5, delay_s: float = 8.0
) -> Witness:
    return Witness(
        kind=kind, reference="a", score=20.0, runner_up=0.0, delay_s=delay_s, speed=1.0,
        coverage=1.0, probe_s=probe_s, log10_lr=log10_lr,
    )  # fmt: skip


def verdict(*witnesses: Witness, event: str | None = None) -> Verdict:
    return Verdict(
        url=RedactedUrl("http://a.example/live.m3u8"), finding=Finding.PROVEN, at=NOON, event=event,
        channels=("a",), observations=(Observation(at=NOON, witnesses=witnesses),),
    )  # fmt: skip


def borne(claim: Verdict) -> list[str]:
    return [one.what for one in bearing(claim, MANDATE, RATES)]


def test_a_claim_by_sound_is_met_by_the_rate_of_sound_at_its_length_and_number() -> None:
    long = borne(verdict(witness("sound")))
    assert long == [false("sound", 10, references=30), false("sound", 10, references=2500)]
    assert borne(verdict(witness("sound", probe_s=5.0))) == [false("sound", 5, references=2500)]


def test_a_claim_of_an_event_by_pictures_is_met_by_matches_that_look_alike() -> None:
    assert borne(verdict(witness("picture"), event="md34"))[0] == false("pictures", 10, ALIKE)
    assert borne(verdict(witness("picture")))[0] == false("pictures", 10)


def test_a_claim_by_both_senses_at_one_place_is_met_by_the_joint_trial() -> None:
    both = borne(verdict(witness("sound", log10_lr=2.0), witness("picture", delay_s=8.2)))
    assert both[0] == false(BOTH, 10)
    # Then the stronger sense.
    assert both[1].startswith("false match of pictures,")
    apart = borne(verdict(witness("sound"), witness("picture", delay_s=9.0, log10_lr=2.0)))
    assert apart[0].startswith("false match of sound,")
    assert false(BOTH, 10) not in apart


def test_what_is_no_claim_is_met_by_no_rate() -> None:
    nothing = replace(verdict(witness("sound")), finding=Finding.NOTHING)
    assert bearing(nothing, MANDATE, RATES) == bearing(None, MANDATE, RATES) == ()
    assert borne(verdict(witness("sound", log10_lr=0.5))) == []


def test_the_table_begins_with_what_bears_on_the_claims_and_leaves_nothing_out() -> None:
    first = bearing(verdict(witness("sound")), MANDATE, RATES)
    table = in_order(first, RATES)
    assert table[:2] == first
    assert table[2].what == "sound missed, one 10-s probe, disguised"
    assert sorted(one.what for one in table) == sorted(one.what for one in RATES)
    assert in_order((), RATES) == tuple(RATES)


def test_every_published_rate_of_a_false_match_of_a_sense_bears_on_some_claim() -> None:
    claims = [
        verdict(*(witness(kind, probe_s) for kind in kinds), event=event)
        for kinds in (("sound",), ("picture",), ("sound", "picture"))
        for probe_s in (5.0, 10.0) for event in (None, "md34")
    ]  # fmt: skip
    published = published_error_rates()
    met = {one.what for claim in claims for one in bearing(claim, MANDATE, published)}
    of_senses = {
        one.what for one in published
        if one.what.startswith("false match of") and "beside" not in one.what
    }  # fmt: skip
    assert of_senses
    assert met == of_senses
