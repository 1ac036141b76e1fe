"""People who act on one notice or complaint at once: one wins, and the others are told why."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tests.contract.test_ledger import schema_of_its_own

from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import ApprovalError, InputError
from cautery.model.ledger import append, contents
from cautery.model.records import ComplaintDecided, ComplaintReceipted, NoticeWithdrawn
from cautery.workflows.case.complaints import decide
from cautery.workflows.case.notices import withdraw_notice

_BENCH = Path(__file__).parents[3] / "bench" / "console" / "at_once.py"


def _bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_at_once", _BENCH)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BENCH = _bench()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    with schema_of_its_own() as server:
        yield server


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    opened = SqlLedger(f"sqlite:///{tmp_path}/ledger.sqlite")
    BENCH.begin(opened)
    yield opened
    opened.close()


def test_of_those_who_approve_edit_and_withdraw_at_once_one_wins(place: str) -> None:
    won = BENCH.play(place, 12)
    assert won.keys() <= {"approve", "edit", "withdraw", "grant", "reject"}
    assert won.total() == 24


def test_who_withdraws_what_was_signed_meanwhile_is_told_by_whom(ledger: SqlLedger) -> None:
    notice, seen = BENCH.edit(ledger, BENCH.NOW), ledger.size() - 1
    BENCH.sign(ledger, notice, BENCH.NOW)
    with pytest.raises(ApprovalError, match=r"since you saw it: record 5, notice.approved by anna"):
        withdraw_notice(ledger, notice.id, name="d", why="w", now=BENCH.NOW, seen=seen)
    assert list(contents(ledger, NoticeWithdrawn)) == []
    withdraw_notice(ledger, notice.id, name="d", why="w", now=BENCH.NOW, seen=seen + 1)
    assert len(list(contents(ledger, NoticeWithdrawn))) == 1


def test_who_completes_what_somebody_completed_meanwhile_is_told(ledger: SqlLedger) -> None:
    notice, seen = BENCH.edit(ledger, BENCH.NOW), ledger.size() - 1
    BENCH.edit(ledger, BENCH.NOW, replaces=notice)
    with pytest.raises(ApprovalError, match=r"notice.drafted by carl"):
        BENCH.edit(ledger, BENCH.NOW, replaces=notice, seen=seen)
    with pytest.raises(InputError, match="a later draft replaces notice"):
        BENCH.edit(ledger, BENCH.NOW, replaces=notice)


def test_a_receipt_that_went_out_meanwhile_stops_no_decision(ledger: SqlLedger) -> None:
    append(ledger, BENCH.complaint("C-" + "0" * 12), at=BENCH.NOW)
    seen = ledger.size() - 1
    append(ledger, ComplaintReceipted(complaint="C-" + "0" * 12, at=BENCH.NOW), at=BENCH.NOW)
    decide(ledger, "C-" + "0" * 12, granted=False, by="a", why="w", now=BENCH.NOW, seen=seen)
    assert len(list(contents(ledger, ComplaintDecided))) == 1
