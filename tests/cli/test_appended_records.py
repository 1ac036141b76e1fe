"""What anybody who can write to an open case appends costs itself alone: the case can be closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.nights import night

from cautery.adapters.case_folder import FolderStore
from cautery.model import Asset, Edge, SupplyGraph
from cautery.model.ledger import filed

from .conftest import Ran
from .notice_case import NOW, Watched

Cautery = Callable[..., Ran]
RATE = {"what": "x", "source": "s"}
GRAPH = SupplyGraph(
    assets=(Asset(kind="host", value="edge.pirate.example", role="edge"),),
    edges=(Edge(source="host:edge.pirate.example", relation="serves", target="host:c"),),
)


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


def absurd(value: Any, at: str, number: float) -> Any:
    """Return a value of the same shape, with times and numbers that nobody reckons with."""
    match value:
        case dict():
            return {name: absurd(member, at, number) for name, member in value.items()}
        case list():
            return [absurd(member, at, number) for member in value]
        case str() if len(value) > 18 and value[4:5] == "-" and "T" in value:
            return at
        case float():
            return number
        case int() if not isinstance(value, bool):
            return int(min(abs(number), 2**53 - 1)) * (1 if number > 0 else -1)
        case _:
            return value


@pytest.mark.parametrize(
    ("at", "number"),
    [("9999-12-31T23:59:59Z", 1e300), ("0001-01-01T00:00:00Z", -1e300)],
    ids=["the end of years", "their beginning"],
)
def test_records_of_absurd_times_and_sizes_end_no_command(
    cautery: Cautery, proven_case: Watched, at: str, number: float
) -> None:
    ledger = FolderStore().ledger(proven_case.path, read_only=False)
    bodies = [(entry.record.kind, entry.record.body) for entry in ledger.read()][1:]
    for kind, body in [*bodies, *map(filed, [*night(), GRAPH])]:
        ledger.append(kind, body, at=NOW)
        ledger.append(kind, absurd(body, at, number), at=NOW)
    ledger.close()
    cases = proven_case.path.parent
    commands: list[tuple[object, ...]] = [
        ("map", proven_case.path),
        ("find", proven_case.path, "pirate"),
        ("notice", "list", proven_case.path),
        ("referral", "list", proven_case.path),
        ("cases", cases),
        ("close", proven_case.path),
        ("verify", proven_case.path),
        ("map", proven_case.path),
        *(
            (
                "dossier",
                proven_case.path,
                "--for",
                audience,
                "--by",
                "anna",
                "--key",
                proven_case.key("anna"),
                "--to",
                "x",
                "--why",
                "y",
                *more,
                "-o",
                proven_case.folder / audience,
            )
            for audience, more in (
                ("public", ()),
                ("provider", ()),
                ("hoster", ("--host", "*")),
                ("court", ()),
            )
        ),
    ]
    for command in commands:
        ran = cautery(*command)
        assert "Traceback" not in ran.err, command
        assert ran.code in (0, 3), (command, ran.err)


def test_a_relation_to_what_is_not_there_costs_the_map_itself_alone(
    cautery: Cautery, proven_case: Watched
) -> None:
    proven_case.write(GRAPH)
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
