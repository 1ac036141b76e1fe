"""Records of operations and seized material, as they lie on disk and as older versions wrote."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from cautery.model import (
    Digest,
    ExhibitId,
    Marking,
    Pap,
    Statement,
    StatementKind,
    Tlp,
    to_json,
)
from cautery.model.records import (
    BundleReceived,
    BundleShared,
    DeconflictionLetter,
    MaterialTaken,
    MisshapenRecord,
    OperationOpened,
    PartnerRegistered,
    SearchHours,
    StatementPermitted,
    StatementRecorded,
    kind_of,
    typed,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = "2026-11-24T12:00:00Z"
STATEMENT = Statement(
    id="a" * 32,
    by="it-postal",
    subject="host:a.example",
    about="asset",
    text="it is the panel",
    kind=StatementKind.FACT,
    marking=Marking(tlp=Tlp.GREEN, pap=Pap.AMBER),
    at=NOON,
)
AGENCY = {
    "id": "it-postal", "name": "Polizia", "country": "IT", "role": "lead",
    "competence": ["search"], "contact": "x", "zone": "UTC",
}  # fmt: skip
TABLE = {
    "id": "op-1", "name": "x", "agencies": [AGENCY], "regime": "led", "legal_basis": "x",
    "opened_at": AT, "lab": True,
}  # fmt: skip


def test_a_member_named_as_a_word_of_python_is_spelled_as_people_write_it() -> None:
    received = BundleReceived(
        from_="bg-gdbop", at=NOON, digest=Digest("d"), exhibit=ExhibitId("e"), key="k", who="w"
    )
    letter = DeconflictionLetter(
        session="s", step=1, sent=True, with_="bg-gdbop", size=64, at=NOON, digest=Digest("d"),
        exhibit=ExhibitId("e"),
    )  # fmt: skip
    assert to_json(received)["from"] == to_json(letter)["with"] == "bg-gdbop"
    for content in (received, letter):
        assert typed(kind_of(content), to_json(content)) == content


def test_a_statement_comes_out_of_its_record_as_it_went_in() -> None:
    recorded = StatementRecorded.of(STATEMENT, notes={"*": "a note"})
    body = to_json(recorded)
    assert body == {**to_json(STATEMENT), "notes": {"*": "a note"}}
    read = typed("operation.statement", body)
    assert (read, read.statement) == (recorded, STATEMENT)


OLDER: list[tuple[str, dict[str, Any], type, dict[str, Any]]] = [
    (
        "operation.opened",
        {"operation": TABLE, "agency": "it-postal", "version": "0.1.0", "lab": True, "key": "k"},
        OperationOpened,
        {"partners_signed": False},
    ),
    ("operation.statement", to_json(STATEMENT), StatementRecorded, {"notes": {}}),
    ("operation.partner", {"agency": "it-postal", "key": "k"}, PartnerRegistered, {"note": None}),
    (
        "operation.shared",
        {
            "to": "it-postal", "at": AT, "digest": "d", "exhibit": "e",
            "statements": [["it-postal", "a"]], "why": "x", "who": "x",
        },
        BundleShared,
        {"permissions": (), "statements": (("it-postal", "a"),)},
    ),
    (
        "operation.received",
        {"from": "x", "at": AT, "digest": "d", "exhibit": "e", "key": "k", "who": "x"},
        BundleReceived,
        {"refused": ()},
    ),
    (
        "operation.permitted",
        {"statement": "a", "to": "nl-fiod", "granted_by": "it-postal", "why": "x"},
        StatementPermitted,
        {"by": None, "note": None},
    ),
    (
        "seized.taken",
        {
            "id": "x", "kind": "netflow", "panel": "x", "size": 1, "exhibits": ["e"], "cover": "c",
            "tables": [{"kind": "flow", "rows": 2, "exhibit": "e"}], "accounts": None,
            "warnings": [], "by": "x", "legal_basis": "x", "at": AT,
        },
        MaterialTaken,
        {"failed": None, "registered": None},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "body", "shape", "members"), OLDER)
def test_what_an_older_version_recorded_is_read(
    kind: str, body: dict[str, Any], shape: type, members: dict[str, Any]
) -> None:
    content = typed(kind, body)
    assert isinstance(content, shape), content
    assert {name: getattr(content, name) for name in members} == members


def test_hours_are_times_of_day() -> None:
    recorded = SearchHours(hours={"IT": ("05:00:00", "21:00:00")})
    assert typed("operation.hours", to_json(recorded)) == recorded
    assert recorded.spans["IT"][1].hour == 21
    assert isinstance(typed("operation.hours", {"hours": {"IT": ["x", "y"]}}), MisshapenRecord)


def test_a_sizing_has_its_three_quantities() -> None:
    body = {"month": str(date(2026, 11, 1)), "occasion": "before the day", "sources": []}
    content = typed("operation.sized", {**body, "inner": [], "outer": []})
    assert isinstance(content, MisshapenRecord)
    assert "3 quantities" in content.why


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (
            "operation.cut",
            {
                "chosen": [], "refused": {"a hospital": 2}, "served_before": 1.0,
                "served_after": 0.5, "cost": 1.0, "bound": 1.0, "method": "least cost, proven",
                "reached": True, "nodes": 1, "relations": 0, "statements": 1,
            },
        ),
        (
            "operation.grew-back",
            {
                "at": "2026-11-24T12:00:00.000000Z", "asset": "host:b", "like": "host:a",
                "country": None, "traits": [], "probability": 0.9, "why": ["one certificate"],
            },
        ),
        (
            "operation.happened",
            {
                "at": "2026-11-24T12:00:00.000000Z", "kind": "intervention", "text": "a raid",
                "country": "IT", "until": None,
            },
        ),
    ],
)  # fmt: skip
def test_a_record_of_an_older_version_keeps_its_sentences(kind: str, body: dict[str, Any]) -> None:
    content = typed(kind, body)
    assert not isinstance(content, MisshapenRecord)
    assert to_json(content) == body
