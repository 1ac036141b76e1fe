"""What the records of a desk hold at least that are read as they stand, without a noun.

Whoever has the file can append a record; one that has not the shape of its kind is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from cautery.model import from_json
from cautery.model.evidence import Json

_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "operation.opened": {"key": str},
    "operation.joined": {"agency": str, "at": datetime},
    "operation.shared": {"to": str, "statements": list[tuple[str, str]]},
    "operation.cut": {"method": str},
    "operation.trace": {"hops": int, "holdings": list[Any]},
    "operation.hours": {"hours": dict[str, tuple[time, time]]},
    "operation.probed": {"dark": list[str]},
    "operation.received": {"from": str, "digest": str, "exhibit": str, "key": str},
    "operation.refused": {"digest": str, "why": str},
    "operation.deconfliction": {
        "session": str,
        "step": int,
        "sent": bool,
        "with": str,
        "size": int,
        "digest": str,
        "exhibit": str,
    },
    "operation.deconflicted": {"session": str, "with": str, "shared": list[str]},
}
_WHERE_THERE: Mapping[str, Mapping[str, Any]] = {
    "operation.shared": {"permissions": list[str]},
    "operation.received": {"refused": list[dict[str, str]]},
    "operation.deconfliction": {"run": dict[str, str]},
}
"""Members that may be missing, or null."""


def check_shape(kind: str, body: Json) -> None:
    """Check that a record has the members of its kind that are read.

    Raises
    ------
    InputError, KeyError
        If it has not.
    """
    for name, noun in _SHAPES.get(kind, {}).items():
        from_json(noun, body[name])
    for name, noun in _WHERE_THERE.get(kind, {}).items():
        if body.get(name) is not None:
            from_json(noun, body[name])
