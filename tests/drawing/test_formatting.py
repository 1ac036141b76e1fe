"""Numbers of any record can be written."""

from __future__ import annotations

import pytest

from cautery.drawing.formatting import number


@pytest.mark.parametrize("value", [10**400, -(10**400), float("inf"), float("nan")])
def test_what_is_no_number_that_a_page_can_hold_is_said(value: float) -> None:
    assert number(value) == "no number"
