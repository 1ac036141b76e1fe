"""What a command writes: never over a case, a link or a device, and confidential things privately."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery import wiring
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import InputError
from cautery.model import KeyedPseudonyms
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    opened = open_case(
        tmp_path / "case",
        store=FolderStore(KeyFolder(tmp_path / "keys")),
        clock=FixedClock(NOON),
    )
    journal = Journal(
        opened.ledger, opened.vault, opened.clock, pseudonyms=KeyedPseudonyms(b"k" * 32)
    )
    for what in ("open", "hidden"):
        journal.seal(
            what.encode(), what=what, media_type="text/plain", at=NOON,
            url="http://panel.example/", confidential=what == "hidden",
        )  # fmt: skip
    opened.leave()
    return tmp_path / "case"


def test_a_confidential_exhibit_is_taken_out_for_its_owner_alone(
    cautery: Callable[..., Any], case: Path
) -> None:
    keys = ("--keys", case.parent / "keys")
    rows = map(json.loads, cautery("exhibit", case, "--json").out.splitlines())
    old = os.umask(0)
    try:
        for one in rows:
            out = case.parent / one["what"]
            assert cautery("exhibit", case, one["id"], *keys, "-o", out).code == 0
    finally:
        os.umask(old)
    assert (case.parent / "hidden").stat().st_mode & 0o777 == 0o600
    assert (case.parent / "open").stat().st_mode & 0o777 == 0o666


def written(path: Path) -> None:
    wiring.write_file(path, b"new")


def written_of(path: Path) -> None:
    wiring.write_file_of(path, iter((b"new",)))


def written_secret(path: Path) -> None:
    wiring.write_secret(path, iter((b"new",)))


WRITERS = (written, written_of, written_secret)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("name", ["ledger.sqlite", "vault/new", "report.html"])
def test_nothing_is_written_into_a_case(
    case: Path, write: Callable[[Path], None], name: str
) -> None:
    before = (case / "ledger.sqlite").read_bytes()
    with pytest.raises(InputError, match="which may hold only its own files"):
        write(case / name)
    assert (case / "ledger.sqlite").read_bytes() == before


@pytest.mark.parametrize("write", WRITERS)
def test_a_link_is_not_written_through_nor_replaced(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    (tmp_path / "aim").write_bytes(b"old")
    for name, aim in (("link", "aim"), ("gone", "none"), ("circle", "circle")):
        (tmp_path / name).symlink_to(tmp_path / aim)
        with pytest.raises(InputError, match="is a symbolic link"):
            write(tmp_path / name)
        assert (tmp_path / name).is_symlink()
    assert (tmp_path / "aim").read_bytes() == b"old"


@pytest.mark.parametrize("write", WRITERS)
def test_a_pipe_gets_the_bytes_and_stays(tmp_path: Path, write: Callable[[Path], None]) -> None:
    pipe, came = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: came.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write(pipe)
    reader.join(10)
    assert came == [b"new"]
    assert pipe.is_fifo()
    write(Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_a_plans_map_is_written_as_every_file_is(cautery: Callable[..., Any], case: Path) -> None:
    graph = {
        "as_of": "2026-11-25",
        "cost_unit": "EUR",
        "nodes": [
            {"id": "o", "role": "origin", "cost": 5, "country": "NL"},
            {"id": "d", "role": "customers", "cost": None},
        ],
        "groups": [{"of": "d", "need": 1, "members": ["o"]}],
        "demand": [{"node": "d", "weight": 1}],
        "actions": [],
        "countries": [],
        "forbid": [],
        "require": [],
    }
    path = case.parent / "graph.json"
    path.write_text(json.dumps(graph))
    assert cautery("plan", path, "--map", case.parent / "map.svg").code == 0
    ended = cautery("plan", path, "--map", case / "map.svg")
    assert ended.code == 2
    assert "may hold only its own files" in ended.err
