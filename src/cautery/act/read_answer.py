"""Read what an access provider's agent says of a version: a claim, within bounds.

Format: docs/reference/block-list.md, "Requests".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import Digest, Effect, RefusedEntry

MOST_BYTES = 2 << 20
MOST_REFUSED = 10_000
_LONGEST = 500
_MEMBERS = frozenset(
    ("list", "version", "digest", "effect", "applied_at", "reason", "refused")
)  # fmt: skip
_MOST_VERSION = 1 << 53
"""Beyond it numbers of JSON are not exact everywhere (RFC 7493, 2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOfAgent:
    """What an agent says of a version of its list.

    Parameters
    ----------
    list_id : str
        The list.
    version, digest
        The version that it is about; ``None``: the agent holds none.
    effect : Effect
        What it says it did.
    applied_at : datetime or None
        When it says it applied the version, in UTC; ``None``: not stated.
    reason : str or None
        Its reason; ``None``: not stated.
    refused : tuple of RefusedEntry
        What it does not apply.
    """

    list_id: str
    version: int | None
    digest: Digest | None
    effect: Effect
    applied_at: datetime | None
    reason: str | None
    refused: tuple[RefusedEntry, ...]


def read_answer(body: bytes) -> AnswerOfAgent:
    """Read an acknowledgement.

    Raises
    ------
    InputError
        If it does not have the form that the reference states.
    """
    if len(body) > MOST_BYTES:
        raise InputError(f"an acknowledgement of over {MOST_BYTES} bytes")
    try:
        fields = parsed_json(body)
    except ValueError as error:
        raise InputError("not valid JSON") from error
    if not isinstance(fields, dict) or fields.keys() != _MEMBERS:
        raise InputError(f"its members are not {', '.join(sorted(_MEMBERS))}")
    version, digest = fields["version"], fields["digest"]
    if version is not None and (type(version) is not int or not 0 < version < _MOST_VERSION):
        raise InputError("version is not a whole number from 1 on")
    if digest is not None and not _is_text(digest, most=71):
        raise InputError("digest is not a digest")
    try:
        effect = Effect(fields["effect"])
    except ValueError as error:
        raise InputError("effect is none that is known") from error
    if not _is_text(fields["list"]):
        raise InputError("list is not a text")
    return AnswerOfAgent(
        list_id=fields["list"],
        version=version,
        digest=None if digest is None else Digest(digest),
        effect=effect,
        applied_at=_moment(fields["applied_at"]),
        reason=None if fields["reason"] is None else _printable(fields["reason"]),
        refused=tuple(_refused(fields["refused"])),
    )


def _refused(rows: Any) -> Iterator[RefusedEntry]:
    if not isinstance(rows, list) or len(rows) > MOST_REFUSED:
        raise InputError(f"refused is not a list of at most {MOST_REFUSED} entries")
    for row in rows:
        if not isinstance(row, dict):
            raise InputError("an entry of refused is not an object")
        yield RefusedEntry(
            target=_printable(row.get("target")),
            rule=_printable(row.get("rule")),
            reason=_printable(row.get("reason")),
        )


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text)[:40])
        if moment.tzinfo is None:
            raise InputError("applied_at has no time zone")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError("applied_at is not a valid time") from error


def _is_text(value: Any, *, most: int = _LONGEST) -> bool:
    return isinstance(value, str) and len(value) <= most and value.isprintable()


def _printable(value: Any) -> str:
    if not isinstance(value, str):
        raise InputError("a text is missing")
    return "".join(letter if letter.isprintable() else "?" for letter in value[:_LONGEST])
