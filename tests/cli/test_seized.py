"""``cautery seized`` as an officer runs it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[1] / "formats" / "assets" / "samples"
MANDATE = """\
[mandate]
id = "m"
who = "Postal Police"
regime = "{regime}"
legal_basis = "decree 1"
start = 2026-01-01T00:00:00Z
end = 2999-01-01T00:00:00Z
territories = ["IT"]
[[channel]]
id = "sport-1"
names = ["Sport One"]
"""


@pytest.fixture
def led(tmp_path: Path) -> Path:
    path = tmp_path / "led.toml"
    path.write_text(MANDATE.format(regime="led"))
    return path


def take(cautery: Callable[..., Any], case: Path, mandate: Path, *more: object) -> Any:
    return cautery(
        "seized", "take", SAMPLES / "panel_sql", SAMPLES / "netflow", "--case", case,
        "--mandate", mandate, "--by", "A. Bianchi", "--panel", "north", *more,
    )  # fmt: skip


def test_a_private_mandate_is_refused_and_nothing_is_written(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    private = tmp_path / "gdpr.toml"
    private.write_text(MANDATE.format(regime="gdpr"))
    ended = take(cautery, tmp_path / "case", private)
    assert ended.code == 2
    assert "only a competent authority" in ended.err
    assert not (tmp_path / "case").exists()


def test_what_was_taken_is_told_shown_and_linked(
    cautery: Callable[..., Any], tmp_path: Path, led: Path
) -> None:
    ended = take(cautery, tmp_path / "case", led, "--links", tmp_path / "links.csv", "--json")
    assert ended.code == 0
    dump, flows = (json.loads(line) for line in ended.out.splitlines())
    assert (dump["kind"], flows["kind"], dump["known"]) == ("panel_sql", "netflow", False)
    shown = cautery("seized", "show", tmp_path / "case", "--json")
    titles = {json.loads(line)["table"] for line in shown.out.splitlines()}
    assert {"taken", "accounts", "servers", "drawn from", "flows"} <= titles
    rows = list(csv.DictReader((tmp_path / "links.csv").open()))
    assert list(rows[0]) == ["subject", "kind", "value", "first_seen", "last_seen", "source"]
    assert ("up.example", "panel", "north") in {
        (row["subject"], row["kind"], row["value"]) for row in rows
    }
    assert cautery("seized", "links", tmp_path / "case").out == (tmp_path / "links.csv").read_text()
    for secret in ("anna.b", "t0ps3cret", "192.0.2.7", "seller@", "Via Roma"):
        assert secret not in ended.out + ended.err + shown.out + shown.err


def test_the_original_is_given_back_to_somebody_with_a_reason(
    cautery: Callable[..., Any], tmp_path: Path, led: Path
) -> None:
    taken = json.loads(take(cautery, tmp_path / "case", led, "--json").out.splitlines()[0])
    out = tmp_path / "dump.sql"
    who = ("--by", "A. Bianchi", "--why", "court")
    ended = cautery("seized", "original", tmp_path / "case", taken["id"], "-o", out, *who)
    assert ended.code == 0
    assert out.read_bytes() == (SAMPLES / "panel_sql").read_bytes()
    assert out.stat().st_mode & 0o777 == 0o600
    names = cautery("seized", "accounts", tmp_path / "case", taken["id"], *who, "--json")
    assert {json.loads(line)["name"] for line in names.out.splitlines()} == {"boss", "seller"}
    assert cautery("seized", "erase", tmp_path / "case", taken["id"], *who).code == 0
    gone = cautery("seized", "original", tmp_path / "case", taken["id"], "-o", tmp_path / "x", *who)
    assert gone.code == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "arguments",
    [("--category", "boss"), ("--server", "edge.example"), ("--kind", "m3u"), ("--kind", "dvd")],
)
def test_bad_use_is_said_in_a_sentence(
    cautery: Callable[..., Any], tmp_path: Path, led: Path, arguments: tuple[str, ...]
) -> None:
    ended = take(cautery, tmp_path / "case", led, *arguments)
    assert ended.code == 2
    assert ended.err.startswith("cautery: ")


def test_read_says_where_seized_material_belongs(cautery: Callable[..., Any]) -> None:
    ended = cautery("read", SAMPLES / "panel_sql")
    assert ended.code == 2
    assert "cautery seized take" in ended.err
    assert "anna" not in ended.err + ended.out
