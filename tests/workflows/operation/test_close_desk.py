from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.errors import EvidenceError, InputError
from cautery.evidence.manifest import Manifest
from cautery.model import Estimate, to_json
from cautery.model.ledger import append
from cautery.model.message import as_written
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.close_desk import PAGE, close_desk
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.holdings import own_statements
from cautery.workflows.operation.partners import known_keys


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


KINDS = [
    "opened",
    "joined",
    "cut",
    "served",
    "sized",
    "published",
    "grew-back",
    "happened",
    "shared",
    "permitted",
    "received",
    "refused",
    "deconfliction",
    "deconfliction-forgotten",
    "deconflicted",
    "partner",
    "person",
    "person-reviewed",
    "person-erased",
    "person-named",
    "instrument",
    "trace",
    "day",
    "step",
    "criterion",
    "probed",
    "hours",
    "finding",
    "statement",
    "exhibit",
    "custody",
    "value-moved",
    "exhibit-corrected",
    "exhibit-photographed",
]
HERE = "it-postal"
JUNK: list[dict[str, Any]] = [
    {},
    {
        "id": 5, "statement": [], "at": "x", "person": None, "exhibit": None, "step": {},
        "operation": 1, "agency": 1, "note": 5, "kind": 5, "value": {"a": 1},
    },
    {
        "agency": "nobody", "key": "x", "at": "2026-11-24T12:00:00Z", "from": "nobody",
        "with": "nobody", "to": "nobody", "by": "nobody", "session": "x", "step": 1, "sent": False,
        "size": 1, "digest": "x", "exhibit": "x", "run": None, "shared": [[]], "statements": [5],
        "permissions": 5, "note": "x", "refused": [5], "why": "x", "method": [], "hops": "x",
        "holdings": 5, "hours": {"IT": ["x", "y"]}, "dark": 5, "pseudonym": "x",
        "review_at": "x",
    },
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_strangers_record_does_not_keep_a_desk_from_closing(
    agency_desk: Callable[..., Desk], kind: str
) -> None:
    desk = agency_desk(HERE)
    for body in JUNK:
        desk.case.ledger.append(f"operation.{kind}", body, at=desk.case.clock.now())
    assert not list(own_statements(desk))
    close_desk(desk)
    assert verify_case(desk.case.path, store=FolderStore()).records == 5


@pytest.mark.parametrize(
    "more", [{"inner": []}, {"claims": [{"text": "x"}]}, {"claims": [{"value": "much"}]}]
)
def test_a_sizing_without_its_quantities_or_claims_is_passed_over(
    agency_desk: Callable[..., Desk], more: dict[str, Any]
) -> None:
    desk = agency_desk(HERE)
    one = to_json(
        Estimate(
            quantity=as_written("users"),
            low=1,
            mid=2,
            high=3,
            unit="",
            coverage=0.9,
            method=as_written("m"),
        )
    )
    body = {
        "month": "2026-11-01", "occasion": "before the day", "inner": [one] * 3, "outer": [one] * 3,
        "sources": [],
    }  # fmt: skip
    desk.case.ledger.append("operation.sized", body, at=desk.case.clock.now())
    desk.case.ledger.append("operation.sized", body | more, at=desk.case.clock.now())
    assert "records passed over: 1" in close_desk(desk).read_text(encoding="utf-8")


def test_records_that_are_passed_over_are_counted_on_the_page(
    agency_desk: Callable[..., Desk],
) -> None:
    desk = agency_desk(HERE)
    for kind in ("operation.joined", "operation.joined", "operation.happened"):
        desk.case.ledger.append(kind, {}, at=desk.case.clock.now())
    page = close_desk(desk).read_text(encoding="utf-8")
    assert "records passed over: 3" in page
    assert "1 operation.happened, 2 operation.joined" in page


def test_a_second_opening_makes_no_key_known(agency_desk: Callable[..., Desk]) -> None:
    desk, other = agency_desk(HERE), agency_desk("bg-gdbop")
    later = replace(desk.opening, agency="bg-gdbop", key=other.opening.key)
    desk.record(later)
    again = open_desk(desk.case.path, store=FolderStore(), clock=desk.case.clock, read_only=True)
    for opened in (desk, again):
        assert set(known_keys(opened)) == {HERE}
        assert known_keys(opened)[HERE] == desk.case.verifier
    again.leave()


def test_a_case_whose_opening_says_nothing_is_no_desk(agency_desk: Callable[..., Desk]) -> None:
    desk = agency_desk(HERE)
    path = desk.case.path.parent / "empty"
    case = open_case(path, store=desk.case.store, clock=desk.case.clock)
    case.ledger.append("operation.opened", {}, at=case.clock.now())
    append(case.ledger, desk.opening, at=case.clock.now())
    case.leave()
    with pytest.raises(InputError, match="does not open a desk"):
        open_desk(path, store=desk.case.store, clock=desk.case.clock)
