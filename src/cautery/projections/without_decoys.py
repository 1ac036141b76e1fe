"""A case without its decoys: what is shown, counted or handed out after they are revealed.

This is the one place where decoys are left out. Every network, map, figure, list, report and
dossier for others is made of the entries that come from here; a court alone is given all of them.
What is about a decoy alone is dropped. What is about others, too, is kept without it: the newest
map would else be an older one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Event
from typing import Any

from cautery.errors import UnrevealedError
from cautery.model import (
    ActionPlan,
    CriminalNetwork,
    Entry,
    Estimate,
    Intervention,
    Json,
    Record,
    Referral,
    SupplyGraph,
    to_json,
)
from cautery.model.act import ReferralInPart
from cautery.model.ports import Ledger
from cautery.model.records import (
    BudgetSpent,
    CanaryProbed,
    CaseOpened,
    DecoyRevealed,
    DecoysAnswered,
    DecoysPlanned,
    GuardRevalidated,
    ListAnswered,
    ListSent,
    ReferralPublished,
)
from cautery.projections.decoys import Decoys

EXPOSURE = "quantity.exposure-of"
"""What a watch estimates of all streams together: for how long they were on offer."""


@dataclass(slots=True)
class WithoutDecoys:
    """A ledger that is read without its decoys; what is appended goes into the ledger itself.

    Parameters
    ----------
    ledger : Ledger
        Of the case.
    decoys : Decoys
        Its blind test, which reads on by itself.
    """

    ledger: Ledger
    decoys: Decoys

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries as a ledger does, without those that are about a decoy."""
        decoys = self.decoys.read_on(self.ledger)
        return left_over(self.ledger.read(since=since, kinds=kinds), decoys)

    def follow(
        self,
        *,
        since: int = 0,
        kinds: Sequence[str] = (),
        stop: Event | None = None,
        patience_s: float | None = None,
    ) -> Iterator[Entry]:
        """Yield entries as a ledger does, without those that are about a decoy."""
        following = self.ledger.follow(since=since, kinds=kinds, stop=stop, patience_s=patience_s)
        for entry in following:
            yield from left_over((entry,), self.decoys.read_on(self.ledger))

    def size(self) -> int:
        """Return the number of all entries: no number of a record changes."""
        return self.ledger.size()

    def append(
        self,
        kind: str,
        body: Json,
        *,
        at: datetime,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> Entry:
        """Append to the ledger itself."""
        return self.ledger.append(
            kind, body, at=at, if_unchanged_since=if_unchanged_since, kinds=kinds
        )

    def append_all(
        self,
        records: Sequence[tuple[str, Json, datetime]],
        *,
        if_unchanged_since: int | None = None,
        kinds: Sequence[str] = (),
    ) -> tuple[Entry, ...]:
        """Append to the ledger itself."""
        return self.ledger.append_all(records, if_unchanged_since=if_unchanged_since, kinds=kinds)


def without_decoys(ledger: Ledger) -> Ledger:
    """Return a ledger without the decoys that are opened by now."""
    decoys = Decoys().read_on(ledger)
    return ledger if decoys.planned is None else WithoutDecoys(ledger, decoys)


def outward(ledger: Ledger, *, what: str) -> Ledger:
    """Return what of a case may leave the building: nothing before its decoys are revealed.

    Parameters
    ----------
    what : str
        What is to leave, in a word or two that begin a sentence.

    Raises
    ------
    UnrevealedError
        If leaves of the plan are not opened yet.
    """
    refuse_unrevealed(Decoys().read_on(ledger), what=what)
    return without_decoys(ledger)


def refuse_unrevealed(decoys: Decoys, *, what: str) -> None:
    """Raise if nobody may know yet which streams are decoys.

    Raises
    ------
    UnrevealedError
        If so.
    """
    if decoys.secret:
        hidden = "all" if decoys.sealed is None else f"{decoys.unopened} of {decoys.sealed.count}"
        raise UnrevealedError(
            f"{what}: this does not leave, for {hidden} decoys of this case are not revealed yet"
        )


def left_over(entries: Iterable[Entry], decoys: Decoys) -> Iterator[Entry]:
    """Yield entries without what is about a decoy that is opened."""
    for entry in entries:
        kept = without(entry, decoys)
        if kept is not None:
            yield kept


def without(entry: Entry, decoys: Decoys) -> Entry | None:
    """Return an entry without decoys; ``None``: it is about decoys alone.

    One that is about nothing of them comes back as it is. Of another one the leaf is empty, for it
    is not what the ledger holds.
    """
    content = entry.content
    if not decoys.revealed or isinstance(content, CaseOpened | DecoysPlanned):
        return entry
    if isinstance(content, DecoyRevealed | DecoysAnswered):
        return None
    if isinstance(content, Estimate) and content.quantity.id == EXPOSURE:
        # It counted decoys; once they are revealed, it is estimated anew without them.
        return entry if entry.index > decoys.last_revealed else None
    if not decoys.names(entry.leaf.decode("utf-8", "replace") or str(entry.record.body)):
        return entry
    trim = _TRIMS.get(type(content))
    kept = None if trim is None else trim(content, decoys)
    body = None if kept is None else _body(kept)
    if body is None or decoys.names(str(body)):  # in a place that nobody thought of
        return None
    record = _Trimmed(kind=entry.record.kind, at=entry.record.at, body=body, said=kept)
    return replace(entry, record=record, leaf=b"")


@dataclass(frozen=True, kw_only=True)
class _Trimmed(Record):
    """A record of which something is left out; its content is not decoded from its body."""

    said: Any

    @property
    def content(self) -> Any:
        """What is left of it."""
        return self.said


def _body(kept: object) -> Json:
    body: dict[str, Any] = to_json(kept)
    return {name: value for name, value in body.items() if name != "whole"}


def _graph(graph: SupplyGraph, decoys: Decoys) -> SupplyGraph:
    assets = tuple(
        replace(asset, marks=_others(asset.marks, decoys))
        for asset in graph.assets
        if not decoys.names(asset.value)
    )
    gone = {asset.id for asset in graph.assets} - {asset.id for asset in assets}
    return replace(
        graph,
        assets=assets,
        edges=tuple(
            edge
            for edge in graph.edges
            if not ({edge.source, edge.target} & gone)
            and not (decoys.names(edge.source) or decoys.names(edge.target))
        ),
        networks=tuple(_networks(graph.networks, decoys)),
    )


def _networks(networks: Iterable[CriminalNetwork], decoys: Decoys) -> Iterator[CriminalNetwork]:
    """Yield networks without decoys; what a decoy alone joined is parted when they are found anew.

    See :mod:`cautery.workflows.watch.after_reveal`.
    """
    for network in networks:
        members = tuple(
            replace(member, why=tuple(why for why in member.why if not _says(why, decoys)))
            for member in network.members
            if not decoys.names(member.host)
        )
        if members:
            yield replace(network, members=members)


def _plan(plan: ActionPlan, decoys: Decoys) -> ActionPlan:
    chosen = tuple(_acts(plan.chosen, decoys))
    refused = tuple(_acts(plan.refused, decoys))
    before = _streams(plan)
    gone = {url for url in before if decoys.meets(url) or decoys.names(url)}
    uncovered = tuple(url for url in plan.uncovered if url not in gone)
    cost = sum(act.cost for act in chosen)
    # A plan for the others, together with what was done about decoys alone, is a plan for all.
    spared = plan.cost - cost
    return replace(
        plan,
        chosen=chosen,
        refused=refused,
        served_before=max(0, plan.served_before - len(gone)),
        served_after=max(0, plan.served_after - (len(plan.uncovered) - len(uncovered))),
        cost=cost,
        bound=min(cost, max(0.0, plan.bound - spared)),
        uncovered=uncovered,
    )


def _streams(plan: ActionPlan) -> set[str]:
    acts = (*plan.chosen, *plan.refused)
    return {url for act in acts for url in act.streams} | set(plan.uncovered)


def _acts(acts: Iterable[Intervention], decoys: Decoys) -> Iterator[Intervention]:
    for act in acts:
        if not decoys.names(act.target):
            yield replace(act, streams=_others(act.streams, decoys))


def _referral(referral: Referral, decoys: Decoys) -> ReferralInPart | None:
    entries = tuple(entry for entry in referral.entries if not decoys.names(entry.target))
    if not entries:
        return None
    lines = [line for line in referral.statement.splitlines() if not decoys.names(line)]
    return ReferralInPart(
        id=referral.id,
        order=referral.order,
        event=referral.event,
        territory=referral.territory,
        window=referral.window,
        entries=entries,
        statement="\n".join(lines),
        whole=referral,
    )


def _published(published: ReferralPublished, decoys: Decoys) -> ReferralPublished:
    streams: Mapping[str, tuple[str, ...]] = {
        target: _others(urls, decoys)
        for target, urls in published.streams.items()
        if not decoys.names(target)
    }
    return replace(published, targets=_others(published.targets, decoys), streams=streams)


def _revalidated(asked: GuardRevalidated, decoys: Decoys) -> GuardRevalidated:
    return replace(
        asked, asked=_others(asked.asked, decoys), withdrawn=_others(asked.withdrawn, decoys)
    )


def _budget(spent: BudgetSpent, decoys: Decoys) -> BudgetSpent:
    spending = replace(spent.spending, unbounded=_others(spent.spending.unbounded, decoys))
    return replace(spent, spending=spending, left_out=_others(spent.left_out, decoys))


def _sent(sent: ListSent, decoys: Decoys) -> ListSent:
    refused = tuple(entry for entry in sent.refused if not decoys.names(entry.target))
    return replace(sent, withdrawn=_others(sent.withdrawn, decoys), refused=refused)


def _list_answered(answered: ListAnswered, decoys: Decoys) -> ListAnswered:
    refused = tuple(entry for entry in answered.refused if not decoys.names(entry.target))
    return replace(answered, refused=refused)


def _canary(probe: CanaryProbed, decoys: Decoys) -> CanaryProbed | None:
    if decoys.names(probe.canary):
        return None
    return replace(probe, targets=_others(probe.targets, decoys))


def _others(names: Collection[str], decoys: Decoys) -> tuple[str, ...]:
    return tuple(name for name in names if not decoys.names(name))


def _says(why: object, decoys: Decoys) -> bool:
    return decoys.names(str(to_json(why)))


_TRIMS: Mapping[type, Callable[[Any, Decoys], object | None]] = {
    ActionPlan: _plan,
    BudgetSpent: _budget,
    CanaryProbed: _canary,
    GuardRevalidated: _revalidated,
    ListAnswered: _list_answered,
    ListSent: _sent,
    Referral: _referral,
    ReferralPublished: _published,
    SupplyGraph: _graph,
}
"""Records that are about several hosts; every other one that names a decoy is about it."""
