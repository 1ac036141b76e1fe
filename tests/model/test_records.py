"""Each kind of record has one type; what does not fit is kept, shown, and never misread."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tarfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.evidence.leaf import leaf_of, record_of
from cautery.model import Record, to_json
from cautery.model.ledger import filed
from cautery.model.records import (
    KINDS,
    MisshapenRecord,
    UnknownRecord,
    kind_of,
    kind_of_type,
    typed,
)
from cautery.model.records.described import members_of, parts_of, schema_of, summary_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests/assets/cases_of_0_1_0"
ARCHIVES = ROOT / "tests/assets/cases"
GOOD = ("closed_in_a_lab", "closed_under_a_signed_mandate", "restored_by_two_people")


@pytest.fixture(scope="module")
def kept_records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """Return every record of the cases that earlier versions wrote."""
    folder = tmp_path_factory.mktemp("cases")
    shutil.copytree(CASES, folder / "of_0_1_0")
    for name in GOOD:
        with tarfile.open(ARCHIVES / f"{name}.tar.gz") as archive:
            archive.extractall(folder / name, filter="data")
    records = []
    for ledger in folder.rglob("ledger.sqlite"):
        with closing(sqlite3.connect(ledger)) as opened:
            leaves = opened.execute("SELECT leaf FROM entries ORDER BY idx").fetchall()
        records += [record_of(bytes(leaf)) for (leaf,) in leaves]
    return records


def test_no_two_kinds_have_one_type() -> None:
    assert len(set(KINDS.values())) == len(KINDS) > 80
    assert {kind: kind_of_type(shape) for kind, shape in KINDS.items()}.items() == {
        (kind, kind) for kind in KINDS
    }


def test_every_record_of_a_kept_case_has_its_type(kept_records: list[Record]) -> None:
    shapes = {record.kind: type(record.content) for record in kept_records}
    assert len(shapes) > 15
    assert shapes == {kind: KINDS[kind] for kind in shapes}


def test_a_record_that_is_read_and_filed_again_says_the_same(kept_records: list[Record]) -> None:
    """Members that an older version lacked may be added; none is lost, none is another.

    The mandate of ``case.opened`` is left out: what is hidden in it is redacted again.
    """
    for record in kept_records:
        if record.kind == "case.opened":
            continue
        kind, body = filed(record.content)
        again = record_of(leaf_of(kind, body, record.at))
        assert kind == record.kind
        assert again.content == record.content
        assert holds(again.body, record.body), record.kind


def holds(value: Any, part: Any) -> bool:
    """Tell whether a JSON value has everything that another one has."""
    if isinstance(part, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and holds(value[name], item) for name, item in part.items()
        )
    if isinstance(part, list):
        return len(value) == len(part) and all(map(holds, value, part))
    return bool(value == part)


def test_a_kind_of_tomorrow_is_kept_as_it_stands() -> None:
    body = {"x": [1, {"y": None}]}
    for kind in ("console.opened", "probe.done/2"):
        content = typed(kind, body)
        assert content == UnknownRecord(kind=kind, body=body)
        assert filed(content) == (kind, body)


def test_a_later_member_of_a_known_version_is_passed_over() -> None:
    body = {"at": "2026-11-24T12:00:00.000000Z", "why": "window open"}
    assert typed("watch.started", body | {"host": "a"}) == typed("watch.started", body)


@pytest.mark.parametrize("body", [{}, {"at": "soon"}, {"at": 5, "why": []}, {"why": "x" * 9}])
def test_a_record_that_does_not_fit_says_which_member(body: dict[str, Any]) -> None:
    content = typed("watch.started", body)
    assert isinstance(content, MisshapenRecord)
    assert content.body == body
    assert "WatchStarted." in content.why


def test_what_is_no_record_is_not_filed() -> None:
    with pytest.raises(InputError, match="int is not a kind of record"):
        kind_of(5)


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_is_described(kind: str) -> None:
    shape = KINDS[kind]
    members = list(members_of(shape))
    assert summary_of(shape).endswith((".", ":"))
    assert members
    assert all(member.name.isidentifier() or member.name in ("from", "with") for member in members)
    assert list(parts_of(shape)) == list(dict.fromkeys(parts_of(shape)))


def test_the_schema_of_all_kinds_is_one_with_every_definition_that_it_names() -> None:
    schema = json.dumps(schema_of())
    named = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', schema))
    assert named <= set(schema_of()["$defs"])
    assert [record["title"] for record in schema_of()["oneOf"]] == list(KINDS)


def test_the_schema_spells_a_member_as_the_record_does() -> None:
    properties = schema_of("case.restored")["$defs"]["CaseRestored"]["properties"]
    assert {"from", "to", "why"} <= set(properties)
    restored = {
        name: {"size": 1, "root": "00"} for name in ("from", "to")
    } | {"records": 1, "why": "x", "text": "t", "by": [], "named": False}  # fmt: skip
    assert to_json(typed("case.restored", restored))["from"] == restored["from"]


def test_an_unknown_kind_has_no_schema_and_its_neighbours_are_named() -> None:
    with pytest.raises(InputError) as caught:
        schema_of("probe.dun")
    assert "probe.done" in caught.value.hint


def test_one_place_alone_turns_the_json_of_a_record_into_values() -> None:
    """Bodies are read as they stand only where they are hashed, searched or shown as they are."""
    allowed = {
        "model/records/entry.py", "evidence/exhibits.py", "cli/board.py", "projections/words.py",
        "workflows/browse/kept.py", "workflows/browse/record.py", "projections/without_decoys.py",
        "lab/blind_acts.py",
    }  # fmt: skip
    source = ROOT / "src/cautery"
    readers = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if re.search(r"\brecord\.body\b|self\.body\b.*typed", path.read_text())
    }
    assert readers <= allowed


def test_no_name_says_body_where_other_json_is_read() -> None:
    """``body`` is a record's JSON, or the bytes of a message: neither is read by keys."""
    elsewhere = ("workflows/dossier/in_bag/",)  # programs of strangers
    source = ROOT / "src/cautery"
    keyed = re.compile(r"""\bbody(\[["'a-z_]+\]|\.(get|pop)\()""")
    readers = [
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if keyed.search(path.read_text())
    ]
    assert [path for path in readers if not path.startswith(elsewhere)] == []


LITERAL = {
    "adapters/_case_secrets.py",  # the signer process, which loads as little as it can
    "evidence/__init__.py",  # an example
    "projections/__init__.py",  # an example
    "workflows/dossier/in_bag/rerun.py",  # a stranger's program, which imports nothing of ours
    "evidence/restoring.py",  # the signer process again
}


def test_no_kind_is_spelt_outside_its_table() -> None:
    source = ROOT / "src/cautery"
    spelt = re.compile("|".join(f'"{re.escape(kind)}"' for kind in KINDS if "." in kind))
    readers = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if "model/records" not in str(path) and spelt.search(path.read_text())
    }
    assert readers <= LITERAL
