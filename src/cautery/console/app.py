"""The room as a web application: its addresses, and what becomes of an error."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Scope

from cautery.console import (
    access_pages,
    account_pages,
    act_pages,
    blind_pages,
    board_pages,
    case_pages,
    find_pages,
    grown_pages,
    health_pages,
    identity_pages,
    inquiry_pages,
    login_pages,
    network_pages,
    night_pages,
    node_pages,
    operation_pages,
    orders_pages,
    passkey_pages,
    people_pages,
    photo_pages,
    plan_pages,
    request_pages,
    season_pages,
    seizure_pages,
    signal_pages,
    stream_pages,
    told_pages,
)
from cautery.console.api.routes import programs_app
from cautery.console.api.taxii import taxii_app
from cautery.console.assets import assets
from cautery.console.desk import Desk, tongue
from cautery.console.door import Door, Entry, KeyEntry
from cautery.console.gate import Gate
from cautery.console.hidden import words_for
from cautery.console.people_entry import PeopleEntry
from cautery.console.problems import status_of
from cautery.console.rights import gate, needs, open_paths, undeclared
from cautery.console.taxii_faults import TAXII
from cautery.errors import CauteryError, NotYetError
from cautery.messages import in_language, tr
from cautery.model.room import Right
from cautery.pages.room.render import render_page
from cautery.wiring.people import PeopleOfRoom

_LOG = logging.getLogger("cautery.room")
_FOR_EVER = "public, max-age=31536000, immutable"
_ONLY_TLS = {"strict-transport-security": "max-age=31536000"}
_SETTLED_S = 60.0


def room_app(desk: Desk) -> ASGIApp:
    """Return the whole application, behind its door.

    Raises
    ------
    TypeError
        If an address does not declare what it asks for.
    """
    app = all_addresses(desk)
    door = Door(
        app,
        _entry(app, desk),
        Gate(desk.tokens, desk.cases.clock.now),
        always=_ONLY_TLS if desk.place.is_secure else {},
        uploads=photo_pages.most_upload if desk.people else lambda _: 0,
    )
    return desk.telemetry.wrap(door)


def all_addresses(desk: Desk) -> FastAPI:
    """Return every address of the room, without the door before them.

    Raises
    ------
    TypeError
        If an address does not declare what it asks for.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        settling = asyncio.create_task(_settle(desk.people)) if desk.people else None
        yield
        if settling is not None:
            settling.cancel()
        desk.live.close()
        desk.gathering.close()
        desk.operations.close()
        if desk.shelves is not None:
            desk.shelves.close()
        desk.cases.close()

    log = None if desk.people is None else desk.people.log
    # No page of FastAPI's own: its API pages load scripts from elsewhere.
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=lifespan,
        dependencies=[Depends(gate(log, desk.is_operation))],
    )
    of_cases = (case_pages, night_pages, orders_pages, stream_pages, network_pages, plan_pages)
    of_operations = (operation_pages, seizure_pages, signal_pages, board_pages)
    of_all = (find_pages, season_pages, node_pages, health_pages)
    for pages in (*of_cases, blind_pages, grown_pages, told_pages, *of_operations, *of_all):
        app.include_router(pages.router(desk))
    if desk.people is not None:
        for of_people in (
            login_pages,
            passkey_pages,
            identity_pages,
            account_pages,
            act_pages,
            request_pages,
            people_pages,
            access_pages,
            inquiry_pages,
            photo_pages,
        ):
            app.include_router(of_people.router(desk, desk.people))
    _add_assets(app)
    _add_faults(app, desk)
    app.router.redirect_slashes = False
    if faults := undeclared(app.router.routes):
        raise TypeError(f"no right is declared for: {', '.join(faults)}")
    app.mount("/api/v1", programs_app(desk))  # each of its addresses asks for a token's scope
    if desk.shelves is not None:
        app.mount(TAXII, taxii_app(desk, desk.shelves))  # and so do these
    return app


def _entry(app: FastAPI, desk: Desk) -> Entry:
    if desk.people is not None:
        return PeopleEntry(
            desk.people,
            desk.place,
            is_open=open_paths(app.router.routes),
            login=partial(login_pages.asked_to_come_in, desk),
        )

    def locked(scope: Scope, path: str, opened: bool) -> Response:  # noqa: FBT001 - the door's
        request = Request(scope)
        with in_language(tongue(request)):
            page = render_page("locked", desk.shell(request), path=path, opened=opened)
        return HTMLResponse(page, status_code=200 if opened else 401)

    return KeyEntry(desk.secret, locked=locked)


async def _settle(people: PeopleOfRoom) -> None:
    """Sign the access log, and write what was counted, from time to time."""
    while True:
        await asyncio.sleep(_SETTLED_S)
        try:
            await run_in_threadpool(people.settle)
        except CauteryError as error:
            _LOG.error("the access log was not signed: %s", error)


def _add_assets(app: FastAPI) -> None:
    @app.get("/static/{version}/{name}")
    @needs(Right.OPEN)
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
        words, hint = str(error), error.hint
        if desk.is_outside(request):
            with in_language(tongue(request)):
                plain_words = words_for(error, desk.places)
            if plain_words is not None:
                _LOG.error("%s was not shown: %s", _route(request), error)
                words, hint = plain_words
        answer = fault(request, status_of(error), words, hint)
        if isinstance(error, NotYetError):
            answer.headers["refresh"] = answer.headers["retry-after"] = "2"
        return answer

    @app.exception_handler(RequestValidationError)
    def misspelt(request: Request, _error: Exception) -> HTMLResponse:
        return fault(request, 404, tr("No page of the room has this address."))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: Exception) -> HTMLResponse:
        assert isinstance(error, HTTPException)
        words = {
            403: tr("Your roles do not include this."),
            404: tr("No page of the room has this address."),
        }.get(error.status_code, HTTPStatus(error.status_code).phrase)
        return fault(request, error.status_code, words)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> HTMLResponse:
        # The kind alone: the error's text may quote what a stranger wrote, and a path names a case.
        _LOG.error("%s was not answered: %s", _route(request), type(error).__name__)
        return fault(
            request,
            500,
            tr("The room made a mistake. The case is not changed by it."),
            tr("Open the page again. The commands of Cautery show the case all the same."),
        )


def _route(request: Request) -> str:
    return str(getattr(request.scope.get("route"), "path", "a question"))
