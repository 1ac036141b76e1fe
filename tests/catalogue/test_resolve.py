"""Titles to rights, or to none."""

# ruff: noqa: RUF001 - letters in disguise are the point
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.catalogue import THRESHOLD, Catalogue, Listing, Resolver, Right
from cautery.messages import say
from cautery.model import Channel, Event, Mandate, Regime, Window, Work

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MANDATE = Mandate(
    id="m", who="league", regime=Regime.GDPR, legal_basis="contract", territories=("ES", "FR", "GB"),
    window=Window(start=NOON, end=NOON + timedelta(hours=4)),
    events=(Event(id="final", name="Rovers v Athletic Town", kick_off=NOON, legal_basis="c"),),
    channels=(
        Channel(id="arena1.es", names=("Arena 1", "Arena Uno"), territory="ES", legal_basis="c"),
        Channel(id="arena2.es", names=("Arena 2",), territory="ES", legal_basis="c"),
        Channel(id="sport.fr", names=("Télé Sport Été",), territory="FR", legal_basis="c"),
        Channel(id="kick.gb", names=("Kick Off TV",), territory="GB", legal_basis="c"),
    ),
    works=(Work(id="film", title="The Long Night Home", year=2024, legal_basis="c"),),
)  # fmt: skip
RESOLVER = Resolver(Catalogue.of(MANDATE))


def channels(*told: tuple[str, str, str]) -> Catalogue:
    """Make a catalogue of channels from (id, name, country)."""
    return Catalogue(
        tuple(
            Right(id=own, kind="channel", names=(name,), country=place) for own, name, place in told
        )
    )


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("Arena 1", "arena1.es"), ("ES: ARENA 1 FHD", "arena1.es"), ("|ES| ARENA 2 4K HEVC [backup]", "arena2.es"),
        ("ES - Arena Uno (1080p)", "arena1.es"), ("ARENA1 HD", "arena1.es"), ("★ ES ★ Arena 2 RAW", "arena2.es"),
        ("FR| TELE SPORT ETE", "sport.fr"), ("Télé-Sport Eté VIP", "sport.fr"), ("UK: KICKOFF TV", "kick.gb"),
        ("ＡＲＥＮＡ １", "arena1.es"), ("Rovers vs. Athletic Town LIVE", "event:final"),
        ("Athletic Town - Rovers", "event:final"), ("LIVE: Rovers vs Athletic Town HD", "event:final"),
        ("The Long Night Home (2024)", "film"), ("The Long Night Home", "film"),
    ],
)  # fmt: skip
def test_a_decorated_title_is_resolved(title, right):
    assert RESOLVER.resolve(title).right == right


@pytest.mark.parametrize(
    "title",
    ["Arena 3", "ES: ARENA 12 HD", "Cuisine TV", "", "||||", "HD", "News 1", "The Long Night Home (1999)",
     "FR: ARENA 1", "Rovers Documentary", "★★★ SPORT ★★★", "\0", "1", "\u202e\u200f", "+", "((((", "Rovers v City"],
)  # fmt: skip
def test_another_title_is_none_of_mine(title):
    found = RESOLVER.resolve(title)
    assert found.right is None
    assert found.best is None or found.best.probability < THRESHOLD


def test_the_sources_country_decides_between_two_of_one_name():
    both = Resolver(channels(("news.fr", "World News", "fr"), ("news.de", "World News", "de")))
    assert both.resolve("World News", country="DE").right == "news.de"
    assert both.resolve("World News", source="programm.de").right == "news.de"
    assert both.resolve("World News", group="FR | NEWS").right == "news.fr"
    assert both.resolve("FR: World News", country="DE").right == "news.fr"
    assert both.resolve("World News").right is None


def test_a_lists_other_titles_tell_where_it_is_from():
    mine = Resolver(
        channels(
            ("news.fr", "World News", "fr"), ("news.de", "World News", "de"),
            *((f"{n}.fr", f"Chaine Locale {w}", "fr") for n, w in enumerate(("Azur", "Bocage", "Causse"))),
        )
    )  # fmt: skip
    titles = ["Chaine Locale Azur", "Chaine Locale Bocage", "Chaine Locale Causse"] * 8
    found = list(mine.resolve_all(Listing(title=one) for one in [*titles, "World News"]))
    assert found[-1].best.id == "news.fr"


@pytest.mark.parametrize(
    ("title", "right"), [("WQZX 4.2", "WQZX42.us"), ("NBC (WQZX-DT2) Springfield, IL", "WQZX42.us"),
    ("WQZX HD", "WQZX41.us")],
)  # fmt: skip
def test_a_call_sign_names_the_station_and_its_sub_channel(title, right):
    stations = channels(*((f"WQZX4{n}.us", f"WQZX 4.{n}", "us") for n in (1, 2, 3)))
    assert Resolver(stations).resolve(title, country="US").best.id == right


@pytest.mark.parametrize(
    ("title", "name"), [("Звезда Урала", "Zvezda Urala"), ("ΑΣΤΕΡΑΣ ΝΟΤΟΥ", "Asteras Notoy"),
    ("ᴀʀᴇɴᴀ ᴄᴇɴᴛʀᴏ", "Arena Centro")],
)  # fmt: skip
def test_another_script_is_the_same_name(title, name):
    found = Resolver(channels(("own", name, "xx"))).resolve(title)
    assert found.right == "own"


def test_an_hour_later_is_the_same_channel_and_plus_is_another():
    mine = Resolver(channels(("k", "Kanalo Sport", "se"), ("kp", "Kanalo+ Sport", "se")))
    assert mine.resolve("SE: Kanalo Sport +1").best.id == "k"
    assert mine.resolve("SE: Kanalo+ Sport HD").best.id == "kp"


def test_the_answer_says_why_and_who_came_second():
    found = RESOLVER.resolve("|ES| Arena Uno FHD")
    assert "is 'Arena 1'" in say(found.why)
    assert "dropped: fhd" in say(found.why)
    assert "ES by its prefix" in say(found.why)
    assert found.runner_up.id != found.best.id
    assert "Cyrillic transliterated" in say(RESOLVER.resolve("Арена 1").why)


def test_the_empty_catalogue_answers_none():
    found = Resolver(Catalogue(())).resolve("Arena 1")
    assert (found.right, found.best, found.probability) == (None, None, 1.0)


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.text(max_size=80), st.none() | st.text(max_size=20))
def test_any_title_is_resolved_to_one_or_none(title, context):
    found = RESOLVER.resolve(
        title, country=context, group=context, source=context, language=context
    )
    odds = [one.probability for one in (found.best, found.runner_up) if one is not None]
    assert odds == sorted(odds, reverse=True)
    assert all(0 <= one <= 1 for one in odds)
    assert sum(odds) <= 1 + 1e-6
    assert (found.right is not None) == (bool(odds) and odds[0] >= THRESHOLD)
    assert found.right is None or found.right == found.best.id
    assert say(found.why)


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.lists(st.sampled_from(["Arena 1", "ES: Arena 2", "x", ""]), max_size=8))
def test_there_is_one_answer_for_each_title_in_order(titles):
    found = list(RESOLVER.resolve_all(Listing(title=one) for one in titles))
    assert [one.listing.title for one in found] == titles
    assert [one.right for one in found] == [RESOLVER.resolve(one).right for one in titles]


def test_a_title_of_any_length_is_read_in_its_first_part():
    assert RESOLVER.resolve("ES: Arena 1" + " " * 50_000 + "x").right == "arena1.es"


def test_a_channel_of_no_stated_country_is_found_in_a_long_list_of_others():
    channel = Channel(id="uno", names=("Arena Uno",), legal_basis="c")
    mandate = replace(MANDATE, territories=("ES", "AD"), channels=(channel,))
    others = [Listing(title=f"Knitting {number} for everyone") for number in range(500)]
    title = "|ES| ARENA UNO FHD HEVC [backup 2]"
    *rest, found = Resolver(Catalogue.of(mandate)).resolve_all([*others, Listing(title=title)])
    assert found.right == "uno"
    assert all(one.right is None for one in rest)
