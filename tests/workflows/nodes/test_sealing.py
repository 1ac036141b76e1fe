"""What a node remembers of the exhibits that it sealed."""

from __future__ import annotations

import tracemalloc
from typing import Any

from tests.nights import NOON, sealed

from cautery.model import to_json
from cautery.workflows.nodes.sealing import NodeCase

UNASKED: Any = None
"""Nothing here reaches it."""
COUNT = 2_000


def test_an_exhibit_is_told_again_word_for_word_and_takes_little_memory_meanwhile() -> None:
    case = NodeCase(UNASKED, UNASKED, keys=UNASKED, pseudonyms=UNASKED, secrets=UNASKED)
    tracemalloc.start()
    try:
        for number in range(COUNT):
            case.sheet().append_all([("exhibit.sealed", body(number), NOON)])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / COUNT < 900
    bodies = [body(number) for number in range(COUNT)]
    told = case.sheet().sealings(one["exhibit"]["id"] for one in bodies).records
    assert [(one.kind, one.body) for one in told] == [("exhibit.sealed", one) for one in bodies]


def body(number: int) -> Any:
    return to_json(sealed(number, f"http://edge.example/{number}.ts"))
