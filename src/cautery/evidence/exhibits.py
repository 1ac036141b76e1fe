"""Find the exhibits that a record names; verification requires each in the vault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cautery.errors import EvidenceError
from cautery.model.evidence import ExhibitId
from cautery.model.records import Record

_MEMBERS = frozenset(
    (
        "exhibit",
        "exhibits",
        "rests_on",
        "table",
        "cover",
        "suspect_still",
        "reference_still",
        "reference_media",
    )
)
_PLAIN = frozenset((str, int, float, bool, type(None)))
"""Name nothing inside; most of a million records that are read is of these."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def exhibits_of(record: Record) -> Iterator[tuple[ExhibitId, int | None]]:
    """Yield each exhibit that a record names, at any depth, with its size where it says one.

    Raises
    ------
    EvidenceError
        If a member that names an exhibit holds something else.
    """
    yield from exhibits_in(record.body)


def exhibits_in(body: Any) -> Iterator[tuple[ExhibitId, int | None]]:
    """Yield each exhibit that the body of a record names, as :func:`exhibits_of` does.

    Raises
    ------
    EvidenceError
        As :func:`exhibits_of`.
    """
    # A list in place of recursion: a record may be nested more deeply than Python's stack.
    pending: list[Any] = [body]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += [inner for inner in value if type(inner) not in _PLAIN]
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                if name in _MEMBERS:
                    yield from _named(name, inner)
                if type(inner) not in _PLAIN:
                    pending.append(inner)


def exhibits_shown(body: Any) -> Iterator[tuple[ExhibitId, int | None]]:
    """Yield those that others than a court may be handed: a reference's media are its owner's."""
    if isinstance(body, Mapping):
        body = {name: part for name, part in body.items() if name != "reference_media"}
    return exhibits_in(body)


def exhibits_shown_by(body: Any) -> frozenset[ExhibitId]:
    """Return those; of a record that anybody may have appended, and that names what is none, none.

    A record in another form than ours names nothing that is shown.
    """
    try:
        return frozenset(exhibit for exhibit, _ in exhibits_shown(body))
    except EvidenceError:
        return frozenset()


def exhibits_named_by(body: Any) -> frozenset[ExhibitId]:
    """Return all that a record names, a reference's media, too; as :func:`exhibits_shown_by`."""
    try:
        return frozenset(exhibit for exhibit, _ in exhibits_in(body))
    except EvidenceError:
        return frozenset()


def _named(member: str, value: Any) -> Iterator[tuple[ExhibitId, int | None]]:
    for item in value if isinstance(value, list) else [value]:
        if item is None:
            continue
        size = item.get("size") if isinstance(item, Mapping) else None
        name = item.get("id") if isinstance(item, Mapping) else item
        if not isinstance(name, str) or not _DIGEST.fullmatch(name):
            raise EvidenceError(f"its {member} {str(name)[:80]!r} is not a valid digest")
        yield ExhibitId(name), size if isinstance(size, int) else None
