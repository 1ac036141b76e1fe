"""Canaries for every published entry: unrelated names that must still answer.

An intermediary may block more than it was asked to: a whole address for one name, a range for one
address. A few unrelated names, asked for directly and through it, tell so within a minute. When
they fail, a roll-back is proposed; people decide, and the intermediary unblocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.errors import ForbiddenAddressError, InputError, SourceError
from cautery.messages import message
from cautery.model import BlockEntry, Intermediary, Limits, Referral, host_of, revealed
from cautery.model.message import Message
from cautery.model.ports import Facts, Fetcher
from cautery.model.records import CanaryProbed, RollbackProposed
from cautery.plan.guard.canary import CanaryOutcome, canaries_of, propose_rollback
from cautery.workflows.case.journal import Journal

LOOKS_S = (4.0, 15.0, 60.0, 300.0)
"""How long after a list, and after each look, the next one comes: a bystander's site is asked less
and less often."""
LOOK = Limits(max_bytes=64_000, total_s=5.0, connect_s=3.0, partial=True)
AT_ONCE = 4
ROUND_S = 30.0
"""Longest round: what was not seen by then is looked at in the next one."""

_Answer = tuple[int, str] | tuple[()] | None


@dataclass(slots=True)
class _Canary:
    """One name through one intermediary, and the entries that it is looked at for."""

    name: str
    intermediary: Intermediary
    due: datetime
    looks: int = 0
    asked: datetime | None = None
    targets: dict[str, datetime] = field(default_factory=dict)
    """Each until when."""


class CanaryWatch:
    """Looks at canaries for as long as entries stand, and once after their end.

    Parameters
    ----------
    beside : callable
        ``beside(entry)``: further names that must stay up, the nearest first.
    meant : callable
        ``meant(target, name)``: whether an entry on a target is meant to cut a name.
    port : int
        Where names answer plain HTTP.
    """

    def __init__(
        self,
        *,
        facts: Callable[[], Facts],
        beside: Callable[[BlockEntry], Iterable[str]],
        meant: Callable[[str, str], bool],
        fetcher: Fetcher,
        journal: Journal,
        port: int = 80,
    ) -> None:
        self._facts = facts
        self._beside = beside
        self._block_covers = meant
        self._fetcher = fetcher
        self._journal = journal
        self._port = port
        self._canaries: dict[tuple[str, str], _Canary] = {}
        self._latest: dict[tuple[str, str, str], CanaryOutcome] = {}
        self._proposed: set[tuple[str, str]] = set()
        self._listed: dict[str, set[str]] = {}
        self._round: asyncio.Task[None] | None = None

    def add(self, referral: Referral, to: Intermediary) -> None:
        """Watch beside a referral's entries at an intermediary, if there is a vantage in it."""
        if to.proxy is None:
            return
        now, facts = self._journal.now(), self._facts()
        self._listed.setdefault(to.name, set()).update(entry.target for entry in referral.entries)
        for entry in referral.entries:
            names = [
                name
                for name in (*entry.guard.collateral.names, *self._beside(entry))
                if not self._is_meant(name, to.name)
            ]
            for name in canaries_of(entry.guard, facts=facts, beside=names):
                self._watch(name, to, entry, now)

    def restore(self, proposed: Iterable[tuple[str, str]]) -> None:
        """Take up the targets that earlier runs proposed to unblock, each at an intermediary."""
        self._proposed.update(proposed)

    def propose(
        self,
        target: str,
        intermediary: str,
        *,
        why: Message,
        dark: tuple[str, ...] = (),
        tried: int = 0,
    ) -> None:
        """Propose, once, to take the block of a target off at an intermediary."""
        if (target, intermediary) in self._proposed:
            return
        self._proposed.add((target, intermediary))
        self._journal.write(
            RollbackProposed(
                target=target,
                intermediary=intermediary,
                why=why,
                dark=dark,
                tried=tried,
                at=self._journal.now(),
            )
        )

    def look(self, now: datetime) -> None:
        """Begin a round, if any look is due and none is under way."""
        if self._round is not None and not self._round.done():
            return
        due = [canary for canary in self._canaries.values() if canary.due <= now]
        if due:
            self._round = asyncio.ensure_future(self.see(due))

    async def finish(self) -> None:
        """Look once more at all of them: what has ended must not be dark any longer."""
        if self._round is not None:
            await asyncio.gather(self._round, return_exceptions=True)
        await self.see(list(self._canaries.values()))

    async def see(self, due: Iterable[_Canary]) -> None:
        """Ask for canaries, directly and through their intermediaries, and judge what is seen."""
        gate = asyncio.Semaphore(AT_ONCE)
        plain: dict[str, asyncio.Task[_Answer]] = {}

        async def one(canary: _Canary) -> tuple[_Canary, _Answer, _Answer]:
            async with gate:
                if canary.name not in plain:
                    plain[canary.name] = asyncio.ensure_future(self._ask(canary.name, None))
                direct = await plain[canary.name]
                if not direct:
                    return canary, direct, None
                return canary, direct, await self._ask(canary.name, canary.intermediary)

        tasks = [asyncio.ensure_future(one(canary)) for canary in due]
        if not tasks:
            return
        finished, late = await asyncio.wait(tasks, timeout=ROUND_S)
        for task in late:
            task.cancel()
        answers = [task.result() for task in tasks if task in finished]
        alive = {canary.intermediary.name for canary, _, through in answers if through}
        now = self._journal.now()
        for canary, direct, through in answers:
            # Where nothing at all answers, the vantage is down: that tells nothing of a block.
            is_up = canary.intermediary.name in alive and through is not None
            self._take(
                canary,
                now,
                direct=None if direct is None else bool(direct),
                through=through == direct if is_up else None,
            )
        self._propose()

    def _watch(self, name: str, to: Intermediary, entry: BlockEntry, now: datetime) -> None:
        canary = self._canaries.setdefault((to.name, name), _Canary(name, to, now))
        canary.targets[entry.target] = entry.valid_until
        canary.looks = 0
        canary.due = max(now, canary.asked or now) + timedelta(seconds=LOOKS_S[0])

    def _take(
        self, canary: _Canary, now: datetime, *, direct: bool | None, through: bool | None
    ) -> None:
        canary.asked = now
        canary.looks = min(canary.looks + 1, len(LOOKS_S) - 1)
        canary.due = now + timedelta(seconds=LOOKS_S[canary.looks])
        if max(canary.targets.values()) <= now:
            canary.due = datetime.max.replace(tzinfo=now.tzinfo)
        if self._is_meant(canary.name, canary.intermediary.name):
            return
        self._journal.write(
            CanaryProbed(
                canary=canary.name,
                intermediary=canary.intermediary.name,
                targets=tuple(sorted(canary.targets)),
                direct=direct,
                through=through,
                at=now,
            )
        )
        for target in canary.targets:
            self._latest[target, canary.intermediary.name, canary.name] = CanaryOutcome(
                target=target,
                canary=canary.name,
                intermediary=canary.intermediary.name,
                direct=direct,
                through=through,
                at=now,
            )

    def _propose(self) -> None:
        for rollback in propose_rollback(tuple(self._latest.values())):
            self.propose(
                rollback.target,
                rollback.intermediary,
                why=message(
                    "rollback.canaries-dark", dark=len(rollback.dark), tried=rollback.tried
                ),
                dark=rollback.dark,
                tried=rollback.tried,
            )

    def _is_meant(self, name: str, intermediary: str) -> bool:
        return any(
            self._block_covers(target, name) for target in self._listed.get(intermediary, ())
        )

    async def _ask(self, name: str, through: Intermediary | None) -> _Answer:
        """Return status and answering host; nothing for no answer, ``None`` if not to be asked."""
        url = f"http://{name}/" if self._port == 80 else f"http://{name}:{self._port}/"
        try:
            if through is None:
                answer = await self._fetcher.fetch(url, limits=LOOK)
            else:
                answer = await self._fetcher.fetch(
                    url, limits=LOOK, proxy=revealed(through.proxy), vantage=through.name
                )
        except (ForbiddenAddressError, InputError):  # passive DNS holds names that are no hosts
            return None
        except SourceError:
            return ()
        return answer.status, host_of(answer.url)
