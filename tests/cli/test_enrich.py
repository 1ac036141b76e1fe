"""``cautery enrich``: what facts add to links, with their date, and nothing else changed."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.wiring.facts import known_facts
from cautery.workflows.networks.enrich import Tally, enrich_links

LINKS = (
    "subject,kind,value,first_seen,last_seen,source\n"
    "shop.glimzor.example,address,203.0.113.7,2026-01-02,2026-01-05,watch\n"
    "shop.glimzor.example,address,203.0.113.200,2025-12-01T10:00:00+02:00,,watch\n"
    "shop.glimzor.example,nameserver,ns1.park.example,,,watch\n"
    "cam.dyn.example,certificate,ab12,2026-02-02,2026-02-03,watch\n"
    "198.51.100.9,port,8080,2026-02-02,2026-02-03,watch\n"
)


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    folder.mkdir()

    def write(name: str, text: str) -> None:
        (folder / name).write_text(text)

    # 203.0.113.0/24 as numbers is 3405803776 to 3405804031; the second range overlaps the first.
    write(
        "asn-ipv4.csv",
        "start,end,asn\n3405803776,3405804031,64500\n3405803904,3405804031,64501\n",
    )
    write("asn-names.csv", "asn,org\n64500,Outer Hosting\n64501,Inner Hosting\n")
    write("country-ipv4.csv", "start,end,country\n3405803776,3405804031,NL\n")
    write("ranges.csv", "cidr,provider,class,source\n198.51.100.0/24,frontier,cdn,x\n")
    write("dynamic-dns.csv", "value\n.dyn.example\n")
    write("parking-domain-ns.csv", "value\npark.example\n")
    write(
        "passive-dns.csv",
        "address,name,first_seen,last_seen\n"
        "203.0.113.9,cam.dyn.example,2024-01-01T00:00:00Z,2024-02-01T00:00:00Z\n",
    )
    write(
        "facts.toml",
        "[facts.asn-ipv4]\ndate = 2026-03-04\n[facts.ranges]\ndate = 2026-05-06\n",
    )
    return folder


@pytest.fixture
def rows(facts: Path, tmp_path: Path) -> list[dict[str, str]]:
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    return list(enrich_links(path, facts=known_facts(facts), tally=Tally()))


def derived(rows: list[dict[str, str]], subject: str) -> set[tuple[str, str]]:
    return {
        (row["kind"], row["value"])
        for row in rows
        if row["subject"] == subject and row["source"] == "facts"
    }


def test_the_links_come_first_and_unchanged(rows: list[dict[str, str]]) -> None:
    before = list(csv.DictReader(io.StringIO(LINKS)))
    assert [{name: row[name] for name in before[0]} for row in rows[: len(before)]] == before
    assert {row["source"] for row in rows[len(before) :]} == {"facts"}


def test_an_address_gives_network_country_and_hoster_the_narrowest_range_first(
    rows: list[dict[str, str]],
) -> None:
    found = derived(rows, "shop.glimzor.example")
    assert found >= {
        ("asn", "64500"),
        ("asn", "64501"),
        ("country", "NL"),
        ("organisation", "Outer Hosting"),
        ("organisation", "Inner Hosting"),
        ("domain", "glimzor.example"),
        ("parking", "name server"),
    }


def test_a_derived_row_keeps_the_fact_its_date_and_the_span_of_its_links(
    rows: list[dict[str, str]],
) -> None:
    (country,) = (row for row in rows if row["kind"] == "country" and "shop" in row["subject"])
    assert (country["first_seen"], country["last_seen"]) == (
        "2025-12-01T08:00:00Z",
        "2026-01-05T00:00:00Z",
    )
    network = next(row for row in rows if row["kind"] == "asn")
    assert (network["fact"], network["fact_date"]) == ("asn-ipv4", "2026-03-04")


def test_where_passive_dns_had_a_name_is_dated_by_passive_dns(rows: list[dict[str, str]]) -> None:
    found = {row["kind"]: row for row in rows if row["subject"] == "cam.dyn.example"}
    assert found["address"]["value"] == "203.0.113.9"
    assert found["asn"]["last_seen"] == "2024-02-01T00:00:00Z"
    assert found["dynamic-dns"]["first_seen"] == "2026-02-02T00:00:00Z"


def test_an_address_as_subject_has_its_class(rows: list[dict[str, str]]) -> None:
    assert ("shared", "cdn:frontier") in derived(rows, "198.51.100.9")


def test_files_stdout_and_json_say_the_same(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    path, out = tmp_path / "links.csv.gz", tmp_path / "out.csv"
    path.write_bytes(gzip.compress(LINKS.encode()))
    assert cautery("enrich", path, "--facts", facts, "-o", out).code == 0
    printed = cautery("enrich", path, "--facts", facts).out
    lines = cautery("enrich", path, "--facts", facts, "--json").out.splitlines()
    assert out.read_text() == printed
    assert list(csv.DictReader(io.StringIO(printed))) == rows
    assert [json.loads(line) for line in lines] == rows


def test_rows_are_written_as_they_come(
    cautery: Callable[..., Any],
    facts: Path,
    rows: list[dict[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    links, folder, written = tmp_path / "links.csv", tmp_path / "out", list[int]()
    links.write_text(LINKS)
    folder.mkdir()

    def coming(*_: object, **__: object) -> Iterator[dict[str, str]]:
        yield from rows * 5_000
        written.extend(file.stat().st_size for file in folder.iterdir())

    monkeypatch.setattr("cautery.cli.enrich.enrich_links", coming)
    assert cautery("enrich", links, "--facts", facts, "-o", folder / "out.csv").code == 0
    assert sum(written) > 1_000_000


@pytest.mark.parametrize("how", ["semicolons", "utf-16", "parquet"])
def test_other_ways_to_write_a_table_say_the_same(
    facts: Path, tmp_path: Path, rows: list[dict[str, str]], how: str
) -> None:
    path = tmp_path / ("other.parquet" if how == "parquet" else "other.csv")
    if how == "parquet":
        pl.read_csv(LINKS.encode(), infer_schema=False).write_parquet(path)
    else:
        text = LINKS.replace(",", ";") if how == "semicolons" else LINKS
        path.write_bytes(text.encode("utf-16" if how == "utf-16" else "utf-8"))
    assert list(enrich_links(path, facts=known_facts(facts), tally=Tally())) == rows


def test_what_is_no_table_is_refused_in_words(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "links.csv"
    path.write_bytes(bytes(range(256)) * 9)
    ended = cautery("enrich", path, "--facts", facts)
    assert (ended.code, "not a text file" in ended.err) == (2, True)


def test_a_parquet_file_that_is_a_bomb_or_none_is_refused(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "links.parquet"
    assert "no such file" in cautery("enrich", path, "--facts", facts).err
    pl.select(subject=pl.repeat("a", 5_000_000)).write_parquet(path)
    ended = cautery("enrich", path, "--facts", facts)
    assert (ended.code, "over 500 times its size" in ended.err) == (2, True)
    path.write_bytes(path.read_bytes()[:-1])
    assert "not a Parquet file" in cautery("enrich", path, "--facts", facts).err


def test_broken_rows_are_counted_and_quoted(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value,first_seen\n,x,y,\na.example,address,nowhere,never\n")
    ended = cautery("enrich", path, "--facts", facts)
    assert "line 2" in ended.err
    assert "line 3" in ended.err
    assert "2 rows only partly used" in ended.err


def test_a_table_without_its_columns_and_a_missing_folder_are_bad_use(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAUTERY_DATA", raising=False)
    path = tmp_path / "links.csv"
    path.write_text("host,address\na,b\n")
    assert cautery("enrich", path, "--facts", facts).code == 2
    assert cautery("enrich", path).code == 2
    assert cautery("enrich").code == 2


def test_a_folder_that_is_not_there_is_no_full_disk(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "links.csv"
    path.write_text(LINKS)
    ended = cautery("enrich", path, "--facts", facts, "-o", tmp_path / "none" / "out.csv")
    assert ended.code == 1
    assert "the folder does not exist" in ended.err
    assert "space" not in ended.err


@given(data=st.binary(max_size=400))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_rows_warnings_or_refused(facts: Path, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(b"subject,kind,value,first_seen\n" + data)
    try:
        found = list(enrich_links(path, facts=known_facts(facts), tally=Tally()))
    except InputError:
        return
    assert all(row["subject"] and row["kind"] and row["value"] for row in found)


@pytest.mark.parametrize("sign", ["\x1b", "\x07", "\x9b", "\u202e", "\u2066"])
@pytest.mark.parametrize("to", ["file", "pipe"])
def test_what_steers_a_terminal_is_escaped(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path, *, sign: str, to: str
) -> None:
    path, out = tmp_path / "links.csv", tmp_path / "out.csv"
    path.write_text(f"subject,kind,value\na{sign}.example,mail,x{sign}y\n", encoding="utf-8")
    ended = cautery("enrich", path, "--facts", facts, *(("-o", out) if to == "file" else ()))
    assert ended.code == 0, ended.err
    written = out.read_text() if to == "file" else ended.out
    assert sign not in written
    assert json.dumps(sign)[1:-1] in written
