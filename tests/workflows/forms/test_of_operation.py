"""What an agency's case gives to a police paper: its draft, what it may cite, whom it may name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cautery.errors import ApprovalError, InputError
from cautery.model import (
    HandlingCode,
    Instrument,
    Marking,
    Pap,
    Person,
    Regime,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.model.forms import WITHHELD, Fact, fill
from cautery.model.operation import LedCategory
from cautery.model.records import PersonNamed
from cautery.operation.instruments import (
    ProviderClass,
    draft_eio,
    draft_jit,
    draft_preservation,
    draft_production,
)
from cautery.workflows.forms.catalogue import all_forms, form_named
from cautery.workflows.forms.chosen import About, Reader, refuse_regime
from cautery.workflows.forms.of_operation import facts_of_operation
from cautery.workflows.forms.registering import register_form
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.draft_instrument import file_draft
from cautery.workflows.operation.outcomes import erase_person
from cautery.workflows.operation.papers import papers_of
from cautery.workflows.operation.partners import register_partner
from cautery.workflows.operation.persons import pseudonym_at, register_person
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, permit, share

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
READER = Reader(who="A. Rossi", why="order of 24 November")
HOLDS = ("address:192.0.2.7", "host:panel.example", "user:Reseller-7", "all tickets")
POLICE = [form for form in all_forms() if form.regimes == (Regime.LED,)]

Open = Callable[..., Desk]


def said(
    by: str,
    text: str,
    *codes: HandlingCode,
    subject: str = "host:panel.example",
    tlp: Tlp = Tlp.GREEN,
    to: tuple[str, ...] = (),
) -> Statement:
    return Statement(
        id="x",
        by=by,
        subject=subject,
        about="asset",
        text=text,
        kind=StatementKind.FACT,
        marking=Marking(
            tlp=tlp,
            pap=Pap.GREEN,
            handling=frozenset(codes),
            h3_text="ask first" if HandlingCode.H3 in codes else None,
            source="A",
            accuracy=1,
        ),
        at=NOON,
        to=frozenset(to),
    )


def told(open_desk: Open, giver: Desk, taker: Desk) -> None:
    for one, other in ((giver, taker), (taker, giver)):
        register_partner(one, other.agency.id, other.case.verifier, at=NOON)
    raw = share(giver, taker.agency.id, at=NOON)
    receive(taker, raw, key=giver.case.verifier, at=NOON)


def drafted(desk: Desk, make: Callable[..., Instrument], **changed: Any) -> Instrument:
    terms: dict[str, Any] = {
        "by": desk.agency,
        "country": "NL",
        "holds": HOLDS,
        "grounds": "the panel runs there",
        "at": NOON,
    }
    if make in (draft_production, draft_preservation):
        terms |= {"provider": "Host Ltd", "provider_class": ProviderClass.HOSTING}
    else:
        terms |= {"authority": "a court"}
    draft = make(**{**terms, **changed})
    file_draft(desk, draft)
    return draft


def facts(desk: Desk, form: str, **about: Any) -> dict[str, Fact]:
    return facts_of_operation(desk, form_named(form), About(at=NOON, **about))


def rows(fact: Fact) -> list[Any]:
    assert isinstance(fact.value, tuple)
    return list(fact.value)


def person(desk: Desk, name: str, category: LedCategory = LedCategory.SUSPECT) -> str:
    pseudonym = pseudonym_at(desk, name)
    register_person(
        desk,
        name,
        Person(
            pseudonym=pseudonym,
            category=category,
            kind=StatementKind.ASSESSMENT,
            role="runs the panel",
            marking=Marking(
                tlp=Tlp.AMBER_STRICT, pap=Pap.AMBER, handling=frozenset({HandlingCode.H1})
            ),
            review_at=date(2027, 5, 1),
            erase_at=date(2028, 5, 1),
            country="IT",
        ),
        at=NOON,
    )
    return pseudonym


def test_a_certificate_is_filled_from_its_draft(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    draft = drafted(desk, draft_production, emergency=True)
    given = facts(desk, "eu/epoc")
    assert given["instrument.ipv4"].value == ("192.0.2.7",)
    assert given["instrument.names"].value == ("panel.example",)
    assert given["instrument.accounts"].value == ("Reseller-7",)
    assert given["instrument.others"].value == ("all tickets",)
    assert given["instrument.emergency"].value is True
    (record,) = given["instrument.id"].records
    entry = next(entry for entry, filed in desk.contents(Instrument) if filed == draft)
    assert record == entry.index


@pytest.mark.parametrize("form", ["eu/epoc", "eu/epoc-pr"])
def test_what_a_provider_gets_says_nothing_of_the_case(form: str) -> None:
    """Article 9(2) and (3) of Regulation (EU) 2023/1543: points (a) to (h), or (a) to (f)."""
    secret = ("instrument.grounds", "instrument.facts", "person.", "statement.", "money.")
    sources = {form_field.from_ for form_field in form_named(form).fields}
    assert not [source for source in sources if source.startswith(secret)]


def test_the_enforcing_authority_learns_the_grounds(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    drafted(desk, draft_production)
    filled = fill(form_named("eu/epoc-notification"), facts(desk, "eu/epoc-notification"), {})
    assert filled.value("grounds") == "the panel runs there"


def test_which_draft_is_meant_must_be_said_where_there_are_several(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    with pytest.raises(InputError, match="no draft of a european-investigation-order"):
        facts(desk, "eu/eio")
    one, _ = drafted(desk, draft_eio), drafted(desk, draft_eio, authority="another court")
    with pytest.raises(InputError, match="2 drafts of a european-investigation-order: say which"):
        facts(desk, "eu/eio")
    assert facts(desk, "eu/eio", instrument=one.id)["instrument.addressee"].value == "a court"
    with pytest.raises(InputError, match="is a european-investigation-order, and this form is of"):
        facts(desk, "eu/epoc", instrument=one.id)
    with pytest.raises(InputError, match="no draft 'D-0'"):
        facts(desk, "eu/eio", instrument="D-0")


def test_a_team_has_no_single_country(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    others = [desk.operation.agency(name) for name in ("bg-gdbop", "nl-fiod")]
    file_draft(
        desk,
        draft_jit(
            by=desk.agency,
            partners=others,
            purpose="take the panels",
            until=datetime(2027, 1, 1, tzinfo=UTC),
            at=NOON,
        ),
    )
    given = facts(desk, "eu/jit-agreement")
    assert given["instrument.states"].value == "BG, NL"
    assert "instrument.country" not in given


def test_a_certificate_cites_only_what_the_markings_allow(agency_desk: Open) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(sofia, [said("bg-gdbop", "it is the panel"),
                           said("bg-gdbop", "heard in confidence", HandlingCode.H2),
                           said("bg-gdbop", "not for a court", HandlingCode.H1),
                           said("bg-gdbop", "of another host", subject="host:other.example")],
                   at=NOON)  # fmt: skip
    add_statements(rome, [said("it-postal", "own", HandlingCode.H1, tlp=Tlp.RED)], at=NOON)
    told(agency_desk, sofia, rome)
    drafted(rome, draft_eio)
    given = facts(rome, "eu/eio")
    cited = "\n".join(rows(given["instrument.facts"]))
    assert "it is the panel (bg-gdbop, 2026-11-24, fact, A1)" in cited
    assert "own" in cited
    for hidden in ("in confidence", "not for a court", "of another host"):
        assert hidden not in cited
    assert given[WITHHELD].value == 2
    marking = given["instrument.facts"].marking
    assert marking is not None
    assert marking.words == "TLP:RED PAP:GREEN H1"
    assert len(given["instrument.facts"].records) == 2


def test_a_message_has_what_the_recipient_may_see_and_not_the_count_of_the_rest(
    agency_desk: Open,
) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(sofia, [said("bg-gdbop", "open"), said("bg-gdbop", "shut", HandlingCode.H2)],
                   at=NOON)  # fmt: skip
    told(agency_desk, sofia, rome)
    given = facts(rome, "europol/siena", to="nl-fiod")
    filled = fill(form_named("europol/siena"), given, {})
    texts = [row["text"] for row in rows(given["statement.list"])]
    assert texts == ["open"]
    assert (given[WITHHELD].value, filled.withheld) == (1, 1)
    assert all(entry.field.from_ != WITHHELD for entry in filled.fields)


def test_what_its_provider_permits_enters_the_message(agency_desk: Open) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (shut,) = add_statements(sofia, [said("bg-gdbop", "shut", HandlingCode.H2)], at=NOON)
    permit(sofia, shut.id, by="it-postal", to="nl-fiod", why="request 3", at=NOON)
    told(agency_desk, sofia, rome)
    given = facts(rome, "europol/siena", to="nl-fiod")
    assert len(rows(given["statement.list"])) == 1
    assert given["statement.handling"].value == (
        "H2: not passed on without the provider's permission",
    )


@pytest.mark.parametrize(
    ("to", "why"),
    [(None, "say to which one"), ("it-postal", "own agency"), ("us-hsi", "not an agency")],
)
def test_a_message_goes_to_another_agency_at_the_table(
    agency_desk: Open, to: str | None, why: str
) -> None:
    with pytest.raises(InputError, match=why):
        facts(agency_desk("it-postal"), "europol/siena", to=to)


def test_a_message_can_be_about_one_host(agency_desk: Open) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, [said("it-postal", "one"),
                          said("it-postal", "two", subject="host:b.example")], at=NOON)  # fmt: skip
    given = facts(rome, "europol/siena", to="nl-fiod", hosts=("B.example",))
    assert [row["text"] for row in rows(given["statement.list"])] == ["two"]


def test_a_name_is_on_a_paper_only_with_its_reader_on_record(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    drafted(desk, draft_eio)
    who = person(desk, "Mara Quaglia")
    assert "person.named" not in facts(desk, "eu/eio")
    with pytest.raises(InputError, match="reading a name is recorded"):
        facts(desk, "eu/eio", persons=(who,))
    assert not list(desk.contents(PersonNamed))
    given = facts(desk, "eu/eio", persons=(who,), reader=READER)
    (row,) = rows(given["person.named"])
    assert (row["name"], row["category"], row["kind"]) == ("Mara Quaglia", "suspect", "assessment")
    assert [named.who for _, named in desk.contents(PersonNamed)] == ["A. Rossi"]
    assert given["person.named"].marking is not None


def test_nobody_unknown_erased_or_unwanted_is_named(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    for make in (draft_eio, draft_production):
        drafted(desk, make)
    who = person(desk, "Mara Quaglia")
    with pytest.raises(InputError, match="has no person 'P-0'"):
        facts(desk, "eu/eio", persons=("P-0",), reader=READER)
    with pytest.raises(InputError, match="eu/epoc names no person"):
        facts(desk, "eu/epoc", persons=(who,), reader=READER)
    with pytest.raises(InputError, match="league only advises"):
        facts(desk, "europol/siena", to="league", persons=(who,), reader=READER)
    assert not list(desk.contents(PersonNamed))
    erase_person(PersonFile.of(desk), who, by="A. Officer", why="no need", at=NOON)
    with pytest.raises(InputError, match="the name is erased"):
        facts(desk, "eu/eio", persons=(who,), reader=READER)


def test_a_paper_that_names_a_person_is_found_by_the_person(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    drafted(desk, draft_eio)
    who = person(desk, "Mara Quaglia")
    about = About(at=NOON, persons=(who,), reader=READER)
    filled = fill(form_named("eu/eio"), facts_of_operation(desk, form_named("eu/eio"), about), {})
    assert register_form(desk.case, filled, about, b"paper") == (who,)
    (paper,) = papers_of(PersonFile.of(desk), who)
    assert paper.to == ("a court",)
    assert "European Investigation Order" in paper.title


def test_a_message_that_speaks_of_a_person_is_found_by_the_person(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    who = person(desk, "Mara Quaglia")
    add_statements(desk, [said("it-postal", f"{who} rents it")], at=NOON)
    about = About(at=NOON, to="nl-fiod", reader=READER)
    form = form_named("europol/siena")
    filled = fill(form, facts_of_operation(desk, form, about), {})
    assert register_form(desk.case, filled, about, b"paper") == (who,)
    with pytest.raises(InputError, match="writing to another agency is recorded"):
        register_form(desk.case, filled, About(at=NOON, to="nl-fiod"), b"paper")


def test_no_new_paper_speaks_of_a_person_whose_name_is_erased(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    drafted(desk, draft_eio)
    who = person(desk, "Mara Quaglia")
    add_statements(desk, [said("it-postal", f"{who} rents it"), said("it-postal", "it is up")],
                   at=NOON)  # fmt: skip
    erase_person(PersonFile.of(desk), who, by="A. Officer", why="acquitted", at=NOON)
    about = About(at=NOON, to="nl-fiod", reader=READER)
    form = form_named("europol/siena")
    given = facts_of_operation(desk, form, about)
    assert [row["text"] for row in rows(given["statement.list"])] == ["it is up"]
    assert given[WITHHELD].value == 1
    assert register_form(desk.case, fill(form, given, {}), about, b"paper") == ()
    (fact,) = rows(facts(desk, "eu/eio")["instrument.facts"])
    assert "it is up" in fact


@pytest.mark.parametrize("form", POLICE, ids=lambda form: form.id)
def test_a_private_party_writes_no_police_paper(form: Any) -> None:
    with pytest.raises(ApprovalError, match=rf"the form {form.id} needs regime 'led'"):
        refuse_regime(form, Regime.GDPR)


@pytest.mark.parametrize("form", POLICE, ids=lambda form: form.id)
def test_a_police_paper_has_its_texts_in_four_languages(form: Any) -> None:
    for texts in (form.title, form.purpose):
        assert set(texts) == {"en", "fr", "it", "es"}


@pytest.mark.parametrize("name", ["", " "])
def test_a_reader_has_a_name_and_a_reason(name: str) -> None:
    with pytest.raises(InputError, match="--who NAME --why TEXT"):
        Reader(who=name, why="x")
    with pytest.raises(InputError, match="--who NAME --why TEXT"):
        Reader(who="x", why=name)
