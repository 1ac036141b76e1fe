"""Catalogues from tables."""

from datetime import date

import pytest

from cautery.catalogue import Catalogue, Right
from cautery.errors import InputError

TABLE = [
    "id,name,alt_names,network,country,closed,kind,year\n",
    "A.fr,Chaîne A,CA;;CA,Net,FR,,,\n",
    ",nameless,,,,,,\n",
    "B.uk,B,,,UK,2020-01-01,,\n",
    "tt1,Film,,,,,work,1999\n",
]
FEEDS = [
    "channel,name,alt_names,broadcast_area,languages\n",
    "A.fr,SD,,c/FR;r/BENELUX;s/CA-QC;ct/USNYC;c/??,fra;nld\n",
    "A.fr,Ouest,,,\n",
]


def test_a_table_in_iptv_orgs_layout_is_read():
    a, b, film = Catalogue.of_csv(TABLE, feeds=FEEDS).rights
    assert a == Right(
        id="A.fr", kind="channel", names=("Chaîne A", "CA"), country="fr", areas=("benelux", "ca", "fr"),
        languages=("fra", "nld"), network="Net", feeds=("SD", "Ouest"),
    )  # fmt: skip
    assert (b.country, b.closed, b.areas) == ("gb", True, ())
    assert (film.kind, film.year) == ("work", 1999)


@pytest.mark.parametrize(
    "table",
    [
        [],
        ["a,b\n", "1,2\n"],
        ["id,name\n"],
        ["id,name\n", ",A\n", "a,\n"],
        ['id,name\n"' + "x" * 200_000],
    ],
)
def test_what_is_no_catalogue_is_the_callers_mistake(table):
    with pytest.raises(InputError):
        Catalogue.of_csv(table)


def test_a_catalogue_can_be_had_without_some():
    assert [one.id for one in Catalogue.of_csv(TABLE).without({"B.uk"}).rights] == ["A.fr", "tt1"]


def test_rows_of_one_id_are_one_right_under_all_names():
    [one] = Catalogue.of_csv(["ID,Name,country\n", "a,BBC One,UK\n", "a,BBC 1,FR\n"]).rights
    assert (one.names, one.country) == (("BBC One", "BBC 1"), "gb")


def test_a_table_tells_films_series_and_dated_events():
    film, series, match, undated = Catalogue.of_csv(
        [
            "id,name,kind,date\n",
            "f,F,film,\n",
            "s,S,series,\n",
            "m,A v B,event,2026-11-28T20:00:00Z\n",
            "n,C v D,event,soon\n",
        ]
    ).rights
    assert (film.kind, film.film, series.kind, series.film) == ("work", True, "work", False)
    assert (match.day, undated.day) == (date(2026, 11, 28), None)
