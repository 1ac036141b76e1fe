"""Tables of links as people and spreadsheets leave them: what is whole is read, the rest is told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.workflows.link_files import Reading, read_constraints, read_links

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HEAD = "subject,kind,value\n"
TWO = [("a.example", "payment", "x"), ("b.example", "payment", "x")]


def read(tmp_path: Path, content: str | bytes) -> Reading:
    path = tmp_path / "links.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_links(path, now=NOW)


def rows(reading: Reading) -> list[tuple[str, str, str]]:
    return reading.frame.select("subject", "kind", "value").rows()


@pytest.mark.parametrize("after", [0, 1, 3000])
def test_an_unclosed_quote_costs_its_own_line_alone(tmp_path: Path, after: int) -> None:
    rest = "".join(f'h{number}.example,payment,"y"\n' for number in range(after))
    found = read(tmp_path, HEAD + 'a.example,payment,x\nz.example,payment,"x\n' + rest)
    assert len(rows(found)) == 1 + after
    [told] = found.warnings
    assert told.startswith("1 line with a quote that is not closed: left out (line 3:")
    assert "z.example" in told


def test_lines_are_named_as_they_stand_in_the_file_behind_a_broken_one(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + 'z.example,payment,"x\na.example,payment,x\n,payment,x\n')
    assert any(told.endswith("left out (line 4)") for told in found.warnings)


def test_quotes_that_are_closed_are_no_fault(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + '"a.example",payment,"x, ""the"" y"\nb.example,payment,x\n')
    assert rows(found)[0] == ("a.example", "payment", 'x, "the" y')
    assert found.warnings == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_spreadsheets_write_is_read(
    tmp_path: Path, separator: str, end: str, encoding: str
) -> None:
    lines = [("subject", "kind", "value"), *TWO]
    text = "".join(separator.join(line) + end for line in lines)
    found = read(tmp_path, text.encode(encoding))
    assert rows(found) == TWO
    assert found.warnings == []


def test_mixed_encodings_are_told_and_blank_lines_are_not(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD.encode() + b"a.example,contact,M\xfcller\n\nb.example,contact,x\n")
    assert found.warnings == [
        "1 link not in UTF-8: read with the sign \ufffd for what is none (line 2)"
    ]
    assert len(rows(found)) == 2


def test_a_file_whose_header_has_an_open_quote_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="quotes are not closed"):
        read(tmp_path, '"subject,kind,value\na.example,payment,x\n')


def test_a_file_that_says_utf_16_and_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="utf-16"):
        read(tmp_path, b"\xff\xfe" + b"\x00\xd8" * 9 + b"a")


def test_what_analysts_say_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "known.csv"
    path.write_text('a,b,relation\na.example,"b.example,same\nc.example,d.example,same\n')
    with pytest.raises(InputError, match="line 2"):
        read_constraints(path)


def test_links_of_those_asked_about_keep_their_source(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value,source\na.example,payment,x,page 7\nb.example,payment,x,\n")
    about = read_links(path, now=NOW, about=["a.example"]).about
    assert about is not None
    assert about["source"].to_list() == ["page 7"]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "links.csv"
    path.write_bytes(HEAD.encode() + content)
    refused = ""
    try:
        found = read_links(path, now=NOW).frame.height
    except InputError as error:
        refused, found = str(error), 0
    assert found > 0 or str(path) in refused
