"""What was withdrawn, as a case's records say it; a record that says none costs itself alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cautery.adapters.ledger_sql import SqlLedger
from cautery.model import Reason
from cautery.model.ledger import append
from cautery.model.message import as_written
from cautery.model.records import EntryWithdrawn, RollbackProposed
from cautery.workflows.case.referral import Undoing, Withdrawal, withdrawals

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TARGET = "edge.pirate.example"


def withdrawn(*reasons: Reason) -> EntryWithdrawn:
    return EntryWithdrawn(
        referral="R-1", target=TARGET, reasons=reasons, published=("isp",), at=NOON
    )


def test_withdrawals_and_roll_backs_are_listed_and_strangers_records_are_not(
    tmp_path: Path,
) -> None:
    ledger = SqlLedger.at(tmp_path / "ledger.sqlite")
    for kind in ("entry.withdrawn", "rollback.proposed"):
        ledger.append(kind, {"target": TARGET, "reasons": "none", "at": 7}, at=NOON)
    append(ledger, withdrawn(), at=NOON)
    popular, dark = as_written("it is popular"), as_written("1 of 1")
    append(ledger, withdrawn(Reason(code="popular-name", text=popular)), at=NOON)
    proposed = RollbackProposed(
        target=TARGET, intermediary="isp", why=dark, dark=("bakery.example",), tried=1, at=NOON
    )
    append(ledger, proposed, at=NOON)
    assert withdrawals(ledger) == (
        Withdrawal(at=NOON, target=TARGET, what=Undoing.WITHDRAWN, why=popular),
        Withdrawal(
            at=NOON,
            target=TARGET,
            what=Undoing.ROLLBACK_PROPOSED,
            intermediary="isp",
            dark=("bakery.example",),
            why=dark,
        ),
    )
    ledger.close()
