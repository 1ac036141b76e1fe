"""A seized panel's dump: counts come out, persons do not, and only an authority reads it."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import CauteryError, InputError, LimitError, SourceError
from cautery.formats import DumpLimits, read_panel_dump, reader
from cautery.model.mandate import Regime

DAY = date(2024, 11, 26)
BEFORE, AFTER = 1_700_000_000, 1_767_225_600
HEAD = "id,username,password,exp_date,is_trial,max_connections,created_at,country\n"


def read(text, **options):
    raw = text if isinstance(text, bytes) else text.encode()
    options = {"panel": "p", "on": DAY, "regime": Regime.LED} | options
    return read_panel_dump([raw], **options)


def rows(count, *, ends=AFTER, trial=0, country="IT"):
    return "".join(
        f"{n},bob{n},topsecret{n},{ends},{trial},1,1690000000,{country}\n" for n in range(count)
    )


def of(dump, country):
    [found] = [one for one in dump.counts if one.country == country]
    return found.paid, found.trial, found.expired


def test_a_dump_under_regime_gdpr_is_refused_with_the_rule():
    with pytest.raises(InputError, match=r"only a competent authority .*Directive \(EU\) 2016/680"):
        read(HEAD + rows(9), regime=Regime.GDPR)


def test_the_reader_of_the_registry_refuses_for_it_knows_no_regime():
    with pytest.raises(InputError, match="competent authority"):
        list(reader("panel_dump").values([HEAD.encode()], ""))


def test_lines_are_counted_by_country_and_state():
    dump = read(HEAD + rows(7) + rows(6, trial=1) + rows(5, ends=BEFORE) + rows(8, country="FR"))
    assert of(dump, "IT") == (7, 6, 5)
    assert of(dump, "FR") == (8, 0, 0)
    assert (dump.rows, dump.damaged) == (26, 0)


def test_a_line_that_ends_on_the_day_of_the_seizure_has_expired():
    noon = 1_732_622_400  # 26 November 2024, 12:00 UTC
    assert of(read(HEAD + rows(5, ends=noon)), "IT") == (0, 0, 5)
    assert of(read(HEAD + rows(5, ends=noon), on=date(2024, 11, 25)), "IT") == (5, 0, 0)


@pytest.mark.parametrize("never", ["", "NULL", "\\N", "0"])
def test_a_line_without_an_end_never_expires(never):
    assert of(read(HEAD + rows(5, ends=never)), "IT") == (5, 0, 0)


def test_epochs_in_milliseconds_are_understood():
    assert of(read(HEAD + rows(5, ends=BEFORE * 1000)), "IT") == (0, 0, 5)


def test_a_line_until_the_year_9999_is_paid():
    assert of(read(HEAD + rows(6, ends=253_402_300_799)), "IT") == (6, 0, 0)


def test_no_name_and_no_password_leaves_the_reader():
    dump = read(HEAD + rows(9) + "broken,bob,topsecret\n" + '1,"bob,topsecret,1,0,1,1,IT\n')
    assert dump.damaged == 2
    assert "bob" not in repr(dump) + repr(dump.words)
    assert "topsecret" not in repr(dump) + repr(dump.words)


def test_countries_of_under_five_lines_are_told_only_together():
    dump = read(HEAD + rows(9) + rows(4, country="FR") + rows(3, country="DE"))
    assert [one.country for one in dump.counts] == ["IT", "ZZ"]
    assert of(dump, "ZZ") == (7, 0, 0)
    assert dump.merged == 7


def test_what_is_under_five_even_together_is_not_told():
    dump = read(HEAD + rows(9) + rows(4, country="FR"))
    assert [one.country for one in dump.counts] == ["IT"]
    assert dump.suppressed == 4


def test_columns_may_stand_in_any_order_with_others_between():
    table = (
        "Country;note;IS_TRIAL;exp_date\r\n"
        + f"it;x;no;{AFTER}\r\n" * 6
        + f"uk;x;yes;{AFTER}\r\n" * 6
    )
    dump = read(table)
    assert of(dump, "IT") == (6, 0, 0)
    assert of(dump, "GB") == (0, 6, 0)


def test_quoted_fields_are_read_as_such():
    line = f'"1","bob, the ""first""","x","{AFTER}","0","1","1","IT"\n'
    dump = read(HEAD + line * 6)
    assert (of(dump, "IT"), dump.damaged) == ((6, 0, 0), 0)


@pytest.mark.parametrize(
    "row",
    [
        "1,a,b,soon,0,1,1,IT",
        "1,a,b,-5,0,1,1,IT",
        "1,a,b,inf,0,1,1,IT",
        f"1,a,b,{AFTER},maybe,1,1,IT",
        f"1,a,b,{AFTER},0,1,1,IT,more",
        "1,a,b",
        f"1,{'a' * 70_000},b,{AFTER},0,1,1,IT",
        f'1,"a,b,{AFTER},0,1,1,IT',
    ],
)
def test_a_damaged_row_is_counted_as_such_and_nowhere_else(row):
    dump = read(HEAD + rows(6) + row + "\n" + rows(6))
    assert (of(dump, "IT"), dump.damaged) == ((12, 0, 0), 1)


def test_a_line_of_no_country_is_one_of_elsewhere():
    assert of(read(HEAD + rows(6, country="Italy")), "ZZ") == (6, 0, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"id,username,password\n1,a,b\n",
        b"\x1f\x8b\x08\0",
        b"<html><body>",
        b'{"a": 1}',
        b"\0" * 99,
    ],
)
def test_what_is_no_table_of_lines_is_refused(raw):
    with pytest.raises(SourceError):
        read(raw)


def test_a_dump_longer_than_the_limit_is_not_read_on():
    with pytest.raises(LimitError, match="over 1,000 bytes"):
        read(HEAD + rows(100), limits=DumpLimits(total_bytes=1000))


def test_a_row_without_end_costs_no_memory():
    def endless():
        yield (HEAD + rows(6)).encode()
        for _ in range(40):
            yield b"x" * (1 << 20)
        yield ("\n" + rows(6)).encode()

    dump = read_panel_dump(endless(), panel="p", on=DAY, regime=Regime.LED)
    assert (of(dump, "IT"), dump.damaged) == ((12, 0, 0), 1)


def test_lines_that_end_in_carriage_returns_alone_all_count():
    one = rows(20_000).replace("\n", "\r").encode()  # several batches of them
    times = (20 << 20) // len(one)
    chunks = [HEAD.replace("\n", "\r").encode(), *[one] * times]
    dump = read_panel_dump(chunks, panel="p", on=DAY, regime=Regime.LED)
    assert (of(dump, "IT")[0], dump.damaged) == (20_000 * times, 0)


@given(cuts=st.lists(st.integers(1, 400), max_size=20))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts):
    raw = (HEAD + rows(6) + rows(6, country="FR", trial=1)).encode()
    pieces, start = [], 0
    for cut in cuts:
        pieces.append(raw[start : start + cut])
        start += cut
    dump = read_panel_dump([*pieces, raw[start:]], panel="p", on=DAY, regime=Regime.LED)
    assert dump == read(raw)


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_errors(data):
    for raw in (data, HEAD.encode() + data):
        try:
            dump = read(raw)
        except CauteryError:
            continue
        assert 0 <= dump.damaged <= dump.rows


def test_every_line_is_told_damaged_or_suppressed_once():
    dump = read(HEAD + rows(50_000) + rows(4, country="FR") + "broken\n" * 10)
    told = sum(one.paid + one.trial + one.expired for one in dump.counts)
    assert told + dump.damaged + dump.suppressed == dump.rows == 50_014
