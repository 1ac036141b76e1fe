"""The pages of operations: the list, the table, the shared picture, and deconfliction.

Who sits at a table for another agency sees what that agency said and was sent, and no more.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.case_pages import Id
from cautery.console.desk import Desk
from cautery.console.rights import Need, admits, caller_of, needs
from cautery.model.room import Act, Right
from cautery.workflows.browse.operation_picture import (
    LONGEST_SEARCH,
    deconfliction_view,
    picture_view,
)
from cautery.workflows.browse.operation_table import table_view
from cautery.workflows.browse.operations import operations_view

_OF_TABLE = Need(Right.READ, Act.CONSULTATION, table=True)


def seat_of(request: Request, id: str) -> dict[str, Any]:
    """Return for whom an operation is shown."""
    return {"seat": caller_of(request).seat(id)}


def router(desk: Desk) -> APIRouter:
    """Return the pages of operations."""
    pages = APIRouter(default_response_class=HTMLResponse)
    here = (desk.cases, desk.operations)

    @pages.get("/operations")
    @needs(Right.READ, act=Act.CONSULTATION)
    def operations(
        request: Request, after: Annotated[str, Query(max_length=500)] = ""
    ) -> HTMLResponse:
        caller = caller_of(request)

        def sees(case: str) -> bool:
            return admits(caller, _OF_TABLE, case, desk.is_operation)

        return desk.page(
            request,
            "operations",
            lambda: {"view": operations_view(desk.cases, sees=sees, seat=caller.seat, after=after)},
        )

    @pages.get("/operations/{id}")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def table(request: Request, id: Id) -> HTMLResponse:
        return desk.page(
            request,
            "operation",
            lambda: {"view": table_view(*here, id, **seat_of(request, id))},
        )

    @pages.get("/operations/{id}/picture")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def picture(
        request: Request,
        id: Id,
        q: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
        after: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    ) -> HTMLResponse:
        return desk.page(
            request,
            "operation_picture",
            lambda: {
                "view": picture_view(*here, id, search=q, after=after, **seat_of(request, id))
            },
        )

    @pages.get("/operations/{id}/deconfliction")
    @needs(Right.READ, act=Act.CONSULTATION, table=True)
    def deconfliction(request: Request, id: Id) -> HTMLResponse:
        return desk.page(
            request,
            "deconfliction",
            lambda: {"view": deconfliction_view(*here, id, **seat_of(request, id))},
        )

    return pages
