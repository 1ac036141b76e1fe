"""What one agency may see of an operation's case, as items: made of the bundle for it, and no more.

So what is hidden from it changes no byte. Each statement keeps its provider, marking, kind and
evaluation; its id and who else is named in it stay here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.exchange.shape import MOST_ITEMS
from cautery.model import LedCategory, Marking, Pap, Statement, Tlp, ascii_name
from cautery.model.exchange import ItemKey, ItemKind, RelationKind
from cautery.model.ids import check_id
from cautery.model.marking import strictest
from cautery.operation.bundle import Bundle
from cautery.projections.mandate import case_id
from cautery.workflows.exchange.gathering import Gathered, Gathering, digests, sentence
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.share import would_share

EMPTY_MARKING = Marking(tlp=Tlp.AMBER, pap=Pap.AMBER)
"""Of a package in which nothing is."""
_KINDS = {
    "host": ItemKind.HOST,
    "domain": ItemKind.HOST,
    "address": ItemKind.ADDRESS,
    "ip": ItemKind.ADDRESS,
    "panel": ItemKind.PANEL,
    "playlist": ItemKind.PLAYLIST,
    "storefront": ItemKind.STOREFRONT,
    "reseller": ItemKind.RESELLER,
    "origin": ItemKind.FEED,
    "encoder": ItemKind.FEED,
    "source": ItemKind.FEED,
    "feed": ItemKind.FEED,
    "stream": ItemKind.STREAM,
}
"""By the kind of an asset; any other is an asset of its own kind."""
_RELATIONS = {
    "serves": RelationKind.SERVES,
    "resolves-to": RelationKind.RESOLVES_TO,
    "feeds": RelationKind.FEEDS,
    "sells": RelationKind.SELLS,
    "shares": RelationKind.SHARES,
    "shows": RelationKind.SHARES,
    "part-of": RelationKind.PART_OF,
}
_OF_PEOPLE = frozenset({"contact", "registrant"})
"""Traits of a host that lead to a person."""
_PLACED = frozenset(
    (
        *("id", "kind", "value", "role", "country", "traits", "untouchable", "source", "target"),
        *("relation", "pseudonym", "category", "runs", "corrects", "before", "withdrawn"),
        "account",
    )
)
"""Details that have a place in items and relations, or that are a person's."""
_SHORT = frozenset({"role", "country", "untouchable"})
"""Details that have a place if they are short texts."""
_NO_WORDS = "details that are no short text"
_WORDS = {"needs": "group of needs", "k": "needed of the group"}
_LONGEST_NAME = 500


def of_operation(desk: Desk, to: str, *, at: datetime) -> tuple[Gathered, Bundle]:
    """Return what an agency may see of an operation's case, and the bundle that it is made of.

    Parameters
    ----------
    to : str
        An agency at the table.
    at : datetime
        Now, in UTC.

    Raises
    ------
    InputError
        If the agency is not at the table, or may see more than a package can have.
    """
    bundle = would_share(desk, to, at=at, everything=True, most=MOST_ITEMS)
    if len(bundle.rows) == MOST_ITEMS:
        raise InputError(f"{to} may see more statements than a package has ({MOST_ITEMS:,})")
    gathered = gathered_of(
        bundle.statements,
        id_=case_id(desk.opening.key),
        name=desk.operation.id,
        by=desk.agency.id,
        begun=desk.operation.opened_at,
    )
    return gathered, bundle


def gathered_of(
    statements: Iterable[Statement], *, id_: str, name: str, by: str, begun: datetime
) -> Gathered:
    """Return statements as a package; it is as of the newest of them.

    The newest statement of a provider about an asset or a person is its item. What the provider
    stated of it before, and what is about a payment or a plan, is an item of its own, about it,
    under the id of the first statement that it corrects.

    Parameters
    ----------
    id_, name : str
        Of the case.
    by : str
        Whose case it is.
    begun : datetime
        When the operation was opened: as of when a package is that says nothing.
    """
    ordered = sorted(
        statements, key=lambda one: (not _is_withdrawn(one), one.at, one.by, one.id), reverse=True
    )
    whole = strictest(statement.marking for statement in ordered) or EMPTY_MARKING
    gathering = Gathering(by=by, marking=whole)
    # What is described comes before what only names it; what stands, before what was withdrawn.
    for about, add in _ADDS.items():
        for statement in ordered:
            if (statement.about if statement.about in _ADDS else _OTHER) == about:
                add(gathering, statement)
                gathering.stays.update(_unplaced(statement))
    package = gathering.package(
        id_=id_,
        name=name,
        made_at=max((statement.at for statement in ordered), default=begun),
        marking=whole,
    )
    return Gathered(package=package, stays=gathering.stays)


def _unplaced(statement: Statement) -> Iterator[str]:
    """Yield why a detail of a statement stays, for each one that does."""
    for name, value in statement.details.items():
        if name == "account":
            yield "accounts of payments"
        elif name == "traits" and isinstance(value, Mapping):
            traits = [trait for key, trait in value.items() if key not in _OF_PEOPLE]
            yield from (_NO_WORDS for trait in traits if not _is_short(trait))
        elif name in _SHORT or name not in _PLACED:
            is_word = isinstance(value, int | float) and name not in _SHORT
            if not (value is None or is_word or _is_short(value)):
                yield _NO_WORDS


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME


def _add_asset(gathering: Gathering, statement: Statement) -> None:
    kind, name = _item_of(statement.subject)
    if (key := ItemKey(kind, name, statement.by)) in gathering.items:
        _add_words(gathering, statement, about=key)
        return
    untouchable = _text(statement, "untouchable")
    gathering.add(
        kind,
        name,
        text=sentence(
            statement.text,
            "" if untouchable is None else f"do not act on it: {untouchable}",
            *_details(statement),
        ),
        role=_text(statement, "role"),
        **_common(statement),
    )
    traits = statement.details.get("traits")
    for trait, value in sorted(traits.items()) if isinstance(traits, Mapping) else ():
        if trait in _OF_PEOPLE:
            gathering.stays["traits of hosts that lead to people"] += 1
        elif isinstance(value, str) and value.strip():
            relation = RelationKind.RESOLVES_TO if trait == "address" else RelationKind.SHARES
            _relate(gathering, statement, relation, key, f"{trait}:{value}", text=str(trait))


def _add_person(gathering: Gathering, statement: Statement) -> None:
    key = ItemKey(ItemKind.PERSON, statement.subject, statement.by)
    category = _category(statement)
    if key in gathering.items or category is None:
        _add_words(gathering, statement, about=key if key in gathering.items else None)
        return
    gathering.add(
        ItemKind.PERSON,
        statement.subject,
        text=statement.text,
        role=_text(statement, "role"),
        category=category,
        **_common(statement),
    )
    runs = statement.details.get("runs")
    for asset in runs if isinstance(runs, list | tuple) else ():
        if isinstance(asset, str):
            _relate(gathering, statement, RelationKind.RELATED_TO, key, asset, text="runs")


def _add_link(gathering: Gathering, statement: Statement) -> None:
    if not _is_link(statement):
        _add_words(gathering, statement)
        return
    word = _text(statement, "relation") or "link"
    kind = _RELATIONS.get(word, RelationKind.RELATED_TO)
    source = _end(gathering, statement, str(statement.details["source"]))
    target = _end(gathering, statement, str(statement.details["target"]))
    if source is None or target is None or (kind, source, target) in gathering.relations:
        # Another statement says so, under a marking of its own.
        _add_words(gathering, statement, about=source)
        return
    said = kind is not RelationKind.RELATED_TO or word in statement.text
    text = sentence("" if said else word, statement.text, *_details(statement))
    gathering.relate(kind, source, target, at=statement.at, text=text, **_link(statement))


def _is_link(statement: Statement) -> bool:
    ends = statement.details.get("source"), statement.details.get("target")
    return all(isinstance(end, str) and end.strip() for end in ends)


def _add_words(gathering: Gathering, statement: Statement, about: ItemKey | None = None) -> None:
    """Add a statement for which no other kind fits, and what it is about."""
    key = gathering.add(
        ItemKind.STATEMENT,
        _first_id(statement),
        text=sentence(statement.text, *_details(statement)),
        role=statement.about,
        **_common(statement),
    )
    if about is None and ":" in statement.subject:
        about = _end(gathering, statement, statement.subject)
    gathering.relate(RelationKind.ABOUT, key, about, at=statement.at, **_link(statement))


def _first_id(statement: Statement) -> str:
    """Return the id of what a statement corrects, or its own: who has that lets go of that."""
    before = statement.details.get("before")
    first = before[0] if isinstance(before, list | tuple) and before else None
    for earlier in (first, statement.details.get("corrects")):
        if isinstance(earlier, str):
            with suppress(InputError):  # another agency may write anything there
                check_id("statement", earlier)
                return earlier
    return statement.id


_OTHER = ""
_ADDS: Mapping[str, Callable[[Gathering, Statement], None]] = {
    "asset": _add_asset,
    "person": _add_person,
    "link": _add_link,
    _OTHER: _add_words,
}
"""By what a statement is about, how it is added; in this order."""


def _relate(
    gathering: Gathering,
    statement: Statement,
    kind: RelationKind,
    source: ItemKey | None,
    target: str,
    *,
    text: str,
) -> None:
    gathering.relate(
        kind,
        source,
        _end(gathering, statement, target),
        at=statement.at,
        text=text,
        **_link(statement),
    )


def _end(gathering: Gathering, statement: Statement, name: str) -> ItemKey | None:
    """Return the item of what a statement names: its provider's, or one that says nothing more."""
    kind, id_ = _item_of(name)
    common = _common(statement) | {"exhibits": (), "revoked": False}
    common["country"] = None
    return gathering.add(kind, id_, **common)


def _item_of(subject: str) -> tuple[ItemKind, str]:
    """Return the kind and the id of the item that a subject is."""
    kind, colon, value = subject.partition(":")
    found = _KINDS.get(kind) if colon and value else None
    if found is ItemKind.ADDRESS:
        try:
            return found, str(ipaddress.ip_address(value))
        except ValueError:
            return ItemKind.ASSET, subject
    if found is ItemKind.HOST:
        try:
            return found, ascii_name(value).rstrip(".") or value
        except UnicodeError:
            return ItemKind.ASSET, subject
    if found is ItemKind.STREAM and "://" not in value:
        found = None
    return (ItemKind.ASSET, subject) if found is None else (found, value)


def _common(statement: Statement) -> dict[str, Any]:
    return {
        "at": statement.at,
        "by": statement.by,
        "marking": statement.marking,
        "statement": statement.kind,
        "revoked": _is_withdrawn(statement),
        "country": _text(statement, "country"),
        "exhibits": digests(statement.exhibits),
    }


def _link(statement: Statement) -> dict[str, Any]:
    return {
        "marking": statement.marking,
        "revoked": _is_withdrawn(statement),
        "exhibits": digests(statement.exhibits),
    }


def _is_withdrawn(statement: Statement) -> bool:
    return statement.details.get("withdrawn") is True


def _details(statement: Statement) -> Iterator[str]:
    """Yield the details of a statement for which an item has no place, in words."""
    for name, value in sorted(statement.details.items()):
        if name not in _PLACED and isinstance(value, str | int | float):
            yield f"{_WORDS.get(name, name)}: {str(value)[:_LONGEST_NAME]}"


def _category(statement: Statement) -> LedCategory | None:
    try:
        return LedCategory(str(statement.details.get("category")))
    except ValueError:  # whoever states a person without one states words
        return None


def _text(statement: Statement, name: str) -> str | None:
    """Return a detail of a statement that is a short text; ``None``: it has none."""
    value = statement.details.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_NAME:
        return None
    return value
