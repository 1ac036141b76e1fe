"""Tables of links as people and spreadsheets leave them: what is whole is read, the rest is told."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.workflows.networks import table
from cautery.workflows.networks.constraints import read_constraints
from cautery.workflows.networks.links import Reading, read_links

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
ASSETS = Path(__file__).parent / "assets"
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


@pytest.mark.parametrize(
    "wrong", ['"x"y', '5","6', '"x" ', 'b","payment","x', '"x""y","","z","a"b"c"']
)
def test_a_quote_in_the_midst_of_a_value_costs_its_own_line_alone(
    tmp_path: Path, wrong: str
) -> None:
    others = 'b.example,payment,"the ""x"", y"\nc.example,screen,12" x 7"\n'
    found = read(tmp_path, HEAD + f"a.example,payment,{wrong}\n" + others)
    assert rows(found) == [
        ("b.example", "payment", 'the "x", y'),
        ("c.example", "screen", '12" x 7"'),
    ]
    [told] = found.warnings
    assert told.startswith("1 line with a quote inside a value: left out (line 2:")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["x", '"', ",", " ", '"x"', "x,", '""']), max_size=8).map("".join),
        min_size=1,
        max_size=4,
    )
)
def test_no_quotes_of_other_lines_cost_a_whole_one(
    tmp_path_factory: pytest.TempPathFactory, others: list[str]
) -> None:
    found = read(tmp_path_factory.mktemp("any"), HEAD + "\n".join([*others, "a,ip,1"]) + "\n")
    assert ("a", "ip", "1") in rows(found)


def test_lines_are_named_as_they_stand_in_the_file_behind_a_broken_one(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + 'z.example,payment,"x\na.example,payment,x\n,payment,x\n')
    assert any(told.endswith("left out (line 4)") for told in found.warnings)


def test_quotes_that_are_closed_are_no_fault(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + '"a.example",payment,"x, ""the"" y"\nb.example,payment,x\n')
    assert rows(found)[0] == ("a.example", "payment", 'x, "the" y')
    assert found.warnings == []


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_remark_of_several_lines_costs_nothing(tmp_path: Path, end: str) -> None:
    lines = [
        "id,subject,kind,value,notes",
        f'1,a.example,payment,x,"first, of{end}{end}three ""lines"""',
        "2,,payment,x,no subject",
        f'3,b.example,payment,x,"two{end}lines"',
        "4,c.example,,x,no kind",
    ]
    found = read(tmp_path, end.join(lines).encode())
    assert rows(found) == TWO
    assert found.warnings == [
        "2 links with an empty subject, kind or value: left out (lines 5, 8)",
    ]


def test_lines_behind_a_remark_that_is_not_closed_are_no_remark(tmp_path: Path) -> None:
    notes = {"z": '"open', "a": '""', "b": ""}
    lines = [f"{name}.example,payment,x,{note}" for name, note in notes.items()]
    found = read(tmp_path, "\n".join(["subject,kind,value,notes", *lines, 'c,ip,1,"end"']))
    assert rows(found) == [*TWO, ("c", "ip", "1")]
    [told] = found.warnings
    assert told.startswith("1 line with a quote that is not closed: left out (line 2:")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
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
    assert found.warnings == ["1 line not in UTF-8: the invalid bytes are shown as \\xe9 (line 2)"]
    assert len(rows(found)) == 2


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251"])
def test_names_in_another_encoding_stay_as_many_as_they_were(tmp_path: Path, encoding: str) -> None:
    names = {"latin-1": ("café", "cafè"), "cp1251": ("магазин", "аптекарь"[:7])}[encoding]
    lines = "".join(f"h{n}.example,contact,{name}\n" for n, name in enumerate(names))
    found = read(tmp_path, HEAD.encode() + lines.encode(encoding))
    assert found.frame["value"].n_unique() == 2
    assert "2 lines not in UTF-8" in found.warnings[0]


def test_a_line_with_more_columns_than_the_first_is_left_out_and_told(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "a.example,owner,Doe, Inc\nb.example,owner,x,,\n")
    assert rows(found) == [("b.example", "owner", "x")]
    assert found.warnings == [
        "1 line with more columns than the first line: left out (line 2: 'a.example,owner,Doe, Inc')"
    ]


def test_a_first_line_of_many_columns_above_lines_of_one_cell_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "ALWAYS_BYTES", 1 << 16)
    head = HEAD.strip() + "".join(f",c{number}" for number in range(400)) + "\n"
    whole = "".join(f"h{n}.example,payment,x{',' * 400}\n" for n in range(200))
    assert len(rows(read(tmp_path, head + whole))) == 200
    with pytest.raises(InputError, match="first line has far more columns than the other lines"):
        read(tmp_path, head + "h.example,payment,x\n" * 2_000)


@pytest.mark.parametrize("head", ["subject,kind,value,value", "subject,kind,value,Value"])
def test_two_columns_of_one_name_are_refused(tmp_path: Path, head: str) -> None:
    with pytest.raises(InputError, match="two columns have the same name"):
        read(tmp_path, f"{head}\na.example,payment,x,y\n")


def test_a_zero_byte_costs_its_own_line_alone(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "a\0b.example,payment,x\nb.example,payment,x\n")
    assert rows(found) == [("b.example", "payment", "x")]
    assert found.warnings == ["1 link with a zero byte in a name: left out (line 2)"]


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


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 40, "not a text file, and neither CSV nor Parquet"),
        (b"PAR1 and then nothing", "not a Parquet file, or an incomplete"),
        (b"\n\n\n", "not a table"),
        (b'{"subject": "a", "kind": "ip", "value": "1"}\n', "this is JSON, not CSV or Parquet"),
    ],
)
def test_what_is_no_table_is_refused_in_our_own_words(tmp_path, content, said):
    path = tmp_path / "links.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_links(path, now=NOW)


def test_a_column_of_lists_is_refused(tmp_path):
    path = tmp_path / "links.parquet"
    pl.DataFrame({"subject": ["a"], "kind": ["ip"], "value": [["b"]]}).write_parquet(path)
    with pytest.raises(InputError, match="column value holds lists"):
        read_links(path, now=NOW)


def test_a_table_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path):
    path = tmp_path / "links.parquet"
    bomb = pl.select(subject=pl.repeat("a", 5_000_000), kind=pl.lit("ip"), value=pl.lit("1"))
    bomb.write_parquet(path)
    with pytest.raises(InputError, match=r"links\.parquet: its table unpacks to over 500 times"):
        read_links(path, now=NOW)


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        (pl.Series([b"caf\xe9", b"x"]), ["caf\\xe9", "x"]),
        (pl.Series([1.5, float("nan")]), ["1.5"]),
        (pl.Series(["x", "y"], dtype=pl.Categorical), ["x", "y"]),
    ],
)
def test_values_of_parquet_are_read_as_text(tmp_path, value, read_as):
    path = tmp_path / "links.parquet"
    pl.DataFrame({"subject": ["a", "b"], "kind": ["ip", "ip"], "value": value}).write_parquet(path)
    assert read_links(path, now=NOW).frame["value"].to_list() == read_as


def test_a_zone_that_is_only_a_distance_is_one(tmp_path):
    # Written by pyarrow 26 of one link, its first_seen a timestamp of zone +05:30.
    reading = read_links(ASSETS / "links_zone_by_distance.parquet", now=NOW)
    assert reading.frame["first_seen"].to_list() == [1_767_225_600.0]


def test_a_column_of_durations_is_refused(tmp_path):
    path = tmp_path / "links.parquet"
    frame = pl.DataFrame({"subject": ["a"], "kind": ["ip"], "value": ["x"]})
    frame.with_columns(first_seen=pl.duration(days=1)).write_parquet(path)
    with pytest.raises(InputError, match="column first_seen holds Duration"):
        read_links(path, now=NOW)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31",
        "2026/01/31",
        "20260131",
        "2026-01-31T00:00",
        "2026-01-31 00:00:00",
        "2026-01-31 00:00:00.000250",
        "2026-01-31T00:00:00.000000",
        "2026-01-31T00:00:00Z",
        "2026-01-31 00:00:00 UTC",
        "2026-01-31T01:30:00+01:30",
        "2026-01-31 00:00:00+00:00",
        "1769817600",
        "1769817600.0",
        "1769817600000",
        "1769817600000000000",
    ],
)
def test_a_time_is_read_in_whatever_shape_programs_write_it(tmp_path, written):
    path = tmp_path / "links.csv"
    path.write_text(f"subject,kind,value,first_seen\na,ip,1,{written}\n")
    reading = read_links(path, now=NOW)
    assert reading.warnings == []
    assert reading.frame["first_seen"][0] == pytest.approx(1_769_817_600, abs=0.001)


@pytest.mark.parametrize("written", ["31.01.2026", "01/02/2026", "26-01-31", "20261399", "soon"])
def test_what_may_be_two_times_is_none(tmp_path, written):
    path = tmp_path / "links.csv"
    path.write_text(f"subject,kind,value,first_seen\na,ip,1,{written}\n")
    reading = read_links(path, now=NOW)
    assert reading.frame["first_seen"].to_list() == [None]
    assert "with an invalid first_seen" in reading.warnings[0]


@pytest.mark.parametrize("value", ["n/a", "-", "None", "REDACTED FOR PRIVACY", "Data Protected"])
def test_what_only_fills_a_column_ties_nobody_and_its_subject_stays(tmp_path, value):
    found = read(tmp_path, HEAD + f"a.example,owner,{value}\nb.example,owner,Null Byte Ltd\n")
    assert rows(found) == [("a.example", "shared", value), ("b.example", "owner", "Null Byte Ltd")]
    assert found.warnings == [
        f"1 link whose value only fills the column ({value}): the value joins nobody"
    ]


def test_kinds_are_one_whatever_their_capitals_and_headers_between_are_left_out(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text("subject,kind,value\na,ASN,1\nsubject,kind,value\nA,asn,1\n")
    reading = read_links(path, now=NOW)
    assert reading.frame["kind"].to_list() == ["asn", "asn"]
    assert reading.warnings == [
        "1 link that repeat the column names: left out (line 3)",
        "1 subject differs from another only by capitals or a final dot (A and a)",
    ]


def test_a_time_beyond_the_calendar_is_no_time(tmp_path):
    path = tmp_path / "links.csv"
    path.write_text(
        "subject,kind,value,first_seen,last_seen\na,ip,1,1e300,-1e300\nb,ip,1,nan,inf\n"
    )
    reading = read_links(path, now=NOW)
    assert reading.frame["first_seen"].to_list() == [None, None]
    assert reading.frame["last_seen"].to_list() == [None, None]
    assert len(reading.warnings) == 2


@pytest.mark.parametrize(
    "text",
    [
        "A.example,b.example,same\n",
        "A.example,b.example,SAME\n",
        "note,a,b,relation\nsame,A.example,b.example,same\n",
        "A,B,Relation\nA.example,b.example,same\n",
    ],
)
def test_constraints_are_read_with_and_without_a_first_line_of_names(tmp_path, text):
    path = tmp_path / "known.csv"
    path.write_text(text)
    (one,), odd = read_constraints(path)
    assert (one.a, one.b, one.same) == ("A.example", "b.example", True)
    assert odd == []


def test_not_same_may_be_written_with_a_space(tmp_path):
    path = tmp_path / "known.csv"
    path.write_text("a,b,relation\nx,y,not same\n")
    assert not read_constraints(path)[0][0].same


def test_a_first_line_that_is_no_line_of_a_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "links.csv"
    path.write_bytes(b'subject,\rkind,value\na,mail,x\nb,"mail,y\n')
    with pytest.raises(InputError, match="first line"):
        read_links(path, now=NOW)


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_as_long_as_a_file_is_refused(tmp_path, packed):
    content = b"subject,kind,value\na,mail,x\nb,mail," + b"x" * (5 << 20)
    path = tmp_path / ("links.csv.gz" if packed else "links.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(InputError, match=r"line 3: longer than"):
        read_links(path, now=NOW)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("subject,kind,value\na,mail,x\n".encode("utf-16"), "in utf-16"),
        (b"subject,kind,value\ra,mail,x\r", "carriage return"),
        (b"subject,kind,value\na,mail,\xe9\n", "not UTF-8"),
    ],
)
def test_what_must_be_held_in_memory_has_a_limit(tmp_path, monkeypatch, content, why):
    monkeypatch.setattr("cautery.workflows.networks.table.MOST_HELD", 10)
    (tmp_path / "links.csv").write_bytes(content)
    with pytest.raises(InputError, match=why):
        read_links(tmp_path / "links.csv", now=NOW)
