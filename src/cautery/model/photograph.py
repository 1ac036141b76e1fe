"""A photograph of a seized exhibit: which bytes can be one, and one that waits to be filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cautery.model.evidence import Digest
from cautery.model.times import require_utc

MAX_PHOTO_BYTES = 64 << 20
HEAD_BYTES = 12
"""Of a file, from which its kind is told."""

PICTURES: Mapping[str, str] = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
"""The media types that a photograph may have, each with the ending of a file's name."""
_BEGINNINGS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


def picture_type(head: bytes) -> str | None:
    """Return the media type that the first bytes of a file show; ``None``: it is no photograph.

    Nothing is decoded.

    Examples
    --------
    >>> picture_type(b"RIFF....WEBPVP8 "), picture_type(b"GIF89a")
    ('image/webp', None)
    """
    for beginning, media_type in _BEGINNINGS.items():
        if head.startswith(beginning):
            return media_type
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Photograph:
    """A photograph that was sent to the room and waits in the tray.

    Parameters
    ----------
    desk : str
        Verifier key of the case that it is for.
    case : str
        The case's name in the room.
    number : str
        Number of the exhibit in the register.
    exhibit : Digest
        Digest of the exhibit's entry, as its label carries it.
    agency : str
        Id of the agency for which the sender sits at the table.
    account : str
        Id of the sender's account.
    by : str
        The name by which the sender comes in.
    at : datetime
        When it had come whole, in UTC, by the room's clock.
    note : str
        What the sender says of it; empty: nothing.
    digest : Digest
        Of its bytes.
    size : int
        Of its bytes.
    media_type : str
        By its first bytes.
    """

    desk: str
    case: str
    number: str
    exhibit: Digest
    agency: str
    account: str
    by: str
    at: datetime
    note: str
    digest: Digest
    size: int
    media_type: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    @property
    def key(self) -> str:
        """The 16 digits of the exhibit's entry that stand in addresses and on its label."""
        return self.exhibit[7:23]

    @property
    def sha256(self) -> str:
        """The hex digits of its digest."""
        return self.digest.removeprefix("sha256:")
