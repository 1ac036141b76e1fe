"""The addresses of TAXII 2.1: an API root for each case, and what it gives under a token's marking.

A token names its marking, and reads by TAXII what would leave by ``cautery export`` under it. What
a token may not read is as if it were not there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cautery.console.desk import Desk
from cautery.console.hidden import words_for
from cautery.console.problems import status_of
from cautery.console.rights import CASE, LONGEST_CASE, numbers_of
from cautery.console.taxii_faults import TAXII, accepts, fault
from cautery.errors import AbsentError, CauteryError, NotYetError
from cautery.exchange.taxii import (
    MEDIA_TYPE,
    STIX_MEDIA_TYPE,
    Collection,
    Filters,
    Rows,
    filters_of,
    next_of,
)
from cautery.model.marking import Marking
from cautery.model.records import OperationOpened
from cautery.model.room import Act
from cautery.model.times import iso
from cautery.model.tokens import AccessToken, Scope
from cautery.projections.kept import SpoiltListsError
from cautery.workflows.browse.ends import Ends
from cautery.workflows.exchange.serving import Served, Shelves

_LOG = logging.getLogger("cautery.room")
_MOST_ROOTS = 1_000
"""API roots that are listed; each of the others is there as well."""
_COLLECTION, _OBJECT = "collection", "object"
_ROOT = f"/{{{CASE}}}/"
_ONE = f"{_ROOT}collections/{{{_COLLECTION}}}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A question that was let in.

    Parameters
    ----------
    marking : Marking
        Of its token.
    """

    request: Request
    desk: Desk
    shelves: Shelves
    token: AccessToken
    marking: Marking

    @property
    def case(self) -> str:
        """Name of the case; empty: the question is about none."""
        return str(self.request.path_params.get(CASE, ""))

    def served(self, *, fresh: bool = True) -> Served:
        """Return what the case gives.

        Raises
        ------
        AbsentError
            If there is no such case for this token, or it is an operation's.
        """
        if not self.token.may_read(self.case) or self.desk.is_operation(self.case):
            raise _no_root()
        path = self.desk.cases.place(self.case).path
        return self.shelves.served(path, self.marking, fresh=fresh)

    def page(self, *, versions: bool = False) -> Rows:
        """Return the page of a collection that is asked for.

        Raises
        ------
        AbsentError
            If there is no such collection or object.
        """
        filters = self._filters(versions=versions)
        # A later page is of the same state as the first one, or what came since is behind it.
        served = self.served(fresh=filters.start is None)
        collection = self.collection(served).id
        if served.withheld:
            return Rows(rows=())
        name = self.request.path_params.get(_OBJECT)
        if name is not None and not served.shelf.has(collection, name):
            raise AbsentError("There is no such object in this collection.", hint="")
        return served.shelf.rows(collection, filters)

    def collection(self, served: Served) -> Collection:
        """Return the collection that is asked for."""
        name = self.request.path_params[_COLLECTION]
        for collection in served.collections:
            if collection.id == name:
                return collection
        raise AbsentError("There is no such collection for this token.", hint="")

    def _filters(self, *, versions: bool) -> Filters:
        name = self.request.path_params.get(_OBJECT)
        # Of the address of one object, its filters by id and type say nothing (5.6, 5.8).
        passed_over = {"match[id]", "match[type]"} if name is not None else set[str]()
        if versions:
            passed_over.add("match[version]")
        query = [
            pair for pair in self.request.query_params.multi_items() if pair[0] not in passed_over
        ]
        return filters_of(query if name is None else [*query, ("match[id]", name)])


def taxii_app(desk: Desk, shelves: Shelves) -> Starlette:
    """Return the application below ``/taxii2``."""
    answers: dict[str, Callable[[_Question], Response]] = {
        "/": _discovery,
        _ROOT: _api_root,
        f"{_ROOT}collections/": _collections,
        _ONE: _collection,
        f"{_ONE}manifest/": _manifest,
        f"{_ONE}objects/": _objects,
        f"{_ONE}objects/{{{_OBJECT}}}/": _objects,
        f"{_ONE}objects/{{{_OBJECT}}}/versions/": _versions,
    }
    app = Starlette(
        routes=[
            Route(path, _endpoint(answer, desk, shelves), methods=["GET"])
            for path, answer in answers.items()
        ],
        exception_handlers={
            HTTPException: _refused,
            CauteryError: _expected,
            Exception: _unexpected,
        },
    )
    app.router.redirect_slashes = False
    return app


def _endpoint(
    answer: Callable[[_Question], Response], desk: Desk, shelves: Shelves
) -> Callable[[Request], Response]:
    """Return what lets a question in, writes it into the access log, and answers it."""

    def endpoint(request: Request) -> Response:
        token = getattr(request.state, "token", None)
        if not isinstance(token, AccessToken):  # the door did not see it: nobody is let in
            return fault(401, "Send a token that holds.")
        if Scope.TAXII not in token.scopes or token.marking is None:
            return fault(403, "This token may not read this: it lacks taxii and its marking.")
        if not accepts(request.headers.getlist("accept")):
            return fault(406, f"This server answers in {MEDIA_TYPE} alone.")
        question = _Question(
            request=request, desk=desk, shelves=shelves, token=token, marking=token.marking
        )
        if desk.people is not None:
            desk.people.log.used(
                f"token-{token.id}",
                Act.DISCLOSURE if question.case else Act.CONSULTATION,
                why=token.name,
                case=question.case[:LONGEST_CASE],
                page=f"{TAXII}{request.scope['route'].path}",
                numbers=[*numbers_of(request)],
                to=token.name if question.case else "",
            )
        try:
            return answer(question)
        except SpoiltListsError:
            shelves.forget(desk.cases.place(question.case).path, token.marking)
            raise NotYetError("What this case gives is being made; ask again.") from None

    return endpoint


def _discovery(question: _Question) -> Response:
    cases = question.desk.cases
    places = cases.places()
    roots = [
        f"{TAXII}/{place.id}/"
        for place, ends in zip(places, cases.ends.read(place.path for place in places), strict=True)
        if question.token.may_read(place.id) and _is_of_watch(ends)
    ]
    return _answer(
        {
            "title": "Cautery",
            "description": f"Cases as this token may read them: {question.token.name}.",
            **({"api_roots": roots[:_MOST_ROOTS]} if roots else {}),
        }
    )


def _api_root(question: _Question) -> Response:
    words = f"What the case gives under {question.marking.words}."
    words = f"What the case gives under {question.marking.words}."
    return _answer(
        {
            "title": question.case,
            "description": f"{words} {question.served().withheld}".strip(),
            "versions": [MEDIA_TYPE],
            "max_content_length": 1,  # nothing is taken, and the standard wants a number from 1 on
        }
    )


def _collections(question: _Question) -> Response:
    served = question.served()
    described = [_described(collection, served) for collection in served.collections]
    return _answer({"collections": described} if described else {})


def _collection(question: _Question) -> Response:
    served = question.served()
    return _answer(_described(question.collection(served), served))


def _manifest(question: _Question) -> Response:
    page = question.page()
    entries = [
        {
            "id": row.id,
            "date_added": iso(row.added),
            "version": iso(row.version),
            "media_type": STIX_MEDIA_TYPE,
        }
        for row in page.rows
    ]
    return _listed(page, "objects", [json.dumps(entry).encode() for entry in entries])


def _objects(question: _Question) -> Response:
    page = question.page()
    return _listed(page, "objects", [row.content for row in page.rows])


def _versions(question: _Question) -> Response:
    page = question.page(versions=True)
    return _listed(page, "versions", [json.dumps(iso(row.version)).encode() for row in page.rows])


def _described(collection: Collection, served: Served) -> dict[str, Any]:
    return {
        "id": collection.id,
        "title": collection.title,
        "description": served.withheld or f"What the case says under {collection.title}.",
        "can_read": True,
        "can_write": False,
        "media_types": [STIX_MEDIA_TYPE],
    }


def _listed(page: Rows, name: str, entries: Sequence[bytes]) -> Response:
    """Return a page of entries that are JSON already, and when its first and last came in."""
    if not page.rows:
        return _answer({})
    first, last = page.rows[0], page.rows[-1]
    head = {"more": True, "next": next_of(last)} if page.more else {"more": False}
    content = b"%s,%s:[%s]}" % (
        json.dumps(head).encode()[:-1],
        json.dumps(name).encode(),
        b",".join(entries),
    )
    return Response(
        content,
        media_type=MEDIA_TYPE,
        headers={
            "X-TAXII-Date-Added-First": iso(first.added),
            "X-TAXII-Date-Added-Last": iso(last.added),
        },
    )


def _answer(content: dict[str, Any]) -> Response:
    return Response(json.dumps(content).encode(), media_type=MEDIA_TYPE)


def _is_of_watch(ends: Ends | CauteryError) -> bool:
    if isinstance(ends, CauteryError) or ends.first is None:
        return False
    try:
        return not isinstance(ends.first.content, OperationOpened)
    except CauteryError:
        return False


def _no_root() -> AbsentError:
    return AbsentError("There is no case of this name for this token.", hint="")


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = "Nothing has this address; each ends with a slash." if error.status_code == 404 else ""
    return fault(error.status_code, words or str(error.detail), headers=error.headers)


def _expected(_: Request, error: Exception) -> Response:
    assert isinstance(error, CauteryError)
    if isinstance(error, AbsentError):  # one sentence, whether it is there or not
        words = str(_no_root()) if "case" in str(error) else str(error)
        return fault(404, words)
    headers = {"retry-after": "5"} if isinstance(error, NotYetError) else {}
    words, hint = str(error), error.hint
    if (plain_words := words_for(error, ())) is not None:
        _LOG.error("a question by TAXII was not answered: %s", error)
        words, hint = plain_words
    return fault(status_of(error), words, hint, headers)


def _unexpected(_: Request, error: Exception) -> Response:
    # The kind alone: the error's text may quote what a stranger wrote.
    _LOG.error("a question by TAXII was not answered: %s", type(error).__name__)
    return fault(500, "The room made a mistake. The case is not changed by it.")
