"""One's own account: the password, the sessions, and what one may do."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from cautery.console.desk import Desk, form, tongue
from cautery.console.login_pages import hand_mark, site_of
from cautery.console.rights import address_of, caller_of, needs
from cautery.errors import InputError
from cautery.messages import in_language, tr
from cautery.model.account import Account
from cautery.model.room import Right
from cautery.pages.room.people import AccountView, PasskeyRow, SessionRow
from cautery.wiring.people import PeopleOfRoom

ACCOUNT = "/account"


def router(desk: Desk, people: PeopleOfRoom) -> APIRouter:
    """Return the pages of one's own account."""
    pages = APIRouter(default_response_class=HTMLResponse)

    @pages.get(ACCOUNT)
    @needs(Right.OWN)
    def account(request: Request) -> HTMLResponse:
        return account_page(desk, people, request)

    @pages.post("/account/password")
    @needs(Right.OWN)
    async def password(request: Request) -> Response:
        fields = await form(request)
        account = own_account(request)

        def change() -> str:
            if fields.get("password", "") != fields.get("again", ""):
                raise InputError(tr("The two passwords are not the same."))
            confirm(people, request, account, fields.get("old", ""))
            people.accounts.set_password(
                account.id,
                fields["password"],
                era=account.era,
                but=caller_of(request).session,
            )
            return tr("The password is changed. All other browsers are asked for it.")

        answer = await done_or_fault(desk, people, request, change)
        if answer.status_code == 200:  # the new password ended all marks, this browser's as well
            now = await run_in_threadpool(people.accounts.account, account.id)
            hand_mark(answer, desk, people, now)
        return answer

    @pages.post("/account/out")
    @needs(Right.OWN)
    async def out_everywhere(request: Request) -> Response:
        await form(request)
        await run_in_threadpool(people.sessions.end_all, own_account(request).id)
        return RedirectResponse("/login", status_code=303)

    return pages


def own_account(request: Request) -> Account:
    """Return the account of who asks.

    Raises
    ------
    InputError
        If it has none.
    """
    account = caller_of(request).account
    if account is None:
        raise InputError("This room has no accounts.")
    return account


def confirm(people: PeopleOfRoom, request: Request, account: Account, password: str) -> None:
    """Ask for the password again, before something that a lent browser must not do.

    Raises
    ------
    InputError
        If it is not the account's, or it was tried too often.
    """
    session, address = caller_of(request).session, address_of(request)
    if not people.logins.confirmed(account, password, address=address, session=session):
        raise InputError(tr("This is not your password."))


async def done_or_fault(
    desk: Desk, people: PeopleOfRoom, request: Request, do: Callable[[], str]
) -> HTMLResponse:
    """Do something with one's own account, and show the account with what came of it."""

    def answered() -> HTMLResponse:
        with in_language(tongue(request)):
            try:
                answer = do()
            except InputError as error:
                fault = f"{error} {error.hint}"
                return account_page(desk, people, request, fault=fault, status=400)
        return account_page(desk, people, request, done=answer)

    return await run_in_threadpool(answered)


def account_page(
    desk: Desk,
    people: PeopleOfRoom,
    request: Request,
    *,
    done: str = "",
    fault: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of the account of who asks."""
    account, session_here, now = (
        own_account(request),
        caller_of(request).session,
        people.clock.now(),
    )
    view = AccountView(
        name=account.name,
        id=account.id,
        roles=tuple(sorted(account.roles)),
        cases=None if account.cases is None else tuple(sorted(account.cases)),
        why=account.why,
        sessions=tuple(
            SessionRow(born_at=row.born_at, seen_at=row.seen_at, here=row.digest == session_here)
            for row in people.people.sessions(account.id)
            if not row.state(now)
        ),
        passkeys=tuple(
            PasskeyRow(id=row.id.hex(), name=row.name, made_at=row.made_at)
            for row in people.people.passkeys(account.id)
        ),
        identities=tuple(identity.issuer for identity in people.people.identities(account.id)),
        may_add=bool(site_of(desk.place, request)),
        done=done,
        fault=fault,
    )
    return desk.page(request, "account", lambda: {"view": view}, status=status)
