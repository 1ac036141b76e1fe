"""Links out of a case: what its watch recorded, what its readings share, and what strangers do."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from cautery.errors import InputError
from cautery.graph.faults import MOST_RECORDS
from cautery.lab.catalogues import draw_catalogues
from cautery.messages import say
from cautery.model import (
    Asset,
    ExhibitId,
    Fault,
    FaultKind,
    Finding,
    Link,
    Purchase,
    RedactedUrl,
    Regime,
    SupplyGraph,
    Verdict,
)
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE
from cautery.model.message import as_written
from cautery.model.records import ProbeDone, PurchaseRecorded, SourceRead
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.networks.case_links import links_of_case, read_case_links

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def read(
    journal: Journal,
    source: str,
    rows: list[tuple[str, str, str | None]],
    *,
    kind: str = "xtream",
    purchase: str | None = None,
) -> int:
    """Record a reading: url, title and guide of each entry; return the record's index."""
    table = journal.seal(
        tables.parquet(
            {
                "url": [url for url, _, _ in rows],
                "title": [title for _, title, _ in rows],
                "line": list(range(len(rows))),
                "guide": [guide for _, _, guide in rows],
            },
            ints="line",
        ),
        what="table",
        media_type=tables.MEDIA_TYPE,
        at=NOON,
    )
    reading = SourceRead(source=source, kind=kind, purchase=purchase, at=NOON, entries=len(rows),
                         table=table)  # fmt: skip
    return journal.write(reading).index


def pairs(links: tuple[Link, ...], kind: str) -> list[list[str]]:
    held: dict[str, list[str]] = {}
    for link in links:
        if link.kind == kind:
            held.setdefault(link.value, []).append(link.subject)
    return sorted(held.values())


def test_panels_that_list_one_catalogue_are_linked_with_the_readings_as_evidence(
    case: Case, journal: Journal
) -> None:
    panels = draw_catalogues(7, networks=1, panels=2)
    index = {}
    for one in panels:
        rows = [(f"http://{one.host}/live/~a/~b/{n}", *row) for n, row in enumerate(one.entries)]
        index[one.host] = read(journal, f"http://{one.host}:8080", rows)
    links, warnings = links_of_case(case.ledger, case.vault)
    copies = sorted(one.host for one in panels if one.network)
    assert pairs(links, "catalogue-order") == [copies]
    assert pairs(links, "epg-quirks") == [copies]
    assert all(link.records == (index[link.subject],) and link.exhibit for link in links)
    assert warnings == []


def sealed(journal: Journal, frame: pl.DataFrame) -> ExhibitId:
    out = io.BytesIO()
    frame.write_parquet(out)
    return journal.seal(out.getvalue(), what="table", media_type=tables.MEDIA_TYPE, at=NOON)


BOMB = pl.select(
    url=pl.repeat("http://a.example/1", 5_000_000), title=pl.lit("t"), word=pl.lit(1),
    frame=pl.lit(1),
)  # fmt: skip


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(BOMB, id="a bomb"),
        pytest.param(pl.DataFrame({"url": ["http://a.example/1"]}), id="a column is missing"),
        pytest.param(pl.DataFrame({"url": [1], "title": [2]}), id="numbers for text"),
    ],
)
def test_a_record_that_names_another_table_costs_no_more_than_its_own_links(
    case: Case, journal: Journal, table: pl.DataFrame
) -> None:
    panels = draw_catalogues(7, networks=1, panels=2)
    for one in panels:
        rows = [(f"http://{one.host}/live/~a/~b/{n}", *row) for n, row in enumerate(one.entries)]
        read(journal, f"http://{one.host}:8080", rows)
    forged = SourceRead(
        source="http://forged.example", kind="xtream", at=NOON, entries=10**9,
        table=sealed(journal, table),
    )  # fmt: skip
    journal.write(forged)
    links, warnings = links_of_case(case.ledger, case.vault)
    assert pairs(links, "catalogue-order") == [sorted(one.host for one in panels if one.network)]
    assert warnings == ["1 list cannot be read from the vault: left out"]


@pytest.mark.parametrize("kind", [FaultKind.ADVERT, FaultKind.LOGO])
@pytest.mark.parametrize(
    "table",
    [
        pytest.param(BOMB, id="a bomb"),
        pytest.param(pl.DataFrame({"word": ["a"], "frame": [1]}), id="text for numbers"),
        pytest.param(pl.DataFrame({"mark": [1], "light": [1], "known": [1]}), id="one cell"),
    ],
)
def test_a_fault_whose_table_holds_something_else_is_left_out(
    case: Case, journal: Journal, table: pl.DataFrame, kind: FaultKind
) -> None:
    fault = Fault(
        kind=kind, reference="match", at_s=0.0, seconds=10.0, exhibit=sealed(journal, table)
    )
    url = "http://a.example/live.m3u8"
    journal.write(ProbeDone(url=url, at=NOON, observation=None, failed=None, faults=(fault,)))
    links, warnings = links_of_case(case.ledger, case.vault)
    assert links == ()
    assert warnings == ["1 advert or logo cannot be read from the vault: left out"]


def test_a_portal_lists_what_is_its_own_wherever_it_is_served(case: Case, journal: Journal) -> None:
    panels = draw_catalogues(7, networks=1, panels=2)
    for one in panels:
        rows = [(f"http://cdn{n % 9}.example/{n}", *row) for n, row in enumerate(one.entries)]
        read(journal, f"http://{one.host}/c/", rows, kind="stalker")
    links, _ = links_of_case(case.ledger, case.vault)
    assert pairs(links, "catalogue-order") == [sorted(one.host for one in panels if one.network)]


def test_a_list_of_everybodys_streams_is_nobodys_catalogue(case: Case, journal: Journal) -> None:
    entries = draw_catalogues(7)[0].entries
    for number in range(2):
        rows = [(f"http://h{n % 9}.example/{n}", *row) for n, row in enumerate(entries)]
        read(journal, f"http://lists{number}.example/a.m3u", rows, kind="m3u")
    assert links_of_case(case.ledger, case.vault)[0] == ()


def test_who_took_the_money_for_two_panels_lines_ties_them(case: Case, journal: Journal) -> None:
    for number in range(2):
        bought = Purchase(
            id=f"p{number}", service="TV", authorised_by="A. Clerk", bought_at=NOON,
            merchant="ACME GAMES", amount="9.99", currency="EUR", means="card",
        )  # fmt: skip
        journal.write(
            PurchaseRecorded(
                purchase=bought, exhibit=None, regime=Regime.GDPR, by="Example League", at=NOON
            )
        )
        read(journal, f"http://panel{number}.example", [], purchase=f"p{number}")
    links, _ = links_of_case(case.ledger, case.vault)
    assert pairs(links, "payment") == [["panel0.example", "panel1.example"]]
    assert {link.value for link in links} == {"merchant:ACME GAMES"}
    assert all(say(link.said) == "ACME GAMES received 9.99 EUR for its line" for link in links)


def test_who_taps_a_partner_is_not_tied_to_it_nor_by_it(case: Case, journal: Journal) -> None:
    def probed(host: str) -> None:
        fault = Fault(kind=FaultKind.DELAY, reference="event:cup", at_s=NOON.timestamp())
        url = f"http://{host}/live.m3u8"
        journal.write(ProbeDone(url=url, at=NOON, observation=None, failed=None, faults=(fault,)))

    for host in ("a.example", "b.example", "partner.example"):
        probed(host)
    url = RedactedUrl("http://partner.example/live.m3u8")
    journal.write(Verdict(url=url, finding=Finding.UNDECIDED, at=NOON))
    assert len(links_of_case(case.ledger, case.vault)[0]) == 3
    journal.write(Verdict(url=url, finding=Finding.LICENSED, at=NOON))
    assert links_of_case(case.ledger, case.vault)[0] == ()


def test_recorded_links_name_their_record_and_fronts_are_left_out(
    case: Case, journal: Journal
) -> None:
    def seen(kind: str, value: str) -> int:
        later = NOON + timedelta(minutes=5)
        link = Link(
            subject="a.example", kind=kind, value=value, first_seen=NOON, last_seen=later,
            source="watch",
        )  # fmt: skip
        return journal.write(link).index

    kept = seen("payment", "btc:1")
    seen("address", "192.0.2.1")
    seen("feed-delay", "as it stood while the watch ran")
    front = Asset(kind="address", value="192.0.2.1", shared=as_written("shared range of X"))
    journal.write(SupplyGraph(assets=(front,)))
    links, warnings = links_of_case(case.ledger, case.vault)
    assert [(link.kind, link.records) for link in links] == [("payment", (kept,))]
    assert warnings == [
        "1 link to values that strangers share (fronts, defaults, name servers): left out"
    ]


def seen_again(journal: Journal, host: str, kind: str, value: str, *, hours: int = 0) -> int:
    link = Link(
        subject=host, kind=kind, value=value, first_seen=NOON,
        last_seen=NOON + timedelta(hours=hours), source="watch",
    )  # fmt: skip
    return journal.write(link).index


def test_two_name_servers_that_all_have_are_one_tie_with_the_records_of_both(
    case: Case, journal: Journal
) -> None:
    pair = ("ns1.own.example", "ns2.own.example")
    index = [[seen_again(journal, host, "nameserver", one) for one in pair] for host in "ab"]
    links, _ = links_of_case(case.ledger, case.vault)
    assert [(link.subject, link.value) for link in links] == [("a", pair[0]), ("b", pair[0])]
    assert [list(link.records) for link in links] == index
    assert {say(link.said) for link in links} == {f"nameserver {pair[0]}, and with it {pair[1]}"}


def test_a_link_that_was_seen_longer_than_was_recorded_first_is_one(
    case: Case, journal: Journal
) -> None:
    index = [seen_again(journal, "a", "address", "192.0.2.1", hours=hours) for hours in (0, 7)]
    [only], _ = links_of_case(case.ledger, case.vault)
    assert only.records == tuple(index)
    assert (only.first_seen, only.last_seen) == (NOON, NOON + timedelta(hours=7))


def test_of_the_records_that_a_link_names_the_first_ones_are_kept(
    case: Case, journal: Journal
) -> None:
    first = seen_again(journal, "a", "payment", "btc:1")
    flood = Link(
        subject="a", kind="payment", value="btc:1", first_seen=NOON, last_seen=NOON,
        source="watch", records=tuple(range(1_000, 21_000)),
    )  # fmt: skip
    journal.write_all([flood] * 20)
    [only], _ = links_of_case(case.ledger, case.vault)
    assert only.records[0] == first
    assert len(only.records) == MOST_RECORDS


def test_a_case_without_links_says_so(case: Case) -> None:
    with pytest.raises(InputError, match="no links"):
        read_case_links(case.ledger, case.vault)


def marked(journal: Journal) -> ExhibitId:
    cells = np.ones(LUMA_SHAPE, np.bool_)
    light = np.random.default_rng(1).integers(0, 255, LUMA_SHAPE, np.uint8)
    logo = tables.of_logo(Logo(mark=cells, light=light, known=cells))
    return journal.seal(logo, what="logo", media_type=tables.MEDIA_TYPE, at=NOON)


def test_each_exhibit_is_read_once_and_few_faults_of_a_probe_count(
    case: Case, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Fault(
        kind=FaultKind.LOGO, reference="fr", at_s=NOON.timestamp(), seconds=9.0,
        exhibit=marked(journal),
    )  # fmt: skip
    for host in ("a.example", "b.example"):
        url = f"http://{host}/1"
        journal.write(ProbeDone(url=url, at=NOON, observation=None, failed=None,
                                faults=(fault,) * 2_000))  # fmt: skip
    asked: list[bytes] = []
    frame_in = tables.frame_in
    monkeypatch.setattr(tables, "frame_in", lambda data: asked.append(data) or frame_in(data))
    links, warnings = links_of_case(case.ledger, case.vault)
    assert pairs(links, "feed-logo") == [["a.example", "b.example"]]
    assert len(asked) == 1
    assert warnings == ["3,952 faults beyond 24 of one probe: left out"]


def test_a_reading_that_names_no_exhibit_costs_no_more_than_itself(
    case: Case, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    panels = draw_catalogues(7, networks=1, panels=2)
    for one in panels:
        rows = [(f"http://{one.host}/live/~a/~b/{n}", *row) for n, row in enumerate(one.entries)]
        read(journal, f"http://{one.host}:8080", rows)
        for more in range(100):
            forged = SourceRead(
                source=f"http://{one.host}:8080", kind="xtream", at=NOON, entries=10**9 + more,
                table=ExhibitId("not an id"),
            )  # fmt: skip
            journal.write(forged)
    fault = Fault(kind=FaultKind.LOGO, reference="fr", at_s=0.0, exhibit=ExhibitId("not an id"))
    journal.write(ProbeDone(url="http://a.example/1", at=NOON, observation=None, failed=None,
                            faults=(fault,)))  # fmt: skip
    links, warnings = links_of_case(case.ledger, case.vault)
    assert pairs(links, "catalogue-order") == [sorted(one.host for one in panels if one.network)]
    left_out = "cannot be read from the vault: left out"
    assert warnings == [f"1 advert or logo {left_out}", f"1 list {left_out}"]


def test_an_open_redirect_carries_nothing(case: Case, journal: Journal) -> None:
    fault = Fault(kind=FaultKind.DELAY, reference="event:cup", at_s=NOON.timestamp())
    for number in range(2):
        hosts = ("innocent.example", "www.innocent.example", f"edge{number}.example")
        url = f"http://innocent.example/?to={hosts[-1]}"
        journal.write(ProbeDone(url=url, at=NOON, observation=None, failed=None, faults=(fault,),
                                hosts=hosts, redirected_to=hosts[-1]))  # fmt: skip
    links, _ = links_of_case(case.ledger, case.vault)
    assert pairs(links, "feed-delay") == [["edge0.example", "edge1.example"]]
