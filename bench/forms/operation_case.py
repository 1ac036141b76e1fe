"""The open case of an operation of the lab, with a draft of each instrument and traced money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from cautery.lab.operations import build_world
from cautery.lab.operations.replay import intelligence
from cautery.lab.operations.replay.clock import ReplayClock
from cautery.lab.operations.replay.story import Story
from cautery.model import Operation
from cautery.operation.instruments import (
    ProviderClass,
    draft_eio,
    draft_freezing,
    draft_mla,
    draft_preservation,
    draft_production,
)
from cautery.operation.money.flows import table_of
from cautery.operation.money.lots import METHODS
from cautery.wiring import cases
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.draft_instrument import file_draft
from cautery.workflows.operation.holdings import picture
from cautery.workflows.operation.trace_money import purchase_of, trace_money, trace_supplied

HOLDS = ("address:192.0.2.7", "address:2001:db8::7", "host:panel.example", "user:Reseller-7")


@contextmanager
def open_operation(folder: Path) -> Iterator[Desk]:
    """Make the lead's case up to the day before the action, and yield its desk."""
    world = build_world("taken-down", seed=1, scale=0.01)
    start = datetime(world.months[0].year, world.months[0].month, 1, tzinfo=UTC)
    operation = Operation(
        id="bench-1",
        name="Bench",
        agencies=world.agencies,
        legal_basis="none: a world of the lab, invented throughout",
        opened_at=start,
        lab=True,
    )
    story = Story(
        world=world,
        operation=operation,
        clock=ReplayClock(start),
        store=cases.store(None),
        folder=folder,
        rng=np.random.default_rng([world.seed, 3]),
        listen=lambda _: None,
    )
    story.open_desks()
    try:
        intelligence.gather(story)
        _draft_each(story.lead)
        _trace(story)
        yield story.lead
    finally:
        story.leave()


def _draft_each(desk: Desk) -> None:
    """Draft what an addressee abroad is asked; the team's agreement is drafted already."""
    now = datetime.now(UTC)
    terms: dict[str, Any] = {
        "by": desk.agency, "holds": HOLDS, "grounds": "the panel runs there", "at": now,
    }  # fmt: skip
    evidence: dict[str, Any] = {
        "provider": "Host Ltd",
        "provider_class": ProviderClass.HOSTING,
        "country": "NL",
    }
    for draft in (
        draft_production(**evidence, **terms),
        draft_preservation(**evidence, **terms),
        draft_eio(authority="court of Amsterdam", country="NL", **terms),
        draft_freezing(addressee="Bank NV", country="NL", **terms),
        draft_mla(authority="Federal Office of Justice", country="CH", **terms),
    ):
        file_draft(desk, draft)


def _trace(story: Story) -> None:
    purchases = [
        purchase_of(statement)
        for statement in picture(story.lead)
        if statement.about == "payment"
        and (statement.details.get("account") or statement.details.get("wallet"))
    ]
    table = table_of(story.world.transfers)
    for method in METHODS:
        traced = trace_supplied(purchases, table, story.world.tags, method=method)
        trace_money(story.lead, traced)
