"""The accounts of the room, for who keeps them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.account_pages import own_account
from cautery.console.desk import Desk, form, tongue
from cautery.console.rights import needs
from cautery.errors import InputError
from cautery.messages import in_language, tr
from cautery.model.account import Account
from cautery.model.room import BY_OWNER_ALONE, Right, RoomRole
from cautery.pages.room.people import PeopleView, PersonRow
from cautery.wiring.people import PeopleOfRoom

Id = Annotated[str, Path(max_length=40)]
_GIVEN = tuple(role for role in RoomRole if role not in BY_OWNER_ALONE)


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of the accounts."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get("/people")
    @needs(Right.MANAGE)
    def everybody(request: Request) -> HTMLResponse:
        return _page(desk, people, request)

    @pages.post("/people")
    @needs(Right.MANAGE)
    async def add(request: Request) -> Response:
        fields, by = await form(request), own_account(request).id

        def made() -> tuple[str, str]:
            account, word = people.accounts.make(
                fields.get("name", ""),
                _roles(fields),
                _cases(fields),
                by=by,
                why=fields.get("why", ""),
            )
            return account.name, word

        return await _done(desk, people, request, made, typed=fields)

    @pages.post("/people/{account}/give")
    @needs(Right.MANAGE)
    async def give(request: Request, account: Id) -> Response:
        fields, by = await form(request), own_account(request).id

        def given() -> None:
            people.accounts.give(
                account, _roles(fields), _cases(fields), by=by, why=fields.get("why", "")
            )

        return await _done(desk, people, request, given)

    @pages.post("/people/{account}/invite")
    @needs(Right.MANAGE)
    async def invite(request: Request, account: Id) -> Response:
        fields, by = await form(request), own_account(request).id

        def invited() -> tuple[str, str]:
            word = people.accounts.invite(account, by=by, why=fields.get("why", ""))
            return people.accounts.account(account).name, word

        return await _done(desk, people, request, invited)

    @pages.post("/people/{account}/bind")
    @needs(Right.MANAGE)
    async def bind(request: Request, account: Id) -> Response:
        fields, by = await form(request), own_account(request).id

        def bound() -> None:
            if desk.identity is None:
                raise InputError(tr("This room has no identity provider."))
            people.identities.bind(
                account,
                desk.identity.provider.issuer,
                fields.get("subject", "").strip(),
                by=by,
                why=fields.get("why", ""),
            )

        return await _done(desk, people, request, bound)

    @pages.post("/people/{account}/unbind")
    @needs(Right.MANAGE)
    async def unbind(request: Request, account: Id) -> Response:
        fields, by = await form(request), own_account(request).id
        return await _done(
            desk,
            people,
            request,
            lambda: people.identities.unbind(account, by=by, why=fields.get("why", "")),
        )

    @pages.post("/people/{account}/erase")
    @needs(Right.MANAGE)
    async def erase(request: Request, account: Id) -> Response:
        fields, by = await form(request), own_account(request).id
        return await _done(
            desk,
            people,
            request,
            lambda: people.accounts.erase(account, by=by, why=fields.get("why", "")),
        )

    return pages


async def _done(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    do: Callable[[], tuple[str, str] | None],
    *,
    typed: dict[str, str] | None = None,
) -> Response:
    def answered() -> Response:
        with in_language(tongue(request)):
            try:
                account_made = do()
            except InputError as error:
                return _page(
                    desk,
                    people,
                    request,
                    fault=f"{error} {error.hint}",
                    typed=typed or {},
                    status=400,
                )
        if account_made is None:
            return RedirectResponse("/people", status_code=303)
        return _page(desk, people, request, word_for=account_made[0], word=account_made[1])

    return await run_in_threadpool(answered)


def _page(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    *,
    fault: str = "",
    typed: dict[str, str] | None = None,
    word_for: str = "",
    word: str = "",
    status: int = 200,
) -> HTMLResponse:
    account = own_account(request).id
    view = PeopleView(
        people=tuple(
            PersonRow(
                id=listed.id,
                name=listed.name,
                roles=tuple(sorted(listed.roles)),
                cases=None if listed.cases is None else tuple(sorted(listed.cases)),
                why=listed.why,
                made_at=listed.made_at,
                by_owner=bool(listed.roles & BY_OWNER_ALONE),
                comes_in=_comes_in(people, listed),
                keeper_binds=people.identities.keeper_binds(listed),
                identities=tuple(
                    identity.issuer for identity in people.people.identities(listed.id)
                ),
                own=listed.id == account,
            )
            for listed in people.people.accounts()
        ),
        may_give=_GIVEN,
        issuer="" if desk.identity is None else desk.identity.provider.issuer,
        fault=fault,
        typed=tuple((typed or {}).items()),
        word=word,
        word_for=word_for,
    )
    return desk.page(request, "people", lambda: {"view": view}, status=status)


def _comes_in(people: PeopleOfRoom, account: Account) -> bool:
    accounts, account_id = people.people, account.id
    return bool(
        account.password or accounts.passkeys(account_id) or accounts.identities(account_id)
    )


def _roles(fields: dict[str, str]) -> list[RoomRole]:
    try:
        return [RoomRole(name) for name in fields.get("role", "").split()]
    except ValueError as error:
        raise InputError(tr("There is no such role.")) from error


def _cases(fields: dict[str, str]) -> list[str] | None:
    """Return the cases of a form, one in a line; an asterisk stands for all."""
    names = [name.strip() for name in fields.get("cases", "").splitlines() if name.strip()]
    return None if names == ["*"] else names
