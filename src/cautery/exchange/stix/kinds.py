"""Which object of STIX each kind of item becomes, and which relationship each relation.

Only a block is an indicator. An indicator is what a partner's tool acts on by itself, and of all
that a case says only a block was approved by two people and has an end (ADR 0089). A stream that
is proven, or licensed, or seen once is infrastructure: known, and not acted on.
"""

from __future__ import annotations

from cautery.model.exchange import ItemKind, RelationKind

INFRASTRUCTURE = "infrastructure"
INDICATOR = "indicator"
TYPES = {
    ItemKind.STREAM: INFRASTRUCTURE,
    ItemKind.HOST: INFRASTRUCTURE,
    ItemKind.ADDRESS: INFRASTRUCTURE,
    ItemKind.PANEL: INFRASTRUCTURE,
    ItemKind.PLAYLIST: INFRASTRUCTURE,
    ItemKind.FEED: INFRASTRUCTURE,
    ItemKind.STOREFRONT: INFRASTRUCTURE,
    ItemKind.RESELLER: INFRASTRUCTURE,
    ItemKind.ASSET: INFRASTRUCTURE,
    ItemKind.NETWORK: "intrusion-set",
    ItemKind.PERSON: "identity",
    ItemKind.BLOCK: INDICATOR,
    ItemKind.ORDER: "course-of-action",
    ItemKind.EXHIBIT: "observed-data",
    ItemKind.ESTIMATE: "note",
    ItemKind.STATEMENT: "note",
}
"""A person is an identity and no threat-actor: the category may say victim, and nobody is
convicted by a file."""
WITH_SEEN = frozenset({INFRASTRUCTURE, "intrusion-set"})
"""Types that have first_seen and last_seen."""
WITH_SIGHTING = frozenset({INFRASTRUCTURE, INDICATOR})
"""Types whose exhibits stand in a sighting of them."""
RELATED = "related-to"
REVERSED = frozenset({"mitigates", "uses"})
"""Types whose source is the target of our relation."""
_WORDS = {
    (RelationKind.SERVES, INFRASTRUCTURE, INFRASTRUCTURE): "uses",
    (RelationKind.RESOLVES_TO, INFRASTRUCTURE, INFRASTRUCTURE): "communicates-with",
    (RelationKind.PART_OF, INFRASTRUCTURE, "intrusion-set"): "uses",
    (RelationKind.FEEDS, INFRASTRUCTURE, INFRASTRUCTURE): "communicates-with",
    (RelationKind.BLOCKED_BY, INDICATOR, "course-of-action"): "mitigates",
    (RelationKind.SHOWN_BY, INDICATOR, "observed-data"): "based-on",
    (RelationKind.SHOWN_BY, INFRASTRUCTURE, "observed-data"): "consists-of",
}


def relationship_type(kind: RelationKind, source: ItemKind, target: ItemKind) -> str:
    """Return STIX's word for a relation of two items; ``related-to`` where it has none."""
    return _WORDS.get((kind, TYPES[source], TYPES[target]), RELATED)
