"""The page on the architecture names each package and each room, in the rows of the contract."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src/cautery"


def contract(name: str) -> list[set[str]]:
    """Return the rows of a contract, each as a set of names."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [
        contract["layers"]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["name"] == name
    ]
    return [set(re.findall(r"(?:cautery\.)?(\w+)", row)) for row in layers]


def test_each_room_stands_in_the_row_of_the_contract() -> None:
    rooms = re.findall(r"^\| ([1-9]) \| `(\w+)` \|", PAGE, re.MULTILINE)
    rows = contract("the rooms of workflows")
    assert {(int(row), room) for row, room in rooms} == {
        (number, room) for number, row in enumerate(rows, start=1) for room in row
    }


def test_each_package_and_module_stands_in_the_table_of_layers() -> None:
    table = PAGE.partition("## Rooms of")[0]
    named = {name for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
             for name in re.findall(r"`(\w+)`", row)}  # fmt: skip
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py"} | {
        path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()
    }
    assert modules - {"__init__", "__main__"} <= named
