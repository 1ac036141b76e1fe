"""Links to networks, as a person asks for them."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime

import numpy as np

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.lab.catalogues import draw_catalogues
from cautery.model import Fault, FaultKind, KeyedPseudonyms, Link, Purchase
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE
from cautery.model.records import ProbeDone, PurchaseRecorded, SourceRead
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

LINKS = "subject,kind,value\n" + "".join(
    f"{group}{number}.example,{kind},{kind}-{group}\n"
    for group in "ab"
    for number in range(3)
    for kind in ("payment", "certificate")
)


def test_each_subject_has_a_network_and_a_probability(cautery, tmp_path):
    path = tmp_path / "links.csv.gz"
    path.write_bytes(gzip.compress(LINKS.encode()))
    ran = cautery("cluster", path, "--json")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert [set(line) for line in lines] == [{"subject", "network", "probability"}] * 6
    assert len({line["network"] for line in lines}) == 2
    assert all(0 < line["probability"] <= 1 for line in lines)


def test_people_see_a_table_and_the_same_lines_go_to_a_file(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    ran = cautery("cluster", path, "-o", tmp_path / "out.jsonl")
    assert "a0.example, a1.example" in ran.out
    assert "6 subjects in 2 networks" in ran.err
    assert (tmp_path / "out.jsonl").read_text() == cautery("cluster", path, "--json").out


def test_lines_that_have_nowhere_to_go_are_refused_before_anything_is_read(cautery, tmp_path):
    ran = cautery("cluster", tmp_path / "no-such.csv", "-o", tmp_path / "none" / "out.jsonl")
    assert ran.code == 2
    assert f"the folder {tmp_path / 'none'} does not exist" in ran.err


def test_links_that_join_nobody_make_no_empty_table(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value\na.example,ip,1\n")
    ran = cautery("cluster", path)
    assert ran.out == ""
    assert "these links put no two subjects in one network" in ran.err


def test_explain_says_what_holds_two_together(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    ran = cautery("cluster", path, "--explain", "a0.example", "a1.example", "--json")
    assert len(json.loads(ran.out)["shared"]) == 2
    told = cautery("cluster", path, "--explain", "a0.example", "b1.example")
    assert "belong to two networks" in told.out


def test_a_state_is_kept_and_a_refit_needs_one(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    assert cautery("cluster", path, "--state", tmp_path / "state").code == 0
    ran = cautery("cluster", path, "--state", tmp_path / "state", "--refit")
    assert "refit: 0 of 6 known subjects" in ran.err
    assert cautery("cluster", path, "--refit").code == 2


def test_a_state_is_explained_without_new_links_by_what_it_keeps(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(
        "subject,kind,value,first_seen,source\n"
        "x.example,payment,p,2026-01-02,crawl A\ny.example,payment,p,2026-01-03,crawl B\n"
        "x.example,registrar,r,,\ny.example,registrar,r,,\n"
    )
    assert cautery("cluster", path, "--state", tmp_path / "state").code == 0
    ran = cautery("cluster", "--state", tmp_path / "state", "--explain", "x.example", "y.example")
    assert "without the shared payment p they separate" in ran.out
    assert "y.example: payment p, 2026-01-03 00:00:00 (crawl B)" in ran.err
    assert "both have registrar r, but this kind of value does not join subjects" in ran.err
    assert cautery("cluster").code == 2
    ran = cautery("cluster", "--state", tmp_path / "none")
    assert ran.code == 2
    assert not (tmp_path / "none").exists()


def test_what_facts_know_as_shared_ties_nobody_and_its_subjects_stay(cautery, tmp_path):
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "ranges.csv").write_text(
        "cidr,provider,class,source\n198.51.100.0/24,frontier,cdn,x\n203.0.113.0/24,racks,hosting,x\n"
    )
    (tmp_path / "facts" / "parking-domain-ns.csv").write_text("value\npark.example\n")
    path = tmp_path / "links.csv"
    path.write_text(
        "subject,kind,value\n"
        "a.example,ip,198.51.100.7\nb.example,ip,198.51.100.7\n"
        "c.example,ip,203.0.113.7\nd.example,ip,203.0.113.7\n"
        "e.example,nameserver,ns1.park.example\nf.example,nameserver,ns1.park.example\n"
    )
    ran = cautery("cluster", path, "--json", "--facts", tmp_path / "facts")
    network = {one["subject"][0]: one["network"] for one in map(json.loads, ran.out.splitlines())}
    assert len(network) == 6
    assert len(set(network.values())) == 5
    assert network["c"] == network["d"]
    assert "4 links to values known to be shared (cdn:frontier, name server)" in ran.err
    told = cautery(
        "cluster", path, "--facts", tmp_path / "facts", "--explain", "a.example", "b.example"
    )
    assert (
        "both have shared cdn:frontier, but this kind of value does not join subjects" in told.err
    )


def test_a_providers_name_servers_tie_nobody_even_without_facts(cautery, tmp_path, monkeypatch):
    monkeypatch.delenv("CAUTERY_DATA", raising=False)
    path = tmp_path / "links.csv"
    rows = [
        f"{name}.{zone},nameserver,ns{number}.{zone}"
        for zone in ("dns-parking.com", "own.example")
        for name in "ab"
        for number in (1, 2)
    ]
    path.write_text("\n".join(["subject,kind,value", *rows]) + "\n")
    ran = cautery("cluster", path, "--json")
    network = {one["subject"]: one["network"] for one in map(json.loads, ran.out.splitlines())}
    assert network["a.own.example"] == network["b.own.example"]
    assert network["a.dns-parking.com"] != network["b.dns-parking.com"]
    assert "4 links to values known to be shared (provider's name server)" in ran.err


def test_a_facts_folder_may_be_named_once_for_all_runs(cautery, tmp_path, monkeypatch):
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "ranges.csv").write_text(
        "cidr,provider,class,source\n198.51.100.0/24,frontier,cdn,x\n"
    )
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value\na,ip,198.51.100.7\nb,ip,198.51.100.7\n")
    for named, networks in (("", 1), (str(tmp_path / "facts"), 2)):
        monkeypatch.setenv("CAUTERY_DATA", named)
        ran = cautery("cluster", path, "--json")
        assert len({json.loads(line)["network"] for line in ran.out.splitlines()}) == networks
        assert ("can tell an address of a content network" in ran.err) is (named == "")


def test_bad_input_is_a_sentence(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("a,b\n1,2\n")
    ran = cautery("cluster", path)
    assert ran.code == 2
    assert "no column subject and kind and value" in ran.err


STRONG = {
    "feed-delay", "feed-freeze", "feed-advert", "feed-logo", "catalogue-order", "epg-quirks",
    "certificate", "payment",
}  # fmt: skip


def strong_case(folder):
    """Return a case in which two panels share all that only a watch sees, and a third nothing."""
    case = open_case(
        folder / "case", store=FolderStore(KeyFolder(folder / "keys")), clock=FixedClock(NOON)
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    drawn = draw_catalogues(7, networks=1, panels=2)
    pair = [one for one in drawn if one.network]
    stranger = next(one for one in drawn if one.kind == "shuffled")
    for number, one in enumerate((*pair, stranger)):
        shared = 0 if one.network else number
        urls = [f"http://{one.host}/live/~a/~b/{n}" for n in range(len(one.entries))]
        titles, guides = zip(*one.entries, strict=True)
        table = journal.seal(
            tables.parquet({"url": urls, "title": titles, "guide": guides}),
            what="table", media_type=tables.MEDIA_TYPE, at=NOON,
        )  # fmt: skip
        bought = Purchase(
            id=f"p{number}", service="TV", authorised_by="A. Clerk", bought_at=NOON,
            merchant=f"ACME {shared}", amount="9.99", currency="EUR", means="card",
        )  # fmt: skip
        journal.write(
            PurchaseRecorded(purchase=bought, exhibit=None, regime=None, by="A. Clerk", at=NOON)
        )
        journal.write(
            SourceRead(
                source=f"http://{one.host}:8080", kind="xtream", purchase=f"p{number}", at=NOON,
                entries=len(titles), table=table,
            )
        )  # fmt: skip
        journal.write(
            Link(
                subject=one.host, kind="certificate", value=f"spki-{shared}", first_seen=NOON,
                last_seen=NOON, source="watch",
            )
        )  # fmt: skip
        journal.write(
            ProbeDone(
                url=urls[0], at=NOON, observation=None, failed=None,
                faults=tuple(faults(journal, shared)),
            )
        )  # fmt: skip
    case.leave()
    return [one.host for one in pair], stranger.host


def faults(journal, seed):
    rng = np.random.default_rng(seed)
    at_s = NOON.timestamp() - 100 * seed
    sound = {"word": rng.integers(0, 2**31, 200), "frame": np.sort(rng.integers(0, 700, 200))}
    mark = np.zeros(LUMA_SHAPE, np.bool_)
    mark[2:8, 2:14] = True
    light = rng.integers(0, 256, LUMA_SHAPE).astype(np.uint8) * mark
    logo = Logo(mark=mark, light=light, known=np.ones(LUMA_SHAPE, np.bool_))
    for kind, seconds, data in (
        (FaultKind.DELAY, 0.0, None),
        (FaultKind.FREEZE, 2.4, None),
        (FaultKind.ADVERT, 12.0, tables.numbers(sound)),
        (FaultKind.LOGO, 12.0, tables.of_logo(logo)),
    ):
        exhibit = None
        if data is not None:
            exhibit = journal.seal(data, what=kind, media_type=tables.MEDIA_TYPE, at=NOON)
        yield Fault(kind=kind, reference="event:cup", at_s=at_s, seconds=seconds, exhibit=exhibit)


def test_every_strong_link_of_a_case_comes_with_its_date_and_what_it_rests_on(cautery, tmp_path):
    pair, stranger = strong_case(tmp_path)
    ran = cautery("cluster", tmp_path / "case", "--links", tmp_path / "links.csv", "--json")
    network = {one["subject"]: one["network"] for one in map(json.loads, ran.out.splitlines())}
    assert network[pair[0]] == network[pair[1]] != network[stranger]
    rows = list(csv.DictReader((tmp_path / "links.csv").open()))
    held = {}
    for row in rows:
        held.setdefault((row["kind"], row["value"]), set()).add(row["subject"])
        assert row["first_seen"] == "2026-11-24T12:00:00.000000Z"
        assert "record" in row["source"]
    tied = {kind: bearers for (kind, _), bearers in held.items() if len(bearers) > 1}
    assert tied == {kind: set(pair) for kind in STRONG}
    again = cautery("cluster", tmp_path / "links.csv", "--json")
    assert again.out == ran.out


def test_an_explanation_names_every_strong_link_with_its_date_and_record(cautery, tmp_path):
    pair, _ = strong_case(tmp_path)
    ran = cautery("cluster", tmp_path / "case", "--explain", *pair, "--json")
    told = json.loads(ran.out)
    assert {one["kind"] for one in told["shared"]} == STRONG
    assert {(one["kind"], one["subject"]) for one in told["evidence"]} == {
        (kind, host) for kind in STRONG for host in pair
    }
    assert all("record" in one["source"] and one["first_seen"] for one in told["evidence"])


def test_links_are_written_of_a_case_only(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    ran = cautery("cluster", path, "--links", tmp_path / "out.csv")
    assert ran.code == 2
    assert "--links needs a case" in ran.err


def test_a_case_is_clustered_and_explained_by_its_records(cautery, tmp_path):
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    case = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    for host in ("a.example", "b.example"):
        link = Link(
            subject=host, kind="payment", value="btc:1", first_seen=NOON, last_seen=NOON,
            source="watch",
        )  # fmt: skip
        journal.write(link)
    case.leave()
    ran = cautery("cluster", tmp_path / "case", "--json")
    assert len({json.loads(line)["network"] for line in ran.out.splitlines()}) == 1
    told = cautery("cluster", tmp_path / "case", "--explain", "a.example", "b.example")
    assert "a.example: payment btc:1, 2026-11-24 12:00:00 (watch; record 0)" in told.err
    asked = cautery("cluster", tmp_path / "case", "--explain", "a.example", "b.example", "--json")
    assert [one["source"] for one in json.loads(asked.out)["evidence"]] == [
        "watch; record 0",
        "watch; record 1",
    ]


def test_what_steers_a_terminal_is_escaped_in_json_lines(cautery, tmp_path):
    path, out = tmp_path / "links.csv", tmp_path / "out.jsonl"
    names = [f"a{sign}b" for sign in "\x9b\u202e\u2066"]
    rows = "".join(f"{name},mail,x\n" for name in names)
    path.write_text("subject,kind,value\n" + rows, encoding="utf-8")
    printed = cautery("cluster", path, "--json").out
    cautery("cluster", path, "-o", out)
    assert out.read_text() == printed
    assert printed.replace("\n", "").isprintable()
    assert {json.loads(line)["subject"] for line in printed.splitlines()} == set(names)


def test_a_marked_formula_is_read_back(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value\n'=a,mail,x\n\"b;'=1\",mail,x\n")
    ran = cautery("cluster", path, "--json")
    assert {json.loads(line)["subject"] for line in ran.out.splitlines()} == {"=a", "b;=1"}
