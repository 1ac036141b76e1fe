"""Decoys are checked at birth, and an act meets those that it would hit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.model import Window, to_json
from cautery.model.decoys import Decoy, DecoyKind, SealedPlan, meets, met
from cautery.model.evidence import Digest
from cautery.model.records import DecoyRevealed, DecoysPlanned, kind_of, typed

NIGHT = datetime(2026, 11, 24, 20, tzinfo=UTC)
DECOY = Decoy(
    kind=DecoyKind.OWN_STREAM,
    url="http://tv.own.example:8080/d/7/live.m3u8",
    addresses=("192.0.2.7", "2001:db8::7"),
    offered_as="Derby LIVE",
    event="derby",
    licensee="arena-it",
    disguise="mirrored",
    delay_s=20.0,
    appears_at=NIGHT,
    vanishes_at=NIGHT + timedelta(hours=2),
)


@pytest.mark.parametrize(
    ("target", "is_met"),
    [
        ("http://tv.own.example:8080/d/7/live.m3u8", True),
        ("http://TV.own.example./d/7/live.m3u8", True),
        ("https://tv.own.example/d/7/segment-1.ts", True),
        ("http://tv.own.example/", True),
        ("http://tv.own.example/d/8/live.m3u8", False),
        ("http://tv.own.example/%64/7/live.m3u8", True),
        ("http://tv.own.example//d/8/live.m3u8", True),
        ("http://tv.own.example/x/../d/7/live.m3u8", True),
        ("http://tv.own.example/d/\u2026/live.m3u8", True),
        ("http://192.0.2.7:8080/d/7/live.m3u8", True),
        ("http://192.0.2.9/%64/7/live.m3u8", False),
        ("http://other.example/d/7/live.m3u8", False),
        ("tv.own.example", True),
        ("own.example", True),
        ("*.own.example", True),
        ("n.example", False),
        ("wn.example", False),
        ("a.tv.own.example", False),
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::7", True),
        ("2001:db8::8", False),
        ("192.0.2.0/29", True),
        ("192.0.2.8/29", False),
        ("2001:db8::/32", True),
        ("", False),
        ("http://[", False),
        ("999.1.1.1", False),
        ("a/b/c", False),
    ],
)
def test_an_act_meets_a_decoy_however_wide_it_reaches(target: str, *, is_met: bool) -> None:
    assert meets(DECOY, target) is is_met


def test_all_decoys_that_some_targets_meet_are_named_by_their_places() -> None:
    other = replace(DECOY, url="http://b.own.example/1.m3u8", addresses=())
    assert met([DECOY, other], ["192.0.2.7"]) == (0,)
    assert met([DECOY, other], ["own.example", "c.example"]) == (0, 1)
    assert met([DECOY, other], []) == ()


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("url", "http://user:word@own.example/1.m3u8"),
        ("url", "http://own.example/1.m3u8?token=1"),
        ("url", "ftp://own.example/1"),
        ("url", "http://own.example:port/1"),
        ("url", "http://own.\u202eexample/1"),
        ("url", "/etc/passwd"),
        ("offered_as", "Derby \u202eEVIL"),
        ("offered_as", "Derby\nLIVE"),
        ("offered_as", "  "),
        ("offered_as", "x" * 201),
        ("disguise", "movie=/etc/passwd"),
        ("addresses", ("tv.own.example",)),
        ("addresses", ("0x7f.1",)),
        ("event", None),
        ("event", "a\u202eb"),
        ("delay_s", -1.0),
        ("delay_s", float("nan")),
        ("vanishes_at", NIGHT),
        ("appears_at", datetime(2026, 11, 24, 20)),  # noqa: DTZ001 - that is what is wrong
    ],
)
def test_what_is_no_decoy_is_refused(member: str, wrong: Any) -> None:
    with pytest.raises(InputError):
        replace(DECOY, **{member: wrong})


def test_a_title_in_arabic_letters_is_a_title() -> None:
    assert replace(DECOY, offered_as="مباراة LIVE").offered_as.endswith("LIVE")


def test_only_own_streams_are_no_look_alikes() -> None:
    assert [kind for kind in DecoyKind if not kind.is_look_alike] == [DecoyKind.OWN_STREAM]


SEALED = SealedPlan(
    night="derby-1",
    root="0" * 64,
    count=1,
    window=Window(start=NIGHT, end=NIGHT + timedelta(hours=2)),
    planner="P. Lan",
    public_key="A",
    mandate=Digest("sha256:0"),
    made_at=NIGHT,
)


@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("night", "../derby"),
        ("root", "0" * 63),
        ("count", 0),
        ("count", 10**6),
        ("planner", "P.\u202e Lan"),
        ("planner", ""),
    ],
)
def test_what_is_no_sealed_plan_is_refused(member: str, wrong: Any) -> None:
    with pytest.raises(InputError):
        replace(SEALED, **{member: wrong})


def test_both_records_come_back_as_they_were_written() -> None:
    planned = {
        "at": "2026-11-24T19:00:00.000000Z",
        "sealed": to_json(SEALED),
        "exhibit": "sha256:1",
        "key": "0" * 16,
        "stamped_at": "2026-11-24T18:00:00.000000Z",
        "stamped_by": "authority",
    }
    revealed = {
        "at": "2026-11-24T23:00:00.000000Z",
        "night": "derby-1",
        "root": "0" * 64,
        "how": "gate",
        "opening": {"index": 0, "salt": "1" * 64, "decoy": to_json(DECOY), "proof": []},
        "act": "R-0",
        "why": "",
    }
    for kind, body, shape in (
        ("decoys.planned", planned, DecoysPlanned),
        ("decoy.revealed", revealed, DecoyRevealed),
    ):
        content = typed(kind, body)
        assert isinstance(content, shape)
        assert (kind_of(content), to_json(content)) == (kind, body)


def test_a_decoy_has_few_addresses() -> None:
    """Each takes what an act says of it out of the act, and costs every reader time."""
    eight = tuple(f"192.0.2.{last}" for last in range(8))
    assert replace(DECOY, addresses=eight).addresses == eight
    with pytest.raises(InputError, match="at most 8 addresses, not 9"):
        replace(DECOY, addresses=(*eight, "192.0.2.8"))
