"""Before the day: the size of the network, the place of its money, and acts that would cut it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from cautery.estimate import parse_claim
from cautery.lab.operations.replay.story import Story
from cautery.lab.operations.sources import sizing_sources
from cautery.messages import say
from cautery.model import Claim, Instrument, InstrumentKind, Statement
from cautery.model.records import PublishedFigure
from cautery.model.records.inquiry import SizingOccasion
from cautery.operation.instruments import draft_eio, draft_freezing, draft_mla
from cautery.operation.money.flows import table_of
from cautery.operation.money.trail import Trace
from cautery.workflows.operation.course import sized_network
from cautery.workflows.operation.draft_instrument import file_draft
from cautery.workflows.operation.holdings import picture
from cautery.workflows.operation.plan_cut import PlannedCut, plan_cut
from cautery.workflows.operation.trace_money import purchase_of, trace_money, trace_supplied
from cautery.workflows.sizing.size import Sizing, size_network

_MOST_DRAFTS = 40
"""Orders that one prosecutor could look at before the day; the rest stay proposals. Judgement."""


def publish(story: Story) -> None:
    """Record what press and agencies published: claims to be compared with what is found.

    A smaller world is compared with nothing: no press has written of it.
    """
    sheet = story.world.sheet
    if sheet is None or story.world.scale < 1:
        return
    rows = [
        PublishedFigure(
            id=fact.id,
            what=fact.what,
            value=fact.value,
            source=f"{fact.source}: {fact.source_name}",
            low=fact.low,
            high=fact.high,
            kind=fact.kind,
        )
        for fact in sheet.facts
    ]
    story.lead.record_all(rows, at=story.clock.now())


def size(story: Story, *, occasion: SizingOccasion, with_dumps: bool) -> Sizing:
    """Size the network of the last whole month from what sources say, and judge the claims."""
    month = _month_before(story.world.moment)
    sources = sizing_sources(story.world, month)
    if not with_dumps:  # panels are not seized yet: their dumps lie with the criminals
        sources = replace(sources, panels=())
    sizing = size_network(sources, claims_of(story), seed=story.world.seed)
    story.lead.record(sized_network(sizing, occasion=occasion))
    users = sizing.reconciled.estimate("users")
    flagged = [judged.claim.text for judged in sizing.judged if judged.flagged]
    story.tell(
        "estimate",
        f"{occasion}: {users.low / 1e6:.2f} to {users.high / 1e6:.2f} million users (90 %)"
        + (f"; {' and '.join(flagged)} do not fit" if flagged else ""),
        low=users.low,
        mid=users.mid,
        high=users.high,
        flagged=flagged,
    )
    return sizing


def claims_of(story: Story) -> tuple[Claim, ...]:
    """Return the published sizes as claims, scaled as the world is."""
    truth, scale = story.world.truth, story.world.scale / 1e6
    texts = []
    if truth.claimed_users:
        texts.append(f"{truth.claimed_users * scale:g}e6 users")
    if truth.claimed_revenue_eur_month:
        texts.append(f"{truth.claimed_revenue_eur_month * scale:g}e6 EUR/month")
    return tuple(parse_claim(text) for text in texts)


def follow_money(story: Story) -> Trace | None:
    """Follow every recorded test purchase that the lead knows of, and draft what could be held."""
    payments = [statement for statement in picture(story.lead) if statement.about == "payment"]
    purchases = [purchase_of(statement) for statement in payments if _leads_somewhere(statement)]
    if not purchases:
        story.tell("money", "no test purchase that leads to an account or wallet")
        return None
    trace = trace_supplied(purchases, table_of(story.world.transfers), story.world.tags)
    trace_money(story.lead, trace)
    drafts = _drafts(story, trace)
    story.tell(
        "money",
        f"{len(purchases)} test purchases lead over {len(trace.hops)} hops to "
        f"{len(trace.holdings)} holdings; {len(drafts)} orders drafted, none sent",
        purchases=len(purchases),
        hops=len(trace.hops),
        drafts=len(drafts),
    )
    return trace


def choose_cut(story: Story) -> PlannedCut:
    """Choose what to cut on the shared picture, by those at the table alone."""
    planned = plan_cut(story.lead, seed=story.world.seed, at=story.clock.now())
    for line in planned.words:
        story.tell("plan", line, floor=planned.floor, goal=planned.goal)
    return planned


def _leads_somewhere(statement: Statement) -> bool:
    return bool(statement.details.get("account") or statement.details.get("wallet"))


def _drafts(story: Story, trace: Trace) -> list[Instrument]:
    """Draft freezing orders, and letters that ask to keep data, for whom one knows where to find.

    The e-Evidence regulation applies since 18 August 2026 only: before, what a provider has is
    asked for by an EIO inside the Union, by mutual legal assistance outside.
    """
    lead, now = story.operation.lead, story.clock.now()
    drafts: list[Instrument] = []
    for proposal in trace.proposals:
        whom = proposal.addressee
        country = story.world.place_of.get(whom)
        if country is None or len(drafts) >= _MOST_DRAFTS:
            continue
        holds, grounds = tuple(map(say, proposal.holds)), say(proposal.grounds)
        if proposal.kind is not InstrumentKind.FREEZING and country == lead.country:
            continue  # at home the lead asks by its own law, with none of these instruments
        if {country, lead.country} & _OUTSIDE and country != lead.country:
            make = draft_mla
        elif proposal.kind is InstrumentKind.FREEZING:
            make = _freezing
        else:
            make = draft_eio
        draft = make(by=lead, authority=whom, country=country, holds=holds, grounds=grounds, at=now)
        file_draft(story.lead, draft)
        drafts.append(draft)
    return drafts


def _freezing(*, authority: str, **arguments: Any) -> Instrument:
    return draft_freezing(addressee=authority, **arguments)


_OUTSIDE = frozenset({"GB", "CH", "HK", "US"})
"""Bound neither by Directive 2014/41/EU nor by Regulation (EU) 2018/1805."""


def _month_before(moment: datetime) -> date:
    return (moment.date().replace(day=1) - timedelta(days=1)).replace(day=1)
