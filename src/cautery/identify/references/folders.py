"""One ``References`` out of the live folders that several machines write, each of its own feeds.

Every writer knows all references, in one order and counted from one moment, but is fed only its
own: so a reference has the same number in all folders, and a minute's runs of one folder lie
beside those of another as a single writer's would. What is compared with the whole is therefore
answered as one process would that had heard every feed. A folder that is late, missing or damaged
is silent; the others answer.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.manifest import MANIFEST, Known, mapped
from cautery.identify.references.opening import load


@dataclass(frozen=True, slots=True)
class Part:
    """Where the references of one shard lie.

    Parameters
    ----------
    path : Path
        A live folder; a ``.ref`` file of recordings. It need not be there yet.
    heard : frozenset of str
        Ids of those that it may speak of.
    """

    path: Path
    heard: frozenset[str]


def in_one_order(infos: Iterable[ReferenceInfo]) -> tuple[ReferenceInfo, ...]:
    """Return references in the order that all machines number them by: what is live first.

    A live folder holds no recordings, so that these come last.
    """
    listed = tuple(infos)
    return (
        *(info for info in listed if info.kind != "work"),
        *(info for info in listed if info.kind == "work"),
    )


class Folders:
    """What several folders hold by now, as one.

    Parameters
    ----------
    recipe : Recipe
    infos : sequence of ReferenceInfo
        Of all folders, as :func:`in_one_order` has them.
    window_s : float
    origin_s : float
        Where all writers' frame 0 lies.
    parts : mapping of str to Part
        By shard.

    Raises
    ------
    InputError
        If the references are too many, or two parts are to hear the same one.
    """

    def __init__(
        self,
        recipe: Recipe,
        infos: Sequence[ReferenceInfo],
        window_s: float,
        *,
        origin_s: float,
        parts: Mapping[str, Part],
    ) -> None:
        self._recipe = recipe
        self._infos = tuple(infos)
        self._window_s = window_s
        self._origin_s = origin_s
        self._live = tuple(info for info in self._infos if info.kind != "work")
        names = [name for part in parts.values() for name in part.heard]
        if len(set(names)) != len(names):
            raise InputError("two shards of references are to hear the same one")
        self._parts = {
            shard: _Opened(shard, part, frozenset(self._numbers(part.heard)))
            for shard, part in parts.items()
        }
        self._lock = threading.Lock()
        self._references = self._merged()

    @property
    def references(self) -> References:
        """What all folders held at the last :meth:`refresh`; only to be searched."""
        return self._references

    @property
    def faults(self) -> dict[str, str]:
        """By shard that is left out, why, as a sentence; one that is not there yet has none."""
        return {shard: part.fault for shard, part in self._parts.items() if part.fault}

    def refresh(self) -> bool:
        """Map what is new; return whether anything is.

        What an unchanged folder holds is neither mapped nor looked at again.
        """
        with self._lock:
            changed = sum(self._look(part) for part in self._parts.values())
            if changed:
                self._references = self._merged()
        return changed > 0

    def _numbers(self, names: Iterable[str]) -> Iterable[int]:
        places = {info.id: number for number, info in enumerate(self._infos)}
        unknown = [name for name in names if name not in places]
        if unknown:
            raise InputError(f"a shard is to hear {unknown[0]!r}, which is no reference")
        return (places[name] for name in names)

    def _look(self, part: _Opened) -> bool:
        generation = _generation(part.where.path)
        if generation == part.generation and not part.fault:
            return False
        silent, fault = part.references is None, part.fault
        part.generation, part.fault, part.references = generation, "", None
        if generation is not None:
            try:
                part.references = self._opened(part)
            except InputError as error:
                part.fault = f"the references of shard {part.shard} are left out: {error}"
        return not silent or part.references is not None or part.fault != fault

    def _opened(self, part: _Opened) -> References:
        path = part.where.path
        folder = path.is_dir()
        if folder:
            opened = mapped(path, recipe=self._recipe, known=part.mapped_files)
        else:
            opened = load(path, recipe=self._recipe)
        if opened.infos != (self._live if folder else self._infos):
            raise InputError(f"{path}: it was made for other references")
        if folder and opened.origin_s(works=False) != self._origin_s:
            raise InputError(f"{path}: its frames are counted from another moment")
        foreign = [
            info.id
            for number, (info, track) in enumerate(zip(opened.infos, opened.tracks, strict=False))
            if not track.empty and number not in part.numbers
        ]
        if foreign:
            raise InputError(f"{path}: it speaks of {foreign[0]}, which is heard elsewhere")
        return opened

    def _merged(self) -> References:
        references = References(self._recipe, self._infos, self._window_s)
        references.set_origin(self._origin_s)
        for part in self._parts.values():
            if part.references is not None:
                references.adopt_part(part.references, part.numbers)
        reached_s = references.reached()
        if reached_s is not None:
            # A folder whose writer is gone lets nothing go by itself.
            references.expire(reached_s - self._window_s)
        return references


@dataclass(slots=True)
class _Opened:
    """One shard's folder as it was last seen."""

    shard: str
    where: Part
    numbers: frozenset[int]
    generation: str | None = None
    mapped_files: Known = field(default_factory=dict)
    references: References | None = None
    fault: str = ""


def _generation(path: Path) -> str | None:
    """Return what differs when a folder's or a file's content does; ``None``: it is not there."""
    try:
        status = (path / MANIFEST if path.is_dir() else path).stat()
    except OSError:
        return None
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
