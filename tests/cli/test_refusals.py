"""A mandate that allows nothing is refused with file, line and remedy before anything is fetched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.lab.hostile import Hostile

NOW = datetime.now(UTC)


def mandate(url: str, **changed: str) -> str:
    """A mandate that is in order, but for what a test changes."""
    held = {
        "regime": "gdpr",
        "basis": "exclusive rights",
        "end": (NOW + timedelta(hours=1)).isoformat(),
        "partner": "fr",
        "event": "match",
        "source": 'access = "public"',
        "kind": "m3u",
        "network": "",
    } | changed
    return f"""\
[mandate]
id = "m"
who = "Example League"
regime = "{held["regime"]}"
legal_basis = "{held["basis"]}"
start = {(NOW - timedelta(hours=2)).isoformat()}
end = {held["end"]}
territories = ["FR"]

[[event]]
id = "match"
name = "Home v Away"
kick_off = {NOW.isoformat()}
clean_feed = "{url}"

[[channel]]
id = "fr"
names = ["Licensee"]
event = "{held["event"]}"
reference = "{url}"

[[partner]]
name = "Lawful Partner"
hosts = ["partner.example"]
channels = ["{held["partner"]}"]

[[source]]
url = "{url}"
kind = "{held["kind"]}"
{held["source"]}

[network]
allow = ["127.0.0.0/8"]
{held["network"]}
"""


REFUSED = {
    "no legal basis": ({"basis": ""}, 10, "has no legal basis", "legal_basis"),
    "unknown channel": ({"partner": "it"}, 25, "unknown channel 'it'", "Known channels: fr"),
    "unknown event": ({"event": "final"}, 19, "unknown event 'final'", "Known events: match"),
    "window in the past": (
        {"end": (NOW - timedelta(hours=1)).isoformat()},
        7,
        "the window ended at",
        "has not ended",
    ),
    "seized source": (
        {"source": 'access = "seized"'},
        30,
        "seized material needs regime 'led'",
        "competent authority",
    ),
    "seized kind": ({"kind": "panel_dump"}, 29, "seized material", "competent authority"),
    "unknown reader": ({"kind": "torrent"}, 29, "unknown reader 'torrent'", "Readers: m3u"),
    "credentials of nobody": (
        {"source": 'username = "anna"\npassword = "secret"'},
        27,
        "needs no credentials",
        "test-purchase",
    ),
    "unknown key": ({"network": "speed = 3"}, 34, "speed", ""),
    "not valid TOML": ({"network": "= 3"}, 34, "not valid TOML", "Correct that line"),
}


@pytest.mark.parametrize(("changed", "line", "said", "hint"), REFUSED.values(), ids=list(REFUSED))
async def test_a_mandate_that_allows_nothing_is_refused_and_nothing_is_fetched(
    *,
    cautery: Callable[..., Any],
    tmp_path: Path,
    changed: dict[str, str],
    line: int,
    said: str,
    hint: str,
) -> None:
    file = tmp_path / "mandate.toml"
    async with Hostile() as server:
        file.write_text(mandate(server.url("latin1"), **changed))
        ended = cautery("watch", file, "--case", tmp_path / "case")
        assert server.asked == []
    assert ended.code == 2
    assert str(file) in ended.err
    assert f":{line}" in ended.err or f"line {line}" in ended.err, ended.err
    assert said in ended.err
    assert hint in ended.err
    assert "secret" not in ended.err
    assert not (tmp_path / "case").exists(), "not even a case is begun"


def test_a_watch_without_a_mandate_or_a_case_says_what_it_needs(
    cautery: Callable[..., Any],
) -> None:
    ended = cautery("watch")
    assert ended.code == 2
    assert "cautery watch MANDATE.toml --case DIR" in ended.err


def test_a_mandate_without_any_reference_says_what_to_add(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "mandate.toml"
    text = mandate("http://127.0.0.1:9/x")
    kept = [one for one in text.splitlines() if not one.startswith(("clean_feed", "reference"))]
    file.write_text("\n".join(kept))
    ended = cautery("watch", file, "--case", tmp_path / "case")
    assert ended.code == 2
    assert "clean_feed" in ended.err


def test_a_folder_that_holds_something_else_is_no_case(
    cautery: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "mandate.toml"
    file.write_text(mandate("http://127.0.0.1:9/x"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    ended = cautery("watch", file, "--case", tmp_path / "photos")
    assert ended.code == 2
    assert "cat.jpg" in ended.err
    assert [one.name for one in (tmp_path / "photos").iterdir()] == ["cat.jpg"]
