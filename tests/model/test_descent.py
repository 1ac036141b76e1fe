"""Nouns of descent are checked at birth."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import pytest

from cautery.errors import InputError
from cautery.model.descent import (
    LONGEST_VALUE,
    Proposal,
    Reason,
    Trait,
    TraitKind,
    TraitSeen,
    TraitSet,
)
from cautery.model.wire import from_json, to_json

DAY = date(2026, 3, 1)
SEEN = TraitSeen(
    entity="new-tv.example", kind=TraitKind.HOSTER, value="as64500", day=DAY, source="passive-dns"
)
STRUCK = TraitSet(
    of="case-1",
    acted_on=DAY,
    traits=(Trait(kind=TraitKind.HOSTER, value="as64500", times=3),),
    members=("old-tv.example",),
)
PROPOSAL = Proposal(
    entity="new-tv.example",
    of="case-1",
    log_odds=1.0,
    reasons=(Reason(kind=TraitKind.HOSTER, value="as64500", weight=0.2),),
    first_knowable=DAY,
    proposed_on=DAY,
)


@pytest.mark.parametrize(
    "change",
    [
        {"entity": ""},
        {"entity": "Upper.example"},
        {"entity": "two words"},
        {"entity": "a" * 254},
        {"entity": "x\u202e.example"},
        {"value": ""},
        {"value": " as64500"},
        {"value": "a\nb"},
        {"value": "x" * (LONGEST_VALUE + 1)},
        {"source": "Not a word"},
        {"exhibit": "sha256:12"},
    ],
)
def test_a_trait_that_is_none_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(InputError):
        replace(SEEN, **change)


def test_a_trait_may_name_an_address_and_its_exhibit() -> None:
    seen = replace(SEEN, entity="2001:db8::7", exhibit="sha256:" + "0" * 64)
    assert {seen: 1}[replace(seen)] == 1


def test_a_set_counts_a_trait_once_and_has_some() -> None:
    with pytest.raises(InputError, match="given twice"):
        replace(STRUCK, traits=(*STRUCK.traits, *STRUCK.traits))
    with pytest.raises(InputError, match="expected 1 to"):
        replace(STRUCK, traits=())
    with pytest.raises(InputError, match="times 0"):
        Trait(kind=TraitKind.HOSTER, value="as1", times=0)
    with pytest.raises(InputError, match="entity"):
        replace(STRUCK, members=("Old",))


def test_a_proposal_has_finite_odds_and_days_in_order() -> None:
    with pytest.raises(InputError, match="finite"):
        replace(PROPOSAL, log_odds=math.inf)
    with pytest.raises(InputError, match="first knowable"):
        replace(PROPOSAL, first_knowable=date(2026, 3, 2))
    with pytest.raises(InputError, match="network"):
        replace(PROPOSAL, either=("a b",))
    assert replace(PROPOSAL, log_odds=0.0).probability == 0.5
    assert replace(PROPOSAL, log_odds=-1e4).probability < 1e-300


@pytest.mark.parametrize("noun", [SEEN, STRUCK, PROPOSAL])
def test_nouns_go_through_json(noun: object) -> None:
    assert from_json(type(noun), to_json(noun)) == noun
