"""What waits for the passkeys of somebody with an account, made from what is signed alone.

Whoever lays a request could write one thing beside the text and have another signed. So a page
shows the text itself, or what the text has the digest of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cautery.act import terms_lines
from cautery.act.fixture_signatures import SEASON, fixtures_to_sign
from cautery.act.four_words import four_words
from cautery.act.mandate_signatures import MESSAGE
from cautery.canonical import canonical
from cautery.errors import EvidenceError
from cautery.evidence.restoring import TITLE
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, digest_of, from_json
from cautery.model.season import SeasonFixture
from cautery.model.signing_request import RequestKind, SigningRequest
from cautery.pages.room.people import RequestRow, RequestView
from cautery.workflows.mandate.fixture_approvals import (
    fixtures_lines,
)

_LONGEST = 500
"""Letters of a line. Pages cut what is far longer, and what is signed is shown to its end."""


def request_row(request: SigningRequest) -> RequestRow:
    """Return a request as a line of the list."""
    return RequestRow(
        id=request.id,
        kind=request.kind.value,
        person=request.person,
        made_at=request.made_at,
        until=request.until,
        is_signed=bool(request.answer),
    )


def request_view(request: SigningRequest) -> RequestView:
    """Return a request with all that its text covers.

    Raises
    ------
    EvidenceError
        If the text is not of its kind, or has the digest of something else than what would be
        shown.
    """
    return RequestView(
        row=request_row(request),
        lines=tuple(_whole(_lines(request))),
        digest=request.digest,
        words=four_words(request.digest),
    )


def _whole(lines: Iterable[str]) -> Iterable[str]:
    """Yield lines in pieces that no page cuts; a line end inside of one begins no line."""
    for line in lines:
        one = line.translate({ord(end): f"[U+{ord(end):04X}]" for end in "\n\r\t"})
        yield one[:_LONGEST]
        yield from (f"… {one[at : at + _LONGEST]}" for at in range(_LONGEST, len(one), _LONGEST))


def _lines(request: SigningRequest) -> Sequence[str]:
    match request.kind:
        case RequestKind.RESTORATION if request.text.startswith(f"{TITLE}\n"):
            return request.text.removesuffix("\n").split("\n")
        case RequestKind.MANDATE if (lines := _mandate_lines(request)) is not None:
            return lines
        case RequestKind.FIXTURES if (lines := _fixture_lines(request)) is not None:
            return lines
    raise EvidenceError(
        f"{request.id}: its text is not one of a {request.kind.value}: it is not shown",
        hint="Sign nothing. Whoever runs the room looks into the folder of its people.",
    )


def _mandate_lines(request: SigningRequest) -> Sequence[str] | None:
    """Return who signs, and the terms that the text has the digest of; ``None``: it has others."""
    try:
        members, terms = parsed_json(request.text), parsed_json(request.shown)
        signs = {name: str(members[name]) for name in ("name", "role", "at", "file", "terms")}
        lines = terms_lines(terms)
    except MISSHAPEN:
        return None
    if (
        (members.get("type"), members.get("public_key")) != (MESSAGE, request.passkey)
        or signs["name"] != request.person
        or signs["terms"] != digest_of(request.shown.encode())
        or canonical(members) != request.text.encode()
    ):
        return None
    return [*lines, "", *(f"{name:<18} {value}" for name, value in signs.items())]


def _fixture_lines(request: SigningRequest) -> Sequence[str] | None:
    """Return who signs, and the fixtures that the text has the digest of; ``None``: others."""
    try:
        members = parsed_json(request.text)
        fixtures = [from_json(SeasonFixture, each) for each in parsed_json(request.shown)]
        signs = {name: str(members[name]) for name in ("approver", "role", "at", "mandate")}
        subject, season = members["subject"], members["case"]
    except MISSHAPEN:
        return None
    if (
        (subject, season) != (fixtures_to_sign(fixtures), SEASON)
        or members.get("type") != "cautery/approval/2"
        or signs["approver"] != request.person
        or canonical(members) != request.text.encode()
    ):
        return None
    return [
        *fixtures_lines(fixtures),
        *(f"{name:<10} {value}" for name, value in signs.items()),
    ]
