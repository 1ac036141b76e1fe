import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cautery.errors import InputError
from cautery.model import (
    Agency,
    AgencyRole,
    Asset,
    ClockOffset,
    Competence,
    CoTenant,
    CriterionAnswer,
    DayPlan,
    Edge,
    Operation,
    Role,
    StepKind,
    StepReport,
    StepState,
    SupplyGraph,
    from_json,
    to_json,
)
from cautery.model.message import as_written
from cautery.operation.schedule import precedence_violations, schedule
from cautery.plan import Act, Node, cut
from cautery.workflows.operation import read_day as reading_day
from cautery.workflows.operation.day_records import (
    day_of,
    reports_of,
)
from cautery.workflows.operation.plan_day import day_steps, plan_day
from cautery.workflows.operation.read_day import EXAMPLE, read_day
from cautery.workflows.operation.read_operation import EXAMPLE as OPERATION_EXAMPLE
from cautery.workflows.operation.read_operation import read_operation
from cautery.workflows.operation.run_day import RunningDay, run_day
from cautery.workflows.operation.table import Place

MOMENT = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
POLICE = frozenset(Competence) - {Competence.COORDINATE, Competence.ADVISE}


def agency(name, country, role=AgencyRole.PARTICIPANT, competence=POLICE):
    return Agency(
        id=name,
        name=name,
        country=country,
        role=role,
        competence=frozenset(competence),
        contact="desk",
        zone="Europe/Rome",
    )


OPERATION = Operation(
    id="op",
    name="Op",
    agencies=(
        agency("it-postal", "IT", AgencyRole.LEAD),
        agency("nl-fiod", "NL"),
        agency("eurojust", "EU", AgencyRole.COORDINATION, {Competence.COORDINATE}),
    ),
    legal_basis="EIO",
    opened_at=datetime(2026, 1, 1, tzinfo=UTC),
    lab=True,
)
CLOCKS = {
    one.id: ClockOffset(seconds=0, uncertainty_s=0.1, method="ntp") for one in OPERATION.agencies
}
GRAPH = SupplyGraph(
    assets=(
        Asset(kind="host", value="edge1", role=Role.EDGE, country="NL"),
        Asset(kind="host", value="edge2", role=Role.EDGE, country="IT"),
        Asset(kind="host", value="shop", role=Role.STOREFRONT, country="DE"),
        Asset(kind="payment", value="psp", role=Role.PAYMENT, country="NL"),
        Asset(
            kind="as", value="AS1", role=Role.SHARED, country="NL", shared=as_written("a hoster")
        ),
    ),
    edges=(
        Edge(source="as:AS1", relation="needed-by", target="host:edge1"),
        Edge(source="host:edge1", relation="serves", target="host:shop"),
    ),
)
NODES = (
    Node(id="customers", groups=((("host:edge1", "host:edge2"), 1), (("host:shop",), 1)), weight=9),
    Node(id="others", groups=((("payment:psp",), 1),), weight=1),
    *(Node(id=one.id) for one in GRAPH.assets),
)
ACTS = tuple(
    Act(id=f"act:{one.id}", nodes=(one.id,), cost=1.0, country=one.country)
    for one in GRAPH.assets
    if one.shared is None
)
EDGES = tuple(one for one in ACTS if "edge" in one.id)
TENANT = CoTenant(target="host:edge1", name="a dentist", services=3, continuity="copy the disks")
FLAT = Place(id="S-1", agency="it-postal", country="IT", place="a flat", persons=("person-7",))


def planned(acts=EDGES, **more):
    chosen = replace(cut(NODES, acts, served_at_most=1.0), chosen=tuple(acts))
    return plan_day(GRAPH, chosen, OPERATION, moment=MOMENT, clocks=CLOCKS, **more)


def kinds(day):
    return {one.step.id: one.step.kind.value for one in day.steps}


def report(step, state, minutes=10, text=""):
    return StepReport(
        step=step,
        state=StepState(state),
        at=MOMENT + timedelta(minutes=minutes),
        by="nl-fiod",
        text=text,
    )


def running(day, **more):
    return RunningDay(
        day, OPERATION, nodes=NODES, graph=GRAPH, acts=ACTS, served_at_most=0.1, **more
    )


def test_a_cut_becomes_preservation_continuity_acts_and_announcement_in_this_order():
    day = planned(co_tenants=[TENANT], places=[FLAT])
    by_kind = {one.step.kind: one for one in day.steps}
    order = [StepKind.PRESERVE, StepKind.SEIZE, StepKind.ANNOUNCE]
    assert [by_kind[kind].starts_at for kind in order] == sorted(
        by_kind[kind].starts_at for kind in order
    )
    assert by_kind[StepKind.CONTINUITY].step.keeps == {"a dentist"}
    assert by_kind[StepKind.ARREST].starts_at == MOMENT
    assert precedence_violations(day, operation=OPERATION) == ()


def test_names_are_locked_and_then_bear_the_notice_and_payments_are_frozen():
    day = planned([one for one in ACTS if "shop" in one.id or "psp" in one.id])
    assert kinds(day) == {
        "lock-host:shop": "lock",
        "splash-host:shop": "splash",
        "freeze-payment:psp": "freeze",
        "announce": "announce",
    }


def test_what_nobody_at_the_table_may_do_is_listed_with_the_reason():
    lone = replace(OPERATION, agencies=(agency("it-postal", "IT", AgencyRole.LEAD, {"search"}),))
    made = day_steps(GRAPH, ACTS, lone)
    assert dict(made.left)["host:edge1"] == "no agency at the table may seize in NL"


def test_a_search_warns_every_person_and_every_server_that_is_taken():
    day = planned(places=[FLAT])
    search = next(one.step for one in day.steps if one.step.kind is StepKind.SEARCH)
    assert search.tips_off == {"person-7", "host:edge1", "host:edge2"}


def test_a_business_run_from_a_searched_place_goes_down_with_the_search():
    graph = replace(
        GRAPH,
        assets=(*GRAPH.assets, Asset(kind="reseller", value="r", role=Role.RESELLER, country="IT")),
    )
    act = Act(id="act:r", nodes=("reseller:r",), cost=1.0, country="IT")
    made = day_steps(graph, [act], OPERATION, places=[FLAT], found_at={"reseller:r": "S-1"})
    assert [one.removes for one in made.steps if one.kind is StepKind.SEARCH] == [("reseller:r",)]


def test_served_capacity_falls_as_reports_come_in():
    views = list(
        run_day(
            running(planned()),
            [report("seize-host:edge1", "done"), report("seize-host:edge2", "done", 20)],
        )
    )
    assert [one.served_left for one in views] == [1.0, pytest.approx(0.1)]
    assert views[-1].served_confirmed == 1.0


def test_our_own_probe_confirms_what_was_reported():
    one = running(planned())
    one.hear(report("seize-host:edge1", "done"))
    one.hear(report("seize-host:edge2", "done", 11))
    one.probe(["host:edge1", "host:edge2", "no such node"], at=MOMENT + timedelta(minutes=30))
    view = one.board(MOMENT + timedelta(minutes=31))
    assert (view.unconfirmed, view.served_confirmed) == ((), pytest.approx(0.1))


def test_a_failed_seizure_is_replaced_by_another_act_and_the_rest_is_retimed():
    one = running(planned())
    view = one.hear(report("seize-host:edge1", "failed", text="the wrong rack"))
    stands = next(step for step in one.day.steps if step.replaces == "seize-host:edge1")
    assert stands.step.removes == ("host:edge1",)
    assert "replaced by" in view.note
    assert precedence_violations(one.day, operation=OPERATION) == ()


def test_when_every_alternative_has_failed_the_cut_is_chosen_anew_without_it():
    one = running(planned([EDGES[1]]))
    tries = ["seize-host:edge2", "seize-host:edge2~2", "seize-host:edge2~3"]
    for number, name in enumerate(tries):
        view = one.hear(report(name, "failed", 10 + number * 5))
    assert "substitutes from a new cut" in view.note
    assert {"lock-host:shop"} <= {step.step.id for step in one.day.steps}
    assert precedence_violations(one.day, operation=OPERATION) == ()


def test_when_nothing_is_left_to_do_the_board_says_what_stays_served():
    one = RunningDay(
        planned([EDGES[1]]),
        OPERATION,
        nodes=NODES,
        graph=GRAPH,
        acts=[EDGES[1]],
        served_at_most=0.1,
    )
    for number, name in enumerate(["seize-host:edge2", "seize-host:edge2~2", "seize-host:edge2~3"]):
        view = one.hear(report(name, "failed", 10 + number * 5))
    assert "no further act is possible: 100.0% of the known demand is still served" in view.note


def test_a_report_of_a_step_that_is_out_of_the_day_is_refused_with_the_reason():
    one = running(planned())
    one.hear(report("seize-host:edge1", "failed"))
    with pytest.raises(InputError, match="out of the day: failed"):
        one.hear(report("seize-host:edge1", "done", 20))


def test_an_answer_to_an_unknown_criterion_is_refused():
    given = CriterionAnswer(criterion="zzz", yes=True, by="x", at=MOMENT)
    with pytest.raises(InputError, match="no criterion"):
        running(planned()).answer(given)


def test_a_day_survives_its_record():
    day = planned(co_tenants=[TENANT], places=[FLAT])
    assert from_json(DayPlan, json.loads(json.dumps(to_json(day)))) == day


def test_a_report_that_somebody_appended_on_no_step_costs_itself_alone(agency_desk):
    desk, day = agency_desk("it-postal"), planned()
    desk.record(day, at=MOMENT)
    for step in ("ZZ", day.steps[0].step.id):
        desk.record(StepReport(step=step, state=StepState.DONE, at=MOMENT, by="x"), at=MOMENT)
    assert [each.step for each in reports_of(desk)] == [day.steps[0].step.id]


@pytest.mark.parametrize("year", [1, 1969, 9999])
def test_a_day_lies_where_every_day_has_a_next(year):
    with pytest.raises(InputError, match="years 1970 to 2999"):
        replace(planned(), moment=MOMENT.replace(year=year))


def test_reports_and_replanned_days_are_recorded_in_order(agency_desk):
    desk = agency_desk("it-postal")
    one = running(planned(), desk=desk)
    one.hear(report("seize-host:edge1", "failed", text="no power"))
    one.hear(report("seize-host:edge2", "done", 20))
    assert day_of(desk) == one.day
    assert [each.state for each in reports_of(desk)] == ["failed", "done"]
    contents = [content for _, content in desk.contents(DayPlan, StepReport)]
    assert [type(content) for content in contents] == [StepReport, DayPlan, StepReport]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "operation.toml"
    path.write_text(OPERATION_EXAMPLE)
    return read_operation(path)


def test_the_example_file_is_a_whole_day_of_the_example_operation(tmp_path, table):
    path = tmp_path / "steps.toml"
    path.write_text(EXAMPLE)
    told = read_day(path, table)
    assert [one.id for one in told.steps] == ["keep", "image", "rack", "flat", "press"]
    assert told.moment == datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
    day = schedule(
        told.steps,
        moment=told.moment,
        operation=table,
        co_tenants=told.co_tenants,
        clocks=told.clocks,
        held=told.held,
        hours=told.hours,
    )
    assert precedence_violations(day, operation=table, hours=told.hours) == ()


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ('kind = "seize"', 'kind = "smash"', "step.2.kind"),
        ('id = "rack"', 'id = "rack"\nafter = ["rack"]', "depends on itself"),
        (
            'agency = "it-postal"\ntarget = "as',
            'agency = "us-x"\ntarget = "as',
            "'us-x' is not an agency",
        ),
        ("lasts_min = 30", "lasts_min = nan", "lasts_min"),
        ("lasts_min = 30", "lasts_min = 0", "must last longer than 0 s"),
        ("2026-11-26T05:00:00Z", "2026-11-26T05:00:00", "no time zone"),
        ('["05:00", "21:00"]', '["5", "x"]', "not valid hours"),
        ("[[step]]", "[[stap]]", "Extra inputs|step"),
        ("[day]", "[day", "not valid TOML"),
        ("[held]", '[[criterion]]\nid = "warrants"\nquestion = "q"\nasks = "x"\n[held]', "twice"),
        (
            "[held]",
            """[[co_tenant]]
target = "host:edge1.example"
name = "a dentist"
services = 1
continuity = "none"
[held]""",
            "a dentist on host:edge1.example is given twice",
        ),
        (
            'removes = ["host:edge1.example"]',
            'removes = ["domain:Edge1.example"]',
            "host:edge1.example and domain:Edge1.example are one target",
        ),
    ],
)
def test_a_bad_file_is_refused_with_what_is_wrong(tmp_path, table, old, new, rule):
    path = tmp_path / "steps.toml"
    path.write_text(EXAMPLE.replace(old, new))
    with pytest.raises(InputError, match=rule):
        read_day(path, table)


def test_what_is_offered_instead_is_taken_or_refused_with_its_rule():
    fresh = replace(
        next(one.step for one in planned().steps if one.step.id == "seize-host:edge1"),
        id="own-idea",
        team="nl-fiod reserve",
    )
    one = running(planned())
    one.hear(report("seize-host:edge1", "failed"), replacements=[fresh])
    assert {each.step.id: each.replaces for each in one.day.steps}["own-idea"] == "seize-host:edge1"
    other = running(planned())
    abroad = replace(fresh, agency="it-postal")
    view = other.hear(report("seize-host:edge1", "failed"), replacements=[abroad])
    assert "may not seize in NL" in view.note
    assert "cannot be replaced" in view.note


@pytest.mark.parametrize("name", ["day.json", "day.toml"])
def test_more_values_than_a_day_has_are_not_read(tmp_path, table, monkeypatch, name):
    parts = {
        "day.json": '{"clock":[' + "{}," * 400_000 + "{}]}",
        "day.toml": "[[clock]]\n" * 200_000,
    }
    path = tmp_path / name
    path.write_text(parts[name])
    for reader in ("parsed_json", "parsed_toml"):
        monkeypatch.setattr(reading_day, reader, pytest.fail)
    with pytest.raises(InputError, match="more than 300,000 values"):
        read_day(path, table)
