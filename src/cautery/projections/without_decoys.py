"""A case without its decoys: what is shown, counted or handed out after they are revealed.

This is the one place where decoys are left out. Every network, map, figure, list, report and
dossier for others is made of the entries that come from here; a court alone is given all of them.
A record is a decoy's by its subject: the host of its URL, its target, its address. What is about a
decoy alone is dropped. What is about others, too, is kept without it: the newest map would else be
an older one. What is about somebody else and only mentions a decoy is kept, and the mention is
blacked out: anybody can write the name of our host into a path of their own, and nobody may vanish
by that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
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
    Notice,
    Record,
    Referral,
    SupplyGraph,
    to_json,
)
from cautery.model.act import ReferralInPart
from cautery.model.notice import NoticeInPart
from cautery.model.ports import Ledger
from cautery.model.records import (
    AssetFacts,
    BudgetSpent,
    CanaryProbed,
    CaseOpened,
    DecoyRevealed,
    DecoysAnswered,
    DecoysPlanned,
    DecoysTold,
    GuardRevalidated,
    ListAnswered,
    ListSent,
    ReferralPublished,
    typed,
)
from cautery.projections.decoy_mentions import is_about, may_mention, redacted_body
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
    redacts : bool
        Whether mentions of decoys in others' records are blacked out.
    """

    ledger: Ledger
    decoys: Decoys
    redacts: bool = True

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        """Yield entries as a ledger does, without those that are about a decoy."""
        decoys = self.decoys.read_on(self.ledger)
        entries = self.ledger.read(since=since, kinds=kinds)
        return left_over(entries, decoys, redacts=self.redacts)

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
            decoys = self.decoys.read_on(self.ledger)
            yield from left_over((entry,), decoys, redacts=self.redacts)

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


def without_decoys(ledger: Ledger, *, redacts: bool = True) -> Ledger:
    """Return a ledger without the decoys that are opened by now.

    Parameters
    ----------
    redacts : bool
        Whether others' records that mention a decoy are shown without the mention; a court, and who
        computes for the case itself, reads them as they are.
    """
    decoys = Decoys().read_on(ledger)
    return ledger if decoys.planned is None else WithoutDecoys(ledger, decoys, redacts)


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


def left_over(entries: Iterable[Entry], decoys: Decoys, *, redacts: bool = True) -> Iterator[Entry]:
    """Yield entries without what is about a decoy that is opened."""
    for entry in entries:
        remaining_entry = without(entry, decoys, redacts=redacts)
        if remaining_entry is not None:
            yield remaining_entry


def without(entry: Entry, decoys: Decoys, *, redacts: bool = True) -> Entry | None:
    """Return an entry without decoys; ``None``: it is about decoys alone.

    One that says nothing of them comes back as it is. Of another one the leaf is empty, for it is
    not what the ledger holds.
    """
    content, body = entry.content, entry.record.body
    if not decoys.revealed or isinstance(content, CaseOpened | DecoysPlanned):
        return entry
    if isinstance(content, DecoyRevealed | DecoysAnswered | DecoysTold):
        return None
    if isinstance(content, Estimate) and content.quantity.id == EXPOSURE:
        # It counted decoys; once they are revealed, it is estimated anew without them.
        return entry if entry.index > decoys.last_revealed else None
    if is_about(content, decoys):
        return None
    trim = _TRIMS.get(type(content))
    if trim is None and not may_mention(body, decoys):
        return entry
    trimmed_content = content if trim is None else trim(content, decoys)
    if trimmed_content is None:
        return None
    kind = entry.record.kind
    if trimmed_content != content:
        body = _body(trimmed_content)
    if redacts:
        redacted = redacted_body(body, decoys)
        if redacted != body:
            body, trimmed_content = redacted, _said(kind, redacted, trimmed_content)
    if trimmed_content is content:
        return entry
    record = _Trimmed(kind=kind, at=entry.record.at, body=body, said=trimmed_content)
    return replace(entry, record=record, leaf=b"")


@dataclass(frozen=True, kw_only=True)
class _Trimmed(Record):
    """A record of which something is left out; its content is not decoded from its body."""

    said: Any

    @property
    def content(self) -> Any:
        """What is left of it."""
        return self.said


def _said(kind: str, body: Json, unredacted: object) -> object:
    """Return what a body says once mentions are blacked out of it."""
    redacted_record = typed(kind, body)
    # People signed the text with the mention, and its id is of that.
    if isinstance(redacted_record, Referral) and isinstance(unredacted, Referral):
        whole = unredacted.whole if isinstance(unredacted, ReferralInPart) else unredacted
        return ReferralInPart(**_members(redacted_record), whole=whole)
    if isinstance(redacted_record, Notice) and isinstance(unredacted, Notice):
        whole_notice = unredacted.whole if isinstance(unredacted, NoticeInPart) else unredacted
        return NoticeInPart(**_members(redacted_record), whole=whole_notice)
    return redacted_record


def _body(trimmed_content: object) -> Json:
    body: dict[str, Any] = to_json(trimmed_content)
    return {name: value for name, value in body.items() if name != "whole"}


def _graph(graph: SupplyGraph, decoys: Decoys) -> SupplyGraph:
    assets = tuple(
        replace(asset, marks=_others(asset.marks, decoys))
        for asset in graph.assets
        if not decoys.owns(asset.value)
    )
    hidden_assets = {asset.id for asset in graph.assets} - {asset.id for asset in assets}
    return replace(
        graph,
        assets=assets,
        edges=tuple(
            edge
            for edge in graph.edges
            if not ({edge.source, edge.target} & hidden_assets)
            and not any(decoys.owns(_named_by(end)) for end in (edge.source, edge.target))
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
            if not decoys.owns(member.host)
        )
        if members:
            yield replace(network, members=members)


def _plan(plan: ActionPlan, decoys: Decoys) -> ActionPlan:
    chosen_acts = tuple(_acts(plan.chosen, decoys))
    refused = tuple(_acts(plan.refused, decoys))
    before = _streams(plan)
    hidden_streams = {url for url in before if _hits(url, decoys)}
    uncovered = tuple(url for url in plan.uncovered if url not in hidden_streams)
    cost = sum(act.cost for act in chosen_acts)
    # A plan for the others, together with what was done about decoys alone, is a plan for all.
    spared = plan.cost - cost
    return replace(
        plan,
        chosen=chosen_acts,
        refused=refused,
        served_before=max(0, plan.served_before - len(hidden_streams)),
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
        if not _hits(act.target, decoys):
            yield replace(act, streams=_others(act.streams, decoys))


def _referral(referral: Referral, decoys: Decoys) -> Referral | None:
    entries = tuple(entry for entry in referral.entries if not _hits(entry.target, decoys))
    if not entries:
        return None
    if len(entries) == len(referral.entries):
        return referral
    part = _members(referral) | {
        "entries": entries,
        "statement": _unnamed(referral.statement, decoys),
    }
    return ReferralInPart(**part, whole=referral)


def _notice(notice: Notice, decoys: Decoys) -> Notice | None:
    urls = tuple(noticed for noticed in notice.urls if not _hits(noticed.url, decoys))
    if len(urls) == len(notice.urls):
        return notice
    if not urls:
        return None
    part = _members(notice) | {"urls": urls, "statement": _unnamed(notice.statement, decoys)}
    return NoticeInPart(**part, whole=notice)


def _unnamed(statement: str, decoys: Decoys) -> str:
    """Return a statement without the lines of targets that are left out."""
    lines = statement.splitlines()
    return "\n".join(line for line in lines if not any(map(decoys.owns, line.split())))


def _published(published: ReferralPublished, decoys: Decoys) -> ReferralPublished:
    streams: Mapping[str, tuple[str, ...]] = {
        target: _others(urls, decoys)
        for target, urls in published.streams.items()
        if not _hits(target, decoys)
    }
    return replace(published, targets=_others(published.targets, decoys), streams=streams)


def _revalidated(revalidation: GuardRevalidated, decoys: Decoys) -> GuardRevalidated:
    return replace(
        revalidation,
        asked=_others(revalidation.asked, decoys),
        withdrawn=_others(revalidation.withdrawn, decoys),
    )


def _budget(spent: BudgetSpent, decoys: Decoys) -> BudgetSpent:
    spending = replace(spent.spending, unbounded=_others(spent.spending.unbounded, decoys))
    return replace(spent, spending=spending, left_out=_others(spent.left_out, decoys))


def _sent(list_version: ListSent, decoys: Decoys) -> ListSent:
    refused = tuple(entry for entry in list_version.refused if not _hits(entry.target, decoys))
    return replace(list_version, withdrawn=_others(list_version.withdrawn, decoys), refused=refused)


def _list_answered(answered: ListAnswered, decoys: Decoys) -> ListAnswered:
    refused = tuple(entry for entry in answered.refused if not _hits(entry.target, decoys))
    return replace(answered, refused=refused)


def _canary(probe: CanaryProbed, decoys: Decoys) -> CanaryProbed | None:
    if decoys.owns(probe.canary):
        return None
    return replace(probe, targets=_others(probe.targets, decoys))


def _facts(facts: AssetFacts, decoys: Decoys) -> AssetFacts:
    # Whoever has a name can let it lead to an address of ours, beside his own.
    return replace(facts, addresses=_others(facts.addresses, decoys))


def _others(places: Collection[str], decoys: Decoys) -> tuple[str, ...]:
    return tuple(place for place in places if not _hits(place, decoys))


def _hits(target: str, decoys: Decoys) -> bool:
    """Tell whether an act on a target is void, or is on a host of a decoy."""
    return decoys.owns(target) or decoys.meets(target)


def _members(act: Referral | Notice) -> dict[str, Any]:
    """Return what an act says, by member; not of which one it is a part."""
    shape = Referral if isinstance(act, Referral) else Notice
    return {member.name: getattr(act, member.name) for member in fields(shape)}


def _named_by(asset: str) -> str:
    """Return what an id of an asset names, after its kind."""
    return asset.partition(":")[2]


def _says(why: object, decoys: Decoys) -> bool:
    return may_mention(to_json(why), decoys)


_TRIMS: Mapping[type, Callable[[Any, Decoys], object | None]] = {
    ActionPlan: _plan,
    AssetFacts: _facts,
    BudgetSpent: _budget,
    CanaryProbed: _canary,
    GuardRevalidated: _revalidated,
    ListAnswered: _list_answered,
    ListSent: _sent,
    Notice: _notice,
    Referral: _referral,
    ReferralPublished: _published,
    SupplyGraph: _graph,
}
"""Records that are about several hosts."""
