"""Links to networks, as a person asks for them."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import Link
from cautery.workflows.open_case import open_case
from cautery.workflows.watch.journal import Journal

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
    assert f"there is no folder {tmp_path / 'none'}" in ran.err


def test_links_that_join_nobody_make_no_empty_table(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value\na.example,ip,1\n")
    ran = cautery("cluster", path)
    assert ran.out == ""
    assert "no two subjects are of one network" in ran.err


def test_explain_says_what_holds_two_together(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    ran = cautery("cluster", path, "--explain", "a0.example", "a1.example", "--json")
    assert len(json.loads(ran.out)["shared"]) == 2
    told = cautery("cluster", path, "--explain", "a0.example", "b1.example")
    assert "are of two networks" in told.out


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
    assert "without the shared payment p they part" in ran.out
    assert "y.example: payment p, 2026-01-03 00:00:00 (crawl B)" in ran.err
    assert "both have registrar r, a kind that ties nobody" in ran.err
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
    assert "4 links to what is known as shared (cdn:frontier, name server)" in ran.err
    told = cautery(
        "cluster", path, "--facts", tmp_path / "facts", "--explain", "a.example", "b.example"
    )
    assert "both have shared cdn:frontier, a kind that ties nobody" in told.err


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
    assert "4 links to what is known as shared (provider's name server)" in ran.err


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
        assert ("only facts tell a content network's" in ran.err) is (named == "")


def test_bad_input_is_a_sentence(cautery, tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("a,b\n1,2\n")
    ran = cautery("cluster", path)
    assert ran.code == 2
    assert "no column subject and kind and value" in ran.err


def test_a_case_is_clustered_and_explained_by_its_records(cautery, tmp_path):
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    case = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    journal = Journal(case.ledger, case.vault, case.clock, redaction_key=b"k" * 32)
    for host in ("a.example", "b.example"):
        link = Link(
            subject=host, kind="payment", value="btc:1", first_seen=NOON, last_seen=NOON,
            source="watch",
        )  # fmt: skip
        journal.write("link.seen", link)
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
