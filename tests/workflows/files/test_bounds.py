"""Tables that are held in memory end where their readers' bounds are, whatever their lines hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.counted import calls_of

from cautery.catalogue import Catalogue, rights
from cautery.errors import InputError
from cautery.workflows.files import catalogue
from cautery.workflows.guard import overrides
from cautery.workflows.supply import known

NOW = datetime(2026, 1, 1, tzinfo=UTC)
READERS: dict[str, tuple[object, str, Callable[[Path], object]]] = {
    "catalogue": (catalogue, "_MOST_LINES", lambda path: catalogue.read_catalogue(path, now=NOW)),
    "allowed": (overrides, "_MOST_ALLOWED", overrides.read_allowed),
    "known": (known, "_MOST_LINES", lambda path: known.read_known(path, names=("a",))),
}


@pytest.mark.parametrize("kind", READERS)
def test_empty_lines_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    module, most, read = READERS[kind]
    monkeypatch.setattr(module, most, 3)
    path = tmp_path / "table.csv"
    path.write_text("\n" * 4)
    with pytest.raises(InputError, match=r"table\.csv: more than 3 lines"):
        read(path)


def test_empty_rows_of_a_catalogue_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "_MOST_ROWS", 3)
    with pytest.raises(InputError, match="more than 3 rows"):
        Catalogue.of_csv(["id,name\n", "a,Arena\n", *["\n"] * 3])


def test_a_row_of_a_catalogue_costs_few_steps_however_many_columns_there_are() -> None:
    others = "".join(f",column{n}" for n in range(500))
    rows = [f"a{n},Arena {n}\n" for n in range(200)]
    few = calls_of(lambda: Catalogue.of_csv(["id,name\n", *rows]))
    assert calls_of(lambda: Catalogue.of_csv([f"id,name{others}\n", *rows])) < few * 1.2 + 1_000


@pytest.mark.parametrize("most", ["_MOST_NAMES_OF_ALL", "_MOST_CHARACTERS"])
def test_names_of_a_catalogue_count(monkeypatch: pytest.MonkeyPatch, most: str) -> None:
    monkeypatch.setattr(rights, most, 3)
    with pytest.raises(InputError, match="characters of names"):
        Catalogue.of_csv(["id,name,alt_names\n", "a,A,B;C\n", "b,D,E;F\n"])
