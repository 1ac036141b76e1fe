"""Objects of our templates, read as the items and relations that they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.exchange.misp._fields import (
    BY,
    EXHIBIT,
    H3_TEXT,
    HANDLING,
    INTERVAL_PLACES,
    ITEM_PLACES,
    KIND,
    KINDS,
    RELATION_PLACES,
    SUBJECTS,
    WITHDRAWN,
    fields_of,
    interval_of,
)
from cautery.exchange.misp._heads import Head, attributes_of, is_deleted, tags_in, text_at
from cautery.exchange.misp._tags import Marks, marks_of
from cautery.exchange.misp._texts import moment_of, words_of
from cautery.exchange.tally import Tally
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import Item, ItemKey, Relation
from cautery.model.marking import HandlingCode

_OF_ITEMS = frozenset(
    (
        *(
            place.relation
            for place in (*ITEM_PLACES, *INTERVAL_PLACES, BY, H3_TEXT, HANDLING, EXHIBIT)
        ),
        *SUBJECTS,
        WITHDRAWN,
    )
)
_OF_RELATIONS = frozenset(
    (
        *(place.relation for place in (*RELATION_PLACES, KIND, H3_TEXT, HANDLING, EXHIBIT)),
        "source",
        "target",
    )
)


@dataclass(frozen=True, slots=True)
class Link:
    """A relation between two uuids, whose items may stand further on in the file."""

    source: str
    target: str
    fields: Mapping[str, Any]
    where: str

    def between(self, keys: Mapping[str, ItemKey]) -> Relation:
        """Return the relation of the items that have the uuids.

        Raises
        ------
        InputError
            If one of them is no item of the file.
        """
        for uuid in (self.source, self.target):
            if uuid not in keys:
                raise InputError(f"{self.where}: it names {uuid[:36]!r}, which no item of it is")
        return Relation(source=keys[self.source], target=keys[self.target], **self.fields)


@dataclass(slots=True)
class _Values:
    """The attributes of one object."""

    first: dict[str, Any]
    deleted: dict[str, Any]
    exhibits: list[ExhibitId]
    marks: Marks


def item_of(value: Mapping[str, Any], head: Head, where: str, tally: Tally) -> Item:
    """Return the item that an object of ours says.

    Raises
    ------
    InputError
        If it says none, or its marking cannot be read.
    """
    try:
        values = _values(value, head, where, tally, _OF_ITEMS)
        fields = fields_of(values.first, ITEM_PLACES)
        name, is_binned = _subject(values)
        if is_binned or is_deleted(value):
            fields["revoked"] = True
        h3_text = fields_of(values.first, (H3_TEXT,)).get("h3_text")
        by = fields_of(values.first, (BY,)).get("by")
        return Item(
            kind=KINDS[text_at(value, "name")],
            id=name,
            by=by or head.by,
            marking=head.marking(values.marks, h3_text, where),
            interval=interval_of(values.first),
            exhibits=tuple(sorted(set(values.exhibits))),
            **({"at": _stated(value, head)} | fields),
        )
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    except InputError as error:
        raise InputError(_placed(error, where), hint=error.hint) from error


def link_of(value: Mapping[str, Any], head: Head, where: str, tally: Tally) -> Link:
    """Return the relation that an object of ours says.

    Raises
    ------
    InputError
        If it says none, or its marking cannot be read.
    """
    try:
        values = _values(value, head, where, tally, _OF_RELATIONS)
        h3_text = fields_of(values.first, (H3_TEXT,)).get("h3_text")
        fields = {
            "at": _stated(value, head),
            **fields_of(values.first, RELATION_PLACES),
            **fields_of(values.first, (KIND,), required=True),
            "marking": head.marking(values.marks, h3_text, where),
            "exhibits": tuple(sorted(set(values.exhibits))),
        }
        if is_deleted(value):
            fields["revoked"] = True
        ends = (words_of(values.first.get(name, "")).lower() for name in ("source", "target"))
        source, target = ends
        return Link(source, target, fields, where)
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    except InputError as error:
        raise InputError(_placed(error, where), hint=error.hint) from error


def _values(
    value: Mapping[str, Any], head: Head, where: str, tally: Tally, known: frozenset[str]
) -> _Values:
    first: dict[str, Any] = {}
    deleted: dict[str, Any] = {}
    exhibits: list[ExhibitId] = []
    tags: list[str] = []
    codes: set[HandlingCode] = set()
    for attribute in attributes_of(value, where):
        relation = text_at(attribute, "object_relation")
        if "Tag" in attribute or "AttributeTag" in attribute:
            tags += tags_in(attribute, where)
        if relation not in known:
            tally.note(text_at(value, "name"), relation, where)
        elif is_deleted(attribute):
            deleted.setdefault(relation, attribute.get("value"))
        elif relation == HANDLING.relation:
            codes.add(HANDLING.read(attribute.get("value")))
        elif relation == EXHIBIT.relation:
            exhibits.append(ExhibitId(EXHIBIT.read(attribute.get("value"))))
        elif relation in first and first[relation] != attribute.get("value"):
            raise ValueError(f"its {relation} stands there twice, with two values")
        else:
            first[relation] = attribute.get("value")
    marks = marks_of(tuple(tags), is_first=head.is_first).with_codes(codes)
    for name in marks.others:
        if not name.startswith("iptv-supply:"):
            tally.note("Tag", name.partition(":")[0], where)
    return _Values(first, deleted, exhibits, marks)


def _subject(values: _Values) -> tuple[str, bool]:
    """Return the id of the item, and whether nothing names it any more but a deleted attribute.

    Of what we took back, a text keeps the target; whoever deletes a target in MISP leaves none.
    """
    for found in (values.first, values.deleted):
        is_binned = found is values.deleted
        for relation in SUBJECTS:
            if (value := found.get(relation)) is not None:
                words = words_of(value)
                return f"sha256:{words}" if relation == "digest" else words, is_binned
        if (value := found.get(WITHDRAWN)) is not None:
            return words_of(value), is_binned
    raise ValueError(f"it names nothing: one of {', '.join(SUBJECTS)} is needed")


def has_binned_subject(value: Mapping[str, Any]) -> bool:
    """Tell whether nothing names the subject of an object of ours but deleted attributes."""
    naming = [
        attribute
        for attribute in attributes_of(value, "")
        if text_at(attribute, "object_relation") in (*SUBJECTS, WITHDRAWN)
    ]
    return all(map(is_deleted, naming))


def _stated(value: Mapping[str, Any], head: Head) -> datetime:
    """Return when an object was changed, for one that does not say when it was stated."""
    if (stamp := value.get("timestamp")) not in (None, "", "0", 0):
        return moment_of(stamp)
    return head.at


def _placed(error: InputError, where: str) -> str:
    words = str(error)
    return words if words.startswith(where) else f"{where}: {words}"
