"""The page of the nodes that look and hear for the watches of the organisation."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.desk import Desk
from cautery.console.rights import needs
from cautery.model.room import Right
from cautery.workflows.browse.nodes import nodes_view


def router(desk: Desk) -> APIRouter:
    """Return the page of the nodes."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/nodes")
    @needs(Right.NODES)
    def nodes(request: Request) -> HTMLResponse:
        return desk.page(
            request,
            "nodes",
            lambda: {
                "view": nodes_view(desk.nodes(), desk.fit, now=desk.cases.clock.now()),
            },
        )

    return pages
