"""A process of its own that unblocks everything when the agent is dead.

An agent that is killed leaves in the resolvers what was there. The agent writes a heartbeat at
each pass; when it is 120 s old, or after a boot when none has come for 120 s, all drivers are
flushed. The age is counted from boot, so that no clock on the wall bears on it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cautery_provider.clock import Machine
from cautery_provider.drivers import Driver, DriverError
from cautery_provider.store import Store

OLD_S = 120.0
_AGAIN_S = 60.0  # a resolver that comes back with its old zone is flushed, too
_LOCK_S = 5.0  # an agent that hangs may hang with the lock


class Watchdog:
    """Whether the agent lives, and what to do if not."""

    def __init__(
        self,
        *,
        store: Store,
        drivers: Sequence[Driver],
        machine: Machine,
        say: Callable[[str], None],
        old_s: float = OLD_S,
    ) -> None:
        self._store, self._drivers, self._machine, self._say = store, drivers, machine, say
        self._old_s = old_s
        self._born_s = machine.boot_s()
        self._flush_at_s = 0.0
        self._dead = False

    def age_s(self) -> float:
        """Return how long ago the agent gave a sign of life, in seconds."""
        beat = self._store.heartbeat()
        # A beat of an earlier boot says nothing of this one: its count from boot began elsewhere.
        if beat is None or beat.boot_id != self._machine.boot_id():
            return self._machine.boot_s() - self._born_s
        return self._machine.boot_s() - beat.boot_s

    def look(self) -> bool:
        """Flush if the agent is dead; return whether it is."""
        if self.age_s() < self._old_s:
            if self._dead:
                self._say("the agent lives again")
            self._dead, self._flush_at_s = False, 0.0
            return False
        if not self._dead:
            self._say(f"no sign of the agent for {self._old_s:.0f} s: everything is unblocked")
        self._dead = True
        if self._machine.boot_s() >= self._flush_at_s:
            errors = flush(self._store, self._drivers, self._say)
            # What failed is tried again at the next look.
            self._flush_at_s = 0.0 if errors else self._machine.boot_s() + _AGAIN_S
        return True

    def run(self, stop: threading.Event, *, each_s: float = 1.0) -> None:
        """Look until `stop` is set."""
        while not stop.wait(each_s):
            self.look()


def flush(store: Store, drivers: Sequence[Driver], say: Callable[[str], None]) -> list[str]:
    """Take all blocks of this list out of all drivers; return what went wrong."""
    errors = []
    with store.lock(wait_s=_LOCK_S):  # had or not: who is blocked must not wait for it
        for driver in drivers:
            driver.forget()
            try:
                driver.apply([], datetime.now(UTC))
            except Exception as error:  # noqa: BLE001 - the other drivers block people, too
                known = isinstance(error, DriverError)
                errors.append(str(error) if known else f"{driver.name}: {error!r}")
                say(f"flush: driver {errors[-1]}")
        # An agent that lives after all would else believe that what it wrote still stands.
        store.touched_by("flush")
    return errors
