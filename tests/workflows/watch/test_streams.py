"""When a stream is looked at again: second looks first, settled and barren ones later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cautery.model import Finding, Observation, RedactedUrl, Verdict, Witness
from cautery.model.verdict import NoMatch
from cautery.workflows.watch.streams import (
    BACKOFF_S,
    LINEAR_LOOK_S,
    RECHECK_S,
    SECOND_LOOK_S,
    Stream,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
A_WITNESS = Witness(
    kind="sound",
    reference="fr",
    score=40,
    runner_up=2,
    delay_s=30.0,
    speed=1.0,
    coverage=0.9,
    probe_s=12.0,
    log10_lr=5.0,
)


def stream(*, probes: int = 0, seen_s: float = 0.0) -> Stream:
    one = Stream(
        url="http://pirate.example/1",
        key="http://pirate.example/1",
        host="pirate.example",
        title=None,
        source="list",
        first_seen=NOON + timedelta(seconds=seen_s),
    )
    one.probes = probes
    return one


def judged(one: Stream, finding: Finding) -> Stream:
    one.verdict = Verdict(
        url=RedactedUrl(one.key), finding=finding, at=NOON, channels=("fr",), event="match"
    )
    return one


def hit(one: Stream) -> Stream:
    one.observations.append(Observation(at=NOON, witnesses=(A_WITNESS,)))
    return one


def wait_s(one: Stream) -> float:
    one.schedule(NOON)
    return (one.due - NOON).total_seconds()


def test_a_new_stream_is_due_at_once() -> None:
    assert stream(seen_s=3.0).due == NOON + timedelta(seconds=3.0)


def test_a_hit_is_looked_at_again_as_soon_as_there_are_new_seconds_to_hear() -> None:
    assert wait_s(judged(hit(stream(probes=1)), Finding.UNDECIDED)) == SECOND_LOOK_S


def test_a_hit_that_names_no_event_waits_for_what_a_linear_channel_asks_for() -> None:
    assert wait_s(hit(stream(probes=1))) == LINEAR_LOOK_S


def test_a_settled_stream_is_no_longer_pending() -> None:
    one = hit(stream(probes=1))
    assert one.pending
    assert not judged(one, Finding.PROVEN).pending


def test_a_look_for_which_the_references_came_too_late_leaves_a_hit_pending() -> None:
    too_early = Observation(at=NOON, unmatched={"sound": NoMatch.NOT_YET_HEARD})
    one = judged(hit(stream(probes=2)), Finding.UNDECIDED)
    one.observations.append(too_early)
    assert one.pending
    assert wait_s(one) == SECOND_LOOK_S
    one.observations.append(Observation(at=NOON, unmatched={"sound": NoMatch.NONE}))
    one.observations.append(too_early)
    assert not one.pending
    assert wait_s(one) == BACKOFF_S[1]
    strange = stream(probes=1)
    strange.observations.append(too_early)
    assert strange.newest_heard is None
    assert not strange.pending


@pytest.mark.parametrize("finding", [Finding.PROVEN, Finding.LICENSED])
def test_what_is_settled_is_rechecked_for_its_exposure_alone(finding: Finding) -> None:
    assert wait_s(judged(hit(stream(probes=2)), finding)) == RECHECK_S


def test_what_shows_nothing_of_ours_is_asked_less_and_less_often_but_never_given_up() -> None:
    waits = [wait_s(stream(probes=count)) for count in range(1, 8)]
    assert waits == sorted(waits)
    assert waits[0] == BACKOFF_S[0]
    assert waits[-1] == BACKOFF_S[-1]


def test_second_looks_go_before_strangers_before_barren_ones_before_settled_ones() -> None:
    wanted = [
        hit(stream(probes=1)),
        stream(),
        judged(stream(probes=1), Finding.NOTHING),
        judged(hit(stream(probes=2)), Finding.PROVEN),
    ]
    mixed = [wanted[at] for at in (2, 3, 0, 1)]
    assert sorted(mixed, key=lambda one: one.priority) == wanted


def test_among_equals_the_one_that_waits_longest_goes_first() -> None:
    late, early = stream(seen_s=2.0), stream(seen_s=1.0)
    assert min((late, early), key=lambda one: one.priority) is early


def test_only_a_proven_verdict_makes_a_stream_proven() -> None:
    made = {finding: judged(stream(), finding).proven for finding in Finding}
    assert [finding for finding, proven in made.items() if proven] == [Finding.PROVEN]
    assert not stream().proven
