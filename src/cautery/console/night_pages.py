"""The wall of a match, and the stream of events that keeps it live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk, tongue
from cautery.console.live import MOST_STREAMS, Parts
from cautery.console.rights import needs
from cautery.errors import CauteryError
from cautery.messages import in_language
from cautery.model.room import Act, Right
from cautery.pages.room.render import render_page
from cautery.workflows.browse.heads import head_by_id
from cautery.workflows.browse.tonight import tonight_view

_RETRY_MS = 1_000


def router(desk: Desk) -> APIRouter:
    """Return the pages of a night."""
    pages = APIRouter(default_response_class=HTMLResponse)

    def parts_of(request: Request, id: str, path: Path, size: int, *, sent: bool) -> Parts:
        """Return the parts of the wall, those that are sent with what stands above the page."""
        shell, spoken = desk.shell(request), tongue(request)

        def render() -> Parts:
            with in_language(spoken):
                view = tonight_view(desk.cases, id)
                html = render_page("tonight_parts", shell, view=view, sent=sent)
            return Parts(html, view.position)

        return desk.live.parts(path, f"tonight {spoken} {sent}", size, render)

    @pages.get("/cases/{id}/tonight")
    @needs(Right.READ, act=Act.CONSULTATION)
    def tonight(request: Request, id: Id) -> HTMLResponse:
        def values() -> dict[str, Any]:
            head = head_by_id(desk.cases, id)
            place = desk.cases.place(id)
            made_of = head.records - head.behind
            parts = parts_of(request, id, place.path, made_of, sent=False)
            return {
                "head": head,
                "position": parts.position,
                "parts": Markup(parts.html),  # noqa: S704 - our own template's
            }

        return desk.page(request, "tonight", values)

    @pages.get("/cases/{id}/events")
    @needs(Right.READ, act=Act.CONSULTATION)
    async def events(
        request: Request, id: Id, last: Annotated[int, Query(ge=0, lt=1 << 53)] = 0
    ) -> StreamingResponse:
        place = await run_in_threadpool(desk.cases.place, id)
        if desk.live.streams >= MOST_STREAMS:
            raise HTTPException(503)
        # A browser that connects by itself again says in this field what came last.
        again = request.headers.get("last-event-id", "")
        since = int(again) if again.isascii() and again.isdigit() and len(again) < 16 else last

        def made(size: int) -> str:
            return desk.told(request, parts_of(request, id, place.path, size, sent=True).html)

        async def messages() -> AsyncIterator[str]:
            yield f"retry: {_RETRY_MS}\n\n"
            async for size in desk.live.changes(place.path, since=since):
                if not await run_in_threadpool(desk.still, request):
                    return
                try:
                    parts = await run_in_threadpool(made, size)
                except CauteryError:  # the page itself says why, when it is loaded again
                    return
                lines = "".join(f"data: {line}\n" for line in parts.splitlines() if line.strip())
                yield f"id: {size}\nevent: parts\n{lines}\n"

        return StreamingResponse(messages(), media_type="text/event-stream")

    return pages
