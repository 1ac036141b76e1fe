"""One filter for all that agencies share; a bundle says nothing of what it leaves out."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
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
    iso,
)
from cautery.operation.bundle import (
    OLD_FORMAT,
    Bundle,
    NotedStatement,
    bundle_for,
    read_bundle,
    read_old_bundle,
)
from cautery.operation.sharing import releasable, statement_id, withheld
from cautery.operation.signed import (
    recipients_of,
    text_of_permission,
    text_of_statement,
)

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


# A note of these tests is signed by a name: what real keys do is tested with the workflows.


def note(agency: str, text: object) -> str:
    return f"{text}\n-- {agency}"


def open_note(agency: str, signed: str) -> str:
    text, _, name = signed.rpartition("\n-- ")
    if name != agency:
        raise EvidenceError(f"not signed by {agency}")
    return text


def noted(*statements: Statement) -> list[NotedStatement]:
    return [
        NotedStatement(
            statement=one,
            notes={
                to: note(one.by, text_of_statement(one, operation=TABLE.id, to=to))
                for to in recipients_of(one)
            },
        )
        for one in statements
    ]


def leave(one: Statement, *, by: str, to: str) -> dict[tuple[str, str, str], str]:
    text = text_of_permission(one, operation=TABLE.id, by=by, to=to)
    return {(one.by, one.id, to): note(one.by, text)}


def shared(rows: list[Statement], *, to: Agency = BG, by: Agency = LEAD, **more: Any) -> Bundle:
    return bundle_for(noted(*rows), to=to, by=by, operation=TABLE, at=NOON, **more)


def received(payload: dict[str, Any], *, to: Agency = BG) -> Bundle:
    return read_bundle(payload, to=to, operation=TABLE, open_note=open_note)


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
    with pytest.raises(InputError, match="'us-hsi' is not an agency at the table"):
        releasable(said(Tlp.CLEAR), to=stranger, operation=TABLE)


def test_nobody_learns_who_else_was_told() -> None:
    both = said(Tlp.RED, to=("bg-gdbop", "nl-fiod"))
    alone = said(Tlp.RED, to=("bg-gdbop",))
    bundles = {shared([one]).to_bytes() for one in (both, alone)}
    assert len(bundles) == 1
    assert b"nl-fiod" not in bundles.pop()


def test_a_correction_goes_instead_of_what_it_corrects() -> None:
    old = said(Tlp.GREEN, text="it is in Rome")
    new = said(Tlp.GREEN, text="it is in Bari", corrects=old.id, withdrawn=False)
    bundle = shared([old, new])
    assert [one.text for one in bundle.statements] == ["it is in Bari"]


def test_leave_for_one_providers_statement_is_none_for_anothers_under_the_same_id() -> None:
    mine = said(Tlp.AMBER, by="nl-fiod")
    other = replace(said(Tlp.AMBER, by="it-postal", text="another"), id=mine.id)
    permissions = leave(mine, by="bg-gdbop", to="league")
    bundle = shared([mine, other], to=LEAGUE, by=BG, permissions=permissions)
    assert [one.by for one in bundle.statements] == ["nl-fiod"]


@pytest.mark.parametrize("before", [None, 7, "x", {"a": 1}, [["x"], None, 3]])
def test_a_correction_that_names_nonsense_displaces_only_what_it_corrects(before: object) -> None:
    old = said(Tlp.GREEN, text="old")
    new = said(Tlp.GREEN, text="new", corrects=old.id, before=before)
    bundle = shared([old, new])
    assert [one.text for one in bundle.statements] == ["new"]


def test_a_correction_that_is_hidden_shows_by_nothing() -> None:
    old = said(Tlp.GREEN)
    hidden = said(Tlp.RED, corrects=old.id)
    with_it = shared([old, hidden])
    assert with_it == shared([old])


def test_what_was_told_is_not_told_again() -> None:
    rows = [said(text="one"), said(text="two")]
    told = {(rows[0].by, rows[0].id)}
    bundle = shared(rows, told=told)
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
    first = shared(rows)
    second = shared(other)
    assert len(first.statements) == len(SEEN)
    assert first.to_bytes() == second.to_bytes()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(SEEN), min_size=1), st.randoms(use_true_random=False))
def test_a_bundle_reads_back_as_it_was(rows: list[Statement], chance: random.Random) -> None:
    chance.shuffle(rows)
    bundle = shared(rows)
    assert received(bundle.payload()) == bundle


def test_an_id_tells_nothing_without_the_key_and_forgets_who_else_was_named() -> None:
    one = said(Tlp.RED, to=("bg-gdbop",))
    assert statement_id(one, HIDDEN) == statement_id(replace(one, to=frozenset(), id="y"), HIDDEN)
    assert statement_id(one, HIDDEN) != statement_id(one, KeyedPseudonyms(bytes(31) + b"\1"))
    assert statement_id(one, HIDDEN) != statement_id(replace(one, at=NOON + timedelta(1)), HIDDEN)


def first_statement(payload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = payload["statements"][0]["statement"]
    return found


BAD = [
    (lambda p: p.update(to="nl-fiod"), "for 'nl-fiod'"),
    (lambda p: p.update(operation="op-2"), "belongs to operation 'op-2'"),
    (lambda p: p.update(count=3), "has the members"),
    (lambda p: p.update({"from": "us-hsi"}), "'us-hsi' is not an agency"),
    (lambda p: p["statements"].reverse(), "sorted"),
    (lambda p: p["statements"].append(p["statements"][-1]), "sorted"),
    (lambda p: first_statement(p).pop("marking"), "because it has no marking"),
    (lambda p: first_statement(p).update(marking=None), "because it has no marking"),
    (lambda p: first_statement(p)["marking"].update(tlp="TLP:BLUE"), "marking.tlp"),
    (lambda p: first_statement(p).update(seq=7), "standard form"),
    (lambda p: first_statement(p).update(to=["nl-fiod"]), "names other agencies that received it"),
    (lambda p: first_statement(p).update(by="us-hsi"), "'us-hsi' is not an agency|sorted"),
    (lambda p: first_statement(p).update(at="2026-11-24T12:00:00.000000"), "at|UTC"),
    (lambda p: p.update(statements={}), "list"),
    (lambda p: p["statements"].__setitem__(0, 5), "statement"),
    (lambda p: p["statements"][0].update(statement=5), "Statement"),
    (lambda p: p["statements"][0].update(note=None), "it-postal has not signed it"),
    (lambda p: p["statements"][0].pop("note"), "its note"),
    (lambda p: p["statements"][0].update(note="x\n-- it-postal"), "does not sign a statement"),
    (lambda p: p.update(permissions="all"), "list"),
    (lambda p: p.update(permissions=[7]), "signed note"),
    (
        lambda p: p.update(permissions=["x\n-- it-postal"]),
        "does not sign a statement or a permission",
    ),
]


@pytest.mark.parametrize(("spoil", "rule"), BAD)
def test_a_spoilt_bundle_is_refused_by_its_rule(spoil, rule: str) -> None:
    payload = shared(SEEN).payload()
    spoil(payload)
    with pytest.raises(InputError, match=rule):
        received(payload)


def test_a_bundle_of_the_calendars_last_moment_is_read_and_left_to_the_receiver() -> None:
    payload = shared(SEEN).payload() | {"at": "9999-12-31T23:59:59.999999Z"}
    assert received(payload).at.year == 9999


@pytest.mark.parametrize(
    "lie",
    [
        {"text": "innocent.example is the main panel"},
        {"subject": "host:innocent.example"},
        {"at": "2026-11-24T13:00:00.000000Z"},
        {"kind": "assessment"},
        {"id": "0" * 32},
        {"details": {"withdrawn": True}},
        {"details": {"corrects": "0" * 32}},
        {"marking": {**shared(SEEN).payload()["statements"][0]["statement"]["marking"],
                     "pap": "PAP:CLEAR"}},
        {"marking": {**shared(SEEN).payload()["statements"][0]["statement"]["marking"],
                     "tlp": "TLP:CLEAR"}},
        {"marking": {**shared(SEEN).payload()["statements"][0]["statement"]["marking"],
                     "accuracy": 1}},
    ],
)  # fmt: skip
def test_whatever_is_changed_in_a_statement_on_its_way_breaks_its_signature(
    lie: dict[str, Any],
) -> None:
    payload = shared(SEEN[:1]).payload()
    first_statement(payload).update(lie)
    with pytest.raises(EvidenceError, match="differs from what it-postal signed"):
        received(payload)


def test_a_statement_of_another_operation_is_not_taken_into_this_one() -> None:
    other = replace(TABLE, id="op-2")
    (row,) = noted(SEEN[0])
    text = text_of_statement(SEEN[0], operation=other.id, to="*")
    foreign = NotedStatement(statement=row.statement, notes={"*": note("it-postal", text)})
    payload = bundle_for([foreign], to=BG, by=LEAD, operation=TABLE, at=NOON).payload()
    with pytest.raises(EvidenceError, match="differs from what it-postal signed"):
        received(payload)


def test_a_statement_for_one_is_not_passed_off_as_one_for_anybody() -> None:
    """The Hague alone is named on what is GREEN: Sofia, who got it by mistake, hands it on."""
    (row,) = noted(said(Tlp.GREEN, to=("nl-fiod",)))
    loose = NotedStatement(
        statement=replace(row.statement, to=frozenset()), notes={"*": row.notes["nl-fiod"]}
    )
    payload = bundle_for([loose], to=BG, by=NL, operation=TABLE, at=NOON).payload()
    with pytest.raises(InputError, match="does not allow nl-fiod to share it with bg-gdbop"):
        received(payload)


def test_what_was_passed_on_against_its_marking_is_refused() -> None:
    strict = said(Tlp.AMBER, by="nl-fiod")
    permissions = leave(strict, by="it-postal", to="bg-gdbop")
    payload = shared([strict], permissions=permissions).payload()
    assert received(payload).statements == (strict,)
    payload["statements"][0]["permission"] = None
    with pytest.raises(InputError, match="does not allow it-postal to share it with bg-gdbop"):
        received(payload)


@pytest.mark.parametrize(
    ("signer", "by", "to"),
    [
        ("it-postal", "it-postal", "bg-gdbop"),
        ("nl-fiod", "it-postal", "league"),
        ("nl-fiod", "league", "bg-gdbop"),
    ],
)
def test_a_permission_is_the_providers_for_this_sharer_and_this_recipient(
    signer: str, by: str, to: str
) -> None:
    strict = said(Tlp.AMBER, by="nl-fiod")
    text = text_of_permission(strict, operation=TABLE.id, by=by, to=to)
    permissions = {("nl-fiod", strict.id, "bg-gdbop"): note(signer, text)}
    payload = shared([strict], permissions=permissions).payload()
    with pytest.raises(EvidenceError, match=r"not signed by nl-fiod|the permission does not allow"):
        received(payload)


def test_a_permission_for_one_statement_is_none_for_another() -> None:
    small, large = said(Tlp.AMBER, by="nl-fiod"), said(Tlp.AMBER, by="nl-fiod", text="all of it")
    (permission,) = leave(small, by="it-postal", to="bg-gdbop").values()
    permissions = {("nl-fiod", large.id, "bg-gdbop"): permission}
    payload = shared([large], permissions=permissions).payload()
    with pytest.raises(EvidenceError, match="the permission does not allow"):
        received(payload)


def test_nobody_gives_leave_for_what_another_provided() -> None:
    """A permission that comes with a bundle is the sender's own, for the one who receives it."""
    theirs = said(Tlp.AMBER, by="nl-fiod")
    (forged,) = leave(theirs, by="bg-gdbop", to="league").values()
    bundle = shared([], granted=[forged])
    with pytest.raises(EvidenceError, match="not signed by it-postal"):
        received(bundle.payload())


def test_what_an_agency_may_not_be_told_is_withheld_from_it_under_its_marking() -> None:
    rows = [
        said(Tlp.RED, subject="host:red.example"),
        said(Tlp.RED, subject="host:both.example"),
        said(Tlp.GREEN, subject="host:both.example"),
        said(Tlp.AMBER_STRICT, subject="host:strict.example"),
        said(Tlp.RED, subject="host:named.example", to=("bg-gdbop",)),
        said(Tlp.RED, subject="host:own.example", by="bg-gdbop"),
        said(Tlp.RED, subject="host:guessed.example"),
        said(Tlp.GREEN, subject="host:guessed.example", by="bg-gdbop"),
    ]
    names = [one.subject for one in rows] + ["host:nobody.example"]
    hidden = withheld(names, rows, to=BG, by=LEAD, operation=TABLE)
    assert {name: marking.tlp for name, marking in hidden.items()} == {
        "host:guessed.example": Tlp.RED,
        "host:red.example": Tlp.RED,
        "host:strict.example": Tlp.AMBER_STRICT,
    }


@pytest.mark.parametrize("missing", ["operation", "to", "from", "at"])
def test_an_old_bundle_that_lacks_a_member_is_refused(missing: str) -> None:
    payload = {
        "format": OLD_FORMAT,
        "operation": TABLE.id,
        "to": BG.id,
        "from": LEAD.id,
        "at": iso(NOON),
        "statements": [],
    }
    assert read_old_bundle(payload, to=BG, operation=TABLE).by == LEAD.id
    with pytest.raises(InputError):
        read_old_bundle(
            {name: value for name, value in payload.items() if name != missing},
            to=BG,
            operation=TABLE,
        )
