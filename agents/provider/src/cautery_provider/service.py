"""The agent as a process: feeds, passes and acknowledgements, once or for ever."""

from __future__ import annotations

import contextlib
import hashlib
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cautery_provider.agent import Agent
from cautery_provider.clock import Linux
from cautery_provider.drivers.log import Log
from cautery_provider.feed import Arrival, Client, Poller
from cautery_provider.rules import Refused
from cautery_provider.settings import Settings
from cautery_provider.store import Store

_PASS_S = 1.0  # an entry is gone within this and a driver's own time after its end
# For `status` alone, which nobody watches; each write is a flush of the disk.
_OUTCOME_S = 10.0
_ONCE_S = 90.0
_LOOK_S = 0.05


def open_store(settings: Settings, *, shadow: bool = False) -> Store:
    """Open the folder of the agent; a shadow has one of its own."""
    return Store(settings.state / "shadow" if shadow else settings.state)


def make_agent(
    settings: Settings, store: Store, say: Callable[[str], None], *, shadow: bool = False
) -> Agent:
    """Make an agent as the configuration says."""
    return Agent(
        trust=settings.trust,
        rules=settings.rules,
        drivers=(Log(say),) if shadow else settings.drivers,
        store=store,
        machine=Linux(),
        say=say,
        shadow=shadow,
    )


class Service:
    """An agent with its feeds and its outbox."""

    def __init__(
        self, settings: Settings, say: Callable[[str], None], *, shadow: bool = False
    ) -> None:
        self.store = open_store(settings, shadow=shadow)
        self.agent = make_agent(settings, self.store, say, shadow=shadow)
        self._say = say
        self._ack = settings.ack
        self._client = Client(settings.tls)
        self._inbox: queue.Queue[Arrival] = queue.Queue(maxsize=4)
        self._outbox: queue.Queue[dict[str, Any]] = queue.Queue(maxsize=100)
        self._acknowledged: tuple[Any, ...] = ()
        self._refused: dict[str, bytes] = {}
        self._feeds: dict[str, str] = {}
        self._outcome_s = 0.0
        self._pollers = {
            feed: Poller(
                feed,
                self._client,
                self._inbox,
                since=self._since,
                poll_s=settings.poll_s,
                rng=random.Random(),  # noqa: S311 - spreads load
            )
            for feed in settings.feeds
        }

    def run(self, stop: threading.Event) -> None:
        """Fetch, check, block, unblock and acknowledge until `stop` is set."""
        for poller in self._pollers.values():
            threading.Thread(target=poller.run, args=(stop,), daemon=True).start()
        threading.Thread(target=self._post_all, args=(stop,), daemon=True).start()
        while not stop.is_set():
            try:
                arrival = self._inbox.get(timeout=self._wait_s())
            except queue.Empty:
                arrival = None
            self._pass(arrival)

    def once(self) -> dict[str, Any]:
        """Ask each feed once, make one pass, acknowledge; return what `status` shows."""
        threads = [
            threading.Thread(target=poller.ask, daemon=True) for poller in self._pollers.values()
        ]
        for thread in threads:
            thread.start()
        last = time.monotonic() + _ONCE_S
        # A feed that has nothing new says nothing: its thread just ends.
        while any(thread.is_alive() for thread in threads) and time.monotonic() < last:
            with contextlib.suppress(queue.Empty):
                self._pass(self._inbox.get(timeout=_LOOK_S))
        while not self._inbox.empty():
            self._pass(self._inbox.get())
        self._pass(None)
        while not self._outbox.empty():
            self._post(self._outbox.get())
        self._outcome_s = 0.0
        self._keep_outcome()
        return self.store.outcome()

    def _since(self) -> str | None:
        return self.agent.accepted.digest if self.agent.accepted else None

    def _wait_s(self) -> float:
        end = self.agent.next_end()
        left_s = (end - self.agent.clock.now()).total_seconds() if end else _PASS_S
        return min(_PASS_S, max(0.01, left_s))

    def _pass(self, arrival: Arrival | None) -> None:
        with self.store.lock():
            for part in (lambda: self._take(arrival), self.agent.step, self._keep_outcome):
                try:
                    part()
                except (
                    OSError
                ) as error:  # a full disk, say: what has ended is unblocked all the same
                    self._note("the state on disk", f"not written: {error}")
            self._acknowledge()

    def _take(self, arrival: Arrival | None) -> None:
        if arrival is None:
            return
        if arrival.body is None:
            self._note(arrival.feed, f"unreachable: {arrival.error}")
            return
        try:
            newer = self.agent.receive(arrival.body)
        except Refused as refused:
            self._note(arrival.feed, f"refused: {refused}")
            if refused.rule == "referral-missing":
                self._pollers[arrival.feed].whole = True
            if refused.rule != "version-old":  # a mirror that lags behind
                self._pollers[arrival.feed].refused()
            digest = hashlib.sha256(arrival.body).digest()
            # What is sent again is not said again; a mirror that lags behind is no news.
            if refused.rule != "version-old" and self._refused.get(arrival.feed) != digest:
                self._refused[arrival.feed] = digest
                self._send(self.agent.rejection(arrival.body, refused))
        else:
            self._note(arrival.feed, "ok")
            if newer and self.agent.accepted:
                self._say(f"version {self.agent.accepted.version.number} is accepted")

    def _note(self, feed: str, state: str) -> None:
        if self._feeds.get(feed) != state:
            self._say(f"feed {feed}: {state}")
        self._feeds[feed] = state

    def _acknowledge(self) -> None:
        report = self.agent.report()
        if report is None:
            return
        news = tuple(str(report[key]) for key in ("digest", "effect", "reason", "refused"))
        if news != self._acknowledged:
            self._acknowledged = news
            self._send(report)

    def _send(self, report: dict[str, Any]) -> None:
        if self._ack is None:
            return
        while True:
            try:
                self._outbox.put_nowait(report)
                return
            except queue.Full:  # the oldest is the least news
                self._outbox.get_nowait()

    def _post_all(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                report = self._outbox.get(timeout=1.0)
            except queue.Empty:
                continue
            # Given up after that: each acknowledgement states the whole, so the next one makes up
            # for it.
            for wait_s in (1, 4, 16, 0):
                if self._post(report) or stop.wait(wait_s):
                    break

    def _post(self, report: Mapping[str, Any]) -> bool:
        assert self._ack is not None
        try:
            self._client.post(self._ack, report)
        except Exception as error:  # noqa: BLE001 - the next one is sent all the same
            self._note(self._ack, f"acknowledgement not taken: {error}")
            return False
        self._note(self._ack, "ok")
        return True

    def _keep_outcome(self) -> None:
        if time.monotonic() >= self._outcome_s:
            self._outcome_s = time.monotonic() + _OUTCOME_S
            self.store.keep_outcome(self.agent.outcome() | {"feeds": dict(self._feeds)})
