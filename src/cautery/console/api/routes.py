"""The addresses of the interface for programs: each one workflow, one view and one model."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from cautery import __version__
from cautery.console.api import models as out
from cautery.console.api.finding import add_finding
from cautery.console.desk import Desk
from cautery.console.gate import logged, needs
from cautery.console.problems import MEDIA_TYPE, Problem, add_problems
from cautery.console.ranges import part_of
from cautery.console.rights import LONGEST_CASE
from cautery.json_text import parsed_json
from cautery.model import Finding
from cautery.model.tokens import AccessToken, Scope
from cautery.projections.kept import MOST_LINES, Asked
from cautery.workflows.browse import heads
from cautery.workflows.browse.exhibits import exhibit_bytes, exhibit_view, exhibits_view
from cautery.workflows.browse.lists import acts_view, streams_view, verdicts_view
from cautery.workflows.browse.record import record_view
from cautery.workflows.browse.timeline import LONGEST_SEARCH, case_view
from cautery.workflows.browse.tonight import tonight_view
from cautery.workflows.browse.verdict import verdict_view

_MOST_NUMBER = (1 << 53) - 1
_DEEPEST = 100
"""Levels of a record's JSON; pydantic writes no more than some two hundred. Judgement."""
Id = Annotated[
    str,
    Path(
        max_length=LONGEST_CASE,
        description="A case, by its name in addresses.",
        examples=["md34"],
    ),
]
Digits = Annotated[
    str,
    Path(pattern="^[0-9a-f]{64}$", description="Of an exhibit's SHA-256.", examples=["0" * 64]),
]
Number = Annotated[int, Path(ge=0, le=_MOST_NUMBER, description="Of a record.", examples=[17])]
Before = Annotated[
    int | None, Query(ge=0, le=_MOST_NUMBER, description="older of another page.", examples=[900])
]
After = Annotated[
    int | None, Query(ge=0, le=_MOST_NUMBER, description="newer of another page.", examples=[950])
]
Limit = Annotated[int, Query(ge=1, le=MOST_LINES, description="Most rows.", examples=[50])]
Words = Annotated[
    str,
    Query(
        max_length=LONGEST_SEARCH,
        description="Words that must all occur; the last one may be only begun.",
        examples=["arena sport"],
    ),
]
_Finding = Annotated[Finding | None, Query(description="With this finding alone.")]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": words, "content": {MEDIA_TYPE: {}}}
    for status, words in {
        400: "The question cannot be answered as it is.",
        401: "There is no token that holds.",
        403: "The token may not read this.",
        404: "There is no such case, record, stream or exhibit.",
        409: "What is there contradicts itself: the case is broken.",
        422: "A part of the address is not what it must be.",
        429: "Too many tokens that nobody made came from this address.",
        503: "It cannot be read now; ask again.",
    }.items()
}
_INTRODUCTION = """What Cautery's operations room shows, for programs: read only.

Send a token with each request: `Authorization: Bearer TOKEN`. Whoever runs the room makes one
with `cautery token make NAME --scope cases`. Lists come newest first, a page at a time: give
`older` of a page as `before` for the next one. Times are UTC, by the clock of the machine that
made the record. A claim leads to its record, and a record has its proof."""


def programs_app(desk: Desk) -> FastAPI:
    """Return the application below ``/api/v1``."""
    app = FastAPI(
        title="Cautery",
        version=__version__,
        description=_INTRODUCTION,
        docs_url=None,  # FastAPI's own pages load scripts from elsewhere
        redoc_url=None,
        openapi_url=None,
        responses=_PROBLEMS,
    )
    app.include_router(_cases(desk))
    app.include_router(add_finding(_router(Scope.CASES, desk), desk))
    app.include_router(_records(desk))
    app.include_router(_exhibits(desk))

    @app.get("/openapi.json", include_in_schema=False, dependencies=[Depends(needs(None))])
    def described() -> dict[str, Any]:
        return _described(app)

    add_problems(app)
    app.router.redirect_slashes = False
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """Return the description of the interface (OpenAPI 3.1), with how to send a token."""
    described = app.openapi()
    described["servers"] = [{"url": "/api/v1"}]
    described.setdefault("components", {})["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "description": "Of cautery token make."}
    }
    described["security"] = [{"token": []}]
    return described


def _router(scope: Scope, desk: Desk) -> APIRouter:
    log = None if desk.people is None else desk.people.log
    return APIRouter(dependencies=[Depends(needs(scope)), Depends(logged(log))], tags=[scope.value])


def _cases(desk: Desk) -> APIRouter:
    paths = _router(Scope.CASES, desk)

    @paths.get("/cases", summary="List the cases")
    def cases(
        token: Annotated[AccessToken, Depends(needs(Scope.CASES))],
        after: Annotated[
            str, Query(max_length=500, description="next of another page.", examples=["md33"])
        ] = "",
    ) -> out.CasesOut:
        """Return a page of cases, by name. One that cannot be read says why."""
        view = heads.cases_view(desk.cases, {}, after=after, among=token.may_read)
        return out.CasesOut(cases=[_case(head) for head in view.cases], next=view.after)

    @paths.get("/cases/{id}", summary="Show how a case stands")
    def case(id: Id) -> out.CaseOut:
        """Return what the case's own records and files say of it."""
        return _case(heads.head_by_id(desk.cases, id))

    @paths.get("/cases/{id}/tonight", summary="Show the wall of a match")
    def tonight(id: Id) -> out.TonightOut:
        """Return what is proven, what went dark, what nobody has looked at, and how late."""
        view = tonight_view(desk.cases, id)
        return out.TonightOut.model_validate(
            {
                **_attributes(view, out.TonightOut),
                "case": view.head,
                "failures": dict(view.failures),
                "findings": {finding.value: count for finding, count in view.findings.items()},
            }
        )

    @paths.get("/cases/{id}/streams", summary="List or search streams")
    def streams(  # noqa: PLR0917 - one parameter for each part of the address
        id: Id,
        q: Words = "",
        finding: _Finding = None,
        before: Before = None,
        after: After = None,
        limit: Limit = 50,
    ) -> out.StreamsOut:
        """Return streams: the newest appearance first, or with a finding the newest verdict."""
        asked = Asked(text=q, finding=finding, before=before, after=after, limit=limit)
        return _page(out.StreamsOut, streams_view(desk.cases, id, asked))

    @paths.get("/cases/{id}/streams/{number}", summary="Show a stream")
    def stream(
        id: Id,
        number: Annotated[int, Path(ge=1, le=_MOST_NUMBER, description="Of the stream.")],
    ) -> out.StreamOut:
        """Return a stream with its newest verdict, what it rests on and what would change it."""
        view = verdict_view(desk.cases, id, number)
        stream, verdict = view.stream, view.stream.verdict
        of_verdict = (
            "finding", "log10_lr", "most_log10_lr", "delay_s", "speed", "licensee", "part",
        )  # fmt: skip
        return out.StreamOut.model_validate(
            {
                **_attributes(stream, out.StreamOut),
                **{name: getattr(verdict, name, None) for name in of_verdict},
                "case": view.head,
                "record": view.record,
                "at_once": () if verdict is None else verdict.at_once,
                "reasons": () if verdict is None else verdict.reasons,
                "changes": view.changes,
                "exhibits": [line.exhibit for line in stream.sealed],
                "records": [line.index for line in stream.custody],
                "left_out": view.left_out,
            }
        )

    @paths.get("/cases/{id}/verdicts", summary="List verdicts")
    def verdicts(
        id: Id,
        finding: _Finding = None,
        before: Before = None,
        after: After = None,
        limit: Limit = 50,
    ) -> out.VerdictsOut:
        """Return verdicts, newest first."""
        asked = Asked(finding=finding, before=before, after=after, limit=limit)
        return _page(out.VerdictsOut, verdicts_view(desk.cases, id, asked))

    @paths.get("/cases/{id}/acts", summary="List referrals and notices")
    def acts(
        id: Id,
        kind: Annotated[
            str,
            Query(
                pattern="^(referral|notice)?$",
                description="referral or notice; empty: both.",
                examples=["notice"],
            ),
        ] = "",
        before: Before = None,
        after: After = None,
        limit: Limit = 50,
    ) -> out.ActsOut:
        """Return referrals and notices, the newest draft first, with their course."""
        kinds = (kind,) if kind else ()
        asked = Asked(kinds=kinds, before=before, after=after, limit=limit)
        return _page(out.ActsOut, acts_view(desk.cases, id, asked))

    return paths


def _records(desk: Desk) -> APIRouter:
    paths = _router(Scope.RECORDS, desk)

    @paths.get("/cases/{id}/records", summary="List or search records")
    def records(
        id: Id,
        kind: Annotated[
            str, Query(max_length=200, description="Of this kind alone.", examples=["verdict"])
        ] = "",
        q: Words = "",
        before: Before = None,
        after: After = None,
    ) -> out.RecordsOut:
        """Return records in one line each, newest first."""
        view = case_view(desk.cases, id, None, kind=kind, search=q, before=before, after=after)
        line = view.timeline
        return out.RecordsOut.model_validate(
            {
                **_attributes(line, out.RecordsOut),
                "case": view.head,
                "kinds": {kind.kind: kind.count for kind in line.kinds},
            }
        )

    @paths.get("/cases/{id}/records/{index}", summary="Show a record with its proof")
    def record(id: Id, index: Number) -> out.RecordOut:
        """Return a record, whole, and its proof against the newest signed root."""
        view = record_view(desk.cases, id, index)
        return out.RecordOut.model_validate(
            {**_attributes(view, out.RecordOut), "case": view.head, "body": _body(view.leaf)}
        )

    return paths


def _exhibits(desk: Desk) -> APIRouter:
    paths = _router(Scope.EXHIBITS, desk)

    @paths.get("/cases/{id}/exhibits", summary="List exhibits")
    def exhibits(
        id: Id,
        after: Annotated[
            int, Query(ge=-1, le=_MOST_NUMBER, description="after of another page.")
        ] = -1,
    ) -> out.ExhibitsOut:
        """Return exhibits in the order in which they were sealed."""
        view = exhibits_view(desk.cases, id, after=after)
        return out.ExhibitsOut.model_validate(
            {**_attributes(view, out.ExhibitsOut), "case": view.head}
        )

    @paths.get("/cases/{id}/exhibits/{digits}", summary="Show an exhibit and its custody")
    def exhibit(id: Id, digits: Digits) -> out.ExhibitOut:
        """Return an exhibit; its bytes are hashed for this answer."""
        view = exhibit_view(desk.cases, id, digits)
        return out.ExhibitOut.model_validate(
            {**_attributes(view, out.ExhibitOut), "case": view.head}
        )

    @paths.get(
        "/cases/{id}/exhibits/{digits}/bytes",
        summary="Fetch the bytes of an exhibit",
        response_class=Response,
        responses={
            200: {"description": "All bytes.", "content": {"application/octet-stream": {}}},
            206: {"description": "The range.", "content": {"application/octet-stream": {}}},
            416: {"description": "There are no such bytes."},
        },
    )
    def sealed(request: Request, id: Id, digits: Digits) -> Response:
        """Return the bytes as they were sealed, their seal checked, or one range of them.

        They were made by strangers and may be hostile. A confidential exhibit stays encrypted.
        """
        content = exhibit_bytes(desk.cases, id, digits)
        return part_of(content, "application/octet-stream", request.headers.get("range", ""))

    return paths


def _case(head: object) -> out.CaseOut:
    return out.CaseOut.model_validate(head)


def _page(model: type[out.Page], view: Any) -> out.Page:
    return model.model_validate({**_attributes(view, model), "case": view.head})


def _attributes(view: object, model: type[BaseModel]) -> dict[str, Any]:
    """Return what a view has under the names that a model asks for."""
    return {name: getattr(view, name) for name in model.model_fields if hasattr(view, name)}


def _body(leaf: str) -> Any:
    """Return what a record says; ``None``: it is nested more deeply than programs read JSON."""
    try:
        return _plain(parsed_json(leaf).get("body"), _DEEPEST)
    except ValueError:
        return None


def _plain(value: Any, deepest: int) -> Any:
    """Return JSON whose texts are Unicode: whoever has a case's file can append others."""
    if deepest == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return {out.plain(name): _plain(part, deepest - 1) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, deepest - 1) for part in value]
    return out.plain(value)
