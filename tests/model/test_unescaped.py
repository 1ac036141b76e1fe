"""A character reference of thousands of digits ends nothing: Python reads no such number."""

from __future__ import annotations

import pytest

from cautery.formats import PlaylistEntry, read_m3u
from cautery.formats._question import readings
from cautery.formats.named_hosts import hosts_in
from cautery.model import KeyedPseudonyms, RedactedUrl
from cautery.model.screen import screened
from cautery.model.whole_text import unescaped

HUGE = ("&#" + "1" * 4_301 + ";", "&#" + "1" * 9_000, "&#x" + "f" * 9_000 + ";")
PSEUDONYMS = KeyedPseudonyms(b"k")


@pytest.mark.parametrize("huge", HUGE)
def test_a_number_that_no_character_has_is_none(huge: str) -> None:
    assert unescaped(f"a {huge}b &amp; c").startswith("a \ufffd")
    assert unescaped("&#46;&#x2e;&amp;") == "..&"


@pytest.mark.parametrize("huge", HUGE)
def test_whatever_is_read_of_texts_of_strangers_goes_on_behind_it(huge: str) -> None:
    text = f"a at b {huge} x@y.example"
    assert "y.example" not in screened(text, PSEUDONYMS)
    assert any("\ufffd" in reading for reading in readings(f"http://other.example/{huge}"))
    assert "other.example" in set(hosts_in(f"{huge} http://other.example/"))
    quoted = huge.replace("#", "%23")
    assert RedactedUrl.of(f"http://p.example/{quoted}?a={quoted}#{quoted}", PSEUDONYMS).host


def test_one_title_costs_no_other_entry_of_a_list() -> None:
    lines = ["#EXTM3U"]
    for title in (HUGE[0], "Arena 1"):
        lines += [f'#EXTINF:-1 group-title="a at b {title}",{title}', "http://p.example/1.ts"]
    entries = [
        row for row in read_m3u(["\n".join(lines).encode()]) if isinstance(row, PlaylistEntry)
    ]
    assert len(entries) == 2
    for entry in entries:
        assert RedactedUrl.of(entry.url, PSEUDONYMS).host == "p.example"
        screened(f"a at b {entry.title}", PSEUDONYMS)
