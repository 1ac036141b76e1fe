"""CSV and XLSX: what leaves as a table comes back whole, and runs in no spreadsheet."""

import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cautery.exchange.catalogue import format_named, format_of
from cautery.exchange.loss import losses
from cautery.exchange.table.columns import ABOUT, ITEM, LINK
from cautery.exchange.table.words import cell_of, text_of
from tests.exchange.packages import any_text, big_package, packages, sample_package

TABLES = ("csv", "xlsx")
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def written(name, package):
    return b"".join(format_named(name).write(package))


@given(st.one_of(TEXT, any_text(), st.text("'=+-_x0041;\n\t\"[continued ")))
def test_any_text_comes_back_from_its_cell(text):
    assert text_of(cell_of(text)) == text


@pytest.mark.parametrize("name", TABLES)
@SLOW
@given(packages())
def test_a_package_comes_back_whole(name, package):
    reading = format_named(name).read(written(name, package), "p")
    assert reading.package == package
    assert losses(package, reading.package) == ()
    assert reading.left_out == ()
