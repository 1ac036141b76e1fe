"""The file of a chain of custody: only added to, whole, and never inside the case."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.adapters.custody_file import add_to_custody, custody_path, read_custody
from cautery.errors import EvidenceError, StorageError
from cautery.evidence.custody import CustodyAct, CustodyLine, stated

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def line(chain: tuple[CustodyLine, ...]) -> CustodyLine:
    return stated(
        at=NOON, act=CustodyAct.OPENED, by="B. Duty", why="to look", what="x", digest="sha256:0",
        previous=chain[-1].id if chain else "",
    )  # fmt: skip


def test_lines_of_many_writers_make_one_chain(tmp_path: Path) -> None:
    case = tmp_path / "case"
    case.mkdir()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: add_to_custody(case, line), range(20)))
    assert len(read_custody(case)) == 20
    assert custody_path(case).stat().st_mode & 0o777 == 0o600
    assert list(case.iterdir()) == []


def test_nothing_is_added_to_a_broken_chain(tmp_path: Path) -> None:
    case = tmp_path / "case"
    add_to_custody(case, line)
    path = custody_path(case)
    path.write_bytes(path.read_bytes()[:-3])
    broken = path.read_bytes()
    with pytest.raises(EvidenceError):
        add_to_custody(case, line)
    assert path.read_bytes() == broken


def test_a_chain_that_takes_minutes_to_check_is_refused_unread(tmp_path: Path) -> None:
    case = tmp_path / "case"
    add_to_custody(case, line)
    first = custody_path(case).read_bytes()
    custody_path(case).write_bytes(first + b"\n" * (8 << 20))
    for asked in (lambda: read_custody(case), lambda: add_to_custody(case, line)):
        with pytest.raises(EvidenceError, match="longer than 8388608 bytes"):
            asked()


def test_no_link_is_followed_and_no_folder_is_taken_for_a_chain(tmp_path: Path) -> None:
    case = tmp_path / "case"
    (tmp_path / "other").write_text("")
    custody_path(case).symlink_to(tmp_path / "other")
    with pytest.raises(StorageError):
        add_to_custody(case, line)
    with pytest.raises(StorageError):
        read_custody(case)
    custody_path(case).unlink()
    custody_path(case).mkdir()
    with pytest.raises(StorageError):
        add_to_custody(case, line)
    assert (tmp_path / "other").read_text() == ""


def test_a_pipe_that_somebody_holds_open_is_refused(tmp_path: Path) -> None:
    os.mkfifo(custody_path(tmp_path / "case"))
    holder = os.open(custody_path(tmp_path / "case"), os.O_RDWR | os.O_NONBLOCK)
    try:
        with pytest.raises(StorageError, match="regular"):
            read_custody(tmp_path / "case")
    finally:
        os.close(holder)


def test_a_line_that_cannot_be_made_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    case = tmp_path / "case"
    add_to_custody(case, line)
    before = custody_path(case).read_bytes()

    def fails(_: object) -> CustodyLine:
        raise EvidenceError("no")

    with pytest.raises(EvidenceError):
        add_to_custody(case, fails)
    assert custody_path(case).read_bytes() == before
