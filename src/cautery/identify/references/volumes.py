"""References in volumes: more than one index has numbers for, and who is held together.

A volume is a :class:`~cautery.identify.references.held.References`. What concerns one reference is
asked of the volume that holds it; a probe is searched in all of them
(:func:`cautery.identify.observe.observing`). Which references share a volume follows from
themselves alone, so that every machine of a night has the same ones.

Examples
--------
>>> from cautery.identify.references.info import ReferenceInfo
>>> infos = [ReferenceInfo(id="event:m", event="m", clean=True, kind="event"),
...          ReferenceInfo(id="fr", event="m"), ReferenceInfo(id="news"), ReferenceInfo(id="film")]
>>> [[one.id for one in shard] for shard in split(infos, 2)]
[['event:m', 'fr'], ['news', 'film']]
>>> [[one.id for one in volume] for volume in in_volumes(infos, most=3)]
[['event:m', 'fr'], ['news', 'film']]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.index import MOST_REFERENCES
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.model.media import Decoded

MOST_VOLUMES = 16
"""65,536 references: twice what the largest regulator names. Each takes a search of its own."""


class Volumes:
    """References that several volumes hold, asked as if one did.

    Parameters
    ----------
    volumes : sequence of References
        At least one, all of one recipe; an event's feeds in one of them.

    Raises
    ------
    InputError
        If two of them hold the same reference.
    """

    def __init__(self, volumes: Sequence[References]) -> None:
        self.volumes = tuple(volumes)
        self.recipe = self.volumes[0].recipe
        ids = [info.id for info in self.infos]
        if len(set(ids)) != len(ids):
            raise InputError("references: each id is allowed once")

    @property
    def infos(self) -> tuple[ReferenceInfo, ...]:
        """What the references are, volume after volume."""
        return tuple(info for volume in self.volumes for info in volume.infos)

    def of(self, reference_id: str) -> References:
        """Return the volume that holds a reference.

        Raises
        ------
        InputError
            If none does.
        """
        for volume in self.volumes:
            if volume.knows(reference_id):
                return volume
        return self.volumes[0].of(reference_id)

    def knows(self, reference_id: str) -> bool:
        """Tell whether there is a reference of that id."""
        return any(volume.knows(reference_id) for volume in self.volumes)

    def info(self, reference_id: str) -> ReferenceInfo:
        """Return what a reference is.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        return self.of(reference_id).info(reference_id)

    def add(self, reference_id: str, decoded: Decoded, *, at_s: float) -> None:
        """Add decoded media of a reference; see ``References.add``."""
        self.of(reference_id).add(reference_id, decoded, at_s=at_s)

    def expire(self, before_s: float) -> None:
        """Forget what lies wholly before a reference time; works stay."""
        for volume in self.volumes:
            volume.expire(before_s)

    def span(self, reference_id: str) -> tuple[float, float] | None:
        """Return the reference times between which its sound is held; ``None``: no sound."""
        return self.of(reference_id).span(reference_id)

    def luma_between(
        self, reference_id: str, start_s: float, end_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Return times and 36x64 pictures of a stretch; empty where none are kept."""
        return self.of(reference_id).luma_between(reference_id, start_s, end_s)


AnyReferences = References | Volumes
"""What a watch compares with, whether one index has room for it or not."""


def together(volumes: Sequence[References]) -> AnyReferences:
    """Return volumes as one; a single volume is that one itself, and costs nothing more."""
    return volumes[0] if len(volumes) == 1 else Volumes(volumes)


def references_of(
    recipe: Recipe,
    infos: Sequence[ReferenceInfo],
    window_s: float,
    *,
    most: int = MOST_REFERENCES,
) -> AnyReferences:
    """Return references of which nothing is held yet, in as many volumes as they need.

    Raises
    ------
    InputError
        As for :func:`in_volumes`.
    """
    parts = in_volumes(infos, most=most)
    return together([References(recipe, part, window_s) for part in parts])


def in_volumes(
    infos: Sequence[ReferenceInfo], *, most: int = MOST_REFERENCES
) -> list[tuple[ReferenceInfo, ...]]:
    """Share references out to volumes, families whole, each with about as many.

    Pictures are judged against the others of their volume: whose pictures are compared lie in one
    volume if it has room for them.

    Parameters
    ----------
    most : int
        References of one volume.

    Raises
    ------
    InputError
        If they need more than 16 volumes, or a family has no room in one.
    """
    if len(infos) <= most:
        return [tuple(infos)]
    pictured = {info.id for info in infos if info.event is not None or info.kind == "work"}
    fits = len(pictured) <= most

    def group(info: ReferenceInfo) -> str:
        return "" if fits and info.id in pictured else info.family

    for count in range(-(-len(infos) // most), MOST_VOLUMES + 1):
        volumes = split(infos, count, group=group)
        if max(map(len, volumes)) <= most:
            return [volume for volume in volumes if volume]
    raise InputError(
        f"{len(infos):,} references have no room in {MOST_VOLUMES} volumes of {most:,}, with the "
        "feeds of an event in one",
        hint="Split the mandate into several, each with a case of its own.",
    )


def family_of(info: ReferenceInfo) -> str:
    """Return the family of a reference."""
    return info.family


def split(
    infos: Sequence[ReferenceInfo],
    count: int,
    *,
    group: Callable[[ReferenceInfo], str] = family_of,
) -> list[tuple[ReferenceInfo, ...]]:
    """Share references out, groups whole, so that each share has about as many.

    An event's feeds are compared with each other, so they stay together. The same references
    give the same shares whatever their order.

    Parameters
    ----------
    group : callable
        Who belongs together: families, if nothing else is said.

    Raises
    ------
    InputError
        If there is to be no share.
    """
    if count < 1:
        raise InputError("there must be at least one shard of references")
    groups: dict[str, list[ReferenceInfo]] = {}
    for info in infos:
        groups.setdefault(group(info), []).append(info)
    shares: list[list[ReferenceInfo]] = [[] for _ in range(count)]
    # Large groups first: small ones then fill the shares up evenly (longest processing time
    # first, Graham 1969).
    order = sorted(groups, key=lambda name: (-len(groups[name]), name))
    for name in order:
        min(shares, key=len).extend(groups[name])
    places = {info.id: at for at, info in enumerate(infos)}
    return [tuple(sorted(share, key=lambda info: places[info.id])) for share in shares]
