"""The cases of an operations room, read without any key; and a room in a process of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from cautery import wiring
from cautery.adapters._files import real_path
from cautery.adapters.across_lists import SqliteAcross
from cautery.adapters.case_places import CasePlaces
from cautery.evidence.case_names import is_on_server
from cautery.model import Entry, Regime
from cautery.wiring.cases import reading_store
from cautery.wiring.kept import PLACE, kept_case, lists_folder, place_of
from cautery.workflows.browse.ends import ends_at
from cautery.workflows.browse.gathering import Gathering
from cautery.workflows.browse.kept import Cases
from cautery.workflows.case.registry import Registry

_NICE = 5
"""A room must not take the cores that the watch beside it needs."""


def cases_in(folder: Path) -> Cases:
    """Return the cases below a folder, for people to look at."""
    store = reading_store()
    return Cases(
        folder,
        # The first watch will make the folder.
        listed=lambda: store.below(folder) if is_on_server(folder) or folder.exists() else {},
        store=store,
        clock=wiring.clock(),
        custody=store.custody,
        opened=kept_case,
        ends=Registry(partial(ends_at, store=store), stamp=store.stamp),
    )


def gathering_of(cases: Cases) -> Gathering:
    """Return what gathers the things of these cases, to be searched; each regime lies apart."""
    store = reading_store()
    return Gathering(
        cases,
        opened=kept_case,
        stamp=store.stamp,
        identity=store.identity,
        lists=lambda regime: _across_lists(cases.folder, regime, store),
    )


def _across_lists(folder: Path, regime: Regime, store: CasePlaces) -> SqliteAcross:
    """Open what is kept of the things of the cases of one regime: in a folder of its own."""
    stores = lists_folder().with_name("across")
    _sweep(stores)
    room = f"folder {real_path(folder)}"
    if is_on_server(folder):
        room = f"server {store.server().about[0]}"
    return SqliteAcross(place_of(f"{regime} {room}", stores), regime)


def _sweep(stores: Path) -> None:
    """Remove what is kept of cases whose whole folder is gone."""
    with contextlib.suppress(OSError):
        for lists in stores.iterdir():
            try:
                _, where, folder = os.fsdecode((lists / PLACE).read_bytes()).split(" ", 2)
            except (OSError, ValueError):
                continue
            if where == "folder" and not Path(folder).exists():
                shutil.rmtree(lists, ignore_errors=True)


def has_desktop() -> bool:
    """Tell whether somebody sits before a desktop of this machine."""
    if os.environ.get("CI") or os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class RoomBeside:
    """A room in a process of its own, which opens in a browser when a case has its first record.

    Parameters
    ----------
    cases : Path
        Folder of the cases.
    page : str
        The page that is opened.
    """

    def __init__(self, cases: Path, *, page: str) -> None:
        self._command = [sys.executable, "-m", "cautery", "serve", "--port", "0"]
        self._command += ["--cases", str(cases), "--page", page]
        self._process: subprocess.Popen[str] | None = None

    def hear(self, entry: Entry) -> None:
        """Begin at the first record."""
        if self._process is None and entry.index == 0:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            with contextlib.suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)

    def address(self) -> str | None:
        """Return where it is, once it is; ``None``: it did not begin."""
        if self._process is None or self._process.stdout is None:
            return None
        return self._process.stdout.readline().removeprefix("room").strip() or None

    def wait(self) -> None:
        """Wait until somebody ends it."""
        if self._process is not None:
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
