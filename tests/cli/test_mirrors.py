"""``cautery mirrors`` as a person runs it."""

from __future__ import annotations

import csv
import io
import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROWS = (
    "host,first,last,source\n"
    "www.glimzor.com,2025-01-03,2025-02-04,list\n"
    "glimzor2.net,2025-02-04,2025-05-06,list\n"
    "parduwe.org,2025-03-01,2025-04-02,list\n"
    "192.0.2.7,2025-03-01,2025-04-02,list\n"
    "broken.example,soon,,list\n"
)


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.csv"
    path.write_text(ROWS)
    return path


def test_each_registered_domain_has_one_line_of_json(
    cautery: Callable[..., Any], hosts: Path
) -> None:
    ended = cautery("mirrors", hosts, "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 0
    assert {one["domain"]: one["family"] for one in lines} == {
        "192.0.2.7": "192.0.2.7",
        "broken.example": "broken.example",
        "glimzor.com": "glimzor.com",
        "glimzor2.net": "glimzor.com",
        "parduwe.org": "parduwe.org",
    }
    assert all(set(one) == {"domain", "family", "probability"} for one in lines)
    assert lines[0]["probability"] == 1
    assert "line 6: a date" in ended.err


def test_people_see_the_families_and_what_joins_them(
    cautery: Callable[..., Any], hosts: Path
) -> None:
    ended = cautery("mirrors", hosts)
    assert "glimzor2.net" in ended.out
    assert "parduwe" not in ended.out
    assert "5 domains: 1 family of two or more, 3 alone" in ended.err


def test_facts_keep_platforms_apart_and_join_by_a_rare_address(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    facts = tmp_path / "facts"
    facts.mkdir()
    (facts / "url-shortener.csv").write_text("value\nglimzor.com\n")
    (facts / "ranges.csv").write_text("cidr,provider,class,source\n198.51.100.0/24,c,cdn,x\n")
    (facts / "passive-dns.csv").write_text(
        "address,name,first_seen,last_seen\n"
        "203.0.113.5,parduwe.org,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z\n"
        "203.0.113.5,quorvix.net,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z\n"
        "203.0.113.6,parduwe.org,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z\n"
        "203.0.113.6,quorvix.net,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z\n"
        "198.51.100.9,quorvix.net,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z\n"
        "198.51.100.9,belunzo.net,2025-01-01T00:00:00Z,2025-02-01T00:00:00Z\n"
    )
    path = tmp_path / "hosts.txt"
    path.write_text("glimzor.com\nglimzor2.net\nparduwe.org\nquorvix.net\nbelunzo.net\n")
    ended = cautery("mirrors", path, "--facts", facts, "--json")
    family = {one["domain"]: one["family"] for one in map(json.loads, ended.out.splitlines())}
    assert family["parduwe.org"] == family["quorvix.net"]
    assert len(set(family.values())) == 4


def test_whatever_stands_in_a_list_is_counted(cautery: Callable[..., Any], tmp_path: Path) -> None:
    lines = (
        "HTTP://Glimzor.Test:8080/a?b", "glimzor.test.", "", "*.glimzor.test", "bad host", "http://[::1",
        "[2001:db8::1]:80", "192.0.2.7:8080/live", "xn--", "xn--99999999.test", f"{'a' * 64}.test",
    )  # fmt: skip
    path = tmp_path / "hosts.txt"
    path.write_text("\n".join(lines))
    ended = cautery("mirrors", path, "--json")
    assert {json.loads(line)["domain"] for line in ended.out.splitlines()} == {
        "glimzor.test", "2001:db8::1", "192.0.2.7", "xn--", "xn--99999999.test",
    }  # fmt: skip
    assert "5 domains: 0 families of two or more, 5 alone; 7 lines with a host" in ended.err
    assert "3 lines or dates that could not be used" in ended.err


def test_a_missing_file_is_bad_use(cautery: Callable[..., Any], tmp_path: Path) -> None:
    assert cautery("mirrors", tmp_path / "none.csv").code == 2
    assert cautery("mirrors").code == 2


def test_the_schema_names_what_the_lines_have(cautery: Callable[..., Any]) -> None:
    told = json.loads(cautery("mirrors", "--schema").out)
    assert told["$defs"]["member"]["required"] == ["domain", "family", "probability"]


def test_newcomers_are_answered_day_by_day_and_kept(
    cautery: Callable[..., Any], hosts: Path, tmp_path: Path
) -> None:
    state = tmp_path / "arrivals.state"
    ended = cautery("mirrors", hosts, "--online", "--state", state, "--day", "2025-06-01", "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 0
    assert [(one["first"], one["domain"], one["family"], one["new"]) for one in lines] == [
        ("2025-01-03", "glimzor.com", "glimzor.com", True),
        ("2025-02-04", "glimzor2.net", "glimzor.com", False),
        ("2025-03-01", "parduwe.org", "parduwe.org", True),
        ("2025-06-01", "broken.example", "broken.example", True),
    ]
    assert "4 domains came: 1 of known families, 3 new; 0 known before, 1 that are" in ended.err
    schema = json.loads(cautery("mirrors", "--online", "--schema").out)
    assert all(set(one) == set(schema["required"]) for one in lines)
    later = tmp_path / "later.csv"
    later.write_text("host,first\nwww.glimzor.com,2025-07-01\nparduwe-tv.net,2025-03-03\n")
    again = cautery("mirrors", later, "--online", "--state", state, "--json")
    (one,) = map(json.loads, again.out.splitlines())
    assert (one["family"], one["first"], one["day"]) == ("parduwe.org", "2025-03-03", "2025-06-01")
    assert "1 known before" in again.err
    assert state.read_text().splitlines()[0].endswith(" 2025-06-01")
    people = cautery("mirrors", later, "--online")
    assert people.out == ""
    assert "2 domains came: 0 of known families, 2 new" in people.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a state"),
        ("glimzor.com\n", "not a state"),
        ("cautery mirrors --online 1 2025-13-01\n", "2025-13-01 is not a day"),
        ("cautery mirrors --online 1 9999-12-31\n", "its last day, 9999-12-31, is after today"),
        ("cautery mirrors --online 1 -\na.com a.com\na.com a.com\n", "line 3 is not a new domain"),
        ("cautery mirrors --online 1 -\na.com b.com\n", "line 2 is not a new domain"),
        ("cautery mirrors --online 1 -\na.com\n", "line 2 is not a new domain"),
        ("cautery mirrors --online 1 -\n" + "a" * 5_000 + "\n", "line 2 is not a new domain"),
    ],
)
def test_what_is_no_state_is_refused_and_left_as_it_was(
    cautery: Callable[..., Any], hosts: Path, tmp_path: Path, text: str, said: str
) -> None:
    state = tmp_path / "arrivals.state"
    state.write_text(text)
    ended = cautery("mirrors", hosts, "--online", "--state", state)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert state.read_text() == text


def test_a_day_still_to_come_dates_no_answer(cautery: Callable[..., Any], tmp_path: Path) -> None:
    state, hosts = tmp_path / "arrivals.state", tmp_path / "hosts.csv"
    hosts.write_text(
        "host,first,last\n"
        "glimzor.com,9999-12-31,\n"
        "parduwe.org,,9999-12-31\n"
        "wexalo.net,2025-03-02,9999-12-31\n"
    )
    given = ("--online", "--state", state, "--json")
    ended = cautery("mirrors", hosts, *given, "--day", "2025-06-01")
    days = {one["domain"]: one["day"] for one in map(json.loads, ended.out.splitlines())}
    assert days == {
        "glimzor.com": "2025-06-01",
        "parduwe.org": "2025-06-01",
        "wexalo.net": "2025-03-02",
    }
    assert "line 2: 9999-12-31 is a day after today: not used: 'glimzor.com'" in ended.err
    assert "2 lines or dates that could not be used" in ended.err
    assert state.read_text().startswith("cautery mirrors --online 1 2025-06-01\n")
    hosts.write_text("glimzor2.net\n")
    later = cautery("mirrors", hosts, *given, "--day", "2025-06-02")
    assert json.loads(later.out)["day"] == "2025-06-02"


def test_no_newcomer_comes_on_a_day_that_is_still_to_come(
    cautery: Callable[..., Any], hosts: Path, tmp_path: Path
) -> None:
    state = tmp_path / "arrivals.state"
    ended = cautery("mirrors", hosts, "--online", "--state", state, "--day", "9999-12-31")
    assert (ended.code, ended.out) == (2, "")
    assert "--day 9999-12-31: it is after today" in ended.err
    assert not state.exists()


def test_a_state_and_a_day_belong_to_newcomers(
    cautery: Callable[..., Any], hosts: Path, tmp_path: Path
) -> None:
    assert cautery("mirrors", hosts, "--day", "2025-06-01").code == 2
    assert cautery("mirrors", hosts, "--state", tmp_path / "x").code == 2
    assert not (tmp_path / "x").exists()


@pytest.mark.data
def test_the_shared_families_are_found_again(
    cautery: Callable[..., Any], shared_data: Path, tmp_path: Path
) -> None:
    """The threshold is ADR 0018's; bench/networks/mirrors.py measures."""
    packed = (shared_data / "mirror-families" / "families.csv.xz").read_bytes()
    rows = [
        row
        for row in csv.DictReader(io.StringIO(lzma.decompress(packed).decode()))
        if row["shared_proxy"] == "0"
    ]
    path = tmp_path / "hosts.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ("host", "first", "last", "source"), extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    ended = cautery("mirrors", path, "--facts", shared_data, "--json")
    found = {one["domain"]: one["family"] for one in map(json.loads, ended.out.splitlines())}
    told: dict[str, str] = {}
    for row in rows:
        if row["registered_domain"] in found:  # one name of I2P is split elsewhere
            told.setdefault(row["registered_domain"], row["family"])
    both = Counter((told[one], found[one]) for one in told)
    sizes = defaultdict(int, Counter(told.values()))
    groups = Counter(found[one] for one in told)
    precision = sum(both[told[one], found[one]] / groups[found[one]] for one in told) / len(told)
    recall = sum(both[told[one], found[one]] / sizes[told[one]] for one in told) / len(told)
    assert len(told) > 3000
    assert 2 * precision * recall / (precision + recall) >= 0.87
