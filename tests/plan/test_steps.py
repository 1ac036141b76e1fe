"""The acts of a plan in an order: what each cuts adds up to what the plan says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cautery.model import (
    Collateral,
    Decision,
    GuardVerdict,
    Intervention,
    Lever,
    Reason,
)
from cautery.model.message import as_written
from cautery.plan.choose import choose
from cautery.plan.steps import steps_of

LATER = datetime(2027, 1, 1, tzinfo=UTC)


def act(lever: Lever, target: str, streams: tuple[str, ...]) -> Intervention:
    verdict = GuardVerdict(
        target=target,
        lever=lever,
        decision=Decision.ALLOW,
        collateral=Collateral(low=0, high=0),
        reasons=(Reason(code="own-name", text=as_written("a name of its own")),),
        valid_until=LATER,
    )
    return Intervention(target=target, lever=lever, streams=streams, cost=1.0, guard=verdict)


URLS = ("u1", "u2", "u3", "u4")


@given(
    names=st.dictionaries(
        st.sampled_from(("a.example", "b.example", "c.example")),
        st.sets(st.sampled_from(URLS)),
        max_size=3,
    ),
    hosts=st.dictionaries(
        st.sampled_from(URLS),
        st.sets(st.sampled_from(("192.0.2.1", "192.0.2.2", "192.0.2.3")), min_size=1),
    ),
)
def test_what_the_steps_cut_is_what_the_plan_cuts(
    names: Mapping[str, set[str]], hosts: Mapping[str, set[str]]
) -> None:
    addresses = sorted(set().union(*hosts.values()) if hosts else set())
    options = [act(Lever.NAME, name, tuple(sorted(urls))) for name, urls in names.items()]
    options += [
        act(Lever.ADDRESS, one, tuple(sorted(url for url in hosts if one in hosts[url])))
        for one in addresses
    ]
    plan = choose(options, streams={url: tuple(hosts.get(url, ())) for url in URLS})
    steps = steps_of(plan)
    assert sorted(step.act.target for step in steps) == sorted(one.target for one in plan.chosen)
    cut = [url for step in steps for url in step.cuts]
    assert len(cut) == len(set(cut))
    assert set(cut) == set(URLS) - set(plan.uncovered)
    left = [plan.served_before, *(step.left for step in steps)]
    assert left[-1] == plan.served_after
    assert all(
        before - after == len(step.cuts)
        for before, after, step in zip(left, left[1:], steps, strict=False)
    )
    for step in steps:  # a stream is not called dark before all that cuts it is done
        if step.act.lever is Lever.ADDRESS:
            done = {one.act.target for one in steps[: steps.index(step) + 1]}
            assert all(hosts[url] <= done for url in step.cuts)
