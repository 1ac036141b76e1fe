from __future__ import annotations

import csv
import ipaddress
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cautery.lab import plan_world
from cautery.lab.facts_folder import write_facts

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_facts(plan_world(1), tmp_path / "facts", NOON)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_every_fact_is_dated_and_its_file_is_there(folder: Path) -> None:
    facts = tomllib.loads((folder / "facts.toml").read_text())["facts"]
    assert "passive-dns" in facts
    for fact in facts.values():
        assert (folder / fact["path"]).is_file()
        assert fact["date"] == date(2026, 11, 24)
        assert fact["valid_days"] > 0


def test_every_host_lies_in_an_announced_range(folder: Path) -> None:
    spans = [(int(r["start"]), int(r["end"])) for r in rows(folder / "ip-asn/asn-ipv4.csv")]
    for host in plan_world(1).hosts:
        number = int(ipaddress.ip_address(host.address))
        assert any(start <= number <= end for start, end in spans)


def test_a_recycled_address_still_names_its_former_tenant(folder: Path) -> None:
    seen = rows(folder / "passive-dns.csv")
    former = [r for r in seen if r["last_seen"] < "2026-10-01"]
    assert former
    for old in former:
        assert any(r["address"] == old["address"] and r["name"] != old["name"] for r in seen)


def test_a_dedicated_address_has_no_innocent_tenant(folder: Path) -> None:
    plan = plan_world(1)
    innocent = {one.address for one in plan.hosts if one.innocent}
    kept = {r["address"] for r in rows(folder / "dedicated.csv")}
    assert kept
    assert not kept & innocent
