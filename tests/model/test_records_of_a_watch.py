"""Records of watching and acting: what stands on disk comes back, and of others nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.model import (
    Approval,
    DarkProbe,
    Digest,
    EventSpending,
    Fault,
    FaultKind,
    Observation,
    SignedFor,
    Spending,
    to_json,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import (
    ApprovalGiven,
    BudgetSpent,
    HostShown,
    MisshapenRecord,
    ProbeDone,
    ReferralPublished,
    typed,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
APPROVAL = Approval(
    subject=Digest("sha256:1"),
    approver="A. Legal",
    role="legal",
    at=NOON,
    signature="c2ln",
    signed_for=SignedFor(case="0", mandate=Digest("sha256:2")),
)
GIVEN = ApprovalGiven.of("R-1", APPROVAL)
SPENDING = EventSpending(
    event="match", budget=3, spending=Spending(low=0, high=None, over=True, unbounded=("a",))
)
SPENT = BudgetSpent.of(SPENDING, at=NOON)
DARK = DarkProbe(
    url="u", target="t", intermediary="isp", at=NOON, dark=True, why=as_written("no answer")
)
PROBE = ProbeDone(
    url="http://p.example/1",
    at=NOON,
    observation=Observation(at=NOON),
    failed=None,
    hosts=("p.example",),
    shown=(HostShown(host="p.example", shows=("port:80",)),),
    faults=(Fault(kind=FaultKind.DELAY, reference="fr", at_s=1.5),),
)
PUBLISHED = ReferralPublished(
    referral="R-1",
    intermediary="isp",
    at=NOON,
    targets=("p.example",),
    streams={"p.example": ("http://p.example/1",)},
)


@pytest.mark.parametrize("content", [GIVEN, SPENT, PROBE, PUBLISHED, DARK], ids=type)
def test_what_was_filed_comes_back_as_it_was(content: object) -> None:
    assert typed(*filed(content)) == content


def test_an_approval_lies_flat_beside_its_referral_and_comes_back_without_it() -> None:
    assert filed(GIVEN) == ("approval.given", {"referral": "R-1", **to_json(APPROVAL)})
    assert GIVEN.approval == APPROVAL


def test_what_a_budget_spends_lies_flat_beside_its_moment() -> None:
    body = {**to_json(SPENDING), "at": "2026-11-24T12:00:00.000000Z"}
    assert filed(SPENT) == ("budget.spent", body)


def test_a_probe_of_an_older_version_has_seen_nothing_that_it_does_not_name() -> None:
    old = {"url": PROBE.url, "at": "2026-11-24T12:00:00Z", "observation": None, "failed": None}
    bare = replace(PROBE, observation=None, hosts=(), shown=(), faults=())
    assert typed("probe.done", old) == bare


@pytest.mark.parametrize("content", [GIVEN, SPENT, PROBE, PUBLISHED, DARK], ids=type)
@pytest.mark.parametrize("at", ["2026-11-24T12:00:00", "2026-11-24T12:00:00+01:00", None, "soon"])
def test_a_record_whose_time_is_none_has_not_the_shape_of_its_kind(
    content: object, at: Any
) -> None:
    kind, body = filed(content)
    assert isinstance(typed(kind, {**body, "at": at}), MisshapenRecord)
