"""Put reference files together into one, in bounded memory and with few files open.

Nothing is fingerprinted or unpacked: a slice of the index is merged while it is written, and what
is kept per reference is copied from the mapped files piece by piece. Landmarks know their reference
by its number, so that all but the first file's get new numbers on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import InputError
from cautery.fingerprint.index import MOST_REFERENCES, Run
from cautery.fingerprint.recipe import Recipe
from cautery.fingerprint.run import FIELDS
from cautery.identify.references.container import Stored, write_arrays
from cautery.identify.references.held import References
from cautery.identify.references.opening import load
from cautery.identify.references.packed import KINDS, packed, run_arrays
from cautery.identify.references.saved import FORM, head_of

MOST_OPEN = 80
"""Files mapped at a time, each of which takes a descriptor; a process may have 256 on macOS. The
single files of a whole library, 4,096, are 52 such groups."""


def join(
    first: References | None, paths: Sequence[Path], out: Path, *, recipe: Recipe, room: Path
) -> None:
    """Write references in their order into one ``.ref`` file, whole or not at all.

    Parameters
    ----------
    first : References or None
        What comes first: the file that is appended to, mapped. ``out`` may be its place.
    paths : sequence of Path
        Files of recordings.
    room : Path
        A folder for files in between, which stay there.

    Raises
    ------
    InputError
        If a file is damaged or of another recipe, if all together are too many or too large, or if
        two have the same id.
    StorageError
        If something cannot be written.
    """
    while len(paths) > MOST_OPEN:
        groups = [paths[at : at + MOST_OPEN] for at in range(0, len(paths), MOST_OPEN)]
        joined_paths = [room / f"group-{paths[0].stem}-{at}.ref" for at in range(len(groups))]
        for group, path in zip(groups, joined_paths, strict=True):
            _write(None, group, path, recipe)
        paths = joined_paths
    _write(first, paths, out, recipe)


@dataclass(frozen=True, slots=True)
class _Donor:
    """One file's references, and the number that the first of them gets."""

    references: References
    first: int

    def runs(self) -> Iterator[tuple[str, int, Run]]:
        """Yield (store, slice, run), by the new numbers."""
        stores = {"live": self.references.live, "works": self.references.works}
        for store, index in stores.items():
            for number, runs in index.runs().items():
                for run in runs:
                    yield store, number, run


def _write(first: References | None, paths: Sequence[Path], out: Path, recipe: Recipe) -> None:
    opened = [*([] if first is None else [first]), *(load(path, recipe=recipe) for path in paths)]
    infos = [info for references in opened for info in references.infos]
    check_room(out, len(infos))
    if any(info.kind != "work" for references in opened[1:] for info in references.infos):
        raise InputError(f"{out}: only recordings can be added to references")
    whole = References(recipe, infos, opened[0].window_s)
    whole.set_origin(opened[0].origin_s(works=False) if opened[0].began else None)
    donors, count = [], 0
    for references in opened:
        donors.append(_Donor(references, count))
        count += len(references.infos)
    slices: dict[tuple[str, int], list[tuple[int, Run]]] = {}
    for donor in donors:
        for store, number, run in donor.runs():
            slices.setdefault((store, number), []).append((donor.first, run))
    spans = [[track.first_s, track.end_s] for donor in donors for track in donor.references.tracks]
    head = {"form": FORM, **head_of(whole), "spans": spans, "runs": [list(key) for key in slices]}
    arrays = _arrays(donors, list(slices.values()))
    write_arrays(out, head, arrays, room=len(FIELDS) * len(slices) + 2 * len(KINDS))


def check_room(path: Path, count: int) -> None:
    """Refuse more references than one file can hold.

    Raises
    ------
    InputError
        If there are more.
    """
    if count > MOST_REFERENCES:
        raise InputError(
            f"{path}: {count:,} references; one file holds at most {MOST_REFERENCES:,}",
            hint="Put them into several files: a watch takes in as many as its mandate names.",
        )


def _arrays(
    donors: Sequence[_Donor], slices: Sequence[Sequence[tuple[int, Run]]]
) -> Iterator[Stored]:
    for row, parts in enumerate(slices):
        renumbered = [run.renumbered(first) for first, run in parts]
        yield from run_arrays(row, renumbered[0] if len(parts) == 1 else Run.merged(renumbered))
    for kind in KINDS:
        yield from packed(
            kind,
            (
                (donor.first + number, pieces)
                for donor in donors
                for number, track in enumerate(donor.references.tracks)
                if (pieces := track.pieces(kind))
            ),
        )
