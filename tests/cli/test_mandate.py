"""``cautery mandate`` as its writer runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.wiring import watching

Cautery = Callable[..., Any]
MANDATE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = 2026-01-01T00:00:00Z
end = 2999-01-01T00:00:00Z
territories = ["FR"]
[[event]]
id = "match"
name = "Home v Away"
kick_off = 2998-11-24T20:45:00Z
clean_feed = "https://feeds.example/k/t0psecret/clean.m3u8"
collateral_budget = 7
[[channel]]
id = "fr"
names = ["Sport 1"]
event = "match"
reference = "https://feeds.example/k/t0psecret/clean.m3u8"
[[work]]
id = "own-1"
title = "A Film"
reference = "film.ts"
[[partner]]
name = "Lawful Partner"
hosts = ["partner.example"]
channels = ["fr"]
[[order]]
id = "TJ-1"
authority = "Tribunal"
territory = "FR"
start = 2026-08-01T00:00:00Z
end = 2999-01-01T00:00:00Z
targets_rule = "services of the match"
[[approver]]
name = "A. Legal"
role = "legal"
public_key = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
[[source]]
url = "http://lists.example/all.m3u"
kind = "m3u"
vantages = ["home"]
[[vantage]]
name = "home"
country = "FR"
proxy = "http://us:t0psecret@proxy.example:3128"
[[intermediary]]
name = "Provider"
territory = "FR"
list_url = "https://us:t0psecret@provider.example/list"
[network]
rate_per_host = 2.5
"""


@pytest.fixture
def mandate(tmp_path: Path) -> Path:
    (tmp_path / "film.ts").touch()
    path = tmp_path / "mandate.toml"
    path.write_text(MANDATE)
    return path


def test_show_prints_every_table_that_is_in_force_and_no_secret(
    cautery: Cautery, mandate: Path
) -> None:
    for_people, for_machines = (
        cautery("mandate", "show", mandate),
        cautery("mandate", "show", mandate, "--json"),
    )
    rows = [json.loads(line) for line in for_machines.out.splitlines()]
    tables = [next(iter(row)) for row in rows]
    assert tables == [
        "event", "channel", "work", "partner", "source", "vantage", "order", "intermediary",
        "approver", "user_agent", *["warning"] * tables.count("warning"), "mandate",
    ]  # fmt: skip
    said = for_people.out + for_people.err
    for written in (
        "Home v Away", "2998-11-24 20:45 UTC", "Sport 1", "A Film", "film.ts", "partner.example",
        "services of the match", "A. Legal", "provider.example", "home", "2.5", "rights", "7",
    ):  # fmt: skip
        assert written in said
    assert "t0psecret" not in said + for_machines.out + for_machines.err


def test_show_and_watch_warn_of_what_the_mandate_switches_off(
    cautery: Cautery, mandate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def never(*_: object, **__: object) -> Path:
        raise InputError("not in this test")

    monkeypatch.setattr(watching, "watch", never)
    for command in (("mandate", "show"), ("watch", "--case", tmp_path / "case")):
        ended = cautery(*command, mandate, "--json")
        rows = [json.loads(line) for line in ended.out.splitlines()]
        warnings = {row["warning"]: row["text"] for row in rows if "warning" in row}
        assert {*warnings} == {
            "gap.no-facts", "gap.clean-feed-as-reference", "gap.no-licensee", "gap.approvers",
            "gap.no-proxy",
        }  # fmt: skip
        said = cautery(*command, mandate).err
        assert all(f"warning: {text}" in said for text in warnings.values())
