"""The pages on persons: inside one case, and the question over cases that two people ask."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.account_pages import own_account
from cautery.console.desk import Desk, form, tongue
from cautery.console.rights import LONGEST_CASE, needs
from cautery.errors import InputError
from cautery.messages import in_language, tr
from cautery.model import Regime
from cautery.model.account import Account
from cautery.model.asking import Asking, AskingState
from cautery.model.room import Act, Right
from cautery.pages.room.persons import AskingRow, AskingsView, PersonsView
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.browse.persons import persons_view


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages on persons."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/cases/{id}/persons")
    @needs(Right.PERSONS, act=Act.CONSULTATION)
    def persons(
        request: Request,
        id: Annotated[str, Path(max_length=LONGEST_CASE)],
        q: Annotated[str, Query(max_length=200)] = "",
    ) -> HTMLResponse:
        def view() -> PersonsView:
            return persons_view(desk.cases, desk.operations, id, q)

        return desk.page(request, "persons", lambda: {"view": view()})

    @pages.get("/askings")
    @needs(Right.PERSONS)
    def askings(request: Request) -> HTMLResponse:
        return _page(desk, people, request)

    @pages.post("/askings")
    @needs(Right.PERSONS)
    async def ask(request: Request) -> Response:
        fields, account = await form(request), own_account(request)
        regime = fields.get("regime", "")

        def asked() -> Response:
            with in_language(tongue(request)):
                try:
                    people.inquiries.ask(
                        account,
                        fields.get("name", ""),
                        why=fields.get("why", ""),
                        regime=_regime(regime),
                    )
                except InputError as error:
                    return _page(desk, people, request, error, fields, status=400)
            return RedirectResponse("/askings", status_code=303)

        return await run_in_threadpool(asked)

    @pages.post("/askings/{inquiry}/second")
    @needs(Right.AGREE)
    async def second(request: Request, inquiry: Annotated[str, Path(max_length=40)]) -> Response:
        fields, account = await form(request), own_account(request)

        def answered() -> Response:
            with in_language(tongue(request)):
                try:
                    people.inquiries.second(account, inquiry, agrees=fields.get("agrees") == "yes")
                except InputError as error:
                    return _page(desk, people, request, error, status=400)
            return RedirectResponse("/askings", status_code=303)

        return await run_in_threadpool(answered)

    return pages


def _regime(text: str) -> Regime:
    if text not in [regime.value for regime in Regime]:
        raise InputError(tr("Say under which regime."))
    return Regime(text)


def _page(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    error: InputError | None = None,
    typed: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> HTMLResponse:
    account = own_account(request)

    def view() -> dict[str, AskingsView]:
        return {
            "view": AskingsView(
                rows=tuple(
                    _row(people, asking, account) for asking in people.inquiries.shown_to(account)
                ),
                fault="" if error is None else f"{error} {error.hint}".strip(),
                why=(typed or {}).get("why", ""),
                regime=(typed or {}).get("regime", "led"),
            )
        }

    return desk.page(request, "askings", view, status=status)


def _row(people: PeopleOfRoom, asking: Asking, account: Account) -> AskingRow:
    def name(id: str) -> str:
        named = people.people.by_id(id) if id else None
        return id if named is None else named.name

    is_own = asking.by == account.id
    return AskingRow(
        id=asking.id,
        by=name(asking.by),
        second=name(asking.second),
        why=asking.why,
        regime=asking.regime.value,
        asked_at=asking.asked_at,
        state=asking.state.value,
        hit=asking.hit,
        asked_cases=asking.asked_cases,
        silent_cases=asking.silent_cases,
        own=is_own,
        may_agree=not is_own
        and asking.state is AskingState.ASKED
        and Right.AGREE in account.rights,
    )
