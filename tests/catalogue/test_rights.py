"""Catalogues from tables."""

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


@pytest.mark.parametrize("table", [[], ["a,b\n", "1,2\n"], ['id,name\n"' + "x" * 200_000]])
def test_what_is_no_catalogue_is_the_callers_mistake(table):
    with pytest.raises(InputError):
        Catalogue.of_csv(table)


def test_a_catalogue_can_be_had_without_some():
    assert [one.id for one in Catalogue.of_csv(TABLE).without({"B.uk"}).rights] == ["A.fr", "tt1"]
