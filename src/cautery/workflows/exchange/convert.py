"""One format made into another: written, read again apart, and what it does not keep is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cautery.errors import InputError
from cautery.exchange.catalogue import format_named
from cautery.exchange.loss import Loss, losses
from cautery.exchange.shape import Format
from cautery.model.exchange import Package
from cautery.workflows.exchange.reading import ReadingChild, read_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A package in another format.

    Parameters
    ----------
    format : Format
        The format.
    content : bytes
        Of the file.
    losses : tuple of Loss
        What it does not keep, by noun and field.
    """

    format: Format
    content: bytes
    losses: tuple[Loss, ...]


def converted(
    package: Package, name: str, child: Callable[[], ReadingChild], *, strict: bool = False
) -> Converted:
    """Write a package in a format, and measure what that format does not keep.

    Parameters
    ----------
    name : str
        Of the format.
    child : callable
        Returns the process that reads it again.
    strict : bool
        Refuse any loss.

    Raises
    ------
    InputError
        If there is no such format, or with ``strict`` if something would be lost.
    """
    found = format_named(name)
    content = b"".join(found.write(package))
    again = read_bytes(content, f"the {found.title} file", child, named=name)
    lost = losses(package, again.reading.package, foreseen=found.foreseen)
    if strict and lost:
        first = lost[0]
        raise InputError(
            f"{found.title} does not keep {first.field} of {first.count} x {first.noun}"
            + (f", nor {len(lost) - 1} more fields" if len(lost) > 1 else ""),
            hint="Without --strict the file is written, and what is lost is said.",
        )
    return Converted(format=found, content=content, losses=lost)
