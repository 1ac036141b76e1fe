"""Forms by which people with accounts act: they sign by passkey, withdraw, decide and complete.

Each does what the command does that stands beside it, and records the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.act_shown import act_page, doer_of
from cautery.console.case_pages import Id
from cautery.console.desk import Desk, form, tongue
from cautery.console.login_pages import room_origin
from cautery.console.passkey_pages import site_at
from cautery.console.problems import status_of
from cautery.console.rights import caller_of, needs
from cautery.errors import ApprovalError, CauteryError, ConflictError, InputError
from cautery.json_text import parsed_json
from cautery.messages import in_language, tr
from cautery.model import Addressee, Digest, require_utc
from cautery.model.account import Passkey
from cautery.model.room import Act as AccessAct
from cautery.model.room import Right
from cautery.model.signing_keys import counter_of
from cautery.wiring import complaints, notices, signing
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.browse.act import act_view
from cautery.workflows.browse.act_forms import (
    Doer,
    PasskeyQuestion,
    approver_name,
    passkey_question,
    recorded_name,
)
from cautery.workflows.people.second import Second

Act = Annotated[str, InPath(max_length=100)]
Token = Annotated[str, InPath(max_length=1_000)]
_DONE_WORDS = frozenset(("signed", "withdrawn", "decided", "refused"))


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the forms of acts."""
    pages = APIRouter(default_response_class=HTMLResponse)
    _add_signing(pages, desk, people)
    _add_refusing(pages, desk)
    _add_second(pages, desk, people)

    @pages.post("/cases/{id}/orders/{act}/withdraw")
    @needs(Right.DRAFT, act=AccessAct.ALTERATION)
    async def withdraw(request: Request, id: Id, act: Act) -> Response:
        def do(fields: dict[str, str]) -> str:
            notices.withdraw(
                _path(desk, id),
                act,
                name=_name(desk, request, id),
                why=fields.get("why", ""),
                seen=_seen(fields),
            )
            return "withdrawn"

        return await _acted(desk, request, id, act, do)

    @pages.post("/cases/{id}/orders/{act}/decide")
    @needs(Right.DRAFT, act=AccessAct.ALTERATION)
    async def decide(request: Request, id: Id, act: Act) -> Response:
        def do(fields: dict[str, str]) -> str:
            if fields.get("what") not in {"grant", "reject"}:
                raise InputError(tr("Say whether the complaint is granted or rejected."))
            complaints.decided(
                _path(desk, id),
                act,
                granted=fields["what"] == "grant",
                by=_name(desk, request, id),
                why=fields.get("why", ""),
                public=None,
                postbox=None,
                keys_dir=None,
                seen=_seen(fields),
            )
            return "decided"

        return await _acted(desk, request, id, act, do)

    @pages.post("/cases/{id}/orders/{act}/complete")
    @needs(Right.DRAFT, act=AccessAct.ALTERATION)
    async def complete(request: Request, id: Id, act: Act) -> Response:
        def do(fields: dict[str, str]) -> str:
            def completed(before: Addressee | None) -> Addressee:
                if before is None:
                    raise InputError(tr("There is no draft that this one could complete."))
                return replace(before, contact=fields.get("contact", "").strip() or None)

            draft = notices.draft(
                _path(desk, id),
                completed,
                name=_name(desk, request, id),
                notifier_email=fields.get("reply_to", "").strip() or None,
                urls=(),
                event=None,
                shown_by=(),
                replaces=act,
                dry_run=False,
                seen=_seen(fields),
            )
            return draft.notice.id

        return await _acted(desk, request, id, act, do)

    return pages


def _add_signing(pages: APIRouter, desk: Desk, people: PeopleOfRoom) -> None:
    @pages.get("/cases/{id}/orders/{act}/passkey")
    @needs(Right.APPROVE, act=AccessAct.CONSULTATION)
    def ask(
        request: Request, id: Id, act: Act, digest: Annotated[str, Query(max_length=80)]
    ) -> Response:
        with in_language(tongue(request)):
            _refuse_first_device(desk, request, id, act)
            return _asked(desk, people, request, id=id, act=act, digest=digest)

    @pages.post("/cases/{id}/orders/{act}/sign")
    @needs(Right.APPROVE, act=AccessAct.ALTERATION)
    async def sign(request: Request, id: Id, act: Act) -> Response:
        def do(fields: dict[str, str]) -> str:
            _refuse_first_device(desk, request, id, act)
            _sign(desk, people, request, id=id, act=act, fields=fields)
            return "signed"

        return await _acted(desk, request, id, act, do)


def _add_refusing(pages: APIRouter, desk: Desk) -> None:
    @pages.post("/cases/{id}/orders/{act}/refuse")
    @needs(Right.APPROVE, act=AccessAct.ALTERATION)
    async def refuse(request: Request, id: Id, act: Act) -> Response:
        def do(fields: dict[str, str]) -> str:
            signing.refuse(
                _path(desk, id),
                act,
                shown=Digest(fields.get("digest", "")),
                name=approver_name(desk.cases, id, _doer(desk, request)),
                why=fields.get("why", ""),
                seen=_seen(fields),
            )
            return "refused"

        return await _acted(desk, request, id, act, do)


def _add_second(pages: APIRouter, desk: Desk, people: PeopleOfRoom) -> None:
    @pages.post("/cases/{id}/orders/{act}/second")
    @needs(Right.APPROVE, act=AccessAct.CONSULTATION)
    async def ask_second(request: Request, id: Id, act: Act) -> Response:
        await form(request)
        token = people.seconds.token(
            Second(
                case=id,
                act=act,
                account=_doer(desk, request).account,
                session=caller_of(request).session,
            )
        )
        place = f"/cases/{quote(id, safe='+~')}/second/{token}"
        address = room_origin(desk.place, request) + place
        return await run_in_threadpool(act_page, desk, request, id, act, second=address, status=200)

    def opened(request: Request, id: str, token: str) -> Second:
        caller = caller_of(request)
        return people.seconds.read(
            token, case=id, account=_doer(desk, request).account, session=caller.session
        )

    @pages.get("/cases/{id}/second/{token}")
    @needs(Right.APPROVE, act=AccessAct.CONSULTATION)
    def second(request: Request, id: Id, token: Token) -> HTMLResponse:
        with in_language(tongue(request)):
            place = opened(request, id, token)
        return act_page(desk, request, place.case, place.act, token=token)

    @pages.get("/cases/{id}/second/{token}/passkey")
    @needs(Right.APPROVE, act=AccessAct.CONSULTATION)
    def ask_on_second(
        request: Request, id: Id, token: Token, digest: Annotated[str, Query(max_length=80)]
    ) -> Response:
        with in_language(tongue(request)):
            place = opened(request, id, token)
            return _asked(desk, people, request, id=place.case, act=place.act, digest=digest)

    @pages.post("/cases/{id}/second/{token}")
    @needs(Right.APPROVE, act=AccessAct.ALTERATION)
    async def sign_second(request: Request, id: Id, token: Token) -> Response:
        with in_language(tongue(request)):
            place = opened(request, id, token)

        def do(fields: dict[str, str]) -> str:
            with people.seconds.using(token):
                _sign(desk, people, request, id=place.case, act=place.act, fields=fields)
            return "signed"

        return await _acted(desk, request, place.case, place.act, do)


async def _acted(
    desk: Desk, request: Request, id: str, act: str, do: Callable[[dict[str, str]], str]
) -> Response:
    """Do what a form says, and show the act; what is refused leaves the person's text in it."""
    fields = await form(request)

    def answered() -> Response:
        try:
            with in_language(tongue(request)):
                done = do(fields)
        except CauteryError as error:
            fault = f"{error} {error.hint}".strip()
            return act_page(
                desk, request, id, act, fault=fault, typed=fields, status=status_of(error)
            )
        where, query = (act, f"?done={done}") if done in _DONE_WORDS else (done, "")
        return RedirectResponse(
            f"/cases/{quote(id, safe='+~')}/orders/{quote(where)}{query}", status_code=303
        )

    return await run_in_threadpool(answered)


def _refuse_first_device(desk: Desk, request: Request, id: str, act: str) -> None:
    if act_view(desk.cases, id, act, doer=_doer(desk, request)).forms.second:
        raise ApprovalError(
            tr("This act is signed on a second device alone."),
            hint=tr("Ask for its link on the page, or sign with the command."),
        )


def _asked(
    desk: Desk, people: PeopleOfRoom, request: Request, *, id: str, act: str, digest: str
) -> Response:
    """Return what the browser asks a passkey that approves the act, as it stands now."""
    if act_view(desk.cases, id, act).digest != digest:
        raise ConflictError(
            tr("This is not the act as it is now."), hint=tr("Open the page again.")
        )
    now = desk.cases.clock.now()
    question = passkey_question(desk.cases, id, _doer(desk, request), digest=Digest(digest), at=now)
    _kept(people, _doer(desk, request), question)
    options = site_at(desk, request).to_approve(question.challenge, question.credential)
    return Response(
        json.dumps({**parsed_json(options), "at": now.isoformat()}), media_type="application/json"
    )


def _sign(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    *,
    id: str,
    act: str,
    fields: dict[str, str],
) -> None:
    try:
        at = datetime.fromisoformat(fields.get("at", ""))
        require_utc("at", at)
    except (ValueError, InputError) as error:
        raise InputError(tr("The browser asked no passkey.")) from error
    signature = site_at(desk, request).approval(fields.get("answer", ""))
    doer, digest = _doer(desk, request), Digest(fields.get("digest", ""))
    question = passkey_question(desk.cases, id, doer, digest=digest, at=at)
    passkey, count = _kept(people, doer, question), counter_of(signature)
    # Before it approves, so that a copy that signs at the same moment, or a passkey that was taken
    # away meanwhile, approves nothing. What does not hold counts for nothing, and is refused below.
    if question.is_signed(signature) and not people.people.count_passkey(passkey.id, count):
        _kept(people, doer, question)
        raise ApprovalError(tr("The counter of this passkey went back: it may have been copied."))
    approve = notices.approve if act.startswith("N-") else signing.approve
    approve(
        _path(desk, id),
        act,
        shown=digest,
        name=question.approver,
        key=signing.PasskeyAnswer(signature, at),
        seen=_seen(fields),
    )


def _kept(people: PeopleOfRoom, doer: Doer, question: PasskeyQuestion) -> Passkey:
    """Return the approver's passkey as the room keeps it: one that was lost is not asked."""
    passkey = people.people.passkey(question.credential)
    if passkey is None or (passkey.account, passkey.approves_at) != (doer.account, doer.origin):
        raise ApprovalError(
            tr("The passkey that this mandate names was taken away from your account."),
            hint=tr("A new one approves once two people have signed a mandate that names it."),
        )
    return passkey


def _doer(desk: Desk, request: Request) -> Doer:
    doer = doer_of(desk, request)
    if doer is None:
        raise InputError("This room has no accounts.")
    return doer


def _name(desk: Desk, request: Request, id: str) -> str:
    return recorded_name(desk.cases, id, _doer(desk, request))


def _path(desk: Desk, id: str) -> Path:
    return desk.cases.place(id).path


def _seen(fields: dict[str, str]) -> int:
    try:
        return int(fields.get("seen", ""))
    except ValueError as error:
        raise InputError(tr("This form cannot be read.")) from error
