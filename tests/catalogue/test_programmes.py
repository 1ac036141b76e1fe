"""Events and works among titles."""

import pytest

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
