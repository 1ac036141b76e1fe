"""Rows of CSV as a spreadsheet of anyone's wrote them."""

import csv

from cautery.exchange.csv.lines import rows_of


def test_a_long_cell_is_read_and_other_readers_keep_their_limit():
    limit = csv.field_size_limit()
    first, second = rows_of("title\na\nb\n", "a.csv"), rows_of(f"title\n{'x' * 300_000}\n", "b.csv")
    next(first), next(second)
    assert csv.field_size_limit() == limit
    first.close()
    assert next(second) == (2, ["x" * 300_000])
    assert csv.field_size_limit() == limit
