"""Titles taken apart."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.catalogue import country_code, normalise
from cautery.catalogue._around import group_country
from cautery.catalogue.normalise import LONGEST, QUALITY, SHIFT, call_sign, is_heading
from cautery.catalogue.places import source_country
from cautery.catalogue.script import fold


@pytest.mark.parametrize(
    ("title", "place", "words"),
    [
        ("|FR| CANAL+ SPORT", "fr", ["canal", "plus", "sport"]), ("UK: Arena 05", "gb", ["arena", "5"]),
        ("★ ES ★ Arena", "es", ["arena"]), ("🇫🇷 Télé", "fr", ["tele"]), ("[DE] Nord", "de", ["nord"]),
        ("IT - Uno II", "it", ["uno", "2"]), ("TV - Uno", None, ["tv", "1"]), ("Arena1", None, ["arena", "1"]),
    ],
)  # fmt: skip
def test_the_place_stands_before_and_the_words_are_plain(title, place, words):
    read = normalise(title)
    assert (read.place, read.words) == (place, words)


@pytest.mark.parametrize(
    ("title", "place"),
    [
        ("4K| FR: Uno", "fr"), ("FR-FHD | Uno", "fr"), ("DE HD| Uno", "de"), ("VIP UK: Uno", "gb"), ("EX-YU: Uno", "exyu"),
        ("EXYU| Uno", "exyu"), ("AR: Uno", "ar/arab"), ("ARG: Uno", "ar"), ("ARB| Uno", "arab"), ("CN: 湖南卫视", "cn"),
        ("VIP | Uno", None), ("4K - Uno", None), ("UK |", None), ("🇫🇷🇫🇷", None),
    ],
)  # fmt: skip
def test_a_sellers_prefix_names_a_place(title, place):
    assert normalise(title).place == place


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Arena FHD [backup 2]", ["arena"]), ("Arena (SERVER 3)", ["arena"]), ("Arena 2 BK1", ["arena", "2"]),
        ("Arena FHD+", ["arena"]), ("Arena UHD+ 50 FPS", ["arena"]), ("Arena Server 2", ["arena", "server", "2"]),
        ("Canal+ 1 HD", ["canal", "plus", "1"]), ("Canal + 1", ["canal", "+1"]), ("Arena2+1", ["arena", "2", "+1"]),
    ],
)  # fmt: skip
def test_what_counts_copies_and_quality_is_no_name(title, words):
    read = normalise(title)
    assert [w for w, k in zip(read.words, read.kinds, strict=True) if k != QUALITY] == words


@pytest.mark.parametrize(
    "title", ["##### SPORTS #####", "━━ UK | SPORTS ━━", "★★★ FRANCE ★★★", "○● BEIN ●○", "---- PPV", "== ==", "\u2796\u2796 UK \u2796\u2796"]
)  # fmt: skip
def test_a_framed_title_heads_a_group(title):
    assert is_heading(title)


@pytest.mark.parametrize(
    "title", ["★ ES ★ Arena", "* Arena *", "🇫🇷 Arena 🇫🇷", "Arena --", "-1-", "||FR|| Arena ||HD||", "", "⚽⚽ A v B ⚽⚽"]
)  # fmt: skip
def test_another_title_heads_none(title):
    assert not is_heading(title)


@pytest.mark.parametrize("opening", ["", "ab"])
@pytest.mark.parametrize("mark", ["=", "- ", "*", "|", "🇫🇷"])
def test_a_title_of_marks_alone_is_read_at_once(opening, mark):
    """Each cost a third of a second, and a list may have a hundred thousand."""
    title = (opening + mark * LONGEST)[: LONGEST - 1] + "x"
    began = time.process_time()
    for _ in range(10):
        is_heading(title)
        normalise(title[:-1])
    assert time.process_time() - began < 0.5


def test_quality_and_hours_are_told_apart_from_words():
    read = normalise("Arena 2 FHD 1080p +1")
    kinds = dict(zip(read.words, read.kinds, strict=True))
    assert [word for word, kind in kinds.items() if kind == QUALITY] == ["fhd", "1080p"]
    assert [word for word, kind in kinds.items() if kind == SHIFT] == ["+1"]


@pytest.mark.parametrize(
    ("title", "call", "sub"), [("CBS (WKYC) Cleveland", "wkyc", 0), ("Nest (WKYC-DT5)", "wkyc", 5),
    ("WKYC 3.2", "wkyc", 2), ("Arena", None, 0)],
)  # fmt: skip
def test_a_known_call_sign_is_read_with_its_sub_channel(title, call, sub):
    read = normalise(title, frozenset({"wkyc"}))
    assert (read.call, read.sub) == (call, sub)


@pytest.mark.parametrize("name", ["Canal 5", "Kino", "WKYC Weather Extra", "", "3.1"])
def test_a_plain_name_is_no_call_sign(name):
    found = call_sign(name)
    assert found is None or found[1] == 1


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.text(max_size=500))
def test_words_are_plain_and_as_many_as_their_kinds(title):
    read = normalise(title)
    assert all(read.words)
    assert len(read.words) == len(read.kinds) == len(read.aside)
    assert all(word == word.casefold() for word in read.words)


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.text(max_size=200))
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz 0123456789", max_size=80))
def test_letters_in_disguise_fold_to_what_they_show(text):
    wide = "".join(chr(ord(one) + 0xFEE0) if one != " " else " " for one in text)
    assert fold(wide) == fold(text)


def test_only_the_first_part_of_an_endless_title_is_read():
    assert normalise("a" * 10**6).words == ["a" * LONGEST]


@pytest.mark.parametrize(
    ("group", "country"), [("FR | SPORT", "fr"), ("Italia", "it"), ("UK", "gb"),
    ("Canales de Costa Rica", "cr"), ("Kids", None), ("", None)],
)  # fmt: skip
def test_a_group_may_name_a_country(group, country):
    assert group_country(group) == country


@pytest.mark.parametrize(
    ("source", "country"),
    [("us_pluto", "us"), ("fr", "fr"), ("sky.co.uk", "gb"), ("https://tv.blue.ch/epg", "ch"), ("plex.tv", None),
     ("example.com", None), ("", None), ("..", None)],
)  # fmt: skip
def test_a_source_may_name_a_country(source, country):
    assert source_country(source) == country


def test_codes_of_sellers_are_countries():
    assert [country_code(one) for one in ("UK", "ger", " fr ", "zz", "")] == [
        "gb",
        "de",
        "fr",
        None,
        None,
    ]
