"""What a person says of two hosts is recorded with a name and a reason, and can be taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.model import Asset, Role, SupplyGraph
from cautery.model.records import HostsRuled, Ruling
from cautery.projections.rulings import MOST_RULINGS

from .conftest import Ran
from .notice_case import Watched

HOSTS = ("a.example", "b.example", "c.example")
Cautery = Callable[..., Ran]


@pytest.fixture
def mapped(proven_case: Watched) -> Watched:
    assets = tuple(Asset(kind="host", value=host, role=Role.EDGE) for host in HOSTS)
    proven_case.write(SupplyGraph(assets=assets, edges=()))
    return proven_case


def said(by: str = "A. Analyst", why: str = "one invoice") -> tuple[str, ...]:
    return "--by", by, "--why", why


def test_a_ruling_is_recorded_listed_and_taken_back(cautery: Cautery, mapped: Watched) -> None:
    case = str(mapped.path)
    assert cautery("ruling", "same", case, "b.example", "a.example", *said()).code == 0
    assert cautery("ruling", "not-same", case, "a.example", "c.example", *said()).code == 0
    listed = cautery("ruling", "list", case, "--json").out.splitlines()
    newest, older = map(json.loads, listed)
    assert (newest["ruling"], newest["other"]) == ("not same", "c.example")
    assert older | {"at": ""} == {
        "record": older["record"], "host": "b.example", "other": "a.example", "ruling": "same",
        "by": "A. Analyst", "why": "one invoice", "at": "",
    }  # fmt: skip
    undone = cautery("ruling", "undo", case, "a.example", "b.example", *said(why="misread"))
    assert undone.code == 0
    assert cautery("ruling", "list", case, "--json").out.count("\n") == 1
    assert [one["ruling"] for one in mapped.records("hosts.ruled")] == ["same", "not same", "open"]
    again = cautery("ruling", "undo", case, "a.example", "b.example", *said())
    assert again.code != 0
    assert "nothing that was said of a.example and b.example holds" in again.err


def test_a_contradiction_names_who_said_the_contrary(cautery: Cautery, mapped: Watched) -> None:
    case = str(mapped.path)
    cautery("ruling", "same", case, "a.example", "b.example", *said())
    cautery("ruling", "same", case, "b.example", "c.example", *said("B. Analyst"))
    refused = cautery("ruling", "not-same", case, "a.example", "c.example", *said("C. Analyst"))
    assert refused.code != 0
    assert "A. Analyst says that a.example is the same as b.example" in refused.err
    assert len(mapped.records("hosts.ruled")) == 2


def test_what_came_since_somebody_looked_stops_a_ruling(cautery: Cautery, mapped: Watched) -> None:
    case = str(mapped.path)
    cautery("ruling", "same", case, "a.example", "b.example", *said())
    (line,) = cautery("ruling", "list", case, "--json").out.splitlines()
    record = json.loads(line)["record"]
    late = cautery("ruling", "same", case, "b.example", "c.example", *said(), "--seen", "0")
    assert late.code != 0
    assert "since you looked, A. Analyst says" in late.err
    seen = cautery("ruling", "same", case, "b.example", "c.example", *said(), "--seen", str(record))
    assert seen.code == 0


@pytest.mark.parametrize(
    ("hosts", "more", "error"),
    [
        (("a.example", "nobody.example"), said(), "has no host nobody.example"),
        (("a.example", "a.example"), said(), "two different hosts"),
        (("a.example", "b.example"), said(by=" "), "names a person and a reason"),
        (("a.example", "b.example"), said(why=" "), "names a person and a reason"),
    ],
)
def test_what_is_no_ruling_is_refused(
    cautery: Cautery, mapped: Watched, hosts: tuple[str, str], more: tuple[str, ...], error: str
) -> None:
    refused = cautery("ruling", "same", str(mapped.path), *hosts, *more)
    assert refused.code != 0
    assert error in refused.err.replace("\n", " ")
    assert mapped.records("hosts.ruled") == []


def test_where_there_is_no_map_or_no_case_it_says_so(
    cautery: Cautery, proven_case: Watched, tmp_path: Path
) -> None:
    case = str(proven_case.path)
    refused = cautery("ruling", "same", case, "a.example", "b.example", *said())
    assert "nothing is mapped in this case" in refused.err
    assert cautery("ruling", "list", case, "--json").out == ""
    assert cautery("ruling", "list", str(tmp_path / "none")).code != 0


@pytest.mark.parametrize("flood", [Ruling.OPEN, Ruling.SAME])
def test_a_flood_of_words_on_hosts_that_nobody_knows_ends_no_ruling(
    cautery: Cautery, mapped: Watched, flood: Ruling
) -> None:
    case = str(mapped.path)
    assert cautery("ruling", "not-same", case, "a.example", "c.example", *said()).code == 0
    mapped.write(
        *(
            HostsRuled(
                host=f"a{n}.x", other=f"b{n}.x", ruling=flood, by="X", why="x", at=datetime.now(UTC)
            )
            for n in range(MOST_RULINGS)
        )
    )
    listed = cautery("ruling", "list", case, "--json").out.splitlines()
    assert json.loads(listed[-1])["host"] == "a.example"
    assert len(listed) == (1 if flood is Ruling.OPEN else MOST_RULINGS)
    full = cautery("ruling", "same", case, "a.example", "b.example", *said())
    assert ("all that a case takes" in full.err) == (flood is Ruling.SAME)
