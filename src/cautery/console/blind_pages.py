"""The page of a case's blind tests."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk
from cautery.console.rights import needs
from cautery.model.room import Act, Right
from cautery.workflows.browse.blind import blind_view


def router(desk: Desk) -> APIRouter:
    """Return the page of blind tests."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/blind")
    @needs(Right.READ, act=Act.CONSULTATION)
    def blind(request: Request, id: Id) -> HTMLResponse:
        return desk.page(request, "blind", lambda: {"view": blind_view(desk.cases, id)})

    return pages
