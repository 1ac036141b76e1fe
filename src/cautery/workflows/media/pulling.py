"""Keep up with the published references of all shards of a case."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cautery.errors import AwayError, CauteryError, InputError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.folders import Folders, Part
from cautery.identify.references.volumes import AnyReferences, together
from cautery.model.ports import ReferenceShelf
from cautery.workflows.media.copies import SPARE_BYTES, Copy
from cautery.workflows.media.layout import (
    LAYOUT,
    MOST_LAYOUT,
    WORKS_SHARD,
    Layout,
    opened_layout,
)
from cautery.workflows.media.published import WORKS, Listed

PULL_S = 2.0
"""How often a node asks for new lists."""
PUBLISH_S = 5.0
"""How often a home publishes."""
_SILENT_S = 2 * PUBLISH_S
"""A list comes every five seconds and is asked for every two; a home that is killed has a successor
after some ten."""
_MEND_S = 30.0
"""To read all copies of a shard anew takes a tenth of a second."""


async def _at_once() -> None: ...


@dataclass(slots=True)
class _Followed:
    """One shard of the newest layout."""

    copy: Copy
    fresh_s: float | None = None
    mended_s: float = float("-inf")
    fault: str = ""
    told_fault: str = ""


@dataclass(slots=True)
class Pulling:
    """Copies all shards of a case and holds them as one, whatever its watch makes of them.

    Parameters
    ----------
    case : str
        The case's id.
    folder : Path
        For copies, of this case alone; made if it is not there.
    key : bytes
        The nodes' key.
    tell : callable
        Is told in a sentence what is wrong, once, and when it is right again.
    lost : callable
        Is told when the shelf is away: that is no damage, and says nothing of what is here.
    there : callable
        Waits until the shelf can be reached.
    spare_bytes : int
        Left free on the disk.
    timer : callable
        Monotonic seconds.
    """

    shelf: ReferenceShelf
    case: str
    folder: Path
    key: bytes
    recipe: Recipe
    tell: Callable[[str], None]
    spare_bytes: int = SPARE_BYTES
    timer: Callable[[], float] = time.monotonic
    lost: Callable[[AwayError], object] = lambda _: None
    there: Callable[[], Awaitable[None]] = _at_once
    away: AwayError | None = field(default=None, init=False)
    """Why the shelf cannot be reached; ``None``: it could be, at the last time."""
    _volumes: tuple[Folders, ...] = field(init=False)
    _references: AnyReferences = field(init=False)
    _shards: dict[str, _Followed] = field(default_factory=dict)
    _version: str | None = None
    _fault: str = ""
    _told_fault: str = ""
    _told_away: bool = False

    def __post_init__(self) -> None:
        self._volumes = (Folders(self.recipe, (), 600.0, origin_s=0.0, parts={}),)
        self._map()

    @property
    def references(self) -> AnyReferences:
        """All references, as they were last copied."""
        return self._references

    @property
    def listed(self) -> tuple[Listed, ...]:
        """The newest list of each shard of which anything was copied."""
        copies = (followed.copy.listed for followed in self._shards.values())
        return tuple(listed for listed in copies if listed is not None)

    @property
    def faults(self) -> dict[str, str]:
        """By shard, what is wrong with it, as a sentence."""
        copied = {
            shard: followed.fault for shard, followed in self._shards.items() if followed.fault
        }
        return {**self._unusable, **copied}

    @property
    def _unusable(self) -> dict[str, str]:
        return {shard: why for volume in self._volumes for shard, why in volume.faults.items()}

    @property
    def damaged(self) -> str:
        """What is wrong with what is here, the first of it; empty: nothing."""
        return self._fault or next(iter(self.faults.values()), "")

    def shards(self) -> tuple[str, ...]:
        """Return the shards of which anything is here."""
        shards = self._shards.items()
        return tuple(shard for shard, followed in shards if followed.copy.listed is not None)

    def stamps_s(self, reference: str) -> float | None:
        """Return the reference time that a reference's own stamp 0 has; ``None``: not known."""
        stamps = (listed.stamps_s for listed in self.listed if reference in listed.stamps_s)
        return next((stamps_s[reference] for stamps_s in stamps), None)

    def late_s(self) -> float | None:
        """Return for how long the latest shard has been silent, seconds; ``None``: all are."""
        fresh = [
            followed.fresh_s
            for shard, followed in self._shards.items()
            if followed.fresh_s is not None and not shard.endswith(WORKS_SHARD)
        ]
        return max(self.timer() - min(fresh) - PUBLISH_S, 0.0) if fresh else None

    def behind(self) -> bool:
        """Tell whether a shard is missing for the moment, whose feeds another one hears.

        Nothing of it is here, or its copy is damaged; its home has not taken in what its feeds
        have, or says nothing any more, as where its node was killed. A home whose feeds are silent
        is no such shard: what they lack is nowhere.
        """
        if not self._shards or self._unusable:
            return True
        now_s = self.timer()
        return any(
            followed.copy.listed is None
            or not followed.copy.listed.filled
            or followed.fresh_s is None
            or now_s - followed.fresh_s > _SILENT_S
            for shard, followed in self._shards.items()
            if not shard.endswith(WORKS_SHARD)
        )

    async def work(self) -> None:
        """Follow, for ever."""
        while True:
            await asyncio.to_thread(self.pull)
            if self.away is not None:
                self.lost(self.away)
            await asyncio.sleep(PULL_S)
            await self.there()

    def pull(self) -> bool:
        """Copy and map what is new; return whether anything is."""
        changed, self.away = False, None
        try:
            changed = self._pull_layout()
            for shard, followed in self._shards.items():
                changed |= self._pull_shard(shard, followed)
        except AwayError as error:  # the next shard would only wait as long
            self.away = error
        mapped = (changed or bool(self._unusable)) and self._map()
        self._say()
        return mapped

    def _map(self) -> bool:
        """Map what was copied; return whether anything is new."""
        changed = sum(volume.refresh() for volume in self._volumes) > 0
        self._references = together([volume.references for volume in self._volumes])
        return changed

    def _pull_layout(self) -> bool:
        try:
            changed = self._new_layout()
        except AwayError:
            raise
        except CauteryError as error:
            self._fault = _sentence(error)
            return False
        self._fault = ""
        return changed

    def _new_layout(self) -> bool:
        name = f"{self.case}/{LAYOUT}"
        version = self.shelf.version(name)
        if version is None or version == self._version:
            return False
        answer = self.shelf.get(name, most=MOST_LAYOUT)
        if answer is None:
            return False
        version, data = answer
        self._follow(opened_layout(data, case=self.case, key=self.key))
        self._version = version
        return True

    def _follow(self, layout: Layout) -> None:
        """Begin with another layout; what an earlier one had is of no use, and goes."""
        shards = {shard: self.folder / shard.rpartition("/")[2] for shard in layout.shards}
        if any(not shard.startswith(f"{self.case}/") for shard in shards):
            raise InputError("a layout of references that names another case")
        volumes = tuple(
            Folders(
                self.recipe,
                volume.infos,
                volume.window_s,
                origin_s=volume.origin_s,
                parts={
                    shard: Part(
                        shards[shard] / (WORKS if shard.endswith(WORKS_SHARD) else ""),
                        frozenset(names),
                    )
                    for shard, names in volume.shards.items()
                },
            )
            for volume in layout.volumes()
        )
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path not in shards.values():
                shutil.rmtree(path, ignore_errors=True)
        self._volumes = volumes
        self._map()
        self._shards = {
            shard: _Followed(Copy(self.shelf, shard, path, self.key, spare_bytes=self.spare_bytes))
            for shard, path in shards.items()
        }

    def _pull_shard(self, shard: str, followed: _Followed) -> bool:
        now_s = self.timer()
        try:
            if shard in self._unusable and now_s - followed.mended_s >= _MEND_S:
                followed.mended_s = now_s
                followed.copy.mend()
            changed = followed.copy.pull()
        except AwayError:
            raise
        except CauteryError as error:
            followed.fault = _sentence(error)
            return False
        followed.fault = ""
        if changed:
            followed.fresh_s = now_s
        return changed

    def _say(self) -> None:
        faults = self.faults
        if (self.away is not None) != self._told_away:
            self._told_away = self.away is not None
            away = "" if self.away is None else str(self.away)
            self.tell(away or f"the references of case {self.case} can be reached again")
        if self._fault != self._told_fault:
            self._told_fault = self._fault
            self.tell(self._fault or f"the references of case {self.case} are in order again")
        for shard, followed in self._shards.items():
            if (fault := faults.get(shard, "")) != followed.told_fault:
                followed.told_fault = fault
                self.tell(fault or f"the references of shard {shard} are here again")


def _sentence(error: CauteryError) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)
