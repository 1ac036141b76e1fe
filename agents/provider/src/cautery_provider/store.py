"""What the agent knows, on disk: written whole or not at all, and read through the verifier.

version.json        the last accepted version: text and signature
referrals/HEX.json  a referral that it names, with its approvals; HEX is the digest of its text
admitted.json       the targets that the provider's rules let in, with the version that added each
hold.json           that the provider holds the list, and since which version
heartbeat.json      the highest time seen; its age tells the watchdog whether the agent lives
outcome.json        what the last pass did, for `status`
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cautery_provider.blocks import Key
from cautery_provider.clock import Mark
from cautery_provider.form import Signed
from cautery_provider.strict import written
from cautery_provider.verifier import Accepted


@dataclass(frozen=True, slots=True)
class Hold:
    """The provider holds the list: what versions after `keep` added is not blocked."""

    keep: int
    since: str
    command: str


class Store:
    """A folder that one agent owns. Commands and the watchdog share it by a lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "referrals").mkdir(parents=True, exist_ok=True, mode=0o750)

    @contextmanager
    def lock(self, *, wait_s: float | None = None) -> Iterator[bool]:
        """Keep other processes out; tell whether the lock was had within `wait_s` seconds."""
        with (self.folder / "lock").open("a") as file:
            locked = self._locked(file.fileno(), wait_s)
            yield locked

    @staticmethod
    def _locked(number: int, wait_s: float | None) -> bool:
        if wait_s is None:
            fcntl.flock(number, fcntl.LOCK_EX)
            return True
        last = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= last:
                    return False
                time.sleep(0.1)
            else:
                return True

    def keep(self, accepted: Accepted, before: Accepted | None) -> None:
        """Write an accepted state: new referrals first, then the version that names them."""
        folder = self.folder / "referrals"
        wanted = {f"{_hex(digest)}.json" for digest in accepted.referrals}
        kept = before.referrals if before else {}
        for digest, referral in accepted.referrals.items():
            if digest not in kept or kept[digest].approvals != referral.approvals:
                approvals = [_as_json(approval) for approval in referral.approvals]
                self._write(
                    f"referrals/{_hex(digest)}.json",
                    {"text": referral.text, "approvals": approvals},
                )
        signed = _as_json(accepted.signed)
        self._write("version.json", {"version": signed["text"], "signature": signed["signature"]})
        for path in folder.iterdir():
            if path.name not in wanted:
                # Last: killed before this, the folder has a file too many, never one too few.
                path.unlink(missing_ok=True)

    def envelope(self) -> bytes | None:
        """Return the kept state as an envelope, for the verifier; None if there is none."""
        signed = self._read("version.json")
        if not isinstance(signed, dict):
            return None
        referrals = [self._read(f"referrals/{name}") for name in self._referral_names(signed)]
        return written(signed | {"referrals": referrals}).encode()

    def _referral_names(self, signed: Mapping[str, Any]) -> list[str]:
        try:
            named = json.loads(signed["version"])["referrals"]
            return [f"{_hex(digest)}.json" for digest in named]
        except (KeyError, TypeError, ValueError, AttributeError):
            return []

    def keep_admitted(self, admitted: Mapping[Key, int]) -> None:
        """Write which targets are let in."""
        rows = [[lever, target, version] for (lever, target), version in admitted.items()]
        self._write("admitted.json", rows)

    def admitted(self) -> dict[Key, int]:
        """Return which targets are let in."""
        try:
            rows = self._read("admitted.json")
            return {(lever, target): int(version) for lever, target, version in rows or ()}
        except (TypeError, ValueError):
            return {}

    def hold(self) -> Hold | None:
        """Return whether the provider holds the list. A damaged word to hold is one to flush."""
        if not (self.folder / "hold.json").exists():
            return None
        try:
            row = self._read("hold.json")
            return Hold(int(row["keep"]), str(row["since"]), str(row["command"]))
        except (KeyError, TypeError, ValueError):
            return Hold(0, "unknown", "flush")

    def set_hold(self, hold: Hold | None) -> None:
        """Write that the provider holds the list, or does so no longer."""
        if hold is None:
            (self.folder / "hold.json").unlink(missing_ok=True)
            _sync(self.folder)
        else:
            self._write("hold.json", asdict(hold))

    def beat(self, mark: Mark) -> None:
        """Write the highest time seen. Its age is the age of the agent's last pass."""
        self._write("heartbeat.json", asdict(mark))

    def heartbeat(self) -> Mark | None:
        """Return the last heartbeat, or None."""
        try:
            row = self._read("heartbeat.json")
            trusted = row["trusted"] is True
            return Mark(float(row["highest_s"]), float(row["boot_s"]), str(row["boot_id"]), trusted)
        except (KeyError, TypeError, ValueError):
            return None

    def forget_time(self) -> None:
        """Forget the highest time seen: a person says that the machine's clock is right."""
        (self.folder / "heartbeat.json").unlink(missing_ok=True)
        _sync(self.folder)

    def keep_outcome(self, outcome: Mapping[str, Any]) -> None:
        """Write what the last pass did."""
        self._write("outcome.json", outcome)

    def outcome(self) -> dict[str, Any]:
        """Return what the last pass did."""
        outcome = self._read("outcome.json")
        return outcome if isinstance(outcome, dict) else {}

    def hold_all(self) -> None:
        """Hold the list with a file of no bytes, for which a full disk has room."""
        (self.folder / "hold.json").touch()

    def touched_by(self, command: str) -> None:
        """Leave word that somebody else wrote to the drivers, so that the agent looks anew."""
        try:
            self._write("touched.json", {"command": command, "at_ns": time.time_ns()})
        except OSError:  # its time says enough, and takes no room
            (self.folder / "touched.json").touch()

    def touches(self) -> tuple[int, ...]:
        """Return what changes when another process has written to the drivers or the hold."""
        numbers = []
        for name in ("touched.json", "hold.json"):
            try:
                numbers.append((self.folder / name).stat().st_mtime_ns)
            except FileNotFoundError:
                numbers.append(0)
        return tuple(numbers)

    def _write(self, name: str, value: object) -> None:
        write_whole(self.folder / name, json.dumps(value, ensure_ascii=False))

    def _read(self, name: str) -> Any:
        """Read a file; a missing or damaged one says nothing, and the feed sends it anew."""
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, RecursionError):
            return None


def write_whole(path: Path, text: str, *, mode: int = 0o640) -> None:
    """Write a file so that a reader, a kill or a power cut finds the old bytes or the new ones."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)  # a link or a pipe that somebody has put there
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        os.fchmod(number, mode)
        file.write(text)
        file.flush()
        os.fsync(number)
    draft.replace(path)
    _sync(path.parent)


def write_over(path: Path, text: str) -> None:
    """Write a file into the room that it has, for a disk that has no other.

    Raises
    ------
    OSError
        If the file is shorter than the text, or cannot be written.
    """
    data = text.encode()
    number = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(number, "wb") as file:
        if os.fstat(number).st_size < len(data):
            raise OSError(f"{path}: no room")
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(number)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _as_json(signed: Signed) -> dict[str, str]:
    return {"text": signed.text, "signature": signed.spelled}


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:").replace("/", "")
