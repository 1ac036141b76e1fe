"""Hosts as analysts have them: lines, tables, packed, and broken."""

from __future__ import annotations

import gzip
import lzma
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.formats import ReadWarning
from cautery.messages import say
from cautery.workflows.files.hosts import HostSeen, hosts_in, read_hosts

CSV = "host,first,last,source\nA.example,2025-01-02,2025-03-04T05:06:07Z,list\nb.example,,,\n"


def hosts(text: str | bytes) -> list[HostSeen | ReadWarning]:
    return list(hosts_in([text.encode() if isinstance(text, str) else text]))


def test_lines_are_hosts_or_urls_and_comments_are_skipped() -> None:
    found = hosts("# a list\nA.example\n\nhttps://b.example:8080/path\n*.c.example.\n! end\n")
    assert [one.host for one in found if isinstance(one, HostSeen)] == [
        "a.example",
        "b.example",
        "c.example",
    ]


def test_a_line_of_blanks_takes_time_by_its_length_alone() -> None:
    began = time.process_time()
    hosts(f"a.example\nb.example{' ' * 60_000}c\n")
    assert time.process_time() - began < 0.1


def test_a_table_tells_days_and_lists() -> None:
    assert hosts(CSV) == [
        HostSeen(
            line=2,
            host="a.example",
            first=date(2025, 1, 2),
            last=date(2025, 3, 4),
            source="list",
        ),
        HostSeen(line=3, host="b.example"),
    ]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_packed_files_are_read_by_their_ending(tmp_path: Path, pack: object) -> None:
    path = tmp_path / f"hosts.csv.{'gz' if pack is gzip.compress else 'xz'}"
    path.write_bytes(pack(CSV.encode()))
    assert [one.host for one in read_hosts(path)] == ["a.example", "b.example"]


def test_a_broken_row_is_quoted_and_the_others_are_read() -> None:
    found = hosts(
        'host,first\na.example,yesterday\n"b.example\nc.example,2025-01-01\n,2025-01-01\n'
    )
    warnings = [one for one in found if isinstance(one, ReadWarning)]
    assert [(one.line, say(one.why)) for one in warnings] == [
        (2, "a date is not of the form 2026-08-22: not used"),
        (5, "not a host"),
    ]
    assert "yesterday" in warnings[0].quoted
    assert names(found) == ["a.example", "b.example", "c.example"]


def names(found: list[HostSeen | ReadWarning]) -> list[str]:
    return [one.host for one in found if isinstance(one, HostSeen)]


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("192.0.2.1:8080", "192.0.2.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("http://[2001:db8::1]:443/live", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("a.example:8080", "a.example"),
        ("0.0.0.0 a.example # why", "a.example"),
        ("||a.example^", "a.example"),
        ("Bücher.example.", "bücher.example"),
    ],
)
def test_ports_brackets_and_the_signs_of_block_lists_are_no_part_of_a_host(
    line: str, host: str
) -> None:
    assert names(hosts(f"{line}\n")) == [host]


@pytest.mark.parametrize("line", ["foo bar", "a@b.example", '"a.example"', "{}", "b\ufffdcher.de"])
def test_what_cannot_be_a_host_is_a_warning(line: str) -> None:
    assert [type(one) for one in hosts(f"{line}\n")] == [ReadWarning]


def test_utf_16_semicolons_and_turned_days_are_read() -> None:
    text = "first;Host;last\n2026-03-01;a.example;2026-01-01\n"
    warning, seen = hosts(text.encode("utf-16"))
    assert isinstance(warning, ReadWarning)
    assert isinstance(seen, HostSeen)
    assert (seen.host, seen.first, seen.last) == ("a.example", date(2026, 1, 1), date(2026, 3, 1))


@pytest.mark.parametrize("content", [b"name,first\na.example,2026-01-01\n", b"\x00\x01\x02"])
def test_what_has_no_hosts_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(InputError) as refused:
        hosts(content)
    assert refused.value.hint


@given(st.binary(max_size=300))
def test_any_bytes_are_hosts_warnings_or_refused(data: bytes) -> None:
    try:
        found = hosts(data)
    except InputError:
        return
    assert all(isinstance(one, HostSeen | ReadWarning) for one in found)
