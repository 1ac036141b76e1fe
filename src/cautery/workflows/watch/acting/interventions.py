"""From proven streams to a guarded plan and an approved list.

The guard decides which interventions exist, the plan chooses the fewest within each event's
collateral budget, a referral is drafted under an order in force, two people approve it, and what
the guard still allows goes to the intermediaries. What it did is seen by
:mod:`cautery.workflows.watch.acting.effects`, and whom it hurt by
:mod:`cautery.workflows.watch.acting.canaries`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import (
    MISSHAPEN,
    BlockEntry,
    GuardVerdict,
    Intermediary,
    Mandate,
    Reason,
    Referral,
    SignedFor,
)
from cautery.model.ports import Engine, Ledger
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    ComplaintDecided,
    DecoyRevealed,
    GuardRevalidated,
    MisshapenRecord,
    OverrideSigned,
    RevalidationTime,
    kinds_of,
)
from cautery.plan.guard.revalidation import due
from cautery.projections.lists import BY_COMPLAINT
from cautery.workflows.case.journal import Journal
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.watch.acting.canaries import CanaryWatch
from cautery.workflows.watch.acting.confirming import Confirming
from cautery.workflows.watch.acting.effects import EffectWatch
from cautery.workflows.watch.acting.filing import Filed, Filing
from cautery.workflows.watch.acting.following import Following
from cautery.workflows.watch.acting.judging import Judge
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.acting.neighbours import lawful_streams
from cautery.workflows.watch.acting.noticing import Noticing
from cautery.workflows.watch.acting.overrides import Overrides
from cautery.workflows.watch.mapping.mapper import Mapper
from cautery.workflows.watch.resume import EarlierRuns, refused
from cautery.workflows.watch.streams import Stream

TICK_S, LOOK_S = 0.5, 0.25
BATCH_S = 2.0
"""Targets found within so many seconds go to the approvers as one referral."""


class Intervener:
    """Plans, drafts, publishes and takes back, for as long as the watch lasts."""

    def __init__(
        self,
        mandate: Mandate,
        streams: dict[str, Stream],
        mapper: Mapper,
        *,
        signed_for: SignedFor,
        ledger: Ledger,
        judge: Judge,
        engine: Engine,
        effects: EffectWatch,
        canaries: CanaryWatch,
        lists: Lists,
        confirming: Confirming,
        gate: KeeperGate,
        journal: Journal,
    ) -> None:
        self._confirming = confirming
        self._gate = gate
        self._mandate = mandate
        self._streams = streams
        self._mapper = mapper
        self._ledger = ledger
        self._judge = judge
        self._engine = engine
        self._effects = effects
        self._canaries = canaries
        self._journal = journal
        self._overrides = Overrides(mandate, signed_for=signed_for, journal=journal)
        self._filing = Filing(
            mandate,
            streams,
            signed_for=signed_for,
            cuts=mapper.cuts,
            on_published=self._on_published,
            on_taken=effects.answered,
            lists=lists,
            confirmed=lambda: confirming.confirmed,
            gate=gate,
            journal=journal,
        )
        self._noticing = Noticing(mandate, streams, mapper, journal=journal)
        self._following = Following(
            mandate,
            streams,
            mapper,
            filing=self._filing,
            noticing=self._noticing,
            journal=journal,
        )
        self._planned: frozenset[str] = frozenset()
        self._next_index = 0
        self._woken = False
        self._granted: dict[str, str] = {}
        """By target, the complaint by which people released it before this run."""
        self._ask_at: datetime | None = None
        """When the first verdict that stands runs out, the window being longer."""
        self._facts = judge.facts()

    def wake(self) -> None:
        """Say that something new was proven."""
        self._woken = True

    def restore(self, earlier: EarlierRuns) -> None:
        """Take up what earlier runs of this case filed and published.

        What they left standing is judged anew as soon as work begins: another day, another window.
        """
        acts, safeguards = earlier.acts, earlier.safeguards
        self._judge.restore(acts.guards.values())
        self._canaries.restore(safeguards.rollbacks)
        # What came into force is known first: a signature would put it on record once more.
        given = (override for override, _ in safeguards.overrides)
        ignored = (
            earlier.ignored
            + refused(self._overrides.restore, given)
            + refused(self._overrides.hear, safeguards.override_signatures)
            + self._filing.restore(acts, safeguards.withdrawals)
        )
        self._effects.restore(acts, earlier.lists)
        self._noticing.restore(earlier.notices.drafts.values())
        self._following.restore(acts.followed.values())
        self._next_index = earlier.next_index
        self._granted = dict(earlier.granted)
        for target in self._granted:
            self._filing.release(target)
        if ignored:
            self._journal.fail("record", "case", _passed_over(ignored))
        self._leave_out()
        self._woken = any(self._standing())

    async def work(self) -> None:
        """Do whatever is next, for ever."""
        since: datetime | None = None
        if self._woken:  # no list goes out again before the guard has judged it anew
            await self.propose()
        while True:
            await asyncio.sleep(TICK_S)
            now = self._journal.now()
            self._notice(now)
            if self._woken and since is None:
                since = now
            if since is not None and (now - since).total_seconds() >= BATCH_S:
                self._woken, since = False, None
                await self.propose()
            await self.hear()

    async def look(self) -> None:
        """Look at what is published and withdrawn, for ever; a plan under way delays no look."""
        while True:
            await asyncio.sleep(LOOK_S)
            now = self._journal.now()
            self._effects.look(now)
            self._canaries.look(now)

    async def finish(self) -> None:
        """Before the end: propose what is new, and look once more at what has expired."""
        await self.propose()
        await self._filing.send(patience_s=None)
        await self._effects.finish()
        await self._canaries.finish()

    def _notice(self, now: datetime) -> None:
        """Wake when facts were renewed, or a verdict runs out before the window does."""
        facts = self._judge.facts()
        if facts is not self._facts:
            self._facts, self._woken = facts, True
        if self._ask_at is not None and now >= self._ask_at:
            self._ask_at, self._woken = None, True

    # -- plan -------------------------------------------------------------------------------

    async def propose(self) -> None:
        """Judge what stands, plan for what is proven, and draft what is new."""
        await self._mapper.lawful_known()
        standing = [(filed, entry) for filed, entry in self._standing() if filed.published]
        if standing:
            await self._revalidate(standing, why=RevalidationTime.WHILE_IT_STANDS)
        knowledge = self._known()
        proven = knowledge["proven"]
        if not proven:
            return
        now = self._journal.now()
        plan, spent = await self._engine.run(
            partial(
                self._judge.plan,
                **knowledge,
                at=now,
                events={key: self._event_of(key) for key in proven},
                standing=self._spent(),
            )
        )
        self._judge.record(intervention.guard for intervention in (*plan.chosen, *plan.refused))
        self._judge.record_spending(spent, at=now)
        planned_targets = frozenset(intervention.target for intervention in plan.chosen)
        if planned_targets != self._planned:
            self._planned = planned_targets
            self._journal.write(plan)
        self._filing.draft(plan)
        self._following.record(proven, plan, spent, at=now)
        self._plan_next()

    def _known(self) -> dict[str, Any]:
        """Return what the guard is told of this watch: suspects, lawful ones, overrides."""
        # What was opened as a decoy is no suspect any more: nothing is planned or drafted for it.
        decoys = self._gate.decoys
        proven = {
            key: self._mapper.addresses(stream.host)
            for key, stream in self._streams.items()
            if stream.proven and not decoys.meets(key)
        }
        return {
            "proven": proven,
            "lawful": lawful_streams(self._streams, self._mapper, self._mandate),
            "hosts": self._mapper.panels_of(proven),
            "answered": {
                key: frozenset(addresses)
                for key in proven
                if (addresses := self._streams[key].answered_at)
            },
            "proven_on": {
                key: day for key in proven if (day := self._streams[key].proven_on) is not None
            },
            "overrides": self._overrides.holding(self._journal.now()),
        }

    def _event_of(self, key: str) -> str | None:
        verdict = self._streams[key].verdict
        return None if verdict is None else verdict.event

    def _spent(self) -> dict[str | None, list[GuardVerdict]]:
        """Return, by event, the verdicts of what is on lists and stands."""
        verdicts: dict[str | None, list[GuardVerdict]] = {}
        for filed, entry in self._standing():
            events = {
                self._event_of(key)
                for key, stream in self._streams.items()
                if stream.proven and self._mapper.cuts(entry.target, stream)
            }
            for event in events or {filed.referral.event}:
                verdicts.setdefault(event, []).append(entry.guard)
        return verdicts

    # -- ask again --------------------------------------------------------------------------

    def _standing(self) -> Iterable[tuple[Filed, BlockEntry]]:
        now = self._journal.now()
        return ((filed, entry) for filed in self._filing for entry in filed.standing(now))

    def _plan_next(self) -> None:
        """Note when the first verdict ends that does not hold to the end of the window."""
        verdicts = [entry.guard for _, entry in self._standing()]
        short = set(due(verdicts, self._mandate.window))
        self._ask_at = min(
            (verdict.valid_until for verdict in verdicts if verdict.target in short), default=None
        )

    async def _revalidate(
        self, entries: Collection[tuple[Filed, BlockEntry]], *, why: RevalidationTime
    ) -> None:
        """Judge entries anew; withdraw what is allowed no more, and propose to unblock it."""
        now = self._journal.now()
        revalidation = await self._engine.run(
            partial(
                self._judge.again,
                {entry.target: entry.guard for _, entry in entries}.values(),
                **self._known(),
                at=now,
            )
        )
        withdrawn = {verdict.target: verdict for verdict in revalidation.withdrawn}
        self._judge.record(withdrawn.values())
        self._journal.write(
            GuardRevalidated(
                why=why,
                asked=tuple(sorted({entry.target for _, entry in entries})),
                withdrawn=tuple(sorted(withdrawn)),
                at=now,
            )
        )
        gone = [
            (filed, entry.target)
            for filed, entry in entries
            if entry.target in withdrawn and entry.target not in filed.withdrawn
        ]
        for filed, target in gone:
            self._filing.withdraw(filed, {target: withdrawn[target].reasons})
            self._effects.withdraw(filed.referral.id, target)
        if gone:  # nobody stays shut out while the next plan is made, or anything is written
            await self._filing.send()
        for filed, target in gone:
            said = message("rollback.not-allowed", reason=withdrawn[target].reasons[0].text)
            for name in sorted(filed.published):
                self._canaries.propose(target, name, why=said)

    # -- approve and publish ----------------------------------------------------------------

    async def hear(self) -> None:
        """Take up what people signed, and hand in what two of them have approved."""
        if self._confirming.look():
            self._filing.judge_again()
        while self._granted:
            self._release(*self._granted.popitem())
        signatures = kinds_of(
            ApprovalGiven, ActRefused, OverrideSigned, ComplaintDecided, DecoyRevealed
        )
        for entry in self._ledger.read(since=self._next_index, kinds=signatures):
            try:
                match entry.content:
                    case ComplaintDecided(granted=True, target=str() as target) as decided:
                        self._release(target, decided.complaint)
                    case DecoyRevealed():
                        self._leave_out()
                    case OverrideSigned() as signed:
                        self._woken |= self._overrides.hear(signed)
                    case ActRefused() as refusal:
                        self._filing.refuse(refusal)
                    case ApprovalGiven() as given:
                        self._filing.approved(given)
                    case MisshapenRecord(why=why):
                        raise InputError(why)
            except MISSHAPEN as error:
                self._journal.fail("signature", f"record {entry.index}", error)
            self._journal.pass_on(entry)
            self._next_index = max(self._next_index, entry.index + 1)
            await asyncio.sleep(0)  # each signature takes its time; somebody may send thousands
        await self._filing.send()  # what is released does not wait for what is to be judged
        ready = list(self._filing.ready())
        for filed in ready:
            await self._mapper.lawful_known()
            entries = [(filed, entry) for entry in filed.standing(self._journal.now())]
            if entries and filed.judged < filed.heard:
                await self._revalidate(entries, why=RevalidationTime.BEFORE_PUBLICATION)
        await self._filing.publish_all(ready)
        await self._filing.send()

    def _release(self, target: str, complaint: str) -> None:
        """Take a target off every list, since a complaint is granted, and never draft it again."""
        self._filing.release(target)
        reason = Reason(code=BY_COMPLAINT, text=message("withdrawn.complaint", complaint=complaint))
        for filed in self._filing:
            listed = {entry.target for entry in filed.standing(self._journal.now())}
            if target in listed:
                self._filing.withdraw(filed, {target: (reason,)})
                self._effects.withdraw(filed.referral.id, target)

    def _leave_out(self) -> None:
        """Take what was opened as a decoy out of every referral, and off the lists it may be on."""
        for filed in self._filing:
            for target in self._filing.leave_out(filed):
                self._effects.withdraw(filed.referral.id, target)

    def _on_published(self, referral: Referral, to: Intermediary) -> None:
        self._effects.add(referral, to)
        self._canaries.add(referral, to)


def _passed_over(count: int) -> InputError:
    which = "1 record is" if count == 1 else f"{count} records are"
    return InputError(f"{which} ignored: the form or the signature is not valid")
