"""Folders of sources to a size: what is read, what is refused, and which month speaks."""

import gzip
import lzma
from datetime import date

import pytest
from tests.counted import calls_of

from cautery.errors import InputError
from cautery.estimate import parse_claim
from cautery.messages import say
from cautery.model.mandate import Regime
from cautery.packed import zstd
from cautery.workflows.sizing import files
from cautery.workflows.sizing.size import read_dumps, read_sources, size_network

PANELS = "panel,country,on,paid,trial,expired,traffic_share\n"
VISITS = "country,month,visits\n"
OURS = ("UK", "EL")
DUMP = "id,username,password,exp_date,is_trial,max_connections,created_at,country\n"


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def dump_rows(count, *, country="IT", ends=1_767_225_600):
    return "".join(f"{n},bob,secret,{ends},0,1,1690000000,{country}\n" for n in range(count))


@pytest.fixture
def folder(tmp_path):
    return write(
        tmp_path / "sources",
        panels=PANELS + "a,IT,2024-10-28,1000,100,200,0.4\na,IT,2024-11-28,1200,100,200,0.4\n",
        visits=VISITS + "IT,2024-10,60000\nIT,2024-11,70000\n",
        payments="country,month,channel,payments,amount,currency\nGB,2024-10-01,card,9,90.5,GBP\n",
        purchases="channel,purchases,known\ncard,20,11\n",
        rates="currency,eur\nGBP,1.19\n",
    )


def test_a_month_is_read_as_asked(folder):
    found, notes = read_sources(folder, month=date(2024, 10, 15))
    assert found.month == date(2024, 10, 1)
    assert [one.paid for one in found.panels] == [1000]
    assert [one.visits for one in found.visits] == [60000]
    assert found.rates == {"GBP": 1.19}
    assert notes == ()


def test_without_a_month_the_last_of_which_most_kinds_speak_is_sized(folder):
    assert read_sources(folder)[0].month == date(2024, 10, 1)


def test_a_source_of_a_near_month_stands_in_and_is_said(folder):
    found, notes = read_sources(folder, month=date(2024, 11, 1))
    assert len(found.payments) == 1
    assert tuple(map(say, notes)) == ("payments: from 2024-10, because there is none from 2024-11",)


def test_a_source_of_a_far_month_is_left_out_and_said(folder):
    found, notes = read_sources(folder, month=date(2025, 11, 1))
    assert found.panels == found.payments == ()
    assert len(notes) == 3
    assert all("left out" in say(note) for note in notes)


@pytest.mark.parametrize("year", [1, 1999, 2100, 9999])
def test_a_month_of_no_network_is_refused(folder, year):
    with pytest.raises(InputError, match="must be from 2000 to 2099"):
        read_sources(folder, month=date(year, 12, 1))


def test_a_worlds_folder_is_read_by_its_sources(folder):
    assert read_sources(folder.parent) == read_sources(folder)


@pytest.mark.parametrize(
    ("ending", "pack"),
    [(".gz", gzip.compress), (".xz", lzma.compress), (".zst", zstd.compress)],
)
def test_packed_files_are_read_by_their_ending(folder, ending, pack):
    plain, _ = read_sources(folder)
    path = folder / "panels.csv"
    (folder / f"panels.csv{ending}").write_bytes(pack(path.read_bytes()))
    path.unlink()
    assert read_sources(folder)[0] == plain


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_what_is_not_packed_as_its_ending_says_is_refused(folder, ending):
    path = folder / "panels.csv"
    path.rename(folder / f"panels.csv{ending}")
    with pytest.raises(InputError, match=f"panels.csv{ending}: it cannot be read"):
        read_sources(folder)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_packed_file_that_is_cut_off_is_refused(folder, pack):
    ending = ".gz" if pack is gzip.compress else ".xz"
    rows = "".join(f"p{n},IT,2024-10-28,{n},0,0,0.001\n" for n in range(500))
    packed = pack((PANELS + rows).encode())
    (folder / "panels.csv").unlink()
    (folder / f"panels.csv{ending}").write_bytes(packed[:-9])
    with pytest.raises(InputError, match="it cannot be read"):
        read_sources(folder)


def test_xz_files_of_several_streams_are_read_to_the_end(folder):
    head, tail = PANELS, "a,IT,2024-10-28,7,0,0,0.4\n"
    (folder / "panels.csv").unlink()
    packed = lzma.compress(head.encode()) + b"\0" * 8 + lzma.compress(tail.encode())
    (folder / "panels.csv.xz").write_bytes(packed)
    assert [one.paid for one in read_sources(folder)[0].panels] == [7]


def test_two_files_of_one_kind_are_refused(folder):
    (folder / "panels.csv.gz").write_bytes(gzip.compress(PANELS.encode()))
    with pytest.raises(InputError, match="keep only one of them"):
        read_sources(folder)


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("a,IT,2024-10-28,-1,0,0,0.4", r"line 2: paid '-1': a count must be a whole number"),
        ("a,IT,2024-10-28,1e3,0,0,0.4", "a count must be a whole number"),
        ("a,IT,2024-10-28,1,0,0,1.4", "a share must be from 0 to 1"),
        ("a,IT,2024-10-28,1,0,0,nan", "a share must be from 0 to 1"),
        ("a,Italy,2024-10-28,1,0,0,0.4", "two capital letters"),
        ("a,IT,yesterday,1,0,0,0.4", "is not a valid day"),
        ("a,IT,2024-10-28,1,0,0,0.4,more", "more fields than the header"),
        ("a,IT,2024-10-28,1,0,0,0.4\na,IT,2024-10-28,1,0,0,0.4", "line 3: .* occurs twice"),
        ('a,"IT,2024-10-28,1,0,0,0.4', "unexpected end of data"),
        ("a,IT,2024-10-28," + "9" * 30 + ",0,0,0.4", "a count must be a whole number"),
        ("a,IT,2024-10-28,1,0,0,0.4\na, IT,2024-10-28,1,0,0,0.4", "line 3: .* occurs twice"),
        ("a,IT,2024-10,1,0,0,0.4\na,IT,2024-10-01,1,0,0,0.4", "line 3: .* occurs twice"),
        ("a,UK,2024-10-28,1,0,0,0.4", "the code in ISO 3166-1 is GB"),
        ("a,IT,9999-12-31,1,0,0,0.4", "the year must be from 2000 to 2099"),
        ("a,IT,0001-01-01,1,0,0,0.4", "the year must be from 2000 to 2099"),
        ("a,IT,2024-10-28,1,0,0,1e-320", "a share must be from 0 to 1"),
        (
            "a,IT,2024-10-28,1,0,0,0.4\na,DE,2024-10-28," + "9" * 200_000,
            "a line of more than 65,536 bytes",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_file_line_and_rule(tmp_path, row, rule):
    write(tmp_path, panels=PANELS + row + "\n")
    with pytest.raises(InputError, match=rule) as refused:
        read_sources(tmp_path)
    assert "panels.csv" in str(refused.value)


@pytest.mark.parametrize("row", ["IT,2024-10-01,60000", " IT,2024-10,7", "IT,2024-10-31,60000"])
def test_a_month_of_a_country_counts_once_however_it_is_written(tmp_path, row):
    write(tmp_path, visits=f"{VISITS}IT,2024-10,60000\n{row}\n")
    with pytest.raises(InputError, match="this row occurs twice and would be counted twice"):
        read_sources(tmp_path)


def test_a_row_said_twice_is_refused_and_two_providers_of_a_country_are_not(tmp_path):
    head = "country,month,households,sampled,hits\n"
    write(tmp_path, names=f"{head}IT,2024-10,9000,900,7\nIT,2024-10,9000,800,7\n")
    assert len(read_sources(tmp_path)[0].names) == 2
    write(tmp_path, names=f"{head}IT,2024-10,9000,900,7\nIT,2024-10-01,9000,900,7\n")
    with pytest.raises(InputError, match=r"line 3: .* occurs twice"):
        read_sources(tmp_path)


def test_a_header_that_names_a_column_twice_is_refused(tmp_path):
    write(tmp_path, visits="country,month,visits,visits\nIT,2024-10,1000,5\n")
    with pytest.raises(InputError, match="line 1: the header has the same column twice"):
        read_sources(tmp_path)


@pytest.mark.parametrize("rate", ["1e305", "1e-320", "1e9"])
def test_a_rate_that_no_currency_has_is_refused(folder, rate):
    write(folder, rates=f"currency,eur\nGBP,{rate}\n")
    with pytest.raises(InputError, match=r"line 2: .* no currency is worth that"):
        read_sources(folder)


@pytest.mark.parametrize("rate", ["0", "-1", "inf", "x"])
def test_a_rate_that_is_none_is_refused(folder, rate):
    write(folder, rates=f"currency,eur\nGBP,{rate}\n")
    with pytest.raises(InputError, match="a rate must be positive and finite"):
        read_sources(folder)


@pytest.mark.parametrize("amount", ["-1", "nan", "1e30", "x", "1e-400"])
def test_a_sum_that_is_none_is_refused(folder, amount):
    head = "country,month,channel,payments,amount,currency\n"
    write(folder, payments=f"{head}GB,2024-10-01,card,9,{amount},GBP\n")
    with pytest.raises(InputError, match="amount"):
        read_sources(folder)


def test_a_file_without_its_columns_is_refused(tmp_path):
    write(tmp_path, panels="panel,paid\na,1\n")
    with pytest.raises(InputError, match="no column country, on, trial"):
        read_sources(tmp_path)


def test_more_countries_than_there_are_are_refused(tmp_path):
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    write(
        tmp_path,
        visits=VISITS
        + "".join(f"{a}{b},2024-10,1\n" for a in letters for b in letters if a + b not in OURS),
    )
    with pytest.raises(InputError, match="674 countries"):
        read_sources(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "visits.csv").write_bytes(VISITS.encode() + b"\xff\xfe\n")
    with pytest.raises(InputError, match="not UTF-8"):
        read_sources(tmp_path)


def test_a_folder_without_sources_is_refused(tmp_path):
    with pytest.raises(InputError, match="the folder has no source"):
        read_sources(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        read_sources(tmp_path / "none")
    (tmp_path / "panels.csv").write_bytes(b"")
    with pytest.raises(InputError, match="a file, not a folder"):
        read_sources(tmp_path / "panels.csv")


# --- dumps


@pytest.fixture
def dumps(tmp_path):
    for name, lines in (("a", 1300), ("b", 50)):
        write(tmp_path / "seized" / name, users=DUMP + dump_rows(lines))
    return tmp_path / "seized"


def test_dumps_are_refused_under_gdpr_before_any_is_opened(folder, tmp_path):
    sources, _ = read_sources(folder)
    with pytest.raises(InputError, match=r"only a competent authority .*\(EU\) 2016/680"):
        read_dumps(tmp_path / "none", sources, regime=Regime.GDPR)


def test_dumps_stand_in_for_the_panels_counts(folder, dumps):
    sources, _ = read_sources(folder, month=date(2024, 11, 1))
    found, notes = read_dumps(dumps, sources, regime=Regime.LED, folder=folder)
    assert [(one.panel, one.paid, one.traffic_share) for one in found.panels] == [
        ("a", 1300, 0.4),
        ("b", 50, None),
    ]
    assert "dump of a as of 2024-11-28: 1,300 rows" in map(say, notes)


def test_a_dumps_share_is_its_panels_whichever_row_says_it(folder, dumps):
    rows = "a,IT,2024-10-28,1000,100,200,0.4\na,IT,2024-11-28,9,9,9,\n"
    write(folder, panels=PANELS + rows)
    sources, _ = read_sources(folder, month=date(2024, 11, 1))
    found, _ = read_dumps(dumps, sources, regime=Regime.LED, folder=folder)
    assert {one.traffic_share for one in found.panels if one.panel == "a"} == {0.4}


def test_a_dump_of_long_after_the_month_is_refused(folder, dumps):
    sources, _ = read_sources(folder, month=date(2024, 7, 1))
    with pytest.raises(InputError, match="seized 2024-11-28, more than 3 months from 2024-07"):
        read_dumps(dumps, sources, regime=Regime.LED, folder=folder)


def test_a_dump_that_is_no_table_is_refused_by_its_name(folder, dumps):
    (dumps / "a" / "users.csv").write_bytes(b"\0" * 100)
    sources, _ = read_sources(folder)
    with pytest.raises(InputError, match=r"a/users.csv: NUL bytes"):
        read_dumps(dumps, sources, regime=Regime.LED)


def test_a_dump_that_is_cut_off_is_left_out_and_said(folder, dumps):
    path = dumps / "a" / "users.csv"
    path.write_bytes(path.read_bytes()[:-7])
    sources, _ = read_sources(folder, month=date(2024, 11, 1))
    found, notes = read_dumps(dumps, sources, regime=Regime.LED, folder=folder)
    assert {one.panel for one in found.panels} == {"b"}
    assert "so it is cut off: it was left out" in say(notes[0])


def test_a_dumps_activity_is_counted_in_the_last_month(folder, tmp_path):
    head = "id,exp_date,is_trial,country,last_activity\n"
    end = 1732838400  # 2024-11-29, the end of the day of the seizure
    rows = "".join(f"{n},1767225600,0,IT,{end - 86_400 * n}\n" for n in range(1, 61))
    write(tmp_path / "logged" / "a", users=head + rows)
    sources, _ = read_sources(folder, month=date(2024, 11, 1))
    found, _ = read_dumps(tmp_path / "logged", sources, regime=Regime.LED, folder=folder)
    assert [(one.paid, one.active) for one in found.panels] == [(60, 30)]


def test_sharing_paying_and_sales_are_read_where_they_are(folder):
    write(
        folder,
        sharing="country,on,people,households,answers\nIT,2024-10-01,2,1,50\nIT,2024-10-01,4,2,9\n",
        surveys="country,on,asked,yes,households,paying\nIT,2024-10-01,900,40,9000,\n"
        "GB,2024-10-01,900,40,9000,18\n",
        prices="storefront,on,months,amount,currency,sales\ns,2024-10-01,1,9,EUR,77\n",
    )
    found, _ = read_sources(folder, month=date(2024, 10, 1))
    assert [one.people for one in found.sharing] == [2, 4]
    assert [one.paying for one in found.surveys] == [None, 18]
    assert [one.sales for one in found.prices] == [77]


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ("IT,2024-10-01,2,1,50\nIT,2024-10,2,1,9\n", "occurs twice"),
        ("IT,2024-10-01,2,1,-50\n", "a count must be a whole number"),
        ("IT,2024-10-01,2,3,50\n", "2 people in 3 households"),
        ("IT,2024-10-01,0,0,50\n", "0 people in 0 households"),
    ],
)
def test_a_row_of_sharing_that_breaks_a_rule_is_refused(folder, rows, rule):
    write(folder, sharing="country,on,people,households,answers\n" + rows)
    with pytest.raises(InputError, match=rule):
        read_sources(folder)


def test_a_price_page_said_twice_with_other_sales_is_refused(folder):
    head = "storefront,on,months,amount,currency,sales\n"
    write(folder, prices=f"{head}s,2024-10-01,1,9,EUR,77\ns,2024-10-01,1,9,EUR,78\n")
    with pytest.raises(InputError, match="occurs twice"):
        read_sources(folder)


def test_a_folder_without_dumps_is_refused(folder, tmp_path):
    sources, _ = read_sources(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder has no dump"):
        read_dumps(tmp_path / "empty", sources, regime=Regime.LED)


# --- the whole


def test_a_network_is_sized_and_its_claims_judged(folder):
    sources, notes = read_sources(folder, month=date(2024, 11, 1))
    claims = [parse_claim("22e6 users"), parse_claim("250e6 EUR/month")]
    sizing = size_network(sources, claims, seed=1, notes=notes)
    assert [one.flagged for one in sizing.judged] == [True, True]
    assert say(sizing.notes[0]).startswith("payments: from 2024-10")
    assert len(sizing.across) == 1
    assert sizing.reconciled.countries == ("GB", "IT")


def test_without_sources_the_published_market_stands_in_and_is_said():
    sizing = size_network(None, [parse_claim("22e6 users")], seed=1)
    assert sizing.month is None
    assert sizing.reconciled.scope is not None
    assert "which is a judgement" in say(sizing.reconciled.scope)
    assert sizing.judged[0].flagged


def test_the_same_seed_gives_the_same_size(folder):
    sources, _ = read_sources(folder)
    one, two = (size_network(sources, seed=4).reconciled.estimate("users") for _ in range(2))
    assert one == two
    assert one != size_network(sources, seed=5).reconciled.estimate("users")


def test_a_claim_in_another_currency_takes_the_rate_of_the_sources(folder):
    sources, _ = read_sources(folder)
    sizing = size_network(sources, [parse_claim("1000 GBP/month")], rates={"GBP": 9.0})
    assert sizing.judged[0].size == pytest.approx(1190)


def test_empty_lines_count_too(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 2)
    (tmp_path / "purchases.csv").write_text("channel,purchases,known\n" + "\n" * 5)
    with pytest.raises(InputError, match="more than 4 lines"):
        read_sources(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_of_every_end_count(tmp_path, monkeypatch, end):
    monkeypatch.setattr(files, "MOST_ROWS", 2)
    (tmp_path / "purchases.csv").write_text("channel,purchases,known\n" + end * 5, newline="")
    with pytest.raises(InputError, match="more than 4 lines"):
        read_sources(tmp_path)


def test_a_row_costs_few_steps_however_many_columns_others_have(tmp_path):
    others = ",".join(f"column{n}" for n in range(500))
    rows = "".join(f"shop{n},1,1\n" for n in range(500))
    (tmp_path / "purchases.csv").write_text(f"channel,purchases,known,{others}\n{rows}")
    (tmp_path / "plain.csv").write_text(f"channel,purchases,known\n{rows}")
    few = calls_of(lambda: files.read_kind(tmp_path / "plain.csv", "purchases"))
    assert calls_of(lambda: files.read_kind(tmp_path / "purchases.csv", "purchases")) < few * 1.2
