"""The page of the seasons beside the cases of the room."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.desk import Desk
from cautery.console.rights import caller_of, needs, readable
from cautery.model.room import Act, Right
from cautery.workflows.browse.season import seasons_view


def router(desk: Desk) -> APIRouter:
    """Return the page of the seasons."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/season")
    @needs(Right.READ, act=Act.CONSULTATION)
    def season(request: Request) -> HTMLResponse:
        return desk.page(
            request,
            "season",
            lambda: {
                "view": seasons_view(
                    desk.seasons(),
                    folder=str(desk.cases.folder),
                    now=desk.cases.clock.now(),
                    among=readable(caller_of(request), desk.is_operation),
                )
            },
        )

    return pages
