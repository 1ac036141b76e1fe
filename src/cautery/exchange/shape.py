"""What a format of exchange is: a writer, a reader, and what its consumers are known to drop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cautery.exchange.loss import Loss
from cautery.model.exchange import Package
from cautery.model.marking import Marking

MOST_BYTES = 384 << 20
"""Of a file that is read; 100,000 indicators are 190 MiB in STIX, 250 in MISP, 320 for OpenCTI."""
MOST_ITEMS = 250_000
"""Items and relations of a package that is read, together."""
DEEPEST = 64
"""Objects in objects of a file that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A package as it was read from a file of a format.

    Parameters
    ----------
    package : Package
        What the file says.
    left_out : tuple of Loss
        What stood in the file and has no place in a package, counted by its type and field in the
        words of the format; empty: everything has.
    """

    package: Package
    left_out: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """What holds of a foreign file where it does not say so itself; a file of ours says it all.

    Parameters
    ----------
    marking : Marking or None
        Of what bears no marking; ``None``: such a file is refused.
    by : str
        Who states what nobody is named for; empty: the name of the file.
    at : datetime or None
        When it was received, in UTC, for what has no time; ``None``: such a file is refused.
    """

    marking: Marking | None = None
    by: str = ""
    at: datetime | None = None


NOTHING = Assumed()
"""A file must say everything itself."""


class Reader(Protocol):
    """Reads a file of a format."""

    def __call__(self, raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
        """Return what the file says.

        Raises
        ------
        InputError
            If the file cannot be read: its name, the object's id, the path in it and the rule.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format of exchange.

    Parameters
    ----------
    name : str
        As after ``--to``: ``stix``, ``misp`` ...
    title : str
        What it is, for people.
    suffix : str
        Of its files, with the dot.
    media_type : str
        Of its files.
    write : callable
        (package) to pieces of bytes: the same package gives the same bytes. It keeps nothing of
        what the package lacks, and never refuses a package that its reader would refuse to read.
    read : Reader
        (bytes, file name, what holds where it does not say so) to a :class:`Reading`.
    recognises : callable
        Whether the first 64 kB of a file look like it; cheap, and wrong for hostile files.
    foreseen : mapping of (noun, field) to str
        What its reader cannot give back, and why; ``*`` as a noun or field stands for each.
    consumers : mapping of str to str
        What a consumer's tool is known to drop by itself, in words; by the name of the tool.
    """

    name: str
    title: str
    suffix: str
    media_type: str
    write: Callable[[Package], Iterable[bytes]]
    read: Reader
    recognises: Callable[[bytes], bool]
    foreseen: Mapping[tuple[str, str], str] = field(default_factory=dict)
    consumers: Mapping[str, str] = field(default_factory=dict)
