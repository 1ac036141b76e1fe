"""References in shards by channel: who holds what, and one probe in all of them as if in one.

What crosses a process's border is small: a probe, what a rung of the ladder gave, and where a
shard lies (:class:`Place`). The references themselves are mapped where the task runs, once a
generation, so that the pages of one file are shared by all processes that look at it.

Sound comes out as one process with all references would have it, but that each shard measures
what chance gives at 2,048 places of its own words. Pictures are judged against the others of
their shard.

Examples
--------
>>> from cautery.identify.references.info import ReferenceInfo
>>> infos = [ReferenceInfo(id="event:m", event="m", clean=True, kind="event"),
...          ReferenceInfo(id="fr", event="m"), ReferenceInfo(id="news"), ReferenceInfo(id="film")]
>>> [[one.id for one in shard] for shard in split(infos, 2)]
[['event:m', 'fr'], ['news', 'film']]
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe
from cautery.identify._leads import Lead
from cautery.identify.ladder import Effort, Ladder, best_of, mute
from cautery.identify.match import Match
from cautery.identify.observe import observed, see
from cautery.identify.picture import Seen
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.manifest import MANIFEST, Known, mapped
from cautery.identify.references.opening import load as load_references
from cautery.identify.sound import Ear, Heard, Rung
from cautery.identify.windows import Look, look_at
from cautery.model.evidence import ExhibitId
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.ports import Engine
from cautery.model.verdict import Observation

_MOST_PLACES = 8
"""Shards that one process keeps mapped; a worker has one or two at home."""
_MOST_EARS = 32
"""Probes in hand at a time in one process, times shards: about 1 MB each. What is forgotten is
made again."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a shard's references, and which state of them is meant.

    Parameters
    ----------
    path : Path
        A ``.ref`` file or a live folder that every worker sees.
    generation : str
        Differs when what lies there does.
    """

    path: Path
    generation: str


def split(infos: Sequence[ReferenceInfo], count: int) -> list[tuple[ReferenceInfo, ...]]:
    """Share references out, families whole, so that each shard has about as many.

    An event's feeds are compared with each other, so they stay together. The same references
    give the same shards whatever their order.

    Raises
    ------
    InputError
        If there is to be no shard.
    """
    if count < 1:
        raise InputError("there must be at least one shard of references")
    families: dict[str, list[ReferenceInfo]] = {}
    for info in infos:
        families.setdefault(info.family, []).append(info)
    shards: list[list[ReferenceInfo]] = [[] for _ in range(count)]
    # Large families first: small ones then fill the shards up evenly (longest processing time
    # first, Graham 1969).
    order = sorted(families, key=lambda name: (-len(families[name]), name))
    for name in order:
        min(shards, key=len).extend(families[name])
    places = {info.id: at for at, info in enumerate(infos)}
    return [tuple(sorted(shard, key=lambda info: places[info.id])) for shard in shards]


def place_of(path: Path) -> Place:
    """Return where a shard lies, as it is now.

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
    """Return a shard's references, mapped by this process once a generation.

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A probe's sound, as the task of every rung receives it.

    Parameters
    ----------
    id : str
        By which a shard knows the probe again at the next rung.
    climbed : tuple of int
        Rungs before this one: what has forgotten the probe climbs them again, since a later rung
        judges what the earlier ones found.
    """

    id: str
    audio: NDArray[np.float32]
    media_at_s: float | None
    hints: tuple[str, ...]
    climbed: tuple[int, ...] = ()


def climb_at(place: Place, asked: Asked, rung: int) -> Rung:
    """Return what a rung gives in one shard: a task for an engine, by plain values alone.

    Raises
    ------
    InputError
        If the shard cannot be used.
    """
    return _ear(place, asked).climb(rung)


def refine_at(place: Place, asked: Asked, leads: Sequence[Lead]) -> list[Lead]:
    """Return a shard's leads as they fit best.

    Raises
    ------
    InputError
        If the shard cannot be used.
    """
    return _ear(place, asked).refine(leads)


def tell_at(place: Place, asked: Asked, leads: Sequence[Lead], best: Lead | None) -> list[Match]:
    """Return the matches of a shard's refined leads, given the best one of all shards.

    Raises
    ------
    InputError
        If the shard cannot be used.
    """
    return _ear(place, asked).tell(leads, best)


def see_at(place: Place, decoded: Decoded, heard: Heard, media_at_s: float | None) -> Seen:
    """Compare a probe's pictures with one shard.

    Raises
    ------
    InputError
        If the shard cannot be used.
    """
    return see(decoded, opened(place), heard, media_at_s=media_at_s)


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


async def observe_in(
    engine: Engine,
    places: Sequence[Place],
    decoded: Decoded,
    *,
    media_at_s: float | None,
    at: datetime,
    exhibits: tuple[ExhibitId, ...] = (),
    hints: tuple[str, ...] = (),
    effort: Effort = "full",
) -> Observation:
    """Compare a probe with all shards, each where it is at home, as if they were one.

    Raises
    ------
    InputError
        If there is no shard, or one cannot be used.
    CauteryError
        If the engine lost a shard's task.
    """
    if not places:
        raise InputError("an observation needs at least one shard")

    async def each(task: Callable[..., T], *arguments: Sequence[object]) -> list[T]:
        """Run a task in every shard, with each one's own of every list of arguments."""
        tasks = (
            engine.run_at(shard, task, place, *shard_arguments)
            for shard, (place, *shard_arguments) in enumerate(zip(places, *arguments, strict=True))
        )
        return await asyncio.gather(*tasks)

    def alike(value: object) -> list[object]:
        return [value] * len(places)

    sound = mute(decoded)
    if sound is None:
        request = Asked(uuid4().hex, decoded.audio, media_at_s, hints)
        ladder = Ladder(len(decoded.audio) / AUDIO_RATE_HZ, hints=hints, effort=effort)
        while ladder.rung is not None:
            ladder.add(await each(climb_at, alike(request), alike(ladder.rung)))
            request = replace(request, climbed=ladder.climbed)
        leads = await each(refine_at, alike(request), ladder.chosen())
        best = best_of(leads)
        sound = ladder.heard(await each(tell_at, alike(request), leads, alike(best)))
    pictures = await each(see_at, alike(decoded), alike(sound), alike(media_at_s))
    return observed(decoded, sound, pictures, media_at_s=media_at_s, at=at, exhibits=exhibits)


def _ear(place: Place, request: Asked) -> Ear:
    """Return what listens to a probe in a shard, made once for all its rungs."""
    key = place, request.id
    with _lock:
        ear = _ears.get(key)
    if ear is None:
        # Outside the lock, which ``opened`` takes as well and which is not reentrant. Two threads
        # may make the same ear; either will do.
        ear = Ear(request.audio, opened(place), media_at_s=request.media_at_s, hints=request.hints)
        for rung in request.climbed:
            ear.climb(rung)
    with _lock:
        _ears[key] = ear
        _ears.move_to_end(key)
        while len(_ears) > _MOST_EARS:
            _ears.popitem(last=False)
    return ear


@dataclass(frozen=True, slots=True)
class _Held:
    generation: str
    references: References
    known: Known


_opened_places: OrderedDict[Path, _Held] = OrderedDict()
_ears: OrderedDict[tuple[Place, str], Ear] = OrderedDict()
_lock = threading.Lock()
