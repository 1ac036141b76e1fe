"""Objects of ours in an event, compared with what the writer makes of their items.

A tool of MISP edits what it shows: the subject's value and its ``to_ids``, an object's times, tags,
sightings. Our reader takes most fields from the attributes of our templates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from cautery.exchange.copies import MISSING, Difference, Named, Node, differences, part_of, settle
from cautery.exchange.json_walk import walk
from cautery.exchange.misp._fields import KINDS, PACKAGE, RELATION, SUBJECTS, WITHDRAWN
from cautery.exchange.misp._heads import Head, is_deleted, is_open, split, text_at
from cautery.exchange.misp._write import event_of
from cautery.exchange.tally import Tally
from cautery.model.exchange import Item, ItemKey, Package

_OF_OURS = frozenset({*KINDS, PACKAGE, RELATION})
_EVENT = "event"
_FACTS = frozenset(
    {
        "first_seen",
        "last_seen",
        "Attribute.first_seen",
        "Attribute.last_seen",
        "Attribute.to_ids",
        "Attribute.deleted",
        "Attribute.type",
        "Attribute.value",
    }
)
"""What MISP shows and acts on: it must say what our attributes say."""
_UNSAID = frozenset(
    [
        *("id", "event_id", "object_id", "attribute_id", "attribute_uuid", "org_id", "orgc_id"),
        *("user_id", "sharing_group_id", "source_uuid", "referenced_id", "referenced_type"),
        *("Object", "Org", "Organisation", "Event", "description", "category"),
        *("colour", "exportable", "hide_tag", "local", "numerical_value"),
        *("is_galaxy", "is_custom_galaxy", "attribute_count", "publish_timestamp"),
        *("sighting_timestamp", "locked", "extends_uuid", "proposal_email_lock"),
        *("event_creator_email", "protected", "CryptographicKey"),
    ]
)
"""Numbers, settings and the usual category, which a MISP gives what it holds."""


def check_copies(
    raw: bytes,
    head: Head,
    package: Package,
    own: Mapping[ItemKey, Item],
    tally: Tally,
    *,
    binned: Collection[str],
) -> None:
    """Compare an event of ours with what the writer makes of the items that were read of it.

    Parameters
    ----------
    own : mapping of ItemKey to Item
        What its objects say, but for those that are not compared.
    binned : collection of str
        Ids of those: somebody deleted their subject in MISP.

    Raises
    ------
    InputError
        If somebody changed a fact in one of its two places.
    """
    whole = part_of(package, own)
    event, objects = event_of(whole)
    del event["Attribute"]
    settle(
        differences(_named(event, objects), _found(raw, head, binned), unsaid=_UNSAID),
        head.file,
        tally,
        type_of=_type_of,
        is_fact=_is_fact,
    )


def _named(event: Node, objects: Iterable[Node]) -> Iterator[Named]:
    yield _EVENT, event
    for value in objects:
        yield str(value["uuid"]), value


def _found(raw: bytes, head: Head, binned: Collection[str]) -> Iterator[Named]:
    """Yield the event without its lists, and its objects of ours; what MISP deleted is read so."""
    yield _EVENT, head.values
    for path, value in walk(raw, head.file, is_open, is_checked=True):
        outer, inner = split(path)
        is_ours = outer == head.path and inner[:1] == ("Object",) and len(inner) > 1
        if not is_ours or text_at(value, "name") not in _OF_OURS or is_deleted(value):
            continue
        if (uuid := text_at(value, "uuid").lower()) not in binned:
            yield uuid, value


def _type_of(holder: Node) -> str:
    return text_at(holder, "name") or text_at(holder, "object_relation") or "Event"


def _is_fact(one: Difference) -> bool:
    if one.field not in _FACTS or (one.found is MISSING and one.ours is False):
        return False
    if one.field != "Attribute.value":
        return True
    relation = one.holder.get("object_relation")
    is_subject = relation in SUBJECTS or relation == WITHDRAWN
    return is_subject and _folded(one.ours) != _folded(one.found)


def _folded(value: Any) -> str:
    """Return a name as MISP keeps it: in small letters, without blanks around it."""
    return str(value).strip().casefold()
