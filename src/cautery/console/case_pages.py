"""The pages of cases: the list, the records with their proofs, the exhibits, and the check."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.desk import TONGUE, Desk, form, tongue
from cautery.console.ranges import part_of
from cautery.console.rights import LONGEST_CASE, caller_of, needs, readable
from cautery.errors import InputError
from cautery.messages import in_language, languages, tr
from cautery.model.room import Act, Right
from cautery.workflows.browse import heads
from cautery.workflows.browse.exhibits import exhibit_bytes, exhibit_view, exhibits_view
from cautery.workflows.browse.mandate import mandate_view, map_page, report_page
from cautery.workflows.browse.record import record_view
from cautery.workflows.browse.timeline import LONGEST_SEARCH, case_view

Id = Annotated[str, Path(max_length=LONGEST_CASE)]
Number = Annotated[int, Path(ge=0, lt=1 << 53)]
Position = Annotated[int | None, Query(ge=-1, lt=1 << 53)]
REPORT_POLICY = (
    "sandbox allow-popups; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "frame-ancestors 'none'"
)
_MAP_POLICY = (
    "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; frame-ancestors 'none'"
)
"""The map's own policy, which holds as well, lets its one script run and no other."""


def router(desk: Desk) -> APIRouter:
    """Return the pages of cases."""
    pages = APIRouter(default_response_class=HTMLResponse)
    _add_lists(pages, desk)
    _add_case(pages, desk)
    _add_exhibits(pages, desk)
    _add_documents(pages, desk)
    _add_forms(pages, desk)
    return pages


def _add_lists(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/")
    @needs(Right.OWN, act=Act.CONSULTATION)
    def cases(request: Request, after: Annotated[str, Query(max_length=500)] = "") -> Response:
        if Right.READ not in caller_of(request).rights:
            return RedirectResponse("/account", status_code=303)
        return desk.page(
            request,
            "cases",
            lambda: {
                "view": heads.cases_view(
                    desk.cases,
                    desk.rechecks.newest(),
                    after=after,
                    among=readable(caller_of(request), desk.is_operation),
                )
            },
        )

    @pages.get("/keys")
    @needs(Right.OWN)
    def keys(request: Request) -> HTMLResponse:
        return desk.page(request, "keys", dict)


def _add_case(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/cases/{id}")
    @needs(Right.READ, act=Act.CONSULTATION)
    def case(
        request: Request,
        id: Id,
        *,
        kind: Annotated[str, Query(max_length=200)] = "",
        q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
        before: Position = None,
        after: Position = None,
    ) -> HTMLResponse:
        return desk.page(
            request,
            "case",
            lambda: {
                "view": case_view(
                    desk.cases,
                    id,
                    desk.rechecks.of(id),
                    kind=kind,
                    search=q,
                    before=before,
                    after=after,
                )
            },
        )

    @pages.get("/cases/{id}/records/{index}")
    @needs(Right.READ, act=Act.CONSULTATION)
    def record(request: Request, id: Id, index: Number) -> HTMLResponse:
        return desk.page(request, "record", lambda: {"view": record_view(desk.cases, id, index)})

    @pages.get("/cases/{id}/mandate")
    @needs(Right.READ, act=Act.CONSULTATION)
    def mandate(request: Request, id: Id) -> HTMLResponse:
        return desk.page(request, "mandate", lambda: {"view": mandate_view(desk.cases, id)})

    @pages.get("/cases/{id}/verify")
    @needs(Right.READ, act=Act.CONSULTATION)
    def check(request: Request, id: Id) -> HTMLResponse:
        return desk.page(
            request,
            "verify",
            lambda: {"head": heads.head_by_id(desk.cases, id), "check": desk.rechecks.of(id)},
        )


def _add_exhibits(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/cases/{id}/exhibits")
    @needs(Right.READ, act=Act.CONSULTATION)
    def exhibits(
        request: Request, id: Id, after: Annotated[int, Query(ge=-1, lt=1 << 53)] = -1
    ) -> HTMLResponse:
        return desk.page(
            request, "exhibits", lambda: {"view": exhibits_view(desk.cases, id, after=after)}
        )

    @pages.get("/cases/{id}/exhibits/{digits}")
    @needs(Right.READ, act=Act.CONSULTATION)
    def exhibit(request: Request, id: Id, digits: Id) -> HTMLResponse:
        return desk.page(request, "exhibit", lambda: {"view": exhibit_view(desk.cases, id, digits)})

    @pages.get("/cases/{id}/exhibits/{digits}/bytes")
    @needs(Right.READ, act=Act.CONSULTATION)
    def sealed(request: Request, id: Id, digits: Id) -> Response:
        content = exhibit_bytes(desk.cases, id, digits)
        return part_of(content, "application/octet-stream", request.headers.get("range", ""))


def _add_documents(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/cases/{id}/report")
    @needs(Right.READ, act=Act.CONSULTATION)
    def report(request: Request, id: Id) -> HTMLResponse:
        with in_language(tongue(request)):
            content = report_page(desk.cases, id)
        told = desk.told(request, content.decode("utf-8", "replace"))
        return HTMLResponse(told, headers={"content-security-policy": REPORT_POLICY})

    @pages.get("/cases/{id}/map")
    @needs(Right.READ, act=Act.CONSULTATION)
    def supply_map(request: Request, id: Id) -> HTMLResponse:
        with in_language(tongue(request)):
            content = map_page(desk.cases, id)
        told = desk.told(request, content.decode("utf-8", "replace"))
        return HTMLResponse(told, headers={"content-security-policy": _MAP_POLICY})


def _add_forms(pages: APIRouter, desk: Desk) -> None:
    @pages.post("/cases/{id}/verify")
    @needs(Right.CHECK, act=Act.CONSULTATION)
    async def begin_check(request: Request, id: Id) -> Response:
        await form(request)
        place = await run_in_threadpool(desk.cases.place, id)
        with in_language(tongue(request)):
            desk.rechecks.begin(id, place.path)
        return RedirectResponse(f"/cases/{quote(id, safe='')}/verify", status_code=303)

    @pages.post("/language")
    @needs(Right.OWN)
    async def choose(request: Request) -> Response:
        fields = await form(request)
        chosen = fields.get("lang", "")
        if chosen not in languages():
            raise InputError(tr("The room does not speak this language."))
        # One slash: two would lead to another server.
        back = "/" + fields.get("back", "").lstrip("/\\")
        answer = RedirectResponse(quote(back, safe="/?=&%+~:"), status_code=303)
        answer.set_cookie(TONGUE, chosen, httponly=True, samesite="strict", max_age=31_536_000)
        return answer
