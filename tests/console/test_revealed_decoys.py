"""In the room the network, the map, the plan and the report of a case have no decoy once it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.lab.blind_acts import MANDATE, BlindActs
from cautery.model.records import CaseOpened
from cautery.workflows.case.journal import journal_of
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.watch.opening import begin_case

PAGES = ("network", "plan", "map", "report")


def add(case: Case, acts: BlindActs, *, since: int = 0) -> None:
    for entry in acts.ledger.read(since=since):
        if not isinstance(entry.content, CaseOpened):
            case.ledger.append(entry.record.kind, entry.record.body, at=entry.record.at)


def test_what_was_opened_as_a_decoy_is_in_no_picture_and_in_no_plan(
    room_at: Any, tmp_path: Path
) -> None:
    acts = BlindActs(1)
    acts.plan()
    for which in range(len(acts.suspects)):
        acts.prove(which)
    acts.map()
    acts.refer(everything=True)
    own = {each.host for each in acts.suspects if each.decoy is not None}
    others = {each.host for each in acts.suspects} - own
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    case = open_case(tmp_path / "cases" / "night", store=store, clock=SystemClock())
    begin_case(MANDATE, ledger=case.ledger, journal=journal_of(case), key=str(case.verifier))
    add(case, acts)
    room = room_at(tmp_path / "cases")
    before = {page: room.text(f"/cases/night/{page}") for page in PAGES}
    for page, text in before.items():
        assert any(host in text for host in own), page  # nobody knows yet which they are
    size = acts.ledger.size()
    acts.reveal(abandoned=True)
    add(case, acts, since=size)
    for page in PAGES:
        text = room.text(f"/cases/night/{page}")
        assert any(host in text for host in others), page
        # A pirate may write a decoy's host into its own name and path.
        written = [each.url for each in acts.suspects if each.decoy is None]
        for name in (*written, *sorted(others, key=len, reverse=True)):
            text = text.replace(name, "")
        assert not any(host in text for host in own), page
    case.leave()
