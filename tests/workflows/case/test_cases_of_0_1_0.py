"""Cases that Cautery 0.1.0 made still open, close, verify and report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cautery import wiring
from cautery.wiring import cases
from cautery.workflows.case.close import close_case
from cautery.workflows.case.report import write_report
from cautery.workflows.case.verify import verify_case

ASSETS = Path(__file__).parents[2] / "assets/cases_of_0_1_0"


def copied(name: str, target: Path) -> Path:
    """Copy a case and its keys; git keeps no mode of theirs."""
    shutil.copytree(ASSETS / name, target, dirs_exist_ok=True)
    for path in (target / "case-keys").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    (target / "case-keys").chmod(0o700)
    return target


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    return copied("closed", tmp_path)


@pytest.fixture
def still_open(tmp_path: Path) -> Path:
    return copied("open", tmp_path)


def test_a_case_that_0_1_0_closed_verifies(closed: Path) -> None:
    key = shutil.copy(closed / "case/keys/case.pub", closed / "handed-over.pub")
    found = verify_case(closed / "case", store=cases.reading_store(), public_key=Path(key))
    assert found.authentic
    assert (found.records, found.checkpoints) == (65, 7)


def test_a_case_that_0_1_0_closed_reports(closed: Path) -> None:
    with cases.reading(closed / "case") as case:
        page = write_report(case.ledger, case.vault, at=wiring.clock().now())
    assert "Example Studio" in page


def test_a_case_that_0_1_0_left_open_is_gone_on_with_and_closed(still_open: Path) -> None:
    with cases.writing(still_open / "case", keys_dir=still_open / "case-keys") as case:
        before = case.ledger.size()
        case.ledger.checkpoint(case.signer, at=case.clock.now())
        close_case(case, at=case.clock.now())
    found = verify_case(still_open / "case", store=cases.reading_store())
    assert found.records == before + 1


def test_what_0_1_0_sealed_confidentially_opens_with_its_keys(still_open: Path) -> None:
    with cases.writing(still_open / "case", keys_dir=still_open / "case-keys") as case:
        sealed = [one.record.body["exhibit"] for one in case.ledger.read(kinds=("exhibit.sealed",))]
        hidden = [one for one in sealed if one["confidential"]]
        clear = [case.vault.open(one["id"], subject=one["subject"]) for one in hidden]
    assert any(b"[mandate]" in one for one in clear)
