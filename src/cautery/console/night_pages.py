"""The wall of a match, and the stream of events that keeps it live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk, tongue
from cautery.console.live import MOST_STREAMS
from cautery.errors import CauteryError
from cautery.messages import in_language
from cautery.pages.room.render import render_page
from cautery.workflows.browse.tonight import tonight_view

_RETRY_MS = 1_000


def router(desk: Desk) -> APIRouter:
    """Return the pages of a night."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/tonight")
    def tonight(request: Request, id: Id) -> HTMLResponse:
        return desk.page(request, "tonight", lambda: {"view": tonight_view(desk.cases, id)})

    @pages.get("/cases/{id}/events")
    async def events(
        request: Request, id: Id, last: Annotated[int, Query(ge=0, lt=1 << 53)] = 0
    ) -> StreamingResponse:
        place = await run_in_threadpool(desk.cases.place, id)
        if desk.live.streams >= MOST_STREAMS:
            raise HTTPException(503)
        shell, spoken = desk.shell(request), tongue(request)
        # A browser that connects by itself again says in this field what came last.
        again = request.headers.get("last-event-id", "")
        since = int(again) if again.isascii() and again.isdigit() and len(again) < 16 else last

        def render() -> str:
            with in_language(spoken):
                return render_page(
                    "tonight_parts", shell, view=tonight_view(desk.cases, id), sent=True
                )

        async def messages() -> AsyncIterator[str]:
            yield f"retry: {_RETRY_MS}\n\n"
            async for size in desk.live.changes(place.path, since=since):
                try:
                    parts = await run_in_threadpool(
                        desk.live.parts, place.path, spoken, size, render
                    )
                except CauteryError:  # the page itself says why, when it is loaded again
                    return
                lines = "".join(f"data: {line}\n" for line in parts.splitlines() if line.strip())
                yield f"id: {size}\nevent: parts\n{lines}\n"

        return StreamingResponse(messages(), media_type="text/event-stream")

    return pages
