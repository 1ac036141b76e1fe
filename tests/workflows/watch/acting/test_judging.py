"""What was allowed is judged again by the rules by which it was judged first."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.plan.conftest import NOW, facts, folder

from cautery.errors import InputError
from cautery.model import Channel, Decision, GuardVerdict, Mandate, Regime, Window
from cautery.plan.interventions import candidates
from cautery.workflows.watch.acting.judging import Judge

__all__ = ["facts", "folder"]

PANEL = "panel.of-another.example"
STREAM, HOST, ADDRESS = "http://edge1.pirate.example/1.m3u8", "edge1.pirate.example", "203.0.113.5"
MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW, end=NOW.replace(hour=23)),
    territories=("FR",),
    channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
)


def judged(facts: Any, **known: Any) -> dict[str, GuardVerdict]:
    options = candidates({STREAM: (ADDRESS,)}, facts=facts, at=NOW, **known)
    return {option.target: option.guard for option in options}


def again(
    facts: Any,
    before: GuardVerdict,
    *,
    lawful: dict[str, tuple[str, ...]] | None = None,
    hosts: tuple[str, ...] = (),
    at: datetime = NOW,
) -> Any:
    judge = Judge(MANDATE, facts=lambda: facts, journal=None)  # type: ignore[arg-type]
    return judge.again(
        [before],
        {},
        lawful or {},
        at=at,
        hosts=iter(hosts),
        overrides={},
        proven_on={},
        answered={},
    )


def test_a_host_with_evidence_against_it_is_no_stranger_on_its_own_address_the_second_time(
    facts: Any, folder: Path
) -> None:
    with (folder / "passive-dns.csv").open("a") as hosting:
        hosting.write(f"{ADDRESS},{PANEL},2026-09-01,2026-11-24\n")
    verdict = judged(facts, hosts=(PANEL,))[ADDRESS]
    assert verdict.decision is Decision.ALLOW
    assert [kept.target for kept in again(facts, verdict, hosts=(HOST, PANEL)).kept] == [ADDRESS]
    assert [gone.target for gone in again(facts, verdict).withdrawn] == [ADDRESS]


def test_what_turned_out_lawful_since_is_withdrawn_by_name_and_by_any_spelling_of_its_address(
    facts: Any,
) -> None:
    verdicts = judged(facts)
    lawful = {"http://edge1.pirate.example/partner.m3u8": ("::ffff:203.0.113.5",)}
    for target in (HOST, ADDRESS):
        first = judged(facts, lawful=lawful)[target]
        [second] = again(facts, verdicts[target], lawful=lawful, hosts=(HOST,)).withdrawn
        assert first.reasons == second.reasons


def test_a_lawful_address_that_nobody_can_read_is_never_passed_over(facts: Any) -> None:
    verdict = judged(facts)[ADDRESS]
    with pytest.raises(InputError, match="not an address"):
        again(facts, verdict, lawful={"partner.example": ("nowhere",)})
