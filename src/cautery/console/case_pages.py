"""The pages of cases: the list, the records with their proofs, the exhibits, and the check."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.desk import TONGUE, Desk, tongue
from cautery.errors import InputError
from cautery.messages import in_language, languages, tr
from cautery.workflows.browse import heads
from cautery.workflows.browse.exhibits import exhibit_bytes, exhibit_view, exhibits_view
from cautery.workflows.browse.mandate import mandate_view, map_page, report_page
from cautery.workflows.browse.record import record_view
from cautery.workflows.browse.timeline import LONGEST_SEARCH, case_view

Id = Annotated[str, Path(max_length=500)]
Number = Annotated[int, Path(ge=0, lt=1 << 53)]
Position = Annotated[int | None, Query(ge=-1, lt=1 << 53)]
_SAVED = {
    "content-security-policy": "sandbox; default-src 'none'",
    "content-disposition": "attachment",
}
_REPORT_POLICY = (
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
    def cases(request: Request, after: Annotated[str, Query(max_length=500)] = "") -> HTMLResponse:
        return desk.page(
            request,
            "cases",
            lambda: {"view": heads.cases_view(desk.cases, desk.rechecks.newest(), after=after)},
        )

    @pages.get("/keys")
    def keys(request: Request) -> HTMLResponse:
        return desk.page(request, "keys", dict)


def _add_case(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/cases/{id}")
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
    def record(request: Request, id: Id, index: Number) -> HTMLResponse:
        return desk.page(request, "record", lambda: {"view": record_view(desk.cases, id, index)})

    @pages.get("/cases/{id}/mandate")
    def mandate(request: Request, id: Id) -> HTMLResponse:
        return desk.page(request, "mandate", lambda: {"view": mandate_view(desk.cases, id)})

    @pages.get("/cases/{id}/verify")
    def check(request: Request, id: Id) -> HTMLResponse:
        return desk.page(
            request,
            "verify",
            lambda: {"head": heads.head_by_id(desk.cases, id), "check": desk.rechecks.of(id)},
        )


def _add_exhibits(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/cases/{id}/exhibits")
    def exhibits(
        request: Request, id: Id, after: Annotated[int, Query(ge=-1, lt=1 << 53)] = -1
    ) -> HTMLResponse:
        return desk.page(
            request, "exhibits", lambda: {"view": exhibits_view(desk.cases, id, after=after)}
        )

    @pages.get("/cases/{id}/exhibits/{digits}")
    def exhibit(request: Request, id: Id, digits: Id) -> HTMLResponse:
        return desk.page(request, "exhibit", lambda: {"view": exhibit_view(desk.cases, id, digits)})

    @pages.get("/cases/{id}/exhibits/{digits}/bytes")
    def sealed(id: Id, digits: Id) -> Response:
        _, content = exhibit_bytes(desk.cases, id, digits)
        return Response(content, media_type="application/octet-stream", headers=_SAVED)


def _add_documents(pages: APIRouter, desk: Desk) -> None:
    @pages.get("/cases/{id}/report")
    def report(request: Request, id: Id) -> HTMLResponse:
        with in_language(tongue(request)):
            content = report_page(desk.cases, id)
        return HTMLResponse(content, headers={"content-security-policy": _REPORT_POLICY})

    @pages.get("/cases/{id}/map")
    def supply_map(request: Request, id: Id) -> HTMLResponse:
        with in_language(tongue(request)):
            content = map_page(desk.cases, id)
        return HTMLResponse(content, headers={"content-security-policy": _MAP_POLICY})


def _add_forms(pages: APIRouter, desk: Desk) -> None:
    @pages.post("/cases/{id}/verify")
    async def begin_check(request: Request, id: Id) -> Response:
        await _form(request, desk)
        place = await run_in_threadpool(desk.cases.place, id)
        with in_language(tongue(request)):
            desk.rechecks.begin(id, place.path)
        return RedirectResponse(f"/cases/{quote(id, safe='')}/verify", status_code=303)

    @pages.post("/language")
    async def choose(request: Request) -> Response:
        form = await _form(request, desk)
        chosen = form.get("lang", "")
        if chosen not in languages():
            raise InputError(tr("The room does not speak this language."))
        # One slash: two would lead to another server.
        back = "/" + form.get("back", "").lstrip("/\\")
        answer = RedirectResponse(quote(back, safe="/?=&%+~:"), status_code=303)
        answer.set_cookie(TONGUE, chosen, httponly=True, samesite="strict", max_age=31_536_000)
        return answer


async def _form(request: Request, desk: Desk) -> dict[str, str]:
    """Return the fields of a form of the room; the door has bounded it."""
    try:
        fields = parse_qs((await request.body()).decode("ascii"), max_num_fields=20)
    except ValueError as error:
        raise InputError(tr("This form cannot be read.")) from error
    if not desk.secret.is_csrf(fields.get("csrf", [""])[0]):
        raise InputError(
            tr("This form is of an earlier start of the room."),
            hint=tr("Open the page again, and send the form once more."),
        )
    return {name: values[0] for name, values in fields.items()}
