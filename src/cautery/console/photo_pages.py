"""The form by which somebody sends a photograph of an exhibit, and the photographs that wait.

The room decodes none of them, and hands them on as pictures alone.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.concurrency import contextmanager_in_threadpool
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.account_pages import own_account
from cautery.console.case_pages import Id
from cautery.console.desk import Desk, require_csrf, tongue
from cautery.console.door import MOST_BODY
from cautery.console.files_form import FilesForm
from cautery.console.operation_pages import seat_of
from cautery.console.problems import status_of
from cautery.console.ranges import part_of
from cautery.console.rights import needs
from cautery.console.seizure_pages import Key, taken_page
from cautery.errors import CauteryError
from cautery.messages import in_language
from cautery.model.photograph import MAX_PHOTO_BYTES, PICTURES
from cautery.model.room import Act, Right
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.browse.photographs import photo_of, subject_of

_PLACE = re.compile(r"/operations/[^/]+/exhibits/[^/]+/photographs")
_MOST_CSRF, _MOST_NOTE = 200, 4_000
_AS_PICTURE = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}


def most_upload(path: str) -> int:
    """Return how many bytes a form with a file may have at an address; 0: none is taken there."""
    return MAX_PHOTO_BYTES + MOST_BODY if _PLACE.fullmatch(path) else 0


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the addresses of photographs."""
    pages = APIRouter(default_response_class=HTMLResponse)
    here = (desk.cases, desk.operations)

    @pages.post("/operations/{id}/exhibits/{key}/photographs")
    @needs(Right.REPORT, act=Act.COLLECTION, table=True)
    async def send(request: Request, id: Id, key: Key) -> Response:
        typed = {"note": ""}
        try:
            with in_language(tongue(request)):
                await _received(desk, people, request, id=id, key=key, typed=typed)
        except CauteryError as error:
            return await run_in_threadpool(
                taken_page,
                desk,
                request,
                id,
                key,
                fault=f"{error} {error.hint}".strip(),
                note=typed["note"],
                status=status_of(error),
            )
        place = f"/operations/{quote(id, safe='+~')}/exhibits/{quote(key)}?done=sent"
        return RedirectResponse(place, status_code=303)

    @pages.get("/operations/{id}/exhibits/{key}/photographs/{digits}")
    @needs(Right.REPORT, act=Act.CONSULTATION, table=True)
    def photo(
        request: Request, id: Id, key: Key, digits: Annotated[str, Path(max_length=64)]
    ) -> Response:
        with in_language(tongue(request)):
            content = photo_of(*here, id, key, digits, tray=people.tray, **seat_of(request, id))
        name = f"{digits[:16]}.{PICTURES[content.media_type]}"
        headers = {**_AS_PICTURE, "content-disposition": f'inline; filename="{name}"'}
        return part_of(content, content.media_type, request.headers.get("range", ""), headers)

    return pages


async def _received(
    desk: Desk, people: PeopleOfRoom, request: Request, *, id: str, key: str, typed: dict[str, str]
) -> None:
    """Put the photograph of a form in the tray; ``typed`` gets what the page shows again."""
    account = own_account(request)
    form = FilesForm(request)
    require_csrf(request, await form.text("csrf", most=_MOST_CSRF))
    subject = await run_in_threadpool(
        subject_of, desk.cases, desk.operations, id, key, **seat_of(request, id)
    )
    typed["note"] = await form.text("note", most=_MOST_NOTE)
    size = max(0, int(request.headers["content-length"]) - MOST_BODY)
    async with contextmanager_in_threadpool(people.tray.arriving(account, size)) as arrival:
        async for piece in form.file("photo"):
            await run_in_threadpool(arrival.write, piece)
        await run_in_threadpool(people.tray.keep, arrival, subject, account, note=typed["note"])
