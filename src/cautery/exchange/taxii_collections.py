"""Sort STIX objects into collections: one for each level of marking that stands on them.

What bears no marking of its own goes along only where it is referred to: the definitions of
markings and extensions, and who says something. So a collection names nothing of another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cautery.errors import EvidenceError
from cautery.exchange.naming import uuid_of
from cautery.exchange.stix.markings import part_of
from cautery.exchange.taxii import Collection
from cautery.model.marking import HandlingCode

_SUPPORT = ("marking-definition", "extension-definition", "identity")
"""Types of objects that need no marking."""
_SUPPORTING = re.compile(rf"(?:{'|'.join(_SUPPORT)})--[0-9a-f-]{{36}}", re.ASCII)


class Sorter:
    """Sorts the objects of one package, once.

    Parameters
    ----------
    package : str
        Id of the package.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._by_markings: dict[tuple[str, ...], str] = {}
        """Collections by the markings of an object."""
        self._levels: dict[str, tuple[str, ...]] = {}
        """By collection, the markings that say who may see it."""
        self._support: dict[str, Mapping[str, Any]] = {}
        self._references: dict[str, set[str]] = {}

    def sort(self, objects: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield each object with the id of its collection; what goes along comes last.

        Definitions of markings come before what they mark.

        Raises
        ------
        EvidenceError
            If an object bears no marking: then nothing may leave.
        """
        for content in objects:
            markings = tuple(content.get("object_marking_refs", ()))
            if markings:
                collection = self._collection_of(markings)
                self._references[collection].update(_supporting(content))
                yield collection, content
            elif content.get("type") in _SUPPORT:
                self._support[content["id"]] = content
            else:
                raise EvidenceError(
                    f"{content.get('id')}: an object without a marking may not leave"
                )
        for collection, referred in self._references.items():
            yield from ((collection, self._support[name]) for name in self._along(referred))

    @property
    def collections(self) -> tuple[Collection, ...]:
        """The collections, once everything is sorted."""
        return tuple(
            Collection(id=name, title=" ".join(sorted(map(self._name, level), key=_rank)))
            for name, level in self._levels.items()
        )

    def _is_evaluation(self, marking: str) -> bool:
        """Tell whether a marking says how far to trust an object, and not who may see it."""
        part = part_of(self._support.get(marking, {}))
        return part is not None and part.field in ("source", "accuracy")

    def _collection_of(self, markings: tuple[str, ...]) -> str:
        """Return the collection of what bears these markings, and begin it."""
        if markings not in self._by_markings:
            level = tuple(sorted(ref for ref in markings if not self._is_evaluation(ref)))
            collection = str(uuid_of(self._package, "taxii", *level))
            self._levels[collection] = level
            self._references.setdefault(collection, set())
            self._by_markings[markings] = collection
        return self._by_markings[markings]

    def _along(self, referred: set[str]) -> Iterator[str]:
        """Yield what is referred to, and what that refers to, each once."""
        waiting, gone_along = sorted(referred), set[str]()
        while waiting:
            name = waiting.pop()
            if name in gone_along or name not in self._support:
                continue
            gone_along.add(name)
            yield name
            waiting += sorted(_supporting(self._support[name]))

    def _name(self, marking: str) -> str:
        content = self._support.get(marking, {})
        name, words = content.get("name"), content.get("definition", {}).get("statement")
        return str(words if name == HandlingCode.H3 else name or marking)


def _supporting(content: Mapping[str, Any]) -> Iterable[str]:
    """Return the ids of what may bear no marking, wherever they stand in an object."""
    return _SUPPORTING.findall(json.dumps(content))


def _rank(name: str) -> tuple[int, str]:
    """Sort TLP before PAP, and PAP before what else there is."""
    for rank, prefix in enumerate(("TLP", "PAP")):
        if name.upper().startswith(prefix):
            return rank, name
    return 2, name
