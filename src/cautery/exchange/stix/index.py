"""The first pass over a bundle: what an object may refer to, wherever it stands.

Markings, providers, sightings and the case itself are found here, so that the second pass can make
an item of each object as it comes. Of an id that occurs more than once the version that was
modified last holds; two contents of one version are refused.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from cautery.errors import InputError
from cautery.exchange.shape import MOST_ITEMS
from cautery.exchange.stix import extension
from cautery.exchange.stix.bundle import objects_in
from cautery.exchange.stix.fields import exhibits_in, flag_in, moment_in, ref_in, text_in
from cautery.exchange.stix.markings import Part, part_of
from cautery.model.evidence import ExhibitId

_MOST_PARTS = 1000
"""Reports of one case: so many items as a package may have need 125."""
_PACKAGE = frozenset({extension.PACKAGE.id})
LONGEST_ID = 400
"""Characters of an object's id: a type has at most 250."""


@dataclass(slots=True)
class Seen:
    """What the sightings of one object say together."""

    first: datetime | None = None
    last: datetime | None = None
    exhibits: set[ExhibitId] = field(default_factory=set)
    refs: set[tuple[str, ...]] = field(default_factory=set)
    granular: list[Any] = field(default_factory=list)

    def add(self, sighting: dict[str, Any]) -> None:
        """Add a sighting."""
        first, last = moment_in(sighting, "first_seen"), moment_in(sighting, "last_seen")
        self.first = min(filter(None, (self.first, first)), default=None)
        self.last = max(filter(None, (self.last, last)), default=None)
        self.exhibits.update(exhibits_in(sighting))
        refs = sighting.get("object_marking_refs", [])
        if not isinstance(refs, list) or not all(isinstance(ref, str) for ref in refs):
            raise InputError("object_marking_refs is no list of ids")
        self.refs.add(tuple(refs))
        if "granular_markings" in sighting:
            self.granular.append(sighting["granular_markings"])


@dataclass(slots=True)
class Index:
    """What objects of a bundle may refer to.

    Parameters
    ----------
    markings : dict of str to Part or None
        What each marking-definition says; ``None``: nothing that is known here.
    providers : dict of str to str
        Name of each identity.
    sightings : dict of str to Seen
        What sightings say of each object.
    packages : list of dict
        Reports of ours that name the case.
    reports : list of dict
        First report of somebody else.
    newest : datetime or None
        When anything in the bundle was modified last; ``None``: nothing bears a time.
    superseded : set of int
        Places of objects of which another version holds.
    """

    markings: dict[str, Part | None] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    sightings: dict[str, Seen] = field(default_factory=dict)
    packages: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    newest: datetime | None = None
    superseded: AbstractSet[int] = frozenset()


def index_of(raw: bytes, file: str) -> Index:
    """Return what the objects of a bundle may refer to.

    Raises
    ------
    InputError
        If the bytes are no bundle, or an object of it breaks a rule.
    """
    index, twice = _indexed(raw, file, frozenset())
    if twice:
        superseded = _superseded(raw, file, twice)
        index, _ = _indexed(raw, file, superseded)
        index.superseded = superseded
    return index


def _indexed(raw: bytes, file: str, superseded: AbstractSet[int]) -> tuple[Index, set[str]]:
    """Return the index of a bundle, and the ids that occur more than once."""
    index, once, twice = Index(), set[str](), set[str]()
    for place, thing in enumerate(objects_in(raw, file)):
        with naming(file, thing):
            name = _checked_id(thing, place)
            (twice if name in once else once).add(name)
            if place not in superseded:
                _add(index, thing)
                _check_size(index)
    return index, twice


def _check_size(index: Index) -> None:
    if max(len(index.markings), len(index.providers), len(index.sightings)) > MOST_ITEMS:
        raise InputError(f"the bundle has over {MOST_ITEMS} markings, identities or sightings")
    if len(index.packages) > _MOST_PARTS:
        raise InputError(f"the bundle has over {_MOST_PARTS} reports of one case")


class naming:  # noqa: N801 - it reads as a word of the `with`
    """Name the file and the object in what is refused within."""

    def __init__(self, file: str, thing: dict[str, Any]) -> None:
        self._file, self._thing = file, thing

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise what was raised, with the names before it."""
        if isinstance(error, InputError):
            name = self._thing.get("id")
            which = f"{ascii(name)[1:-1][:LONGEST_ID]}: " if isinstance(name, str) else ""
            raise InputError(f"{self._file}: {which}{error}", hint=error.hint) from error


def _add(index: Index, thing: dict[str, Any]) -> None:
    modified = moment_in(thing, "modified")
    if modified is not None and (index.newest is None or modified > index.newest):
        index.newest = modified
    kind = thing["type"]
    if kind == "marking-definition":
        index.markings[thing["id"]] = part_of(thing)
    elif kind == "identity":
        index.providers[thing["id"]] = text_in(thing, "name") or ""
    elif kind == "sighting" and not flag_in(thing, "revoked"):
        target = ref_in(thing, "sighting_of_ref")
        index.sightings.setdefault(target, Seen()).add(thing)
    elif kind == "report":
        if extension.extension_in(thing, _PACKAGE) is not None:
            thing["object_refs"] = []
            index.packages.append(thing)
        elif not index.reports:
            thing["object_refs"] = []
            index.reports.append(thing)


def _superseded(raw: bytes, file: str, twice: AbstractSet[str]) -> set[int]:
    """Return the places of objects of which another version, or the same again, holds."""
    holds: dict[str, tuple[datetime | None, bytes, int]] = {}
    superseded: set[int] = set()
    for place, thing in enumerate(objects_in(raw, file, is_checked=True)):
        if thing["id"] not in twice:
            continue
        with naming(file, thing):
            version = (moment_in(thing, "modified"), _digest(thing), place)
            earlier = holds.setdefault(thing["id"], version)
            if earlier is not version:
                winner = _winner(earlier, version)
                superseded.add((earlier if winner is version else version)[2])
                holds[thing["id"]] = winner
    return superseded


def _digest(thing: dict[str, Any]) -> bytes:
    return sha256(json.dumps(thing, sort_keys=True).encode()).digest()


def _winner(
    earlier: tuple[datetime | None, bytes, int], version: tuple[datetime | None, bytes, int]
) -> tuple[datetime | None, bytes, int]:
    if earlier[1] == version[1]:
        return earlier
    if earlier[0] is None or version[0] is None or earlier[0] == version[0]:
        raise InputError("the bundle has two contents of one id and one version")
    return version if version[0] > earlier[0] else earlier


def _checked_id(thing: dict[str, Any], place: int) -> str:
    name, kind = thing.get("id"), thing.get("type")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise InputError(f"objects[{place}] has no id, or no type")
    if not name.isascii() or not name.isprintable() or len(name) > LONGEST_ID:
        raise InputError(f"an id is plain ASCII of at most {LONGEST_ID} characters")
    if not name.startswith(f"{kind}--"):
        raise InputError(f"its id does not begin with its type, {ascii(kind)[:60]}")
    return name
