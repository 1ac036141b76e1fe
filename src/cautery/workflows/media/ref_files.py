"""References that lie ready in ``.ref`` files: each file is read once, however many it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from cautery.errors import CauteryError
from cautery.identify.references.adopted import adopt_several
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.volumes import AnyReferences
from cautery.model import OwnLocation
from cautery.model.ports import Engine


class Located(Protocol):
    """What a feed says of itself."""

    @property
    def info(self) -> ReferenceInfo:
        """Return which reference it is."""

    @property
    def location(self) -> OwnLocation:
        """Return where it lies."""


F = TypeVar("F", bound=Located)


def in_files(feeds: Iterable[F]) -> tuple[dict[Path, list[str]], list[F]]:
    """Return the ids of those that lie in ``.ref`` files, by file, and all others."""
    files: dict[Path, list[str]] = {}
    other_files = []
    for feed in feeds:
        where = feed.location.reveal()
        if where.endswith(".ref") and "://" not in where:
            files.setdefault(Path(where), []).append(feed.info.id)
        else:
            other_files.append(feed)
    return files, other_files


async def take_file(
    path: Path,
    names: Sequence[str],
    references: AnyReferences,
    *,
    engine: Engine,
    fail: Callable[[str, str, Exception], object],
) -> None:
    """Take the tracks of several references out of one file; whose fail is recorded, not fatal."""
    for volume in references.volumes:
        held = [name for name in names if volume.knows(name)]
        wrong: Mapping[str, Exception] = {}
        try:
            if held:
                wrong = await engine.run(adopt_several, volume, held, path)
        except (CauteryError, OSError) as error:
            wrong = dict.fromkeys(held, error)
        for name, why in wrong.items():
            fail("reference", name, why)
