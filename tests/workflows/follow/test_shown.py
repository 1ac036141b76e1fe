"""From a case to its traits: what a watch's records and sealed bytes show, and nobody's person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.formats import Price
from cautery.graph.catalogues import SAME_ORDER, in_order
from cautery.lab.catalogues import draw_catalogues
from cautery.messages import message
from cautery.model import (
    Asset,
    CriminalNetwork,
    Fault,
    FaultKind,
    Finding,
    Limits,
    Link,
    Mandate,
    Membership,
    Partner,
    RedactedUrl,
    SupplyGraph,
    Verdict,
)
from cautery.model.descent import LONGEST_VALUE, TraitKind
from cautery.model.message import Message
from cautery.model.records import ProbeDone, SourceRead
from cautery.wiring.facts import known_facts
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.follow.of_case import struck_case
from cautery.workflows.follow.of_watch import Compared, compared_in, shown_by
from cautery.workflows.follow.shown import catalogue_of, of_links, prices_of
from cautery.workflows.watch.opening import begin_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def shown(case: Case, earlier: Compared | None = None) -> set[tuple[str, TraitKind, str]]:
    left_out: Counter[Message] = Counter()
    traits = shown_by(
        case.ledger,
        case.vault,
        facts=known_facts(None),
        left_out=left_out,
        compared=compared_in(case.ledger, case.vault, left_out),
        earlier=earlier or Compared(),
    )
    return {(trait.host, trait.kind, trait.value) for trait in traits}


def of_kind(case: Case, kind: TraitKind) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for host, its, value in shown(case):
        if its is kind:
            found.setdefault(host, set()).add(value)
    return found


def link(subject: str, kind: str, value: str) -> Link:
    return Link(
        subject=subject, kind=kind, value=value, first_seen=NOON, last_seen=NOON, source="watch"
    )


def probed(host: str, fault: Fault, *, at: datetime = NOON) -> ProbeDone:
    url = f"http://{host}/live.m3u8"
    return ProbeDone(url=url, at=at, observation=None, failed=None, faults=(fault,))


def delay(seconds: float) -> Fault:
    return Fault(kind=FaultKind.DELAY, reference="event:cup", at_s=NOON.timestamp() + seconds)


def listed(journal: Journal, host: str, entries: Any) -> None:
    rows = [(f"http://{host}/{n}", title, guide) for n, (title, guide) in enumerate(entries)]
    table = journal.seal(
        tables.parquet(
            {
                "url": [row[0] for row in rows],
                "title": [row[1] for row in rows],
                "line": list(range(len(rows))),
                "guide": [row[2] for row in rows],
            },
            ints="line",
        ),
        what="table",
        media_type=tables.MEDIA_TYPE,
        at=NOON,
    )
    journal.write(
        SourceRead(
            source=f"http://{host}/get.php", kind="xtream", at=NOON, entries=len(rows), table=table
        )
    )


def test_a_fault_that_only_one_service_shows_is_a_trait_of_it_once(
    case: Case, journal: Journal
) -> None:
    for look in range(5):  # one encoder's delay, a little elsewhere at each look
        at = NOON + timedelta(seconds=look)
        journal.write(probed("a.example", delay(3.2 + look / 500), at=at))
    faults = of_kind(case, TraitKind.STREAM_FAULT)
    assert list(faults) == ["a.example"]
    assert len(faults["a.example"]) == 1


def test_a_later_watch_calls_the_same_fault_what_the_case_calls_it(
    case: Case, journal: Journal, tmp_path: Any
) -> None:
    journal.write(probed("a.example", delay(3.2)))
    left_out: Counter[Message] = Counter()
    earlier = compared_in(case.ledger, case.vault, left_out)
    (named,) = of_kind(case, TraitKind.STREAM_FAULT)["a.example"]
    later = Compared(
        faults=tuple(
            type(fault)(
                host="new.example",
                server="new.example",
                stream="http://new.example/1",
                fault=delay(3.21),
                at=NOON + timedelta(days=9),
                record=7,
            )
            for fault in earlier.faults
        )
    )
    traits = shown_by(
        case.ledger,
        case.vault,
        facts=known_facts(None),
        left_out=left_out,
        compared=later,
        earlier=earlier,
    )
    assert ("new.example", named) in {
        (trait.host, trait.value) for trait in traits if trait.kind is TraitKind.STREAM_FAULT
    }


def test_a_catalogues_own_order_and_its_mistakes_are_traits_and_the_alphabet_is_none(
    case: Case, journal: Journal
) -> None:
    catalogues = draw_catalogues(7, networks=1, panels=2)
    for catalogue in catalogues:
        listed(journal, catalogue.host, catalogue.entries)
    orders = of_kind(case, TraitKind.CATALOGUE_ORDER)
    alphabetical = {one.host for one in catalogues if one.kind == "alphabetical"}
    assert alphabetical
    assert set(orders) == {one.host for one in catalogues} - alphabetical
    copies = [one for one in catalogues if one.network]
    assert all(len(values) == 1 for values in orders.values())  # and not the map's name for it
    one, other = ({name: place for place, name in enumerate(next(iter(orders[copy.host])).split("|"))}
                  for copy in copies)  # fmt: skip
    assert in_order(one, other) >= SAME_ORDER
    quirks = of_kind(case, TraitKind.GUIDE_QUIRK)
    assert {one.host for one in copies} <= set(quirks)
    assert all(" = " in value for values in quirks.values() for value in values)


def test_a_persons_name_in_a_title_costs_that_title_and_is_counted() -> None:
    left_out: Counter[Message] = Counter()
    titles = [f"Arena {chr(ord('z') - n)}{n}" for n in range(25)]
    order = catalogue_of([*titles, "Renew: anna@mail.example"], left_out)
    assert order is not None
    assert "anna" not in order
    assert order.count("|") == 24
    assert left_out == {message("grown.left-person"): 1}


@given(st.lists(st.text(max_size=60), max_size=400))
def test_a_catalogue_never_outgrows_its_place(titles: list[str]) -> None:
    order = catalogue_of(titles, Counter())
    assert order is None or (len(order) <= LONGEST_VALUE and order.isprintable())


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("contact", "~0123456789abcdef", "grown.left-person"),
        ("registrant", "Anna Bianchi", "grown.left-person"),
        ("payment", "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "grown.left-wallet"),
        ("payment", "paypal:~0123456789abcdef", "grown.left-person"),
    ],
)
def test_nobody_is_followed_by_what_may_be_a_persons(kind: str, value: str, why: str) -> None:
    left_out: Counter[Message] = Counter()
    assert list(of_links([link("a.example", kind, value)], left_out)) == []
    assert left_out == {message(why): 1}


def test_a_price_list_is_written_in_one_form_whatever_the_pages_order() -> None:
    def price(amount: str, months: float | None, currency: str | None = "EUR") -> Price:
        return Price(
            amount=Decimal(amount), currency=currency, months=months, connections=None, quoted=""
        )

    prices = [price("69.00", 12), price("9.99", 1), price("2", 1 / 30), price("1", None)]
    assert prices_of(prices) == "1d=2EUR 1m=9.99EUR 12m=69EUR"
    assert prices_of(reversed(prices)) == prices_of(prices)
    assert prices_of([price("1", None), price("9", 1, None)]) is None


def test_only_the_proven_streams_network_is_followed_and_no_licensed_host(
    case: Case, journal: Journal, mandated: Callable[..., Mandate]
) -> None:
    mandate = mandated(partners=(Partner(name="P", hosts=("tv.example",), channels=("arena1",)),))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    journal.write_all(
        [
            *(link(host, "analytics", f"ga:{host}") for host in
              ("edge.example", "shop.example", "other.example", "tv.example")),
            Verdict(url=RedactedUrl("http://edge.example/1"), finding=Finding.PROVEN, at=NOON, event="m"),
            SupplyGraph(
                assets=tuple(Asset(kind="host", value=host) for host in ("edge.example",)),
                edges=(),
                networks=(
                    CriminalNetwork(id="network-1", members=tuple(
                        Membership(host=host, probability=0.9)
                        for host in ("edge.example", "shop.example")
                    )),
                    CriminalNetwork(id="network-2", members=(
                        Membership(host="other.example", probability=0.9),
                    )),
                ),
            ),
        ]
    )  # fmt: skip
    struck = struck_case(case, facts=known_facts(None))
    values = {trait.value for trait in struck.traits.traits}
    assert {"ga:edge.example", "ga:shop.example"} <= values
    assert not values & {"ga:other.example", "ga:tv.example"}
    assert set(struck.traits.members) == {"edge.example", "shop.example"}
    assert struck.left_out[message("grown.left-other-network")] >= 1
    assert struck.left_out[message("grown.left-lawful")] >= 1
    assert struck.act == ""


def test_a_case_without_a_trait_says_so(
    case: Case, journal: Journal, mandated: Callable[..., Mandate]
) -> None:
    with pytest.raises(InputError, match="its first record opens no case"):
        struck_case(case, facts=known_facts(None))
    begin_case(mandated(), ledger=case.ledger, journal=journal, key=str(case.verifier))
    with pytest.raises(InputError, match="no trait of infrastructure"):
        struck_case(case, facts=known_facts(None))


PAGE = b"""<html><title>Old TV</title><p>1 month 9,99 &euro;</p><p>12 months 69 &euro;</p>
<p>Pay with PayPal</p></html>"""


async def test_the_prices_of_a_sealed_page_are_a_trait_and_bytes_that_are_gone_are_counted(
    case: Case, journal: Journal, answers: Callable[..., Any]
) -> None:
    url = "http://oldtv.example/"
    fetched = await answers({url: PAGE}).fetch(url, limits=Limits())
    (exhibit, *_) = await journal.seal_answers([fetched], what="page", confidential=False)
    journal.write(SourceRead(source=url, kind="page", at=NOON, entries=0, exhibit=exhibit))
    assert of_kind(case, TraitKind.PRICE_LIST) == {"oldtv.example": {"1m=9.99EUR 12m=69EUR"}}
    assert of_kind(case, TraitKind.SITE_NAME)["oldtv.example"] == {"oldtv"}
    table = journal.seal(b"no archive", what="page", media_type="text/html", at=NOON)
    journal.write(SourceRead(source=url, kind="page", at=NOON, entries=0, exhibit=table))
    left_out: Counter[Message] = Counter()
    shown_by(case.ledger, case.vault, facts=known_facts(None), left_out=left_out,
             compared=Compared(), earlier=Compared())  # fmt: skip
    assert left_out[message("grown.left-unread")] == 1
