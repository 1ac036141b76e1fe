"""Which records are about a decoy, and which are about others and only mention one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cautery.model import Json, RedactedUrl
from cautery.model.records import MisshapenRecord, OverrideGiven, OverrideSigned, UnknownRecord
from cautery.projections.decoys import Decoys

_SUBJECTS = ("url", "host", "other", "target", "subject", "value", "canary")
"""Members that say what a record is about: a stream, a host, a target, or two that are tied."""
_WHERE = ("source", "where")
"""Members that say it of a record that has none of those."""


def subjects_of(content: object) -> tuple[str, ...]:
    """Return the URLs, names and addresses that a record is about; empty: about none of these."""
    if isinstance(content, OverrideSigned | OverrideGiven):
        return (content.override.target,)
    return tuple(_texts(content, _SUBJECTS)) or tuple(_texts(content, _WHERE))


def is_about(content: object, decoys: Decoys) -> bool:
    """Tell whether a record is about a decoy that is opened: by its subject, not by what it says.

    A target is a decoy's if an act on it would hit the decoy.
    """
    target = getattr(content, "target", None)
    return any(map(decoys.owns, subjects_of(content))) or (
        isinstance(target, str) and decoys.meets(target)
    )


def may_mention(body: Json, decoys: Decoys) -> bool:
    """Tell whether any text of a record may mention a decoy that is opened."""
    return bool(decoys.revealed) and any(map(decoys.places.may_name, _strings(body)))


def mentions(body: Json, decoys: Decoys) -> bool:
    """Tell whether a text of a record mentions a decoy that is opened."""
    return any(map(decoys.mentions, _strings(body)))


def redacted_body(body: Json, decoys: Decoys) -> Json:
    """Return a record's JSON with all mentions of decoys blacked out.

    In a list a row that is a place of a decoy, or names one, is left out.
    """
    if not may_mention(body, decoys):
        return body
    try:
        redacted: Json = _redacted(body, decoys)
    except RecursionError:  # no kind of record is nested so deeply
        return {}
    return redacted


def _redacted(member: Any, decoys: Decoys) -> Any:
    if isinstance(member, str):
        return decoys.redacted(member)
    if isinstance(member, Mapping):
        return {decoys.redacted(name): _redacted(inner, decoys) for name, inner in member.items()}
    if isinstance(member, list | tuple):
        return [_redacted(inner, decoys) for inner in member if not _is_row_of(inner, decoys)]
    return member


def _is_row_of(row: Any, decoys: Decoys) -> bool:
    if isinstance(row, list | tuple):
        return any(isinstance(cell, str) and decoys.owns(cell) for cell in row)
    return isinstance(row, str) and decoys.owns(row)


def _strings(body: Any) -> Iterator[str]:
    """Yield each text of a record, names of members too; by a list, for it may be nested deeply."""
    pending = [body]
    while pending:
        member = pending.pop()
        if isinstance(member, str):
            yield member
        elif isinstance(member, Mapping):
            pending += [*member, *member.values()]
        elif isinstance(member, list | tuple):
            pending += member


def _texts(content: object, names: tuple[str, ...]) -> Iterator[str]:
    if isinstance(content, UnknownRecord | MisshapenRecord):
        content = content.body
    for name in names:
        text = content.get(name) if isinstance(content, Mapping) else getattr(content, name, None)
        if isinstance(text, RedactedUrl):
            text = text.text
        if isinstance(text, str):
            yield text
