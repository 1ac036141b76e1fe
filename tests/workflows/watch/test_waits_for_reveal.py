"""A case whose decoys are not revealed waits: without a report, and not closed but by a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import UnrevealedError
from cautery.lab.blind_acts import MANDATE, BlindActs
from cautery.model.records import (
    CaseClosed,
    CaseOpened,
    DecoyRevealed,
    DecoysUnrevealed,
    WatchBegin,
    WatchEnd,
    WatchStarted,
    WatchStopped,
    kinds_of,
)
from cautery.projections import Notices
from cautery.projections.decoys import Decoys
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.build import make_dossier
from cautery.workflows.watch.finishing import (
    REPORT,
    closes,
    finish_case,
    finish_killed_watch,
    has_stopped,
)
from cautery.workflows.watch.opening import begin_case


@pytest.fixture
def night() -> BlindActs:
    """What a watch has proven and mapped, decoys and all; nothing of it is revealed."""
    acts = BlindActs(1)
    acts.plan()
    for which in range(len(acts.suspects)):
        acts.prove(which)
    acts.map()
    return acts


@pytest.fixture
def case(night: BlindActs, tmp_path: Path) -> Iterator[Case]:
    """The same on disk, after its watch."""
    opened = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    journal = Journal(opened.ledger, opened.vault, opened.clock, pseudonyms=opened.pseudonyms)
    begin_case(MANDATE, ledger=opened.ledger, journal=journal, key=str(opened.verifier))
    journal.write(WatchStarted(why=WatchBegin.WINDOW_OPEN, at=journal.now()))
    copy(night, opened)
    journal.write(WatchStopped(why=WatchEnd.WINDOW_CLOSED, at=journal.now()))
    yield opened
    if opened.store.exists(opened.path, "ledger.sqlite"):
        opened.leave()


def copy(night: BlindActs, case: Case, *, since: int = 0) -> None:
    for entry in night.ledger.read(since=since):
        if not isinstance(entry.content, CaseOpened):
            case.ledger.append(entry.record.kind, entry.record.body, at=entry.record.at)


def own(night: BlindActs) -> set[str]:
    return {each.host for each in night.suspects if each.decoy is not None}


def test_it_waits_without_a_report_whatever_the_mandate_or_the_command_says(
    case: Case, night: BlindActs
) -> None:
    for close in (None, True, False):
        finished = finish_case(case, close=close)
        assert (finished.closed, finished.unrevealed) == (False, len(own(night)))
    assert not case.store.exists(case.path, REPORT)
    assert has_stopped(case.ledger)
    assert not closes(MANDATE, Notices(), Decoys().read_on(case.ledger))


def test_the_reveal_finishes_it_and_its_report_names_no_decoy(case: Case, night: BlindActs) -> None:
    size = night.ledger.size()
    night.reveal(abandoned=False)
    copy(night, case, since=size)
    finished = finish_case(case, close=None)
    assert (finished.closed, finished.unrevealed) == (True, 0)
    report = (case.path / REPORT).read_text()
    assert not any(host in report for host in own(night))
    assert all(each.host in report for each in night.suspects if each.decoy is None)
    assert "decoys are not revealed" not in report


def test_a_person_closes_it_without_and_the_case_says_so(case: Case, night: BlindActs) -> None:
    finish_killed_watch(case)
    report = (case.path / REPORT).read_text()
    assert "decoys are not revealed" in report
    ledger = case.store.ledger(case.path, read_only=True)
    try:
        kinds = kinds_of(DecoysUnrevealed, CaseClosed)
        unrevealed, _ = (entry.content for entry in ledger.read(kinds=kinds))
        assert unrevealed.count == len(own(night))
        assert next(iter(ledger.read(kinds=kinds_of(DecoyRevealed))), None) is None
    finally:
        ledger.close()


@pytest.mark.parametrize("audience", [Audience.HOSTER, Audience.PROVIDER, Audience.PUBLIC])
def test_a_case_that_was_closed_without_is_handed_to_nobody_but_a_court(
    audience: Audience, case: Case, tmp_path: Path
) -> None:
    finish_killed_watch(case)
    with pytest.raises(UnrevealedError, match=f"a dossier for {audience}: this does not leave"):
        make_dossier(
            case.path,
            tmp_path / "bag",
            audience=audience,
            verified=None,  # type: ignore[arg-type]
            store=case.store,
            writer=None,  # type: ignore[arg-type]
            by="A",
            key=None,  # type: ignore[arg-type]
            at=case.clock.now(),
            salt=bytes,
        )
    assert not (tmp_path / "bag").exists()


def test_without_decoys_nothing_waits() -> None:
    assert closes(MANDATE, Notices(), Decoys())
