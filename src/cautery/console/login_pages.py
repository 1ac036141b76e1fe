"""The login: by name and password, with a one-time word for the first visit, and out again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.desk import Desk, bare_form, form, tongue
from cautery.console.door import cookie_of
from cautery.console.people_entry import (
    LOGIN,
    Place,
    csrf_of,
    mark_cookie,
    session_cookie,
)
from cautery.console.rights import (
    Caller,
    address_of,
    caller_of,
    needs,
    set_address,
    set_caller,
)
from cautery.errors import InputError, StorageError
from cautery.messages import in_language, tr
from cautery.model.account import Account
from cautery.model.room import Right
from cautery.pages.room.people import LoginView
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.people.login import MARK_LASTS, too_many
from cautery.workflows.people.sessions import Coming

FIRST = "/login/first"
_KNOWN_AT_A_TIME, _STRANGE_AT_A_TIME = 2, 1
"""Hashes of passwords that are made at a time, each 64 MiB: for browsers that came in before, and
for all others."""
_MOST_WAITING = 8
_UNKEPT = ("/account", "/people", "/access", LOGIN)
"""What is typed there has passwords in it, or is soon typed again."""

T = TypeVar("T")
_LOG = logging.getLogger("cautery.room")


class Lines:
    """The two lines before the hashing of passwords: strangers do not make colleagues wait."""

    def __init__(self) -> None:
        self._lines = {
            True: asyncio.Semaphore(_KNOWN_AT_A_TIME),
            False: asyncio.Semaphore(_STRANGE_AT_A_TIME),
        }
        self._waiting = {True: 0, False: 0}

    @asynccontextmanager
    async def turn(self, *, known: bool) -> AsyncIterator[None]:
        """Wait for one's turn.

        Raises
        ------
        InputError
            If too many wait already.
        """
        if self._waiting[known] >= _MOST_WAITING:
            raise InputError(too_many(5))
        self._waiting[known] += 1
        try:
            async with self._lines[known]:
                yield
        finally:
            self._waiting[known] -= 1


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of the login."""
    pages, lines = APIRouter(default_response_class=HTMLResponse), Lines()
    _add_login(pages, desk, people, lines)
    _add_first(pages, desk, people, lines)

    @pages.post("/logout")
    @needs(Right.OWN)
    async def logout(request: Request) -> Response:
        await form(request)
        await run_in_threadpool(people.sessions.end, token_of(request, desk, people))
        answer = RedirectResponse(LOGIN, status_code=303)
        answer.delete_cookie(_session(desk, people), path="/", secure=desk.place.is_secure)
        return answer

    return pages


def _add_login(pages: APIRouter, desk: Desk, people: PeopleOfRoom, lines: Lines) -> None:
    @pages.get(LOGIN)
    @needs(Right.OPEN)
    def login(request: Request, to: str = "/") -> Response:
        if caller_of(request).account is not None:
            return RedirectResponse(_own(to), status_code=303)
        return login_page(desk, request, view_of({"to": to}, desk, request), status=200)

    @pages.post(LOGIN)
    @needs(Right.OPEN)
    async def come_in(request: Request) -> Response:
        fields = await bare_form(request)
        view = view_of(fields, desk, request)

        def found() -> Account | None:
            return people.logins.by_password(one, fields.get("password", ""))

        try:
            one = await run_in_threadpool(
                people.logins.begin,
                fields.get("name", ""),
                address=address_of(request),
                mark=mark_of(request, desk, people),
            )
            account = await _looked_at(lines, found, known=bool(one.mark), wait_s=one.wait_s)
        except StorageError as error:
            return refused(desk, request, view, _unanswered(request, error), status=503)
        except InputError as error:
            return refused(desk, request, view, str(error), status=429)
        if account is None:
            with in_language(tongue(request)):
                words = tr("This name and this password do not belong together.")
            return refused(desk, request, view, words, status=401)
        try:
            return await welcome(desk, people, request, account, by="password", view=view)
        except StorageError as error:
            return refused(desk, request, view, _unanswered(request, error), status=503)


def _add_first(pages: APIRouter, desk: Desk, people: PeopleOfRoom, lines: Lines) -> None:
    @pages.get(FIRST)
    @needs(Right.OPEN)
    def first(request: Request) -> Response:
        return _first_page(desk, request)

    @pages.post(FIRST)
    @needs(Right.OPEN)
    async def set_first(request: Request) -> Response:
        fields = await bare_form(request)
        password = fields.get("password", "")

        def found() -> Account | None:
            with in_language(tongue(request)):
                if password != fields.get("again", ""):
                    raise InputError(tr("The two passwords are not the same."))
                return people.logins.by_word(
                    fields.get("name", ""), fields.get("word", ""), password
                )

        wait_s = people.logins.wait_s(address_of(request))
        try:
            account = await _looked_at(lines, found, known=True, wait_s=wait_s)
        except StorageError as error:
            return _first_page(desk, request, fault=_unanswered(request, error), status=503)
        except InputError as error:
            return _first_page(desk, request, fault=f"{error} {error.hint}", status=400)
        if account is None:
            with in_language(tongue(request)):
                words = tr("This is not the one-time word of this name, or it is over or used.")
            return _first_page(desk, request, fault=words, status=401)
        try:
            return await welcome(desk, people, request, account, by="word", view=LoginView())
        except StorageError as error:  # the password is set: the next way in is the login
            words = _unanswered(request, error)
            return refused(desk, request, view_of({}, desk, request), words, status=503)


def view_of(fields: Mapping[str, str], desk: Desk, request: Request) -> LoginView:
    """Return what a login carries on to the next page."""
    typed = fields.get("kept", "")
    return LoginView(
        to=_own(fields.get("to", "/")),
        kept=typed,
        kept_to=_own(fields.get("kept_to", "")) if typed else "",
        passkeys=bool(site_of(desk.place, request)),
        identity=None if desk.identity is None else desk.identity.provider.name,
    )


def site_of(place: Place, request: Request) -> str:
    """Return the host to which passkeys belong; empty: an address of digits can have none."""
    if place.address:
        return urlsplit(place.address).hostname or ""
    return "localhost" if request.url.hostname == "localhost" else ""


def room_origin(place: Place, request: Request) -> str:
    """Return the origin of the room's pages, as the browser knows it."""
    return place.address or f"{request.url.scheme}://{request.headers['host']}"


async def asked_to_come_in(desk: Desk, request: Request, coming: Coming) -> Response:
    """Return the login to who is nobody here, or is so no longer, with what was typed before."""
    if request.headers.get("hx-request"):  # a part of a page: the whole page asks who it is
        return Response(status_code=401, headers={"hx-refresh": "true"})
    query = f"?{request.url.query}" if request.url.query else ""
    path = _own(quote(request.url.path, safe="/+~") + query)
    typed = ""
    if request.method == "POST":
        if coming.session is not None and not path.startswith(_UNKEPT):
            typed = (await request.body()).decode("ascii", "replace")
        path = "/"
    with in_language(tongue(request)):
        why = _why(coming, typed=bool(typed))
    fields = {"to": path, "kept": typed, "kept_to": request.url.path}
    view = replace(view_of(fields, desk, request), why=why)
    return login_page(desk, request, view, status=401)


def login_page(desk: Desk, request: Request, view: LoginView, *, status: int) -> HTMLResponse:
    """Return the page of the login."""
    return desk.page(request, "login", lambda: {"view": view}, status=status)


def refused(
    desk: Desk, request: Request, view: LoginView, words: str, *, status: int
) -> HTMLResponse:
    """Return the page of the login again, with what was wrong."""
    return login_page(desk, request, replace(view, fault=words), status=status)


async def welcome(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    account: Account,
    *,
    by: str,
    view: LoginView,
) -> Response:
    """Begin a session, and show what was wanted; what was typed before is given back."""
    before = token_of(request, desk, people)
    token = await run_in_threadpool(begun, people, request, account, by=by, instead_of=before)
    answer: Response = RedirectResponse(view.to, status_code=303)
    # Another person is not shown what this one typed.
    if view.kept and await run_in_threadpool(people.sessions.owner, before) == account.id:
        answer = given_back(desk, request, account, token, view)
    hand_session(answer, desk, people, account, token)
    return answer


def begun(
    people: PeopleOfRoom, request: Request, account: Account, *, by: str, instead_of: str
) -> str:
    """Begin a session; return what its browser brings from now on."""
    return people.sessions.begin(
        account,
        agent=request.headers.get("user-agent", ""),
        address=address_of(request),
        by=by,
        instead_of=instead_of,
    )


def hand_session(
    answer: Response, desk: Desk, people: PeopleOfRoom, account: Account, token: str
) -> None:
    """Hand a browser its session, and what it is known by later."""
    secure = desk.place.is_secure
    answer.set_cookie(
        _session(desk, people), token, httponly=True, samesite="strict", path="/", secure=secure
    )
    hand_mark(answer, desk, people, account)


def hand_mark(answer: Response, desk: Desk, people: PeopleOfRoom, account: Account) -> None:
    """Hand a browser that has come in what it is known by, whoever else guesses under its name."""
    secure = desk.place.is_secure
    answer.set_cookie(
        mark_cookie(people.key, secure=secure),
        people.logins.mark_of(account),
        httponly=True,
        samesite="strict",
        path="/",
        secure=secure,
        max_age=int(MARK_LASTS.total_seconds()),
    )


def token_of(request: Request, desk: Desk, people: PeopleOfRoom) -> str:
    """Return what the browser brought of a session."""
    return cookie_of(request.headers, _session(desk, people))


def mark_of(request: Request, desk: Desk, people: PeopleOfRoom) -> str:
    """Return what the browser brought to be known again."""
    return cookie_of(request.headers, mark_cookie(people.key, secure=desk.place.is_secure))


async def _looked_at(lines: Lines, found: Callable[[], T], *, known: bool, wait_s: float) -> T:
    if wait_s > 0:
        raise InputError(too_many(wait_s))
    async with lines.turn(known=known):
        return await run_in_threadpool(found)


def given_back(
    desk: Desk, request: Request, account: Account, token: str, view: LoginView
) -> HTMLResponse:
    """Return the form that somebody typed before the session ended, to be sent in a new one."""
    fields = [
        (name, value)
        for name, value in parse_qsl(view.kept, keep_blank_values=True, max_num_fields=50)
        if name != "csrf"
    ]
    # The page is made for the new session, which the browser does not bring yet.
    address = address_of(request)
    set_caller(request.scope, Caller(rights=account.rights, account=account, csrf=csrf_of(token)))
    set_address(request.scope, address)
    return desk.page(request, "typed", lambda: {"fields": fields, "to": view.kept_to})


def _first_page(
    desk: Desk, request: Request, *, fault: str = "", status: int = 200
) -> HTMLResponse:
    return desk.page(request, "first", lambda: {"fault": fault}, status=status)


def _unanswered(request: Request, error: StorageError) -> str:
    """Say that nobody knows now who somebody is; the room's log has why."""
    _LOG.error("a login was not answered: %s", error)
    with in_language(tongue(request)):
        return tr("Who you are cannot be looked up now. Nothing is lost: try again in a moment.")


def _session(desk: Desk, people: PeopleOfRoom) -> str:
    return session_cookie(people.key, secure=desk.place.is_secure)


def _own(path: str) -> str:
    """Return a path of this room: one slash, since two would lead to another server."""
    # Browsers and urlsplit leave tabs and line ends out: behind one, two slashes would be left.
    printable = "".join(filter(str.isprintable, path))
    parts = urlsplit("/" + printable.lstrip("/\\"))
    return quote(parts.path, safe="/+~%") + (
        "?" + quote(parts.query, safe="=&%+~") if parts.query else ""
    )


def _why(coming: Coming, *, typed: bool) -> str:
    words = {
        "idle": tr("Nothing was done for an hour, so you are asked who you are."),
        "over": tr("A login lasts twelve hours. This one is over."),
        "elsewhere": tr(
            "Your login was used from another browser or another network, so it was ended. If that "
            "was not you, change your password, and tell who keeps the accounts."
        ),
        "out": tr("You have logged out."),
        "unknown": tr("This login is not known here any more."),
    }.get(coming.why, "")
    if typed:
        kept = tr("What you typed is not lost: it comes back after the login, to be sent.")
        return f"{words} {kept}"
    return words
