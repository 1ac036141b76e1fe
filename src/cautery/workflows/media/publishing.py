"""Publish a shard from the machine that hears it: first the files, then the list of them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cautery.errors import ConflictError, InputError, StorageError
from cautery.model.ports import ReferenceShelf
from cautery.workflows.media.published import (
    LIST,
    MOST_LIST,
    Listed,
    ListedFile,
    list_bytes,
    list_of,
)

GRACE_S = 60.0
"""A file that is no longer listed stays so long: somebody may be copying it by an older list."""
_PIECE_BYTES = 1 << 20
_TRIES = 4


@dataclass(slots=True)
class Publisher:
    """The one who publishes a shard, until another run of the job has begun.

    Parameters
    ----------
    shelf : ReferenceShelf
    shard : str
        ``CASE/NUMBER``.
    key : bytes
        The nodes' key.
    """

    shelf: ReferenceShelf
    shard: str
    key: bytes
    _version: str | None = None
    _on_shelf: dict[str, ListedFile] | None = None
    _unlisted: dict[str, float] = field(default_factory=dict)

    def publish(self, listed: Listed, files: Mapping[str, Path], *, now_s: float) -> Listed:
        """Publish a list and what it needs that is not there yet.

        Parameters
        ----------
        listed : Listed
            Without files.
        files : mapping of str to Path
            All that the shard consists of now, by the name to publish it under; what lies under a
            name never changes.
        now_s : float
            Monotonic seconds.

        Returns
        -------
        Listed
            With its files.

        Raises
        ------
        ConflictError
            If a later run of the job publishes this shard: this one must end.
        StorageError
            If the shelf is away or full: what was published before stays, and the next call goes
            on.
        """
        for _ in range(_TRIES):
            on_shelf = self._seen(listed.run, now_s)
            for name, path in files.items():
                if name not in on_shelf:
                    self.shelf.put(f"{self.shard}/{name}", path)
                    on_shelf[name] = file_of(name, path)
            whole = replace(listed, files=tuple(on_shelf[name] for name in sorted(files)))
            self._version = self.shelf.replace(
                f"{self.shard}/{LIST}",
                list_bytes(whole, shard=self.shard, key=self.key),
                version=self._version,
            )
            if self._version is not None:
                self._remove(on_shelf, files, now_s)
                return whole
            # Written meanwhile, by a later run or by an earlier one that does not know of this one.
            self._on_shelf = None
        raise StorageError(
            f"the references of shard {self.shard}: another node writes their list all the time",
            hint="It ends when the queue of jobs reaches that node.",
        )

    def _seen(self, run: tuple[int, int], now_s: float) -> dict[str, ListedFile]:
        """Return the files that lie on the shelf; look again if another may have written."""
        if self._on_shelf is not None:
            return self._on_shelf
        answer = self.shelf.get(f"{self.shard}/{LIST}", most=MOST_LIST)
        self._version, before = None, None
        if answer is not None:
            self._version, data = answer
            # A damaged list is written anew: who hears a shard is said by the queue of jobs.
            with contextlib.suppress(InputError):
                before = list_of(data, shard=self.shard, key=self.key)
        if before is not None and before.run > run:
            raise ConflictError(
                f"the references of shard {self.shard} are heard by {before.node} by now",
                hint="Nothing is to be done: this node lets go of them.",
            )
        on_shelf = {} if before is None else {entry.name: entry for entry in before.files}
        # What a killed home has left, and no list names.
        names = {name.rpartition("/")[2] for name in self.shelf.names(self.shard)}
        self._unlisted = dict.fromkeys(names - set(on_shelf) - {LIST}, now_s)
        self._on_shelf = on_shelf
        return on_shelf

    def _remove(
        self, on_shelf: dict[str, ListedFile], files: Mapping[str, Path], now_s: float
    ) -> None:
        unlisted = self._unlisted
        for name in set(on_shelf) - set(files):
            del on_shelf[name]
            unlisted[name] = now_s
        for name in files:
            unlisted.pop(name, None)
        old = [name for name, at_s in unlisted.items() if now_s - at_s > GRACE_S]
        self.shelf.remove(f"{self.shard}/{name}" for name in old)
        for name in old:
            del unlisted[name]


def file_of(name: str, path: Path) -> ListedFile:
    """Return what a list says of a file."""
    digest, size = _digest(path)
    return ListedFile(name=name, size=size, sha256=digest)


def manifest_name(path: Path) -> str:
    """Return the name to publish a manifest under: each has its own, as no file is ever changed."""
    return f"manifest-{_digest(path)[0][:16]}"


def works_name(path: Path) -> str:
    """Return the name to publish a file of recordings under."""
    return f"works-{_digest(path)[0][:16]}.ref"


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size
