"""Every bad input is a sentence or a reading, in a child of bounded memory and CPU time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

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


def refusal(name: str, raw: bytes, child: ReadingProcess) -> str | None:
    """Return the sentence by which a file is refused; ``None``: it was read."""
    try:
        read = read_bytes(raw, "the-file", lambda: child, named=name, assumed=ASSUMED)
    except InputError as error:
        return str(error)
    assert read.reading.package.id
    return None


def peak_mib(child: ReadingProcess) -> float:
    """Return the most memory that a child has taken; 0: it was ended, as who takes too much is."""
    process = child._process
    if process is None or process.poll() is not None:
        return 0.0
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


@pytest.fixture(scope="module")
def child() -> Iterator[ReadingProcess]:
    """One child for all rows: what a row leaves behind, the next one meets."""
    with importing.reading_child() as process:
        yield process


@pytest.mark.parametrize(
    ("name", "row"), _ROWS, ids=[f"{name}: {row.fault}" for name, row in _ROWS]
)
def test_bad_input_is_a_sentence_or_a_reading(name: str, row: Row, child: ReadingProcess) -> None:
    sentence = refusal(name, row.raw, child)
    assert peak_mib(child) < 1_200
    if sentence is None:
        assert row.refused in (None, EITHER), "it was read"
        return
    assert row.refused is not None, sentence
    assert re.search(row.refused, sentence)
    assert "the-file" in sentence
    assert "crashed" not in sentence
    assert "\n" not in sentence


def test_every_format_meets_bad_input() -> None:
    assert {name for name, _ in _ROWS} == set(NAMES)


def test_a_file_over_the_limit_is_refused_unread(tmp_path, child: ReadingProcess) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)

    def never() -> ReadingProcess:
        raise AssertionError("a child was asked for")

    with pytest.raises(InputError, match=r"huge\.json: more than"):
        read_file(path, never)
