"""A press sheet of one desk's case, in one language; two operations have two sheets."""

from __future__ import annotations

from datetime import datetime

from cautery.drawing.templates import said
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.messages import in_language, language, tr
from cautery.model.message import Message
from cautery.model.records import PublishedFigure
from cautery.operation.publication import may_be_published
from cautery.pages.operation.formatting import day, within
from cautery.pages.operation.view.claims import Comparison, Fit
from cautery.pages.press_sheet import Count, PressSheet, Published, State
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.page_view import lived_day
from cautery.workflows.operation.page_view.claims import comparisons
from cautery.workflows.operation.page_view.material import Material, material_of
from cautery.workflows.operation.press_sheet.counts import counts, ref

LANGUAGES = ("fr", "en", "it", "es")
"""French comes first: a sheet in all languages begins with it."""
_SAME_AS = {
    "arrests": "arrests",
    "searches": "searches",
    "servers": "seized-server",
    "domains": "seized-domain",
    "devices": "seized-set-top-box",
    "weapons": "seized-firearm",
    "suspects": "suspects",
    "panels": "panels",
    "signal-servers": "signal-servers",
    "resellers": "resellers",
    "users": "users",
    "revenue-month": "revenue",
}
"""Which count measures the same as a published figure."""


def press_sheet(
    desk: Desk, *, language: str, made_at: datetime, embargo: datetime | None = None
) -> PressSheet:
    """Return the sheet of an operation in a language.

    Raises
    ------
    InputError
        If there is no such language.
    """
    with in_language(language):
        return _sheet(desk, made_at=made_at, embargo=embargo)


def _sheet(desk: Desk, *, made_at: datetime, embargo: datetime | None) -> PressSheet:
    lived, removed = lived_day(desk) or (None, frozenset[str]())
    material = material_of(desk, day=lived, removed=removed, trace=None, truth=None)
    measured = counts(material)
    published = _published(material, {count.id: count for count in measured})
    frontier = Frontier().extend(leaf_hash(entry.leaf) for entry in desk.case.ledger.read())
    operation = desk.operation
    return PressSheet(
        language=language(),
        operation=operation.name,
        operation_id=operation.id,
        issuer=desk.agency.name,
        legal_basis=operation.legal_basis,
        made_on=_minute(made_at),
        embargo="" if embargo is None else _minute(embargo),
        overlaps=tr(
            "This sheet is about one operation. Published figures of different operations overlap: "
            "they are never added up."
        ),
        measured=measured,
        published=published,
        unknown=_unknown(material, measured),
        withheld=sum(not may_be_published(statement) for statement in material.known),
        size=frontier.size,
        root=frontier.root().hex(),
        lab=operation.lab,
    )


def _published(material: Material, measured: dict[str, Count]) -> tuple[Published, ...]:
    """Return what others published, with what was measured of it; never a sum of both."""
    compared: dict[tuple[str, str, str], Comparison] = {
        (row.what, row.published, row.source): row for row in comparisons(material)
    }
    return tuple(
        Published(
            id=figure.id,
            what=figure.what,
            value=figure.value,
            source=figure.source,
            is_claim=figure.kind == "claim",
            measured=_beside(figure, compared[figure.what, figure.value, figure.source], measured),
            records=(ref(entry),),
        )
        for entry, figure in material.desk.contents(PublishedFigure)
    )


def _beside(figure: PublishedFigure, row: Comparison, measured: dict[str, Count]) -> str:
    same = measured.get(_SAME_AS.get(figure.id, ""))
    if same is not None:
        return same.figure
    if row.fit is Fit.NOT_OURS:
        return tr("not measured")
    return row.ours if row.interval is None else within(row.interval)


def _unknown(material: Material, measured: tuple[Count, ...]) -> tuple[tuple[str, str], ...]:
    """Return what is not known: what was not measured, what is withheld, what gave no estimate."""
    rows = [
        (f"{count.what} ({count.figure})", count.method)
        for count in measured
        if count.state is not State.MEASURED
    ]
    for silent in material.sized[-1].silent if material.sized else ():
        method, reason = silent.values.get("method"), silent.values.get("reason")
        why = said(reason) if isinstance(reason, Message) else ""
        rows.append((str(method), why) if isinstance(method, str) else (said(silent), why))
    rows.append(
        (
            tr("who is guilty"),
            tr("courts decide that; suspects are innocent until then"),
        )
    )
    return tuple(rows)


def _minute(moment: datetime) -> str:
    return tr("%(day)s, %(time)s UTC", day=day(moment), time=f"{moment:%H:%M}")
