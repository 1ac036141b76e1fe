"""Tables of a case: read back as they were sealed; other bytes are an error of the evidence."""

from __future__ import annotations

import io

import polars as pl
import pytest

from cautery.errors import EvidenceError
from cautery.workflows.case import tables


def packed(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def test_rows_come_back_as_they_were_written() -> None:
    data = tables.parquet({"url": ["http://a.example/1", None], "line": [1, 2]}, ints="line")
    assert tables.rows_of(data, "url") == [("http://a.example/1",), (None,)]
    assert tables.text_in(data, "url", optional="guide").columns == ["url"]
    assert tables.text_in(data, "url", optional="url").columns == ["url"]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(packed(pl.select(url=pl.repeat("t", 5_000_000))), id="a bomb"),
        pytest.param(packed(pl.DataFrame({"url": [1]})), id="numbers"),
        pytest.param(packed(pl.DataFrame({"title": ["t"]})), id="another column"),
        pytest.param(b"#EXTM3U", id="a playlist"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_table_of_ours_is_an_error_of_the_evidence(data: bytes) -> None:
    with pytest.raises(EvidenceError, match="a sealed table"):
        tables.rows_of(data, "url")
