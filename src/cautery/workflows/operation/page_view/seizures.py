"""What was taken, on the page: nodes of the supply graph, exhibits, and money."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal

from cautery.drawing.templates import said
from cautery.messages import tr, tr_n, word
from cautery.model import ExhibitKind, Instrument, InstrumentKind, Role
from cautery.model.records import CutChosen, MoneyTraced
from cautery.operation.totals import journal, totals
from cautery.pages.operation.formatting import exact
from cautery.pages.operation.view.seizures import (
    CurrencyTotal,
    ExhibitLine,
    ExhibitsView,
    Fate,
    Finding,
    FreezingProposal,
    Holding,
    MoneyFlow,
    MoneyNode,
    MoneyView,
    SupplyLink,
    SupplyNode,
    SupplyView,
)
from cautery.plan import Supply
from cautery.workflows.operation.draft_instrument import filed_drafts
from cautery.workflows.operation.page_view.material import Material
from cautery.workflows.operation.record_findings import findings_of

_LINE_ENDS = 16
"""Letters of an address that a person can compare; the whole stands sealed in the case."""
_PREFIXES = {"account": "account:", "psp": "provider:"}
"""What a label need not say under the head of its column."""
_ROLES_DRAWN = frozenset(
    {
        Role.SOURCE,
        Role.ENCODER,
        Role.ORIGIN,
        Role.EDGE,
        Role.PANEL,
        Role.SUPER_RESELLER,
        Role.RESELLER,
        Role.STOREFRONT,
        Role.PAYMENT,
    }
)


def supply(material: Material) -> SupplyView | None:
    """Return the supply graph as it was known, and what became of each node."""
    if not material.seen.nodes:
        return None
    node_ids = {node.id for node in material.seen.nodes}
    supply_graph = Supply(material.seen.nodes)
    up, before = supply_graph.standing(material.removed & node_ids), supply_graph.standing()
    weight = sum(node.weight for node in material.seen.nodes) or 1.0
    drawn_ids = {asset.id for asset in material.seen.graph.assets if asset.role in _ROLES_DRAWN}
    cuts = [cut for _, cut in material.desk.contents(CutChosen)]
    return SupplyView(
        nodes=tuple(
            SupplyNode(
                id=asset.id,
                label=asset.value,
                role=asset.role,
                country=asset.country or "",
                fate=Fate.REMOVED
                if asset.id in material.removed
                else Fate.SERVING
                if asset.id in up
                else Fate.DARK,
            )
            for asset in material.seen.graph.assets
            if asset.id in drawn_ids
        ),
        links=tuple(
            SupplyLink(source=edge.source, target=edge.target)
            for edge in material.seen.graph.edges
            if edge.source in drawn_ids and edge.target in drawn_ids
        ),
        served_before=sum(node.weight for node in material.seen.nodes if node.id in before)
        / weight,
        served_after=sum(node.weight for node in material.seen.nodes if node.id in up) / weight,
        method=said(cuts[-1].method) if cuts else "",
    )


def exhibits(material: Material) -> ExhibitsView | None:
    """Return the register in sums, with its double entry."""
    if not len(material.register):
        return None
    counted = totals(material.register)
    lines: Counter[tuple[str, str]] = Counter()
    things: Counter[tuple[str, str]] = Counter()
    custody = 0
    values: defaultdict[str, list[Decimal]] = defaultdict(list)
    for line in material.register.lines.values():
        exhibit = line.exhibit
        key = (word(exhibit.kind), material.country_of(exhibit.agency))
        lines[key] += 1
        things[key] += exhibit.count
        custody += len(line.chain)
        if exhibit.value is not None:
            values[exhibit.value.currency].append(exhibit.value.amount)
    postings = list(journal(material.register))
    return ExhibitsView(
        lines=tuple(
            ExhibitLine(kind=kind, country=country, exhibits=count, things=things[kind, country])
            for (kind, country), count in sorted(lines.items())
        ),
        totals=tuple(
            CurrencyTotal(
                currency=currency,
                exhibits=len(amounts),
                register=sum(amounts, Decimal(0)),
                manifest=Decimal(counted.by_currency[currency]),
            )
            for currency, amounts in sorted(values.items())
        ),
        debits=len([posting.debit for posting in postings]),
        credits=len([posting.credit for posting in postings]),
        custody_entries=custody,
        custody_gaps=0,  # a register refuses a link that leaves one
        findings=tuple(
            Finding(crime=word(finding.crime), text=finding.text, exhibits=finding.numbers)
            for finding in findings_of(material.desk)
        ),
    )


def money(material: Material) -> MoneyView | None:
    """Return the way of the money, and what is drafted to hold it."""
    drafts = [
        draft for draft in filed_drafts(material.desk) if draft.kind is not InstrumentKind.JIT
    ]
    instead = _sealed_trace(material) if material.trace is None else ""
    if material.trace is None and not drafts and not instead:
        return None
    seized_wallets = {
        str(line.exhibit.details.get("address"))
        for line in material.register.lines.values()
        if line.exhibit.kind is ExhibitKind.WALLET
    }
    nodes = material.trace.nodes if material.trace else ()
    return MoneyView(
        nodes=tuple(
            MoneyNode(
                id=node.id,
                label=_short(node.label.removeprefix(_PREFIXES.get(node.kind, ""))),
                kind=node.kind,
                frozen=node.id in seized_wallets,
            )
            for node in nodes
        ),
        flows=tuple(
            MoneyFlow(source=hop.source, target=hop.target, amount=hop.amount, currency=hop.asset)
            for hop in (material.trace.hops if material.trace else ())
        ),
        holdings=tuple(
            Holding(
                label=_short(holding.node),
                kind="wallet",
                currency=holding.asset,
                amount=holding.balance,
                addresses=len(holding.addresses),
                certainty=tr(
                    "%(amount)s of it came from the test purchases' owners",
                    amount=exact(holding.tainted),
                ),
            )
            for holding in (material.trace.holdings if material.trace else ())
        ),
        proposals=tuple(_proposal(draft) for draft in drafts),
        method=tr("%(method)s, over the supplied transactions only", method=material.trace.method)
        if material.trace
        else "",
        followed=said(material.trace.followed) if material.trace else "",
        instead=instead,
    )


def _sealed_trace(material: Material) -> str:
    """Say that the money was traced, where the page is made without opening the trace."""
    traces = [traced for _, traced in material.desk.contents(MoneyTraced)]
    if not traces:
        return ""
    hops, holdings = traces[-1].hops, len(traces[-1].holdings)
    return tr(
        "The money was traced: %(hops)s, %(holdings)s. A trace names people's accounts, so it is "
        "encrypted in the case, and this page was made without it.",
        hops=tr_n("%(count)s hop", "%(count)s hops", hops, str),
        holdings=tr_n("%(count)s holding", "%(count)s holdings", holdings, str),
    )


def _proposal(draft: Instrument) -> FreezingProposal:
    return FreezingProposal(
        instrument=word(draft.kind),
        addressee=draft.addressee.partition(":")[2] or draft.addressee,
        country=draft.country,
        holds=tr("%(count)s positions", str, count=len(draft.holds))
        if len(draft.holds) > 1
        else _short(draft.holds[0]),
        basis=draft.basis,
        due_at=draft.due_at,
    )


def _short(text: str) -> str:
    """Return an address as people compare it: its ends."""
    if len(text) <= 2 * _LINE_ENDS or " " in text:
        return text
    return f"{text[: _LINE_ENDS // 2]}…{text[-_LINE_ENDS // 2 :]}"
