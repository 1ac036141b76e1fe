"""The page of a blind test in the room: that there are decoys before the reveal, what became of
them after.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.drawn import drawn_case


def test_before_the_reveal_the_room_says_that_there_are_decoys_and_nothing_else(
    room_at: Callable[..., Any], tmp_path: Path
) -> None:
    night = drawn_case(tmp_path / "cases" / "md1", revealed=False)
    text = room_at(tmp_path / "cases").text("/cases/md1/blind")
    assert "P. Lanner planted 40 decoys for night matchday-1." in text
    assert "0 of them are opened. There are no rates before all are." in text
    assert "Missed" not in text
    assert not any(f"DERBY LIVE {number}" in text for number in range(40))
    assert night.truth["caught"]


def test_after_the_reveal_the_room_shows_the_account_and_each_decoy(
    room_at: Callable[..., Any], tmp_path: Path
) -> None:
    night = drawn_case(tmp_path / "cases" / "md1")
    room = room_at(tmp_path / "cases")
    text = room.text("/cases/md1/blind")
    judged = night.truth["missed"] + night.truth["caught"]
    assert f"Missed {night.truth['missed']} of {judged} own streams" in text
    assert "All 40 decoys" in text
    assert 'href="/cases/md1/blind"' in room.text("/cases/md1")


def test_a_case_without_decoys_has_no_such_page_in_its_menu(room: Any) -> None:
    assert "/cases/night-1/blind" not in room.text("/cases/night-1")
    assert "No decoys are planned in this case." in room.text("/cases/night-1/blind")
