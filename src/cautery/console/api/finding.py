"""The address of the search over cases, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from cautery.console.api import models as out
from cautery.console.desk import Desk
from cautery.console.gate import needs
from cautery.drawing.months import month_name
from cautery.model import Regime
from cautery.model.tokens import AccessToken, Scope
from cautery.pages.room.find import ThingRow
from cautery.projections.across import LONGEST_WORDS, MOST_THINGS, Words
from cautery.projections.things import ThingKind
from cautery.workflows.browse.find import Whose, find_view

_Kind = Annotated[
    Literal["", "title", "host", "brand", "payment"],
    Query(description="Of this kind alone; empty: of all."),
]


def add_finding(paths: APIRouter, desk: Desk) -> APIRouter:
    """Add the address of the search over cases."""

    @paths.get("/find", summary="Search titles, hosts, brands and payment ends over cases")
    def find(  # noqa: PLR0917 - one parameter for each part of the address
        token: Annotated[AccessToken, Depends(needs(Scope.CASES))],
        regime: Annotated[
            Literal["gdpr", "led"],
            Query(description="Whose cases: both are never searched together.", examples=["gdpr"]),
        ],
        q: Annotated[
            str,
            Query(
                max_length=LONGEST_WORDS,
                description="Words that must all occur in the name.",
                examples=["arena sport"],
            ),
        ],
        kind: _Kind = "",
        before: Annotated[
            int | None,
            Query(ge=0, le=(1 << 53) - 1, description="older of another page.", examples=[900]),
        ] = None,
        limit: Annotated[
            int, Query(ge=1, le=MOST_THINGS, description="Most things.", examples=[20])
        ] = 20,
    ) -> out.ThingsOut:
        """Return things by words, the newest first, as the cases of the token know them.

        People are never searched over cases.
        """
        view = find_view(
            desk.gathering,
            Whose(regime=Regime(regime), among=token.may_read),
            Words(text=q, kind=ThingKind(kind) if kind else None, before=before, limit=limit),
        )
        it = view.searched
        return out.ThingsOut.model_validate(
            {
                "regime": it.regime,
                "regimes": [*it.regimes],
                "cases": it.cases,
                "waiting": it.waiting,
                "unreadable": [{"case": name, "why": why} for name, why in it.unreadable],
                "things": [_thing(thing) for thing in view.things],
                "older": view.older,
                "found": view.found,
                "found_more": view.found_more,
                "complete": view.complete,
            }
        )

    return paths


def _thing(thing: ThingRow) -> dict[str, Any]:
    return {
        "kind": thing.kind,
        "text": thing.text,
        "first_at": thing.first_at,
        "last_at": thing.last_at,
        "months": {month_name(month): count for month, count in thing.months.items()},
        "in_cases": thing.in_cases,
        "newest": thing.newest,
    }
