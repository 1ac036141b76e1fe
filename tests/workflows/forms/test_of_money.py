"""The money of a case on its papers: opened for a named reader, ranked, and right as goAML."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model import AddressTag, Flow, Transfer
from cautery.model.forms import Fact, fill
from cautery.model.records import MoneyTraced, TraceOpened
from cautery.operation.instruments import draft_freezing
from cautery.operation.money.flows import table_of
from cautery.operation.money.lots import METHODS, Method
from cautery.operation.money.trace import trace
from cautery.workflows.forms.as_xml import xml_of
from cautery.workflows.forms.catalogue import form_named
from cautery.workflows.forms.chosen import About, Reader
from cautery.workflows.forms.of_operation import facts_of_operation
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.draft_instrument import file_draft
from cautery.workflows.operation.trace_money import trace_money

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
READER = Reader(who="A. Rossi", why="hearing of 3 March")
EXCHANGE = AddressTag(address="ex", label="Big Exchange", category="exchange", source="pack")
ANSWERS = {
    "rentity_id": 42,
    "report_code": "SAR",
    "currency": "EUR",
    "first_name": "Anna",
    "last_name": "Rossi",
    "reason": "Money of an unlicensed service",
    "indicators": ["ACTRC"],
}
Open = Callable[..., Desk]


def transfer(id: str, minute: int, inputs: dict[str, str], outputs: dict[str, str]) -> Transfer:
    return Transfer(
        id=id,
        asset="BTC",
        at=NOON + timedelta(minutes=minute),
        inputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in inputs.items()),
        outputs=tuple(Flow(address=one, amount=Decimal(value)) for one, value in outputs.items()),
    )


TABLE = table_of(
    [
        transfer("clean", 1, {"payroll": "3"}, {"hub": "3"}),
        transfer("dirty", 2, {"till": "1"}, {"hub": "1"}),
        transfer("out", 3, {"hub": "4"}, {"ex": "2", "hoard": "2"}),
    ]
)


def traced(desk: Desk, *methods: Method) -> None:
    for method in methods:
        trace_money(desk, trace("till", TABLE, [EXCHANGE], method=method))


def facts(desk: Desk, form: str, **about: Any) -> dict[str, Fact]:
    return facts_of_operation(desk, form_named(form), About(at=NOON, **about))


def rows(fact: Fact) -> list[Any]:
    assert isinstance(fact.value, tuple)
    return list(fact.value)


def test_a_trail_is_opened_only_for_a_reader_on_record(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    with pytest.raises(InputError, match="needs a trace of money, and this case has none"):
        facts(desk, "money/suspicion", reader=READER)
    traced(desk, "haircut")
    with pytest.raises(InputError, match="opening a trail of money is recorded"):
        facts(desk, "money/suspicion")
    assert not list(desk.contents(TraceOpened))
    facts(desk, "money/suspicion", reader=READER)
    (opened,) = [content for _, content in desk.contents(TraceOpened)]
    assert (opened.who, opened.why, opened.form) == (READER.who, READER.why, "money/suspicion")
    assert opened.exhibit == next(desk.contents(MoneyTraced))[1].exhibits[0]


def test_a_proposal_says_what_it_would_hold_as_an_interval(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    traced(desk, *METHODS)
    given = facts(desk, "money/freezing-proposals", reader=READER)
    (row,) = rows(given["money.proposals"])
    assert (row["rank"], row["addressee"], row["asset"]) == ("1", "Big Exchange", "BTC")
    assert Decimal(row["at_least"]) < Decimal(row["at_most"])
    assert set(row["methods"].split(", ")) == set(METHODS)
    assert given["money.entered"].value == ("1 BTC",)
    assert len(given["money.proposals"].records) == len(METHODS)


def test_a_freezing_certificate_has_the_sum_at_its_addressee(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    traced(desk, "haircut")
    terms: dict[str, Any] = {
        "by": desk.agency, "country": "NL", "grounds": "the trail ends there",
        "holds": ["wallet:ex"], "at": NOON,
    }  # fmt: skip
    file_draft(desk, draft_freezing(addressee="Big Exchange", **terms))
    given = facts(desk, "eu/freezing-certificate")
    assert given["instrument.amounts"].value == ("at most 0.5 BTC",)
    other = draft_freezing(addressee="Another", **terms)
    file_draft(desk, other)
    assert "instrument.amounts" not in facts(desk, "eu/freezing-certificate", instrument=other.id)


@pytest.mark.parametrize("language", ["en", "fr", "it", "es"])
def test_the_elements_of_a_goaml_report_stand_in_the_order_of_its_schema(
    agency_desk: Open, language: str
) -> None:
    """A sequence of XML Schema: an element out of its place makes the file invalid."""
    desk = agency_desk("it-postal")
    traced(desk, "haircut")
    form = form_named("money/goaml")
    with in_language(language):
        filled = fill(form, facts(desk, "money/goaml", reader=READER), ANSWERS)
        assert filled.is_complete
        report = ET.fromstring(xml_of(filled))
    assert [element.tag for element in report] == [
        "rentity_id", "submission_code", "report_code", "entity_reference", "submission_date",
        "currency_code_local", "reporting_person", "reason", "activity", "report_indicators",
    ]  # fmt: skip
    assert report.findtext("submission_code") == "E"
    parties = report.findall("activity/report_parties/report_party")
    assert [party.findtext("account/account") for party in parties] == ["ex", "hoard"]
    first = [element.tag for element in parties[0].iter()]
    assert first == ["report_party", "account", "institution_name", "institution_code", "account",
                     "account_name", "reason", "comments"]  # fmt: skip
    # The schema has a pattern of ASCII letters for names.
    for party in parties:
        name = party.findtext("account/account_name") or ""
        assert name.isascii()
        assert name


def test_an_account_says_how_much_of_the_trail_is_there(agency_desk: Open) -> None:
    desk = agency_desk("it-postal")
    traced(desk, "haircut")
    ending, holding = rows(facts(desk, "money/suspicion", reader=READER)["money.accounts"])
    assert (ending["institution"], ending["account"], ending["amount"]) == (
        "Big Exchange",
        "ex",
        "0.5",
    )
    assert (holding["institution"], holding["account"]) == ("", "hoard")
    assert holding["sum"] == "0.5 BTC of the trail at 1 account"
