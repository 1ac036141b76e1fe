"""A port for references that one machine hears and others search: files under names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class ReferenceShelf(Protocol):
    """Holds files for all machines of an organisation; a name is a path with ``/`` in it.

    Every method may raise a storage error if the shelf cannot be reached or is full.
    """

    @property
    def name(self) -> str:
        """What a message calls the shelf."""
        ...

    def version(self, name: str) -> str | None:
        """Return what differs when a file was replaced; ``None``: it is not there."""
        ...

    def get(self, name: str, *, most: int) -> tuple[str, bytes] | None:
        """Return a small file's version and bytes; ``None``: it is not there.

        Raises
        ------
        InputError
            If it is larger than ``most`` bytes.
        """
        ...

    def replace(self, name: str, data: bytes, *, version: str | None) -> str | None:
        """Write a small file if it is still of a version; ``None``: if it is not there yet.

        Returns
        -------
        str or None
            Its version; ``None``: another has written it meanwhile, and nothing was changed.
        """
        ...

    def put(self, name: str, path: Path) -> None:
        """Write a file whole, and replace what is there."""
        ...

    def take(self, name: str, path: Path, *, size: int) -> None:
        """Copy a file of so many bytes to where nothing lies yet.

        Raises
        ------
        InputError
            If it is not there, or has another size; nothing is left at ``path``.
        """
        ...

    def names(self, prefix: str) -> tuple[str, ...]:
        """Return the names that begin with ``prefix/``, at most 100,000."""
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; what is not there is passed over."""
        ...
