"""The file to which is appended: what it holds, and that it stays the same meanwhile."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cautery.errors import InputError
from cautery.fingerprint.recipe import Recipe
from cautery.identify.references.held import References
from cautery.identify.references.opening import load as load_references
from cautery.workflows.identification.sources import Source

_NOTHING = np.empty(0, np.uint32)


@dataclass(frozen=True, slots=True)
class Before:
    """What is held already, and the stamp of its file."""

    path: Path
    stamp: tuple[int, ...]
    references: References

    @classmethod
    def of(cls, path: Path, recipe: Recipe) -> Before:
        """Map a file.

        Raises
        ------
        InputError
            If it cannot be used.
        """
        return cls(path, stamp_of(path), load_references(path, recipe=recipe))

    def refuse(
        self,
        sources: Sequence[Source],
        part: Callable[[Source], Path],
        *,
        done: Callable[[Source], object],
    ) -> None:
        """Refuse sources whose id is held.

        One is let pass whose part says that an append was killed after it had written the file.

        Parameters
        ----------
        part, done : callable
            Where a source's part lies, and what is known of it; ``None``: it is not finished.

        Raises
        ------
        InputError
            If the file holds a source's id.
        """
        for source in sources:
            if not self.references.knows(source.id):
                continue
            if done(source) is None or not self._added(source, part(source)):
                raise InputError(
                    f"{self.path} already holds {source.id!r}",
                    hint="Build without --append to make a new file, or give the reference "
                    "another id.",
                )

    def sounds(self) -> dict[str, str]:
        """Return who has a sound first, by the digest of its code words."""
        first: dict[str, str] = {}
        for info in self.references.infos:
            if (digest := digest_of(self.references, info.id)) is not None:
                first.setdefault(digest, info.id)
        return first

    def still(self, path: Path) -> None:
        """Make sure that the file is the one that was opened.

        Raises
        ------
        InputError
            If it was replaced.
        """
        if self.stamp != stamp_of(path):
            raise InputError(
                f"{path}: the file was replaced during the build",
                hint="Run the command again; the sources are not read twice.",
            )

    def _added(self, source: Source, path: Path) -> bool:
        """Tell whether an append that was killed before it tidied up has added a source."""
        part = load_references(path, recipe=self.references.recipe)
        held, added = self.references.codes(source.id), part.codes(source.id)
        return self.references.span(source.id) == part.span(source.id) and all(
            first == second and np.array_equal(words, others)
            for (first, words), (second, others) in itertools.zip_longest(
                held, added, fillvalue=(-1, _NOTHING)
            )
        )


def digest_of(references: References, id: str) -> str | None:
    """Return what says that two references have the same sound; ``None``: none that says much."""
    pieces = [words for _, words in references.codes(id)]
    if not any(words.any() for words in pieces):
        return None
    return hashlib.sha256(b"".join(words.tobytes() for words in pieces)).hexdigest()


def stamp_of(file: Path) -> tuple[int, ...]:
    """Return a file's size and time; nothing of one that is gone, or a link to none."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns
