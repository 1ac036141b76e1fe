"""Where references lie, and what a worker makes of a place: a probe's look there.

What crosses a process's border is small: a probe, a :class:`Place`, a look. The references
themselves are mapped where the task runs, once a generation, so that the pages of one file are
shared by all processes that look at it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.held import References
from cautery.identify.references.manifest import MANIFEST, Known, mapped
from cautery.identify.references.opening import load as load_references
from cautery.identify.windows import Look, look_at
from cautery.model.media import Decoded

_MOST_PLACES = 8
"""Places that one process keeps mapped; a worker has one or two."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place of some references, and which state of them is meant.

    Parameters
    ----------
    path : Path
        A ``.ref`` file or a live folder that every worker sees.
    generation : str
        Differs when what lies there does.
    """

    path: Path
    generation: str


def place_of(path: Path) -> Place:
    """Return where references lie, as they are now.

    Raises
    ------
    InputError
        If there is nothing.
    """
    folder = path.is_dir()
    try:
        status = (path / MANIFEST if folder else path).stat()
    except OSError as error:
        if folder and isinstance(error, FileNotFoundError):
            raise InputError(
                f"{path}: not a live folder of references: it has no manifest",
                hint="Give a .ref file, or the folder that `references build --live` keeps.",
            ) from error
        raise InputError(f"{path}: {error.strerror or error}") from error
    # A file is replaced, never changed in place, so a new state has a new inode; time and size
    # tell states apart whose inode number was given again.
    generation = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
    return Place(path, generation)


def opened(place: Place, recipe: Recipe | None = None) -> References:
    """Return the references of a place, mapped by this process once a generation.

    Raises
    ------
    InputError
        If they are damaged, hostile, or of another recipe.
    """
    with _lock:
        cached = _opened_places.get(place.path)
        if cached is None or cached.generation != place.generation:
            saved = cached.known if cached is not None else {}
            if place.path.is_dir():
                references = mapped(place.path, recipe=recipe, known=saved)
            else:
                references = load_references(place.path, recipe=recipe)
            cached = _Held(place.generation, references, saved)
            _opened_places[place.path] = cached
        _opened_places.move_to_end(place.path)
        while len(_opened_places) > _MOST_PLACES:
            _opened_places.popitem(last=False)
    if recipe is not None and cached.references.recipe != recipe:
        raise InputError(f"{place.path}: made by the recipe {cached.references.recipe.name}")
    return cached.references


def look_there(  # noqa: PLR0917 - plain values, in the order of look_at
    place: Place,
    decoded: Decoded,
    at: datetime,
    media_at_s: float | None,
    hints: tuple[str, ...],
    start_s: float,
) -> Look:
    """Compare a whole probe with all references of one place, in its windows.

    Raises
    ------
    InputError
        If they cannot be used.
    """
    return look_at(
        decoded, opened(place), at=at, media_at_s=media_at_s, hints=hints, start_s=start_s
    )


@dataclass(frozen=True, slots=True)
class _Held:
    generation: str
    references: References
    known: Known


_opened_places: OrderedDict[Path, _Held] = OrderedDict()
_lock = threading.Lock()
