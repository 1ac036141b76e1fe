from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cautery.errors import InputError
from cautery.model import (
    Criterion,
    CriterionAnswer,
    DayPlan,
    ScheduledStep,
    Step,
    StepKind,
    StepReport,
    StepState,
)
from cautery.model.message import as_written
from cautery.operation.board import Board, Go, go_no_go

MOMENT = datetime(2024, 11, 26, 5, 0, tzinfo=UTC)
WARRANTS = Criterion(id="warrants", question="Are all warrants signed?", asks="prosecutor")
WEATHER = Criterion(id="weather", question="Is it dry?", asks="lead", vital=False)


def at(minutes):
    return MOMENT + timedelta(minutes=minutes)


def timed(name, start, *, agency="it-postal", removes=(), lasts=30, **more):
    step = Step(
        id=name,
        kind=StepKind.SEIZE,
        agency=agency,
        country="IT",
        target=f"host:{name}",
        text=f"seize {name}",
        team="red",
        place="here",
        lasts=timedelta(minutes=lasts),
        removes=tuple(removes),
    )
    return ScheduledStep(
        step=step,
        starts_at=at(start),
        ends_at=at(start + lasts),
        why=as_written("the moment"),
        **more,
    )


DAY = DayPlan(
    operation="taken-down",
    moment=MOMENT,
    steps=(
        timed("a", 0, removes=["x"]),
        timed("b", 0, removes=["y"], agency="nl-fiod"),
        timed("c", 60, agency="nl-fiod"),
    ),
    criteria=(WARRANTS, WEATHER),
)


def report(step, state, minutes, text=""):
    return StepReport(step=step, state=StepState(state), at=at(minutes), by="x", text=text)


def served(gone):
    return 1 - 0.4 * ("x" in gone) - 0.5 * ("y" in gone)


def answer(criterion, minutes, *, yes=True):
    return CriterionAnswer(criterion=criterion, yes=yes, by="prosecutor", at=at(minutes))


def test_states_follow_reports_and_the_clock():
    reports = [report("a", "done", 20), report("b", "running", 2)]
    states = {one.id: one.state for one in Board.of(DAY, reports, at(25), served).steps}
    assert states == {"a": "done", "b": "running", "c": "planned"}
    later = Board.of(DAY, reports, at(31), served)
    assert [one.id for one in later.late] == ["b"]
    assert later.next_steps[0].id == "c"


def test_the_latest_report_of_a_step_counts():
    reports = [report("a", "done", 20), report("a", "failed", 25, "the wrong rack")]
    view = Board.of(DAY, reports, at(26), served)
    assert (view.state_of("a"), view.served_left) == (StepState.FAILED, 1.0)


def test_counts_are_by_agency():
    view = Board.of(DAY, [report("a", "done", 20), report("b", "failed", 5)], at(40), served)
    assert {one.agency: (one.done, one.failed, one.planned, one.total) for one in view.rows} == {
        "it-postal": (1, 0, 0, 1),
        "nl-fiod": (0, 1, 1, 2),
    }


def test_what_is_only_reported_is_told_apart_from_what_our_probes_saw():
    reports = [report("a", "done", 20), report("b", "done", 21)]
    view = Board.of(DAY, reports, at(30), served, confirmed=["x"])
    assert view.served_left == pytest.approx(0.1)
    assert view.served_confirmed == pytest.approx(0.6)
    assert view.unconfirmed == ("y",)
    assert "between 10.0% and 60.0%" in view.words


def test_a_probe_of_what_nobody_reported_changes_nothing():
    assert Board.of(DAY, [], at(30), served, confirmed=["x", "y"]).served_confirmed == 1.0


def test_the_day_goes_when_every_vital_criterion_was_answered_yes_before_the_moment():
    assert go_no_go(DAY, [answer("warrants", -10)], at(-5)) is Go.GO
    assert go_no_go(DAY, [], at(-5)) is Go.OPEN
    assert go_no_go(DAY, [], at(0)) is Go.NO_GO
    assert go_no_go(DAY, [answer("warrants", 1)], at(2)) is Go.NO_GO
    assert go_no_go(DAY, [answer("warrants", -10), answer("warrants", -3, yes=False)], at(-2)) is (
        Go.NO_GO
    )


def test_a_step_that_was_replaced_is_shown_as_such_and_not_lost():
    day = replace(
        DAY,
        steps=(*DAY.steps[1:], timed("a~2", 50, replaces="a")),
        dropped=(replace(DAY.steps[0], why=as_written("failed: door")),),
    )
    view = Board.of(day, [report("a", "failed", 10, "door")], at(20), served)
    assert view.state_of("a") is StepState.REPLACED
    assert view.rows[0].replaced == 1


def test_a_report_of_an_unknown_step_is_refused():
    with pytest.raises(InputError, match="not in the day"):
        Board.of(DAY, [report("z", "done", 0)], at(0), served)
