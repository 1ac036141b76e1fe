"""Titles to rights, or to none."""

# ruff: noqa: RUF001 - letters in disguise are the point
import gzip
import lzma
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.catalogue import Catalogue, Resolver, Right, normalise, resolve
from cautery.errors import InputError
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
DATA = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))


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
     "FR: ARENA 1", "Rovers Documentary", "★★★ SPORT ★★★", "\0", "1"],
)  # fmt: skip
def test_another_title_is_none_of_mine(title):
    found = RESOLVER.resolve(title)
    assert found.right is None
    assert found.probability < 0.5


def test_the_sources_country_decides_between_two_of_one_name():
    both = Catalogue((
        Right(id="news.fr", kind="channel", names=("World News",), country="fr"),
        Right(id="news.de", kind="channel", names=("World News",), country="de"),
    ))  # fmt: skip
    assert resolve("World News", both, country="DE").right == "news.de"
    assert resolve("FR: World News", both, country="DE").right == "news.fr"
    assert resolve("World News", both).probability <= 0.5


def test_the_answer_says_why_and_who_came_second():
    found = RESOLVER.resolve("Arena Uno")
    assert "'Arena Uno'" in found.why
    assert 0.5 <= found.probability <= 1


def test_the_empty_catalogue_answers_none():
    assert resolve("Arena 1", Catalogue(())).right is None


@pytest.mark.parametrize(
    "packed", [("c.csv", lambda b: b), ("c.csv.xz", lzma.compress), ("c.csv.gz", gzip.compress)]
)
def test_a_catalogue_is_read_packed_or_not(tmp_path, packed):
    name, pack = packed
    rows = "id,name,alt_names,country\nA.fr,Chaîne A,CA;,FR\n,nameless,,\nB.uk,B,,GB\n"
    (tmp_path / name).write_bytes(pack(rows.encode()))
    found = Catalogue.read_csv(tmp_path / name)
    assert found.rights[0] == Right(
        id="A.fr", kind="channel", names=("Chaîne A", "CA"), country="fr"
    )
    assert len(found.rights) == 2


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\xff\xfe\0\0", b'id,name\n"' + b"x" * 200_000]
)
def test_what_is_no_catalogue_is_the_callers_mistake(tmp_path, content):
    (tmp_path / "c.csv").write_bytes(content)
    with pytest.raises(InputError):
        Catalogue.read_csv(tmp_path / "c.csv")


@given(st.text(max_size=80))
def test_any_title_is_resolved_to_one_or_none(title):
    found = RESOLVER.resolve(title)
    assert 0 <= found.probability <= 1
    assert (found.right is None) == (found.probability < 0.5)


@given(st.text(max_size=80))
def test_normalising_needs_no_particular_text(title):
    assert all(normalise(title).words)
