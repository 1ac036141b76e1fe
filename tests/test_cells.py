"""A table whose first line names thousands of columns is refused: each line costs as many steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cautery.catalogue import Catalogue
from cautery.cells import MOST_COLUMNS
from cautery.errors import InputError
from cautery.operation.money.supplied import read_tags
from cautery.workflows.files.titles import read_titles
from cautery.workflows.sizing.files import KINDS, read_kind

SIZE = next(iter(KINDS))
READERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "titles": ("title", lambda path: list(read_titles(path))),
    "catalogue": (
        "id,name",
        lambda path: Catalogue.of_csv(path.read_text().splitlines(keepends=True), named=str(path)),
    ),
    "tags": ("address", lambda path: read_tags(path.read_bytes(), source=str(path))),
    "sizing": (",".join(KINDS[SIZE][0]), lambda path: read_kind(path, SIZE)),
}


@pytest.mark.parametrize("kind", READERS)
def test_thousands_of_columns_are_refused(tmp_path: Path, kind: str) -> None:
    first, read = READERS[kind]
    path = tmp_path / "table.csv"
    path.write_text(first + "".join(f",c{n}" for n in range(MOST_COLUMNS)) + "\nx,y\n")
    with pytest.raises(InputError, match=r"table\.csv: its first line names 1,0.. columns"):
        read(path)
