"""Dumps of the DSA Transparency Database are counted by who notified; hostile ones are refused."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from pathlib import Path

import pytest

from cautery.act.dsa_dump import read_dump
from cautery.errors import InputError

COLUMNS = (
    "uuid", "decision_visibility", "decision_monetary", "decision_provision", "decision_account",
    "category", "application_date", "source_type", "source_identity", "platform_name", "created_at",
)  # fmt: skip


def row(**more: str) -> list[str]:
    given = {
        "uuid": "u",
        "decision_visibility": '["DECISION_VISIBILITY_CONTENT_REMOVED"]',
        "application_date": "2026-11-24 00:00:00",
        "source_type": "SOURCE_ARTICLE_16",
        "source_identity": "Example League",
        "platform_name": "TubeBox",
    } | more
    return [given.get(column, "") for column in COLUMNS]


def table(*rows: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows((COLUMNS, *rows))
    return text.getvalue().encode()


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_statements_on_our_notices_are_counted_by_platform_and_decision(tmp_path: Path) -> None:
    inner = packed(
        tmp_path / "inner.zip",
        {
            "a.csv": table(
                row(),
                row(source_identity="EXAMPLE  LEAGUE", application_date="2026-11-20 00:00:00"),
                row(source_identity="somebody else"),
                row(source_type="SOURCE_VOLUNTARY"),
                row(decision_visibility="", decision_account="DECISION_ACCOUNT_SUSPENDED"),
            )
        },
    ).read_bytes()
    dump = packed(tmp_path / "dump.zip", {"1.csv.zip": inner, "2.csv": table(row()), "x.sha1": b""})
    counts = read_dump(dump, names=["Éxample League"])
    assert (counts.rows, counts.notified["TubeBox"]) == (6, 5)
    assert dict(counts.ours) == {
        ("TubeBox", '["DECISION_VISIBILITY_CONTENT_REMOVED"]'): 3,
        ("TubeBox", "DECISION_ACCOUNT_SUSPENDED"): 1,
    }
    assert (str(counts.first), str(counts.last)) == ("2026-11-20", "2026-11-24")


def test_a_bare_table_is_read_and_broken_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "dump.csv"
    path.write_bytes(table(row(), ["too", "short"], [*row(), "too long"]) + b"\xff\x00\n")
    counts = read_dump(path, names=["example league"])
    assert (counts.rows, counts.broken, counts.ours.total()) == (1, 3, 1)


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"PK\x03\x04broken", b"x" * 2_000_000, b'"' + b"y\n" * 200_000],
)
def test_what_is_no_dump_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dump.zip"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_dump(path, names=["x"])


def test_bombs_are_refused_before_they_cost_much(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unpacks to too much"):
        read_dump(packed(tmp_path / "a.zip", {"a.csv": b"0" * 300_000_000}), names=["x"])
    deep = table(row())
    for level in range(4):
        deep = packed(tmp_path / f"{level}.zip", {"n.zip" if level else "n.csv": deep}).read_bytes()
    (tmp_path / "deep.zip").write_bytes(deep)
    with pytest.raises(InputError, match="nested too deeply"):
        read_dump(tmp_path / "deep.zip", names=["x"])
    with pytest.raises(InputError, match="nobody is looked for"):
        read_dump(tmp_path / "deep.zip", names=[" "])


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "dump.csv")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_dump(tmp_path / "dump.csv", names=["Example League"])
