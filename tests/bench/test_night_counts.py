"""When the bench of nights on nodes calls a verdict lost, and what it says of many recoveries."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("psycopg", reason="psycopg is not installed")
BENCH = Path(__file__).parents[2] / "bench" / "scale"
STREAM = "http://a.example/live/x.m3u8"
PATH = "a.example/live/x.m3u8"


@pytest.fixture(scope="module")
def nodes() -> Iterator[ModuleType]:
    before = list(sys.path)
    sys.path.insert(0, str(BENCH))
    yield importlib.import_module("nodes")
    sys.path[:] = before
    for name in ("nodes", "job_log", "forked_nodes", "trees"):
        sys.modules.pop(name, None)


def look(at: int, *, hindered: str | None = None) -> dict[str, Any]:
    return {
        "kind": "probe.done",
        "body": {"url": STREAM, "at": at, "hindered": hindered, "node": ""},
    }


def verdict(finding: str) -> dict[str, Any]:
    return {"kind": "verdict", "body": {"url": {"text": STREAM}, "finding": finding}}


def test_a_verdict_is_lost_if_as_many_looks_did_not_bring_it(nodes: ModuleType) -> None:
    whole = nodes.seen([look(1), verdict("undecided"), look(2), verdict("proven"), look(3)])
    hurt = nodes.seen([look(1), verdict("undecided"), look(2)])
    assert nodes.lost(whole, hurt) == {"lost": [PATH], "looked at too seldom": []}


def test_but_not_if_there_were_fewer_looks_that_came_to_their_end(nodes: ModuleType) -> None:
    whole = nodes.seen([look(1), verdict("undecided"), look(2), verdict("proven")])
    hurt = nodes.seen([look(1), verdict("undecided"), look(2, hindered="node")])
    assert nodes.lost(whole, hurt) == {"lost": [], "looked at too seldom": [PATH]}


def test_a_finding_that_both_have_is_not_lost(nodes: ModuleType) -> None:
    whole, hurt = (nodes.seen([look(1), verdict(name)]) for name in ("proven", "nothing"))
    assert nodes.lost(whole, hurt) == {"lost": [], "looked at too seldom": []}
    assert nodes.differing(whole, hurt)["contradicting"] == [PATH]


def test_what_never_came_is_said_beside_median_and_worst(nodes: ModuleType) -> None:
    assert nodes.spread([1.0, None, 7.0, 2.0]) == "2.0, 7.0 (N 3); 1 never"
    assert nodes.spread([None]) == "none; 1 never"
