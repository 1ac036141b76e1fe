"""What the pages of a room are made from: its cases, its checks, its people, and its forms."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse

from cautery import __version__
from cautery.console.assets import assets
from cautery.console.door import Secret
from cautery.console.hidden import places, without_places
from cautery.console.live import Live
from cautery.console.people_entry import Place
from cautery.console.rechecks import Rechecks
from cautery.console.rights import CASE, Caller, admits, caller_of, need_of
from cautery.console.telemetry import Telemetry
from cautery.console.token_lookup import Tokens
from cautery.errors import InputError, StorageError
from cautery.messages import in_language, tr
from cautery.model.nodes import NodesSeen
from cautery.model.room import Right
from cautery.model.season import SeasonSeen
from cautery.model.web import Asked
from cautery.pages.room.people import Visitor
from cautery.pages.room.render import Shell, render_page
from cautery.projections.presence import Fit
from cautery.wiring.identity import IdentityOfRoom
from cautery.wiring.people import PeopleOfRoom
from cautery.workflows.browse.gathering import Gathering
from cautery.workflows.browse.kept import Cases
from cautery.workflows.browse.network import Maps
from cautery.workflows.browse.operations import Operations, is_operation
from cautery.workflows.exchange.serving import Shelves
from cautery.workflows.people.tray import Tray
from cautery.workflows.public.tongues import tongue_of

TONGUE = "cautery-tongue"
"""Cookie with the language that somebody chose."""
MOST_FIELDS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An open room.

    Parameters
    ----------
    cases : Cases
        The cases that people look at.
    gathering : Gathering
        What is searched over all of them.
    rechecks : Rechecks
        What they had checked.
    live : Live
        What grows while they look at it.
    secret : Secret
        What its door asks for, if it is for one person.
    people : PeopleOfRoom or None
        Who may come in; ``None``: who opened the room.
    identity : IdentityOfRoom or None
        Where they may show who they are; ``None``: here alone.
    place : Place
        Where they reach it.
    maps : Maps
        Maps that they look at, ready to be drawn.
    operations : Operations
        Desks of operations that they look at.
    tokens : Tokens
        What programs bring instead.
    telemetry : Telemetry
        What it counts of itself.
    seasons : callable
        Returns the seasons beside the cases.
    shelves : Shelves or None
        What the cases give by TAXII; ``None``: nothing.
    nodes : callable
        Returns the nodes of the organisation; ``None``: it has no server.
    fit : Fit
        What a node must be for a watch of this version.
    """

    cases: Cases
    gathering: Gathering
    rechecks: Rechecks
    live: Live
    secret: Secret
    tokens: Tokens
    people: PeopleOfRoom | None = None
    identity: IdentityOfRoom | None = None
    place: Place = field(default_factory=Place)
    maps: Maps = field(default_factory=Maps)
    operations: Operations = field(default_factory=Operations)
    telemetry: Telemetry = field(default_factory=Telemetry)
    seasons: Callable[[], Sequence[SeasonSeen]] = tuple
    shelves: Shelves | None = None
    nodes: Callable[[], NodesSeen | None] = lambda: None
    fit: Fit = field(default_factory=lambda: Fit(version=__version__, recipe=""))

    def page(
        self,
        request: Request,
        name: str,
        view: Callable[[], Mapping[str, Any]],
        *,
        status: int = 200,
    ) -> HTMLResponse:
        """Return a page in the language of who asks; the view is made in that language, too.

        Parameters
        ----------
        view : callable
            Calls the workflow, and returns what the template names.
        """
        with in_language(tongue(request)):
            page = render_page(name, self.shell(request), **view())
            return HTMLResponse(self.told(request, page), status_code=status)

    def told(self, request: Request, html: str) -> str:
        """Return a page, or a part of one, as who asks may read it; each way out leads through it.

        Who is not of the team reads no place in it, also where a signed report tells one.
        """
        return without_places(html, self.places) if self.is_outside(request) else html

    @property
    def tray(self) -> Tray | None:
        """Where photographs wait; ``None``: the room has no people."""
        return None if self.people is None else self.people.tray

    @property
    def places(self) -> tuple[str, ...]:
        """Where the room has its cases and its people, as errors spell it."""
        return places((self.cases.folder, None if self.people is None else self.people.folder))

    def is_outside(self, request: Request) -> bool:
        """Tell whether who asks is not of the team: it is not told where anything lies."""
        return self.people is not None and Right.CHECK not in caller_of(request).rights

    def shell(self, request: Request) -> Shell:
        """Return what is around the content of a page."""
        caller = caller_of(request)
        query = f"?{request.url.query}" if request.url.query else ""
        return Shell(
            assets={name: (asset.address, asset.digest) for name, asset in assets().items()},
            csrf=caller.csrf,
            path=request.url.path + query,
            visitor=_visitor(caller),
            searches=Right.READ in caller.rights,
            persons=Right.PERSONS in caller.rights,
        )

    def still(self, request: Request) -> bool:
        """Tell whether who asked for a page that lives may look at it still.

        Other rights, cases or seats than those it began with end it, as the end of the session
        does; the page that is loaded then is that of today.
        """
        if self.people is None:
            return True
        try:
            account = self.people.sessions.still(caller_of(request).session)
        except StorageError:  # the page is loaded again, and its browser asked who it is
            return False
        need = need_of(request.scope["endpoint"])
        if account is None or need is None:
            return False
        began, case = caller_of(request), request.path_params.get(CASE)
        caller = Caller(rights=account.rights, account=account)
        if caller.rights != began.rights:  # what it shows is that of the rights it began with
            return False
        return case is None or (
            caller.seat(case) == began.seat(case) and admits(caller, need, case, self.is_operation)
        )

    def is_operation(self, case: str) -> bool:
        """Tell whether a case is the desk of an operation, or may be one."""
        return is_operation(self.cases, case)


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form of the room; the door has bounded it.

    Raises
    ------
    InputError
        If it cannot be read, or does not come from a page that the sender was shown.
    """
    fields = await bare_form(request)
    require_csrf(request, fields.pop("csrf", ""))
    return fields


def require_csrf(request: Request, given: str) -> None:
    """Raise InputError unless a form brings back what the sender's page has."""
    csrf = caller_of(request).csrf
    if not csrf or not hmac.compare_digest(given.encode("utf-8", "replace"), csrf.encode()):
        raise InputError(
            tr("This form is of an earlier start of the room, or of an earlier login."),
            hint=tr("Open the page again, and send the form once more."),
        )


async def bare_form(request: Request) -> dict[str, str]:
    """Return the fields of a form of who may be a stranger.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        fields = parse_qs((await request.body()).decode("ascii"), max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InputError(tr("This form cannot be read.")) from error
    return {name: "\n".join(values) for name, values in fields.items()}


def _visitor(caller: Caller) -> Visitor | None:
    if caller.account is None:
        return None
    links = []
    if Right.READ in caller.rights:
        links.append(("/season", tr("Season")))
    if Right.NODES in caller.rights:
        links.append(("/nodes", tr("Nodes")))
    if Right.APPROVE in caller.rights:
        links.append(("/requests", tr("To sign")))
    if Right.MANAGE in caller.rights:
        links.append(("/people", tr("People")))
    if Right.PERSONS in caller.rights:
        links.append(("/askings", tr("Persons")))
    if Right.READ_LOG in caller.rights:
        links.append(("/access", tr("Access log")))
    return Visitor(name=caller.account.name, links=tuple(links))


def tongue(request: Request) -> str:
    """Return the language of a request: the one that was chosen, else what the browser asks for."""
    return tongue_of(
        Asked(
            method="GET",
            path="/",
            address="",
            query={"lang": request.cookies.get(TONGUE, "")},
            headers={"accept-language": request.headers.get("accept-language", "")[:1000]},
        )
    )
