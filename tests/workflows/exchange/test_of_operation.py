"""What one agency may see of an operation, as items; what is hidden from it changes no byte."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.operation.test_sharing import hidden
from tests.operation.test_sharing import said as stated

from cautery.errors import InputError
from cautery.exchange import catalogue
from cautery.model import (
    HandlingCode,
    LedCategory,
    Marking,
    Pap,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.model.exchange import Item, ItemKey, ItemKind, Package, RelationKind
from cautery.operation.bundle import MAX_STATEMENTS
from cautery.workflows.exchange.of_operation import gathered_of, of_operation
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.share import add_statements, correct

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = "host:a.example"
ROME = "it-postal"

Desks = Callable[..., Desk]


def said(
    text: str = "it is there", *codes: HandlingCode, tlp: Tlp = Tlp.GREEN, **more: Any
) -> Statement:
    marking = Marking(tlp=tlp, pap=Pap.AMBER, handling=frozenset(codes), source="B", accuracy=3)
    return Statement(
        **{
            "id": f"s-{text.encode().hex()[:40]}",
            "by": ROME,
            "subject": HOST,
            "about": "asset",
            "text": text,
            "kind": StatementKind.FACT,
            "marking": marking,
            "at": NOON,
            **more,
        }
    )


def packed(*statements: Statement) -> Package:
    return gathered_of(statements, id_="case", name="op-1", by=ROME, begun=NOON).package


def item(package: Package, kind: ItemKind, name: str) -> Item:
    (found,) = (each for each in package.items if (each.kind, each.id) == (kind, name))
    return found


def test_an_asset_keeps_its_provider_marking_kind_role_and_country() -> None:
    details = {"role": "panel", "country": "NL", "cost": 5, "withdrawn": False}
    package = packed(said("Xtream", HandlingCode.H1, details=details))

    host = item(package, ItemKind.HOST, "a.example")
    assert (host.by, host.statement, host.role, host.country) == (
        ROME,
        StatementKind.FACT,
        "panel",
        "NL",
    )
    assert (host.marking.words, host.marking.source, host.marking.accuracy) == (
        "TLP:GREEN PAP:AMBER H1",
        "B",
        3,
    )
    assert host.text == "Xtream. cost: 5."
    assert package.marking.words == "TLP:GREEN PAP:AMBER H1"


def test_what_of_a_statement_stays_is_counted_and_a_storefront_is_said() -> None:
    traits = {"contact": "x@a.example", "registrant": "Rossi", "address": "192.0.2.1", "title": 7}
    asset = said(details={"traits": traits, "role": "x" * 501, "country": ["NL"], "cost": 5})
    payment = said(
        "paid", about="payment", subject="payment:7",
        details={"storefront": "shop.example", "account": "DE00", "amounts": [1, 2], "note": None},
    )  # fmt: skip
    found = gathered_of([asset, payment], id_="case", name="op-1", by=ROME, begun=NOON)

    assert found.stays == {
        "traits of hosts that lead to people": 2,
        "details that are no short text": 4,
        "accounts of payments": 1,
    }
    assert item(found.package, ItemKind.STATEMENT, payment.id).text == (
        "Paid. storefront: shop.example."
    )
    assert "DE00" not in repr(found.package)


@pytest.mark.parametrize(
    ("subject", "kind", "name"),
    [
        ("host:B\u00fccher.example.", ItemKind.HOST, "xn--bcher-kva.example"),
        ("address:2001:DB8:0::1", ItemKind.ADDRESS, "2001:db8::1"),
        ("address:nowhere", ItemKind.ASSET, "address:nowhere"),
        ("panel:p-7", ItemKind.PANEL, "p-7"),
        ("encoder:e-1", ItemKind.FEED, "e-1"),
        ("stream:http://a.example/1", ItemKind.STREAM, "http://a.example/1"),
        ("stream:7", ItemKind.ASSET, "stream:7"),
        ("wallet:BTC:bc1q", ItemKind.ASSET, "wallet:BTC:bc1q"),
        ("host:", ItemKind.ASSET, "host:"),
    ],
)
def test_a_subject_becomes_an_item_of_its_kind(subject: str, kind: ItemKind, name: str) -> None:
    (found,) = packed(said(subject=subject)).items
    assert (found.kind, found.id) == (kind, name)


def test_the_newest_statement_is_the_item_and_those_before_are_about_it() -> None:
    old = said("old", at=NOON - timedelta(days=1), details={"role": "edge"}, tlp=Tlp.AMBER)
    new = said("new", details={"role": "panel"})
    package = packed(old, new)

    host = item(package, ItemKind.HOST, "a.example")
    before = item(package, ItemKind.STATEMENT, old.id)
    assert (host.text, host.role, host.marking.tlp) == ("New.", "panel", Tlp.GREEN)
    assert (before.text, before.marking.tlp) == ("Old.", Tlp.AMBER)
    (about,) = package.relations
    assert (about.kind, about.source, about.target) == (
        RelationKind.ABOUT,
        before.key,
        host.key,
    )
    assert package.marking.tlp is Tlp.AMBER


def test_two_agencies_that_speak_of_one_host_have_an_item_each() -> None:
    package = packed(said("one"), said("two", by="bg-gdbop"))
    assert [each.by for each in package.items] == ["bg-gdbop", ROME]


def test_a_link_relates_items_of_its_provider_and_names_what_nobody_described() -> None:
    link = said(
        "a needs b",
        about="link",
        details={"source": "panel:p-7", "target": HOST, "relation": "feeds", "needs": 0, "k": 1},
    )
    package = packed(said("there"), link)
    (relation,) = package.relations
    assert relation.kind is RelationKind.FEEDS
    assert (relation.source.kind, relation.source.id) == (ItemKind.PANEL, "p-7")
    assert relation.target == item(package, ItemKind.HOST, "a.example").key
    assert item(package, ItemKind.HOST, "a.example").text == "There."
    assert relation.text == "A needs b. Needed of the group: 1. Group of needs: 0."


def test_a_second_link_between_the_same_keeps_a_marking_of_its_own() -> None:
    ends = {"source": "panel:p-7", "target": HOST}
    first = said("first", about="link", details=ends)
    second = said("second", about="link", details=ends, tlp=Tlp.RED, at=NOON - timedelta(hours=1))
    package = packed(first, second)
    (relation,) = (each for each in package.relations if each.kind is RelationKind.RELATED_TO)
    assert (relation.marking.tlp, "second" in relation.text.lower()) == (Tlp.GREEN, False)
    assert item(package, ItemKind.STATEMENT, second.id).marking.tlp is Tlp.RED


@pytest.mark.parametrize("details", [{}, {"source": HOST}, {"source": 7, "target": HOST}])
def test_a_link_that_links_nothing_is_a_statement(details: dict[str, Any]) -> None:
    assert item(packed(said(about="link", details=details)), ItemKind.STATEMENT, said().id)


def test_a_person_has_a_pseudonym_a_category_and_what_it_runs() -> None:
    person = said(
        "sells lines",
        about="person",
        subject="P-00aa11bb22cc",
        kind=StatementKind.ASSESSMENT,
        details={"category": "suspect", "role": "reseller", "country": "IT", "runs": [HOST, 7]},
    )
    package = packed(said("there"), person)
    found = item(package, ItemKind.PERSON, "P-00aa11bb22cc")
    assert (found.category, found.role, found.country) == (LedCategory.SUSPECT, "reseller", "IT")
    assert found.statement is StatementKind.ASSESSMENT
    (runs,) = package.relations
    assert (runs.source, runs.target.id, runs.text) == (found.key, "a.example", "runs")
    assert item(package, ItemKind.HOST, "a.example").text == "There."


def test_a_person_without_a_category_stays_words() -> None:
    person = said(about="person", subject="P-00aa11bb22cc", details={"role": "x"})
    assert [each.kind for each in packed(person).items] == [ItemKind.STATEMENT]


def test_a_payment_is_a_statement_about_what_it_was_made_at() -> None:
    payment = said(
        "EUR 12",
        about="payment",
        subject="storefront:shop",
        details={"amount": "12", "account": "x"},
    )
    package = packed(payment)
    words = item(package, ItemKind.STATEMENT, payment.id)
    assert (words.role, words.text) == ("payment", "EUR 12. amount: 12.")
    assert package.relations[0].target == ItemKey(ItemKind.STOREFRONT, "shop", ROME)


def test_traits_of_machines_are_items_and_those_of_people_are_not() -> None:
    traits = {"certificate": "ab12", "address": "192.0.2.7", "contact": "x@a.example"}
    package = packed(said(details={"traits": traits}))
    assert {(each.kind, each.id) for each in package.items} == {
        (ItemKind.HOST, "a.example"),
        (ItemKind.ASSET, "certificate:ab12"),
        (ItemKind.ADDRESS, "192.0.2.7"),
    }
    assert "x@a.example" not in repr(package)


def test_what_is_withdrawn_keeps_its_key_and_is_revoked(agency_desk: Desks) -> None:
    rome = agency_desk(ROME)
    ends = {"source": "panel:p-7", "target": HOST}
    host, link = add_statements(rome, [said("there"), said("link", about="link", details=ends)])
    before = of_operation(rome, "bg-gdbop", at=NOON)[0].package
    correct(rome, host.id, text="it was not", at=NOON, withdrawn=True)
    correct(rome, link.id, text="no link", at=NOON, withdrawn=True)
    after = of_operation(rome, "bg-gdbop", at=NOON)[0].package

    assert not any(each.revoked for each in (*before.items, *before.relations))
    assert [each.key for each in after.items] == [each.key for each in before.items]
    assert [each.key for each in after.relations] == [each.key for each in before.relations]
    assert item(after, ItemKind.HOST, "a.example").revoked
    assert after.relations[0].revoked
    assert not item(after, ItemKind.PANEL, "p-7").revoked


@pytest.mark.parametrize("about", ["payment", "plan"])
def test_words_that_are_withdrawn_are_revoked_under_the_key_that_they_had(
    agency_desk: Desks, about: str
) -> None:
    rome = agency_desk(ROME)
    (stated,) = add_statements(rome, [said("it was paid", about=about)])
    before = of_operation(rome, "bg-gdbop", at=NOON)[0].package
    newer, _ = correct(rome, stated.id, text="it was paid twice", at=NOON)
    between = of_operation(rome, "bg-gdbop", at=NOON)[0].package
    correct(rome, newer.id, text="nobody paid", at=NOON, withdrawn=True)
    after = of_operation(rome, "bg-gdbop", at=NOON)[0].package

    assert [each.key for each in before.items] == [each.key for each in after.items]
    assert [each.key for each in before.relations] == [each.key for each in after.relations]
    words = [item(each, ItemKind.STATEMENT, stated.id) for each in (before, between, after)]
    assert [each.revoked for each in words] == [False, False, True]
    assert words[1].text.startswith("It was paid twice")


def test_what_is_corrected_is_said_anew_under_its_key(agency_desk: Desks) -> None:
    rome = agency_desk(ROME)
    (host,) = add_statements(rome, [said("there", details={"role": "edge"})])
    correct(rome, host.id, text="a panel", details={"role": "panel"}, at=NOON)
    (found,) = of_operation(rome, "bg-gdbop", at=NOON)[0].package.items
    assert (found.text, found.role, found.revoked) == ("A panel.", "panel", False)


def test_a_statement_that_stands_is_the_item_beside_one_that_was_withdrawn() -> None:
    gone = said("gone", details={"withdrawn": True, "corrects": "x"})
    stands = said("stands", at=NOON - timedelta(days=9))
    package = packed(gone, stands)
    assert not item(package, ItemKind.HOST, "a.example").revoked
    assert item(package, ItemKind.STATEMENT, "x").revoked


def test_a_stranger_gets_nothing(agency_desk: Desks) -> None:
    with pytest.raises(InputError, match="not an agency at the table"):
        of_operation(agency_desk(ROME), "nobody", at=NOON)


def test_nothing_to_say_is_an_empty_package(agency_desk: Desks) -> None:
    package = of_operation(agency_desk(ROME), "bg-gdbop", at=NOON)[0].package
    assert (package.items, package.relations, package.marking.tlp) == ((), (), Tlp.AMBER)


def test_more_statements_than_a_letter_has_are_all_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_STATEMENTS < 30_000
    many = [said(f"s {n}", id=f"s-{n}", subject=f"host:h{n}.example") for n in range(30_000)]
    assert len(packed(*many).items) == 30_000


# What is hidden from an agency changes no byte of what it gets, in each format.

SEEN = [
    stated(Tlp.GREEN, text="seen by all"),
    stated(Tlp.AMBER, text="seen by those who act", subject="host:b.example"),
    stated(Tlp.RED, text="seen by one", to=("bg-gdbop",), subject="host:c.example"),
    stated(
        Tlp.GREEN,
        about="link",
        text="seen link",
        source="host:a.example",
        target="host:b.example",
    ),
]


def every_format() -> list[str]:
    return list(catalogue.NAMES)


def bytes_for(statements: list[Statement]) -> dict[str, bytes]:
    """Return what bg-gdbop gets of some statements, by the name of each format."""
    from tests.operation.test_sharing import shared

    package = packed(*shared(statements).statements)
    return {name: b"".join(catalogue.format_named(name).write(package)) for name in every_format()}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(hidden(), max_size=6),
    st.lists(hidden(), max_size=6),
    st.randoms(use_true_random=False),
    st.sampled_from([frozenset(), frozenset({"nl-fiod"})]),
)
def test_an_export_is_byte_identical_whatever_hidden_facts_say_appear_or_vanish(
    before: list[Statement], after: list[Statement], chance: random.Random, named: frozenset[str]
) -> None:
    other = list(SEEN) + after
    other[2] = replace(other[2], to=other[2].to | named)
    chance.shuffle(other)
    assert bytes_for(SEEN + before) == bytes_for(other)


def test_an_export_is_byte_identical_through_the_ledger_whatever_is_hidden(
    agency_desk: Desks,
) -> None:
    rome = agency_desk(ROME)
    add_statements(rome, [said("seen"), said("seen, too", tlp=Tlp.AMBER, subject="panel:p-7")])
    chance = random.Random(7)

    def given_to_sofia() -> dict[str, bytes]:
        gathered, _ = of_operation(rome, "bg-gdbop", at=NOON + timedelta(days=chance.random()))
        return {
            name: b"".join(catalogue.format_named(name).write(gathered.package))
            for name in every_format()
        }

    first = given_to_sofia()
    for turn in range(6):
        secret = said(
            f"hidden {turn}",
            tlp=chance.choice([Tlp.RED, Tlp.AMBER_STRICT]),
            to=frozenset(chance.choice([(), ("nl-fiod",), ("eurojust",)])),
            at=NOON + timedelta(hours=turn),
            subject=chance.choice([HOST, "panel:p-7", "P-1"]),
            about=chance.choice(["asset", "link", "plan"]),
            details={"source": HOST, "target": "panel:p-7"},
        )
        add_statements(rome, [secret])
        assert given_to_sofia() == first
