"""The lab's access provider: what it takes, and what it blocks, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cautery.act import AcceptedList, ListTrust, RefusedListError
from cautery.act.read_list import ListedEntry
from cautery.lab.isp import Isp
from cautery.model import Digest

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
BEGAN = NOW.timestamp()
END = NOW + timedelta(hours=1)


def provider(*entries: ListedEntry, delay_s: float = 2.0) -> Isp:
    isp = Isp(
        territory="FR",
        address="127.70.0.1",
        delay_s=delay_s,
        closes=False,
        trust=lambda: ListTrust(provider="isp", territory="FR", approvers=()),
    )
    accepted = AcceptedList(
        list_id="L",
        key=b"",
        version=1,
        digest=Digest(""),
        made_at=NOW,
        entries=entries,
        referrals={},
    )
    isp.lists.append((BEGAN + delay_s, accepted))
    return isp


def entry(target: str, lever: str, max_stale_s: int | None = None) -> ListedEntry:
    return ListedEntry(lever=lever, target=target, end=END, max_stale_s=max_stale_s)


def test_a_list_applies_after_its_delay_and_until_its_end() -> None:
    isp = provider(entry("a.example", "name"))
    moments = (BEGAN + 1, BEGAN + 3, END.timestamp() - 1, END.timestamp())
    blocked = [isp.blocks("http://a.example/x", "127.0.0.9", now) for now in moments]
    assert blocked == [False, True, True, False]


def test_an_address_whose_list_is_stale_is_not_blocked_any_more() -> None:
    isp = provider(entry("127.9.9.9", "address", 120), entry("a.example", "name"))
    late = BEGAN + 121
    assert not isp.blocks("http://any.example/", "127.9.9.9", late)
    assert isp.blocks("http://a.example/", None, late)


def test_a_name_is_blocked_alone() -> None:
    isp = provider(entry("a.example", "name"))
    assert isp.blocks("http://a.example/", None, BEGAN + 9)
    assert not isp.blocks("http://live.a.example/", None, BEGAN + 9)
    assert not isp.blocks("http://aa.example/", None, BEGAN + 9)


def test_an_address_covers_every_name_on_it() -> None:
    isp = provider(entry("127.9.9.9", "address"))
    assert isp.blocks("http://any.example/", "127.9.9.9", BEGAN + 9)
    assert isp.blocks("http://127.9.9.9:80/", None, BEGAN + 9)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"referral": 1}'])
def test_what_is_no_list_is_refused_and_changes_nothing(body: bytes) -> None:
    isp = provider(entry("a.example", "name"))
    with pytest.raises(RefusedListError):
        isp.take(body, BEGAN + 9)
    assert isp.blocks("http://a.example/", None, BEGAN + 9)
