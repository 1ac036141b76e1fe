"""Verify names each fixture of a season that nobody who may has let in, and each forged signature."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.workflows.case.test_close_and_verify import store_of
from tests.workflows.mandate.test_fixture_approvals import (
    NOW,
    approvals,
    approve,
    known,
    path,
    read,
    sign_mandate,
)

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.model import Approver, Digest, digest
from cautery.model.ledger import append
from cautery.model.records import CaseOpened, FixtureWatched
from cautery.model.season import FixtureApproval, SeasonFixture, fixture_of
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.mandate.fixture_approvals import listed_fixtures

__all__ = ["path"]


def home(path: Path) -> SeasonFixture:
    return next(fixture for fixture in listed_fixtures(read(path)) if fixture.id == "md1")


def notes(
    path: Path,
    given: Sequence[FixtureApproval],
    *,
    fixture: SeasonFixture | None = None,
    signers: Sequence[Approver] | None = None,
) -> tuple[str, ...]:
    """Return what verify says of a case of a fixture with these signatures."""
    folder = path.parent / "season"
    case = open_case(folder / "case", store=store_of(folder), clock=FixedClock(NOW))
    opened = CaseOpened(mandate=read(path), version="", lab=True, key=str(case.signer.key))
    append(case.ledger, opened, at=NOW)
    watched = FixtureWatched(fixture=fixture or home(path), approvals=tuple(given), at=NOW)
    append(case.ledger, watched, at=NOW)
    case.write("report.html", b"<h1>LAB</h1>")
    close_case(case, at=NOW)
    return verify_case(folder / "case", store=FolderStore(), signers=signers).notes


def test_what_an_approver_or_two_signers_let_in_is_in_order_also_once_it_is_moved(
    path: Path,
) -> None:
    approve(path, home(path))
    moved = replace(home(path), kick_off=NOW + timedelta(days=9))
    assert notes(path, approvals(path).of(home(path)), fixture=moved) == ()


def test_what_two_people_signed_with_the_mandate_is_in_order(path: Path) -> None:
    sign_mandate(path, "M")
    sign_mandate(path, "N")
    assert notes(path, approvals(path).of(home(path)), signers=known("M", "N")) == ()


def test_the_mandates_own_event_needs_nobody(path: Path) -> None:
    own = next(event for event in read(path).events if event.id == "own")
    assert notes(path, (), fixture=fixture_of(own)) == ()


def test_a_fixture_that_nobody_signed_is_named(path: Path) -> None:
    assert notes(path, ()) == (
        "record 1: nobody has signed that the fixture Home v Away is watched",
    )


def test_a_stranger_among_two_who_signed_the_mandate_is_one_too_few(path: Path) -> None:
    sign_mandate(path, "M")
    sign_mandate(path, "N")
    sign_mandate(path, "X")
    both = [given for given in approvals(path).of(home(path)) if given.approval.approver != "N"]
    forged, lack = notes(path, both, signers=known("M", "N"))
    assert "the approval of X for the fixture Home v Away does not hold" in forged
    assert "too few people" in lack


def _bytes_of_nothing(given: FixtureApproval) -> FixtureApproval:
    nothing = base64.b64encode(bytes(64)).decode()
    return replace(given, approval=replace(given.approval, signature=nothing))


FORGED = {
    "no signature": _bytes_of_nothing,
    "another name": lambda given: replace(
        given, approval=replace(given.approval, approver="Mallory")
    ),
    "another person": lambda given: replace(given, approval=replace(given.approval, approver="B")),
    "another fixture": lambda given: replace(given, fixture=replace(given.fixture, id="md2")),
    "later": lambda given: replace(
        given, approval=replace(given.approval, at=NOW + timedelta(days=1))
    ),
    "for a case": lambda given: replace(
        given,
        approval=replace(
            given.approval, signed_for=replace(given.approval.signed_for, case="0" * 16)
        ),
    ),
    "among others": lambda given: replace(given, among=(Digest("sha256:" + "0" * 64),)),
    "among other ones": lambda given: replace(given, among=(digest(given.fixture),)),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_approval_is_named_and_lets_nothing_in(path: Path, forge) -> None:  # type: ignore[no-untyped-def]
    approve(path, home(path))
    [given] = approvals(path).of(home(path))
    forged, lack = notes(path, [forge(given)])
    assert forged.startswith("record 1: the approval of ")
    assert "does not hold and counts for nothing" in forged
    assert "too few people" in lack


def test_a_signature_under_another_match_of_the_season_lets_this_one_not_in(path: Path) -> None:
    other = next(fixture for fixture in listed_fixtures(read(path)) if fixture.id == "md2")
    approve(path, other)
    forged, lack = notes(path, approvals(path).of(other))
    assert "under the fixture North v South (md2)" in forged
    assert "too few people" in lack
