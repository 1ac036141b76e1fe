from __future__ import annotations

import json
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.lab.isp import Isp

LATER = "2030-01-01T00:00:00Z"
END = 1_893_456_000.0


def provider(*entries: dict[str, Any], delay_s: float = 2.0) -> Isp:
    isp = Isp(territory="FR", address="127.70.0.1", delay_s=delay_s, closes=False)
    body = {"referral": "r", "approvals": [{}, {}], "entries": list(entries)}
    isp.take(json.dumps(body).encode(), 100.0)
    return isp


def entry(target: str, lever: str) -> dict[str, Any]:
    return {"target": target, "lever": lever, "valid_until": LATER}


def test_a_list_applies_after_its_delay_and_until_its_end() -> None:
    isp = provider(entry("a.example", "name"))
    moments = (101.0, 103.0, END - 1, END)
    said = [isp.blocks("http://a.example/x", "127.0.0.9", now) for now in moments]
    assert said == [False, True, True, False]


def test_a_name_covers_what_lies_below_it_and_nothing_beside() -> None:
    isp = provider(entry("a.example", "name"))
    assert isp.blocks("http://live.a.example/", None, 200.0)
    assert not isp.blocks("http://aa.example/", None, 200.0)


def test_an_address_covers_every_name_on_it() -> None:
    isp = provider(entry("127.9.9.9", "address"))
    assert isp.blocks("http://any.example/", "127.9.9.9", 200.0)
    assert isp.blocks("http://127.9.9.9:80/", None, 200.0)


def test_a_url_covers_itself_alone() -> None:
    isp = provider(entry("http://a.example/Live/1.m3u8", "url"))
    assert isp.blocks("http://a.example/Live/1.m3u8", None, 200.0)
    assert not isp.blocks("http://a.example/Live/2.m3u8", None, 200.0)


@pytest.mark.parametrize(
    "bad",
    [
        {"target": "a", "lever": "asn", "valid_until": LATER},
        {"target": "a", "lever": "name"},
        {"target": "a", "lever": "name", "valid_until": "2030-01-01T00:00:00"},
        {"target": "a", "lever": "name", "valid_until": "soon"},
    ],
)
def test_an_entry_without_a_sound_end_or_lever_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        provider(bad)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"referral": 1}'])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    isp = Isp(territory="FR", address="127.70.0.1", delay_s=0, closes=False)
    with pytest.raises(InputError):
        isp.take(body, 0.0)
