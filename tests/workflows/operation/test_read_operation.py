"""An operation file, and statements: read whole, or refused with file, line and rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.errors import InputError
from cautery.model import AgencyRole, Competence, HandlingCode, Tlp
from cautery.workflows.operation import read_statements as reading_statements
from cautery.workflows.operation.read_operation import EXAMPLE, MAX_BYTES, read_operation
from cautery.workflows.operation.read_statements import read_statements

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def written(folder: Path, text: str | bytes, name: str = "op.toml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_example_is_an_operation(tmp_path: Path) -> None:
    operation = read_operation(written(tmp_path, EXAMPLE))
    assert operation.lead.id == "it-postal"
    assert operation.agency("eurojust").competence == {Competence.COORDINATE}
    assert operation.opened_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert [one.role for one in operation.agencies] == [
        AgencyRole.LEAD,
        AgencyRole.PARTICIPANT,
        AgencyRole.COORDINATION,
    ]


LEAD_MAY = 'competence = ["investigate", "search", "arrest", "seize", "freeze", "preserve"]\n'


@pytest.mark.parametrize(
    ("old", "new", "line", "rule"),
    [
        ('regime = "led"', 'regime = "gdpr"', 4, "needs regime led, not gdpr"),
        ('regime = "led"\n', "", 1, "'regime' is missing"),
        ('legal_basis = "Decree', 'legal_bases = "Decree', 5, "not known here|missing"),
        ("opened_at = 2026-03-02T08:00:00Z", "opened_at = 2026-03-02T08:00:00", 6, "time zone"),
        ("opened_at = 2026-03-02T08:00:00Z", 'opened_at = "soon"', 6, "is not a valid time"),
        ('role = "participant"', 'role = "lead"', 2, "exactly one agency must lead, not 2"),
        ('role = "lead"', 'role = "participant"', 2, "exactly one agency must lead, not 0"),
        (LEAD_MAY, "", 8, "needs a competence"),
        (LEAD_MAY, "competence = []\n", 13, "it has no competence"),
        (LEAD_MAY, 'competence = ["sue"]\n', 13, "'sue'"),
        (LEAD_MAY, 'competence = ["coordinate"]\n', 13, "the lead must be competent to act"),
        ('zone = "Europe/Rome"', 'zone = "Europe/Roma"', 15, "is not a time zone"),
        ('zone = "Europe/Rome"', 'zone = "../../etc/passwd"', 15, "is not a time zone"),
        ('country = "IT"', 'country = "Italy"', 11, "'Italy'"),
        ('id = "bg-gdbop"', 'id = "it-postal"', 18, "is given twice"),
        ('id = "bg-gdbop"', 'id = "BG"', 18, "'BG'"),
        ('role = "coordination"', 'role = "industry"', 31, "industry may only advise"),
        ("[operation]", "[operations]", 1, "not known here|missing"),
        ("[[agency]]", "[agency]", 1, "not valid TOML"),
        ('contact = "duty desk, +359 000 000"', 'contact = "a\\nb"', 23, "contact"),
        ('contact = "duty desk, +359 000 000"', 'contact = ""', 23, "contact"),
        ('contact = "duty desk, +359 000 000"', 'contact = "a\\u009b31m"', 23, "contact"),
        ('contact = "duty desk, +359 000 000"', 'contact = "+39\\u202e 1"', 23, "contact"),
    ],
)
def test_a_wrong_line_is_named_with_its_rule(
    tmp_path: Path, old: str, new: str, line: int, rule: str
) -> None:
    assert old in EXAMPLE
    path = written(tmp_path, EXAMPLE.replace(old, new))
    with pytest.raises(InputError, match=rule) as refused:
        read_operation(path)
    said = str(refused.value)
    assert said.startswith(str(path))
    assert f", line {line}: " in said or "not valid TOML" in said or "missing" in said
    assert refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        b"\xff",
        b"a = " + b"[" * 100_000,
        b"a = " + b"9" * 5000,
        b"\x00",
        b"",
        b" " * (MAX_BYTES + 1),
    ],
)
def test_hostile_bytes_are_refused_in_words(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(InputError):
        read_operation(written(tmp_path, text))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_operation(tmp_path / "none.toml")
    with pytest.raises(InputError, match="is a folder"):
        read_operation(tmp_path)


GOOD: dict[str, Any] = {
    "subject": "host:a.example",
    "about": "asset",
    "text": "it feeds the panel",
    "kind": "fact",
    "marking": {"tlp": "TLP:AMBER", "pap": "PAP:RED", "handling": ["H1"], "source": "B"},
}


def test_statements_are_read_with_their_markings(tmp_path: Path) -> None:
    lines = json.dumps(GOOD) + "\n\n" + json.dumps({**GOOD, "to": ["bg-gdbop"]}) + "\n"
    one, two = read_statements(written(tmp_path, lines), by="it-postal", now=NOON)
    assert (one.by, one.at, one.marking.tlp) == ("it-postal", NOON, Tlp.AMBER)
    assert one.marking.handling == {HandlingCode.H1}
    assert two.to == {"bg-gdbop"}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"marking": None}, "without TLP and PAP"),
        ({"marking": {"tlp": "TLP:RED"}}, "without TLP and PAP"),
        ({"marking": {**GOOD["marking"], "handling": ["H3"]}}, "H3 needs its text"),
        ({"marking": {**GOOD["marking"], "source": "Z"}}, "A, B, C or X"),
        ({"marking": {**GOOD["marking"], "accuracy": 9}}, "1 to 4"),
        ({"marking": {**GOOD["marking"], "colour": "red"}}, "'colour' is not known"),
        ({"kind": "rumour"}, "kind"),
        ({"text": " "}, "its text is empty"),
        ({"id": "it-0001"}, "'id' is not known"),
        ({"by": "bg-gdbop"}, "another agency"),
        ({"at": "2026-11-24T12:00:00"}, "UTC"),
        ({"details": json.loads("[" * 20 + "]" * 20)}, "deeper"),
        ({"text": "x" * 70_000}, "may have at most"),
        ({"details": {"n": 2**60}}, "other programs can read"),
        ({"text": "\ud800"}, "other programs can read"),
        ({"details": {"\udfff": 1}}, "other programs can read"),
        ({"at": 0}, "at: '0' must be text"),
        ({"at": "0001-01-01T00:00:00Z"}, "0001-01-01 cannot be the date"),
        ({"at": "2026-11-26T12:00:00Z"}, "2026-11-26 cannot be the date"),
        ({"marking": {**GOOD["marking"], "accuracy": True}}, "must be a whole number"),
        ({"subject": ""}, "one printable line"),
        ({"subject": "host:\x1b[31m"}, "one printable line"),
        ({"subject": "host:" + "x" * 1020}, "at most 1024"),
        ({"subject": "panel"}, "'panel' is not a valid asset"),
        ({"subject": "host: "}, "not a valid asset"),
        ({"about": "person", "subject": "Assunta Quaglia"}, "by a pseudonym"),
    ],
)
def test_a_statement_that_breaks_a_rule_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, Any], rule: str
) -> None:
    path = written(tmp_path, json.dumps(GOOD) + "\n" + json.dumps({**GOOD, **change}))
    with pytest.raises(InputError, match=rule) as refused:
        read_statements(path, by="it-postal", now=NOON)
    assert "line 2: " in str(refused.value)


def test_a_member_that_stands_twice_is_refused_and_not_chosen_from(tmp_path: Path) -> None:
    """RED first and CLEAR after it: a reader that takes the last would tell everybody."""
    line = json.dumps(GOOD).replace('"tlp": "TLP:AMBER"', '"tlp": "TLP:RED", "tlp": "TLP:CLEAR"')
    with pytest.raises(InputError, match="has the same member twice"):
        read_statements(written(tmp_path, line), by="it-postal", now=NOON)


def test_a_number_too_large_for_json_is_refused(tmp_path: Path) -> None:
    line = json.dumps(GOOD)[:-1] + ', "details": {"n": 1e999}}'
    with pytest.raises(InputError, match="other programs can read"):
        read_statements(written(tmp_path, line), by="it-postal", now=NOON)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"\xff\xfe", b"NaN", b"[" * 60_000, b'{"a":' + b"9" * 5000 + b"}"]
)
def test_what_is_no_statement_is_refused_in_words(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(InputError):
        read_statements(written(tmp_path, text), by="it-postal", now=NOON)


def test_the_line_does_not_depend_on_what_the_agency_is_called(tmp_path: Path) -> None:
    path = written(
        tmp_path, EXAMPLE.replace('"it-postal"', '"it-zone"').replace(LEAD_MAY, "competence = []\n")
    )
    with pytest.raises(InputError, match=r"line 13: agency\.competence: "):
        read_operation(path)


def test_empty_lines_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_statements, "_MOST_LINES", 3)
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"\n" * 4)
    with pytest.raises(InputError, match="more than 3 lines"):
        read_statements(path, by="it-postal", now=NOON)


def test_values_of_all_statements_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_statements, "MAX_VALUES", 30)
    with pytest.raises(InputError, match="more than 30 values"):
        read_statements(
            written(tmp_path, b'{"details":[' + b"0," * 30 + b"0]}"), by="it-postal", now=NOON
        )


def test_subjects_outside_of_ascii_are_read_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_statements, "_MOST_FOREIGN", 20)
    line = json.dumps(
        {
            "subject": "host:bücher.example",
            "about": "asset",
            "text": "one",
            "kind": "fact",
            "marking": {"tlp": "TLP:GREEN", "pap": "PAP:GREEN"},
        }
    ).encode()
    assert len(read_statements(written(tmp_path, line), by="it-postal", now=NOON)) == 1
    with pytest.raises(InputError, match="line 2: more than 20 letters of subjects"):
        read_statements(written(tmp_path, line + b"\n" + line), by="it-postal", now=NOON)
