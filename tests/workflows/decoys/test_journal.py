"""The keeper's journal lies beside the plan, and goes on after a restart."""

from __future__ import annotations

from pathlib import Path

from tests.lists import NOW
from tests.planted import MANDATE, PLANNER, night_of, planned, question

from cautery.wiring.decoys import _Notes
from cautery.workflows.decoys.keep import Keeper
from cautery.workflows.decoys.night import NOTES_FILE


def test_a_second_keeper_of_a_night_goes_on_with_the_journal(tmp_path: Path) -> None:
    night = night_of(planned())
    assert _Notes(tmp_path, night, PLANNER).read() == ()
    for target in ("a.example", "b.example", "a.example"):
        keep = _Notes(tmp_path, night, PLANNER).add
        keeper = Keeper(night, key=PLANNER, mandate=MANDATE, now=lambda: NOW, note_down=keep)
        keeper.answer(question(night, [target]))
    notes = _Notes(tmp_path, night, PLANNER).read()
    assert [note.act for note in notes] == [
        question(night, [target]).act.id for target in ("a.example", "b.example")
    ]
    assert (tmp_path / NOTES_FILE).stat().st_mode & 0o777 == 0o600
