"""Errors of the interface for programs: one sentence each, as RFC 9457 has it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cautery.console.hidden import words_for
from cautery.errors import (
    AbsentError,
    ApprovalError,
    CauteryError,
    InputError,
    NotYetError,
    StorageError,
)

_LOG = logging.getLogger("cautery.room")
MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why something was not answered."""

    type: str = Field(default="about:blank", description="Always about:blank: see status.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(
        description="What is wrong, in one sentence.",
        examples=["There is no case md35 below cases."],
    )
    hint: str = Field(default="", description="What you can do; empty: nothing is known.")


def problem(
    status: int, detail: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer for an error."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
    }
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=dict(headers or {}))


def status_of(error: CauteryError) -> int:
    """Return the status of an error; 409: what is there contradicts itself, or is broken."""
    if isinstance(error, AbsentError):
        return 404
    if isinstance(error, ApprovalError):
        return 403
    if isinstance(error, InputError):
        return 400
    return 503 if isinstance(error, StorageError | NotYetError) else 409


def add_problems(app: FastAPI) -> None:
    """Answer each error of an application with a problem."""

    @app.exception_handler(CauteryError)
    def expected(_: Request, error: Exception) -> Response:
        assert isinstance(error, CauteryError)
        headers = {"retry-after": "2"} if isinstance(error, NotYetError) else {}
        words, hint = str(error), error.hint
        if (plain_words := words_for(error, ())) is not None:
            _LOG.error("a question of a program was not answered: %s", error)
            words, hint = plain_words
        return problem(status_of(error), words, hint, headers)

    @app.exception_handler(RequestValidationError)
    def misspelt(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first.get("loc", ())[1:])
        return problem(422, f"{where}: {first.get('msg', '')}")

    @app.exception_handler(HTTPException)
    def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        words = str(error.detail or HTTPStatus(error.status_code).phrase)
        if error.status_code == 404:
            words = "Nothing has this address. /api/v1/openapi.json lists what there is."
        return problem(error.status_code, words, headers=error.headers)

    @app.exception_handler(Exception)
    def unexpected(_: Request, error: Exception) -> Response:
        # The kind alone: the error's text may quote what a stranger wrote.
        _LOG.error("a question of a program was not answered: %s", type(error).__name__)
        return problem(500, "The room made a mistake. The case is not changed by it.")
