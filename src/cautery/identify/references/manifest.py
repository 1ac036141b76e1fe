"""What a live folder's manifest says, and the files that it names, mapped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.fingerprint.index import Run
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.container import Mapped, map_arrays
from cautery.identify.references.held import References
from cautery.identify.references.info import MOST_NOTES, Note
from cautery.identify.references.packed import MOST_SLICE, attach, unpacked_runs
from cautery.identify.references.saved import making_sense, of_head, set_spans, time_of

MANIFEST = "manifest"
FORM, SLICE_FORM = "live references", "slice"
NAME = re.compile(r"s-?\d{1,14}-[0-9a-f]{8}\.slice")
_MOST_SLICES = 2_000
MOST_NOTE = 300
"""Characters of a note."""
_TRIES = 5
"""A writer may delete a file between a reader's look at the manifest and at the file."""
Known = dict[str, tuple[Mapped, tuple[Run, ...]]]
"""Files mapped before, by name: immutable, so that they need not be mapped or checked again."""


@dataclass(frozen=True, slots=True)
class Minute:
    """One slice: its files, oldest first, and whether they were sealed into one before."""

    number: int
    sealed: bool
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What counts in a live folder.

    Parameters
    ----------
    generation : int
        Rises with each change.
    minutes : tuple of Minute
        By rising number.
    head : dict
        Recipe, references and spans, as a ``.ref`` file's head has them, and notes by reference.
    """

    generation: int = 0
    minutes: tuple[Minute, ...] = ()
    head: dict[str, Any] = field(default_factory=dict)

    @property
    def files(self) -> set[str]:
        """Names of all files."""
        return {name for minute in self.minutes for name in minute.files}

    def said(self) -> dict[str, Any]:
        """Return it as the head of the manifest's file."""
        minutes = [[minute.number, minute.sealed, list(minute.files)] for minute in self.minutes]
        return {**self.head, "form": FORM, "generation": self.generation, "minutes": minutes}

    @property
    def notes(self) -> dict[str, tuple[Note, ...]]:
        """Notes by reference; a version before them wrote none.

        Raises
        ------
        ValueError
            If they are no notes.
        """
        return {
            str(name): tuple(Note(time_of(at_s), _text(text)) for at_s, text in notes[-MOST_NOTES:])
            for name, notes in self.head.get("notes", {}).items()
        }


def manifest_of(folder: Path) -> Manifest:
    """Read a live folder's manifest.

    Raises
    ------
    InputError
        If there is none, or it makes no sense.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise InputError(f"{folder}: not a live folder of references: it has no manifest")
    head = map_arrays(path).head
    with making_sense(folder):
        if head["form"] != FORM or len(head["minutes"]) > _MOST_SLICES:
            raise ValueError("another file")
        minutes = tuple(
            Minute(_number(number), bool(sealed), tuple(_name(file) for file in files))
            for number, sealed, files in head["minutes"]
        )
        if any(a.number >= b.number for a, b in pairwise(minutes)):
            raise ValueError("out of order")
        return Manifest(int(head["generation"]), minutes, head)


def mapped(
    folder: Path,
    *,
    recipe: Recipe | None = None,
    verify: bool = True,
    known: Known | None = None,
) -> References:
    """Return what a live folder holds by now, its arrays mapped.

    Parameters
    ----------
    known : dict, optional
        Files of this folder that were mapped before; it is brought up to date.

    Raises
    ------
    InputError
        If the folder is damaged, hostile, or of another recipe.
    """
    known = {} if known is None else known
    for left in reversed(range(_TRIES)):
        manifest = manifest_of(folder)
        try:
            fresh = {
                name: known[name]
                if name in known
                else _opened(folder, name, manifest, verify=verify)
                for name in manifest.files
            }
        except FileNotFoundError as error:
            if not left:
                raise InputError(f"{folder}: {error.filename} is missing") from error
            continue
        # Files that the manifest no longer names must go, or their mappings keep deleted files on
        # the disk.
        known.clear()
        known.update(fresh)
        break
    with making_sense(folder):
        references = of_head(folder, manifest.head, recipe)
        references.notes = manifest.notes
        fill(references, manifest, known)
    return references


def fill(references: References, manifest: Manifest, known: Known) -> None:
    """Add what a folder's files hold; references that it has not come after those it has.

    Raises
    ------
    InputError
        If it makes no sense.
    """
    for minute in manifest.minutes:
        for name in minute.files:
            file, runs = known[name]
            for run in runs:
                references.adopt_run(minute.number, run, works=False)
            attach(references.tracks, file.arrays, lenient=True)
    spans = list(manifest.head["spans"])
    added = len(references.tracks) - len(spans)
    set_spans(references, spans + [(None, None)] * added)


def _opened(
    folder: Path, name: str, manifest: Manifest, *, verify: bool
) -> tuple[Mapped, tuple[Run, ...]]:
    path = folder / name
    path.lstat()  # FileNotFoundError tells a deleted file from a damaged one
    if path.is_symlink():
        raise InputError(f"{path}: a link, not a slice")
    file = map_arrays(path, verify=verify)
    with making_sense(path):
        if file.head["form"] != SLICE_FORM:
            raise ValueError("another file")
        count = len(manifest.head["infos"])
        runs = list(unpacked_runs(file.head["runs"], file.arrays, count))
        number = next(minute.number for minute in manifest.minutes if name in minute.files)
        if file.head["slice"] != number or any(k != number for _, k, _ in runs):
            raise ValueError("another slice")
        return file, tuple(run for _, _, run in runs)


def _number(value: Any) -> int:
    if type(value) is not int or abs(value) > MOST_SLICE:
        raise ValueError("not the number of a slice")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_NOTE or not value.isprintable():
        raise ValueError("not a note")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ValueError("not the name of a slice")
    return value


def names(folder: Path) -> Iterator[Path]:
    """Yield the slices in a folder, named by its manifest or not."""
    return (entry for entry in folder.iterdir() if NAME.fullmatch(entry.name))
