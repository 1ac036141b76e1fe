"""Events and works among titles."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.catalogue import Catalogue, Resolver, Right

MINE = Resolver(
    Catalogue(
        (
            Right(id="final", kind="event", names=("Rovers v Athletic Town",)),
            Right(id="night", kind="work", names=("The Long Night Home",), year=2024),
            Right(id="night2", kind="work", names=("The Long Night Home 2",), year=2027),
            Right(id="old", kind="work", names=("Harbour Lights",), year=1971),
            Right(id="new", kind="work", names=("Harbour Lights",), year=2019),
            Right(id="series", kind="work", names=("Glass Meridian",)),
            Right(id="pilot", kind="work", names=("Copper Valley S01E01",)),
        )
    )
)


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("Rovers v Athletic Town 20:45 | EN", "final"), ("LIVE: Athletic Town - Rovers FHD", "final"),
        ("Example League | Rovers vs Athletic Town", "final"), ("Rovers @ Athletic Town 24/11", "final"),
        ("EN - The Long Night Home (2024) 4K", "night"), ("The.Long.Night.Home.2024.1080p.HEVC", "night"),
        ("The Long Night Home 2 (2027) MULTI", "night2"), ("Harbour Lights (1971)", "old"), ("Harbour Lights 2019", "new"),
        ("Glass Meridian S02 E05", "series"), ("GLASS MERIDIAN 2x05 HD", "series"), ("Copper Valley S01E01", "pilot"),
    ],
)  # fmt: skip
def test_a_programme_is_named(title, right):
    assert MINE.resolve(title).right == right


@pytest.mark.parametrize(
    "title",
    [
        "Rovers v City 20:45", "Rovers W v Athletic Town W", "Rovers v Athletic Town U21", "Athletic Town TV",
        "The Long Night Home (1998)", "The Long Night Home 3", "Copper Valley S01E02", "Harbour", "Night Home",
        "The Long Way", "20:45", "S01E01", "2024",
    ],
)  # fmt: skip
def test_another_programme_is_none_of_mine(title):
    assert MINE.resolve(title).right is None


def test_a_name_without_a_year_is_shared_by_two_works():
    found = MINE.resolve("Harbour Lights")
    assert found.right is None
    assert {found.best.id, found.runner_up.id} == {"old", "new"}


def match(own: str, name: str, day: date | None = None) -> Right:
    return Right(id=own, kind="event", names=(name,), day=day)


SEASON = Resolver(
    Catalogue(
        (
            match("clasico", "Real Madrid v FC Barcelona", date(2026, 11, 28)),
            match("derby", "Manchester United v Manchester City"),
            match("first", "Arsenal v Chelsea", date(2026, 11, 28)),
            match("second", "Chelsea v Arsenal", date(2027, 4, 3)),
            match("paris", "Paris Saint-Germain - Olympique de Marseille"),
            match("milan", "Inter - Milan"),
            match("nba", "Los Angeles Lakers @ Boston Celtics"),
            match("fight", "UFC 300: Pereira vs Hill"),
            match("race", "F1 Abu Dhabi Grand Prix 2026", date(2026, 12, 6)),
            match("gelb", "Schalke 04 v FC Bayern München"),
        )
    )
)


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("[PPV 12] Real Madrid CF vs FC Barcelona @ 20:45 CET", "clasico"), ("ES: Real Madrid - Barça 28/11 20:45", "clasico"),
        ("LA LIGA | FC Barcelona - Real Madrid", "clasico"), ("2026-11-28 Real Madrid - Barcelona", "clasico"),
        ("11/28 3:45pm ET | Real Madrid vs Barcelona", "clasico"), ("Real Madrid vs Barcelona (28 November 2026)", "clasico"),
        ("Man Utd v Man City", "derby"), ("EPL 03: Arsenal vs Chelsea 17:30 UK", "first"), ("Chelsea v Arsenal", "second"),
        ("UK PPV 03 | Arsenal x Chelsea @ 28 Nov 17:30", "first"), ("PSG vs Marseille", "paris"), ("PSG - OM 20:45", "paris"),
        ("Ligue 1: Paris SG - Marseille", "paris"), ("SERIE A: INTER - AC MILAN 20:45", "milan"),
        ("NBA 05: Lakers @ Celtics 02:30 CET", "nba"), ("NBA: LA Lakers vs Boston Celtics", "nba"), ("UFC 300 PPV", "fight"),
        ("UFC 300: Pereira v Hill (Main Card)", "fight"), ("F1: Abu Dhabi GP", "race"), ("Formula 1 Abu Dhabi Grand Prix RACE", "race"),
        ("BUNDESLIGA 1: Schalke - Bayern Munich 18:30", "gelb"),
    ],
)  # fmt: skip
def test_a_match_is_told_as_sellers_write_it(title, right):
    assert SEASON.resolve(title).right == right


@pytest.mark.parametrize(
    "title",
    [
        "Real Sociedad v Barcelona", "Barcelona SC v Emelec", "Real Madrid v Barcelona - 12/04 20:45", "Real Madrid v Barcelona 2019",
        "Real Madrid Femenino v Barcelona", "Real Madrid v Barcelona U19", "United v City", "Manchester v Manchester",
        "Newcastle United v Manchester City", "Inter Miami v Milan", "Inter Turku - Milan", "NBA: Lakers vs Knicks",
        "Celtic v Rangers", "UFC 301: Pantoja vs Erceg", "UFC 30", "F1 Abu Dhabi GP Qualifying", "F1 Abu Dhabi Grand Prix 2025",
        "F1 Qatar Grand Prix", "Bayern München v Schalke 04 II", "Arsenal Women v Chelsea Women", "Milan Channel",
    ],
)  # fmt: skip
def test_another_match_is_none_of_mine(title):
    assert SEASON.resolve(title).right is None


FILMS = Resolver(
    Catalogue(
        (
            Right(id="matrix", kind="work", names=("The Matrix",), year=1999, film=True),
            Right(id="runner", kind="work", names=("Blade Runner 2049",), year=2017, film=True),
            Right(id="war", kind="work", names=("1917",), year=2019, film=True),
            Right(id="dune", kind="work", names=("Dune: Part Two",), year=2024, film=True),
            Right(id="bad", kind="work", names=("Breaking Bad",), year=2008),
            Right(id="end", kind="work", names=("Breaking Bad S05E14 Ozymandias",)),
            Right(id="casa", kind="work", names=("La casa de papel", "Money Heist"), year=2017),
            Right(id="earth", kind="work", names=("Planet Earth II",), year=2016),
            Right(id="autumn", kind="work", names=("Copper Valley S02",)),
        )
    )
)


@pytest.mark.parametrize(
    ("title", "right"),
    [
        ("The.Matrix.1999.1080p.BluRay.x264-GROUP", "matrix"), ("|FR| Matrix, The (1999)", "matrix"), ("Blade Runner 2049", "runner"),
        ("Blade Runner 2049 (2017) 4K", "runner"), ("1917", "war"), ("1917 (2019)", "war"), ("Dune 2 (2024)", "dune"),
        ("NF - Breaking Bad (2008) S02 E03 - Bit by a Dead Bee", "bad"), ("Breaking Bad Season 3 Episode 4", "bad"),
        ("Breaking Bad S05E14", "end"), ("Breaking Bad - Temporada 5 Episodio 14", "end"), ("Money Heist S03E01", "casa"),
        ("Planet Earth II S01E01", "earth"), ("Breaking Bad (2012) S05E01", "bad"), ("Copper Valley S02E07", "autumn"),
    ],
)  # fmt: skip
def test_a_film_or_series_is_told_as_sellers_write_it(title, right):
    assert FILMS.resolve(title).right == right


@pytest.mark.parametrize(
    "title",
    [
        "The Matrix S01E01", "The Matrix Trailer", "The Matrix Reloaded (2003)", "Blade Runner (1982)", "Blade Runner 2099 S01E01",
        "Dune (2021)", "Planet Earth (2006)", "1917: The Real Story", "Better Call Saul S01E01", "Copper Valley S03E07",
    ],
)  # fmt: skip
def test_another_film_is_none_of_mine(title):
    assert FILMS.resolve(title).right is None


def test_what_heads_a_group_offers_no_match():
    found = SEASON.resolve("##### UFC 300 #####")
    assert (found.right, found.best) == (None, None)
    assert found.why.id == "offer.heading"


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(
    st.lists(
        st.sampled_from(
            [
                "Real Madrid",
                " v ",
                "Barça",
                "1917",
                "٣",
                "²",
                "S01E",
                "0x00",
                "99.99",
                "|",
                "(",
                "@ ",
                "\0",
                "- ",
                "2024-99-99",
                "31 Feb",
                "🆚",
                "Matrix",
            ]
        )
        | st.text(max_size=5),
        max_size=12,
    )
)
def test_any_title_is_answered(parts):
    title = "".join(parts)
    for resolver in (SEASON, FILMS):
        found = resolver.resolve(title)
        assert 0 <= found.probability <= 1
        assert found.why
