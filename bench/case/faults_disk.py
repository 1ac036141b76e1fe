"""What a disk may hold after a power cut: a process's writes replayed, less what was not flushed.

``strace`` records what a process does to the files of a folder. Up to any moment of that, a file
surely holds what it held when it was last flushed (fsync(2), fdatasync(2)); each page that was
written later may have reached the disk, or not, or only its first sectors. A name surely stands as
it stood when its folder was last flushed; later changes of names are there up to some point, in
order, as the journal of a file system keeps them. A new file whose folder was not flushed is gone.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PAGE = 4096
_SECTOR = 512
_CALLS = (
    "openat,close,write,pwrite64,lseek,ftruncate,fallocate,fsync,fdatasync,"
    "rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,fcntl"
)
_CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
Call = tuple[str, str, int]
"""Its name, its arguments as ``strace`` writes them, and what it returned."""

_HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
_CREATE, _EXCLUSIVE, _TRUNCATE = "O_CREAT", "O_EXCL", "O_TRUNC"


@dataclass(eq=False)
class File:
    """A file's bytes: what is surely on disk, what the process sees, and what came in between."""

    safe: bytes = b""
    live: bytearray = field(default_factory=bytearray)
    later: list[tuple[str, int, bytes]] = field(default_factory=list)

    def write(self, at: int, data: bytes) -> None:
        """Write somewhere; the file grows if it must."""
        _put(self.live, at, data)
        self.later.append(("write", at, data))

    def resize(self, size: int) -> None:
        """Cut the file, or fill it up with zeros."""
        _resize(self.live, size)
        self.later.append(("resize", size, b""))

    def flush(self) -> None:
        """Put all of it on the disk."""
        self.safe, self.later = bytes(self.live), []

    def after_cut(self, rng: random.Random) -> bytes:
        """Return what a power cut may leave of it."""
        left = bytearray(self.safe)
        chance = rng.choice((0.0, 0.5, 0.9, 1.0))
        for what, at, data in self.later:
            if what == "resize":
                if rng.random() < chance:
                    _resize(left, at)
                continue
            start = 0
            while start < len(data):
                end = min(len(data), start + _PAGE - (at + start) % _PAGE)
                if rng.random() < chance:
                    piece = data[start:end]
                    if rng.random() < 0.1:  # torn
                        piece = piece[: _SECTOR * rng.randrange(_PAGE // _SECTOR)]
                    _put(left, at + start, piece)
                start = end
        return bytes(left)


@dataclass(eq=False)
class Folder:
    """A folder's names: those that surely stand, those that the process sees, and the changes."""

    safe: dict[str, File | Folder] = field(default_factory=dict)
    live: dict[str, File | Folder] = field(default_factory=dict)
    later: list[dict[str, File | Folder | None]] = field(default_factory=list)

    def change(self, **names: File | Folder | None) -> None:
        """Set or remove names, all at once."""
        self.later.append(names)
        _apply(self.live, names)

    def flush(self) -> None:
        """Put all names on the disk."""
        self.safe, self.later = dict(self.live), []

    def after_cut(self, rng: random.Random) -> dict[str, File | Folder]:
        """Return the names that a power cut may leave."""
        left = dict(self.safe)
        for names in self.later[: rng.randrange(len(self.later) + 1)]:
            _apply(left, names)
        return left


class Disk:
    """A folder as the recorded calls make it, call by call.

    Parameters
    ----------
    root : Path
        Only what happens below it counts; it was empty at the start.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.top = Folder()
        self._open: dict[int, tuple[File | Folder, int]] = {}
        self.said: list[bytes] = []
        """Lines that the process wrote to its standard output so far."""

    def play(self, call: str, arguments: str, result: int) -> bool:
        """Do what a call did; tell whether that touched the disk or was a line said."""
        if result < 0:
            return False
        play = getattr(self, f"_{call}", None)
        return play is not None and bool(play(arguments, result))

    def end(self) -> None:
        """End the process: what it had open is closed, and nothing is flushed."""
        self._open.clear()

    def cut(self, to: Path, rng: random.Random) -> None:
        """Write to an empty folder what a power cut at this moment may leave."""
        _write_out(self.top, to, rng)

    def _openat(self, arguments: str, result: int) -> bool:
        path = self._path(arguments)
        if path is None:
            return False
        if not path:
            self._open[result] = (self.top, 0)
            return False
        folder, name = self._parent(path)
        node = folder.live.get(name)
        made = node is None
        if node is None:
            if _CREATE not in arguments:
                return False
            node = File()
            folder.change(**{name: node})
        elif _TRUNCATE in arguments and isinstance(node, File):
            node.resize(0)
            made = True
        self._open[result] = (node, 0)
        return made

    def _close(self, arguments: str, _: int) -> bool:
        self._open.pop(int(arguments), None)
        return False

    def _write(self, arguments: str, result: int) -> bool:
        handle = int(arguments.partition(",")[0])
        if handle == 1:
            self.said.extend(_data(arguments).splitlines(keepends=True))
            return True
        if handle not in self._open:
            return False
        node, at = self._open[handle]
        assert isinstance(node, File)
        node.write(at, _data(arguments)[:result])
        self._open[handle] = (node, at + result)
        return True

    def _pwrite64(self, arguments: str, result: int) -> bool:
        handle = int(arguments.partition(",")[0])
        if handle not in self._open:
            return False
        node, _ = self._open[handle]
        assert isinstance(node, File)
        node.write(int(arguments.rpartition(",")[2]), _data(arguments)[:result])
        return True

    def _lseek(self, arguments: str, result: int) -> bool:
        handle = int(arguments.partition(",")[0])
        if handle in self._open:
            self._open[handle] = (self._open[handle][0], result)
        return False

    def _ftruncate(self, arguments: str, _: int) -> bool:
        handle, size = arguments.split(", ")
        if int(handle) not in self._open:
            return False
        node, _at = self._open[int(handle)]
        assert isinstance(node, File)
        node.resize(int(size))
        return True

    def _fallocate(self, arguments: str, _: int) -> bool:
        handle, _mode, start, length = arguments.split(", ")
        if int(handle) not in self._open:
            return False
        node, _at = self._open[int(handle)]
        assert isinstance(node, File)
        node.resize(max(len(node.live), int(start) + int(length)))
        return True

    def _fsync(self, arguments: str, _: int) -> bool:
        handle = int(arguments)
        if handle not in self._open:
            return False
        self._open[handle][0].flush()
        return True

    _fdatasync = _fsync

    def _fcntl(self, arguments: str, result: int) -> bool:
        if "F_DUPFD" in arguments:
            handle = int(arguments.partition(",")[0])
            if handle in self._open:
                raise ValueError("a descriptor was doubled, which is not replayed")
        return bool(result) and False

    def _rename(self, arguments: str, _: int) -> bool:
        old, new = self._paths(arguments)
        if old is None or new is None:
            return False
        (here, was), (there, name) = self._parent(old), self._parent(new)
        if here is not there:
            raise ValueError(f"{old} was moved to another folder, which is not replayed")
        here.change(**{was: None, name: here.live[was]})
        return True

    _renameat = _renameat2 = _rename

    def _unlink(self, arguments: str, _: int) -> bool:
        path = self._path(arguments)
        if not path:
            return False
        folder, name = self._parent(path)
        folder.change(**{name: None})
        return True

    _unlinkat = _rmdir = _unlink

    def _mkdir(self, arguments: str, _: int) -> bool:
        path = self._path(arguments)
        if not path:
            return False
        folder, name = self._parent(path)
        folder.change(**{name: Folder()})
        return True

    _mkdirat = _mkdir

    def _paths(self, arguments: str) -> list[str | None]:
        """Return paths below the root; ``None`` for others."""
        found = [
            bytes.fromhex(one.replace("\\x", "")).decode() for one, _ in _HEX.findall(arguments)
        ]
        return [
            one.removeprefix(self._root).strip("/")
            if one == self._root or one.startswith(self._root + "/")
            else None
            for one in found
        ]

    def _path(self, arguments: str) -> str | None:
        return next(iter(self._paths(arguments)), None)

    def _parent(self, path: str) -> tuple[Folder, str]:
        *folders, name = path.split("/")
        here = self.top
        for one in folders:
            node = here.live[one]
            assert isinstance(node, Folder)
            here = node
        return here, name


def recorded(command: list[str], log: Path, *, kill_at: str = "") -> list[Call]:
    """Run a command of one thread to its end, or until it is killed; return its calls.

    Parameters
    ----------
    kill_at : str
        Where to kill it, as ``strace`` takes it: ``CALL:signal=KILL:when=NUMBER``.

    Raises
    ------
    OSError
        If it failed, or nothing can be traced here.
    """
    # With --seccomp-bpf the process stops at these calls alone: that takes a third less CPU.
    options = ["-f", "--seccomp-bpf", "-xx", "-s", "4000000"]
    options += ["-e", f"trace={_CALLS}", "-o", str(log)]
    if kill_at:
        options += ["-e", f"inject={kill_at}"]
    done = subprocess.run(
        ["strace", *options, *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode and not kill_at:
        raise OSError(done.stderr[-2000:])
    return list(_calls(log))


def _calls(log: Path) -> Iterator[Call]:
    """Yield calls in the order in which they ended, with those that another one interrupted."""
    begun: dict[str, str] = {}
    with log.open() as lines:
        for line in lines:
            thread = line.partition(" ")[0]
            whole = line
            if "<unfinished ...>" in line:
                begun[thread] = line.partition(" <unfinished ...>")[0]
                continue
            if " resumed>" in line:
                whole = begun.pop(thread) + line.partition(" resumed>")[2]
            if (found := _CALL.match(whole)) is not None:
                yield found[1], found[2], int(found[3])


def _data(arguments: str) -> bytes:
    found = _HEX.search(arguments)
    if found is None or found[2]:
        raise ValueError(f"bytes were not recorded whole: {arguments[:80]}")
    return bytes.fromhex(found[1].replace("\\x", ""))


def _put(content: bytearray, at: int, data: bytes) -> None:
    if data and len(content) < at:
        content.extend(bytes(at - len(content)))
    content[at : at + len(data)] = data


def _resize(content: bytearray, size: int) -> None:
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


def _apply(names: dict[str, File | Folder], changes: dict[str, File | Folder | None]) -> None:
    for name, node in changes.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _write_out(folder: Folder, to: Path, rng: random.Random) -> None:
    for name, node in folder.after_cut(rng).items():
        if isinstance(node, Folder):
            (to / name).mkdir(mode=0o700)
            _write_out(node, to / name, rng)
        else:
            (to / name).write_bytes(node.after_cut(rng))
            (to / name).chmod(0o600)


if __name__ == "__main__":
    sys.exit("a part of bench/case/faults.py")
