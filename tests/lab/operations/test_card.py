from __future__ import annotations

import inspect
from pathlib import Path

from cautery.lab import operations
from cautery.lab.operations import OperationWorld


def test_every_drawn_parameter_says_where_it_comes_from_and_is_used(small: OperationWorld) -> None:
    folder = Path(inspect.getfile(operations)).parent
    code = "".join(one.read_text() for one in folder.glob("*.py") if one.name != "card.py")

    assert small.card
    for one in small.card:
        assert one.basis
        assert one.drawn_from.startswith(("beta(", "uniform("))
        assert f'"{one.name}"' in code, one.name


def test_shares_are_shares(small: OperationWorld) -> None:
    for one in small.card:
        if one.drawn_from.startswith("beta"):
            assert 0 < one.value < 1
