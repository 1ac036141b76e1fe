"""A programme is read whole, and what cannot be a night is refused in a sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.planted import MANDATE, NIGHT, PROGRAMME, programme

from cautery.errors import InputError
from cautery.model import Window, Work
from cautery.workflows.decoys.programme import (
    check_against,
    programme_example,
    read_programme,
)


def test_a_programme_is_read() -> None:
    read = programme()
    assert (read.night, read.planner, len(read.hosts), len(read.media)) == (
        "derby-1", "P. Lan", 3, 3,
    )  # fmt: skip
    assert read.hosts[1].base == "http://tv2.own.example:8080"
    assert read.media[0].place == "/media/clean.m3u8"
    assert [disguise.name for disguise in read.disguises] == ["none", "mirror", "aes-128", "tinted"]
    assert check_against(read, MANDATE) == (
        "the mandate does not read the list http://tv1.own.example/sports.m3u",
    )


def test_the_example_is_a_programme() -> None:
    text = programme_example(NIGHT, event="derby")
    read = read_programme(text.encode(), folder=Path("/media"))
    assert (read.own_streams, read.look_alikes, read.window) == (20, 20, NIGHT)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('name = "tv1.own.example"', 'name = "tv.stranger.example"', "stranger's server"),
        ('name = "tv1.own.example"', 'name = "notown.example"', "stranger's server"),
        ('address = "192.0.2.1"', 'address = "198.51.100.1"', "stranger's server"),
        ('address = "192.0.2.1"', 'address = "tv1.own.example"', "not an IP address"),
        ('host = "tv1.own.example"', 'host = "tv.stranger.example"', "stranger's server"),
        ('name = "tv1.own.example"', 'name = "tv1/../x.own.example"', "not the name of a host"),
        ('night = "derby-1"', 'night = "../derby"', "an id has only letters"),
        ('"mirror", ', '"mirrored", ', "there is no disguise 'mirrored'"),
        ('vf = "hue=h=20:s=1.3"', 'vf = "movie=/etc/passwd"', "'movie' is not allowed"),
        ('vf = "hue=h=20:s=1.3"', 'vf = "sendcmd=f=/x"', "'sendcmd' is not allowed"),
        ('vf = "hue=h=20:s=1.3"', 'af = "amovie=x"', "'amovie' is not allowed"),
        ('vf = "hue=h=20:s=1.3"', 'vf = "hue=/h=x"', "is not a plain option"),
        ('vf = "hue=h=20:s=1.3"', 'vf = "volume=volume=2"', "no filter of pictures"),
        ('name = "tinted"', 'name = "mirror"', "name of a known disguise"),
        ("delay_s = [8, 20]", "delay_s = [20, 8]", "20 is more than 8"),
        ("appears_s = [0, 60]", "appears_s = [0, 9000]", "after the end of the night"),
        ("own_streams = 6", "own_streams = 0", "own_streams"),
        ("own_streams = 6", 'own_streams = 6\nsecret = "x"', "secret"),
        ('path = "/sports.m3u"', 'path = "/a b.m3u"', "list.0.path"),
        ('kind = "last-year"', "", "names the event"),
        ('kind = "last-year"', 'kind = "partner"', "by its [[host]]"),
        ('path = "old.m3u8"', 'feed = "file:///etc/passwd"', "not an http or https URL"),
        ('path = "old.m3u8"', 'path = "old.m3u8"\nfeed = "https://a.example/"', "either a path"),
        (f"end = {NIGHT.end:%Y-%m-%dT%H:%M:%SZ}", f"end = {NIGHT.end:%Y-%m-%dT%H:%M:%S}", "time zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_night_is_refused(old: str, new: str, sentence: str) -> None:
    assert old in PROGRAMME
    with pytest.raises(InputError) as caught:
        programme(PROGRAMME.replace(old, new, 1))
    assert sentence in str(caught.value)


def test_a_programme_without_media_is_refused() -> None:
    before, _, _ = PROGRAMME.partition("[[media]]")
    with pytest.raises(InputError, match="no media that show an event"):
        programme(before.replace(', "tinted"', ""))


def test_look_alikes_need_media_or_a_partner() -> None:
    text = PROGRAMME.replace('path = "old.m3u8"\nkind = "last-year"', 'path = "o"\nevent = "derby"')
    text = text.replace("partner = true", "")
    with pytest.raises(InputError, match="no media for look-alikes"):
        programme(text)


@pytest.mark.parametrize("raw", [b"\xff", b"a = [", b"a = " + b"[" * 5000, b"x" * (2 << 20)])
def test_what_is_no_toml_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError):
        read_programme(raw, folder=Path("/media"))


WORKS = (Work(id="w", title="W", legal_basis="rights"),)


def test_a_night_must_fit_its_mandate() -> None:
    read = programme()
    late = Window(start=MANDATE.window.end, end=MANDATE.window.end + timedelta(hours=1))
    with pytest.raises(InputError, match="within the window"):
        check_against(replace(read, window=late), MANDATE)
    with pytest.raises(InputError, match="no event 'derby'"):
        check_against(read, replace(MANDATE, events=(), channels=(), works=WORKS, partners=()))
    with pytest.raises(InputError, match="no licensee's channel"):
        check_against(read, replace(MANDATE, channels=(), works=WORKS, partners=()))
    with pytest.raises(InputError, match="is no partner's host"):
        check_against(read, replace(MANDATE, partners=()))


@pytest.mark.parametrize("own", [(), ("own.example",), ("192.0.2.0/28",), ("other.example",)])
def test_what_the_planner_alone_calls_own_is_refused(own: tuple[str, ...]) -> None:
    """Two people sign in the mandate which hosts are the organisation's own."""
    assert MANDATE.decoys is not None
    mandate = replace(MANDATE, decoys=replace(MANDATE.decoys, own=own))
    with pytest.raises(InputError, match=r"the mandate does not say that .* is your own"):
        check_against(programme(), mandate)


def test_a_planner_who_calls_everything_own_plans_no_pirate_free() -> None:
    evil = PROGRAMME.replace(
        'own = ["own.example", "192.0.2.0/28"]', 'own = ["example", "0.0.0.0/0"]'
    )
    for old, new in (
        ('name = "tv2.own.example"', 'name = "x.pirate.example"'),
        ('address = "192.0.2.2"', 'address = "198.51.100.7"'),
    ):
        with pytest.raises(InputError, match="stranger's server"):
            check_against(programme(evil.replace(old, new)), MANDATE)
