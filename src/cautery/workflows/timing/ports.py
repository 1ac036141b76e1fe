"""Ports of a log: its folder, the authorities that stamp it, and the co-signers."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class LogShelf(Protocol):
    """The folder of a log, and what of it is published."""

    def read(self, path: str) -> bytes:
        """Return a published file.

        Raises
        ------
        EvidenceError
            If it is missing.
        """
        ...

    def publish(self, path: str, content: bytes) -> None:
        """Write a file that all may read.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        ...

    def newest(self) -> bytes | None:
        """Return the newest proof as it was written, for watches beside this one."""
        ...

    def write_newest(self, content: bytes) -> None:
        """Keep the newest proof."""
        ...

    def turn(self) -> AbstractContextManager[bool]:
        """Take the turn to stamp, if no other process has it; tell whether it was taken."""
        ...
