"""Files written whole or not at all, and read without following a link or waiting on a pipe.

Reaches the local disk. Lawful basis: it keeps what the mandate's own watch saw.
Politeness: nothing is read or written outside the folder that was named.
Format: open(2), rename(2), fsync(2).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from cautery.errors import EvidenceError, StorageError

_PIECE_BYTES = 1 << 20
TEMPORARY = ".writing-"
"""Begins the name of a file that is not whole yet; the writer's process id follows."""
PRIVATE, PRIVATE_FOLDER = 0o600, 0o700
"""What a case and its keys are for: their owner alone."""


def write_whole(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write so that after a crash the file is there whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written; no partial file survives.
    """
    write_pieces(path, (content,), mode=mode)


def write_pieces(
    path: Path, pieces: Iterable[bytes], *, mode: int = PRIVATE, flush: bool = True
) -> None:
    """Write piece by piece so that the file is there whole or not at all.

    Parameters
    ----------
    flush : bool
        Put it on disk; without it, a power cut can take it, as of what is made again at any time.

    Raises
    ------
    StorageError
        If it cannot be written. What the pieces raise comes through. No partial file survives.
    """
    name = path.parent / f"{TEMPORARY}{os.getpid()}-{os.urandom(8).hex()}"
    try:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileNotFoundError as error:
        raise StorageError(f"{path}: the folder does not exist", hint="Create it first.") from error
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
            os.fchmod(handle, mode)
            file.writelines(pieces)
            file.flush()
            if flush:
                os.fsync(handle)
        # The bytes before the name: the other way round, a power cut could leave the name with no
        # bytes under it.
        os.replace(name, path)  # noqa: PTH105 - as rename(2) has it
        if flush:
            sync_folder(path.parent)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108 - by the name it was made under
        if isinstance(error, OSError):
            raise _not_written(path, error) from error
        raise


def write_new(path: Path, content: bytes, *, mode: int = PRIVATE) -> None:
    """Write a file that exists nowhere else where nothing is yet; a power cut can leave a part.

    Raises
    ------
    StorageError
        If something is there, or it cannot be written; no partial file survives an error.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    except FileExistsError as error:
        raise StorageError(f"{path}: something is there already", hint="") from error
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor
            os.fchmod(handle, mode)
            file.write(content)
            file.flush()
            os.fsync(handle)
        sync_folder(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)  # it is ours: nobody else could make it
        raise _not_written(path, error) from error


def real_path(path: Path) -> Path:
    """Return a path without links; one whose links lead in a circle fails where it is opened."""
    # Path.resolve() raises RuntimeError for a circle before Python 3.13.
    return Path(os.path.realpath(path))


def ordinary_mode() -> int:
    """Return the mode that the person's umask gives a file that is no part of a case."""
    # It can be read only by setting another; what threads make meanwhile is stricter.
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _not_written(path: Path, error: OSError) -> StorageError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StorageError(f"{path}: {error.strerror}", hint=None if full else "")


def abandoned(path: Path) -> bool:
    """Tell whether a file that is not whole has lost its writer."""
    process = path.name.removeprefix(TEMPORARY).partition("-")[0]
    if not (process.isascii() and process.isdigit() and len(process) < 10):
        return True
    try:
        # The id may be another process's by now; then the file stays until that one has ended.
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def sync_folder(path: Path) -> None:
    """Flush a folder, so that a name made or removed in it survives a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folders(path: Path, *, mode: int = PRIVATE_FOLDER) -> None:
    """Make a folder, and those above it, so that a power cut leaves them there.

    One that stands already is flushed as well: whoever made it may have been killed before that.
    """
    if not path.parent.is_dir():
        make_folders(path.parent, mode=mode)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=mode)
    sync_folder(path.parent)


@contextlib.contextmanager
def regular(path: Path) -> Iterator[int]:
    """Lend a descriptor of a regular file: no link, no pipe, no device.

    Raises
    ------
    EvidenceError
        If it is something else, or not there.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise EvidenceError(f"{path}: the file is missing") from error
    except OSError as error:
        raise EvidenceError(f"{path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise EvidenceError(f"{path}: not a regular file")
        yield handle
    finally:
        os.close(handle)


def pieces_of(path: Path, handle: int, start: int, stop: int) -> Iterator[bytes]:
    """Yield a range of an open file, a megabyte at a time, as far as it goes.

    Raises
    ------
    EvidenceError
        If it cannot be read.
    """
    while start < stop:
        try:
            piece = os.pread(handle, min(_PIECE_BYTES, stop - start), start)
        except OSError as error:
            raise EvidenceError(f"{path}: {error.strerror}") from error
        if not piece:
            return
        yield piece
        start += len(piece)


def read_whole(path: Path, *, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes.

    Raises
    ------
    EvidenceError
        If it is no such file.
    """
    with regular(path) as handle:
        size = os.fstat(handle).st_size
        if size > limit:
            raise EvidenceError(f"{path}: it has {size} bytes; at most {limit} are allowed")
        with open(handle, "rb", closefd=False) as file:
            try:
                content = file.read(limit + 1)
            except OSError as error:
                raise EvidenceError(f"{path}: {error.strerror}") from error
    if len(content) > limit:
        raise EvidenceError(f"{path}: it grew beyond {limit} bytes while it was read")
    return content
