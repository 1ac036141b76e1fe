"""The pages of what grew back: after one act, and after all acts that are followed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk
from cautery.console.rights import caller_of, needs, readable
from cautery.model.room import Act, Right
from cautery.workflows.browse.grown import all_grown, grown_view


def router(desk: Desk) -> APIRouter:
    """Return the pages of what grew back."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/grown")
    @needs(Right.READ, act=Act.CONSULTATION)
    def grown(request: Request, id: Id) -> HTMLResponse:
        return desk.page(request, "grown", lambda: {"view": grown_view(desk.cases, id)})

    @pages.get("/grown")
    @needs(Right.READ, act=Act.CONSULTATION)
    def all_of_them(request: Request) -> HTMLResponse:
        among = readable(caller_of(request), desk.is_operation)
        return desk.page(request, "all_grown", lambda: {"view": all_grown(desk.cases, among=among)})

    return pages
