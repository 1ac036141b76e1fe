"""A mandate is read whole, or refused with file, line and remedy."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.errors import MandateError
from cautery.model import Access, Regime
from cautery.workflows.read_mandate import mandate_schema, read_mandate

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)

EXAMPLE = """\
[mandate]
id = "league-md34"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights 2026/27, annex 3"
start = 2026-11-24T20:30:00Z
end = 2026-11-24T23:00:00Z
territories = ["FR", "IT", "GB"]

[[event]]
id = "home-away"
name = "Home v Away"
kick_off = 2026-11-24T20:45:00Z
clean_feed = "http://feeds.example/clean/index.m3u8"

[[channel]]                     # a licensee's feed
id = "licensee-fr"
names = ["Licensee Sport 1"]
territory = "FR"
event = "home-away"
reference = "http://feeds.example/fr/index.m3u8"    # a URL, a file or a .ref

[[partner]]                     # may re-stream
name = "Lawful Partner"
hosts = ["partner.example"]
channels = ["licensee-fr"]

[[work]]
id = "eidr:10.5240/AAAA-BBBB"
title = "A Film"
year = 2025
kind = "film"
reference = "films/a-film.mp4"

[[order]]
id = "TJ-2026-118"
authority = "Tribunal judiciaire de Paris"
territory = "FR"
start = 2026-08-01T00:00:00Z
end = 2027-05-31T23:59:59Z
targets_rule = "services not yet identified, during the calendar's matches"

[[approver]]
name = "A. Legal"
role = "legal"
public_key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="

[[source]]
url = "http://list.example/playlist.m3u"
kind = "m3u"
access = "public"

[network]
allow = []
rate_per_host = 1.0
user_agent = "ExampleLeague-monitor/1"
"""


@pytest.fixture
def write(tmp_path: Path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "a-film.mp4").write_bytes(b"film")

    def writer(text: str) -> Path:
        path = tmp_path / "mandate.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return writer


def refused(path: Path, now: datetime = NOW) -> MandateError:
    with pytest.raises(MandateError) as caught:
        read_mandate(path, now=now)
    return caught.value


def line_of(text: str, needle: str) -> int:
    return 1 + next(at for at, line in enumerate(text.splitlines()) if needle in line)


def test_the_example_of_the_documentation_is_read(write) -> None:
    mandate = read_mandate(write(EXAMPLE), now=NOW)
    assert mandate.regime is Regime.GDPR
    assert mandate.channels[0].legal_basis == "exclusive rights 2026/27, annex 3"
    assert mandate.partner_on("live.partner.example").name == "Lawful Partner"
    assert mandate.sources[0].access is Access.PUBLIC
    assert mandate.works[0].reference.endswith("films/a-film.mp4")


CASES = {
    "no legal basis at all": (
        'legal_basis = "exclusive rights 2026/27, annex 3"\n',
        "",
        "[[event]]",
        "legal basis",
    ),
    "a channel whose own basis is empty": (
        'territory = "FR"\nevent',
        'territory = "FR"\nlegal_basis = ""\nevent',
        "[[channel]]",
        "legal basis",
    ),
    "an unknown event": ('event = "home-away"', 'event = "home"', 'event = "home"', "unknown"),
    "an unknown channel": (
        'channels = ["licensee-fr"]',
        'channels = ["licensee-xx"]',
        "licensee-xx",
        "licensee-xx",
    ),
    "a window that ends before it starts": (
        "end = 2026-11-24T23:00:00Z",
        "end = 2026-11-24T20:00:00Z",
        "end = 2026-11-24T20:00:00Z",
        "before it starts",
    ),
    "a naive time": (
        "start = 2026-11-24T20:30:00Z",
        "start = 2026-11-24T20:30:00",
        "start = 2026-11-24T20:30:00",
        "time zone",
    ),
    "an unknown reader": ('kind = "m3u"', 'kind = "torrent"', 'kind = "torrent"', "torrent"),
    "a misspelt key": ("rate_per_host", "rate_per_hosts", "rate_per_hosts", "not known here"),
    "an unknown regime": ('regime = "gdpr"', 'regime = "none"', 'regime = "none"', "gdpr"),
    "seized material in private hands": (
        'access = "public"',
        'access = "seized"',
        'access = "seized"',
        "led",
    ),
    "a panel dump in private hands": (
        'kind = "m3u"',
        'kind = "panel_dump"',
        'kind = "panel_dump"',
        "led",
    ),
    "a film that is not there": (
        "films/a-film.mp4",
        "films/another.mp4",
        "films/another.mp4",
        "no such file",
    ),
    "a line without its receipt": (
        'access = "public"',
        'access = "test-purchase"',
        "[[source]]",
        "receipt",
    ),
    "a range that is none": ("allow = []", 'allow = ["localhost"]', "[network]", "localhost"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_wrong_is_named_by_file_line_and_remedy(write, case) -> None:
    old, new, where, said = case
    assert old in EXAMPLE
    text = EXAMPLE.replace(old, new, 1)
    path = write(text)
    error = refused(path)
    assert f"{path}, line {line_of(text, where)}:" in str(error)
    assert said in str(error)
    assert error.hint


def test_a_window_that_is_over_is_refused(write) -> None:
    error = refused(write(EXAMPLE), now=datetime(2026, 11, 25, tzinfo=UTC))
    assert f"line {line_of(EXAMPLE, 'end = 2026-11-24T23')}" in str(error)
    assert "ended" in str(error)


def test_text_that_is_no_toml_names_its_line(write) -> None:
    error = refused(write(EXAMPLE.replace('id = "league-md34"', "id = league", 1)))
    assert "line 2" in str(error)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    error = refused(tmp_path / "none.toml")
    assert "cannot be read" in str(error)


def test_an_authority_may_name_seized_material(write) -> None:
    text = EXAMPLE.replace('regime = "gdpr"', 'regime = "led"').replace(
        'access = "public"', 'access = "seized"'
    )
    assert read_mandate(write(text), now=NOW).sources[0].access is Access.SEIZED


def test_the_schema_names_every_table_of_the_example() -> None:
    tables = set(mandate_schema()["properties"])
    assert {"mandate", "event", "channel", "partner", "work", "order", "source"} <= tables
