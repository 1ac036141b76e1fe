"""A press sheet has the numbers of the operation's page, each with its records, and of one alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.workflows.operation.seizures import (
    AMBER,
    NOON,
    said,
    seize,
    seize_cash,
    seize_domain,
    take_down,
)

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import InputError
from cautery.evidence.merkle import leaf_hash
from cautery.messages import in_language
from cautery.model import Estimate, ExhibitKind, Operation
from cautery.model.message import as_written
from cautery.model.records import PublishedFigure, SizedNetwork
from cautery.model.records.inquiry import SizingOccasion
from cautery.pages.operation import render_page
from cautery.pages.operation.formatting import within
from cautery.pages.press_sheet import Count, PressSheet, State, sheets_json
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.page_view import page_view
from cautery.workflows.operation.press_sheet import LANGUAGES, compare_sheet, press_sheet
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.register_exhibits import correct_exhibit
from cautery.workflows.operation.share import add_statements, correct, share

Desks = Callable[..., Desk]


def sheet(desk: Desk, language: str = "en", **more: Any) -> PressSheet:
    return press_sheet(desk, language=language, made_at=NOON, **more)


def counts(desk: Desk, language: str = "en") -> dict[str, Count]:
    return {count.id: count for count in sheet(desk, language).measured}


def digits(text: str) -> str:
    return re.sub(r"[^\d.]", "", text)


def sized(mid: float) -> SizedNetwork:
    rows = tuple(
        Estimate(
            quantity=as_written(name),
            unit=unit,
            low=mid / 2,
            mid=mid,
            high=mid * 2,
            method=as_written("panels and payments"),
            coverage=0.9,
        )
        for name, unit in (("users", "users"), ("payers", "payers"), ("revenue", "EUR/month"))
    )
    return SizedNetwork(
        month=date(2026, 10, 1), occasion=SizingOccasion.AFTER_DAY, inner=rows, outer=rows,
        sources=(),
    )  # fmt: skip


def published(**more: Any) -> PublishedFigure:
    return PublishedFigure(
        **{"id": "servers", "what": "servers", "value": "29", "source": "press", **more}
    )


def panel(host: str, **more: Any) -> Any:
    return said(f"host:{host}", details={"role": "panel", "country": "IT"}, **more)


@pytest.fixture
def rome(agency_desk: Desks) -> Desk:
    """Rome's desk with something of each kind of number."""
    desk = agency_desk("it-postal")
    seize_domain(desk, "one.example")
    seize(desk, "IT-0002", ExhibitKind.SERVER, count=28)
    seize_cash(desk, "IT-0003", "40000.50", "EUR")
    seize_cash(desk, "IT-0004", "300", "CHF")
    add_statements(desk, [panel("a.example"), panel("b.example")])
    take_down(desk, "host:a.example")
    desk.record_all(
        [
            sized(1.4e6),
            published(low=29),
            published(id="users", what="users", value="22 million", low=22e6, kind="claim"),
            published(id="kratos", what="the same totals", value="as above", kind="same-totals"),
        ],
        at=NOON,
    )
    return desk


def test_the_numbers_are_those_of_the_operations_page_to_the_digit(rome: Desk) -> None:
    view, found = page_view(rome, made_at=NOON), counts(rome)
    page = render_page(view)
    assert view.exhibits is not None
    assert view.estimates is not None
    things = {line.kind: line.things for line in view.exhibits.lines}
    assert digits(found["exhibits"].figure) == str(
        sum(line.exhibits for line in view.exhibits.lines)
    )
    assert digits(found["seized-server"].figure) == str(things["server"]) == "28"
    assert {
        total.currency: found[f"worth-{total.currency}"].value for total in view.exhibits.totals
    } == {total.currency: total.register for total in view.exhibits.totals}
    for estimate in view.estimates.reconciled:
        assert found[estimate.quantity].interval == estimate.inner
        assert found[estimate.quantity].figure == within(estimate.inner)
        assert found[estimate.quantity].figure in page
    assert "1 search and 0 arrests" in view.summary
    assert found["searches"].figure == "1"
    (panels,) = [one for one in view.figures if one.label == "assets in the picture"]
    assert found["panels"].value == panels.value == 2


def test_every_number_leads_to_records_of_the_case(rome: Desk) -> None:
    leaves = {entry.index: leaf_hash(entry.leaf).hex() for entry in rome.case.ledger.read()}
    found = sheet(rome)
    measured = [count for count in found.measured if count.state is State.MEASURED]
    assert len(measured) > 10
    for count in (*measured, *found.published):
        assert count.records, count.what
        assert all(leaves[ref.number] == ref.digest for ref in count.records), count.what


def test_a_number_without_a_record_cannot_be_made() -> None:
    with pytest.raises(InputError, match="leads to no record"):
        Count(id="x", what="arrests", state=State.MEASURED, figure="11", value=Decimal(11))


def test_claimed_and_measured_stand_apart(rome: Desk) -> None:
    found = sheet(rome)
    rows = {row.id: row for row in found.published}
    assert (rows["servers"].value, rows["servers"].measured) == ("29", "28")
    assert rows["users"].is_claim
    assert rows["users"].measured == {one.id: one for one in found.measured}["users"].figure
    assert rows["kratos"].measured == "not measured"
    assert not [count for count in found.measured if "22" in count.figure]


def test_what_is_not_measured_says_so_and_is_no_zero(agency_desk: Desks) -> None:
    found = counts(agency_desk("it-postal"))
    for name in ("searches", "arrests", "exhibits", "users", "revenue", "suspects", "panels"):
        assert found[name].state is State.NOT_MEASURED, name
        assert found[name].figure == "not measured", name
        assert found[name].value is None, name
    assert dict(sheet(agency_desk("it-postal")).unknown)["users (not measured)"]


def test_currencies_are_counted_apart(rome: Desk) -> None:
    found = counts(rome)
    assert found["worth-EUR"].figure.endswith("40\u202f000.50")
    assert found["worth-CHF"].figure == "300"
    assert not [count for count in found.values() if "300.50" in count.figure]


def test_a_count_is_withheld_if_one_statement_behind_it_is_not_for_everybody(rome: Desk) -> None:
    assert counts(rome)["panels"].figure == "2"
    add_statements(rome, [panel("c.example", marking=AMBER)])
    withheld = counts(rome)["panels"]
    assert (withheld.state, withheld.figure, withheld.records) == (State.WITHHELD, "withheld", ())
    assert "1 statement" in withheld.method
    assert sheet(rome).withheld == 1


def test_no_word_of_a_withheld_statement_is_on_a_sheet(rome: Desk) -> None:
    add_statements(rome, [panel("secret.example", marking=AMBER, text="a mole saw it")])
    add_statements(
        rome,
        [said("P-77aa77aa77aa", "person", details={"category": "suspect"}, marking=AMBER)],
    )
    text = sheets_json([sheet(rome, language) for language in LANGUAGES])
    assert "secret.example" not in text
    assert "mole" not in text
    assert "P-77aa77aa77aa" not in text


def test_suspects_are_counted_and_never_named(rome: Desk) -> None:
    add_statements(rome, [said("P-77aa77aa77aa", "person", details={"category": "suspect"})])
    assert counts(rome)["suspects"].figure == "1"
    assert "P-77aa" not in sheets_json([sheet(rome)])


def test_statements_of_another_agency_lead_to_the_bundle_that_brought_them(
    agency_desk: Desks,
) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(sofia, [panel("a.example", by="bg-gdbop")])
    raw = share(sofia, "it-postal", at=NOON)
    receive(rome, raw, key=sofia.case.verifier, at=NOON)
    (ref,) = counts(rome)["panels"].records
    (entry,) = [one for one in rome.case.ledger.read() if one.index == ref.number]
    assert entry.record.kind == "operation.received"


def test_a_withdrawn_statement_counts_no_more(rome: Desk) -> None:
    (extra,) = add_statements(rome, [panel("c.example")])
    assert counts(rome)["panels"].figure == "3"
    correct(rome, extra.id, text="no panel", at=NOON, withdrawn=True)
    assert counts(rome)["panels"].figure == "2"


def test_a_corrected_exhibit_leads_to_its_correction(rome: Desk) -> None:
    before = counts(rome)["seized-server"]
    correct_exhibit(rome, "IT-0002", {"count": 27}, reason="a slip", by="exhibits officer")
    after = counts(rome)["seized-server"]
    assert (before.figure, after.figure, after.corrected) == ("28", "27", 1)
    assert {*before.records} < {*after.records}


def test_an_earlier_sheet_is_refused_once_a_record_of_it_was_corrected(rome: Desk) -> None:
    earlier = sheets_json([sheet(rome)]).encode()
    assert compare_sheet(earlier, sheet(rome)) == len(sheet(rome).measured)
    correct_exhibit(rome, "IT-0002", {"count": 27}, reason="a slip", by="exhibits officer")
    (newest,) = [entry.index for entry in rome.case.ledger.read()][-1:]
    with pytest.raises(InputError, match=f"exhibits.*since then came record {newest}"):
        compare_sheet(earlier, sheet(rome))


def test_an_earlier_sheet_is_refused_once_a_statement_of_it_was_withdrawn(rome: Desk) -> None:
    (extra,) = add_statements(rome, [panel("c.example")])
    earlier = sheets_json([sheet(rome)]).encode()
    correct(rome, extra.id, text="no panel", at=NOON, withdrawn=True)
    with pytest.raises(InputError, match=r"panels.*withdrawn or corrected was record"):
        compare_sheet(earlier, sheet(rome))


def test_an_earlier_sheet_is_refused_once_its_number_is_withheld(rome: Desk) -> None:
    earlier = sheets_json([sheet(rome)]).encode()
    add_statements(rome, [panel("c.example", marking=AMBER)])
    with pytest.raises(InputError, match=r"panels.*now it is withheld"):
        compare_sheet(earlier, sheet(rome))


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b'{"sheets": [{"operation_id": "op-1", "measured": [1]}]}',
     b'{"sheets": [{"operation_id": "op-1", "measured": 1}]}', b"[" * 9_000],
)  # fmt: skip
def test_what_is_no_sheet_is_not_compared(agency_desk: Desks, raw: bytes) -> None:
    with pytest.raises(InputError, match="not a press sheet in JSON"):
        compare_sheet(raw, sheet(agency_desk("it-postal")))


@pytest.fixture
def second(tmp_path: Any, agency_table: Operation) -> Iterator[Desk]:
    """Rome's desk in another operation."""
    desk = open_desk(
        tmp_path / "second",
        store=FolderStore(KeyFolder(tmp_path / "keys")),
        clock=FixedClock(NOON),
        operation=replace(agency_table, id="op-2", name="Second"),
        agency="it-postal",
    )
    yield desk
    desk.leave()


def test_two_operations_with_equal_totals_have_two_sheets_and_no_sum(
    agency_desk: Desks, second: Desk
) -> None:
    first = agency_desk("it-postal")
    for desk in (first, second):
        seize(desk, "IT-0001", ExhibitKind.SERVER, count=29)
        seize_cash(desk, "IT-0002", "40000", "EUR")
        desk.record_all([published(low=29)], at=NOON)
    sheets = [sheet(first), sheet(second)]
    for one in sheets:
        found = {count.id: count for count in one.measured}
        assert (found["seized-server"].figure, found["worth-EUR"].figure) == ("29", "40\u202f000")
        assert "never added up" in one.overlaps
    text = sheets_json(sheets)
    for total in ("58", "80\u202f000", "80000"):
        assert not [
            row for one in json.loads(text)["sheets"] for row in one["measured"]
            if row["figure"] == total or row["value"] == total
        ]  # fmt: skip
    with pytest.raises(InputError, match="about operation 'op-2', the case about op-1"):
        compare_sheet(sheets_json([sheets[1]]).encode(), sheets[0])


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_numbers(rome: Desk, language: str) -> None:
    english, found = counts(rome), counts(rome, language)
    assert found.keys() == english.keys()
    for name, count in found.items():
        assert count.value == english[name].value, name
        assert count.records == english[name].records, name
        if count.state is State.MEASURED and count.interval is None:
            assert count.figure == english[name].figure, name
    assert sheet(rome, language).language == language


def test_french_comes_first() -> None:
    assert LANGUAGES == ("fr", "en", "it", "es")


def test_an_embargo_is_said_in_the_language_of_the_sheet(rome: Desk) -> None:
    until = NOON + timedelta(days=2)
    assert sheet(rome, "fr", embargo=until).embargo == "26 novembre 2026, 12:00 UTC"
    assert sheet(rome).embargo == ""


def test_an_unknown_language_is_refused(rome: Desk) -> None:
    with pytest.raises(InputError, match="there is no language 'de'"):
        sheet(rome, "de")
    with in_language("en"):
        assert sheet(rome).language == "en"
