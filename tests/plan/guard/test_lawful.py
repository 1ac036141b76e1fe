"""What must stay up is compared in one spelling, and a lawful host with all that lies on it."""

from __future__ import annotations

import pytest

from cautery.errors import InputError
from cautery.model import Decision
from cautery.plan import guard
from cautery.plan.guard.lawful import Lawful
from cautery.workflows.guard.judge import judge_targets
from cautery.workflows.guard.targets import read_targets

from ..conftest import NOW, codes

URL = "http://partner-tv-xyz.com/live/x.m3u8"


@pytest.mark.parametrize(
    ("target", "lawful"),
    [
        (URL, "partner-tv-xyz.com"),
        (URL, URL),
        (URL, "http://PARTNER-tv-xyz.com/live/x.m3u8"),
        (URL, "http://partner-tv-xyz.com:80/live/x.m3u8"),
        (URL, "http://partner-tv-xyz.com./live/x.m3u8"),
        (URL, f"{URL}#t=10"),
        (URL, "partner-tv-xyz.com/live"),
        ("http://partner-tv-xyz.com./live/x.m3u8", URL),
        ("http://198.51.100.9/x", "198.51.100.9"),
        ("http://198.51.100.9/x", "198.51.100.0/24"),
        ("xn--bcher-tv-65a.com", "bücher-tv.com"),
        ("partner-tv-xyz.com", "partner-tv-xyz.com:8080"),
        ("cdn.partner-tv-xyz.com", "*.partner-tv-xyz.com"),
        ("partner-tv-xyz.com", "*.partner-tv-xyz.com"),
        ("http://cdn.partner-tv-xyz.com/x.m3u8", "*.partner-tv-xyz.com"),
        ("partner-tv-xyz.com", "www.partner-tv-xyz.com/live"),
        ("198.51.100.9", "::ffff:198.51.100.9"),
        ("198.51.100.9", "198.51.100.9:8080"),
        ("198.51.100.9", "198.51.100.0/24"),
        ("198.51.100.9", "http://198.51.100.9/school"),
        ("http://[64:ff9b::c633:6409]/x", "198.51.100.9"),
        ("http://[64:ff9b::c633:6409]/x", "198.51.100.0/24"),
        ("http://[64:ff9b::c633:6409]/x", "http://198.51.100.9/x"),
        ("http://[2002:c633:6409::1]/x", "198.51.100.9"),
        ("http://198.51.100.9/x", "64:ff9b::c633:6409"),
        ("http://198.51.100.9/x", "64:ff9b::c633:6400/120"),
        ("198.51.100.9", "64:ff9b::c633:6409"),
        ("rtmps://partner-tv-xyz.com:443/live", "rtmps://partner-tv-xyz.com/live"),
        ("http://partner-tv-xyz.com/%6cive/x.m3u8", URL),
        ("http://partner-tv-xyz.com/./live/x.m3u8", URL),
        ("http://partner-tv-xyz.com/y/../live/x.m3u8", URL),
    ],
)
def test_a_lawful_place_keeps_its_target_up_in_whatever_spelling(facts, target, lawful):
    verdict = guard(target, facts=facts, at=NOW, lawful=[lawful])
    assert "lawful-content" in codes(verdict)
    assert verdict.decision is not Decision.ALLOW
    assert "lawful-content" not in codes(guard(target, facts=facts, at=NOW))


@pytest.mark.parametrize(
    ("target", "lawful"),
    [
        (URL, "http://partner-tv-xyz.com/live/y.m3u8"),
        (URL, "http://partner-tv-xyz.com:8080/live/x.m3u8"),
        (URL, "http://partner-tv-xyz.com/live/x.m3u8?token=1"),
        (URL, "tv-xyz.com"),
        (URL, "*.other-tv-xyz.com"),
        ("partner-tv-xyz.com", "other-partner-tv-xyz.com"),
        ("198.51.100.9", "198.51.100.10"),
        ("http://[64:ff9b::c633:6409]/x", "198.51.100.10"),
        ("http://partner-tv-xyz.com/live%2Fx.m3u8", URL),
    ],
)
def test_another_place_keeps_nothing_up(facts, target, lawful):
    assert "lawful-content" not in codes(guard(target, facts=facts, at=NOW, lawful=[lawful]))


def test_where_something_lawful_was_seen_an_exact_url_may_go_and_the_host_may_not(facts):
    seen = Lawful.carrying(["http://partner-tv-xyz.com/news", "198.51.100.9", "http://["])
    for exact in (URL, "http://198.51.100.9/x"):
        assert "lawful-content" not in codes(guard(exact, facts=facts, at=NOW, lawful=seen))
    for host in ("partner-tv-xyz.com", "198.51.100.9"):
        assert "lawful-content" in codes(guard(host, facts=facts, at=NOW, lawful=seen))


@pytest.mark.parametrize("place", ["http://[", "not a place", "a..b", "", "x" * 5000])
def test_a_lawful_place_that_cannot_be_read_is_never_passed_over(facts, place):
    with pytest.raises(InputError):
        guard(URL, facts=facts, at=NOW, lawful=[place])


def test_a_row_with_a_lawful_place_that_cannot_be_read_is_refused(facts, tmp_path):
    path = tmp_path / "targets.csv"
    path.write_text(f"target;lawful\n{URL};http://u:secretword@[\n{URL};partner-tv-xyz.com\n")
    rows = list(judge_targets(read_targets(path), facts=facts, now=lambda: NOW))
    assert [verdict.decision for _, verdict in rows] == [Decision.REFUSE] * 2
    assert "secretword" not in repr(rows[0][1])
    assert [codes(verdict) & {"invalid-target", "lawful-content"} for _, verdict in rows] == [
        {"invalid-target"},
        {"lawful-content"},
    ]
