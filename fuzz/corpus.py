"""The kept corpus: of each target, the fewest inputs that reach all that was ever reached.

One archive a target, named as OSS-Fuzz names them; CI gives each input to its target again.
Run: ``python fuzz/corpus.py TARGET FILE ...`` to keep what a find was, with its mending.
"""

from __future__ import annotations

import hashlib
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

FOLDER = Path(__file__).parent / "corpus"
FIND = "find-"
"""Begins the name of an input that broke something once: it is kept whatever it reaches."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


def archive_of(name: str) -> Path:
    """Return where a target's inputs lie."""
    return FOLDER / f"{name}_seed_corpus.zip"


def kept(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield a target's kept inputs, each by its name."""
    if archive_of(name).exists():
        with zipfile.ZipFile(archive_of(name)) as archive:
            for file in archive.namelist():
                yield file, archive.read(file)


def keep(name: str, inputs: Iterable[bytes], finds: Iterable[bytes] = ()) -> int:
    """Replace what is kept but the finds, and add to those; return how many inputs there are."""
    rows = {_name(one): one for one in inputs}
    rows |= {file: data for file, data in kept(name) if file.startswith(FIND)}
    rows |= {FIND + _name(one): one for one in finds}
    FOLDER.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive_of(name), "w") as archive:
        for file, data in sorted(rows.items()):  # the same inputs make the same bytes
            archive.writestr(zipfile.ZipInfo(file, _EPOCH), data, zipfile.ZIP_DEFLATED, 9)
    return len(rows)


def _name(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def main(name: str, *files: str) -> None:
    """Keep finds."""
    others = [data for file, data in kept(name) if not file.startswith(FIND)]
    keep(name, others, [Path(one).read_bytes() for one in files])


if __name__ == "__main__":
    main(*sys.argv[1:])
