"""The page of a case's network."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery.console.desk import Desk
from cautery.console.rights import LONGEST_CASE, needs
from cautery.model.room import Act, Right
from cautery.pages.room.network import MOST_STEPS, STEPS, Asking
from cautery.workflows.browse.network import network_view

_Name = Annotated[str, Query(max_length=1_000)]
_Number = Annotated[int | None, Query(ge=0, lt=1 << 53)]


def router(desk: Desk) -> APIRouter:
    """Return the page of the network."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/network")
    @needs(Right.READ, act=Act.CONSULTATION)
    def network(
        request: Request,
        id: Annotated[str, Path(max_length=LONGEST_CASE)],
        *,
        around: _Name = "",
        network: _Name = "",
        steps: Annotated[int, Query(ge=1, le=MOST_STEPS)] = STEPS,
        by: Literal["role", "country"] = "role",
        map: _Number = None,
        nth: Annotated[int | None, Query(ge=1, le=1_000)] = None,
        q: Annotated[str, Query(max_length=200)] = "",
    ) -> HTMLResponse:
        asked = Asking(
            around=around,
            network=network,
            steps=steps,
            by_country=by == "country",
            map=map,
            nth=nth,
            search=q,
        )
        return desk.page(
            request,
            "network",
            lambda: {"view": network_view(desk.cases, desk.maps, id, asked)},
        )

    return pages
