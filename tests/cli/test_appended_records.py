"""What anybody who can write to an open case appends costs itself alone: the case can be closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.model import Asset, Edge, SupplyGraph

from .conftest import Ran
from .notice_case import NOW, Watched

Cautery = Callable[..., Ran]
RATE = {"what": "x", "source": "s"}


def verdict_on(case: Watched, url: str) -> dict[str, Any]:
    body: dict[str, Any] = case.records("verdict")[0]
    return {**body, "url": {"text": url}}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("error.rate", {**RATE, "errors": 2**52, "trials": 2**53 - 1}),
        ("error.rate", {**RATE, "errors": 10**7, "trials": 2 * 10**7}),
        ("verdict", "http://[::1"),
        ("verdict", "http://a]b/"),
        ("verdict", "http://\u2100.example/"),
    ],
)
def test_one_appended_record_keeps_no_case_from_being_closed(
    cautery: Cautery, proven_case: Watched, kind: str, body: Any
) -> None:
    ledger = FolderStore().ledger(proven_case.path, read_only=False)
    said = verdict_on(proven_case, body) if kind == "verdict" else body
    ledger.append(kind, said, at=NOW)
    ledger.close()
    closed = cautery("close", proven_case.path)
    assert (closed.code, "Traceback" in closed.err) == (0, False), closed.err
    assert (proven_case.path / "report.html").stat().st_size > 1000


def test_a_relation_to_what_is_not_there_costs_the_map_itself_alone(
    cautery: Cautery, proven_case: Watched
) -> None:
    asset = Asset(kind="host", value="edge.pirate.example", role="edge")
    edge = Edge(source="host:edge.pirate.example", relation="serves", target="host:c")
    proven_case.write(SupplyGraph(assets=(asset,), edges=(edge,)))
    ran = cautery("map", proven_case.path)
    assert (ran.code, "edge.pirate.example" in ran.out) == (0, True), ran.err


@pytest.mark.parametrize("body", [{}, {"exhibit": {}}, {"exhibit": "sha256:" + "a" * 64}])
def test_an_extract_is_made_of_a_case_with_a_misshapen_record(
    cautery: Cautery, proven_case: Watched, body: Any
) -> None:
    ledger = FolderStore().ledger(proven_case.path, read_only=False)
    ledger.append("exhibit.sealed", body, at=NOW)
    ledger.append("probe.done", {"url": "x", "exhibits": ["no digest"]}, at=NOW)
    ledger.close()
    assert cautery("close", proven_case.path).code == 0
    for audience in ("public", "provider"):
        ran = cautery(
            "dossier", proven_case.path, "--for", audience, "--by", "anna", "--key",
            proven_case.key("anna"), "--to", "x", "--why", "y", "-o", proven_case.folder / audience,
        )  # fmt: skip
        assert (ran.code, "Traceback" in ran.err) == (0, False), ran.err
