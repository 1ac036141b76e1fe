"""What is said and how sure it is, on the page: sizes, claims, published figures, descendants."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from cautery.drawing.templates import said
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.messages import tr, tr_n
from cautery.model import ErrorRate, Estimate, ExhibitKind, Role, StepKind, StepState
from cautery.model.message import Message
from cautery.model.records import QUANTITIES, GrewBack, PublishedFigure, SizedNetwork
from cautery.operation.register import Register
from cautery.pages.operation.view.claims import (
    ClaimLine,
    Comparison,
    DescendantLine,
    EstimatesView,
    Fit,
    ReconciledEstimate,
    SourceEstimate,
    UnknownLine,
    VerifyView,
)
from cautery.workflows.operation.page_view.after_day import Measured, compared_after
from cautery.workflows.operation.page_view.material import LabTruth, Material, interval

_ROUNDED = 0.02
"""Published sums are rounded: "about EUR 1.6 million"."""


def estimates(material: Material) -> EstimatesView | None:
    """Return each source's interval, the reconciled ones, and the claims."""
    if not material.sized:
        return None
    last = material.sized[-1]
    return EstimatesView(
        sources=tuple(
            SourceEstimate(
                quantity=source.quantity.plain() or source.quantity.id.rpartition(".")[2],
                source=said(source.method),
                interval=interval(source),
                note="" if source.note is None else said(source.note),
            )
            for source in last.sources
        ),
        reconciled=tuple(
            ReconciledEstimate(
                quantity=name,
                inner=interval(inner),
                outer=interval(outer),
                truth=material.truth.sizes.get(name) if material.truth else None,
                words=said(inner.method),
            )
            for name, inner, outer in zip(QUANTITIES, last.inner, last.outer, strict=True)
        ),
        claims=tuple(
            ClaimLine(
                text=claim.text,
                quantity=claim.quantity,
                value=claim.value,
                flagged=claim.flagged,
                words=said(claim.words),
                source=claim.source or "",
            )
            for claim in last.claims
        ),
        words=tuple(map(said, last.words)),
    )


def comparisons(material: Material) -> tuple[Comparison, ...]:
    """Set each published figure beside the one counted in the register, or estimated."""
    known = counted(material)
    money = {
        "crypto": _worth(material.register, ExhibitKind.WALLET),
        "cash": _worth(material.register, ExhibitKind.CASH),
    }
    rows, measured = [], Measured(material)
    for figure in material.published:
        if figure.id in {"users", "revenue-month", "revenue-year"} and material.sized:
            rows.append(_compared_size(figure, material.sized[-1]))
        elif figure.id in known:
            rows.append(_compared_count(figure, known[figure.id], ""))
        elif figure.id in money and money[figure.id] is not None:
            rows.append(_compared_count(figure, float(money[figure.id] or 0), "EUR"))
        elif (after := compared_after(figure, measured)) is not None:
            rows.append(after)
        else:
            rows.append(
                Comparison(
                    what=figure.what,
                    published=figure.value,
                    fit=Fit.NOT_OURS,
                    source=figure.source,
                    ours=tr("not counted"),
                    reason=_why_not_ours(figure.id),
                )
            )
    return tuple(sorted(rows, key=lambda row: row.fit is Fit.NOT_OURS))


def counted(material: Material) -> dict[str, float]:
    """Return what the case itself counts, by the ids that fact sheets give these figures."""
    things: Counter[ExhibitKind] = Counter()
    for line in material.register.lines.values():
        things[line.exhibit.kind] += line.exhibit.count
    roles = Counter(asset.role for asset in material.seen.graph.assets)
    searches = material.done(StepKind.SEARCH)
    at_home = material.done(StepKind.SEARCH, country=material.desk.operation.lead.country)
    return {
        "searches": float(searches),
        "searches-italy": float(at_home),
        "searches-abroad": float(searches - at_home),
        "arrests": float(material.done(StepKind.ARREST)),
        "servers": float(things[ExhibitKind.SERVER]),
        "domains": float(things[ExhibitKind.DOMAIN]),
        "devices": float(things[ExhibitKind.SET_TOP_BOX]),
        "weapons": float(things[ExhibitKind.FIREARM]),
        "drugs": float(things[ExhibitKind.DRUGS]),
        "suspects": float(len(material.suspects)),
        "panels": float(roles[Role.PANEL]),
        "signal-servers": float(roles[Role.ORIGIN]),
        "resellers": float(roles[Role.RESELLER] + roles[Role.SUPER_RESELLER]),
    }


def _compared_count(figure: PublishedFigure, count: float, unit: str) -> Comparison:
    low = figure.low if figure.low is not None else 0.0
    high = figure.high if figure.high is not None else float("inf")
    fits = low * (1 - _ROUNDED) <= count <= high * (1 + _ROUNDED)
    amount = f"{count:,.0f}" if not unit else f"{unit} {count:,.0f}"
    return Comparison(
        what=figure.what,
        published=figure.value,
        fit=Fit.YES if fits else Fit.NO,
        ours=amount,
        source=figure.source,
        reason="" if fits else _why_otherwise(figure.id),
    )


def _compared_size(figure: PublishedFigure, sized: SizedNetwork) -> Comparison:
    place = 0 if figure.id == "users" else 2
    inner, outer = sized.inner[place], sized.outer[place]
    if figure.id == "revenue-year":
        inner, outer = _yearly(inner), _yearly(outer)
    low = figure.low if figure.low is not None else 0.0
    high = figure.high if figure.high is not None else low
    fits = low <= outer.high and high >= outer.low
    return Comparison(
        what=figure.what,
        published=figure.value,
        fit=Fit.YES if fits else Fit.NO,
        interval=interval(inner),
        source=figure.source,
        reason="" if fits else _how_far(low, high, outer),
    )


def _how_far(low: float, high: float, outer: Estimate) -> str:
    """Say on which side of an interval a published size lies, and by how much."""
    if high < outer.low:
        return tr(
            "%(factor)s of the lower end of the 99 %% interval", factor=f"{high / outer.low:.2g}"
        )
    if not outer.high:
        return tr("above the 99 %% interval, which ends at nothing")
    return tr(
        "%(factor)s times the upper end of the 99 %% interval", factor=f"{low / outer.high:.1f}"
    )


def descendants(material: Material) -> tuple[DescendantLine, ...]:
    """Return the assets that grew back and their ties to the seized network."""
    return tuple(
        DescendantLine(
            found_at=descendant.at,
            name=descendant.asset,
            like=descendant.like,
            traits=descendant.traits,
            found_by="; ".join(map(said, descendant.why)) or tr("shared traits"),
            country=descendant.country or "",
            right=_right(descendant, material.truth) if material.truth else None,
        )
        for descendant in material.grown
    )


def error_rates(material: Material) -> tuple[ErrorRate, ...]:
    """Return how often ties were wrong, where the truth is known."""
    if material.truth is None or not material.grown:
        return ()
    wrong = sum(not _right(descendant, material.truth) for descendant in material.grown)
    assets = {descendant.asset for descendant in material.grown}
    missed = sum(asset not in assets for asset in material.truth.descends_from)
    return (
        ErrorRate(
            what=tr("assets tied to a network that they do not descend from"),
            errors=wrong,
            trials=len(material.grown),
            source=tr("this world's truth"),
        ),
        ErrorRate(
            what=tr("descendants not found"),
            errors=missed,
            trials=len(material.truth.descends_from),
            source=tr("this world's truth"),
        ),
    )


def unknowns(material: Material) -> tuple[UnknownLine, ...]:
    """Return what the case does not know."""
    lines = []
    nameless = sum(not by for by in material.seen.seen_by.values())
    if nameless:
        lines.append(
            UnknownLine(
                what=tr_n(
                    "%(count)s node that others need",
                    "%(count)s nodes that others need",
                    nameless,
                    str,
                ),
                why=tr("statements name them, but no statement describes them"),
            )
        )
    lines.append(
        UnknownLine(
            what=tr("backups that no agency saw"),
            why=tr("a node with a hidden second support stays up although the plan counts it down"),
        )
    )
    if material.sized:
        lines += [_silent(silent) for silent in material.sized[-1].silent]
    if material.day is not None:
        lines += [
            UnknownLine(what=tr("step %(step)s", step=step.id), why=step.note or tr("it failed"))
            for step in material.day.steps
            if step.state is StepState.FAILED
        ]
    if material.truth is not None:
        lines.append(
            UnknownLine(
                what=tr("whether the published figures are right"),
                why=tr(
                    "this world was drawn to the published counts of searches, servers and "
                    "seizures. If our counts fit, the register counts right; this says nothing "
                    "about the press"
                ),
            )
        )
    if material.desk.passed_over:
        kinds = sorted(Counter(material.desk.passed_over.values()).items())
        lines.append(
            UnknownLine(
                what=tr(
                    "records passed over: %(count)s", str, count=len(material.desk.passed_over)
                ),
                why=tr(
                    "they do not have the form of their kind, and have no effect here: %(kinds)s",
                    kinds=", ".join(f"{count} {kind}" for kind, count in kinds),
                ),
            )
        )
    return tuple(lines)


def _silent(silent: Message) -> UnknownLine:
    """Return a source that gives no estimate, and why."""
    method, reason = silent.values.get("method"), silent.values.get("reason")
    if isinstance(method, str) and isinstance(reason, Message):
        return UnknownLine(what=method, why=said(reason))
    what, _, why = said(silent).partition(":")  # of an older record
    return UnknownLine(what=what, why=why.strip())


def verify(material: Material) -> VerifyView:
    """Return how anybody checks the case, and the ledger's head."""
    frontier = Frontier().extend(
        leaf_hash(entry.leaf) for entry in material.desk.case.ledger.read()
    )
    return VerifyView(
        commands=(f"cautery verify {material.desk.case.path.name} --public-key KEY",),
        root=frontier.root().hex(),
        size=frontier.size,
        key=str(material.desk.case.verifier) if material.desk.case.keys is not None else "",
        note=tr("the root is that of the records before this page was written"),
    )


def _why_otherwise(figure: str) -> str:
    """Return why the count of the register may differ from the published one."""
    in_the_picture = tr("what this desk's picture shows: not every agency's statement reached it")
    at_resellers = tr("with the searches at resellers that the cut asks for")
    reasons = {
        "panels": in_the_picture,
        "signal-servers": in_the_picture,
        "resellers": in_the_picture,
        "suspects": in_the_picture,
        "searches-italy": at_resellers,
        "searches-abroad": at_resellers,
    }
    return reasons.get(figure) or tr("the case holds another number")


def _why_not_ours(figure: str) -> str:
    """Return why a published figure is compared with none of the case."""
    second_action = tr("the second action is not in this case")
    reasons = {
        "action-day": tr("the day was set, not found out"),
        "countries": tr("who sits at the table is stated, not counted"),
        "price": tr("prices are read on price pages, and go into the sizing"),
        "regrowth-months": second_action,
        "regrowth-suspects": second_action,
        "regrowth-channels": second_action,
        "means": tr("a way of hiding is told, not counted"),
        "administrators": tr("roles of persons are assessments until a court has spoken"),
        "regions-italy": tr("regions were not recorded"),
        "channels": tr("the channels on offer were not seized; only a watch can count an offer"),
        "harm-year": tr(
            "harm is a judgement on what viewers would have paid; nothing here sizes it"
        ),
        "lead": tr("who leads is stated, not counted"),
        "ringleaders": tr("a court says who led"),
        "officers-italy": tr("no case counts officers"),
        "kratos": tr("the same totals are reported for both: they are never added"),
    }
    return reasons.get(figure) or tr("nothing in the case speaks of it")


def _worth(register: Register, kind: ExhibitKind) -> Decimal | None:
    values = [
        line.exhibit.value.amount
        for line in register.lines.values()
        if line.exhibit.kind is kind
        and line.exhibit.value is not None
        and line.exhibit.value.currency == "EUR"
    ]
    return sum(values, Decimal(0)) if values else None


def _yearly(estimate: Estimate) -> Estimate:
    return replace(
        estimate,
        low=12 * estimate.low,
        mid=12 * estimate.mid,
        high=12 * estimate.high,
        unit="EUR/year",
    )


def _right(descendant: GrewBack, truth: LabTruth) -> bool:
    """Tell whether the lab's truth has both in one hand."""
    parent = truth.descends_from.get(descendant.asset)
    return parent is not None and truth.network_of.get(parent) == truth.network_of.get(
        descendant.like
    )
