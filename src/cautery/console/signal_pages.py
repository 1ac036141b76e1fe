"""What an operation tells everybody: the press sheet, and the folder of a seizure page.

Both leave the room only as files that somebody with the right saves; nothing is published.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from cautery.console.case_pages import REPORT_POLICY, Id
from cautery.console.desk import Desk, form, tongue
from cautery.console.operation_pages import seat_of
from cautery.console.problems import status_of
from cautery.console.rights import caller_of, needs
from cautery.errors import CauteryError
from cautery.messages import in_language, tr
from cautery.model.room import Act, Right
from cautery.pages.press_sheet import Links, sheets_html, sheets_json, sheets_typst
from cautery.pages.public.render import LANGUAGES as LANGUAGES_OF_PAGES
from cautery.wiring import pdf_of
from cautery.workflows.browse.signal import press_sheets, seizure_archive, signal_view
from cautery.workflows.operation.press_sheet import LANGUAGES
from cautery.workflows.operation.seizure_site import EXAMPLE, Choice

Form = Literal["html", "pdf", "json"]
Spoken = Literal["all", "fr", "en", "it", "es"]
_TYPES = {"pdf": "application/pdf", "json": "application/json"}


def router(desk: Desk) -> APIRouter:
    """Return the pages of what everybody is told."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/operations/{id}/signal")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def signal(request: Request, id: Id) -> HTMLResponse:
        return _page(desk, request, id)

    @pages.get("/operations/{id}/press-sheet")
    @needs(Right.HAND_OVER, act=Act.DISCLOSURE, table=True)
    def sheet(
        request: Request,
        id: Id,
        form: Annotated[Form, Query()] = "html",
        language: Annotated[Spoken, Query()] = "all",
    ) -> Response:
        spoken = LANGUAGES if language == "all" else (language,)
        with in_language(tongue(request)):
            sheets = press_sheets(
                desk.cases, desk.operations, id, languages=spoken, **seat_of(request, id)
            )
        if form == "html":
            links = Links(page="page", records=f"/cases/{quote(id, safe='')}/records/")
            html = desk.told(request, sheets_html(sheets, links=links))
            return HTMLResponse(html, headers={"content-security-policy": REPORT_POLICY})
        content = sheets_json(sheets).encode() if form == "json" else pdf_of(sheets_typst(sheets))
        return Response(content, media_type=_TYPES[form], headers=_saved(f"press-sheet.{form}"))

    @pages.post("/operations/{id}/seizure-page")
    @needs(Right.HAND_OVER, act=Act.DISCLOSURE, table=True)
    async def seizure_page(request: Request, id: Id) -> Response:
        fields = await form(request)

        def made() -> Response:
            choice = Choice(
                agencies=fields.get("agency", "").splitlines(),
                languages=fields.get("language", "").splitlines(),
            )
            try:
                with in_language(tongue(request)):
                    archive = seizure_archive(
                        desk.cases,
                        desk.operations,
                        id,
                        offers=fields.get("offers", ""),
                        choice=choice,
                        where=tr("the list"),
                        **seat_of(request, id),
                    )
            except CauteryError as error:
                fault = f"{error} {error.hint}".strip()
                return _page(desk, request, id, fault=fault, typed=fields, status=status_of(error))
            return Response(
                archive, media_type="application/zip", headers=_saved("seizure-page.zip")
            )

        return await run_in_threadpool(made)

    return pages


def _page(
    desk: Desk,
    request: Request,
    id: str,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    def values() -> dict[str, Any]:
        return {
            "view": signal_view(desk.cases, desk.operations, id, **seat_of(request, id)),
            "may_hand_over": Right.HAND_OVER in caller_of(request).rights,
            "languages": LANGUAGES_OF_PAGES,
            "sheet_languages": LANGUAGES,
            "offers": (typed or {}).get("offers", EXAMPLE),
            "agreed": (typed or {}).get("agency", "").splitlines(),
            "spoken": (typed or {"language": "\n".join(LANGUAGES)})
            .get("language", "")
            .splitlines(),
            "fault": fault,
        }

    return desk.page(request, "signal", values, status=status)


def _saved(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}
