"""The login by the organisation's identity provider: there, and back with a code.

On the way back a browser brings no cookie that is for this site alone, since another site sent it
here. So a cookie of its own carries the login, and the page after it leads on by itself: what is
asked from there comes from this site again.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import NamedTuple

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cautery.console.desk import Desk, bare_form, tongue
from cautery.console.door import cookie_of
from cautery.console.login_pages import (
    begun,
    given_back,
    hand_session,
    refused,
    room_origin,
    token_of,
    view_of,
)
from cautery.console.people_entry import IDENTITY, question_cookie
from cautery.console.rights import address_of, needs
from cautery.errors import AbsentError, ApprovalError, CauteryError, InputError, SourceError
from cautery.messages import in_language, tr
from cautery.model.identity import Claimed
from cautery.model.room import Right
from cautery.pages.room.people import LoginView
from cautery.wiring.identity import IdentityOfRoom
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.people.identity_questions import LASTS, Question
from cautery.workflows.people.login import too_many

BACK = f"{IDENTITY}/back"
_AT_A_TIME, _MOST_WAITING = 4, 16
"""Conversations with the provider, and who waits for one."""
_MOST_LEFT = 64
"""Forms that wait for who typed them, 16 KB each; only who was in before leaves one."""
_LOG = logging.getLogger("cautery.room")
_ANSWER = ("code", "state", "iss", "error")


class _Left(NamedTuple):
    """What a browser that goes to the provider leaves here.

    Parameters
    ----------
    token : str
        Of the session that it had.
    owner : str
        Whose that was.
    """

    token: str
    owner: str
    view: LoginView


class _Talks:
    """What goes on with the provider: few at a time, and what people left meanwhile."""

    def __init__(self) -> None:
        self._turns, self._waiting = asyncio.Semaphore(_AT_A_TIME), 0
        self._left: OrderedDict[str, _Left] = OrderedDict()

    async def __aenter__(self) -> None:
        if self._waiting >= _MOST_WAITING:
            raise InputError(too_many(5))
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._turns.release()

    def leave(self, seed: str, left: _Left) -> None:
        self._left[seed] = left
        while len(self._left) > _MOST_LEFT:
            self._left.popitem(last=False)

    def taken(self, seed: str) -> _Left | None:
        return self._left.pop(seed, None)


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of the login by an identity provider."""
    pages, talks = APIRouter(default_response_class=HTMLResponse), _Talks()

    @pages.post(IDENTITY)
    @needs(Right.OPEN)
    async def go(request: Request) -> Response:
        identity = _identity(desk, request)
        view = view_of(await bare_form(request), desk, request)
        provider = identity.provider
        try:
            await _wait_for_nobody(people, request)
            question = people.questions.ask(provider.issuer, view.to)
            async with talks:
                place = await provider.address(
                    state=question.state,
                    nonce=question.nonce,
                    verifier=question.verifier,
                    back=room_origin(desk.place, request) + BACK,
                )
        except InputError as error:
            return refused(desk, request, view, str(error), status=429)
        except SourceError as error:
            return _silent(desk, request, view, error)
        token = token_of(request, desk, people)
        owner = await run_in_threadpool(people.sessions.owner, token) if token else ""
        if owner:
            talks.leave(question.seed, _Left(token, owner, view))
        answer = _led_on(desk, request, place)
        answer.set_cookie(
            _cookie(desk, people),
            question.cookie,
            httponly=True,
            samesite="lax",  # it must come back from the provider
            path="/",
            secure=desk.place.is_secure,
            max_age=int(LASTS.total_seconds()),
        )
        return answer

    @pages.get(BACK)
    @needs(Right.OPEN)
    async def back(request: Request) -> Response:
        identity = _identity(desk, request)
        view = view_of({}, desk, request)
        try:
            answer = await _come_back(desk, people, talks, identity, request)
        except SourceError as error:
            answer = _silent(desk, request, view, error)
        except CauteryError as error:
            status = 403 if isinstance(error, ApprovalError) else 400
            answer = refused(desk, request, view, f"{error} {error.hint}".strip(), status=status)
        answer.delete_cookie(_cookie(desk, people), path="/", secure=desk.place.is_secure)
        return answer

    return pages


async def _come_back(
    desk: Desk,
    people: PeopleOfRoom,
    talks: _Talks,
    identity: IdentityOfRoom,
    request: Request,
) -> Response:
    """Return the answer to who comes back from the provider."""
    with in_language(tongue(request)):
        answer_parts = _given(request)
        question = people.questions.read(
            cookie_of(request.headers, _cookie(desk, people)),
            answer_parts.get("state", ""),
            identity.provider.issuer,
        )
        await _wait_for_nobody(people, request)
        left = talks.taken(question.seed)
        # Before the code goes anywhere: of two that bring it at a time one is too late.
        await run_in_threadpool(people.questions.use_up, question)
    view = view_of({"to": question.to}, desk, request) if left is None else left.view
    with in_language(tongue(request)):
        async with talks:
            claimed = await _claimed(desk, people, request, question, answer_parts)
        account = await run_in_threadpool(people.identities.comes_in, claimed, identity.roles)
        if account is None:
            raise ApprovalError(
                tr(
                    "The identity provider knows you, and this room does not. Tell who keeps its "
                    "accounts this subject: %(subject)s",
                    subject=claimed.subject,
                )
            )
    token = await run_in_threadpool(
        lambda: begun(
            people, request, account, by="identity", instead_of="" if left is None else left.token
        )
    )
    answer: Response
    if left is not None and view.kept and left.owner == account.id:
        answer = given_back(desk, request, account, token, view)
    else:
        answer = _led_on(desk, request, view.to)
    hand_session(answer, desk, people, account, token)
    return answer


async def _claimed(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    question: Question,
    answer_parts: dict[str, str],
) -> Claimed:
    if "error" in answer_parts:
        raise ApprovalError(tr("The identity provider let nobody in."))
    try:
        return await _identity(desk, request).provider.claimed(
            answer_parts.get("code", ""),
            issuer=answer_parts.get("iss"),
            nonce=question.nonce,
            verifier=question.verifier,
            back=room_origin(desk.place, request) + BACK,
        )
    except ApprovalError as error:
        _LOG.warning("an answer of the identity provider was refused: %s", error)
        people.log.refused("")
        raise ApprovalError(
            tr("The answer of the identity provider does not hold, so nobody came in."), hint=""
        ) from error


def _given(request: Request) -> dict[str, str]:
    """Return what stands in the address; each part of it once."""
    answer_parts = {}
    for name in _ANSWER:
        values = request.query_params.getlist(name)
        if len(values) > 1:
            raise InputError(tr("This answer cannot be read."))
        if values:
            answer_parts[name] = values[0]
    return answer_parts


async def _wait_for_nobody(people: PeopleOfRoom, request: Request) -> None:
    wait_s = people.logins.wait_s(address_of(request))
    if wait_s > 0:
        with in_language(tongue(request)):
            raise InputError(too_many(wait_s))


def _silent(desk: Desk, request: Request, view: LoginView, error: SourceError) -> HTMLResponse:
    """Return the login again; why the provider cannot be asked is for the log."""
    _LOG.warning("the identity provider cannot be asked: %s", error)
    with in_language(tongue(request)):
        words = tr("The identity provider cannot be asked now. Try again, or log in another way.")
    return refused(desk, request, view, words, status=503)


def _led_on(desk: Desk, request: Request, place: str) -> HTMLResponse:
    """Return a page that leads on.

    A form may not lead to another site, and a redirect here would still come from the other one.
    """
    return desk.page(request, "led_on", lambda: {"place": place})


def _identity(desk: Desk, request: Request) -> IdentityOfRoom:
    if desk.identity is None:
        with in_language(tongue(request)):
            raise AbsentError(tr("This room has no identity provider."))
    return desk.identity


def _cookie(desk: Desk, people: PeopleOfRoom) -> str:
    return question_cookie(people.key, secure=desk.place.is_secure)
