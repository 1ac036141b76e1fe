"""The numbers of a press sheet: those of the operation's page, with the records behind each.

A number that rests on statements is shown only if everybody may read all of them; otherwise it is
withheld, and the sheet says so. Nothing is counted again in another way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from cautery.drawing.formatting import number
from cautery.drawing.templates import said
from cautery.evidence.merkle import leaf_hash
from cautery.messages import tr, tr_n, word
from cautery.model import ExhibitKind, Role, Statement, StepKind, StepReport, StepState
from cautery.model.records import (
    QUANTITIES,
    Entry,
    ExhibitCorrected,
    ExhibitTaken,
    OperationOpened,
    SizedNetwork,
)
from cautery.operation.publication import may_be_published
from cautery.operation.register import Line
from cautery.pages.operation.formatting import exact, quantity, unit, within
from cautery.pages.press_sheet import Count, RecordRef, State
from cautery.workflows.operation.holdings import records_of_statements
from cautery.workflows.operation.page_view.claims import counted
from cautery.workflows.operation.page_view.material import Material, interval

_DONE_STATES = frozenset({StepState.DONE, StepState.LATE})
_ROLES = {
    "panels": frozenset({Role.PANEL}),
    "signal-servers": frozenset({Role.ORIGIN}),
    "resellers": frozenset({Role.RESELLER, Role.SUPER_RESELLER}),
}


def counts(material: Material) -> tuple[Count, ...]:
    """Return every number of the sheet, in the order in which it is read."""
    return (
        *_table(material),
        *_steps(material),
        *_exhibits(material),
        *_worth(material),
        *_sizes(material),
        *_stated(material),
    )


def ref(entry: Entry) -> RecordRef:
    """Return a record as a sheet names it."""
    return RecordRef(number=entry.index, digest=leaf_hash(entry.leaf).hex())


def _measured(id: str, what: str, value: int, refs: Iterable[Entry], **more: object) -> Count:
    return Count(
        id=id,
        what=what,
        state=State.MEASURED,
        figure=number(value, 9),
        value=Decimal(value),
        records=_refs(refs),
        **more,  # type: ignore[arg-type]
    )


def _refs(entries: Iterable[Entry]) -> tuple[RecordRef, ...]:
    by_number = {entry.index: entry for entry in entries}
    return tuple(ref(by_number[index]) for index in sorted(by_number))


def _missing(id: str, what: str, why: str) -> Count:
    return Count(id=id, what=what, state=State.NOT_MEASURED, figure=tr("not measured"), method=why)


def _table(material: Material) -> list[Count]:
    opened = [entry for entry, _ in material.desk.contents(OperationOpened)][:1]
    agencies = material.desk.operation.agencies
    countries = {agency.country for agency in agencies} - {"EU"}
    method = tr("as the operation was opened")
    return [
        _measured("agencies", tr("agencies"), len(agencies), opened, method=method),
        _measured("countries", tr("countries"), len(countries), opened, method=method),
    ]


def _steps(material: Material) -> list[Count]:
    rows = (
        (StepKind.SEARCH, "searches", tr("searches")),
        (StepKind.ARREST, "arrests", tr("arrests")),
    )
    if material.day is None:
        why = tr("no action day is recorded")
        return [_missing(name, what, why) for _, name, what in rows]
    reports = {report.step: entry for entry, report in material.desk.contents(StepReport)}
    counts = []
    for kind, name, what in rows:
        steps = [
            step.id
            for step in material.day.steps
            if step.kind is kind and step.state in _DONE_STATES
        ]
        if not steps:
            counts.append(_missing(name, what, tr("no team reported one as done")))
            continue
        counts.append(
            _measured(
                name,
                what,
                material.done(kind),
                [reports[step] for step in steps if step in reports],
                method=tr("steps of the action day that teams reported as done"),
                anchor="day",
            )
        )
    return counts


def _exhibits(material: Material) -> list[Count]:
    if not len(material.register):
        return [_missing("exhibits", tr("exhibits"), tr("no exhibit is registered"))]
    entries = _entries_of(material)
    lines = material.register.lines.values()
    rows = [_of_lines("exhibits", tr("exhibits"), len(material.register), lines, entries)]
    by_kind: defaultdict[ExhibitKind, list[Line]] = defaultdict(list)
    for line in lines:
        by_kind[line.exhibit.kind].append(line)
    for kind in sorted(by_kind, key=word):
        things = sum(line.exhibit.count for line in by_kind[kind])
        what = tr("things seized: %(kind)s", kind=word(kind))
        rows.append(_of_lines(f"seized-{kind.value}", what, things, by_kind[kind], entries))
    return rows


def _of_lines(
    id: str,
    what: str,
    value: int,
    lines: Iterable[Line],
    entries: dict[str, list[Entry]],
) -> Count:
    rows = tuple(lines)
    return _measured(
        id,
        what,
        value,
        [entry for line in rows for entry in entries[line.first.number]],
        method=tr("counted in the register of exhibits, by double entry"),
        anchor="exhibits",
        corrected=sum(len(line.corrections) for line in rows),
    )


def _entries_of(material: Material) -> dict[str, list[Entry]]:
    """Return the records of each exhibit: its entry, and the corrections that hold."""
    entries: dict[str, list[Entry]] = {}
    lines = material.register.lines
    for entry, exhibit_taken in material.desk.contents(ExhibitTaken):
        if exhibit_taken.entry.number in lines:
            entries.setdefault(exhibit_taken.entry.number, [entry])
    for entry, corrected in material.desk.contents(ExhibitCorrected):
        line = lines.get(corrected.number)
        if line is not None and any(
            correction.corrects == corrected.corrects and correction.at == corrected.at
            for correction in line.corrections
        ):
            entries[corrected.number].append(entry)
    return entries


def _worth(material: Material) -> list[Count]:
    """Return what the exhibits are worth, each currency by itself."""
    entries = _entries_of(material)
    by_currency: defaultdict[str, list[Line]] = defaultdict(list)
    for line in material.register.lines.values():
        if line.exhibit.value is not None:
            by_currency[line.exhibit.value.currency].append(line)
    rows = []
    for currency, lines in sorted(by_currency.items()):
        amounts = [line.exhibit.value.amount for line in lines if line.exhibit.value is not None]
        total = sum(amounts, Decimal(0))
        rows.append(
            Count(
                id=f"worth-{currency}",
                what=tr("value of what was seized, %(currency)s", currency=currency),
                state=State.MEASURED,
                figure=exact(total),
                value=total,
                method=tr("as valued when seized; currencies are never added together"),
                anchor="exhibits",
                records=_refs(entry for line in lines for entry in entries[line.first.number]),
                corrected=sum(len(line.corrections) for line in lines),
            )
        )
    return rows


def _sizes(material: Material) -> list[Count]:
    sized = [(entry, sized) for entry, sized in material.desk.contents(SizedNetwork)]
    if not sized:
        why = tr("the network was not sized")
        return [
            _missing("users", quantity("users"), why),
            _missing("revenue", quantity("revenue"), why),
        ]
    entry, last = sized[-1]
    rows = []
    for name, inner in zip(QUANTITIES, last.inner, strict=True):
        bounds = interval(inner)
        rows.append(
            Count(
                id=name,
                what=tr("%(quantity)s (%(unit)s)", quantity=quantity(name), unit=unit(inner.unit))
                if inner.unit != name
                else quantity(name),
                state=State.MEASURED,
                figure=within(bounds),
                interval=bounds,
                method=tr("estimated: %(method)s", method=said(inner.method)),
                anchor="estimates",
                records=(ref(entry),),
            )
        )
    return rows


def _stated(material: Material) -> list[Count]:
    """Return the counts that rest on statements; one that not all may read withholds its count."""
    page_counts = counted(material)
    persons = [statement for statement in material.known if statement.about == "person"]
    rows = [
        _from_statements(
            material,
            "suspects",
            tr("suspects"),
            int(page_counts["suspects"]),
            [statement for statement in persons if statement.subject in material.suspects],
        )
    ]
    names = {
        "panels": tr("panels in the shared picture"),
        "signal-servers": tr("servers through which the signal came"),
        "resellers": tr("resellers in the shared picture"),
    }
    for name, roles in _ROLES.items():
        assets = {asset.id for asset in material.seen.graph.assets if asset.role in roles}
        statements = [
            statement
            for statement in material.known
            if statement.about == "asset" and statement.subject in assets
        ]
        rows.append(
            _from_statements(material, name, names[name], int(page_counts[name]), statements)
        )
    return rows


def _from_statements(
    material: Material, id: str, what: str, value: int, statements: list[Statement]
) -> Count:
    if not value:
        return _missing(id, what, tr("no statement that stands says so"))
    closed = sum(not may_be_published(statement) for statement in statements)
    if closed:
        return Count(
            id=id,
            what=what,
            state=State.WITHHELD,
            figure=tr("withheld"),
            method=tr_n(
                "%(count)s statement behind it is not for everybody",
                "%(count)s statements behind it are not for everybody",
                closed,
                number,
            ),
        )
    places = records_of_statements(material.desk)
    return _measured(
        id,
        what,
        value,
        [
            places[statement.by, statement.id]
            for statement in statements
            if (statement.by, statement.id) in places
        ],
        method=tr("stated by agencies; statements that were withdrawn do not count"),
        anchor="table",
        corrected=sum(bool(statement.details.get("corrects")) for statement in statements),
    )
