"""The page of a case's plan."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.desk import Desk
from cautery.console.rights import LONGEST_CASE, needs
from cautery.model.room import Act, Right
from cautery.workflows.browse.plan import plan_view

_Number = Annotated[int | None, Query(ge=0, lt=1 << 53)]


def router(desk: Desk) -> APIRouter:
    """Return the page of a plan."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/plan")
    @needs(Right.READ, act=Act.CONSULTATION)
    def plan_page(
        request: Request,
        id: Annotated[str, Path(max_length=LONGEST_CASE)],
        *,
        plan: _Number = None,
        nth: Annotated[int | None, Query(ge=1, le=1_000)] = None,
        after: _Number = None,
    ) -> HTMLResponse:
        return desk.page(
            request,
            "plan",
            lambda: {"view": plan_view(desk.cases, id, record=plan, nth=nth, after=after)},
        )

    return pages
