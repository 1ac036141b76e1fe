"""The room as a web application: its addresses, and what becomes of an error."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Scope

from cautery.console import case_pages, network_pages, night_pages, stream_pages
from cautery.console.assets import assets
from cautery.console.desk import Desk, tongue
from cautery.console.door import Door
from cautery.errors import AbsentError, CauteryError, InputError, NotYetError, StorageError
from cautery.messages import in_language, tr
from cautery.pages.room.render import render_page

_LOG = logging.getLogger("cautery.room")
_FOR_EVER = "public, max-age=31536000, immutable"


def room_app(desk: Desk) -> ASGIApp:
    """Return the whole application, behind its door."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.live.close()
        desk.cases.close()

    # No page of FastAPI's own: its API pages load scripts from elsewhere.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    for pages in (case_pages, night_pages, stream_pages, network_pages):
        app.include_router(pages.router(desk))
    _add_assets(app)
    _add_faults(app, desk)
    app.router.redirect_slashes = False

    def locked(scope: Scope, path: str, opened: bool) -> Response:  # noqa: FBT001 - the door's
        request = Request(scope)
        with in_language(tongue(request)):
            page = render_page("locked", desk.shell(request), path=path, opened=opened)
        return HTMLResponse(page, status_code=200 if opened else 401)

    return Door(app, secret=desk.secret, locked=locked)


def _add_assets(app: FastAPI) -> None:
    @app.get("/static/{version}/{name}")
    def asset(version: str, name: str) -> Response:
        known = assets().get(name)
        if known is None or known.address != f"/static/{version}/{name}":
            raise HTTPException(404)
        return Response(
            known.content, media_type=known.media_type, headers={"cache-control": _FOR_EVER}
        )


def _add_faults(app: FastAPI, desk: Desk) -> None:
    """Answer each error with a page: in a sentence, and never with what code it came from."""

    def fault(request: Request, status: int, words: str, hint: str = "") -> HTMLResponse:
        def values() -> dict[str, Any]:
            titles = {
                400: tr("That does not work"),
                404: tr("There is nothing here"),
                503: tr("This cannot be shown now"),
            }
            title = titles.get(status, tr("This cannot be shown"))
            return {"title": title, "words": words, "hint": hint}

        return desk.page(request, "fault", values, status=status)

    @app.exception_handler(CauteryError)
    def expected(request: Request, error: Exception) -> HTMLResponse:
        assert isinstance(error, CauteryError)
        status = 409  # what is there contradicts itself, or the case is broken
        if isinstance(error, AbsentError):
            status = 404
        elif isinstance(error, InputError):
            status = 400
        elif isinstance(error, StorageError | NotYetError):
            status = 503
        answer = fault(request, status, str(error), error.hint)
        if isinstance(error, NotYetError):
            answer.headers["refresh"] = answer.headers["retry-after"] = "2"
        return answer

    @app.exception_handler(RequestValidationError)
    def misspelt(request: Request, _error: Exception) -> HTMLResponse:
        return fault(request, 404, tr("No page of the room has this address."))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: Exception) -> HTMLResponse:
        assert isinstance(error, HTTPException)
        words = (
            tr("No page of the room has this address.")
            if error.status_code == 404
            else HTTPStatus(error.status_code).phrase
        )
        return fault(request, error.status_code, words)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> HTMLResponse:
        # The kind alone: the error's text may quote what a stranger wrote.
        _LOG.error("%s was not answered: %s", request.url.path, type(error).__name__)
        return fault(
            request,
            500,
            tr("The room made a mistake. The case is not changed by it."),
            tr("Open the page again. The commands of Cautery show the case all the same."),
        )
