"""The page is rebuilt from a desk's case alone: early, partial, real or hostile, it says what is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.estimate.harm import Harm, harm_of_users
from cautery.messages import in_language, languages
from cautery.model import (
    Estimate,
    Marking,
    Operation,
    Pap,
    Statement,
    StatementKind,
    Tlp,
)
from cautery.model.message import as_written
from cautery.model.records import GrewBack, OutsideEvent, PublishedFigure, ServedShare, SizedNetwork
from cautery.model.records.inquiry import SizingOccasion
from cautery.operation.money.trail import Trace
from cautery.pages.operation import Fate, Fit, MomentKind, render_page
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.course import record_joined
from cautery.workflows.operation.deconflict import deconflict_desks
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.page_view import LabTruth, after_day, lived_day, page_view
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, correct, share
from cautery.workflows.operation.trace_money import trace_money

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>\u202e\x1b[31m\x00&amp;<img src=x onerror=y>'

Desks = Callable[..., Desk]


def said(
    subject: str, about: str = "asset", by: str = "it-postal", tlp: Tlp = Tlp.GREEN, **more: Any
) -> Statement:
    return Statement(
        **{
            "id": "x",
            "by": by,
            "subject": subject,
            "about": about,
            "text": "it is",
            "kind": StatementKind.FACT,
            "marking": Marking(tlp=tlp, pap=Pap.AMBER),
            "at": NOON,
            **more,
        }
    )


SUPPLY = [
    said("demand:IT", details={"weight": 100}),
    said("host:shop", details={"role": "storefront", "country": "DE"}),
    said("host:edge", details={"role": "edge", "country": "NL"}),
    said("n", "link", details={"source": "host:shop", "target": "demand:IT", "needs": 0}),
    said("n", "link", details={"source": "host:edge", "target": "host:shop", "needs": 0}),
]


@pytest.fixture
def real_desk(tmp_path: Path, agency_table: Operation) -> Iterator[Desk]:
    """Rome's desk in an operation that is no lab's."""
    desk = open_desk(
        tmp_path / "real",
        store=FolderStore(KeyFolder(tmp_path / "keys-real"), patience_s=0.1),
        clock=FixedClock(NOON),
        operation=replace(agency_table, lab=False),
        agency="it-postal",
    )
    yield desk
    desk.leave()


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(f"{tag}@{name}" for name, _ in attrs)}


def drawn(desk: Desk, **more: Any) -> str:
    return render_page(page_view(desk, made_at=NOON, **more))


def test_the_page_of_a_case_just_begun_claims_no_day_and_no_figure(real_desk: Desk) -> None:
    view = page_view(real_desk, made_at=NOON)
    assert (view.action_day, view.day, view.estimates, view.supply, view.exhibits, view.money) == (
        (None,) * 6
    )
    assert [one.value for one in view.figures] == [0]
    page = render_page(view)
    assert "no action day yet" in page
    assert "The action day is yet to come." in page


def test_a_real_operation_bears_no_stamp_and_a_lab_always_does(
    real_desk: Desk, agency_desk: Desks
) -> None:
    assert "LAB" not in drawn(real_desk)
    lab = drawn(agency_desk("it-postal"))
    assert "a synthetic operation. No person, service, address or wallet in it is real" in lab
    assert '<div class="stamp"' in lab


def test_a_page_made_without_the_sealed_trace_says_that_money_was_traced(real_desk: Desk) -> None:
    found = Trace(
        method="fifo", entered={"EUR": Decimal("9.99")}, nodes=(), hops=(), endings=(), holdings=(),
        proposals=(), refused=0,
    )  # fmt: skip
    assert "No money was traced." in drawn(real_desk)
    trace_money(real_desk, found)
    page = drawn(real_desk)
    assert "The money was traced: 0 hops, 0 holdings." in page
    assert "No money was traced." not in page


def test_what_nobody_states_leaves_no_empty_box(real_desk: Desk) -> None:
    assert '<p class="statement"' not in drawn(real_desk)
    assert '<p class="statement"' in drawn(real_desk, statement="Figures overlap.")


def test_the_page_names_the_ledgers_head_and_grows_with_it(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    before = page_view(rome, made_at=NOON).verify
    add_statements(rome, [said("host:a")])
    after = page_view(rome, made_at=NOON).verify
    assert (before.size, after.size) == (1, 2)
    assert before.root != after.root


def test_the_page_of_a_closed_case_is_read_without_keys_and_changes_no_byte(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, SUPPLY)
    close_case(rome.case, at=NOON)
    head = verify_case(rome.case.path, store=FolderStore())
    again = open_desk(rome.case.path, store=FolderStore(), clock=FixedClock(NOON), read_only=True)
    assert page_view(again, made_at=NOON).supply is not None
    again.leave()
    assert verify_case(rome.case.path, store=FolderStore()) == head


def test_a_supply_that_nobody_touched_serves_all_of_it(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, SUPPLY)
    supply = page_view(rome, made_at=NOON).supply
    assert supply is not None
    assert (supply.served_before, supply.served_after) == (1.0, 1.0)
    assert {one.fate for one in supply.nodes} == {Fate.SERVING}
    assert [(one.source, one.target) for one in supply.links] == [("host:edge", "host:shop")]


def test_a_picture_without_customers_divides_by_nothing(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, SUPPLY[1:3])
    supply = page_view(rome, made_at=NOON).supply
    assert supply is not None
    assert (supply.served_before, supply.served_after) == (0.0, 0.0)


def test_a_desk_shows_what_reached_it_and_nothing_else(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(rome, [*SUPPLY, said("host:secret", tlp=Tlp.RED, details={"role": "panel"})])
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    assert "secret" in drawn(rome)
    page = drawn(sofia)
    assert "secret" not in page
    lines = {one.id: one for one in page_view(sofia, made_at=NOON).agencies}
    assert (lines["bg-gdbop"].statements, lines["bg-gdbop"].received) == (0, len(SUPPLY))
    assert lines["it-postal"].statements == len(SUPPLY)


def test_what_was_corrected_is_not_shown_beside_its_correction(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    (old,) = add_statements(rome, [said("host:old", details={"role": "panel"})])
    correct(rome, old.id, text="no panel", at=NOON, withdrawn=True)
    view = page_view(rome, made_at=NOON)
    assert view.supply is None
    assert view.figures[-1].value == 0


def test_two_that_disagree_are_both_counted_and_drawn_once(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(rome, [said("host:a", details={"role": "panel", "country": "IT"})])
    add_statements(sofia, [said("host:a", by="bg-gdbop", details={"role": "edge", "k": "?"})])
    receive(rome, share(sofia, "it-postal", at=NOON), key=sofia.case.verifier, at=NOON)
    view = page_view(rome, made_at=NOON)
    assert view.supply is not None
    assert [one.label for one in view.supply.nodes] == ["a"]
    assert {one.id: one.statements for one in view.agencies}["bg-gdbop"] == 1


def test_a_person_is_counted_and_named_by_no_word_of_the_page(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    told = said(
        "P-77aa77aa77aa",
        "person",
        text="runs the shop",
        details={"category": "suspect", "country": "BG"},
    )
    add_statements(rome, [told])
    (line,) = [one for one in page_view(rome, made_at=NOON).countries if one.country == "BG"]
    assert line.suspects == 1
    assert "P-77aa77aa77aa" not in drawn(rome)


def test_deconfliction_is_a_moment_with_a_number_and_no_target(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    both = ["host:first.example", "host:second.example"]
    deconflict_desks(rome, sofia, at=NOON, targets_a=both, targets_b=both, size=64)
    view = page_view(rome, made_at=NOON)
    assert view.timeline is not None
    (moment,) = [one for one in view.timeline.moments if one.kind is MomentKind.DECONFLICTION]
    assert moment.text == "2 targets in common with bg-gdbop"
    assert "first.example" not in render_page(view)


def published(**more: Any) -> PublishedFigure:
    return PublishedFigure(
        **{"id": "arrests", "what": "arrests", "value": "11", "source": "press", **more}
    )


def test_published_figures_are_compared_where_the_case_speaks_of_them(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    rows = [
        published(low=11, high=11),
        published(id="panels", low=0, high=1),
        published(id="users", value="22 million", low=22e6, high=22e6),
        published(id="crypto", value="EUR 1.6 million", low=1.6e6),
        published(id="?", low=None),
    ]
    rome.record_all(rows, at=NOON)
    add_statements(rome, [said("host:p", details={"role": "panel"})])
    fits = [(one.what, one.fit, one.ours) for one in page_view(rome, made_at=NOON).comparisons]
    assert [fit for _, fit, _ in fits] == [Fit.NO, Fit.YES, *[Fit.NOT_OURS] * 3]
    assert {ours for _, _, ours in fits[2:]} == {"not counted"}


def sized(low: float, mid: float, high: float) -> SizedNetwork:
    rows = tuple(
        Estimate(
            quantity=as_written(name),
            unit=unit,
            low=low,
            mid=mid,
            high=high,
            method=as_written("m"),
            coverage=0.9,
        )
        for name, unit in (("users", "users"), ("payers", "payers"), ("revenue", "EUR/month"))
    )
    return SizedNetwork(
        month=date(2026, 10, 1),
        occasion=SizingOccasion.AFTER_DAY,
        inner=rows,
        outer=rows,
        sources=(),
    )


@pytest.mark.parametrize(("claim", "fit"), [(22e6, Fit.NO), (1.5e6, Fit.YES), (0.1e6, Fit.NO)])
def test_a_published_size_is_held_against_the_wider_interval(
    agency_desk: Desks, claim: float, fit: Fit
) -> None:
    rome = agency_desk("it-postal")
    rome.record_all([sized(1e6, 1.4e6, 2e6)], at=NOON)
    rome.record_all([published(id="users", low=claim, high=claim)], at=NOON)
    (row,) = page_view(rome, made_at=NOON).comparisons
    assert row.fit is fit
    if claim < 1e6:
        assert "lower end" in row.reason


def test_our_harm_is_estimated_once_however_many_figures_stand_beside_it(
    agency_desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimated: list[Any] = []

    def noted(*given: Any, **more: Any) -> Harm:
        estimated.append(given)
        return harm_of_users(*given, **more)

    monkeypatch.setattr(after_day, "harm_of_users", noted)
    rome = agency_desk("it-postal")
    rome.record_all([sized(1e6, 1.4e6, 2e6)], at=NOON)
    claims = [
        published(id="harm-year", value=str(claim), low=claim, high=claim)
        for claim in (1.0, 3e8, 1e12)
    ]
    rome.record_all(claims, at=NOON)
    rows = page_view(rome, made_at=NOON).comparisons
    assert [row.fit for row in rows] == [Fit.YES, Fit.YES, Fit.NO]
    assert len(estimated) == 1


def test_the_latest_sizing_is_the_one_on_top(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    rome.record_all([sized(1, 2, 3), sized(10, 20, 30)], at=NOON)
    view = page_view(rome, made_at=NOON)
    assert view.figures[0].interval is not None
    assert view.figures[0].interval.mid == 20


def test_without_a_lab_there_is_no_truth_and_no_error_rate(real_desk: Desk) -> None:
    real_desk.record_all([sized(1, 2, 3)], at=NOON)
    found = GrewBack(
        at=NOON, asset="host:b", like="host:a", country=None, traits=("favicon",), probability=0.9
    )
    real_desk.record_all([found], at=NOON)
    view = page_view(real_desk, made_at=NOON)
    assert view.error_rates == ()
    assert [one.right for one in view.descendants] == [None]
    assert view.estimates is not None
    assert [one.truth for one in view.estimates.reconciled] == [None] * 3


def test_no_day_was_lived_where_none_was_planned(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    rome.record_all([ServedShare(at=NOON, share=0.5, by="probe")], at=NOON)
    assert lived_day(rome) is None
    assert "served at the day's end" not in [
        one.label for one in page_view(rome, made_at=NOON).figures
    ]


def test_an_operation_that_is_yet_to_open_has_a_page(
    tmp_path: Path, agency_table: Operation
) -> None:
    desk = open_desk(
        tmp_path / "early",
        store=FolderStore(KeyFolder(tmp_path / "keys-early"), patience_s=0.1),
        clock=FixedClock(NOON),
        operation=replace(agency_table, opened_at=NOON + timedelta(days=400)),
        agency="it-postal",
    )
    record_joined(desk, "bg-gdbop", at=NOON)
    assert "Polizia" not in drawn(desk)
    desk.leave()


@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_statement_of_an_absurd_time_spoils_no_page(agency_desk: Desks, at: datetime) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, [*SUPPLY, said("host:old", at=at)])
    page = drawn(rome)
    assert len(page) < 1_000_000
    assert "nan" not in page.lower().split("<main>")[1].split()


def test_hostile_texts_add_no_element_and_steer_nothing(agency_desk: Desks) -> None:
    rome, other = agency_desk("it-postal"), agency_desk("it-postal", name="plain")
    for desk, text in ((rome, HOSTILE.replace("\x00", "")), (other, "plain")):
        printable = "".join(filter(str.isprintable, text))  # an id has nothing else
        add_statements(
            desk,
            [
                *SUPPLY,
                said(f"host:{printable}", text=text, details={"role": "panel", "country": text}),
                said("P-1234", "person", details={"category": "suspect", "country": text}),
                said("x", "link", details={"source": f"host:{text}", "target": "host:shop",
                                           "needs": 1}),
            ],
        )  # fmt: skip
        desk.record_all(
            [
                OutsideEvent(at=NOON, kind=text, text=as_written(text), country=text),
                OutsideEvent(at=NOON, kind="event", text=as_written(text), until=date(2026, 12, 1)),
            ],
            at=NOON,
        )
        desk.record_all(
            [GrewBack(at=NOON, asset=text, like=text, country=text, traits=(text,),
                      probability=0.5, why=(as_written(text),))],
            at=NOON,
        )  # fmt: skip
        desk.record_all([published(what=text, value=text, source=text)], at=NOON)
    page = drawn(rome, statement=HOSTILE)
    assert Tags(page).seen <= Tags(drawn(other, statement="plain")).seen
    assert not {"\x1b", "\u202e", "\x00"} & set(page)
    assert "<script>alert(1)</script>" in unescape(page)


@pytest.fixture
def full_desk(agency_desk: Desks) -> Desk:
    """Rome's desk with something for each part of its page."""
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    nobody = said("n", "link", details={"source": "host:yy", "target": "host:shop", "needs": 1})
    person = said("P-1234", "person", details={"category": "suspect", "country": "BG"})
    add_statements(rome, [*SUPPLY, nobody, person])
    record_joined(rome, "bg-gdbop", at=NOON)
    deconflict_desks(rome, sofia, at=NOON, targets_a=["host:a"], targets_b=["host:a"], size=64)
    figures = ("arrests", "panels", "users", "revenue-year", "countries", "harm-year", "other")
    rome.record_all(
        [
            *(published(id=name, what="ф", value="ф", source="ф", low=7, high=8) for name in figures),
            sized(1e6, 1.4e6, 2e6),
            OutsideEvent(at=NOON, kind="regrowth", text=as_written("ф"), country="BG"),
            GrewBack(
                at=NOON + timedelta(days=9), asset="ф", like="ф", country="BG", traits=("ф",),
                probability=0.9, why=(),
            ),
        ],
        at=NOON,
    )  # fmt: skip
    found = Trace(
        method="fifo", entered={"EUR": Decimal("9.99")}, nodes=(), hops=(), endings=(), holdings=(),
        proposals=(), refused=0,
    )  # fmt: skip
    trace_money(rome, found)
    return rome


TRUTH = LabTruth(seed=1, sizes={}, descends_from={"ц": "ц"}, network_of={})


@pytest.mark.parametrize("language", languages()[1:])
def test_no_english_is_left_on_the_page_of_a_case_in_another_language(
    full_desk: Desk, language: str, marks: ModuleType
) -> None:
    translations, lacking = marks.spoken(language)
    with in_language(translations):
        drawn(full_desk, truth=TRUTH)
    assert lacking.texts == set()


def test_every_text_of_a_page_of_a_case_is_of_the_catalogue_or_data_of_the_case(
    full_desk: Desk, agency_table: Operation, marks: ModuleType
) -> None:
    with in_language(marks.Marked()):
        view = page_view(full_desk, made_at=NOON, truth=TRUTH)
        page = render_page(view)
    known = {*marks.strings(agency_table), *view.verify.commands, view.verify.root, view.verify.key}
    known |= {"m", "shop", "edge", "yy", "Rome", "(IT)", "TLP:GREEN", "PAP:AMBER"}
    assert marks.forgotten(page, known) == []
    assert marks.forgotten(page.replace("⟦reconciled⟧", "reconciled"), known) != []
