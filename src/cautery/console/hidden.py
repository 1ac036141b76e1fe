"""What a page does not tell strangers and guests: where anything lies on the machine.

An error names the file or the server that it is about, so that whoever runs the room finds it. To
everybody else such a place is of no use, and tells who looks for a way in what to look for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from cautery.errors import CauteryError, StorageError
from cautery.messages import tr

_PLACE = re.compile(
    r"(?:^|[\s'\"(=])(?:/[^\s/:'\"<]+){3,}|\b(?:postgresql|s3|sqlite)[\w+]*:|\.sqlite\b"
)
"""A path of three steps or more, a server, or a database. The room's own addresses have fewer steps
where an error names them."""
HIDDEN = "…"


def places(folders: Iterable[Path | None]) -> tuple[str, ...]:
    """Return how some folders are spelled on pages, the longest first; none that says nothing."""
    there = [folder for folder in folders if folder is not None]
    spelled = {text for folder in there for text in (str(folder), str(folder.absolute()))}
    absolute = (text for text in spelled if text.startswith("/") and len(text) > 1)
    return tuple(sorted(absolute, key=len, reverse=True))


def without_places(html: str, known: Iterable[str]) -> str:
    """Return a page without the places of the machine."""
    for place in known:
        if place in html:
            html = re.sub(rf"{re.escape(place)}[^\s<>\"':]*", HIDDEN, html)
    return html


def words_for(error: CauteryError, known: Iterable[str]) -> tuple[str, str] | None:
    """Return what a stranger reads of an error, and its hint; ``None``: the error tells no place.

    Parameters
    ----------
    known : iterable of str
        Places of the room, as they are spelled.
    """
    text = f"{error} {error.hint}"
    tells = isinstance(error, StorageError) or _PLACE.search(text)
    if not tells and not any(place in text for place in known):
        return None
    return (
        tr("This cannot be read now."),
        tr("Whoever runs the room finds the reason in its log."),
    )
