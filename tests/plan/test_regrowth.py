"""What grows back: held against cases that can be reckoned by hand, and laws that must hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.messages import in_language
from cautery.plan.plot import regrowth_plot
from cautery.plan.read_graph import graph_of
from cautery.plan.regrowth import LEAST_DRAWS, Schedule, regrow, schedules
from cautery.plan.regrowth_model import DEFAULT, Range, overridden

NEVER, SURE = 0.0, 1.0
GRAPH = {
    "as_of": "2026-11-01",
    "nodes": [
        {"id": "edge", "role": "edge", "cost": 2},
        {"id": "shop", "role": "storefront", "cost": 1, "delay_days": 5},
        {"id": "other", "role": "panel", "cost": 9},
        {"id": "d1", "cost": None},
        {"id": "d2", "cost": None},
    ],
    "groups": [
        {"of": "d1", "members": ["edge"]},
        {"of": "d1", "members": ["shop"]},
        {"of": "d2", "members": ["other"]},
    ],
    "demand": [{"node": "d1", "weight": 3}, {"node": "d2", "weight": 1}],
}


def model(*, edge=(SURE, 2.0), shop=(SURE, 2.0), keeps=1.0, half_life=5.0, moves=0.0):
    return overridden(
        {
            "classes": {
                "server": {"returns": edge[0], "days": edge[1]},
                "storefront": {"returns": shop[0], "days": shop[1], "keeps": keeps},
            },
            "migration": {"half_life_days": half_life, "moves": moves},
        }
    )


def course(assumed, *, acts=("edge",), timing=None, graph=GRAPH, draws=LEAST_DRAWS):
    read = graph_of(graph)
    items = np.array([read.ids.index(one) for one in acts])
    timing = timing or Schedule(name="once", day=np.zeros(items.size))
    (found,) = regrow(read, items, [timing], assumed, seed=1, left_s=lambda: 9.0, draws=draws)
    return found


def mids(found, *days):
    return [found.served[day].mid for day in days]


def test_what_never_returns_stays_down_and_the_area_is_what_else_is_served():
    found = course(model(edge=(NEVER, 1.0)))
    assert mids(found, 0, 1, 90) == pytest.approx([0.25, 0.25, 0.25])
    assert found.area[30].mid == pytest.approx(0.25 * 30)


def test_customers_wait_with_a_half_life_and_who_waited_is_served_again():
    found = course(model(edge=(SURE, 5.0), half_life=5.0))
    assert mids(found, 0, 4) == pytest.approx([0.25, 0.25])
    assert mids(found, 5, 90) == pytest.approx([0.25 + 0.75 / 2] * 2)


def test_who_moves_is_served_by_what_still_stands():
    found = course(model(edge=(NEVER, 1.0), half_life=1.0, moves=1.0))
    assert mids(found, 0, 1, 2) == pytest.approx([0.25, 0.625, 0.8125])
    assert mids(found, 90) == pytest.approx([1.0])


def test_nobody_moves_where_nothing_stands():
    found = course(model(edge=(NEVER, 1.0), moves=1.0), acts=("edge", "other"))
    assert mids(found, 0) == [0.0]
    nothing = overridden({"classes": {"panel": {"returns": 0.0}}}, base=model(edge=(NEVER, 1.0)))
    found = course(nothing, acts=("edge", "other"))
    assert mids(found, 0, 30, 90) == [0.0, 0.0, 0.0]


def test_a_name_that_is_back_is_found_by_a_share_of_its_customers_only():
    found = course(model(shop=(SURE, 1.0), keeps=0.2, half_life=36_000.0), acts=("shop",))
    assert mids(found, 0, 1) == pytest.approx([0.25, 0.25 + 0.75 * 0.2], abs=1e-3)


def test_acting_again_takes_what_is_back_and_costs_what_it_costs():
    again = Schedule(name="again", day=np.zeros(1), again=10)
    found = course(model(edge=(SURE, 2.0), half_life=36_000.0), timing=again)
    assert mids(found, 9, 10, 11, 12) == pytest.approx([1.0, 0.25, 0.25, 1.0], abs=1e-3)
    assert found.extra.mid == 2.0
    never = course(model(edge=(NEVER, 1.0)), timing=again)
    assert never.extra.high == 0.0


def test_an_action_takes_all_it_covers_and_they_come_back_one_by_one():
    graph = {**GRAPH, "actions": [{"id": "raid", "covers": ["edge", "shop"], "cost": 4}]}
    found = course(model(edge=(SURE, 3.0), shop=(SURE, 6.0)), acts=("raid",), graph=graph)
    assert mids(found, 0, 5) == [0.25, 0.25]
    assert found.served[6].mid > 0.25


def test_an_act_that_may_fail_is_drawn():
    graph = {**GRAPH, "nodes": [{**GRAPH["nodes"][0], "success": 0.5}, *GRAPH["nodes"][1:]]}
    found = course(model(edge=(NEVER, 1.0)), graph=graph, draws=60)
    assert (found.served[0].low, found.served[0].high) == (0.25, 1.0)


def test_what_is_not_done_at_once_is_compared_where_the_days_differ():
    read = graph_of(GRAPH)
    both = np.array([0, 1])
    assert [one.name for one in schedules(read, np.array([0]))] == ["all at once"]
    assert [one.name for one in schedules(read, both, waves_days=14)] == [
        "all at once",
        "each once usable",
        "two halves, 14 days apart",
        "all at once, and again after 14 days",
    ]
    assert schedules(read, both)[1].day.tolist() == [0.0, 5.0]
    assert schedules(read, both, waves_days=14)[2].day.tolist() == [0.0, 14.0]


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(0, 1), st.floats(0, 40)),
    st.tuples(st.floats(0, 1), st.floats(0.5, 30), st.floats(0, 1)),
    st.booleans(),
)
def test_shares_stay_shares_and_areas_stay_within_their_days(edge, customers, again):
    (returns, days), (keeps, half_life, moves) = edge, customers
    timing = Schedule(name="x", day=np.array([0.0, 3.0]), again=9 if again else None)
    assumed = model(
        edge=(returns, days), shop=(1.0, days / 2), keeps=keeps, half_life=half_life, moves=moves
    )
    found = course(assumed, acts=("edge", "shop"), timing=timing)
    for one in found.served:
        assert -1e-9 <= one.low <= one.mid <= one.high <= 1 + 1e-9
    for horizon, area in found.area.items():
        assert -1e-9 <= area.low <= area.mid <= area.high <= horizon + 1e-9


def test_the_same_seed_draws_the_same_and_without_time_a_few_draws_are_made():
    read, items = graph_of(GRAPH), np.array([0, 1])
    timing = schedules(read, items, waves_days=7)
    first, second = (
        regrow(read, items, timing, DEFAULT, seed=4, left_s=lambda: 0.0) for _ in range(2)
    )
    assert [one.as_json() for one in first] == [one.as_json() for one in second]
    assert {one.draws for one in first} == {LEAST_DRAWS}


def test_every_published_assumption_says_whose_it_is():
    told = DEFAULT.as_json()
    assert all(one["source"] for one in told["classes"].values())
    assert told["migration"]["source"]
    assert DEFAULT.class_of("Panel") == "panel"
    assert DEFAULT.class_of(None) == DEFAULT.class_of("no such role") == "other"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 50), min_size=3, max_size=3).map(sorted))
def test_draws_stay_within_their_range(values):
    drawn = Range(low=values[0], mode=values[1], high=values[2]).draw(np.random.default_rng(0), 50)
    assert (drawn >= values[0] - 1e-9).all()
    assert (drawn <= values[2] + 1e-9).all()


def test_a_role_that_a_file_names_leaves_the_class_that_had_it():
    changed = overridden({"classes": {"gone": {"roles": ["Edge"], "returns": 0}}})
    assert changed.class_of("edge") == "gone"
    assert changed.class_of("origin") == "server"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "expected a table"),
        ({"clases": {}}, "clases"),
        ({"classes": {"panel": {"returns": 1.5}}}, "returns"),
        ({"classes": {"panel": {"returns": 10**400}}}, "returns"),
        ({"classes": {"panel": {"returns": [0.5, 0.4, 0.6]}}}, "returns"),
        ({"classes": {"panel": {"days": [1, 2]}}}, "days"),
        ({"classes": {"panel": {"days": float("nan")}}}, "days"),
        ({"classes": {"panel": {"days": True}}}, "days"),
        ({"classes": {"panel": {"roles": "panel"}}}, "roles"),
        ({"classes": {"panel": 3}}, "classes.panel"),
        ({"migration": {"half_life_days": 0}}, "half_life_days"),
        ({"migration": {"moves": "many"}}, "moves"),
    ],
)
def test_assumptions_that_make_no_sense_get_a_sentence(document, said):
    with pytest.raises(InputError, match=said):
        overridden(document)


def test_the_plot_is_the_same_bytes_for_the_same_courses():
    found = [course(model()), course(model(edge=(NEVER, 1.0)))]
    drawn = [regrowth_plot(found, subtitle="<b>", format="svg") for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert b"&lt;b&gt;" in drawn[0]
    assert regrowth_plot(found, subtitle="", format="png").startswith(b"\x89PNG")


def test_every_text_of_the_plot_is_of_the_catalogue_or_a_schedules_name(marks):
    found = [course(model()), course(model(edge=(NEVER, 1.0)))]
    with in_language(marks.Marked()):
        drawn = regrowth_plot(found, subtitle="", format="svg").decode()
    assert marks.forgotten(drawn, [one.schedule.name for one in found]) == []
