"""The access log, for who watches over the others: for a stated purpose, which is logged first."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.account_pages import own_account
from cautery.console.desk import Desk, form
from cautery.console.rights import needs
from cautery.errors import InputError
from cautery.messages import tr
from cautery.model.records import LogRead
from cautery.model.room import LogPurpose, Right
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.people.reading import access_view

_LOOK = timedelta(hours=1)
"""A stated purpose lasts so long."""
_CHECKED = timedelta(minutes=10)


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of the access log."""
    pages = APIRouter(default_response_class=HTMLResponse)
    checked = _Checked(people)

    @pages.get("/access")
    @needs(Right.READ_LOG)
    def ask(request: Request) -> HTMLResponse:
        return desk.page(
            request, "access_why", lambda: {"purposes": tuple(LogPurpose), "fault": ""}
        )

    @pages.post("/access")
    @needs(Right.READ_LOG)
    async def state(request: Request) -> Response:
        fields = await form(request)
        try:
            purpose = LogPurpose(fields.get("purpose", ""))
            look = await run_in_threadpool(
                people.log.look,
                by=own_account(request).id,
                purpose=purpose,
                why=fields.get("why", ""),
            )
        except (ValueError, InputError):
            return desk.page(
                request,
                "access_why",
                lambda: {
                    "purposes": tuple(LogPurpose),
                    "fault": tr("Choose a purpose, and write for what in a line."),
                },
                status=400,
            )
        return RedirectResponse(f"/access/{look}", status_code=303)

    @pages.get("/access/{look}")
    @needs(Right.READ_LOG)
    def log(
        request: Request,
        look: Annotated[int, Path(ge=0, lt=1 << 53)],
        before: Annotated[int | None, Query(ge=0, lt=1 << 53)] = None,
        about: Annotated[str, Query(max_length=80)] = "",
        case: Annotated[str, Query(max_length=500)] = "",
    ) -> Response:
        stated = _stated(people, look, by=own_account(request).id)
        if stated is None:  # a purpose of another person, or of yesterday, is none
            return RedirectResponse("/access", status_code=303)
        return desk.page(
            request,
            "access",
            lambda: {
                "view": access_view(
                    people.people,
                    people.log,
                    checked.newest,
                    look=look,
                    stated=stated,
                    before=before,
                    about=about.strip(),
                    case=case.strip(),
                )
            },
        )

    return pages


class _Checked:
    """When the log was hashed again: not for each page, of a log that may have millions of entries.

    A log that is broken is hashed for every page, so that it is said as soon as it is mended.
    """

    def __init__(self, people: PeopleOfRoom) -> None:
        self._people, self._lock = people, Lock()
        self._newest: tuple[int, datetime] | None = None

    def newest(self) -> tuple[int, datetime]:
        with self._lock:
            now = self._people.clock.now()
            if self._newest is None or abs(now - self._newest[1]) >= _CHECKED:
                self._newest = None
                self._newest = self._people.check().signed, now
            return self._newest


def _stated(people: PeopleOfRoom, look: int, *, by: str) -> LogRead | None:
    entry = next(iter(people.ledger.pick([look])), None)
    if entry is None or not isinstance(entry.content, LogRead) or entry.content.by != by:
        return None
    return entry.content if people.clock.now() - entry.record.at < _LOOK else None
