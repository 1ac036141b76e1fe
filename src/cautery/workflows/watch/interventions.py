"""From proven streams to a guarded plan, an approved list, and our own look at its effect.

The guard decides which interventions exist, the plan chooses the fewest, a referral is drafted
under an order in force, two people approve it, the list goes to the intermediaries, and what it
did is what our own probe through them sees.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cautery.act import Approved, Publisher, approve, draft, orders_in_force
from cautery.errors import ApprovalError, InputError, SourceError
from cautery.model import (
    ActionPlan,
    Approval,
    BlockEntry,
    DarkProbe,
    Decision,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intermediary,
    Lever,
    Limits,
    Mandate,
    Referral,
    from_json,
    host_of,
    to_json,
)
from cautery.model.ports import Engine, Facts, Fetcher, Ledger
from cautery.plan import candidates, choose
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.streams import Stream
from cautery.workflows.watch.supply import Mapper

TICK_S = 0.5
BATCH_S = 4.0
"""Targets found within so many seconds go to the approvers as one referral."""
UNTIL_DARK_S = 1.5
WHILE_DARK_S = 15.0
ISP_LEVERS = (Lever.NAME, Lever.ADDRESS)
"""What an access provider can apply; a URL is for the hoster's notice."""
LOOK = Limits(max_bytes=64_000, total_s=5.0, connect_s=3.0, partial=True)


@dataclass(slots=True)
class Filed:
    """A referral on its way: drafted, signed, published, looked at, expired."""

    referral: Referral
    approvals: list[Approval] = field(default_factory=list)
    published: set[str] = field(default_factory=set)
    refused: str | None = None


@dataclass(slots=True)
class Watched:
    """One entry at one intermediary, and what our own probes saw of it."""

    referral: str
    entry: BlockEntry
    intermediary: Intermediary
    streams: tuple[str, ...]
    due: datetime
    dark: bool = False
    expired: bool = False


class Intervener:
    """Plans, drafts, publishes and looks, for as long as the watch lasts."""

    def __init__(
        self,
        mandate: Mandate,
        streams: dict[str, Stream],
        mapper: Mapper,
        *,
        ledger: Ledger,
        facts: Facts,
        engine: Engine,
        fetcher: Fetcher,
        publisher: Publisher,
        journal: Journal,
    ) -> None:
        self._mandate = mandate
        self._streams = streams
        self._mapper = mapper
        self._ledger = ledger
        self._facts = facts
        self._engine = engine
        self._fetcher = fetcher
        self._publisher = publisher
        self._journal = journal
        self._guarded: dict[str, Decision] = {}
        self._planned: frozenset[str] = frozenset()
        self._filed: dict[str, Filed] = {}
        self._watched: list[Watched] = []
        self._looking: set[asyncio.Task[None]] = set()
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
            elif kind == "dark.probed":
                for one in self._watched:
                    if (one.entry.target, one.intermediary.name) == (
                        body["target"],
                        body["intermediary"],
                    ):
                        one.dark = bool(body["dark"])
            elif kind == "entry.expired":
                for one in self._watched:
                    if (one.referral, one.entry.target, one.intermediary.name) == (
                        body["referral"],
                        body["target"],
                        body["intermediary"],
                    ):
                        one.expired = True
            if kind == "approval.given":
                self._approved(body)
            self._heard = entry.index + 1

    def _restore_published(self, body: Mapping[str, object]) -> None:
        filed = self._filed.get(str(body["referral"]))
        to = next((i for i in self._mandate.intermediaries if i.name == body["intermediary"]), None)
        if filed is None or to is None:
            return
        filed.published.add(to.name)
        streams = body["streams"]
        assert isinstance(streams, Mapping)
        self._look_at(filed.referral, to, {k: tuple(v) for k, v in streams.items()})

    async def work(self) -> None:
        """Do whatever is next, for ever."""
        since: datetime | None = None
        while True:
            await asyncio.sleep(TICK_S)
            now = self._journal.now()
            if self._woken and since is None:
                since = now
            if since is not None and (now - since).total_seconds() >= BATCH_S / 2:
                self._woken, since = False, None
                await self._propose()
            await self._hear_approvals()
            self._look(now)

    async def finish(self) -> None:
        """Before the end: let looks under way end, and look once more at what has expired."""
        if self._looking:
            await asyncio.gather(*self._looking, return_exceptions=True)
        await self._propose()
        now = self._journal.now()
        ended = [one for one in self._watched if not one.expired and one.entry.valid_until <= now]
        await asyncio.gather(*(self._see(one) for one in ended))

    def effects(self) -> tuple[int, int]:
        """Return how many referred streams there are, and how many of them we saw dark."""
        referred = {url for one in self._watched for url in one.streams}
        dark = {url for one in self._watched if one.dark for url in one.streams}
        return len(referred), len(dark)

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
            if filed.refused is None and len(filed.approvals) >= 2:
                await self._publish(filed)

    def _approved(self, body: Mapping[str, object]) -> None:
        referral = self._filed.get(str(body.get("referral")))
        if referral is not None:
            referral.approvals.append(
                from_json(Approval, {k: v for k, v in body.items() if k != "referral"})
            )

    async def _publish(self, filed: Filed) -> None:
        waiting = [
            one
            for one in self._mandate.intermediaries
            if one.territory == filed.referral.territory and one.name not in filed.published
        ]
        if not waiting:
            return
        now = self._journal.now()
        try:
            approved = approve(filed.referral, filed.approvals, mandate=self._mandate, now=now)
        except ApprovalError as error:
            filed.refused = str(error)
            self._journal.fail("approval", filed.referral.id, error)
            return
        await asyncio.gather(*(self._hand_in(filed, approved, one) for one in waiting))

    async def _hand_in(self, filed: Filed, approved: Approved[Referral], to: Intermediary) -> None:
        import rfc8785  # noqa: PLC0415 - only where something leaves

        now = self._journal.now()
        referral = approved.subject
        filed.published.add(to.name)
        try:
            acknowledgement = await self._publisher.publish(approved, to, now=now)
        except (SourceError, ApprovalError) as error:
            self._journal.fail("publish", to.name, error)
            return
        exhibit = self._journal.seal(
            rfc8785.dumps(to_json(referral)), what="list", media_type="application/json", at=now
        )
        streams = {
            entry.target: [
                key
                for key, one in self._streams.items()
                if one.proven and self._cuts(entry.target, one)
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
        self._look_at(referral, to, {name: tuple(urls) for name, urls in streams.items()})

    def _cuts(self, target: str, stream: Stream) -> bool:
        return target in (stream.host, stream.key) or target in self._mapper.addresses(stream.host)

    # -- look -------------------------------------------------------------------------------

    def _look_at(
        self, referral: Referral, to: Intermediary, streams: Mapping[str, tuple[str, ...]]
    ) -> None:
        if to.proxy is None:
            return
        now = self._journal.now()
        self._watched += [
            Watched(
                referral=referral.id,
                entry=entry,
                intermediary=to,
                streams=streams.get(entry.target, ()),
                due=now + timedelta(seconds=UNTIL_DARK_S),
            )
            for entry in referral.entries
        ]

    def _look(self, now: datetime) -> None:
        for one in self._watched:
            ending = one.entry.valid_until <= now and one.due > one.entry.valid_until
            if one.expired or (one.due > now and not ending):
                continue
            one.due = now + timedelta(seconds=3600)  # until this look has ended
            task = asyncio.ensure_future(self._see(one))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def _see(self, one: Watched) -> None:
        keys = [key for key in one.streams if key in self._streams and self._streams[key].url]
        for key in keys:
            await self._see_stream(one, key)
        now = self._journal.now()
        ended = one.entry.valid_until <= now
        wait_s = WHILE_DARK_S if one.dark and not ended else UNTIL_DARK_S
        one.due = now + timedelta(seconds=wait_s)
        if not ended and one.dark:
            one.due = min(one.due, one.entry.valid_until + timedelta(seconds=UNTIL_DARK_S))

    async def _see_stream(self, one: Watched, key: str) -> None:
        stream = self._streams[key]
        status, why = await self._ask(stream.url, one.intermediary)
        now = self._journal.now()
        ended = one.entry.valid_until <= now
        served = status is not None and status < 400
        if served and ended and not one.expired:
            one.expired = True
            self._journal.write(
                "entry.expired",
                {
                    "referral": one.referral,
                    "target": one.entry.target,
                    "intermediary": one.intermediary.name,
                    "at": now,
                    "seen": f"served again through {one.intermediary.name}",
                },
            )
        dark = not served
        if dark:
            direct, _ = await self._ask(stream.url, None)
            if direct is None or direct >= 400:
                dark, why = False, "not to be had directly either: not the doing of this entry"
        one.dark = dark
        self._journal.write(
            "dark.probed",
            DarkProbe(
                url=key,
                target=one.entry.target,
                intermediary=one.intermediary.name,
                at=now,
                dark=dark,
                why=why,
            ),
        )

    async def _ask(self, url: str, through: Intermediary | None) -> tuple[int | None, str]:
        try:
            if through is None:
                answer = await self._fetcher.fetch(url, limits=LOOK)
            else:
                answer = await self._fetcher.fetch(
                    url, limits=LOOK, proxy=through.proxy, vantage=through.name
                )
        except SourceError as error:
            return None, f"no answer: {error}"[:300]
        return answer.status, f"answered {answer.status} by {host_of(answer.url)}"
