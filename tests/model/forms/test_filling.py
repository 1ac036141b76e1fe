"""Filling says what is missing and what does not fit, and never changes what a case says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import ExhibitId, Marking, Pap, Tlp, digest_of
from cautery.model.forms import WITHHELD, Fact, FieldKind, Filled, Misfit, fill, form_of
from cautery.model.forms.values import value_of

EXHIBIT = ExhibitId(digest_of(b"segment"))


def filled(fields: list[dict[str, Any]], facts: dict[str, Fact], answers: dict[str, Any]) -> Filled:
    tables = {
        "title": {"en": "Ticket"},
        "country": "IT",
        "body": "Office",
        "purpose": {"en": "to block"},
        "issued_by": "rights-holder",
        "regimes": ["gdpr"],
        "formats": ["csv"],
        "verified": False,
        "source": {"text": "a text", "read": "2026-11-30"},
        "field": [{"label": {"en": field["name"]}} | field for field in fields],
    }
    return fill(form_of(tables, id_="it/ticket"), facts, answers)


def faults(result: Filled) -> list[tuple[str, Misfit]]:
    return [(fault.field, fault.why) for fault in result.faults]


NAMES = {"name": "fqdn", "kind": "names", "from": "referral.names"}
JUDGE = {"name": "judge", "kind": "person", "from": "answers", "longest": 20}
RULE = {"name": "rule", "kind": "text", "from": "order.targets_rule", "longest": 10}
TABLE: dict[str, Any] = {
    "name": "seized",
    "kind": "table",
    "from": "referral.targets",
    "columns": [
        {"name": "target", "label": {"en": "Target"}, "from": "target", "unique": True},
        {"name": "note", "label": {"en": "Note"}},
    ],
}


def test_a_fact_keeps_its_records_and_exhibits_and_an_answer_has_none() -> None:
    fact = Fact(value=("a.example",), records=(7,), exhibits=(EXHIBIT,))
    result = filled([NAMES, JUDGE], {"referral.names": fact}, {"judge": "M. Rossi"})
    names, judge = result.fields
    assert result.is_complete
    assert (names.records, names.exhibits, names.answered) == ((7,), (EXHIBIT,), False)
    assert (judge.records, judge.exhibits, judge.answered) == ((), (), True)


def test_what_is_missing_is_named_and_an_empty_fact_is_missing() -> None:
    result = filled([NAMES, JUDGE], {"referral.names": Fact(value=())}, {"judge": "  "})
    assert faults(result) == [("fqdn", Misfit.MISSING), ("judge", Misfit.MISSING)]


def test_what_is_optional_may_be_missing() -> None:
    assert filled([JUDGE | {"mandatory": False}], {}, {}).is_complete


def test_one_field_of_a_group_is_enough_and_none_is_a_fault() -> None:
    group = [
        NAMES | {"one_of": "targets"},
        {"name": "ipv4", "kind": "ipv4", "from": "referral.ipv4", "one_of": "targets"},
    ]
    assert filled(group, {"referral.ipv4": Fact(value=("192.0.2.7",))}, {}).is_complete
    assert faults(filled(group, {}, {})) == [("fqdn", Misfit.NONE_OF_GROUP)]


def test_a_text_that_is_too_long_is_named_with_its_length() -> None:
    result = filled([RULE], {"order.targets_rule": Fact(value="x" * 11)}, {})
    assert [(fault.why, fault.count, fault.limit) for fault in result.faults] == [
        (Misfit.TOO_LONG, 11, 10)
    ]
    assert result.fields[0].value == "x" * 11


def test_an_answer_fills_what_the_case_leaves_open_and_never_contradicts_it() -> None:
    fact = {"order.targets_rule": Fact(value="services")}
    assert filled([RULE], {}, {"rule": "servers"}).value("rule") == "servers"
    assert filled([RULE], fact, {"rule": "services"}).is_complete
    result = filled([RULE], fact, {"rule": "servers"})
    assert faults(result) == [("rule", Misfit.CONTRADICTS)]
    assert result.value("rule") == "services"


def test_answers_to_unknown_fields_are_refused() -> None:
    with pytest.raises(InputError, match="no field 'jugde'"):
        filled([JUDGE], {}, {"jugde": "M. Rossi"})


def test_too_many_entries_and_a_text_that_is_no_choice_are_faults() -> None:
    many = filled([NAMES | {"most": 1}], {"referral.names": Fact(value=("a.it", "b.it"))}, {})
    assert faults(many) == [("fqdn", Misfit.TOO_MANY)]
    choice = filled([RULE | {"choices": ["live"]}], {}, {"rule": "dead"})
    assert faults(choice) == [("rule", Misfit.MISSHAPEN)]


def rows(*targets: str) -> dict[str, Fact]:
    return {"referral.targets": Fact(value=tuple({"target": target} for target in targets))}


def test_a_number_that_stands_twice_in_a_table_is_a_fault() -> None:
    result = filled([TABLE], rows("IT-0042", "IT-0042", "IT-0043"), {})
    assert [(fault.why, fault.column, fault.text) for fault in result.faults] == [
        (Misfit.TWICE, "target", "IT-0042")
    ]


def test_a_person_adds_to_the_rows_of_a_case_and_changes_none() -> None:
    result = filled([TABLE], rows("a", "b"), {"seized": [{"note": "first"}]})
    assert result.value("seized") == (
        {"target": "a", "note": "first"},
        {"target": "b", "note": ""},
    )
    wrong = filled([TABLE], rows("a"), {"seized": [{"target": "b"}]})
    assert faults(wrong) == [("seized", Misfit.CONTRADICTS)]
    more = filled([TABLE], rows("a"), {"seized": [{"note": "1"}, {"note": "2"}]})
    assert faults(more) == [("seized", Misfit.TOO_MANY)]
    odd = filled([TABLE], rows("a"), {"seized": [{"colour": "red"}]})
    assert faults(odd) == [("seized", Misfit.MISSHAPEN)]


def test_a_table_without_rows_of_a_case_is_answered_whole() -> None:
    result = filled([TABLE], {}, {"seized": [{"target": "a", "note": "n"}]})
    assert result.is_complete
    assert result.fields[0].answered
    assert faults(filled([TABLE], {}, {})) == [("seized", Misfit.MISSING)]


def test_the_marking_of_a_paper_covers_each_of_its_values() -> None:
    red = Marking(tlp=Tlp.RED, pap=Pap.CLEAR)
    amber = Marking(tlp=Tlp.AMBER, pap=Pap.AMBER)
    facts = {
        "referral.names": Fact(value=("a.example",), marking=red),
        "order.targets_rule": Fact(value="x", marking=amber),
    }
    whole = filled([NAMES, RULE], facts, {}).marking
    assert whole is not None
    assert whole.covers(red)
    assert whole.covers(amber)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("names", ["not a host"]),
        ("names", ["127.0.0.1"]),
        ("names", ["Ä.example"]),
        ("names", "a.example"),
        ("ipv4", ["::1"]),
        ("ipv4", ["192.0.2.999"]),
        ("ipv6", ["fe80::1%eth0"]),
        ("urls", ["javascript:alert(1)"]),
        ("digests", ["sha256:00"]),
        ("date", "31.01.2026"),
        ("date", "2026-02-30"),
        ("moment", "2026-01-31T20:00:00"),
        ("country", "Italy"),
        ("money", "12,50 €"),
        ("number", True),
        ("number", 10**20),
        ("yes-no", "yes"),
        ("text", 3),
        ("text", "a\x1b[2Jb"),
        ("text", "evil\u202egnp.exe"),
        ("person", "two\nlines"),
        ("texts", ["a", 1]),
        ("table", [{"a": 1}]),
        ("table", ["a"]),
        ("table", "a"),
    ],
)
def test_what_is_not_of_its_kind_is_none(kind: str, wrong: Any) -> None:
    assert value_of(FieldKind(kind), wrong) is None


def test_letters_from_right_to_left_are_letters() -> None:
    assert value_of(FieldKind.PERSON, "משה כהן") == "משה כהן"


_TOML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(kind=st.sampled_from(FieldKind), answer=_TOML)
def test_no_answer_raises_and_what_fits_fits_again(kind: FieldKind, answer: Any) -> None:
    value = value_of(kind, answer)
    if value is not None:
        assert value_of(kind, value) == value


@given(
    facts=st.dictionaries(st.sampled_from(["a.example", "b.example"]), st.booleans(), max_size=2),
    answer=st.none() | st.text(max_size=30),
)
def test_a_form_is_complete_only_if_each_mandatory_field_has_a_value(
    facts: dict[str, bool], answer: str | None
) -> None:
    known = {"referral.names": Fact(value=tuple(facts))}
    result = filled([NAMES, JUDGE], known, {} if answer is None else {"judge": answer})
    if result.is_complete:
        assert all(entry.value is not None for entry in result.fields)
    else:
        assert result.faults


def test_what_the_form_states_itself_stands_in_every_paper() -> None:
    code = {"name": "code", "kind": "text", "from": "fixed", "fixed": "E"}
    table = TABLE | {"columns": [*TABLE["columns"], {"name": "bank", "label": {"en": "Bank"},
                                 "from": "fixed", "fixed": "not known"}]}  # fmt: skip
    facts = {"referral.targets": Fact(value=({"target": "a.example"},))}
    result = filled([code, table], facts, {})
    assert result.is_complete
    assert result.value("code") == "E"
    assert result.value("seized") == ({"target": "a.example", "note": "", "bank": "not known"},)
    assert faults(filled([code], {}, {"code": "M"})) == [("code", Misfit.CONTRADICTS)]


def test_how_much_is_withheld_is_for_the_writer_and_on_no_paper() -> None:
    result = filled([JUDGE], {WITHHELD: Fact(value=3)}, {"judge": "A. Bianchi"})
    assert result.withheld == 3
    assert [entry.value for entry in result.fields] == ["A. Bianchi"]
    assert filled([JUDGE], {}, {}).withheld == 0
