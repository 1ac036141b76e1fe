"""From proven streams to a guarded plan and an approved list.

The guard decides which interventions exist, the plan chooses the fewest, a referral is drafted
under an order in force, two people approve it, and the list goes to the intermediaries. What it
did is seen by :mod:`cautery.workflows.watch.effects`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations

from cautery.act import Approved, Publisher, approve, draft, orders_in_force
from cautery.errors import ApprovalError, InputError, SourceError
from cautery.model import (
    ActionPlan,
    Approval,
    Decision,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intermediary,
    Lever,
    Mandate,
    Referral,
    from_json,
    to_json,
)
from cautery.model.ports import Engine, Facts, Ledger
from cautery.plan import candidates, choose
from cautery.workflows.watch.effects import EffectWatch
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.streams import Stream
from cautery.workflows.watch.supply import Mapper

TICK_S = 0.5
BATCH_S = 2.0
"""Targets found within so many seconds go to the approvers as one referral."""
AGAIN_S = 10.0
"""An intermediary that did not take a list is asked again after so long."""
MOST_APPROVALS = 12
ISP_LEVERS = (Lever.NAME, Lever.ADDRESS)
"""What an access provider can apply; a URL is for the hoster's notice."""


@dataclass(slots=True)
class Filed:
    """A referral on its way: drafted, signed, published."""

    referral: Referral
    approvals: list[Approval] = field(default_factory=list)
    published: set[str] = field(default_factory=set)
    again: datetime | None = None
    """Not to be tried before this moment."""
    judged: int = 0
    """So many approvals were looked at and did not suffice."""


class Intervener:
    """Plans, drafts and publishes, for as long as the watch lasts."""

    def __init__(
        self,
        mandate: Mandate,
        streams: dict[str, Stream],
        mapper: Mapper,
        *,
        ledger: Ledger,
        facts: Facts,
        engine: Engine,
        effects: EffectWatch,
        publisher: Publisher,
        journal: Journal,
    ) -> None:
        self._mandate = mandate
        self._streams = streams
        self._mapper = mapper
        self._ledger = ledger
        self._facts = facts
        self._engine = engine
        self._effects = effects
        self._publisher = publisher
        self._journal = journal
        self._guarded: dict[str, Decision] = {}
        self._planned: frozenset[str] = frozenset()
        self._filed: dict[str, Filed] = {}
        self._heard = 0
        self._woken = False

    def wake(self) -> None:
        """Say that something new was proven."""
        self._woken = True

    def restore(self) -> None:
        """Take up what an earlier run of this case had filed and published."""
        for entry in self._ledger.read():
            kind, body = entry.record.kind, entry.record.body
            if kind == "guard.decided":
                verdict = from_json(GuardVerdict, body)
                self._guarded[verdict.target] = verdict.decision
            elif kind == "referral.drafted":
                referral = from_json(Referral, body)
                self._filed[referral.id] = Filed(referral)
            elif kind == "referral.published":
                self._restore_published(body)
            elif kind in ("dark.probed", "entry.expired"):
                self._effects.restore(kind, body)
            if kind == "approval.given":
                self._approved(body)
            self._heard = entry.index + 1

    def _restore_published(self, body: Mapping[str, object]) -> None:
        filed = self._filed.get(str(body["referral"]))
        to = next((i for i in self._mandate.intermediaries if i.name == body["intermediary"]), None)
        if filed is None or to is None:
            return
        filed.published.add(to.name)
        self._effects.add(filed.referral, to)

    async def work(self) -> None:
        """Do whatever is next, for ever."""
        since: datetime | None = None
        while True:
            await asyncio.sleep(TICK_S)
            now = self._journal.now()
            if self._woken and since is None:
                since = now
            if since is not None and (now - since).total_seconds() >= BATCH_S:
                self._woken, since = False, None
                await self._propose()
            await self._hear_approvals()
            self._effects.look(now)

    async def finish(self) -> None:
        """Before the end: propose what is new, and look once more at what has expired."""
        await self._propose()
        await self._effects.finish()

    # -- plan -------------------------------------------------------------------------------

    async def _propose(self) -> None:
        proven = {
            key: self._mapper.addresses(one.host)
            for key, one in self._streams.items()
            if one.proven
        }
        if not proven:
            return
        plan = await self._engine.run(self._plan, proven, self._lawful(), self._journal.now())
        self._record_guard(plan)
        chosen = frozenset(one.target for one in plan.chosen)
        if chosen != self._planned:
            self._planned = chosen
            self._journal.write("plan.made", plan)
        self._draft(plan)

    def _plan(
        self,
        proven: Mapping[str, tuple[str, ...]],
        lawful: Mapping[str, tuple[str, ...]],
        at: datetime,
    ) -> ActionPlan:
        found = candidates(
            proven,
            facts=self._facts,
            at=at,
            lawful=lawful,
            hosts=self._mapper.panels_of(proven),
            allow=self._mandate.network.allow,
        )
        return choose([one for one in found if one.lever in ISP_LEVERS], streams=proven)

    def _lawful(self) -> dict[str, tuple[str, ...]]:
        """List what must stay up: partners, and hosts of which nothing was proven."""
        accused = {one.host for one in self._streams.values() if one.proven}
        return {
            key: self._mapper.addresses(one.host)
            for key, one in self._streams.items()
            if one.verdict is not None
            and (
                one.verdict.finding is Finding.LICENSED
                or (one.verdict.finding is Finding.NOTHING and one.host not in accused)
            )
        }

    def _record_guard(self, plan: ActionPlan) -> None:
        for one in (*plan.chosen, *plan.refused):
            if self._guarded.get(one.target) is not one.guard.decision:
                self._guarded[one.target] = one.guard.decision
                self._journal.write("guard.decided", one.guard)

    # -- draft and approve ------------------------------------------------------------------

    def _draft(self, plan: ActionPlan) -> None:
        now = self._journal.now()
        for territory in sorted({one.territory for one in self._mandate.intermediaries}):
            orders = orders_in_force(self._mandate.orders, territory=territory, at=now)
            if not orders:
                continue
            filed = {
                entry.target
                for one in self._filed.values()
                if one.referral.territory == territory
                for entry in one.referral.entries
                if entry.valid_until > now
            }
            fresh = tuple(one for one in plan.chosen if one.target not in filed)
            if not fresh:
                continue
            urls = sorted({url for one in fresh for url in one.streams if url in self._streams})
            events = {v.event for url in urls if (v := self._streams[url].verdict) is not None}
            event = next(iter(events)) if len(events) == 1 else None
            try:
                referral = draft(
                    replace(plan, chosen=fresh),
                    order=orders[0],
                    event=None if event is None else self._mandate.event(event),
                    window=self._mandate.window,
                    at=now,
                    exhibits={url: self._exhibits(url) for url in urls},
                    levers=ISP_LEVERS,
                )
            except (InputError, ApprovalError) as error:
                self._journal.fail("referral", territory, error)
                continue
            self._filed[referral.id] = Filed(referral)
            self._journal.write("referral.drafted", referral)

    def _exhibits(self, url: str) -> tuple[ExhibitId, ...]:
        verdict = self._streams[url].verdict
        if verdict is None:
            return ()
        return tuple(dict.fromkeys(e for one in verdict.observations for e in one.exhibits))

    async def _hear_approvals(self) -> None:
        for entry in self._ledger.read(since=self._heard, kinds=("approval.given",)):
            self._approved(entry.record.body)
            self._journal.pass_on(entry)
            self._heard = max(self._heard, entry.index + 1)
        for filed in list(self._filed.values()):
            rested = filed.again is None or filed.again <= self._journal.now()
            if len(filed.approvals) >= 2 and rested:
                await self._publish(filed)

    def _approved(self, body: Mapping[str, object]) -> None:
        """Take an approval up; a record that is none, whoever wrote it, is a failure, no more."""
        referral = self._filed.get(str(body.get("referral")))
        if referral is None:
            return
        plain = {name: value for name, value in body.items() if name != "referral"}
        try:
            referral.approvals.append(from_json(Approval, plain))
        except InputError as error:
            self._journal.fail("approval", referral.referral.id, error)

    async def _publish(self, filed: Filed) -> None:
        waiting = [
            one
            for one in self._mandate.intermediaries
            if one.territory == filed.referral.territory and one.name not in filed.published
        ]
        if not waiting:
            return
        approved = self._approval_of(filed)
        if approved is not None:
            await asyncio.gather(*(self._hand_in(filed, approved, one) for one in waiting))

    def _approval_of(self, filed: Filed) -> Approved[Referral] | None:
        """Find two approvals that hold together; a forged third must not stop two real people."""
        if filed.judged == len(filed.approvals):
            return None
        why: ApprovalError | None = None
        for pair in combinations(filed.approvals[-MOST_APPROVALS:], 2):
            try:
                return approve(filed.referral, pair, mandate=self._mandate, now=self._journal.now())
            except ApprovalError as error:
                why = error
        filed.judged = len(filed.approvals)
        if why is not None:
            self._journal.fail("approval", filed.referral.id, why)
        return None

    async def _hand_in(self, filed: Filed, approved: Approved[Referral], to: Intermediary) -> None:
        import rfc8785  # noqa: PLC0415 - only where something leaves

        now = self._journal.now()
        referral = approved.subject
        try:
            acknowledgement = await self._publisher.publish(approved, to, now=now)
        except (SourceError, ApprovalError) as error:
            filed.again = now + timedelta(seconds=AGAIN_S)
            self._journal.fail("publish", to.name, error)
            return
        filed.published.add(to.name)
        exhibit = self._journal.seal(
            rfc8785.dumps(to_json(referral)), what="list", media_type="application/json", at=now
        )
        streams = {
            entry.target: [
                key
                for key, one in self._streams.items()
                if one.proven and self._mapper.cuts(entry.target, one)
            ]
            for entry in referral.entries
        }
        self._journal.write(
            "referral.published",
            {
                "referral": referral.id,
                "intermediary": to.name,
                "exhibit": exhibit,
                "at": now,
                "targets": [entry.target for entry in referral.entries],
                "streams": streams,
            },
        )
        self._journal.write("acknowledgement", acknowledgement)
        self._effects.add(referral, to)
