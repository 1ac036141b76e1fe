"""Checks that people asked for: each in a thread of its own, a few at a time, the newest kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock, Semaphore, Thread
from typing import Literal

from cautery.evidence.ports import CaseStore
from cautery.messages import in_language, language
from cautery.model.ports import Clock
from cautery.pages.room.view import CheckView
from cautery.workflows.browse.recheck import recheck

_AT_A_TIME = 2
"""Each hashes a whole case: more would only make each other slow."""


class Rechecks:
    """The checks of a room. They last as long as it is open: nothing is written anywhere."""

    def __init__(self, store: CaseStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._checks: dict[str, CheckView] = {}
        self._lock = Lock()
        self._places = Semaphore(_AT_A_TIME)
        self._threads: list[Thread] = []

    def newest(self) -> Mapping[str, CheckView]:
        """Return the newest check of each case."""
        with self._lock:
            return dict(self._checks)

    def of(self, id: str) -> CheckView | None:
        """Return the newest check of a case; ``None``: nobody has asked for one."""
        with self._lock:
            return self._checks.get(id)

    def begin(self, id: str, path: Path) -> None:
        """Begin to check a case, unless it is being checked."""
        with self._lock:
            running = self._checks.get(id)
            if running is not None and running.running:
                return
            self._checks[id] = CheckView(running=True, started_at=self._clock.now())
        thread = Thread(
            target=self._check, args=(id, path, language()), name=f"recheck-{id}", daemon=True
        )
        self._threads = [one for one in self._threads if one.is_alive()]
        thread.start()
        self._threads.append(thread)

    def wait(self) -> None:
        """Wait until every check that was begun is over."""
        while self._threads:
            self._threads.pop().join()

    def _check(self, id: str, path: Path, tongue: str) -> None:
        def progress(step: Literal["files", "records"], done: int, of: int) -> None:
            with self._lock:
                self._checks[id] = replace(self._checks[id], step=step, done=done, of=of)

        with self._places, in_language(tongue):
            found = recheck(path, store=self._store, now=self._clock.now, progress=progress)
        with self._lock:
            self._checks[id] = found
