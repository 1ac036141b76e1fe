"""The folder of an organisation's lists: what each case has on them, and what is published.

Reaches: one folder beside the cases, on one machine.

Lawful basis: referrals that two people approved for these lists, and nothing else of a case.

Manners: a file is written whole or not at all, for its owner's eyes. Each case writes its own files
alone; a lock keeps two cases from making one version.

Format: docs/reference/block-list.md, "Lists of an organisation".
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cautery.adapters._files import make_folders, read_whole, write_pieces, write_whole
from cautery.adapters.public_folder import PublicFolder
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.model import Digest, digest_of

SETTINGS, KEY, SHARES, PUBLIC = "lists.toml", "lists.pub", "shares", "public"
_TURN, _ALIVE, _NOTED = "turn", "alive", "version"
_MAX_SETTINGS_BYTES = 1 << 20
_MAX_SHARE_BYTES = 32 << 20
_MAX_SHARES_BYTES = 64 << 20
_MAX_BEAT_BYTES = 200
_LOOK_S = 0.02
_PATIENCE_S = 10.0
"""Making a version takes milliseconds; who has the turn for longer is stopped or hangs."""


class ListsFolder:
    """Where the lists of an organisation lie.

    Parameters
    ----------
    path : Path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def require_empty(self) -> None:
        """Raise InputError if there is something in this folder."""
        if self.path.exists() and any(self.path.iterdir()):
            raise InputError(f"{self.path}: there is something in this folder already")

    def begin(self, settings: str, key: str) -> None:
        """Make a new folder.

        Raises
        ------
        StorageError
            If it cannot be made.
        """
        try:
            make_folders(self.path / SHARES)
        except OSError as error:
            raise StorageError(f"{self.path}: {error.strerror}") from error
        PublicFolder(self.path / PUBLIC, make=True)
        write_whole(self.path / KEY, f"{key}\n".encode())
        write_whole(self.path / SETTINGS, settings.encode())

    def settings(self) -> bytes:
        """Return the bytes of its settings.

        Raises
        ------
        InputError
            If there are none.
        """
        if not (self.path / SETTINGS).is_file():
            raise InputError(
                f"{self.path}: not the folder of an organisation's lists",
                hint="Make one: cautery lists new FOLDER --origin DOMAIN --mandate FILE.",
            )
        return self._own(SETTINGS)

    def key(self) -> str:
        """Return the public key that signs its lists, as lists name it.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        return self._own(KEY).decode("utf-8", "replace").strip()

    def public(self) -> PublicFolder:
        """Return what is published.

        Raises
        ------
        InputError
            If it is not there.
        """
        return PublicFolder(self.path / PUBLIC)

    def _own(self, name: str) -> bytes:
        try:
            return read_whole(self.path / name, limit=_MAX_SETTINGS_BYTES)
        except EvidenceError as error:
            raise InputError(str(error)) from error


class FolderShares:
    """The shares of a folder, for one case; fulfils :class:`cautery.act.ports.ListShares`.

    Parameters
    ----------
    path : Path
        The folder of lists.
    case : str
        Id of the case.
    uptime : callable
        Returns which start of the machine it is, and the seconds since. The wall clock would let
        an entry live, or end, whenever somebody sets it.
    """

    def __init__(
        self, path: Path, case: str, *, uptime: Callable[[], tuple[str, float]] | None = None
    ) -> None:
        self._path = path / SHARES
        self._case = case
        self._uptime = _uptime if uptime is None else uptime

    @contextlib.contextmanager
    def turn(self, list_id: str) -> Iterator[None]:
        """Keep other cases from making a version of a list meanwhile.

        Raises
        ------
        StorageError
            If another one does not end.
        """
        path = self._folder(list_id) / _TURN
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        try:
            last = time.monotonic() + _PATIENCE_S
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > last:
                        raise StorageError(
                            f"{path}: another case has been making a version for {_PATIENCE_S:g} s",
                            hint="Is a process of Cautery stopped? End it.",
                        ) from None
                    time.sleep(_LOOK_S)
                else:
                    break
            yield
        finally:
            os.close(handle)

    def keep(self, list_id: str, share: bytes | None) -> None:
        """Write what this case has on a list; ``None``: nothing any more.

        Raises
        ------
        StorageError
            If it cannot be written; what was there before stays.
        """
        path = self._share(list_id, self._case)
        if share is None:
            self.discard(list_id, self._case)
        else:
            write_whole(path, share)

    def kept(self, list_id: str) -> bytes | None:
        """Return what this case had on a list when it last wrote; ``None``: nothing."""
        return _read(self._share(list_id, self._case))

    def others(self, list_id: str) -> Iterator[tuple[str, bytes, float]]:
        """Yield other cases, their shares, and since how many seconds they give no sign of life.

        The smallest come first. What goes beyond :data:`_MAX_SHARES_BYTES` in all is not read:
        whoever can write here would else hold up every version.

        Raises
        ------
        StorageError
            If the folder cannot be read.
        """
        try:
            paths = list(self._folder(list_id).glob("case-*.json"))
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error
        read_bytes = 0
        for size, path in sorted((_size(path), path) for path in paths):
            case = path.stem.removeprefix("case-")
            if case == self._case:
                continue
            read_bytes += size
            share = _read(path) if read_bytes <= _MAX_SHARES_BYTES else b""
            if share is not None:
                yield case, share, self._silent_s(case)

    def discard(self, list_id: str, case: str) -> None:
        """Take away the share of a case.

        Raises
        ------
        StorageError
            If it cannot be taken away.
        """
        path = self._share(list_id, case)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error

    def note(self, list_id: str, text: str) -> None:
        """Write down the text of a version before it is signed.

        Who makes the next version needs this one, and its maker may be killed before it publishes.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        write_whole(self._noted(list_id, digest_of(text.encode())), text.encode())

    def noted(self, list_id: str, digest: Digest) -> str | None:
        """Return the text of a version of this digest that was noted; ``None``: it is not there."""
        raw = _read(self._noted(list_id, digest))
        return raw.decode() if raw is not None and digest_of(raw) == digest else None

    def forget_notes(self, list_id: str, *, but: Digest) -> None:
        """Take away the noted texts of a list, but for that of its last version.

        Raises
        ------
        StorageError
            If they cannot be taken away.
        """
        last = self._noted(list_id, but)
        try:
            for path in self._folder(list_id).glob(f"*.{_NOTED}"):
                if path != last:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path}: {error.strerror}") from error

    def beat(self) -> None:
        """Give a sign of life.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        boot, since_s = self._uptime()
        # Down: a sign of life that is ahead by half a millisecond would be none.
        line = f"{boot} {math.floor(since_s * 1000) / 1000:.3f}\n".encode()
        write_pieces(self._alive(self._case), (line,), flush=False)

    def _silent_s(self, case: str) -> float:
        boot, now_s = self._uptime()
        try:
            beat = read_whole(self._alive(case), limit=_MAX_BEAT_BYTES)
            beat_boot, beat_s = beat.decode("ascii").split()
            silent_s = now_s - float(beat_s)
        except (EvidenceError, ValueError):
            return float("inf")
        return silent_s if beat_boot == boot and silent_s >= 0 else float("inf")

    def _folder(self, list_id: str) -> Path:
        path = self._path / list_id
        try:
            path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: {error.strerror}") from error
        if path.is_symlink():
            raise StorageError(f"{path}: a link to another folder")
        return path

    def _share(self, list_id: str, case: str) -> Path:
        return self._folder(list_id) / f"case-{case}.json"

    def _noted(self, list_id: str, digest: Digest) -> Path:
        return self._folder(list_id) / f"{digest.removeprefix('sha256:')}.{_NOTED}"

    def _alive(self, case: str) -> Path:
        return self._path / f"case-{case}.{_ALIVE}"


def _read(path: Path) -> bytes | None:
    """Return a share; nothing of what cannot be read, so that who reads on says that."""
    try:
        return read_whole(path, limit=_MAX_SHARE_BYTES)
    except EvidenceError:
        return b"" if path.exists() else None


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # taken away meanwhile
        return 0


def _uptime() -> tuple[str, float]:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return boot, time.clock_gettime(time.CLOCK_BOOTTIME)
