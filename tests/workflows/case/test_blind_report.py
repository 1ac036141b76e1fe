"""The report of a case has its blind test among the error rates, once all is revealed."""

from __future__ import annotations

from pathlib import Path

from tests.drawn import drawn_case

from cautery.adapters.case_folder import FolderStore
from cautery.workflows.case.report import write_report


def report_of(path: Path) -> str:
    store = FolderStore()
    ledger = store.ledger(path, read_only=True)
    try:
        at = max(entry.record.at for entry in ledger.read())
        return write_report(ledger, store.vault(path, None), at=at)
    finally:
        ledger.close()


def test_the_report_has_the_account_of_the_night(tmp_path: Path) -> None:
    night = drawn_case(tmp_path / "md1")
    page = report_of(tmp_path / "md1")
    judged = night.truth["missed"] + night.truth["caught"]
    assert f"Missed {night.truth['missed']} of {judged} own streams" in page
    assert "Sealed root" in page
    assert "DERBY LIVE" not in page
    assert "own.example" not in page


def test_the_report_says_only_that_there_are_decoys_while_they_are_sealed(tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", revealed=False)
    page = report_of(tmp_path / "md1")
    assert "There are no rates before all are." in page
    assert "Sealed root" not in page
