"""What a format did not keep of a package: the package before, compared with what is read again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from cautery.model.exchange import Item, ItemKey, Package, Relation

WHOLE = "*"
"""As a field: the whole item or relation is gone, or one is there that was not."""
_UNSET: tuple[object, ...] = (None, (), frozenset(), "", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One field of one kind of noun that did not come back as it left.

    Parameters
    ----------
    noun : str
        ``stream``, ``block``, ``relation part-of``, ``package`` ...
    field : str
        ``valid_until``, ``marking.handling`` ...; ``*``: the whole of it.
    count : int
        Of how many.
    altered : int
        How many of these came back with another value; the others came back without one.
    example : str
        The key of one of them.
    why : str
        What the profile of the consumer says of it; empty: nobody foresaw it.
    """

    noun: str
    field: str
    count: int
    altered: int
    example: str
    why: str = ""


def losses(
    before: Package, after: Package, *, foreseen: Mapping[tuple[str, str], str] | None = None
) -> tuple[Loss, ...]:
    """Return what of a package is gone or altered in another, counted by noun and field.

    Parameters
    ----------
    before, after : Package
        As it left, and as it was read again.
    foreseen : mapping of (noun, field) to str, optional
        Why a consumer does not keep a field; ``*`` as a noun or field stands for each.

    Returns
    -------
    tuple of Loss
        Sorted by noun and field; empty: the two are equal.
    """
    tally: dict[tuple[str, str], _Tally] = {}

    def note(noun: str, field: str, example: str, *, altered: bool) -> None:
        tally.setdefault((noun, field), _Tally(example)).add(altered=altered)

    for field, old, new in _differences(_header(before), _header(after)):
        note("package", field, before.id, altered=new not in _UNSET or old in _UNSET)
    items, again = _by_key(before.items), _by_key(after.items)
    moved = _moved(items, again)
    _compare({moved.get(key, key): item for key, item in items.items()}, again, note)
    relations = _by_key(_follow(relation, moved) for relation in before.relations)
    _compare(relations, _by_key(after.relations), note)
    reasons = foreseen or {}
    return tuple(
        Loss(
            noun=noun,
            field=field,
            count=of_it.count,
            altered=of_it.altered,
            example=of_it.example,
            why=_reason(reasons, noun, field),
        )
        for (noun, field), of_it in sorted(tally.items())
    )


@dataclass(slots=True)
class _Tally:
    example: str
    count: int = 0
    altered: int = 0

    def add(self, *, altered: bool) -> None:
        self.count += 1
        self.altered += altered


def _by_key(nouns: Iterable[Any]) -> dict[Any, Any]:
    return {noun.key: noun for noun in nouns}


def _moved(before: Mapping[ItemKey, Item], after: Mapping[ItemKey, Item]) -> dict[ItemKey, ItemKey]:
    """Return the new keys of items whose key is another: of a block without its order, say.

    Where two items of one subject are gone, nobody knows which of them a new one was.
    """
    gone = _alone(item for key, item in before.items() if key not in after)
    new = _alone(item for key, item in after.items() if key not in before)
    return {gone[subject]: new[subject] for subject in gone.keys() & new.keys()}


def _alone(items: Iterable[Item]) -> dict[tuple[str, str, str], ItemKey]:
    """Return the keys of those items of which there is one of its kind, subject and provider."""
    keys: dict[tuple[str, str, str], list[ItemKey]] = {}
    for item in items:
        keys.setdefault((item.kind, item.id, item.by), []).append(item.key)
    return {subject: found[0] for subject, found in keys.items() if len(found) == 1}


def _follow(relation: Relation, moved: Mapping[ItemKey, ItemKey]) -> Relation:
    """Return a relation between the new keys: what moved is a loss of its item alone."""
    source = moved.get(relation.source, relation.source)
    target = moved.get(relation.target, relation.target)
    if (source, target) == (relation.source, relation.target):
        return relation
    return replace(relation, source=source, target=target)


def _compare(before: Mapping[Any, Any], after: Mapping[Any, Any], note: Any) -> None:
    for key, one in before.items():
        other = after.get(key)
        if other is None:
            note(_noun(one), WHOLE, _name(one), altered=False)
        elif one != other:
            for field, was, is_now in _differences(one, other):
                altered = is_now not in _UNSET or was in _UNSET
                note(_noun(one), field, _name(one), altered=altered)
    for key, other in after.items():
        if key not in before:  # something that nobody sent
            note(_noun(other), WHOLE, _name(other), altered=True)


def _differences(one: Any, other: Any, within: str = "") -> Iterator[tuple[str, Hashable, Any]]:
    """Yield (field, before, after) of what differs, into nouns of nouns."""
    for field in fields(one):
        was, is_now = getattr(one, field.name), getattr(other, field.name)
        if was == is_now:
            continue
        name = f"{within}{field.name}"
        if is_dataclass(was) and type(was) is type(is_now):
            yield from _differences(was, is_now, f"{name}.")
        else:
            yield name, was, is_now


@dataclass(frozen=True, slots=True)
class _Header:
    """A package without what is in it."""

    id: str
    name: str
    by: str
    made_at: object
    marking: object


def _header(package: Package) -> _Header:
    return _Header(package.id, package.name, package.by, package.made_at, package.marking)


def _noun(one: Item | Relation) -> str:
    return str(one.kind) if isinstance(one, Item) else f"relation {one.kind}"


def _name(one: Item | Relation) -> str:
    if isinstance(one, Item):
        return str(one.key)
    return f"{one.source} {one.kind} {one.target}"


def _reason(reasons: Mapping[tuple[str, str], str], noun: str, field: str) -> str:
    outer = field.partition(".")[0]
    for name in ((noun, field), (noun, outer), ("*", field), ("*", outer), (noun, WHOLE)):
        if name in reasons:
            return reasons[name]
    return ""
