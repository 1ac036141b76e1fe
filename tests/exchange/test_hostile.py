"""Every bad input is a sentence or a reading, in a child of bounded memory and CPU time."""

from __future__ import annotations

import re
import resource
from collections.abc import Iterator

import pytest
from tests.exchange.hostile import EITHER, Row, rows
from tests.exchange.packages import AMBER, NOON

from cautery.adapters.reading import ReadingProcess
from cautery.errors import InputError
from cautery.exchange.catalogue import NAMES
from cautery.exchange.shape import MOST_BYTES, Assumed
from cautery.wiring import importing
from cautery.workflows.exchange.reading import read_bytes, read_file

_ROWS = list(rows())
ASSUMED = Assumed(marking=AMBER, by="liga", at=NOON)


@pytest.fixture(scope="module")
def child() -> Iterator[ReadingProcess]:
    """One child for all rows: what a row leaves behind, the next one meets."""
    with importing.reading_child() as process:
        yield process


@pytest.mark.parametrize(
    ("name", "row"), _ROWS, ids=[f"{name}: {row.fault}" for name, row in _ROWS]
)
def test_bad_input_is_a_sentence_or_a_reading(name: str, row: Row, child: ReadingProcess) -> None:
    try:
        read = read_bytes(row.raw, "the-file", lambda: child, named=name, assumed=ASSUMED)
    except InputError as error:
        assert row.refused is not None, error
        assert re.search(row.refused, str(error)), error
        assert "the-file" in str(error)
        assert "crashed" not in str(error)
        assert "\n" not in str(error)
        return
    assert row.refused in (None, EITHER), "it was read"
    assert read.reading.package.items is not None


def test_every_format_meets_bad_input() -> None:
    assert {name for name, _ in _ROWS} == set(NAMES)


def test_a_file_over_the_limit_is_refused_unread(tmp_path, child: ReadingProcess) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)

    def never() -> ReadingProcess:
        raise AssertionError("a child was asked for")

    with pytest.raises(InputError, match="huge.json: more than"):
        read_file(path, never)


def test_all_of_it_took_no_more_memory_than_a_child_may_have() -> None:
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 < 1200
