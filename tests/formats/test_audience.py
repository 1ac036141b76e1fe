"""``audience.csv`` is read within bounds, and each fault is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.counted import calls_of

from cautery.errors import InputError
from cautery.formats import audience
from cautery.formats.audience import read_audience

HEAD = "event,channel,minute,viewers_low,viewers_mid,viewers_high\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "audience.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_rows_are_gathered_by_event_and_channel(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "final,one,1,1,2,3\nfinal,two,1,4,5,6\nfinal,one,0,0,0,0\n")
    assert read_audience(path) == {
        ("final", "one"): [(1, 1.0, 2.0, 3.0), (0, 0.0, 0.0, 0.0)],
        ("final", "two"): [(1, 4.0, 5.0, 6.0)],
    }


def test_a_mark_against_formulas_is_taken_back(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "'=SUM(A1),one,1,1,2,3\n")
    assert list(read_audience(path)) == [("=SUM(A1)", "one")]


def test_a_mark_of_a_spreadsheet_and_columns_of_others_are_passed_over(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "\ufeffnote, event ,channel,minute,viewers_low,viewers_mid,viewers_high\r\nx,f,c,1,1,2,3\r\n",
    )
    assert read_audience(path) == {("f", "c"): [(1, 1.0, 2.0, 3.0)]}


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("f,c,1,-1,2,3", "line 2: viewers_low '-1': it must be from 0"),
        ("f,c,1,nan,2,3", "viewers_low 'nan'"),
        ("f,c,1,1,2,inf", "viewers_high 'inf'"),
        ("f,c,1,1,2,1e11", "people alive"),
        ("f,c,1,3,2,1", "low, middle and high"),
        ("f,c,1,=1+1,2,3", "must be a number"),
        ("f,c,1,,2,3", "must be a number"),
        ("f,c,1", "must be a number"),
        ("f,c,-1,1,2,3", "minute '-1'"),
        ("f,c,1.5,1,2,3", "minute '1.5'"),
        ("f,c,\u0661,1,2,3", "minute"),
        ("f,c,000000000000001,1,2,3", "minute"),
        ("f,c,100001,1,2,3", "minute '100001'"),
        (",c,1,1,2,3", "event: it must be a text"),
        ("f," + "c" * 300 + ",1,1,2,3", "channel: it must be a text"),
        ("f,c,1,1,2,3\nf,c,1,1,2,3", "line 3: minute 1 of 'f' on 'c' occurs twice"),
        ("f,c,1,1,2,3,4,5", "more cells than columns"),
        ('f,"c,1,1,2,3', "unexpected end"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        read_audience(written(tmp_path, HEAD + row + "\n"))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "no column event"),
        (HEAD.encode(), "no row"),
        (HEAD.replace("viewers_mid,", "").encode(), "no column viewers_mid"),
        (HEAD.replace("channel", "event").encode(), "no column channel"),
        (HEAD.strip().encode() + b",event\n", "same column twice"),
        (b"\xff\xfe" + HEAD.encode(), "not UTF-8"),
        (",".join(map(str, range(2_000))).encode(), "columns"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: bytes, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        read_audience(written(tmp_path, content))


def test_rows_curves_and_bytes_have_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, HEAD + "".join(f"f,c{n % 3},{n},1,2,3\n" for n in range(9)))
    assert len(read_audience(path)) == 3
    monkeypatch.setattr(audience, "MOST_ROWS", 8)
    with pytest.raises(InputError, match="more than 8 rows"):
        read_audience(path)
    monkeypatch.setattr(audience, "MOST_ROWS", 9)
    monkeypatch.setattr(audience, "MOST_CURVES", 2)
    with pytest.raises(InputError, match="more than 2 events and channels"):
        read_audience(path)
    monkeypatch.setattr(audience, "MOST_BYTES", 20)
    with pytest.raises(InputError, match="larger than 20 bytes"):
        read_audience(path)


def test_a_folder_and_nothing_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError):
            read_audience(path)


def test_a_row_costs_few_steps_however_many_columns_others_have(tmp_path: Path) -> None:
    rows = "".join(f"final,c{n // 99},{n % 99},1,2,3{',x' * 50}\n" for n in range(990))
    others = ",".join(f"column{n}" for n in range(50))
    path = written(tmp_path, f"{HEAD.strip()},{others}\n{rows}")
    assert calls_of(lambda: read_audience(path)) < 40 * 990


def test_empty_lines_count_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "MOST_ROWS", 2)
    path = tmp_path / "audience.csv"
    path.write_text(HEAD + "\n" * 5)
    with pytest.raises(InputError, match="more than 4 lines"):
        read_audience(path)


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_lines_of_every_end_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(audience, "MOST_ROWS", 2)
    with pytest.raises(InputError, match="more than 4 lines"):
        read_audience(written(tmp_path, HEAD + end * 5))


def test_a_line_of_commas_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a line of more than 65,536 bytes"):
        read_audience(written(tmp_path, HEAD + "," * 70_000))
