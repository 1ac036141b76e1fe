"""Tables of partners: what lawyers send is recognised by its titles, or refused with its place."""

import io
from datetime import UTC, date, datetime

import pytest
import xlsxwriter

from cautery.errors import InputError
from cautery.exchange.catalogue import format_named, format_of
from cautery.exchange.shape import NOTHING, Assumed
from cautery.exchange.table.titles import MEANINGS, meaning_of
from cautery.model.exchange import ItemKind, RelationKind
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
GREEN = Marking(
    tlp=Tlp.GREEN,
    pap=Pap.RED,
    source="B",
    accuracy=2,
    handling=frozenset({HandlingCode.H1}),
)
STATED = Assumed(marking=GREEN, by="a law firm", at=NOON)


def read(text, assumed=STATED):
    return format_named("csv").read(text.encode(), "list.csv", assumed)


def items(text, assumed=STATED):
    return read(text, assumed).package.items


def workbook(*rows, sheet="Foglio1"):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet(sheet)
        days = book.add_format({"num_format": "yyyy-mm-dd"})
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    page.write_datetime(row, column, cell, days)
                else:
                    page.write(row, column, cell)
    return out.getvalue()


def read_book(*rows, assumed=STATED):
    return format_named("xlsx").read(workbook(*rows), "list.xlsx", assumed)


def test_a_list_of_a_lawyer_is_read():
    found = read(
        "Elenco dei siti da bloccare\n\n"
        "Nome a dominio;Indirizzo IP;Scadenza;Provvedimento;Avvocato\n"
        "goals[.]example;198.51.100.7, 198.51.100.8;2026-12-31;17/26/DDA;Rossi\n"
        "BÜCHER.example;;2026-12-31;17/26/DDA;Rossi\n"
    )
    assert [(one.kind, one.id) for one in found.package.items] == [
        (ItemKind.ADDRESS, "198.51.100.7"),
        (ItemKind.ADDRESS, "198.51.100.8"),
        (ItemKind.HOST, "goals.example"),
        (ItemKind.HOST, "xn--bcher-kva.example"),
    ]
    assert {one.valid_until for one in found.package.items} == {datetime(2026, 12, 31, tzinfo=UTC)}
    assert {one.order for one in found.package.items} == {"17/26/DDA"}
    assert {one.kind for one in found.package.relations} == {RelationKind.RESOLVES_TO}
    assert {(one.field, one.count) for one in found.left_out} == {
        ("Avvocato", 2),
        ("words above the titles", 1),
    }


def test_what_is_read_bears_the_marking_and_source_that_are_stated():
    (item,) = items("domain\na.example\n")
    assert (item.marking, item.by, item.at) == (GREEN, "a law firm", NOON)


def test_a_marking_of_its_own_stands_before_the_stated_one_and_keeps_its_evaluation():
    (item,) = items("domain,TLP\na.example,amber\n")
    assert item.marking == Marking(
        tlp=Tlp.AMBER, pap=Pap.RED, source="B", accuracy=2, handling=frozenset({HandlingCode.H1})
    )


def test_a_table_without_markings_is_refused_unless_one_is_stated():
    with pytest.raises(InputError, match=r"list\.csv: row 2: it bears no marking") as refused:
        items("domain\na.example\n", Assumed(at=NOON))
    assert "--marking" in refused.value.hint


def test_without_pap_the_colour_of_the_tlp_holds():
    (item,) = items("domain,tlp\na.example,TLP:AMBER+STRICT\n", Assumed(at=NOON))
    assert item.marking == Marking(tlp=Tlp.AMBER_STRICT, pap=Pap.AMBER)


def test_amber_beside_white_is_amber_of_tlp_1_and_so_the_stricter():
    found = items("domain,tlp\na.example,WHITE\nb.example,TLP:AMBER\n")
    assert [one.marking.tlp for one in found] == [Tlp.CLEAR, Tlp.AMBER_STRICT]


@pytest.mark.parametrize(
    ("table", "rule"),
    [
        ("domain,tlp\na.example,white\nb.example,clear\n", "row 3, column 'TLP': a word of TLP 2"),
        ("domain,tlp\na.example,pink\n", "row 2, column 'tlp': 'pink' is no marking"),
        ("domain,tlp\na.example,RED GREEN\n", "'RED GREEN' is no marking"),
        ("domain,pap\na.example,pink\n", "column 'pap': 'pink' is no marking"),
        ("domain,end\na.example,31.01.2026\n", "row 2, column 'end': '31.01.2026' is not a valid"),
        ("domain,end\na.example,2026-12-31 10:00\n", "has no time zone"),
        ("domain,end\na.example,9999-12-31T23:59:59-01:00\n", "is outside of the calendar"),
        ("domain,from,until\na.example,2026-12-31,2026-01-01\n", "is before its valid_from"),
        ("ip\n198.51.100.0/24\n", "row 2, column 'ip': '198.51.100.0/24' is not an IP address"),
        ("domain\nnot a domain\n", "'not' is not a domain name"),
        ("url\nwww.a.example\n", "'www.a.example' is not a URL"),
        ("sha256\nabc\n", "'abc' is not a SHA-256 digest"),
        ("domain,note\na.example,x\na.example,y\n", "row 3: host a.example has another content in row 2"),
        ("domain,host\na.example,b.example\n", "the columns 'domain' and 'host' mean the same"),
        ("domain,confidence\na.example,high\n", "column 'confidence': 'high' is not a whole number"),
        ("domain,confidence\na.example,900\n", "900 is not a confidence"),
        ("domain\na.example,b\n", "more cells than the row of titles"),
        ("lawyer,phone\nRossi,1\n", "no row among the first 20"),
        ("domain\n", "no row under its titles can be read"),
        ("", "no row among the first 20"),
        ('domain\n"a.example\n', "unexpected end of data"),
        ("domain\na\0.example\n", "byte 0"),
        ("x" * 5000 + "," * 300 + "\n", "columns, more than"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(table, rule):
    with pytest.raises(InputError, match=rule) as refused:
        read(table)
    assert str(refused.value).startswith("list.csv: ")


def test_nobody_knows_when_a_table_was_made_that_has_no_date():
    with pytest.raises(InputError, match="nobody knows when it was stated"):
        items("domain,tlp\na.example,RED\n", NOTHING)


def test_a_subject_that_stands_twice_with_one_content_is_read_once():
    assert len(items("domain\na.example\nA.EXAMPLE.\n")) == 1


@pytest.mark.parametrize(
    ("table", "kind", "id"),
    [
        ("url\nhxxps://a[.]example/1.ts\n", ItemKind.ASSET, "url:https://a.example/1.ts"),
        ("stream\nhttps://a.example/1.ts\n", ItemKind.STREAM, "https://a.example/1.ts"),
        ("url,kind\nhttps://a.example/,stream\n", ItemKind.STREAM, "https://a.example/"),
        ("target\n2001:DB8::1\n", ItemKind.ADDRESS, "2001:db8::1"),
        ("target\na.example\n", ItemKind.HOST, "a.example"),
        ("target\n" + "AB" * 32 + "\n", ItemKind.EXHIBIT, "sha256:" + "ab" * 32),
        ("target,kind,end\na.example,block,2026-12-31\n", ItemKind.BLOCK, "a.example"),
        ("domain,kind\na.example,exhibit\n", ItemKind.HOST, "a.example"),
        ("domain\n'=a.example\n", None, "'=a.example"),
    ],
)
def test_a_value_says_what_it_is(table, kind, id):
    if kind is None:
        with pytest.raises(InputError, match="is not a domain name"):
            read(table)
        return
    (item,) = items(table)
    assert (item.kind, item.id) == (kind, id)


def test_persons_are_counted_and_left_out():
    found = read("target,kind\na.example,person\nb.example,host\n")
    assert [one.id for one in found.package.items] == ["b.example"]
    assert [(one.field, one.count) for one in found.left_out] == [("*", 1)]


def test_a_workbook_of_a_lawyer_is_read_with_its_dates():
    found = read_book(
        ["Serie A, giornata 12"],
        ["Dominio", "Valid until"],
        ["a.example", date(2026, 12, 31)],
        ["", ""],
        ["b.example", "2027-01-31"],
    )
    assert [one.valid_until for one in found.package.items] == [
        datetime(2026, 12, 31, tzinfo=UTC),
        datetime(2027, 1, 31, tzinfo=UTC),
    ]


def test_a_time_of_a_workbook_needs_a_zone_in_its_title():
    moment = datetime(2026, 12, 31, 10, 30)  # noqa: DTZ001
    (item,) = read_book(["domain", "End (UTC)"], ["a.example", moment]).package.items
    assert item.valid_until == moment.replace(tzinfo=UTC)
    with pytest.raises(InputError, match=r"sheet 'Foglio1', row 2, column 'End': .* no time zone"):
        read_book(["domain", "End"], ["a.example", moment])


def test_a_number_that_is_no_text_is_read_as_it_is_shown():
    (item,) = read_book(["domain", "order"], ["a.example", 17]).package.items
    assert item.order == "17"


@pytest.mark.parametrize("text", ["domain\na.example\n", "\ufeffURL,x\n", "Title\n\nIP;End\n"])
def test_a_table_is_recognised(text):
    assert format_of(text.encode(), "x").name == "csv"


@pytest.mark.parametrize("text", ['{"type":"bundle","url":1}', "[1,2]", "#EXTM3U\nhttp://a/\n", ""])
def test_what_is_no_table_is_not_taken_for_one(text):
    assert not format_named("csv").recognises(text.encode())


def test_no_title_means_two_things():
    titles = [title for titles in MEANINGS.values() for title in titles]
    assert len(titles) == len(set(titles))
    assert all(meaning_of(title)[0] == name for name, those in MEANINGS.items() for title in those)
