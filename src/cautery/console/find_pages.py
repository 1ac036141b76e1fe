"""The pages of the search over cases: titles, hosts, brands and payment ends, and their history."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.desk import Desk
from cautery.console.rights import caller_of, needs, readable
from cautery.model import Regime
from cautery.model.room import Act, Right
from cautery.projections.across import Words
from cautery.projections.things import ThingKind
from cautery.workflows.browse.find import Whose, find_view, history_view

_Kind = Annotated[Literal["", "title", "host", "brand", "payment"], Query()]
_Regime = Annotated[Literal["", "gdpr", "led"], Query()]


def router(desk: Desk) -> APIRouter:
    """Return the pages of the search over cases."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/find")
    @needs(Right.READ, act=Act.CONSULTATION)
    def find(
        request: Request,
        *,
        q: str = "",
        kind: _Kind = "",
        regime: _Regime = "",
        before: Annotated[int | None, Query(ge=0, lt=1 << 53)] = None,
    ) -> HTMLResponse:
        whose = whose_cases(desk, request, regime)
        words = Words(text=q, kind=ThingKind(kind) if kind else None, before=before)
        return desk.page(request, "find", lambda: {"view": find_view(desk.gathering, whose, words)})

    @pages.get("/find/history")
    @needs(Right.READ, act=Act.CONSULTATION)
    def history(
        request: Request,
        *,
        q: Annotated[str, Query(max_length=1_000)] = "",
        kind: Literal["title", "host", "brand", "payment"] = "host",
        regime: _Regime = "",
        after: Annotated[str, Query(max_length=500)] = "",
    ) -> HTMLResponse:
        whose = whose_cases(desk, request, regime)
        return desk.page(
            request,
            "history",
            lambda: {"view": history_view(desk.gathering, whose, ThingKind(kind), q, after=after)},
        )

    return pages


def whose_cases(desk: Desk, request: Request, regime: str) -> Whose:
    """Return whose cases somebody may search."""
    among = readable(caller_of(request), desk.is_operation)
    return Whose(regime=Regime(regime) if regime else None, among=among)
