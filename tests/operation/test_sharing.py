"""One filter for all that agencies share; a bundle says nothing of what it leaves out."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    HandlingCode,
    KeyedPseudonyms,
    Marking,
    Operation,
    Pap,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.operation.sharing import bundle_for, read_bundle, releasable, statement_id

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HIDDEN = KeyedPseudonyms(bytes(32))


def agency(id: str, role: AgencyRole, *may: Competence) -> Agency:
    return Agency(
        id=id, name=id, country="IT", role=role, competence=frozenset(may), contact=f"desk@{id}"
    )


LEAD = agency("it-postal", AgencyRole.LEAD, Competence.INVESTIGATE)
BG = agency("bg-gdbop", AgencyRole.PARTICIPANT, Competence.SEARCH)
NL = agency("nl-fiod", AgencyRole.PARTICIPANT, Competence.SEIZE)
LEAGUE = agency("league", AgencyRole.INDUSTRY, Competence.ADVISE)
TABLE = Operation(
    id="op-1",
    name="Test",
    agencies=(LEAD, BG, NL, LEAGUE),
    legal_basis="a court's order",
    opened_at=NOON,
)


def said(
    tlp: Tlp = Tlp.GREEN,
    *codes: HandlingCode,
    to: tuple[str, ...] = (),
    by: str = "it-postal",
    about: str = "asset",
    subject: str = "host:a.example",
    text: str = "it feeds the panel",
    **details: object,
) -> Statement:
    one = Statement(
        id="x",
        by=by,
        subject=subject,
        about=about,
        text=text,
        kind=StatementKind.FACT,
        marking=Marking(
            tlp=tlp,
            pap=Pap.RED,
            handling=frozenset(codes),
            h3_text="ask first" if HandlingCode.H3 in codes else None,
            source="A",
            accuracy=2,
        ),
        at=NOON,
        to=frozenset(to),
        details=details,
    )
    return replace(one, id=statement_id(one, HIDDEN))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (said(Tlp.RED), ()),
        (said(Tlp.RED, to=("nl-fiod",)), ("nl-fiod",)),
        (said(Tlp.AMBER_STRICT), ()),
        (said(Tlp.AMBER_STRICT, to=("bg-gdbop",)), ("bg-gdbop",)),
        (said(Tlp.AMBER), ("bg-gdbop", "nl-fiod")),
        (said(Tlp.AMBER, to=("nl-fiod", "league")), ("nl-fiod", "league")),
        (said(Tlp.GREEN), ("bg-gdbop", "nl-fiod", "league")),
        (said(Tlp.GREEN, to=("bg-gdbop",)), ("bg-gdbop",)),
        (said(Tlp.CLEAR), ("bg-gdbop", "nl-fiod", "league")),
        (said(Tlp.CLEAR, HandlingCode.H0), ("bg-gdbop", "nl-fiod")),
        (said(Tlp.GREEN, HandlingCode.H1), ("bg-gdbop", "nl-fiod", "league")),
        (said(Tlp.GREEN, HandlingCode.H3), ()),
        (said(Tlp.GREEN, HandlingCode.H3, to=("nl-fiod",)), ("nl-fiod",)),
    ],
)
def test_a_marking_decides_who_is_told(statement: Statement, told: tuple[str, ...]) -> None:
    reached = [one.id for one in TABLE.agencies if releasable(statement, to=one, operation=TABLE)]
    assert reached == list(told)


@pytest.mark.parametrize(
    "statement",
    [
        said(Tlp.CLEAR, about="person", subject="P-0123456789ab"),
        said(Tlp.CLEAR, about="payment", subject="host:shop.example"),
        said(Tlp.CLEAR, subject="P-0123456789ab"),
        said(Tlp.CLEAR, subject="contact:seller"),
        said(Tlp.CLEAR, about="link", source="person:P-1", target="host:a.example"),
        said(Tlp.CLEAR, about="link", source=["host:a.example"], target="host:b.example"),
        said(Tlp.CLEAR, registrant="Assunta Quaglia"),
        said(Tlp.CLEAR, traits={"favicon": "1a", "contact": "@seller"}),
        said(Tlp.CLEAR, traits={"Registrant": "Assunta Quaglia"}),
        said(Tlp.CLEAR, traits=["@seller"]),
    ],
)
def test_those_who_only_advise_are_told_of_no_person(statement: Statement) -> None:
    assert not releasable(statement, to=LEAGUE, operation=TABLE)
    assert releasable(statement, to=BG, operation=TABLE)


def test_those_who_only_advise_are_told_what_machines_show() -> None:
    one = said(Tlp.CLEAR, role="panel", country="NL", traits={"favicon": "1a"})
    assert releasable(one, to=LEAGUE, operation=TABLE)


@pytest.mark.parametrize(
    ("statement", "free"),
    [
        (said(Tlp.RED, to=("bg-gdbop",)), False),
        (said(Tlp.AMBER_STRICT, to=("bg-gdbop",)), False),
        (said(Tlp.AMBER), False),
        (said(Tlp.GREEN), True),
        (said(Tlp.CLEAR), True),
        (said(Tlp.CLEAR, HandlingCode.H2), False),
        (said(Tlp.CLEAR, HandlingCode.H1), True),
    ],
)
def test_what_was_received_goes_on_only_by_its_marking_or_by_its_providers_leave(
    statement: Statement, *, free: bool
) -> None:
    assert releasable(statement, to=NL, operation=TABLE, by="bg-gdbop") is free
    assert releasable(statement, to=NL, operation=TABLE, by="bg-gdbop", permitted=True)


def test_markings_add_up_so_that_the_most_careful_one_decides() -> None:
    for tlp, codes in itertools.product(
        Tlp, [(), *((one,) for one in HandlingCode), (HandlingCode.H0, HandlingCode.H2)]
    ):
        for to in TABLE.agencies[1:]:
            plain = releasable(said(tlp), to=to, operation=TABLE)
            coded = releasable(said(tlp, *codes), to=to, operation=TABLE)
            assert coded <= plain


def test_a_stranger_is_told_nothing() -> None:
    stranger = agency("us-hsi", AgencyRole.PARTICIPANT, Competence.SEARCH)
    with pytest.raises(InputError, match="no agency 'us-hsi' at the table"):
        releasable(said(Tlp.CLEAR), to=stranger, operation=TABLE)


def test_nobody_learns_who_else_was_told() -> None:
    both = said(Tlp.RED, to=("bg-gdbop", "nl-fiod"))
    alone = said(Tlp.RED, to=("bg-gdbop",))
    bundles = {
        bundle_for([one], to=BG, by=LEAD, operation=TABLE, at=NOON).to_bytes()
        for one in (both, alone)
    }
    assert len(bundles) == 1
    assert b"nl-fiod" not in bundles.pop()


def test_a_correction_goes_instead_of_what_it_corrects() -> None:
    old = said(Tlp.GREEN, text="it is in Rome")
    new = said(Tlp.GREEN, text="it is in Bari", corrects=old.id, withdrawn=False)
    bundle = bundle_for([old, new], to=BG, by=LEAD, operation=TABLE, at=NOON)
    assert [one.text for one in bundle.statements] == ["it is in Bari"]


def test_leave_for_one_providers_statement_is_none_for_anothers_under_the_same_id() -> None:
    mine = said(Tlp.AMBER, by="nl-fiod")
    other = replace(said(Tlp.AMBER, by="it-postal", text="another"), id=mine.id)
    bundle = bundle_for(
        [mine, other],
        to=LEAGUE,
        by=BG,
        operation=TABLE,
        at=NOON,
        permitted={("nl-fiod", mine.id, "league")},
    )
    assert [one.by for one in bundle.statements] == ["nl-fiod"]


@pytest.mark.parametrize("before", [None, 7, "x", {"a": 1}, [["x"], None, 3]])
def test_a_correction_that_names_nonsense_displaces_only_what_it_corrects(before: object) -> None:
    old = said(Tlp.GREEN, text="old")
    new = said(Tlp.GREEN, text="new", corrects=old.id, before=before)
    bundle = bundle_for([old, new], to=BG, by=LEAD, operation=TABLE, at=NOON)
    assert [one.text for one in bundle.statements] == ["new"]


def test_a_correction_that_is_hidden_shows_by_nothing() -> None:
    old = said(Tlp.GREEN)
    hidden = said(Tlp.RED, corrects=old.id)
    with_it = bundle_for([old, hidden], to=BG, by=LEAD, operation=TABLE, at=NOON)
    assert with_it == bundle_for([old], to=BG, by=LEAD, operation=TABLE, at=NOON)


def test_what_was_told_is_not_told_again() -> None:
    rows = [said(text="one"), said(text="two")]
    told = {(rows[0].by, rows[0].id)}
    bundle = bundle_for(rows, to=BG, by=LEAD, operation=TABLE, at=NOON, told=told)
    assert [one.text for one in bundle.statements] == ["two"]


# A bundle is the same bytes whatever the hidden statements say: the law, over any change.

HIDDEN_MARKINGS = [(Tlp.RED, ()), (Tlp.RED, ("nl-fiod",)), (Tlp.AMBER_STRICT, ("nl-fiod",)),
                   (Tlp.AMBER, ("nl-fiod", "league")), (Tlp.CLEAR, ("league",))]  # fmt: skip


@st.composite
def hidden(draw: st.DrawFn) -> Statement:
    tlp, to = draw(st.sampled_from(HIDDEN_MARKINGS))
    return said(
        tlp,
        *draw(st.sets(st.sampled_from(list(HandlingCode)))),
        to=to,
        about=draw(st.sampled_from(["asset", "person", "link", "plan"])),
        subject=draw(st.sampled_from(["host:a.example", "P-1", "operation"])),
        text=draw(st.text(min_size=1).filter(str.strip)),
        corrects=draw(st.sampled_from([SEEN[0].id, SEEN[1].id, "none"])),
        n=draw(st.integers(-9, 9)),
    )


SEEN = [
    said(Tlp.GREEN, text="seen by all"),
    said(Tlp.AMBER, text="seen by those who act"),
    said(Tlp.RED, text="seen by one", to=("bg-gdbop",)),
]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(hidden(), max_size=6),
    st.lists(hidden(), max_size=6),
    st.randoms(use_true_random=False),
    st.sampled_from([frozenset(), frozenset({"nl-fiod"})]),
)
def test_a_bundle_is_byte_identical_whatever_hidden_facts_say_appear_or_vanish(
    before: list[Statement], after: list[Statement], chance: random.Random, named: frozenset[str]
) -> None:
    rows = SEEN + before
    other = list(SEEN) + after
    other[2] = replace(other[2], to=other[2].to | named)  # who else is told is hidden too
    chance.shuffle(other)
    first = bundle_for(rows, to=BG, by=LEAD, operation=TABLE, at=NOON)
    second = bundle_for(other, to=BG, by=LEAD, operation=TABLE, at=NOON)
    assert len(first.statements) == len(SEEN)
    assert first.to_bytes() == second.to_bytes()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(SEEN), min_size=1), st.randoms(use_true_random=False))
def test_a_bundle_reads_back_as_it_was(rows: list[Statement], chance: random.Random) -> None:
    chance.shuffle(rows)
    bundle = bundle_for(rows, to=BG, by=LEAD, operation=TABLE, at=NOON)
    assert read_bundle(bundle.payload(), to=BG, operation=TABLE) == bundle


def test_an_id_tells_nothing_without_the_key_and_forgets_who_else_was_named() -> None:
    one = said(Tlp.RED, to=("bg-gdbop",))
    assert statement_id(one, HIDDEN) == statement_id(replace(one, to=frozenset(), id="y"), HIDDEN)
    assert statement_id(one, HIDDEN) != statement_id(one, KeyedPseudonyms(bytes(31) + b"\1"))
    assert statement_id(one, HIDDEN) != statement_id(replace(one, at=NOON + timedelta(1)), HIDDEN)


BAD = [
    (lambda p: p.update(to="nl-fiod"), "for 'nl-fiod'"),
    (lambda p: p.update(operation="op-2"), "of operation 'op-2'"),
    (lambda p: p.update(count=3), "has the members"),
    (lambda p: p.update({"from": "us-hsi"}), "no agency 'us-hsi'"),
    (lambda p: p["statements"].reverse(), "sorted"),
    (lambda p: p["statements"].append(p["statements"][-1]), "sorted"),
    (lambda p: p["statements"][0].pop("marking"), "without a marking"),
    (lambda p: p["statements"][0].update(marking=None), "without a marking"),
    (lambda p: p["statements"][0]["marking"].update(tlp="TLP:BLUE"), "marking.tlp"),
    (lambda p: p["statements"][0].update(seq=7), "one form"),
    (lambda p: p["statements"][0].update(to=["nl-fiod"]), "who else was told"),
    (lambda p: p["statements"][0].update(by="us-hsi"), "no agency 'us-hsi'|sorted"),
    (lambda p: p["statements"][0].update(at="2026-11-24T12:00:00.000000"), "at|UTC"),
    (lambda p: p.update(statements={}), "list"),
    (lambda p: p["statements"].__setitem__(0, 5), "Statement"),
    (lambda p: p.update(permitted="all"), "permitted|tuple"),
]


@pytest.mark.parametrize(("spoil", "rule"), BAD)
def test_a_spoilt_bundle_is_refused_by_its_rule(spoil, rule: str) -> None:
    payload = bundle_for(SEEN, to=BG, by=LEAD, operation=TABLE, at=NOON).payload()
    spoil(payload)
    with pytest.raises(InputError, match=rule):
        read_bundle(payload, to=BG, operation=TABLE)


def test_what_was_passed_on_against_its_marking_is_refused() -> None:
    strict = said(Tlp.AMBER, by="nl-fiod")
    payload = bundle_for(
        [strict],
        to=BG,
        by=LEAD,
        operation=TABLE,
        at=NOON,
        permitted={("nl-fiod", strict.id, "bg-gdbop")},
    ).payload()
    assert payload["permitted"] == [strict.id]
    payload["permitted"] = []
    with pytest.raises(InputError, match="does not allow it-postal to share it with bg-gdbop"):
        read_bundle(payload, to=BG, operation=TABLE)
