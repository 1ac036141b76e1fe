"""The page of what partners told a case."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk
from cautery.console.rights import needs
from cautery.model.room import Act, Right
from cautery.workflows.browse.told import told_page


def router(desk: Desk) -> APIRouter:
    """Return the page of what partners told."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/told")
    @needs(Right.READ, act=Act.CONSULTATION)
    def told(request: Request, id: Id, about: str = "", source: str = "") -> HTMLResponse:
        return desk.page(
            request,
            "told",
            lambda: {"view": told_page(desk.cases, id, about=about, source=source)},
        )

    return pages
