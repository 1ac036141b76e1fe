"""Who counts as one person, by name."""

from __future__ import annotations

import pytest

from cautery.model.people import person_key


@pytest.mark.parametrize(
    "beside", ["\u3164", "\uffa0", "\u115f", "\u1160", "\u200b", "\u00ad", " "]
)
def test_nobody_becomes_another_person_by_what_cannot_be_seen(beside: str) -> None:
    assert person_key(f"A. Legal{beside}") == person_key("A. Legal")
