"""Each row of a table has as many cells as its head: an escaped bar is a letter of a cell."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "agents", "bench")
_RULE = re.compile(r"\|[\s:|-]+\|")


def cells(row: str) -> int:
    """Count the cells of a row of a table."""
    return len(re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|")))


def tables(text: str) -> list[list[tuple[int, str]]]:
    """Return the rows of each table outside code, with the number of their line."""
    found: list[list[tuple[int, str]]] = []
    is_code, before = False, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            is_code = not is_code
        row = "" if is_code or not line.startswith("|") else line
        if row and before:
            found[-1].append((number, row))
        elif row:
            found.append([(number, row)])
        before = row
    return [rows for rows in found if len(rows) > 1 and _RULE.fullmatch(rows[1][1].strip())]


def test_every_row_has_the_cells_of_its_head() -> None:
    pages = [path for name in FOLDERS for path in (ROOT / name).rglob("*.md")]
    pages += ROOT.glob("*.md")
    read = 0
    wrong: list[str] = []
    for page in pages:
        if "_site" in page.parts:
            continue
        for rows in tables(page.read_text()):
            read += 1
            wanted = cells(rows[0][1])
            wrong += [
                f"{page.relative_to(ROOT)}:{number}: {row}"
                for number, row in rows
                if cells(row) != wanted or row.rstrip().endswith("\\|")
            ]
    assert read > 50
    assert wrong == []
