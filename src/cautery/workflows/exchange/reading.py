"""A file of exchange, read in a process that is closed in: a package, or a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cautery.errors import InputError, SourceError
from cautery.exchange.catalogue import format_named, format_of
from cautery.exchange.shape import MOST_BYTES, NOTHING, Assumed, Format, Reading
from cautery.formats.jobs import sound
from cautery.model.evidence import Digest, digest_of
from cautery.model.wire import to_json
from cautery.packed import content_of
from cautery.workflows.exchange.jobs import READ
from cautery.workflows.exchange.packing import unpacked_reading

HEAD_BYTES = 64_000
"""What a format is recognised by."""


class ReadingChild(Protocol):
    """A process that reads, and that can be ended (:mod:`cautery.adapters.reading`)."""

    def work(self, job: str, asked: object, data: bytes, /) -> bytes:
        """Do one job.

        Raises
        ------
        LimitError
            If it took more time or memory than such bytes may.
        SourceError
            If its reader died of the bytes.
        InputError
            If the bytes break a rule of their format.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """A file of exchange, and what it says.

    Parameters
    ----------
    file : str
        Its name.
    raw : bytes
        As it came.
    format : Format
        What it was taken for.
    reading : Reading
        What it says.
    """

    file: str
    raw: bytes
    format: Format
    reading: Reading

    @property
    def digest(self) -> Digest:
        """Digest of its bytes, as they came."""
        return digest_of(self.raw)


def read_file(
    path: Path,
    child: Callable[[], ReadingChild],
    *,
    named: str | None = None,
    assumed: Assumed = NOTHING,
) -> ReadFile:
    """Read a file of exchange, packed or not, or what is piped in (``-``).

    Parameters
    ----------
    child : callable
        Returns the process that reads; asked for once the file is here and not too long.
    named : str or None
        Name of its format; ``None``: it is recognised by its beginning.
    assumed : Assumed
        What holds of it where it does not say so itself.

    Raises
    ------
    InputError
        If it cannot be read: its name, the object's id, the path in it and the rule.
    ConfinementError
        If no process can be closed in on this machine.
    """
    if named is not None:
        format_named(named)  # before anything is read
    return read_bytes(
        content_of(path, most=MOST_BYTES), str(path), child, named=named, assumed=assumed
    )


def read_bytes(
    raw: bytes,
    file: str,
    child: Callable[[], ReadingChild],
    *,
    named: str | None = None,
    assumed: Assumed = NOTHING,
) -> ReadFile:
    """Read the bytes of a file of exchange, as :func:`read_file` does.

    Raises
    ------
    InputError, ConfinementError
        As :func:`read_file`.
    """
    if len(raw) > MOST_BYTES:
        raise InputError(f"{file}: more than {MOST_BYTES >> 20} MiB")
    if len(raw) < HEAD_BYTES and not raw.strip():
        raise InputError(f"{file}: it is empty")
    found = format_of(raw[:HEAD_BYTES], file) if named is None else format_named(named)
    asked = {"format": found.name, "file": file, "assumed": to_json(assumed)}
    try:
        packed = child().work(READ, asked, raw)
        reading = sound(lambda: unpacked_reading(packed))
    except SourceError as error:
        # Of such a file nobody can say more: it was too much for its reader, or ended it.
        raise InputError(f"{file}: as {found.title}, {error}", hint=error.hint) from error
    return ReadFile(file=file, raw=raw, format=found, reading=reading)
