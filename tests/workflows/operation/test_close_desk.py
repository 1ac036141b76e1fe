from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import Manifest
from cautery.workflows.close_case import close_case
from cautery.workflows.open_case import Case
from cautery.workflows.operation.close_desk import PAGE, close_desk
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.verify_case import verify_case


def test_a_closed_case_holds_its_page_and_verifies(agency_desk: Callable[..., Desk]) -> None:
    desk = agency_desk("it-postal")
    page = close_desk(desk)
    assert page == desk.case.path / PAGE
    assert "LAB" in page.read_text(encoding="utf-8")
    assert verify_case(desk.case.path, store=FolderStore()).records == 2


def test_a_closed_case_is_not_written_to_again(agency_desk: Callable[..., Desk]) -> None:
    desk = agency_desk("it-postal")
    close_desk(desk)
    with pytest.raises(InputError, match="closed"):
        open_desk(desk.case.path, store=desk.case.store, clock=desk.case.clock)


def test_a_page_that_is_replaced_as_the_case_closes_is_not_signed(
    agency_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = agency_desk("it-postal")
    path = desk.case.path

    def replaced(case: Case, *, at: datetime) -> Manifest:
        (path / PAGE).write_text("<h1>FORGED</h1>")
        return close_case(case, at=at)

    monkeypatch.setattr("cautery.workflows.operation.close_desk.close_case", replaced)
    with pytest.raises(EvidenceError, match=r"operation\.html: changed"):
        close_desk(desk)
    assert not (path / "manifest.note").exists()
