"""No secret of a mandate shows itself, and none can be added that would."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

import pytest

from cautery.model import (
    Calendar,
    Event,
    Hidden,
    Intermediary,
    KeyedPseudonyms,
    Location,
    Mandate,
    OwnLocation,
    Secret,
    Source,
    Vantage,
    from_json,
    to_json,
)

HIDDEN = KeyedPseudonyms(b"k" * 32)
PUBLIC = frozenset(
    [
        "Approver.name",
        "Approver.public_key",
        "Approver.role",
        "Calendar.kind",
        "Calendar.purchase",
        "Calendar.receipt",
        "Calendar.vantages",
        "Channel.event",
        "Channel.id",
        "Channel.legal_basis",
        "Channel.names",
        "Channel.territory",
        "CourtOrder.authority",
        "CourtOrder.id",
        "CourtOrder.particulars",
        "CourtOrder.targets_rule",
        "CourtOrder.territory",
        "DecoysPolicy.keeper",
        "DecoysPolicy.own",
        "DecoysPolicy.planner",
        "FollowPolicy.cases",
        "FollowPolicy.purposes",
        "Event.id",
        "Event.legal_basis",
        "Event.name",
        "Intermediary.name",
        "Intermediary.territory",
        "Mandate.id",
        "Mandate.legal_basis",
        "Mandate.territories",
        "Mandate.who",
        "ListsPolicy.key",
        "MandateSignature.name",
        "MandateSignature.public_key",
        "MandateSignature.role",
        "MandateSignature.signature",
        "Message.id",
        "Message.values",
        "NetworkPolicy.allow",
        "NetworkPolicy.resolver",
        "NetworkPolicy.user_agent",
        "OwnService.also",
        "OwnService.host",
        "OwnService.pins",
        "Partner.channels",
        "Partner.hosts",
        "Partner.name",
        "Purchase.amount",
        "Purchase.authorisation",
        "Purchase.authorised_by",
        "Purchase.currency",
        "Purchase.id",
        "Purchase.means",
        "Purchase.merchant",
        "Purchase.service",
        "RuleConfirmation.name",
        "RuleConfirmation.public_key",
        "RuleConfirmation.role",
        "RuleConfirmation.rule",
        "RuleConfirmation.signature",
        "RuleConfirmation.source",
        "Source.kind",
        "Source.purchase",
        "Source.receipt",
        "Source.vantages",
        "Vantage.country",
        "Vantage.name",
        "Work.id",
        "Work.kind",
        "Work.legal_basis",
        "Work.other_titles",
        "Work.title",
    ]
)
"""Texts of a mandate that stand plainly in its first record: names, numbers and references."""


def inner(hint: Any) -> Iterator[Any]:
    yield hint
    for one in get_args(hint):
        yield from inner(one)


def texts(noun: type, seen: set[type]) -> Iterator[str]:
    """Every field below a noun whose type is a plain text, or may be one."""
    seen.add(noun)
    hints = get_type_hints(noun)
    for one in fields(noun):
        for kind in inner(hints[one.name]):
            if kind is str or kind is Any or kind is object:
                yield f"{noun.__name__}.{one.name}"
            elif is_dataclass(kind) and kind not in seen:
                yield from texts(kind, seen)


def test_every_plain_text_of_a_mandate_is_public_and_whatever_is_added_is_looked_at() -> None:
    assert set(texts(Mandate, set())) == PUBLIC


@pytest.mark.parametrize(
    "hidden",
    [
        Secret("5ecret"),
        Location("http://5ecret:5ecret@h.example/live/5ecret/5ecret/1.ts?token=5ecret&mac=5ecret"),
        Location("/5ecret/list.m3u"),
        Location("http://[5ecret"),
        OwnLocation("https://5ecret:5ecret@h.example:8443/5ecret/x.5ecret?5ecret=5ecret#5ecret"),
        OwnLocation("srt://h.example:9000?passphrase=5ecret"),
        OwnLocation("/5ecret/clean.ts"),
        OwnLocation("http://h.example:5ecret/"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_it_is_in_no_written_form(hidden: Hidden) -> None:
    with pytest.raises(ValueError, match=":") as caught:
        raise ValueError(f"{hidden}: {hidden!r} {hidden:>60}")
    shown = "".join(traceback.format_exception(caught.value)) + json.dumps(
        [to_json(hidden), to_json({"a": [hidden]}, HIDDEN), str([hidden])]
    )
    assert "5ecret" not in shown
    assert "5ecret" in hidden.reveal()


def test_it_goes_into_no_other_process() -> None:
    with pytest.raises(TypeError, match="can be pickled"):
        pickle.dumps(Secret("5ecret"))


def test_a_noun_that_is_made_of_plain_texts_hides_them() -> None:
    nouns = (
        Source(location="http://h.example/?token=5ecret", kind="m3u", username="5ecret",
               password="5ecret", mac="5ecret"),
        Calendar(location="http://5ecret:x@h.example/5ecret", kind="ical",
                 clean_feeds=("http://h.example/5ecret",)),
        Vantage(name="v", country="FR", proxy="http://us:5ecret@h.example:1"),
        Intermediary(name="i", territory="FR", list_url="http://h.example/5ecret"),
    )  # fmt: skip
    for noun in nouns:
        assert "5ecret" not in f"{noun} {to_json(noun)} {asdict(noun)} {copy.deepcopy(noun)}"


def test_the_same_secret_can_be_told_again_and_by_nobody_tried() -> None:
    first = OwnLocation("https://feeds.example/k/5ecret/clean.m3u8")
    other = OwnLocation("https://feeds.example/k/5ecre7/clean.m3u8")
    assert first.shown(HIDDEN) == OwnLocation(first.reveal()).shown(HIDDEN) != other.shown(HIDDEN)
    assert first.shown(HIDDEN) != first.shown(KeyedPseudonyms(b"other"))


@pytest.mark.parametrize(
    "plain",
    ["https://u:w@feeds.example:8443/k/5ecret/clean.m3u8?a=1", "srt://h.example:9?streamid=5",
     "/home/anna/clean.ts", "udp://239.1.2.3:5000"],
)  # fmt: skip
def test_what_is_read_back_from_a_record_is_written_as_it_stood(plain: str) -> None:
    shown = OwnLocation(plain).shown(HIDDEN)
    assert OwnLocation(shown).shown(HIDDEN) == shown


def test_a_mandates_noun_reads_back_from_its_record() -> None:
    source = Source(location="http://h.example/l.m3u", kind="m3u", password="5ecret")
    again = from_json(Source, to_json(source, HIDDEN))
    assert again == replace(source, password=Secret("~" + HIDDEN.of("5ecret")))


def test_the_record_of_an_older_version_reads_back() -> None:
    body = {
        "id": "e", "name": "E", "kick_off": "2026-11-24T12:00:00Z", "legal_basis": "b",
        "clean_feed": "http://feeds.example/clean/index.m3u8", "collateral_budget": 0,
        "watched": None,
    }  # fmt: skip
    event = from_json(Event, body)
    assert event.clean_feed == OwnLocation("http://feeds.example/clean/index.m3u8")
