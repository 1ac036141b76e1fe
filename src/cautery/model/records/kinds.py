"""The type of each kind of record: the one place where a record's JSON gets its type.

A kind is spelled as the ledger files it: ``probe.done`` is its first version, ``probe.done/2``
would be its second. A new version begins where a member changes its meaning or goes away; a new
member with a default needs none. So a Cautery that does not know a kind, or knows only an earlier
version of it, keeps the record, shows it as it stands, and never misreads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cautery.errors import InputError
from cautery.model.evidence import Json
from cautery.model.records import (
    access,
    acting,
    action_day,
    alerting,
    backing_up,
    case,
    complaining,
    decoys,
    exporting,
    following,
    importing,
    inquiry,
    mapping,
    nodes,
    noticing,
    offers,
    operation,
    outside,
    persons,
    scoring,
    seasons,
    seized,
    sources,
    watching,
)
from cautery.model.wire import MISSHAPEN, from_json

KINDS: Mapping[str, type] = {
    **case.KINDS,
    **watching.KINDS,
    **nodes.KINDS,
    **scoring.KINDS,
    **sources.KINDS,
    **offers.KINDS,
    **mapping.KINDS,
    **acting.KINDS,
    **noticing.KINDS,
    **complaining.KINDS,
    **operation.KINDS,
    **inquiry.KINDS,
    **persons.KINDS,
    **action_day.KINDS,
    **seized.KINDS,
    **outside.KINDS,
    **access.KINDS,
    **backing_up.KINDS,
    **alerting.KINDS,
    **seasons.KINDS,
    **decoys.KINDS,
    **following.KINDS,
    **exporting.KINDS,
    **importing.KINDS,
}
"""By kind, the type of its records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownRecord:
    """A record of a kind, or of a version of a kind, that this Cautery does not know."""

    kind: str
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class MisshapenRecord:
    """A record that does not have the shape of its kind: anybody who has the file can append one.

    Parameters
    ----------
    why : str
        The first member that does not fit, and how.
    """

    kind: str
    body: Json
    why: str


def typed(kind: str, body: Json, *, size: int | None = None) -> Any:
    """Return what a record says, as the type of its kind.

    It never fails: what does not fit is an :class:`UnknownRecord` or a :class:`MisshapenRecord`.

    Parameters
    ----------
    size : int or None
        Bytes of the record's leaf, where they are known (:func:`~cautery.model.wire.from_json`).
    """
    shape = KINDS.get(kind)
    if shape is None:
        return UnknownRecord(kind=kind, body=body)
    try:
        return from_json(shape, body, size=size)
    except MISSHAPEN as error:
        return MisshapenRecord(kind=kind, body=body, why=str(error))


def kind_of(content: object) -> str:
    """Return the kind under which a typed record is filed.

    Raises
    ------
    InputError
        If no kind of record has this type.
    """
    if isinstance(content, UnknownRecord):
        return content.kind
    return kind_of_type(type(content))


def kind_of_type(shape: type) -> str:
    """Return the kind whose records have this type.

    Raises
    ------
    InputError
        If none has.
    """
    kind = _by_type().get(shape)
    if kind is None:
        raise InputError(f"{shape.__name__} is not a kind of record")
    return kind


@cache
def _by_type() -> Mapping[type, str]:
    return {shape: kind for kind, shape in KINDS.items()}


def kinds_of(*shapes: type) -> tuple[str, ...]:
    """Return the kinds of some types, for :meth:`Ledger.read`."""
    return tuple(map(kind_of_type, shapes))
