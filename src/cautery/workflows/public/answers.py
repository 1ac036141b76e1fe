"""Answers of the public pages: HTML that loads nothing, JSON, and refusals in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cautery.canonical import canonical
from cautery.model.web import HTML, JSON, Answered
from cautery.pages.public import Block, Desk, render_page
from cautery.workflows.public.lookup import InForce

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

KEPT_S = 60
"""Seconds for which a page that is the same for everybody may be kept."""


def page(
    name: str,
    desk: Desk,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    root: str = "",
    keeps: bool = False,
    **values: Any,
) -> Answered:
    """Return a page as an answer.

    Parameters
    ----------
    keeps : bool
        Whether caches may keep it for a minute: it is the same for everybody. Else nobody keeps it.
    root : str
        What its links begin with: empty on the face itself.
    """
    return Answered(
        status=status,
        pieces=(render_page(name, desk, root=root, **values),),
        media_type=HTML,
        headers={
            "Content-Security-Policy": _POLICY,
            "Cache-Control": f"public, max-age={KEPT_S}" if keeps else "no-store",
            **(headers or {}),
        },
    )


def refusal(
    desk: Desk, *, status: int, heading: str, words: str, rule: str, later_s: int | None = None
) -> Answered:
    """Return a page that says why something is refused."""
    return page(
        "notice",
        desk,
        status=status,
        headers={} if later_s is None else {"Retry-After": str(later_s)},
        heading=heading,
        words=words,
        rule=rule,
    )


def as_json(body: Mapping[str, Any], *, status: int = 200, later_s: int | None = None) -> Answered:
    """Return JSON that any page may read."""
    headers = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
    if later_s is not None:
        headers["Retry-After"] = str(later_s)
    return Answered(
        status=status, pieces=(canonical(dict(body)), b"\n"), media_type=JSON, headers=headers
    )


def block_shown(block: InForce) -> Block:
    """Return a block as a page shows it."""
    return Block(
        target=block.target,
        order=block.order,
        authority=block.authority,
        territory=block.territory,
        who=block.who,
        until=moment(block.until),
    )


def moment(at: datetime) -> str:
    """Return a time as a person reads it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
