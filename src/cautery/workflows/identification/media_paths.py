"""Which files of a folder are media, and in which order they are taken."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from cautery.errors import InputError
from cautery.packed import plain_name

MEDIA_SUFFIXES = frozenset(
    f".{suffix}"
    for group in (
        ("ts", "m2ts", "mts", "m2t", "mpg", "mpeg", "vob"),
        ("mp4", "m4v", "m4a", "m4s", "cmfv", "cmfa", "mov", "3gp"),
        ("mkv", "mka", "webm", "ogg", "ogv", "oga", "opus"),
        (
            "mp3",
            "mp2",
            "mpa",
            "aac",
            "ac3",
            "eac3",
            "ec3",
            "flac",
            "wav",
            "aif",
            "aiff",
            "au",
            "caf",
        ),
        ("avi", "flv", "wmv", "wma", "asf"),
    )
    for suffix in group
)
"""Of the containers that :mod:`cautery.adapters.decoder` opens; a name alone decides in a folder,
so that a damaged capture is answered for and a read-me is not."""
MOST_FILES = 1_000_000
_DIGITS = re.compile(r"([0-9]+)")


def is_media(path: Path) -> bool:
    """Tell by its name whether a file of a folder is media, packed or not."""
    return plain_name(path).suffix.lower() in MEDIA_SUFFIXES and not path.name.startswith(".")


def _is_there(path: Path) -> bool:
    """Tell a file from a folder; a pipe or a link that leads nowhere is answered for as what it is.

    Who names a pipe like media wants it read: to pass it over would look like an answer.
    """
    return not path.is_dir()


def by_name(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Return what to sort by: name order, with ``seg-9`` before ``seg-10``.

    Examples
    --------
    >>> [one.name for one in sorted(map(Path, ["s10.ts", "s9.ts", "s09.ts"]), key=by_name)]
    ['s09.ts', 's9.ts', 's10.ts']
    """
    parts = [part for part in _DIGITS.split(str(path)) if part]
    keys = [
        (0, int(part), part) if part.isascii() and part.isdigit() else (1, 0, part)
        for part in parts
    ]
    return tuple(keys)


def media_in(folder: Path) -> tuple[Path, ...]:
    """Return the media files that lie in a folder itself, in name order.

    Raises
    ------
    InputError
        If the folder cannot be read.
    """
    try:
        inside = [entry for entry in folder.iterdir() if is_media(entry) and _is_there(entry)]
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}") from error
    return tuple(sorted(inside, key=by_name))


def media_below(folder: Path) -> Iterator[Path]:
    """Yield the media files at any depth below a folder, in name order.

    Links to folders are not followed.

    Raises
    ------
    InputError
        If the folder cannot be read, or holds more files than anyone should give.
    """

    def unreadable(error: OSError) -> None:
        raise InputError(f"{error.filename or folder}: {error.strerror or error}") from error

    count = 0
    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort(key=lambda name: by_name(Path(name)))
        for name in sorted(names, key=lambda name: by_name(Path(name))):
            path = Path(parent) / name
            if not (is_media(path) and _is_there(path)):
                continue
            count += 1
            if count > MOST_FILES:
                raise InputError(f"{folder}: more than {MOST_FILES:,} media files")
            yield path
