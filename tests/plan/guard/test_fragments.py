"""A fragment is sent to nobody: a URL with one is the URL without it."""

from __future__ import annotations

from cautery.formats.open_redirect import places_named
from cautery.plan import parse_target


def test_a_fragment_makes_no_other_target() -> None:
    url = "http://a.example/live/1.ts"
    assert parse_target(f"{url}#x") == parse_target(url)
    assert parse_target("http://a.example/#/live/1.ts") == parse_target("a.example")


def test_each_value_of_a_fragment_names_its_place() -> None:
    url = "http://echo.example/#a=http://one.example/x&b=http://other.example/y"
    assert set(places_named(url)) >= {"http://one.example/x", "http://other.example/y"}
