"""The items and relations of one case as they are gathered: each once, whoever names it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from cautery.errors import InputError
from cautery.model import ExhibitId, Marking
from cautery.model.exchange import (
    LONGEST_WORDS,
    MOST_EXHIBITS,
    Item,
    ItemKey,
    ItemKind,
    Package,
    Relation,
    RelationKind,
)
from cautery.model.whole_text import whole_text

_MOST_WORDS = 20
"""Ways in which two items belong together that a relation names."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a case gives to a partner.

    Parameters
    ----------
    package : Package
        What leaves.
    stays : mapping of str to int
        What of the case's streams and targets does not leave, counted by the reason; for whoever
        sends it, never for whoever gets it.
    """

    package: Package
    stays: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Gathering:
    """Items and relations by their keys; what a noun refuses is counted, and costs itself alone.

    Parameters
    ----------
    by : str
        Who says it, where nobody else is named.
    marking : Marking
        What may be done with it, where nothing else is stated.
    """

    by: str
    marking: Marking
    items: dict[ItemKey, Item] = field(default_factory=dict)
    relations: dict[tuple[RelationKind, ItemKey, ItemKey], Relation] = field(default_factory=dict)
    stays: Counter[str] = field(default_factory=Counter)

    def add(self, kind: ItemKind, id_: str, *, at: datetime, **fields: Any) -> ItemKey | None:
        """Add an item, if none has its key yet; return the key, or ``None`` where it is refused."""
        text = clipped(fields.pop("text", ""))
        try:
            item = Item(
                kind=kind,
                id=on_one_line(id_),
                at=at,
                text=text,
                **{"by": self.by, "marking": self.marking, **fields},
            )
        except InputError:  # anybody who has the file of a case can append a record
            self.stays["records that make no item"] += 1
            return None
        self.items.setdefault(item.key, item)
        return item.key

    def relate(
        self,
        kind: RelationKind,
        source: ItemKey | None,
        target: ItemKey | None,
        *,
        at: datetime,
        **fields: Any,
    ) -> None:
        """Relate two items; two relations of one key are one, with the words of both."""
        if source is None or target is None or source == target:
            return
        text = clipped(fields.pop("text", ""))
        earlier = self.relations.get((kind, source, target))
        if earlier is not None:
            words = earlier.text.split("; ") if earlier.text else []
            if text and text not in words and len(words) < _MOST_WORDS:
                self.relations[earlier.key] = replace(earlier, text="; ".join((*words, text)))
            return
        relation = Relation(
            kind=kind,
            source=source,
            target=target,
            at=at,
            text=text,
            **{"marking": self.marking, **fields},
        )
        self.relations[relation.key] = relation

    def package(self, *, id_: str, name: str, made_at: datetime, marking: Marking) -> Package:
        """Return all that was gathered."""
        return Package(
            id=id_,
            name=whole_text(name),
            by=self.by,
            made_at=made_at,
            marking=marking,
            items=tuple(self.items.values()),
            relations=tuple(self.relations.values()),
        )


def on_one_line(name: str) -> str:
    r"""Return a name as an item's id: what cannot be printed is written as in a URL.

    Examples
    --------
    >>> on_one_line("http://a.example/x\u200b\ny")
    'http://a.example/x%E2%80%8B%0Ay'
    """
    name = whole_text(name)
    if name.isprintable():
        return name
    return "".join(letter if letter.isprintable() else quote(letter) for letter in name)


def clipped(text: str) -> str:
    """Return a text as long as an item may have one."""
    return whole_text(text[:LONGEST_WORDS])


def digests(exhibits: Iterable[str]) -> tuple[ExhibitId, ...]:
    """Return exhibits as an item has them: sorted, each once, and no more than it may have."""
    found = {ExhibitId(name) for name in exhibits if _DIGEST.fullmatch(name)}
    return tuple(sorted(found)[:MOST_EXHIBITS])


def sentence(*parts: str) -> str:
    """Return parts as sentences after each other; empty ones are left out.

    Examples
    --------
    >>> sentence("one host", "", "a.example sells it.")
    'One host. a.example sells it.'
    """
    ended = (part.strip().rstrip(".") for part in parts)
    return " ".join(f"{_begun(part)}." for part in ended if part)


def _begun(part: str) -> str:
    """Return a sentence with its first letter large; a host's name keeps its own."""
    return part[:1].upper() + part[1:] if part.partition(" ")[0].isalpha() else part
