"""The page of a stream, and its sealed media for the player on it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.case_pages import Id, Number
from cautery.console.desk import Desk
from cautery.console.ranges import part_of
from cautery.console.rights import needs
from cautery.model.room import Act, Right
from cautery.workflows.browse.media import Side, media_of
from cautery.workflows.browse.verdict import number_of, verdict_view

Stream = Annotated[int, Path(ge=1, lt=1 << 53)]
_PLAYLIST = "application/vnd.apple.mpegurl"


def router(desk: Desk) -> APIRouter:
    """Return the pages of streams."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/streams/{number}")
    @needs(Right.READ, act=Act.CONSULTATION)
    def stream(request: Request, id: Id, number: Stream) -> HTMLResponse:
        return desk.page(request, "verdict", lambda: {"view": verdict_view(desk.cases, id, number)})

    @pages.get("/cases/{id}/records/{index}/stream")
    @needs(Right.READ, act=Act.CONSULTATION)
    def stream_of_record(request: Request, id: Id, index: Number) -> Response:
        number = number_of(desk.cases, id, index)
        account = request.url.path.partition("/records/")[0]
        return RedirectResponse(f"{account}/streams/{number}", status_code=303)

    @pages.get("/cases/{id}/streams/{number}/{side}.m3u8")
    @needs(Right.READ, act=Act.CONSULTATION)
    def playlist(id: Id, number: Stream, side: Side) -> Response:
        media = media_of(desk.cases, id, number, side)
        return Response(media.playlist(f"{side}.media"), media_type=_PLAYLIST)

    @pages.get("/cases/{id}/streams/{number}/{side}.media")
    @needs(Right.READ, act=Act.CONSULTATION)
    def media(request: Request, id: Id, number: Stream, side: Side) -> Response:
        sealed = media_of(desk.cases, id, number, side)
        return part_of(sealed, sealed.media_type, request.headers.get("range", ""))

    return pages
