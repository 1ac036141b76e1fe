"""What a file of ours says twice: each object beside what our writer makes of what was read.

A field of an item stands in the standard's place, in our extension, or in both; a reader takes it
from one. So the package is written again, object by object, and compared with the file: a partner's
edit in the other place is refused if it is a fact, and else told, but never overheard.
"""

from __future__ import annotations

import marshal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import Any

from cautery.errors import InputError
from cautery.exchange.loss import WHOLE
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Package

Node = Mapping[str, Any]
Named = tuple[str, Node]
"""An object with its id."""

ALTERED = "it does not follow from what else the object says, which holds"
GONE = "Cautery writes it, and it is not in the file"
ADDED = "Cautery writes no such thing"
_NAMES = ("uuid", "@id", "id", "external_id", "name")
"""Members that tell one object in a list from the others; the first that it has."""
_NOTHING: tuple[Any, ...] = (None, False, "", [], {}, "0")
_TRUTHS = {"true": "true", "false": "false", "1": "true", "0": "false"}
_LONGEST = 80
"""Letters of a value in a sentence."""


class _Missing:
    """Nothing stands there."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


@dataclass(frozen=True, slots=True)
class Difference:
    """A member of an object that is not as our writer makes it.

    Parameters
    ----------
    name : str
        Id of the object.
    field : str
        Path of the member in it, without places in lists; ``*``: the whole object.
    holder : mapping
        What bears the member, as our writer makes it.
    ours, found : object
        The value as our writer makes it, and as it stands in the file.
    """

    name: str
    field: str
    holder: Node
    ours: Any
    found: Any

    @property
    def why(self) -> str:
        """Say what is the matter with it."""
        if self.found is MISSING:
            return GONE
        return ADDED if self.ours is MISSING else ALTERED


def part_of(package: Package, own: Mapping[ItemKey, Item]) -> Package:
    """Return what of a package objects of ours say: these items, and the relations between them."""
    links = (link for link in package.relations if link.source in own and link.target in own)
    return replace(package, items=tuple(own.values()), relations=tuple(links))


def settle(
    found: Iterable[Difference],
    file: str,
    tally: Tally,
    *,
    type_of: Callable[[Node], str],
    is_fact: Callable[[Difference], bool],
) -> None:
    """Refuse a file in which somebody changed a fact in one of its two places; tell all else.

    Raises
    ------
    InputError
        If what differs is a fact: who is right, nobody can tell.
    """
    for one in found:
        if is_fact(one):
            raise InputError(
                f"{file}: {one.name[:200]}: {one.field}: {_shown(one.found)} stands where "
                f"{_shown(one.ours)} follows from what else it says",
                hint="Somebody changed it in one of two places: ask the sender which holds.",
            )
        tally.note(type_of(one.holder), one.field, one.name, one.why)


def differences(
    ours: Iterable[Named],
    theirs: Iterable[Named],
    *,
    unsaid: frozenset[str] = frozenset(),
    resolve: Callable[[Any], Any] = lambda value: value,
    spelled: tuple[Callable[[Node], Node], Callable[[Node], Node]] | None = None,
) -> Iterator[Difference]:
    """Yield what differs between the objects that our writer makes and those of a file.

    Parameters
    ----------
    ours : iterable of (str, mapping)
        Objects of our writer, with their ids; those that are about to be needed lie in memory, so
        that a file in the same order takes none.
    theirs : iterable of (str, mapping)
        Objects of the file that may be ours. What has an id that is not ours is passed over.
    unsaid : frozenset of str
        Names of members that a partner's tool adds to each object, and that say nothing of it.
    resolve : callable
        A value as it stands in the file to the object that it refers to, for where our writer puts
        the object itself.
    spelled : (callable, callable), optional
        Make one spelling of an object of ours and of one of the file, where these are not equal.
    """
    compared = _Comparison(unsaid, resolve)
    waiting: dict[str, bytes] = {}
    done: set[str] = set()
    remaining = iter(ours)
    for name, node in theirs:
        if name in done:
            continue
        one = _awaited(name, remaining, waiting)
        if one is None:
            continue
        done.add(name)
        if one != node:
            pair = (spelled[0](one), spelled[1](node)) if spelled is not None else (one, node)
            for path, holder, value, other in compared.members(*pair, ""):
                yield Difference(name, path, holder, value, other)
    for name, packed in waiting.items():
        one = marshal.loads(packed)  # noqa: S302 - packed here
        yield Difference(name, WHOLE, one, one, MISSING)
    for name, one in remaining:
        yield Difference(name, WHOLE, one, one, MISSING)


def _awaited(name: str, remaining: Iterator[Named], waiting: dict[str, bytes]) -> Node | None:
    if name in waiting:
        packed: Node = marshal.loads(waiting.pop(name))  # noqa: S302 - packed here
        return packed
    for other, node in remaining:
        if other == name:
            return node
        waiting[other] = marshal.dumps(dict(node))
    return None


_Found = tuple[str, Node, Any, Any]
"""Path, what bears the member, and the value as ours and as found."""


class _Comparison:
    def __init__(self, unsaid: frozenset[str], resolve: Callable[[Any], Any]) -> None:
        self._unsaid, self._resolve = unsaid, resolve

    def members(self, ours: Node, theirs: Node, path: str) -> Iterator[_Found]:
        for name, value in ours.items():
            other = theirs.get(name, MISSING)
            if value != other:
                yield from self._values(ours, value, other, f"{path}{name}")
        for name in theirs:
            if name not in ours and name not in self._unsaid and theirs[name] not in _NOTHING:
                yield f"{path}{name}"[:_LONGEST], ours, MISSING, theirs[name]

    def _values(self, holder: Node, ours: Any, theirs: Any, path: str) -> Iterator[_Found]:
        if theirs is MISSING:
            yield path, holder, ours, theirs
        elif isinstance(ours, list | tuple) or isinstance(theirs, list):
            yield from self._lists(holder, _list(ours), _list(theirs), path)
        elif isinstance(ours, dict):
            other = self._resolve(theirs)
            if isinstance(other, dict):
                yield from self.members(ours, other, f"{path}.")
            else:
                yield path, holder, ours, theirs
        elif not is_alike(ours, theirs):
            yield path, holder, ours, theirs

    def _lists(
        self, holder: Node, ours: list[Any], theirs: list[Any], path: str
    ) -> Iterator[_Found]:
        """Yield what differs between lists; their order says nothing."""
        named: dict[str, deque[Any]] = {}
        for other in theirs:
            named.setdefault(_name(other), deque()).append(other)
        alone = []
        for one in ours:
            if found := named.get(_name(one)):
                other = found.popleft()
                if one != other:
                    yield from self._values(holder, one, other, path)
            else:
                alone.append(one)
        others = [other for found in named.values() for other in found]
        for one, other in zip_longest(alone, others, fillvalue=MISSING):
            if isinstance(one, dict) and isinstance(other, dict):
                yield from self.members(one, other, f"{path}.")
            else:
                yield path, one if isinstance(one, dict) else holder, one, other


def is_alike(ours: object, theirs: object) -> bool:
    """Tell whether two values say the same: times and numbers may be spelled in several ways.

    Examples
    --------
    >>> is_alike("2026-11-30T12:00:00Z", "2026-11-30T13:00:00.000+01:00"), is_alike(1.0, "1")
    (True, True)
    >>> is_alike("2026-11-30T12:00:00Z", "2026-11-30T12:00:01Z"), is_alike(True, "0")
    (False, False)
    """
    if ours == theirs:
        return True
    one, other = str(ours), str(theirs)
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return _TRUTHS.get(one.lower(), one) == _TRUTHS.get(other.lower(), other)
    try:
        if one[10:11] == "T" and one[4:5] == "-":
            return datetime.fromisoformat(one) == datetime.fromisoformat(other[:_LONGEST])
        return one == other or float(one) == float(other)
    except (ValueError, TypeError, OverflowError):
        return False


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _name(value: Any) -> str:
    if isinstance(value, dict):
        return next((f"{name} {value[name]}" for name in _NAMES if name in value), "")
    return str(value)


def _shown(value: Any) -> str:
    text = str(value)
    return ascii(text)[1:-1] if len(text) <= _LONGEST else f"{ascii(text[:_LONGEST])[1:-1]} ..."
