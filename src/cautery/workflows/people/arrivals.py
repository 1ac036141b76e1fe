"""How photographs come into the tray of a room: piece by piece, and only where there is place."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from cautery.errors import InputError
from cautery.messages import tr
from cautery.model.evidence import Digest
from cautery.model.photograph import HEAD_BYTES, MAX_PHOTO_BYTES, Photograph, picture_type
from cautery.workflows.people.ports import ArrivingFile, TrayFiles

MOST_WAITING, MOST_BYTES = 2_000, 16 << 30
"""What a tray holds. Judgement: an action day of forty searches."""
MOST_OF_ONE, MOST_BYTES_OF_ONE = 200, 2 << 30
"""Of one account."""
AT_A_TIME, AT_A_TIME_OF_ONE = 8, 2
"""Photographs that arrive at the same time."""


class Arrival:
    """A photograph that arrives, piece by piece; nothing of it is decoded."""

    def __init__(self, file: ArrivingFile) -> None:
        self.file, self.size = file, 0
        self._hash, self._head = hashlib.sha256(), b""

    def write(self, piece: bytes) -> None:
        """Take the next bytes.

        Raises
        ------
        InputError
            If it is too large, or no photograph.
        StorageError
            If it cannot be written.
        """
        self.size += len(piece)
        if self.size > MAX_PHOTO_BYTES:
            raise InputError(too_large())
        if len(self._head) < HEAD_BYTES:
            self._head += piece[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES:
                self._media_type()
        self._hash.update(piece)
        self.file.write(piece)

    def whole(self) -> tuple[Digest, str]:
        """Return digest and media type of what has arrived whole.

        Raises
        ------
        InputError
            If it is no photograph.
        """
        if not self.size:
            raise InputError(tr("Choose a photograph."))
        return Digest(f"sha256:{self._hash.hexdigest()}"), self._media_type()

    def _media_type(self) -> str:
        media_type = picture_type(self._head)
        if media_type is None:
            raise InputError(
                tr("This is no photograph that the register takes: it takes JPEG, PNG and WebP."),
                hint=tr("In the settings of an iPhone's camera, choose “Most Compatible”."),
            )
        return media_type


class Arrivals:
    """Lends places to what arrives, a few at a time."""

    def __init__(self, files: TrayFiles) -> None:
        self._files = files
        self._arriving: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def place(self, account: str) -> Iterator[Arrival]:
        """Lend a place for a photograph of an account; what is not kept is gone afterwards.

        Raises
        ------
        InputError
            If so many arrive already.
        StorageError
            If it cannot be written.
        """
        with self._lock:
            if self._arriving[account] >= AT_A_TIME_OF_ONE or self._arriving.total() >= AT_A_TIME:
                raise InputError(tr("So many photographs at a time: send this one again."))
            self._arriving[account] += 1
        try:
            with self._files.arriving() as file:
                yield Arrival(file)
        finally:
            with self._lock:
                self._arriving[account] -= 1


def require_place(photographs: Sequence[Photograph], waiting: int, account: str, size: int) -> None:
    """Raise unless there is place for another photograph.

    Parameters
    ----------
    photographs : sequence of Photograph
        Those that wait and can be read.
    waiting : int
        How many wait in all.
    size : int
        Bytes of the one that comes.

    Raises
    ------
    InputError
        If there is none.
    """
    if size > MAX_PHOTO_BYTES:
        raise InputError(too_large())
    own = [photograph.size for photograph in photographs if photograph.account == account]
    if len(own) >= MOST_OF_ONE or sum(own) + size > MOST_BYTES_OF_ONE:
        raise InputError(
            tr("So many of your photographs wait already that there is no place for more."),
            hint=tr("Ask the desk of the operation to file them."),
        )
    whole = sum(photograph.size for photograph in photographs)
    if waiting >= MOST_WAITING or whole + size > MOST_BYTES:
        raise InputError(
            tr("So many photographs wait already that there is no place for more."),
            hint=tr("Ask the desk of the operation to file them."),
        )


def too_large() -> str:
    """Return what who sends too much is told."""
    return tr("A photograph has at most %(count)s MiB.", count=str(MAX_PHOTO_BYTES >> 20))
