"""A chain of custody is of one case: beside another case it is refused."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_places import CasePlaces
from cautery.adapters.case_server import ServerStore
from cautery.adapters.custody_file import custody_path
from cautery.errors import EvidenceError
from cautery.evidence.custody import CustodyAct, CustodyLine, stated
from cautery.wiring import custody

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASES = Path(__file__).parents[1] / "assets/cases_of_0_1_0"


def no_server() -> ServerStore:
    raise AssertionError


@pytest.fixture
def cases(tmp_path: Path) -> tuple[Path, Path]:
    """Two cases; the first has a line of custody, and the second has its chain beside it."""
    for name in ("closed", "open"):
        shutil.copytree(CASES / name / "case", tmp_path / name)
    first, second = tmp_path / "closed", tmp_path / "open"
    custody.note_opening(first, what="x", digest="d", by="A. Legal", why="asked", copied=False)
    shutil.copy(custody_path(first), custody_path(second))
    return first, second


def test_the_chain_of_one_case_is_none_of_another(cases: tuple[Path, Path]) -> None:
    first, second = cases
    [line] = custody.chain_of(first)
    assert line.case == CasePlaces(FolderStore(), no_server).id_of(first)
    with pytest.raises(EvidenceError, match=f"line 1 is of case {line.case}"):
        custody.chain_of(second)


def test_nothing_is_added_to_the_chain_of_another_case(cases: tuple[Path, Path]) -> None:
    _, second = cases
    before = custody_path(second).read_bytes()
    with pytest.raises(EvidenceError, match="is of case"):
        custody.note_opening(second, what="x", digest="d", by="B", why="asked", copied=False)
    assert custody_path(second).read_bytes() == before


def test_a_chain_of_an_earlier_version_goes_on_and_names_its_case_from_then_on(
    cases: tuple[Path, Path],
) -> None:
    """Its lines name no case."""
    first, _ = cases
    custody_path(first).unlink()

    def earlier(chain: tuple[CustodyLine, ...]) -> CustodyLine:
        return stated(at=NOON, act=CustodyAct.OPENED, by="A", why="x", what="y", digest="d")

    CasePlaces(FolderStore(), no_server).add_to_custody(first, earlier)
    assert b'"case"' not in custody_path(first).read_bytes()
    custody.note_opening(first, what="x", digest="d", by="A. Legal", why="asked", copied=False)
    assert [bool(line.case) for line in custody.chain_of(first)] == [False, True]
