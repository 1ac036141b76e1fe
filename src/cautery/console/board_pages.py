"""The live board of an action day: its page, its stream of events, and the forms that report."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter
from fastapi import Path as InPath
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk, form, tongue
from cautery.console.live import Parts
from cautery.console.part_stream import digest_of_parts, part_stream
from cautery.console.problems import status_of
from cautery.console.rights import caller_of, needs
from cautery.errors import CauteryError, InputError
from cautery.messages import in_language, tr
from cautery.model import CriterionAnswer, StepReport, StepState
from cautery.model.account import ACCOUNT_ID, spoken_of
from cautery.model.room import Act, Right
from cautery.pages.room.render import render_page
from cautery.wiring.desks import desk_without_keys
from cautery.workflows.browse.board import Pictures, board_view, step_at, step_view
from cautery.workflows.operation.report_step import answer_criterion, report_step

Key = Annotated[str, InPath(max_length=100)]


def router(desk: Desk) -> APIRouter:
    """Return the pages of the board; whoever has no account has no form."""
    pages = APIRouter(default_response_class=HTMLResponse)
    pictures = Pictures()
    _add_board(pages, desk, pictures)

    @pages.get("/operations/{id}/board/{step}")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def step(request: Request, id: Id, step: Key) -> HTMLResponse:
        return _step_page(desk, request, id, step)

    if desk.people is not None:
        _add_forms(pages, desk, pictures)
    return pages


def _add_board(pages: APIRouter, desk: Desk, pictures: Pictures) -> None:
    @pages.get("/operations/{id}/board")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def board(request: Request, id: Id) -> HTMLResponse:
        return _board_page(desk, pictures, request, id)

    @pages.get("/operations/{id}/board-events")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    async def events(request: Request, id: Id, last: str = "") -> StreamingResponse:
        place = await run_in_threadpool(desk.cases.place, id)

        def made(size: int) -> str:
            return _parts(desk, pictures, request, id, size).html

        return await part_stream(desk, request, place.path, made, last=last)


def _may(desk: Desk, request: Request) -> dict[str, bool]:
    """Return which forms there are for who asks."""
    rights = caller_of(request).rights if desk.people is not None else frozenset[Right]()
    own = Right.APPROVE in rights
    return {"may_report": Right.REPORT in rights, "may_answer": own}


def _parts(desk: Desk, pictures: Pictures, request: Request, id: str, size: int) -> Parts:
    """Return the parts of the board, made once for all to whom it is the same."""
    seat, spoken, may = caller_of(request).seat(id), tongue(request), _may(desk, request)
    if seat is not None:
        may["may_answer"] = False
    shell = desk.shell(request)

    def render() -> Parts:
        with in_language(spoken):
            view = board_view(desk.cases, desk.operations, pictures, id, seat=seat)
            html = render_page("board_parts", shell, view=view, named=_names_in(desk), **may)
            return Parts(html, size)

    key = f"board {seat or ''} {spoken} {sorted(may.items())}"
    return desk.live.parts(desk.cases.place(id).path, key, size, render)


def _board_page(
    desk: Desk,
    pictures: Pictures,
    request: Request,
    id: str,
    *,
    fault: str = "",
    status: int = 200,
) -> HTMLResponse:
    seat = caller_of(request).seat(id)

    def values() -> dict[str, Any]:
        view = board_view(desk.cases, desk.operations, pictures, id, seat=seat, tray=desk.tray)
        may = _may(desk, request) | ({} if seat is None else {"may_answer": False})
        html = render_page(
            "board_parts", desk.shell(request), view=view, named=_names_in(desk), **may
        )
        return {
            "op": view.head,
            "waiting": view.waiting,
            "position": digest_of_parts(html),
            "parts": Markup(html),  # noqa: S704 - our own template's
            "fault": fault,
            "done": request.query_params.get("done", "") == "yes",
            "forms": any(may.values()),
        }

    return desk.page(request, "board", values, status=status)


def _step_page(
    desk: Desk,
    request: Request,
    id: str,
    key: str,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    seat = caller_of(request).seat(id)
    return desk.page(
        request,
        "board_step",
        lambda: {
            "view": step_view(desk.cases, desk.operations, id, key, seat=seat),
            "fault": fault,
            "typed": typed or {},
            "named": _names_in(desk),
            **_may(desk, request),
        },
        status=status,
    )


def _add_forms(pages: APIRouter, desk: Desk, pictures: Pictures) -> None:
    @pages.post("/operations/{id}/board")
    @needs(Right.REPORT, act=Act.ALTERATION, table=True)
    async def mark(request: Request, id: Id) -> Response:
        fields = await form(request)

        def marked() -> Response:
            key, state, seen = [*fields.get("mark", "").split(" "), "", "", ""][:3]
            try:
                with in_language(tongue(request)):
                    _report(desk, request, id, key, {"state": state, "seen": seen})
            except CauteryError as error:
                return _board_page(
                    desk,
                    pictures,
                    request,
                    id,
                    fault=_names_in(desk)(_words(error)),
                    status=status_of(error),
                )
            return _to_board(id)

        return await run_in_threadpool(marked)

    @pages.post("/operations/{id}/board/{step}")
    @needs(Right.REPORT, act=Act.ALTERATION, table=True)
    async def report(request: Request, id: Id, step: Key) -> Response:
        fields = await form(request)

        def reported() -> Response:
            try:
                with in_language(tongue(request)):
                    _report(desk, request, id, step, fields)
            except CauteryError as error:
                status = status_of(error)
                return _step_page(
                    desk,
                    request,
                    id,
                    step,
                    fault=_names_in(desk)(_words(error)),
                    typed=fields,
                    status=status,
                )
            return _to_board(id)

        return await run_in_threadpool(reported)

    @pages.post("/operations/{id}/answer")
    @needs(Right.APPROVE, act=Act.ALTERATION, table=True)
    async def answer(request: Request, id: Id) -> Response:
        fields = await form(request)

        def answered() -> Response:
            try:
                with in_language(tongue(request)):
                    _answer(desk, request, id, fields)
            except CauteryError as error:
                return _board_page(
                    desk,
                    pictures,
                    request,
                    id,
                    fault=_names_in(desk)(_words(error)),
                    status=status_of(error),
                )
            return _to_board(id)

        return await run_in_threadpool(answered)


def _report(desk: Desk, request: Request, id: str, key: str, fields: dict[str, str]) -> None:
    """Record a report on a step that who sends it may see."""
    seat = caller_of(request).seat(id)
    with desk.operations.table(desk.cases, id, seat) as table:
        _, step = step_at(table, key)
        name = step.real.step.id
        by = _by(request, seat or table.desk.agency.id)
    try:
        state = StepState(fields.get("state", ""))
    except ValueError as error:
        raise InputError(tr("This is no state to report.")) from error
    with desk_without_keys(desk.cases.place(id).path) as writing:
        report = StepReport(
            step=name,
            state=state,
            at=desk.cases.clock.now(),
            by=by,
            text=fields.get("text", "").strip(),
        )
        report_step(writing, report, seen=_seen(fields))


def _answer(desk: Desk, request: Request, id: str, fields: dict[str, str]) -> None:
    """Record the answer to a criterion, which people of the desk's own give."""
    with desk.operations.table(desk.cases, id, caller_of(request).seat(id)) as table:
        table.refuse_seat()
        by = _by(request, table.desk.agency.id)
    said, _, rest = fields.get("answer", "").partition(" ")
    seen, _, criterion = rest.partition(" ")
    if said not in ("yes", "no"):
        raise InputError(tr("Answer yes or no."))
    with desk_without_keys(desk.cases.place(id).path) as writing:
        given = CriterionAnswer(
            criterion=criterion, yes=said == "yes", by=by, at=desk.cases.clock.now()
        )
        answer_criterion(writing, given, seen=_seen({"seen": seen}))


def _by(request: Request, agency: str) -> str:
    """Return who reports or answers, as a record may say it."""
    account = caller_of(request).account
    return agency if account is None else f"{spoken_of(account.name, account.id)} ({agency})"


def _names_in(desk: Desk) -> Callable[[str], str]:
    """Return what shows, for an id that a record has, the name that the account has today."""
    people = desk.people

    @cache
    def name(account_id: str) -> str:
        account = None if people is None else people.people.by_id(account_id)
        return account_id if account is None else account.name

    return lambda text: ACCOUNT_ID.sub(lambda match: name(match[0]), text)


def _seen(fields: dict[str, str]) -> int:
    seen = fields.get("seen", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) < 10):
        raise InputError(tr("This form cannot be read."))
    return int(seen)


def _words(error: CauteryError) -> str:
    return f"{error} {error.hint}".strip()


def _to_board(id: str) -> RedirectResponse:
    place = f"/operations/{quote(id, safe='+~')}/board?done=yes"
    return RedirectResponse(place, status_code=303)
