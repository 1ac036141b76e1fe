"""Mails in files: an mbox, a Maildir, or one mail a file.

Reaches: nothing but the files that a person names.

Lawful basis: the mails were sent to whoever runs this.

Manners: files and folders are only read, and bounded.

Format: RFC 4155 (mbox); Maildir.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cautery.act.notice_replies import MOST_BYTES, MOST_MAILS, mails_in
from cautery.errors import InputError
from cautery.packed import require_file

_MOST_MBOX_BYTES = 200_000_000


def mails_of(path: Path) -> Iterator[tuple[bytes, datetime | None]]:
    """Yield the mails of a file, or of a Maildir's ``new`` and ``cur``, each with its arrival.

    A mail that is too long is cut one byte above :data:`MOST_BYTES`, so that its reader refuses it
    and goes on with the others. In a Maildir, what is moved away or cannot be read is passed over:
    it is there again in the next round, or somebody else's.

    Yields
    ------
    bytes
        The mail.
    datetime or None
        When its file was written, in UTC; ``None``: no time that can be told.

    Raises
    ------
    InputError
        If the file cannot be read, or has too many mails or bytes.
    """
    if not path.is_dir():
        data = _read(path, _MOST_MBOX_BYTES)
        if len(data) > _MOST_MBOX_BYTES:
            raise InputError(f"{path}: longer than {_MOST_MBOX_BYTES} bytes")
        for mail in mails_in(data):
            yield mail, _arrival(path)
        return
    folders = [path / name for name in ("new", "cur") if (path / name).is_dir()]
    if not folders:
        raise InputError(f"{path}: a folder without new and cur is no Maildir")
    names = sorted(file for folder in folders for file in folder.iterdir())
    if len(names) > MOST_MAILS:
        raise InputError(f"{path}: more than {MOST_MAILS} mails in one folder")
    for file in names:
        try:
            mail = _read(file, MOST_BYTES)
        except InputError:
            continue
        yield mail, _arrival(file)


def _arrival(path: Path) -> datetime | None:
    with suppress(OSError, ValueError, OverflowError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def _read(path: Path, limit: int) -> bytes:
    """Return the bytes of a file, at most one more than the limit."""
    require_file(path)
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
