"""The course of referrals: drafted under an order, signed by two people, listed, withdrawn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, combinations

from cautery.act import (
    CLOCK_SKEW,
    Approved,
    acting_window,
    approve,
    check_signature,
    draft,
    is_target,
    list_subject,
    order_for,
    order_of,
    orders_in_force,
    require_approvable,
)
from cautery.act.gate import Gate
from cautery.errors import ApprovalError, InputError, UnaskedError
from cautery.messages import message
from cautery.model import (
    ActionPlan,
    Approval,
    BlockEntry,
    CourtOrder,
    Digest,
    ExhibitId,
    Intermediary,
    Intervention,
    Mandate,
    Notice,
    Reason,
    Referral,
    SignedFor,
    iso,
)
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    EntryWithdrawn,
    ReferralPublished,
)
from cautery.projections import Acts
from cautery.projections.decoys import UNANSWERED
from cautery.projections.lists import BY_DECOY
from cautery.projections.refusals import first_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.watch.acting.judging import ISP_LEVERS
from cautery.workflows.watch.acting.lists import PATIENCE_S, Lists, Taken
from cautery.workflows.watch.resume import refused
from cautery.workflows.watch.streams import Stream

ASKED_AGAIN_S = 10.0
"""The keeper of the decoys, if it did not answer, is asked again after so long."""
ASKED_AT_ONCE = 4
"""About so many referrals the keeper is asked at once; it takes eight questions, of all cases."""


class _AsItLeft:
    """The gate for what a provider has taken: what left stays, but for what :meth:`lifted` says.

    Parameters
    ----------
    gate : KeeperGate
        What the keeper has said.
    """

    def __init__(self, gate: KeeperGate) -> None:
        self._gate = gate

    def void(self, act: Referral | Notice) -> frozenset[str]:
        """Return the targets of an act that come off.

        Raises
        ------
        UnaskedError
            If the keeper has not answered for this very act.
        """
        self._gate.void(act)
        return self._gate.lifted(act)


@dataclass(slots=True)
class Filed:
    """A referral on its way: drafted, signed, published."""

    referral: Referral
    digest: Digest
    """What is signed."""
    signed: dict[str, Approval] = field(default_factory=dict)
    """By approver, the latest signature: nobody counts twice, nor crowds another out."""
    listed: set[str] = field(default_factory=set)
    """Intermediaries on whose list it is."""
    published: set[str] = field(default_factory=set)
    """Those of them that took the list."""
    withdrawn: set[str] = field(default_factory=set)
    """Targets that the guard allows no more."""
    refused: bool = False
    """An approver has refused it: it is published to nobody any more."""
    heard: int = 0
    judged: int = 0
    """So many of the signatures heard were looked at and did not suffice."""
    ask_at: datetime | None = None
    """When the keeper of the decoys is asked again; ``None``: it answered, or was not asked."""
    unasked: str = ""
    """Why it leaves not yet, as it was recorded."""

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """All that count."""
        return tuple(self.signed.values())

    def standing(self, now: datetime) -> Iterator[BlockEntry]:
        """Yield the entries that have neither ended nor been withdrawn."""
        for entry in self.referral.entries:
            if entry.valid_until > now and entry.target not in self.withdrawn:
                yield entry


class Filing:
    """Every referral of a case, from its draft to the intermediaries that took it.

    Parameters
    ----------
    signed_for : SignedFor
        What every signature in this case names.
    cuts : callable
        ``cuts(target, stream)``: whether an entry on a target cuts a stream.
    on_published : callable
        Told of each referral and the intermediary that took it.
    on_taken : callable
        Told of each changed version that an intermediary took.
    lists : Lists
        The lists of the intermediaries.
    confirmed : callable
        Returns the rules of law that people have confirmed by now, each with its source.
    gate : KeeperGate
        Asked before a referral leaves: its decoys are left out.
    """

    def __init__(
        self,
        mandate: Mandate,
        streams: Mapping[str, Stream],
        *,
        signed_for: SignedFor,
        cuts: Callable[[str, Stream], bool],
        on_published: Callable[[Referral, Intermediary], None],
        on_taken: Callable[[Taken], None],
        lists: Lists,
        confirmed: Callable[[], Mapping[str, str]],
        gate: KeeperGate,
        journal: Journal,
    ) -> None:
        self._confirmed = confirmed
        self._gate = gate
        self._mandate = mandate
        self._streams = streams
        self._signed_for = signed_for
        self._cuts = cuts
        self._on_published = on_published
        self._on_taken = on_taken
        self._lists = lists
        self._journal = journal
        self._filed: dict[str, Filed] = {}
        self._dated_ahead: set[ApprovalGiven] = set()
        self._released: set[str] = set()

    def __iter__(self) -> Iterator[Filed]:
        return iter(tuple(self._filed.values()))

    # -- what an earlier run did ------------------------------------------------------------

    def restore(self, acts: Acts, withdrawals: Iterable[EntryWithdrawn]) -> int:
        """Take up what earlier runs of this case filed; return how many records are not valid."""
        ignored = refused(self._file, acts.referrals.values())
        for withdrawal in withdrawals:
            if (filed := self._filed.get(withdrawal.referral)) is not None:
                filed.withdrawn.add(withdrawal.target)
        given = (
            ApprovalGiven.of(filed.referral.id, approval)
            for filed in self
            for approval in acts.approvals.get(filed.digest, ())
        )
        for refusal in acts.refused:
            self.refuse(refusal)
        published = chain.from_iterable(acts.published.values())
        return ignored + refused(self.approved, given) + refused(self._restore_published, published)

    def _file(self, referral: Referral) -> None:
        subject = list_subject(referral, order_of(referral, self._mandate))
        self._filed[referral.id] = Filed(referral, subject)

    def _restore_published(self, published: ReferralPublished) -> None:
        """Put a referral back on the list that an earlier run sent, on its two signatures.

        They were of that day, so they are judged as of the later one.
        """
        filed = self._filed.get(published.referral)
        for to in self._mandate.intermediaries:
            if filed is None or to.name != published.intermediary or to.name in filed.published:
                continue
            filed.published.add(to.name)
            self._on_published(filed.referral, to)
            if any(filed.standing(self._journal.now())):
                self._list(filed, self._approved_then(filed), [to])

    # -- drafting ---------------------------------------------------------------------------

    def draft(self, plan: ActionPlan) -> None:
        """Draft referrals of what is on no list yet, in each territory under each order for it."""
        now, decoys = self._journal.now(), self._gate.decoys
        for territory in sorted(
            {intermediary.territory for intermediary in self._mandate.intermediaries}
        ):
            listed = {
                entry.target
                for filed in self._filed.values()
                if filed.referral.territory == territory
                for entry in filed.standing(now)
            }
            groups: defaultdict[str | None, list[Intervention]] = defaultdict(list)
            for act in plan.chosen:
                if act.target in listed or act.target in self._released:
                    continue
                if decoys.meets(act.target):
                    continue
                # What no list can have would spoil the referral of all others.
                if not is_target(act.lever, act.target):
                    continue
                for event in self._events(act):
                    if self.order_of(event, territory, now) is not None:
                        groups[event].append(act)
                        break
            for event, acts in groups.items():
                order = self.order_of(event, territory, now)
                if order is None:
                    continue
                for together in self._together(acts):
                    self._draft(replace(plan, chosen=together), order, event, at=now)

    def _together(self, acts: Sequence[Intervention]) -> list[tuple[Intervention, ...]]:
        """Return which targets share a referral: all, but each its own where decoys are planned.

        People sign a referral as a whole, and a provider reads it as a whole. One of a decoy alone
        leaves no word behind.
        """
        if self._mandate.decoys is None:
            return [tuple(acts)]
        return [(act,) for act in acts]

    def order_of(self, event: str | None, territory: str, at: datetime) -> CourtOrder | None:
        """Return the order under which targets of an event may be referred in a territory.

        Parameters
        ----------
        event : str or None
            ``None``: they show channels or works.
        """
        if not self._mandate.covers(territory):
            return None
        orders = orders_in_force(self._mandate.orders, territory=territory, at=at)
        about = None if event is None else self._mandate.event(event)
        order = order_for(orders, about)
        window = None if order is None else acting_window(order, about, self._mandate.window)
        return order if window is not None and window.holds(at) else None

    def _events(self, act: Intervention) -> Iterable[str | None]:
        """Return the events that a target shows; last ``None``, if it shows channels or works."""
        verdicts = (self._streams[url].verdict for url in act.streams if url in self._streams)
        events = {verdict.event for verdict in verdicts if verdict is not None}
        return sorted(events, key=lambda event: (event is None, event or ""))

    def _draft(
        self, plan: ActionPlan, order: CourtOrder, event: str | None, *, at: datetime
    ) -> None:
        urls = sorted({url for act in plan.chosen for url in act.streams if url in self._streams})
        about = None if event is None else self._mandate.event(event)
        window = acting_window(order, about, self._mandate.window)
        try:
            referral = draft(
                plan,
                order=order,
                event=about,
                window=window or order.window,
                at=at,
                exhibits={url: self._exhibits(url) for url in urls},
                levers=ISP_LEVERS,
            )
        except (InputError, ApprovalError) as error:
            self._journal.fail("referral", order.territory, error)
            return
        self._file(referral)
        self._journal.write(referral)

    def by_target(self) -> Mapping[str, Mapping[str, str]]:
        """Return, by target and territory, the latest referral that holds or held an entry on it.

        An entry that has ended led to something; one that was withdrawn did not.
        """
        referrals: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for filed in self._filed.values():
            for entry in filed.referral.entries:
                if entry.target not in filed.withdrawn:
                    referrals[entry.target][filed.referral.territory] = filed.referral.id
        return referrals

    def _exhibits(self, url: str) -> tuple[ExhibitId, ...]:
        verdict = self._streams[url].verdict
        if verdict is None:
            return ()
        return tuple(
            dict.fromkeys(e for observation in verdict.observations for e in observation.exhibits)
        )

    # -- signing ----------------------------------------------------------------------------

    def approved(self, given: ApprovalGiven) -> None:
        """Take an approval up; one that is dated ahead counts as soon as its time has come.

        Raises
        ------
        CauteryError
            If the signature is no approver's under this very referral for this case.
        """
        filed = self._filed.get(given.referral)
        if filed is None:
            return
        approval = given.approval
        check_signature(
            approval,
            what=f"referral {filed.referral.id}",
            subject=filed.digest,
            mandate=self._mandate,
            signed_for=self._signed_for,
        )
        if approval.at > self._journal.now() + CLOCK_SKEW:
            if given not in self._dated_ahead:
                self._dated_ahead.add(given)
                self._journal.fail("approval", filed.referral.id, _dated_ahead(approval))
            return
        earlier = filed.signed.get(approval.approver)
        if earlier is None or earlier.at < approval.at:
            filed.signed[approval.approver] = approval
            filed.heard += 1

    def refuse(self, refusal: ActRefused) -> None:
        """Publish a referral to nobody any more; its targets are drafted anew when it has ended."""
        filed = self._filed.get(refusal.id)
        if filed is None or (
            first_of([refusal], mandate=self._mandate, subject=filed.digest) is None
        ):
            return
        filed.refused = True
        # It may wait on the list of who is away: the next attempt would send it.
        self._lists.drop(refusal.id, but=filed.published)

    def ready(self) -> Iterator[Filed]:
        """Yield the referrals with two approvals that are not yet on each list."""
        now = self._journal.now()
        for given in tuple(self._dated_ahead):
            if given.at <= now + CLOCK_SKEW:
                self._dated_ahead.remove(given)
                self.approved(given)
        for filed in self:
            fresh = filed.judged < filed.heard or (filed.ask_at is not None and now >= filed.ask_at)
            if len(filed.approvals) >= 2 and fresh and not filed.refused and self._waiting(filed):
                yield filed

    def judge_again(self) -> None:
        """Look once more at the referrals whose signatures did not suffice: a rule is confirmed."""
        for filed in self:
            filed.judged = 0

    def _waiting(self, filed: Filed) -> list[Intermediary]:
        return [
            intermediary
            for intermediary in self._mandate.intermediaries
            if intermediary.territory == filed.referral.territory
            and intermediary.name not in filed.listed
        ]

    # -- handing in and taking back ---------------------------------------------------------

    async def publish(self, filed: Filed) -> None:
        """Put a referral on the lists where it is waited for, if its approvals hold together.

        The keeper of the decoys is asked first. Without its answer nothing leaves: it is asked
        again, and the case says so.
        """
        if not any(filed.standing(self._journal.now())):
            filed.judged, filed.ask_at = filed.heard, None
            return
        try:
            pair = self._pair_of(filed)
            await self._gate.ask(filed.referral, pair)
            filed.ask_at, filed.unasked = None, ""
            self.leave_out(filed)
            if not any(filed.standing(self._journal.now())):
                return  # it was of a decoy alone: no version of a list has it
            self._list(filed, self._approve(filed, pair, self._journal.now()), self._waiting(filed))
        except UnaskedError as error:
            filed.ask_at = self._journal.now() + timedelta(seconds=ASKED_AGAIN_S)
            if str(error) != filed.unasked:
                filed.unasked = str(error)
                self._journal.fail(UNANSWERED, filed.referral.id, error)
        except ApprovalError as error:
            filed.ask_at = None
            self._journal.fail("approval", filed.referral.id, error)

    async def publish_all(self, ready: Iterable[Filed]) -> None:
        """Put referrals on the lists where they are waited for, asking the keeper about several."""
        turns = asyncio.Semaphore(ASKED_AT_ONCE)

        async def publish(filed: Filed) -> None:
            async with turns:
                await self.publish(filed)

        await asyncio.gather(*map(publish, ready))

    def leave_out(self, filed: Filed) -> frozenset[str]:
        """Withdraw what of a referral was opened as a decoy, and return it.

        If nothing else stands in it, it comes off every list that nobody has taken yet.
        What a provider has taken comes off only as :meth:`KeeperGate.lifted` says.
        """
        if filed.published:
            void = self._gate.lifted(filed.referral) - filed.withdrawn
        else:
            decoys = self._gate.decoys
            void = frozenset(
                entry.target
                for entry in filed.referral.entries
                if entry.target not in filed.withdrawn and decoys.meets(entry.target)
            )
        reason = Reason(code=BY_DECOY, text=message("withdrawn.decoy"))
        self.withdraw(filed, dict.fromkeys(sorted(void), (reason,)))
        if void and not any(filed.standing(self._journal.now())):
            self._lists.drop(filed.referral.id, but=filed.published)
        return void

    async def send(self, *, patience_s: float | None = PATIENCE_S) -> None:
        """Send each list that has changed, or is due, and take up what the intermediaries say.

        Parameters
        ----------
        patience_s : float or None
            How long to wait for their answers; ``None``: for all, to their end.
        """
        for taken in await self._lists.send(patience_s=patience_s):
            self._on_taken(taken)
            for filed in self:
                name = taken.to.name
                if name in filed.listed - filed.published and filed.referral.id in taken.referrals:
                    filed.published.add(name)
                    self._record(filed, taken)

    def release(self, target: str) -> None:
        """Draft no referral of a target any more: a complaint about it is granted."""
        self._released.add(target)

    def withdraw(self, filed: Filed, reasons: Mapping[str, Collection[Reason]]) -> None:
        """Take targets out of a referral: off every list, and to be unblocked where they are.

        Parameters
        ----------
        reasons : mapping
            Why, by target.
        """
        for target, why in reasons.items():
            filed.withdrawn.add(target)
            self._lists.withdraw(filed.referral.id, target)
            self._journal.write(
                EntryWithdrawn(
                    referral=filed.referral.id,
                    target=target,
                    reasons=tuple(why),
                    published=tuple(sorted(filed.published)),
                    at=self._journal.now(),
                )
            )

    def _pair_of(self, filed: Filed) -> tuple[Approval, ...]:
        """Find two approvals that hold together; a forged third must not stop two real people."""
        why = ApprovalError(f"referral {filed.referral.id}: two people must sign it")
        filed.judged = filed.heard  # who has not taken the list yet is still to be asked
        for pair in combinations(filed.approvals, 2):
            try:
                require_approvable(
                    filed.referral,
                    pair,
                    mandate=self._mandate,
                    signed_for=self._signed_for,
                    now=self._journal.now(),
                    confirmed=self._confirmed(),
                )
            except ApprovalError as error:
                why = error
            else:
                return pair
        raise why

    def _approve(
        self,
        filed: Filed,
        pair: tuple[Approval, ...],
        at: datetime,
        *,
        gate: Gate | None = None,
    ) -> Approved[Referral]:
        return approve(
            filed.referral,
            pair,
            mandate=self._mandate,
            signed_for=self._signed_for,
            now=at,
            confirmed=self._confirmed(),
            gate=gate or self._gate,
        )

    def _approved_then(self, filed: Filed) -> Approved[Referral]:
        """Return a referral that an earlier run sent, judged as of the later approval."""
        why = ApprovalError(f"referral {filed.referral.id}: two people must sign it")
        for pair in combinations(filed.approvals, 2):
            try:
                at = max(approval.at for approval in pair)
                return self._approve(filed, pair, at, gate=_AsItLeft(self._gate))
            except ApprovalError as error:
                why = error
        raise why

    def _list(self, filed: Filed, approved: Approved[Referral], at: Iterable[Intermediary]) -> None:
        order = order_of(filed.referral, self._mandate)
        for to in at:
            self._lists.add(approved, order, to)
            filed.listed.add(to.name)
            for target in filed.withdrawn:
                self._lists.withdraw(filed.referral.id, target)

    def _record(self, filed: Filed, taken: Taken) -> None:
        """Record that an intermediary took a referral for the first time."""
        entries = tuple(entry for entry in filed.referral.entries if entry.target in taken.targets)
        streams = {
            entry.target: tuple(
                key
                for key, stream in self._streams.items()
                if stream.proven and self._cuts(entry.target, stream)
            )
            for entry in entries
        }
        self._journal.write(
            ReferralPublished(
                referral=filed.referral.id,
                intermediary=taken.to.name,
                exhibit=taken.exhibit,
                at=taken.at,
                targets=tuple(entry.target for entry in entries),
                streams=streams,
            )
        )
        self._journal.write(taken.answer.about(filed.referral.id))
        self._on_published(replace(filed.referral, entries=entries), taken.to)


def _dated_ahead(approval: Approval) -> ApprovalError:
    return ApprovalError(
        f"{approval.approver}'s approval is dated in the future and does not count before "
        f"{iso(approval.at - CLOCK_SKEW)}",
        hint="If the clock of that person's computer is wrong, set it and sign again.",
    )
