"""Texts that wait for somebody's passkey: shown on one device, signed on a second one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.account_pages import own_account
from cautery.console.desk import Desk, form, tongue
from cautery.console.login_pages import room_origin
from cautery.console.passkey_pages import site_at
from cautery.console.problems import status_of
from cautery.console.rights import caller_of, needs
from cautery.errors import CauteryError
from cautery.messages import in_language
from cautery.model.room import Act, Right
from cautery.model.signing_keys import challenge_of
from cautery.model.signing_request import SigningRequest
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.browse.requests import request_row, request_view
from cautery.workflows.people.second import Second

Number = Annotated[str, InPath(max_length=40)]
Token = Annotated[str, InPath(max_length=1_000)]
_JSON = "application/json"
_NO_CASE = ""
"""In the place of a case, in a link for the second device: no link to an act counts here."""


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of what waits for passkeys."""
    pages = APIRouter(default_response_class=HTMLResponse)
    _add_first(pages, desk, people)
    _add_second(pages, desk, people)
    return pages


def _add_first(pages: APIRouter, desk: Desk, people: PeopleOfRoom) -> None:
    @pages.get("/requests")
    @needs(Right.APPROVE, act=Act.CONSULTATION)
    def requests(request: Request) -> HTMLResponse:
        def view() -> dict[str, Any]:
            waiting = people.requests.of(own_account(request).id, room_origin(desk.place, request))
            return {"rows": [request_row(one) for one in waiting]}

        return desk.page(request, "requests", view)

    @pages.get("/requests/{number}")
    @needs(Right.APPROVE, act=Act.CONSULTATION)
    def one(request: Request, number: Number) -> HTMLResponse:
        return _page(desk, request, lambda: _request(desk, people, request, number))

    @pages.post("/requests/{number}/second")
    @needs(Right.APPROVE, act=Act.CONSULTATION)
    async def ask_second(request: Request, number: Number) -> Response:
        await form(request)

        def made() -> HTMLResponse:
            with in_language(tongue(request)):
                signing = _request(desk, people, request, number)
            second = Second(
                case=_NO_CASE,
                act=signing.id,
                account=own_account(request).id,
                session=caller_of(request).session,
            )
            origin = room_origin(desk.place, request)
            address = f"{origin}/requests/second/{people.seconds.token(second)}"
            return _page(desk, request, lambda: signing, second=address)

        return await run_in_threadpool(made)


def _add_second(pages: APIRouter, desk: Desk, people: PeopleOfRoom) -> None:
    def opened(request: Request, token: str) -> SigningRequest:
        second = people.seconds.read(
            token,
            case=_NO_CASE,
            account=own_account(request).id,
            session=caller_of(request).session,
        )
        return _request(desk, people, request, second.act)

    @pages.get("/requests/second/{token}")
    @needs(Right.APPROVE, act=Act.CONSULTATION)
    def second(request: Request, token: Token) -> HTMLResponse:
        return _page(desk, request, lambda: opened(request, token), token=token)

    @pages.get("/requests/second/{token}/passkey")
    @needs(Right.APPROVE, act=Act.CONSULTATION)
    def ask(
        request: Request, token: Token, digest: Annotated[str, Query(max_length=80)]
    ) -> Response:
        with in_language(tongue(request)):
            signing = opened(request, token)
            request_view(signing)  # what cannot be shown is not signed either
            passkey = people.requests.passkey(signing, shown=digest)
            challenge = challenge_of(signing.text.encode())
            options = site_at(desk, request).to_approve(challenge, passkey.id)
        return Response(options, media_type=_JSON)

    @pages.post("/requests/second/{token}")
    @needs(Right.APPROVE, act=Act.ALTERATION)
    async def sign(request: Request, token: Token) -> Response:
        fields = await form(request)

        def signed() -> Response:
            with in_language(tongue(request)):
                signing = opened(request, token)
                try:
                    request_view(signing)
                    with people.seconds.using(token):
                        signature = site_at(desk, request).approval(fields.get("answer", ""))
                        people.requests.sign(signing, signature, shown=fields.get("digest", ""))
                except CauteryError as error:
                    fault = f"{error} {error.hint}".strip()
                    status = status_of(error)
                    return _page(desk, request, lambda: signing, fault=fault, status=status)
            return RedirectResponse(f"/requests/{signing.id}", status_code=303)

        return await run_in_threadpool(signed)


def _request(desk: Desk, people: PeopleOfRoom, request: Request, number: str) -> SigningRequest:
    return people.requests.get(
        number, account=own_account(request).id, origin=room_origin(desk.place, request)
    )


def _page(
    desk: Desk,
    request: Request,
    signing: Callable[[], SigningRequest],
    *,
    second: str = "",
    token: str = "",
    fault: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of a request.

    Parameters
    ----------
    second : str
        Address to open on a second device.
    token : str
        This is the second device, which brought it.
    fault : str
        Why it was not signed.
    """

    def values() -> dict[str, Any]:
        view = request_view(signing())
        return {"view": view, "second": second, "token": token, "fault": fault}

    return desk.page(request, "request", values, status=status)
