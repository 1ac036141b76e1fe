"""What agencies state of assets is followed after the operation, and stands on its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.following import StruckCase, seen_file

from cautery.act.descents import decision_subject, proposal_digest
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import InputError
from cautery.model import (
    HandlingCode,
    Marking,
    Operation,
    Pap,
    Regime,
    Statement,
    StatementKind,
    StepReport,
    Tlp,
)
from cautery.model.action_day import StepState
from cautery.model.descent import TraitKind, TraitSeen
from cautery.pages.operation import render_page
from cautery.projections.mandate import case_id
from cautery.wiring import following as wired
from cautery.wiring.facts import known_facts
from cautery.workflows.follow import of_case
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.followed import grown_after
from cautery.workflows.operation.page_view import page_view
from cautery.workflows.operation.share import add_statements

OPEN = Marking(tlp=Tlp.GREEN, pap=Pap.AMBER)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TRAITS = {
    "certificate": "c" * 64,
    "price-list": "1m=9.99EUR 12m=69EUR",
    "payment-end": "merchant:SHOP 8F3A",
    "payment": "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    "contact": "~0123456789abcdef",
    "tier": "gold",
}


def said(subject: str, marking: Marking = OPEN, **details: Any) -> Statement:
    return Statement(
        id="x",
        by="it-postal",
        subject=subject,
        about="asset",
        text="it is",
        kind=StatementKind.FACT,
        marking=marking,
        at=NOON,
        details=details,
    )


@pytest.fixture
def followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agency_desk: Callable[..., Desk]
) -> tuple[Desk, StruckCase]:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    desk = agency_desk("it-postal")
    add_statements(
        desk,
        [
            said("host:shop.example", role="storefront", traits=TRAITS),
            said("host:edge.example", role="edge", traits={"certificate": "c" * 64}),
        ],
    )
    desk.record(StepReport(step="s1", state=StepState.DONE, at=NOON, by="it-postal"), at=NOON)
    return desk, StruckCase(desk.case.path, tmp_path, case_id(desk.opening.key))


def seen() -> list[TraitSeen]:
    def one(entity: str, kind: TraitKind, value: str, days: int) -> TraitSeen:
        day = (NOON + timedelta(days=days)).date()
        return TraitSeen(entity=entity, kind=kind, value=value, day=day, source="watch")

    strangers = [
        one(f"site-{number}.example", kind, value, -20 + number % 20)
        for number in range(300)
        for kind, value in (
            (TraitKind.CERTIFICATE, f"{number:064x}"),
            (TraitKind.PRICE_LIST, f"1m={4 + number % 90}.5EUR"),
            (TraitKind.PAYMENT_END, f"merchant:M{number}"),
        )
    ]
    return [
        *strangers,
        one("new.example", TraitKind.CERTIFICATE, "c" * 64, 3),
        one("new.example", TraitKind.PAYMENT_END, "merchant:SHOP 8F3A", 3),
    ]


def test_an_operations_case_is_followed_and_its_page_has_what_grew_back(
    followed: tuple[Desk, StruckCase], tmp_path: Path
) -> None:
    desk, struck = followed
    run = wired.follow(
        struck.path,
        struck.into,
        mandate_file=struck.mandate(regime=Regime.LED),
        sources=[seen_file(tmp_path / "seen.jsonl", seen())],
        keys_dir=tmp_path / "keys",
    )
    traits = {(trait.kind, trait.times) for trait in run.struck.traits.traits}
    assert traits == {
        (TraitKind.CERTIFICATE, 2),
        (TraitKind.PRICE_LIST, 1),
        (TraitKind.PAYMENT_END, 1),
    }
    assert sum(run.struck.left_out.values()) == 2  # the wallet and the contact
    assert set(run.struck.traits.members) == {"shop.example", "edge.example"}
    assert (run.struck.act, run.struck.traits.acted_on) == ("s1", NOON.date())
    (proposed,) = run.advanced.proposed
    (open_,) = grown_after(desk, run.following)
    assert (open_.asset, open_.like) == ("host:new.example", struck.path.name)
    assert set(open_.traits) == {"certificate", "payment-end"}
    page = render_page(page_view(desk, made_at=NOON, grown=[open_]))
    assert "new.example" in page
    assert "nobody has decided on it" in page
    wired.decide_on(
        struck.into,
        proposed.id,
        confirmed=False,
        why="a shop",
        shown_digest=decision_subject(proposal_digest(proposed), confirmed=False, why="a shop"),
        name="Anna",
        key=struck.key("anna"),
    )
    with wired.followed_in(struck.into) as following:
        assert grown_after(desk, following) == ()


def test_the_page_takes_no_other_cases_descendants(
    followed: tuple[Desk, StruckCase], tmp_path: Path, agency_table: Operation
) -> None:
    _, struck = followed
    wired.follow(
        struck.path,
        struck.into,
        mandate_file=struck.mandate(regime=Regime.LED),
        sources=(),
        keys_dir=tmp_path / "keys",
    )
    other = open_desk(
        tmp_path / "other",
        store=FolderStore(KeyFolder(tmp_path / "keys")),
        clock=SystemClock(),
        operation=agency_table,
        agency="nl-fiod",
    )
    with (
        wired.followed_in(struck.into) as following,
        pytest.raises(InputError, match="does not follow"),
    ):
        grown_after(other, following)
    other.leave()


@pytest.mark.parametrize(
    "marking",
    [
        Marking(tlp=Tlp.RED, pap=Pap.CLEAR),
        Marking(tlp=Tlp.AMBER, pap=Pap.CLEAR),
        Marking(tlp=Tlp.CLEAR, pap=Pap.RED),
        Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR, handling=frozenset({HandlingCode.H2})),
    ],
)
def test_what_a_marking_keeps_in_is_not_looked_for(
    followed: tuple[Desk, StruckCase], marking: Marking
) -> None:
    desk, _ = followed
    secret = said("host:secret.example", marking, traits={"analytics": "ga:G-SECRET"})
    needs = {"source": "host:hidden.example", "target": "host:shop.example", "needs": 1, "k": 1}
    link = replace(said("link:1", marking, **needs), about="link")
    add_statements(desk, [secret, link])
    struck = of_case.struck_case(desk.case, facts=known_facts(None))
    assert set(struck.traits.members) == {"shop.example", "edge.example"}
    assert "ga:G-SECRET" not in {trait.value for trait in struck.traits.traits}
    assert struck.left_out[of_case.MARKING] == 2


def test_what_names_its_recipients_is_not_looked_for(followed: tuple[Desk, StruckCase]) -> None:
    desk, _ = followed
    named = replace(
        said("host:named.example", traits={"analytics": "ga:G-NAMED"}), to=frozenset({"bg-gdbop"})
    )
    add_statements(desk, [named])
    struck = of_case.struck_case(desk.case, facts=known_facts(None))
    assert "named.example" not in struck.traits.members
