"""What is in force now, and how it gets to the drivers.

`receive` takes what a feed sent; `step` makes the drivers agree with what is in force. Both are
called again and again, and may be killed at any moment: what is on disk is enough to go on.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from cautery_provider.blocks import Block, Refusal, Rules, admit, in_force
from cautery_provider.clock import Clock, Machine
from cautery_provider.drivers import Driver, DriverError
from cautery_provider.form import digest_of
from cautery_provider.keys import Trust
from cautery_provider.readers import read_envelope, read_version
from cautery_provider.rules import Refused
from cautery_provider.store import Store
from cautery_provider.verifier import Accepted, verify

LOOK_AGAIN = timedelta(seconds=120)  # a firewall that somebody restarted is filled again by then
_MOST_REFUSED = 10_000  # rows of an acknowledgement
_MOST_UNFIT = 100  # rows of `status`
_PATIENCE_S = 3.0  # a pass waits no longer for a driver that hangs: the others have work to do
_BEAT_S = 5.0


class Agent:
    """One list at one provider.

    Parameters
    ----------
    say : callable
        Takes a line for the log.
    shadow : bool
        The drivers only log: acknowledgements say so.
    """

    def __init__(
        self,
        *,
        trust: Trust,
        rules: Rules,
        drivers: Sequence[Driver],
        store: Store,
        machine: Machine,
        say: Callable[[str], None],
        shadow: bool = False,
    ) -> None:
        self._trust, self._rules, self._drivers = trust, rules, drivers
        self._store, self._machine, self._say = store, machine, say
        self._shadow = shadow
        self.clock = Clock(machine, store.heartbeat())
        self.accepted = self._stored = self._from_disk()
        self._hold = store.hold()
        self._touches = store.touches()
        self._admitted, self._unsaved = store.admitted(), False
        self._kept_out: list[Refusal] = []
        self._blocks: list[Block] = []
        self._next_end: datetime | None = None
        self._trusted = True
        self._due = dict.fromkeys(drivers, "")  # whom to ask at the next step, and the last error
        self._forgotten: set[Driver] = set()
        self._wish = 0  # grows whenever what is asked of the drivers may have changed
        self._asked: dict[Driver, tuple[int, Future[list[Refusal]]]] = {}
        self._pool = ThreadPoolExecutor(max(1, len(drivers)), thread_name_prefix="driver")
        self._beat_s = 0.0
        self._unfit: dict[str, list[Refusal]] = {}
        self._applied_at: datetime | None = None
        self._look_at = self.clock.now() + LOOK_AGAIN
        self._decide()

    def receive(self, envelope: bytes) -> bool:
        """Take an envelope; return whether it holds a newer version than before.

        Raises
        ------
        Refused
            With the rule that it breaks; what was accepted before stays.
        """
        accepted = verify(envelope, self._trust, self.accepted, self.clock.now())
        if self.accepted and accepted.digest == self.accepted.digest:
            return False
        self.accepted = accepted
        with contextlib.suppress(OSError):  # a full disk must not keep anybody blocked
            self._keep()
        self._decide()
        return True

    def step(self) -> list[str]:
        """Make the drivers agree with what is in force; return their errors.

        The heartbeat is written last: it says that what has ended was taken away, or that a driver
        was asked to.
        """
        if self._store.touches() != self._touches:
            self._look_at_commands()
        now = self.clock.now()
        if now >= self._look_at:
            self._look_at = now + LOOK_AGAIN
            self._ask_all(forget=True)
        if self.clock.trusted != self._trusted or (self._next_end and now >= self._next_end):
            self._choose(now)
        self._ask(now)
        self._hear()
        if not self._due and self._applied_at is None:
            self._applied_at = now
        if self._unsaved:  # after the drivers: a full disk must not keep anybody blocked
            self._store.keep_admitted(self._admitted)
            self._unsaved = False
        self._keep()
        self._beat()
        return list(self._due.values())

    def next_end(self) -> datetime | None:
        """Return when the next entry ends; None if nothing is in force."""
        return self._next_end

    def report(self) -> dict[str, Any] | None:
        """Return the acknowledgement of the last accepted version, or None."""
        if self.accepted is None:
            return None
        reason = None
        if self._shadow:
            reason = "shadow: nothing is blocked"
        elif self._due:
            reason = "; ".join(filter(None, self._due.values())) or "not applied yet"
        elif self._hold:
            reason = f"hold: {self._hold.command} since {self._hold.since}"
        elif not self._trusted:
            reason = "the clock of this machine is behind the time it knew before it started"
        return self._acknowledgement(
            self.accepted.version.number,
            self.accepted.digest,
            effect="pending" if reason else "applied",
            reason=reason,
        )

    def rejection(self, envelope: bytes, refused: Refused) -> dict[str, Any]:
        """Return the acknowledgement of an envelope that was refused."""
        number = digest = None
        try:
            text = read_envelope(envelope).version.text
            number, digest = read_version(text).number, digest_of(text)
        except Refused:  # an envelope without form has no version to name
            pass
        return self._acknowledgement(number, digest, effect="rejected", reason=refused.rule)

    def refusals(self) -> list[Refusal]:
        """Return the entries of the last version that are not blocked here, and why."""
        held = [
            Refusal(*key, "hold", "this provider went back to the blocks before it")
            for key, version in self._admitted.items()
            if self._hold and version > self._hold.keep
        ]
        return self._kept_out + held + self._unfit_for_drivers()

    def outcome(self) -> dict[str, Any]:
        """Return what `status` shows."""
        accepted, errors = self.accepted, self._due
        return {
            "at": _spelled(self.clock.now()),
            "shadow": self._shadow,
            "clock_ahead_s": round(self.clock.ahead_s(), 3),
            "clock_trusted": self._trusted,
            "version": accepted.version.number if accepted else None,
            "digest": accepted.digest if accepted else None,
            "made_at": _spelled(accepted.version.made_at) if accepted else None,
            "blocked": dict(Counter(block.lever for block in self._blocks)),
            "next_end": _spelled(self._next_end) if self._next_end else None,
            "refused": dict(Counter(refusal.rule for refusal in self.refusals())),
            "unfit": {
                f"{row.lever} {row.target}": f"{row.rule}: {row.reason}"
                for row in self._unfit_for_drivers()[:_MOST_UNFIT]
            },
            "drivers": {driver.name: errors.get(driver, "") for driver in self._drivers},
        }

    def blocks(self) -> list[Block]:
        """Return what the drivers are asked to let stand."""
        return self._blocks

    def _unfit_for_drivers(self) -> list[Refusal]:
        return [refusal for refusals in self._unfit.values() for refusal in refusals]

    def _from_disk(self) -> Accepted | None:
        envelope = self._store.envelope()
        if envelope is None:
            return None
        try:
            return verify(envelope, self._trust, None, self.clock.now())
        except Refused as refused:
            self._say(f"the list on disk is not used, and is fetched anew: {refused}")
            return None

    def _keep(self) -> None:
        """Write the last accepted version, if it is not on disk yet."""
        if self.accepted is not None and self.accepted is not self._stored:
            self._store.keep(self.accepted, self._stored)
            self._stored = self.accepted

    def _decide(self) -> None:
        """Let in what the provider's rules allow of the last accepted version."""
        now = self.clock.now()
        if self.accepted:
            admission = admit(
                in_force(self.accepted, now),
                self._admitted,
                self._rules,
                version=self.accepted.version.number,
                held=self._hold is not None,
            )
            self._kept_out = admission.refused
            if admission.admitted != self._admitted:
                self._admitted, self._unsaved = admission.admitted, True
        self._choose(now)

    def _choose(self, now: datetime) -> None:
        """Choose what stands now, and ask all drivers for it."""
        self._trusted = self.clock.trusted
        keep = self._hold.keep if self._hold else None
        chosen = in_force(self.accepted, now) if self.accepted and self._trusted else {}
        self._blocks = [
            block
            for key, block in sorted(chosen.items())
            if key in self._admitted and (keep is None or self._admitted[key] <= keep)
        ]
        self._next_end = min((block.until for block in self._blocks), default=None)
        self._ask_all()

    def _ask_all(self, *, forget: bool = False) -> None:
        self._applied_at = None
        self._wish += 1
        for driver in self._drivers:
            self._due.setdefault(driver, "")
        if forget:
            self._forgotten.update(self._drivers)

    def _look_at_commands(self) -> None:
        """Follow what a command or the watchdog did while this process looked elsewhere."""
        self._touches = self._store.touches()
        self._hold = self._store.hold()
        if self._store.heartbeat() is None:
            self.clock, self._beat_s = Clock(self._machine), 0.0
        self._ask_all(forget=True)
        self._decide()

    def _ask(self, now: datetime) -> None:
        """Ask each driver that is due and not busy; each works in a thread of its own."""
        for driver in self._due:
            if driver in self._asked:
                continue
            if driver in self._forgotten:
                self._forgotten.discard(driver)
                driver.forget()
            entries = [block for block in self._blocks if block.lever in driver.levers]
            self._asked[driver] = self._wish, self._pool.submit(driver.apply, entries, now)

    def _hear(self) -> None:
        """Take the drivers' answers. Who is not done in time is asked nothing else meanwhile."""
        wait([answer for _, answer in self._asked.values()], _PATIENCE_S)
        for driver, (wish, answer) in list(self._asked.items()):
            error = ""
            if not answer.done():
                error = f"{driver.name} is busy"
            else:
                del self._asked[driver]
                try:
                    self._unfit[driver.name] = answer.result()
                except Exception as failure:  # noqa: BLE001 - the other drivers have work to do
                    error = str(failure) if isinstance(failure, DriverError) else repr(failure)
                    self._forgotten.add(driver)
            if error and self._due.get(driver) != error:
                self._say(f"driver {error}")
            elif not error and self._due.get(driver):
                self._say(f"driver {driver.name} works again")
            self._due[driver] = error
            # An answer to an earlier wish does not show that today's state stands.
            if not error and wish == self._wish:
                del self._due[driver]

    def _beat(self) -> None:
        mark = self.clock.mark()
        # Not at every pass: each beat is a flush of the disk.
        if not self._beat_s <= mark.boot_s < self._beat_s + _BEAT_S:
            self._beat_s = mark.boot_s
            self._store.beat(mark)

    def _acknowledgement(
        self, number: int | None, digest: str | None, *, effect: str, reason: str | None
    ) -> dict[str, Any]:
        applied = effect == "applied" and self._applied_at
        refused = [] if effect == "rejected" else self.refusals()[:_MOST_REFUSED]
        return {
            "list": self._trust.names[0],
            "version": number,
            "digest": digest,
            "effect": effect,
            "applied_at": _spelled(applied) if applied else None,
            "reason": reason,
            "refused": [asdict(refusal) for refusal in refused],
        }


def explained(
    agent: Agent, target: str, now: datetime, *, unfit: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield each entry of the last version about a target, and whether it is blocked, and why.

    Parameters
    ----------
    unfit : mapping of str to str
        What a driver could not take, as `Agent.outcome` names it, and why.
    """
    if agent.accepted is None:
        return
    version = agent.accepted.version
    standing = {(block.lever, block.target): block.until for block in agent.blocks()}
    refusals = {(row.lever, row.target): f"{row.rule}: {row.reason}" for row in agent.refusals()}
    for digest, referral in agent.accepted.referrals.items():
        for entry in referral.entries:
            if entry.target != target:
                continue
            key = (entry.lever, entry.target)
            stale_s = (now - version.made_at).total_seconds()
            if (digest, target) in version.withdrawn:
                why = "withdrawn"
            elif entry.end <= now:
                why = "ended"
            elif entry.max_stale_s is not None and stale_s >= entry.max_stale_s:
                why = f"stale: the list is {stale_s:.0f} s old, at most {entry.max_stale_s} s"
            elif key in refusals:
                why = refusals[key]
            elif key in standing and " ".join(key) in unfit:
                why = unfit[" ".join(key)]
            else:
                why = "in force" if key in standing else "not blocked at the moment"
            yield {
                "target": target,
                "lever": entry.lever,
                "blocked": why == "in force",
                "why": why,
                "until": _spelled(standing.get(key, entry.end)),
                "referral": referral.name,
                "order": referral.order,
                "authority": referral.authority,
                "territory": referral.territory,
            }


def _spelled(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
