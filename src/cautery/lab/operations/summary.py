"""A world in a few rows: the claims, the truth and the counts."""

from __future__ import annotations

from typing import Any

from cautery.lab.operations.shapes import shape_of
from cautery.lab.operations.spec import OperationWorld
from cautery.lab.operations.tables import day_month

NO_SHEET = "A shape of the lab: no operation is replayed, and press figures are never added."

_PUBLISHED = {
    "channels": "channels",
    "resellers": "resellers",
    "panels": "panels",
    "signal servers": "signal-servers",
    "servers": "servers",
    "domains": "domains",
    "devices": "devices",
}


def summary_of(world: OperationWorld, *, files: int, seconds: float) -> dict[str, Any]:
    """Return the summary as plain JSON."""
    month = world.months.index(day_month(world))
    truth = world.truth
    return {
        "lab": True,
        "title": shape_of(world.like).title,
        "like": world.like,
        "seed": world.seed,
        "scale": world.scale,
        "month": world.months[month].isoformat()[:7],
        "claimed_users": truth.claimed_users,
        "users": int(truth.users[month].sum()),
        "payers": int(truth.payers[month].sum()),
        "claimed_revenue_eur_month": truth.claimed_revenue_eur_month,
        "revenue_eur_month": round(float(truth.revenue_eur[month].sum()), 2),
        "users_by_country": {
            country: int(count)
            for country, count in zip(world.countries, truth.users[month], strict=True)
        },
        "sizes": world.sizes(),
        "published": {
            figure: world.sheet.fact(fact_id).value
            for figure, fact_id in _PUBLISHED.items()
            if world.sheet is not None
        },
        "statement": world.sheet.statement if world.sheet else NO_SHEET,
        "files": files,
        "seconds": round(seconds, 2),
    }


def rows_of(summary: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return the summary's rows for people: what, as published, in this world."""
    rows = [
        ("users in " + summary["month"], _said(summary["claimed_users"]), f"{summary['users']:,}"),
        ("paying households", "", f"{summary['payers']:,}"),
        (
            "revenue a month, EUR",
            _said(summary["claimed_revenue_eur_month"]),
            f"{summary['revenue_eur_month']:,.0f}",
        ),
    ]
    rows += [
        (what, summary["published"].get(what, ""), f"{count:,}")
        for what, count in summary["sizes"].items()
    ]
    rows += [
        (f"users in {country}", "", f"{n:,}") for country, n in summary["users_by_country"].items()
    ]
    return rows


def _said(claimed: float | None) -> str:
    return "" if claimed is None else f"{claimed:,.0f} (claimed)"
