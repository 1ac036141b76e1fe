"""The boards of referrals, lists, notices and complaints, and the page of each of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from cautery.console.act_pages import Act
from cautery.console.act_shown import act_page, act_parts
from cautery.console.case_pages import Id, Position
from cautery.console.desk import Desk
from cautery.console.part_stream import part_stream
from cautery.console.rights import needs
from cautery.model.room import Act as AccessAct
from cautery.model.room import Right
from cautery.workflows.browse.orders import LONGEST_SEARCH, Kind, orders_view


def router(desk: Desk) -> APIRouter:
    """Return the pages of acts."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/orders")
    @needs(Right.READ, act=AccessAct.CONSULTATION)
    def orders(
        request: Request,
        id: Id,
        *,
        kind: Kind | None = None,
        q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
        before: Position = None,
        after: Position = None,
    ) -> HTMLResponse:
        return desk.page(
            request,
            "orders",
            lambda: {
                "view": orders_view(desk.cases, id, kind=kind, search=q, before=before, after=after)
            },
        )

    @pages.get("/cases/{id}/orders/{act}")
    @needs(Right.READ, act=AccessAct.CONSULTATION)
    def act(request: Request, id: Id, act: Act) -> HTMLResponse:
        return act_page(desk, request, id, act)

    @pages.get("/cases/{id}/orders/{act}/events")
    @needs(Right.READ, act=AccessAct.CONSULTATION)
    async def events(
        request: Request, id: Id, act: Act, last: Annotated[str, Query(max_length=40)] = ""
    ) -> StreamingResponse:
        place = await run_in_threadpool(desk.cases.place, id)

        def made(_size: int) -> str:
            return act_parts(desk, request, id, act)

        return await part_stream(desk, request, place.path, made, last=last)

    return pages
