"""What each address of the room asks for, and the gate that asks for it.

An address that says nothing is not opened to everybody: the room does not start with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from cautery.errors import AbsentError
from cautery.messages import tr
from cautery.model.account import Account
from cautery.model.room import ALONE, Act, Right
from cautery.workflows.people.log import AccessLog

CASE = "id"
"""Place in an address where the name of a case stands."""
_HIDDEN = frozenset(("q", "key"))
"""Parts of a query that are not logged: words that were searched for may name people."""
LONGEST = 200
"""Letters of a value that the access log keeps. Judgement."""
LONGEST_CASE = 500
"""Letters of the name of a case that an address takes: two cases may begin alike."""
_CALLER, _ADDRESS = "caller", "address"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Need(NamedTuple):
    """What an address asks for: a right, and the act that the access log tells of its use.

    ``table``: it is of an operation, and a seat at its table is enough.
    """

    right: Right
    act: Act | None
    table: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks.

    Parameters
    ----------
    account : Account or None
        ``None``: who opened the room for himself, or a stranger.
    csrf : str
        What a form of the room brings back; empty: none is taken.
    session : str
        Digest of the session.
    """

    rights: frozenset[Right]
    account: Account | None = None
    csrf: str = field(default="", repr=False)
    session: str = ""

    def sees(self, case: str) -> bool:
        """Tell whether a case is there for this caller."""
        return Right.READ in self.rights and (self.account is None or self.account.sees(case))

    def seat(self, case: str) -> str | None:
        """Return the agency for which this caller sits at a table; ``None``: the desk's own."""
        if self.account is None or (self.account.sees(case) and not self.account.is_guest):
            return None
        return self.account.seat(case)

    @property
    def is_guest(self) -> bool:
        """Whether the caller is of another agency."""
        return self.account is not None and self.account.is_guest


STRANGER = Caller(rights=frozenset((Right.OPEN,)))
COUNTER = Caller(rights=frozenset((Right.OPEN, Right.COUNTS)))
"""A program that reads the room's counts."""


def alone(csrf: str) -> Caller:
    """Return who opened the room for himself."""
    return Caller(rights=ALONE, csrf=csrf)


def needs(
    right: Right, *, act: Act | None = None, table: bool = False
) -> Callable[[Endpoint], Endpoint]:
    """Declare what an address asks for; it stands below the line that names the address.

    Parameters
    ----------
    act : Act or None
        What the access log says of whoever asks; an address of a case has one.
    table : bool
        It is of an operation, and shows an agency what that agency may see.
    """

    def declared(endpoint: Endpoint) -> Endpoint:
        endpoint.__need__ = Need(right, act, table)  # type: ignore[attr-defined]
        return endpoint

    return declared


def need_of(endpoint: object) -> Need | None:
    """Return what an address declares; ``None``: nothing."""
    need = getattr(endpoint, "__need__", None)
    return need if isinstance(need, Need) else None


def set_caller(scope: Scope, caller: Caller) -> None:
    """Say who asks: the door alone does this."""
    scope.setdefault("state", {})[_CALLER] = caller


def caller_of(request: Request) -> Caller:
    """Return who asks; whom the door did not let in is a stranger."""
    caller = request.scope.get("state", {}).get(_CALLER, STRANGER)
    return caller if isinstance(caller, Caller) else STRANGER


def set_address(scope: Scope, address: str) -> None:
    """Say whence a request comes."""
    scope.setdefault("state", {})[_ADDRESS] = address


def address_of(request: Request) -> str:
    """Return whence a request comes; empty: the room is reached from this machine alone."""
    return str(request.scope.get("state", {}).get(_ADDRESS, ""))


def admits(caller: Caller, need: Need, case: str, is_operation: Callable[[str], bool]) -> bool:
    """Tell whether a case is there for who asks, at an address that needs this.

    A guest agency has no look at the records of an operation, whatever it was given: it has what it
    was told of them, from its seat at the table.

    Parameters
    ----------
    is_operation : callable
        Tells whether a case is the desk of an operation; asked of guest agencies alone.
    """
    if need.table:
        seated = Right.READ in caller.rights and caller.seat(case) is not None
        return seated or (caller.sees(case) and not caller.is_guest)
    return caller.sees(case) and not (caller.is_guest and is_operation(case))


def readable(caller: Caller, is_operation: Callable[[str], bool]) -> Callable[[str], bool]:
    """Return what tells of a case whether its records are there for who asks, on any page."""
    need = Need(Right.READ, None)
    return lambda case: admits(caller, need, case, is_operation)


def gate(
    log: AccessLog | None, is_operation: Callable[[str], bool]
) -> Callable[[Request], Awaitable[None]]:
    """Return what runs before each address: it refuses who lacks the right, and logs who has it.

    Parameters
    ----------
    log : AccessLog or None
        ``None``: one person looks at his own files.
    is_operation : callable
        Tells whether a case is the desk of an operation.
    """

    async def admit(request: Request) -> None:
        need = need_of(request.scope["endpoint"])
        caller = caller_of(request)
        if need is None or need.right not in caller.rights:
            raise HTTPException(403)
        case = request.path_params.get(CASE)
        if case is not None and not await run_in_threadpool(
            admits, caller, need, case, is_operation
        ):
            # As if it were not there: whether it is, is not for everybody.
            raise AbsentError(tr("There is no case of this name that you may see."))
        if need.act is not None and log is not None and caller.account is not None:
            await run_in_threadpool(
                log.used,
                caller.account.id,
                need.act,
                why=caller.account.why,
                case=(case or "")[:LONGEST_CASE],
                page=request.scope["route"].path,
                numbers=[*numbers_of(request)],
            )

    return admit


def undeclared(routes: Iterable[BaseRoute]) -> list[str]:
    """Return the addresses that do not say what they ask for, or not all that they must say."""
    faults = []
    for route in every(routes):
        need = need_of(getattr(route, "endpoint", None))
        path = getattr(route, "path", repr(route))
        if not isinstance(route, Route) or need is None:
            faults.append(path)
        elif f"{{{CASE}}}" in path and need.act is None:
            faults.append(f"{path} (of a case, and not logged)")
    return faults


def every(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield all routes, also those of routers that were taken in."""
    for route in routes:
        below = getattr(getattr(route, "original_router", None), "routes", None)
        if below is None:
            yield route
        else:
            yield from every(below)


def open_paths(routes: Iterable[BaseRoute]) -> Callable[[str], bool]:
    """Return what tells whether strangers may ask for a path."""
    opened = []
    for route in every(routes):
        need = need_of(getattr(route, "endpoint", None))
        if isinstance(route, Route) and need is not None and need.right is Right.OPEN:
            opened.append(route.path_regex)
    return lambda path: any(regex.match(path) for regex in opened)


def numbers_of(request: Request) -> Iterator[tuple[str, str]]:
    """Yield what a request asks for beside its case, as the access log keeps it.

    The parts of its path come first; a query that names one of them again stands behind it.
    """
    for name, value in request.path_params.items():
        if name != CASE:
            yield name, str(value)[:LONGEST]
    for name, value in request.query_params.items():
        yield name[:LONGEST], "…" if name in _HIDDEN else value[:LONGEST]
