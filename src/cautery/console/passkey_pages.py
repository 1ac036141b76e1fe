"""Passkeys: to come in with one, to add one to one's account, and to take one away."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cautery.console.account_pages import confirm, done_or_fault, own_account
from cautery.console.desk import Desk, bare_form, form, tongue
from cautery.console.login_pages import refused, room_origin, site_of, view_of, welcome
from cautery.console.rights import address_of, needs
from cautery.errors import ApprovalError, InputError
from cautery.messages import in_language, tr
from cautery.model.account import Account
from cautery.model.room import Right
from cautery.wiring.people import PeopleOfRoom, authenticators
from cautery.workflows.people.login import too_many
from cautery.workflows.people.ports import Authenticators

_JSON = "application/json"


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of passkeys."""
    pages = APIRouter(default_response_class=HTMLResponse)
    _add_login(pages, desk, people)

    @pages.get("/account/passkey")
    @needs(Right.OWN)
    def ask(request: Request) -> Response:
        options = people.passkeys.to_make(site_at(desk, request), own_account(request))
        return Response(options, media_type=_JSON)

    @pages.post("/account/passkey")
    @needs(Right.OWN)
    async def add(request: Request) -> Response:
        fields, account = await form(request), own_account(request)

        def added() -> str:
            confirm(people, request, account, fields.get("old", ""))
            try:
                people.passkeys.make(
                    site_at(desk, request),
                    account,
                    fields.get("answer", ""),
                    fields.get("name", ""),
                )
            except ApprovalError as error:
                raise InputError(tr("This passkey does not hold.")) from error
            return tr("The passkey is added.")

        return await done_or_fault(desk, people, request, added)

    @pages.post("/account/passkey/drop")
    @needs(Right.OWN)
    async def drop(request: Request) -> Response:
        fields, account = await form(request), own_account(request)

        def dropped() -> str:
            # Who sits down at an open browser could put an approver out for the night.
            confirm(people, request, account, fields.get("old", ""))
            try:
                people.passkeys.drop(account, bytes.fromhex(fields.get("passkey", "")))
            except ValueError as error:
                raise InputError(tr("There is no such passkey.")) from error
            return tr("The passkey is taken away.")

        return await done_or_fault(desk, people, request, dropped)

    return pages


def _add_login(pages: APIRouter, desk: Desk, people: PeopleOfRoom) -> None:
    @pages.get("/login/passkey")
    @needs(Right.OPEN)
    def ask_stranger(request: Request) -> Response:
        return Response(people.passkeys.to_come_in(site_at(desk, request)), media_type=_JSON)

    @pages.post("/login/passkey")
    @needs(Right.OPEN)
    async def come_in(request: Request) -> Response:
        fields = await bare_form(request)
        view = view_of(fields, desk, request)

        def found() -> Account | None:
            with in_language(tongue(request)):
                wait_s = people.logins.wait_s(address_of(request))
                if wait_s > 0:
                    raise InputError(too_many(wait_s))
                return people.passkeys.comes_in(site_at(desk, request), fields.get("answer", ""))

        try:
            account = await run_in_threadpool(found)
        except InputError as error:
            return refused(desk, request, view, str(error), status=400)
        if account is None:
            with in_language(tongue(request)):
                words = tr("Nobody here has this passkey.")
            return refused(desk, request, view, words, status=401)
        return await welcome(desk, people, request, account, by="passkey", view=view)


def site_at(desk: Desk, request: Request) -> Authenticators:
    """Return what asks the browsers of this room for passkeys.

    Raises
    ------
    InputError
        If its address has no name.
    """
    site = site_of(desk.place, request)
    if not site:
        raise InputError(
            tr("Passkeys belong to a name, and this address has none."),
            hint=tr("Open the room by its name: localhost, or the one of its certificate."),
        )
    return authenticators(site, room_origin(desk.place, request))
