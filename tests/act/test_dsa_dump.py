"""Dumps of the DSA Transparency Database are counted by who notified; hostile ones are refused."""

from __future__ import annotations

import copy
import csv
import io
import os
import random
import zipfile
from pathlib import Path

import pytest

from cautery.act import dsa_dump
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


# -- as the database's own exporter writes it -------------------------------------------------

FULL = (
    "uuid", "decision_visibility", "decision_visibility_other", "end_date_visibility_restriction",
    "decision_monetary", "decision_monetary_other", "end_date_monetary_restriction",
    "decision_provision", "end_date_service_restriction", "decision_account",
    "end_date_account_restriction", "account_type", "decision_ground",
    "decision_ground_reference_url", "illegal_content_legal_ground", "illegal_content_explanation",
    "incompatible_content_ground", "incompatible_content_explanation",
    "incompatible_content_illegal", "category", "category_addition", "category_specification",
    "category_specification_other", "content_type", "content_type_other", "content_language",
    "content_date", "content_id_ean", "territorial_scope", "application_date", "decision_facts",
    "source_type", "source_identity", "automated_detection", "automated_decision", "platform_name",
    "platform_uid", "created_at",
)  # fmt: skip
NOT_IN_LIGHT = (
    "illegal_content_explanation", "incompatible_content_explanation", "decision_facts",
    "territorial_scope",
)  # fmt: skip


def by_php(fields: list[str]) -> str:
    """Write a line as PHP's fputcsv does: a quotation mark after a backslash stays single."""
    cells = []
    for text in fields:
        if not any(letter in text for letter in ' ,"\\\t\r\n'):
            cells.append(text)
            continue
        cell, escaped = "", False
        for letter in text:
            if letter == "\\":
                escaped = True
            elif letter == '"' and not escaped:
                cell += '"'
            else:
                escaped = False
            cell += letter
        cells.append(f'"{cell}"')
    return ",".join(cells) + "\n"


def exported(version: str, statements: list[dict[str, str]]) -> bytes:
    """Return the CSV of a version as the exporter writes it."""
    columns = [column for column in FULL if version == "full" or column not in NOT_IN_LIGHT]
    usual = {
        "decision_visibility": '["DECISION_VISIBILITY_CONTENT_REMOVED"]',
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_explanation": 'he said "live", and sold it',
        "category": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "content_type": '["CONTENT_TYPE_VIDEO"]',
        "territorial_scope": '["AT","BE"]',
        "application_date": "2026-11-24 00:00:00",
        "source_type": "SOURCE_TRUSTED_FLAGGER",
        "source_identity": "Example League",
        "platform_name": "TubeBox",
        "created_at": "2026-11-25 01:02:03",
    }
    rows = [[(usual | each).get(column, "") for column in columns] for each in statements]
    return "".join(by_php(line) for line in (columns, *rows)).encode()


@pytest.mark.parametrize("version", ["full", "light"])
def test_a_day_s_dump_is_read_as_the_exporter_nests_it(tmp_path: Path, version: str) -> None:
    stem = f"sor-global-2026-11-25-{version}"
    statements = [
        {"uuid": "1"},
        {"uuid": "2", "decision_facts": "a line\rof a Mac", "decision_visibility_other": "x\ry"},
        {"uuid": "3", "source_type": "SOURCE_VOLUNTARY", "source_identity": ""},
    ]
    parts = [
        packed(
            tmp_path / f"{part}.zip",
            {f"{stem}-{part:05}-{sub:05}.csv": exported(version, statements) for sub in range(2)},
        ).read_bytes()
        for part in range(2)
    ]
    dump = tmp_path / f"{stem}.csv.zip"
    with zipfile.ZipFile(dump, "w", zipfile.ZIP_STORED) as archive:
        for part, content in enumerate(parts):
            archive.writestr(f"{stem}-{part:05}.csv.zip", content)
    counts = read_dump(dump, names=["example league"])
    assert (counts.rows, counts.broken, counts.notified.total()) == (12, 0, 8)
    assert counts.ours.total() == 8


def test_a_line_that_php_wrote_amiss_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "sor.csv"
    path.write_bytes(
        exported(
            "light",
            [
                {"uuid": "1"},
                {"uuid": "2", "decision_visibility_other": 'a \\" b, c\r"d'},
                {"uuid": "3"},
            ],
        )
    )
    counts = read_dump(path, names=["example league"])
    assert (counts.rows, counts.broken, counts.ours.total()) == (2, 1, 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (bytes(range(256)) * 20, "no table of statements of reasons$"),
        (b"\x00" * 5000, "no table of statements of reasons$"),
        (b"uuid,platform_name\n", "it lacks source_type, source_identity, application_date"),
        (b"x" * 2_000_000, "a line is longer than"),
    ],
)
def test_what_is_no_dump_is_named_in_plain_words(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "dump.zip"
    path.write_bytes(content)
    with pytest.raises(InputError, match=why) as refused:
        read_dump(path, names=["x"])
    assert "daily dump" in refused.value.hint


def test_a_zip_that_is_broken_is_named_so_at_every_byte(tmp_path: Path) -> None:
    whole = packed(tmp_path / "whole.zip", {"sor.csv": exported("full", [{}] * 50)}).read_bytes()
    path, words = tmp_path / "dump.zip", set()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            read_dump(path, names=["x"])
        except InputError as error:
            words.add(str(error).partition(".zip: ")[2].partition(":")[0])
    assert words <= {
        "the ZIP is broken",
        "the ZIP is broken or encrypted",
        "no table of statements of reasons",
        "'sor.csv' unpacks to too much",
    }
    assert "the ZIP is broken or encrypted" in words


def test_columns_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.csv"
    path.write_bytes(",".join(COLUMNS).encode() + b"," * 900_000 + b"\n" + b"a\n" * 500_000)
    with pytest.raises(InputError, match="columns"):
        read_dump(path, names=["x"])


def half_packed(size: int) -> bytes:
    """Return a table that is packed to about a hundredth."""
    rng = random.Random(1)
    head = ",".join(COLUMNS).encode() + b"\n"
    return head + b"".join(rng.randbytes(12).hex().encode() + b"," * 3_000 for _ in range(size))


def test_archives_that_are_packed_twice_unpack_to_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dsa_dump, "_LEAST_UNPACKED", 1 << 20)
    one = half_packed(60)
    inner = packed(tmp_path / "inner.zip", {f"{number}.csv": one for number in range(200)})
    dump = packed(tmp_path / "dump.zip", {"1.zip": inner.read_bytes()})
    assert inner.stat().st_size < 200 * dump.stat().st_size
    assert 200 * len(one) > 200 * dump.stat().st_size
    with pytest.raises(InputError, match="unpacks to too much"):
        read_dump(dump, names=["x"])


def test_files_of_an_archive_that_lie_on_each_other_unpack_to_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dsa_dump, "_LEAST_UNPACKED", 1 << 20)
    dump = tmp_path / "dump.zip"
    with zipfile.ZipFile(dump, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.csv", half_packed(60))
        [only] = archive.infolist()
        for number in range(1, 400):
            again = copy.copy(only)
            again.filename = f"{number % 10}.csv"
            archive.filelist.append(again)
    with pytest.raises(InputError):
        read_dump(dump, names=["x"])
