"""The pages of what an operation seized: the register, labels to print, money, and its page.

Another agency sees its own exhibits alone; money and page are for the desk's own people.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.case_pages import REPORT_POLICY, Id
from cautery.console.desk import Desk, tongue
from cautery.console.operation_pages import seat_of
from cautery.console.rights import caller_of, needs
from cautery.messages import in_language
from cautery.model.room import Act, Right
from cautery.workflows.browse.operation_money import money_view, operation_page
from cautery.workflows.browse.operation_picture import LONGEST_SEARCH
from cautery.workflows.browse.register import A_SHEET, labels_view, register_view, taken_view

Key = Annotated[str, Path(max_length=64)]
Text = Annotated[str, Query(max_length=LONGEST_SEARCH)]
Skip = Annotated[int, Query(ge=0, lt=A_SHEET)]


def taken_page(
    desk: Desk,
    request: Request,
    id: str,
    key: str,
    *,
    fault: str = "",
    note: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of one exhibit; ``fault``: why a photograph of it was not taken."""
    return desk.page(
        request,
        "taken",
        lambda: {
            "view": taken_view(
                desk.cases, desk.operations, id, key, tray=desk.tray, **seat_of(request, id)
            ),
            "may_photograph": may_photograph(desk, request),
            "sent": request.query_params.get("done", "") == "sent",
            "fault": fault,
            "note": note,
        },
        status=status,
    )


def may_photograph(desk: Desk, request: Request) -> bool:
    """Tell whether who asks may send photographs of exhibits, and look at those that wait."""
    return desk.people is not None and Right.REPORT in caller_of(request).rights


def router(desk: Desk) -> APIRouter:
    """Return the pages of seizures."""
    pages = APIRouter(default_response_class=HTMLResponse)
    here = (desk.cases, desk.operations)

    @pages.get("/operations/{id}/exhibits")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def register(request: Request, id: Id, q: Text = "", after: Text = "") -> HTMLResponse:
        return desk.page(
            request,
            "register",
            lambda: {
                "view": register_view(
                    *here, id, search=q, after=after, tray=desk.tray, **seat_of(request, id)
                )
            },
        )

    @pages.get("/operations/{id}/exhibits/{key}")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def taken(request: Request, id: Id, key: Key) -> HTMLResponse:
        return taken_page(desk, request, id, key)

    @pages.get("/operations/{id}/labels")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def labels(
        request: Request,
        id: Id,
        *,
        q: Text = "",
        only: Text = "",
        skip: Skip = 0,
        after: Text = "",
    ) -> HTMLResponse:
        def values() -> dict[str, Any]:
            seat = caller_of(request).seat(id)
            view = labels_view(
                *here,
                id,
                seat=seat,
                search=q,
                only=only,
                skip=skip,
                after=after,
                address=desk.place.address,
            )
            return {"view": view}

        return desk.page(request, "labels", values)

    @pages.get("/operations/{id}/money")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def money(request: Request, id: Id) -> HTMLResponse:
        return desk.page(
            request,
            "operation_money",
            lambda: {"view": money_view(*here, id, **seat_of(request, id))},
        )

    @pages.get("/operations/{id}/page")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def page(request: Request, id: Id) -> HTMLResponse:
        with in_language(tongue(request)):
            content = operation_page(*here, id, **seat_of(request, id))
        told = desk.told(request, content.decode("utf-8", "replace"))
        return HTMLResponse(told, headers={"content-security-policy": REPORT_POLICY})

    return pages
