"""No credential and no contact stands in clear in anything that a case shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.model import Entry

pytestmark = pytest.mark.journey


def secrets(night: Any) -> list[str]:
    """The lines that were bought, and the handles by which sellers are reached."""
    found = []
    for network in night.world.plan.networks:
        found += [network.username, network.password, network.contact]
    assert len(found) >= 3
    assert all(len(one) > 4 for one in found)
    return found


def test_the_credentials_were_used_so_that_their_absence_says_something(night: Any) -> None:
    assert any(network.password in night.mandate for network in night.world.plan.networks)
    read = [one for one in night.resumed.bodies("source.read") if one["kind"] == "xtream"]
    assert any(one["failed"] is None and one["entries"] for one in read)


def test_no_record_holds_a_credential_or_a_handle(
    night: Any, entries: Callable[[Path], list[Entry]]
) -> None:
    for entry in entries(night.case):
        leaf = entry.leaf.decode()
        for secret in secrets(night):
            assert secret not in leaf, f"record {entry.index}, {entry.record.kind}"


@pytest.mark.parametrize("file", ["report.html", "ledger.sqlite"])
def test_no_file_that_is_read_in_the_open_holds_one(night: Any, file: str) -> None:
    body = (Path(night.case) / file).read_bytes()
    assert len(body) > 10_000
    for secret in secrets(night):
        assert secret.encode() not in body


def test_no_exhibit_holds_one_in_clear_but_media(
    night: Any, entries: Callable[[Path], list[Entry]]
) -> None:
    named = {
        one.record.body["exhibit"]["id"]: one.record.body["what"]
        for one in entries(night.case)
        if one.record.kind == "exhibit.sealed"
    }
    assert {"mandate", "playlist", "panel", "page"} <= set(named.values())
    for exhibit, what in named.items():
        digest = exhibit.removeprefix("sha256:")
        body = (Path(night.case) / "vault" / digest[:2] / digest).read_bytes()
        for secret in secrets(night):
            assert secret.encode() not in body, what


def test_what_is_streamed_and_said_holds_none(night: Any) -> None:
    shown = str(night.resumed.records) + "\n".join(night.resumed.said)
    for secret in secrets(night):
        assert secret not in shown


def test_a_closed_ledger_needs_no_writing_to_be_read(night: Any) -> None:
    path = Path(night.case) / "ledger.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as held:
        assert held.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    held.close()
    assert not path.with_name("ledger.sqlite-wal").exists()
