"""A bundle read as a package: what it refers to first, then its items, then their relations.

No object needs to stand before another, none is followed into another, and no more than one is held
at a time. What was made by Cautery comes back as it was; of what others made, the kinds that a case
knows become items, and all else is counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from cautery.errors import InputError
from cautery.exchange.loss import WHOLE
from cautery.exchange.markings import joined
from cautery.exchange.shape import MOST_ITEMS, NOTHING, Assumed, Reading
from cautery.exchange.stix import extension, foreign
from cautery.exchange.stix.bundle import objects_in
from cautery.exchange.stix.copies import ObjectsOf, check_whole
from cautery.exchange.stix.fields import Thing, flag_in, moment_in, names, ref_in, text_in
from cautery.exchange.stix.index import Seen, index_of, naming
from cautery.exchange.stix.items_in import additions, check_copies, item_of, relation_of
from cautery.exchange.stix.kinds import REVERSED, relationship_type
from cautery.exchange.stix.markings import Markings
from cautery.exchange.stix.objects_out import stix_objects
from cautery.exchange.stix.observables import Observable, fits, observable_of, target_of
from cautery.exchange.stix.whole import foreign_marking, own_package
from cautery.exchange.tally import Tally
from cautery.model import Marking
from cautery.model.exchange import LONGEST_ID, Item, ItemKey, ItemKind, Package, Relation
from cautery.model.marking import Pap, Tlp

_RELATION = frozenset({extension.RELATION.id})
_RELATIONSHIP = names(
    "type spec_version id created_by_ref created modified revoked relationship_type source_ref "
    "target_ref description object_marking_refs granular_markings"
)
"""What is read of each; what else stands in it is counted."""
_MOST_PAIRS = 100
"""Relations that one relationship of indicators with several values may become."""


def read(raw: bytes, file: str, assumed: Assumed = NOTHING) -> Reading:
    """Return the package that a bundle is.

    Parameters
    ----------
    raw : bytes
        The bundle.
    file : str
        Its name, for errors.
    assumed : Assumed
        What holds where the bundle does not say so itself.

    Raises
    ------
    InputError
        If the bytes are no bundle, or an object breaks a rule; it names the object.
    """
    return read_with(raw, file, assumed, unread=frozenset(), objects_of=stix_objects)


def read_with(
    raw: bytes, file: str, assumed: Assumed, *, unread: frozenset[str], objects_of: ObjectsOf
) -> Reading:
    """Return the package that a bundle is.

    Parameters
    ----------
    unread : frozenset of str
        What is on all objects and says nothing.
    objects_of : callable
        What the format's writer makes of a package.
    """
    return _In(raw, file, assumed, unread).reading(objects_of)


class _In:
    """A bundle on its way in."""

    def __init__(self, raw: bytes, file: str, assumed: Assumed, unread: frozenset[str]) -> None:
        self._raw, self._file, self._assumed, self._unread = raw, file, assumed, unread
        self._index = index_of(raw, file)
        self._markings = Markings(self._index.markings, assumed.marking)
        self._tally = Tally()
        self._items: dict[ItemKey, Item] = {}
        self._foreign: dict[ItemKey, Item] = {}
        self._keys: dict[str, tuple[ItemKey, ...]] = {}
        self._implied: dict[Observable, ItemKey] = {}
        self._implied_by: dict[str, Observable] = {}
        self._observables: dict[str, tuple[Observable, Marking]] = {}
        self._others: set[str] = set()
        self._used: set[str] = {extension.MAKER}
        self._relations: dict[Any, Relation] = {}

    def reading(self, objects_of: ObjectsOf) -> Reading:
        """Return what the bundle says."""
        for thing in self._things(counts=True):
            with naming(self._file, thing):
                self._take(thing)
        self._take_observables()
        for thing in self._things():
            if thing["type"] == "relationship":
                with naming(self._file, thing):
                    self._relate(thing)
        self._note_unused()
        package = self._package()
        if self._index.packages:
            of_ours = (thing for thing in self._things() if thing["id"] not in self._others)
            check_whole(
                of_ours,
                self._file,
                package,
                own=self._items,
                objects_of=objects_of,
                tally=self._tally,
            )
        return Reading(package=package, left_out=self._tally.losses())

    def _things(self, *, counts: bool = False) -> Iterable[dict[str, Any]]:
        superseded = self._index.superseded
        for place, thing in enumerate(objects_in(self._raw, self._file, is_checked=True)):
            if counts:
                self._markings.note(thing)
            if place not in superseded:
                yield thing
            elif counts:
                self._tally.note(thing["type"], WHOLE, thing["id"], "another version of it holds")

    # ---- items

    def _take(self, thing: dict[str, Any]) -> None:
        of_ours = extension.extension_in(thing, extension.ITEM_IDS)
        if of_ours is not None:
            self._take_ours(thing, *of_ours)
        elif foreign.is_carrier(thing["type"]):
            for name, why in foreign.left_of_carrier(thing, self._index):
                self._tally.note(thing["type"], name, thing["id"], why)
        else:
            self._take_foreign(thing)
        count = max(len(self._items) + len(self._foreign), len(self._observables))
        if count > MOST_ITEMS:
            raise InputError(f"the bundle has over {MOST_ITEMS} items")

    def _take_ours(self, thing: dict[str, Any], extension_id: str, fields: Thing) -> None:
        provider = ref_in(thing, "created_by_ref")
        if provider not in self._index.providers:
            raise InputError("its created_by_ref is not in the bundle")
        self._used.add(provider)
        sightings = self._index.sightings.get(thing["id"])
        by = self._index.providers[provider]
        marking = self._marking_of(thing, sightings)
        item = item_of(thing, fields, by=by, marking=marking, sightings=sightings)
        check_copies(thing, item)
        key = item.key
        if key in self._items:
            raise InputError(f"{key} stands twice in the bundle")
        self._items[key] = item
        self._keys[thing["id"]] = (key,)
        observable = observable_of(item)
        if item.kind is ItemKind.BLOCK and fits(target_of(item)):
            observable = target_of(item)
        if observable is not None:
            self._implied.setdefault(observable, key)
            self._implied_by[thing["id"]] = observable
        for name in additions(thing, extension_id) - self._unread:
            self._tally.note(thing["type"], name, thing["id"], foreign.WHY_FIELD)

    def _take_foreign(self, thing: dict[str, Any]) -> None:
        foreign.check_bytes(thing)
        observable = foreign.observable_in(thing)
        if observable is not None:
            for name in foreign.unread(thing):
                self._tally.note(thing["type"], name, thing["id"], foreign.WHY_FIELD)
            self._observables[thing["id"]] = observable, self._marking_of(thing, None)
            return
        subjects = foreign.subjects_of(thing)
        if isinstance(subjects, str):
            self._tally.note(thing["type"], WHOLE, thing["id"], subjects)
            return
        for name in foreign.unread(thing):
            self._tally.note(thing["type"], name, thing["id"], foreign.WHY_FIELD)
        sightings = self._index.sightings.get(thing["id"])
        marking = self._marking_of(thing, sightings)
        items = foreign.items_of(
            thing,
            subjects,
            by=self._by(thing),
            marking=marking,
            sightings=sightings,
            at=self._received(),
        )
        self._keep(thing["id"], thing["type"], items)

    def _take_observables(self) -> None:
        """Make items of the observables that no item of ours implies: these belong to nobody."""
        by = self._assumed.by or self._file
        for name, (observable, marking) in self._observables.items():
            if observable in self._implied:
                self._keys[name] = (self._implied[observable],)
                continue
            with naming(self._file, {"id": name}):
                subject = foreign.subject_of(observable)
                if len(subject[1]) > LONGEST_ID:
                    why = f"what it names has over {LONGEST_ID} characters"
                    self._tally.note(observable.type, WHOLE, name, why)
                    continue
                kind, words = subject
                at = self._received()
                item = Item(kind=kind, id=words, by=by, marking=marking, at=at)
                self._keep(name, observable.type, (item,))

    def _keep(self, name: str, kind: str, items: tuple[Item, ...]) -> None:
        """Keep foreign items; of two that say something of one thing the newer holds."""
        for item in items:
            earlier = self._items.get(item.key) or self._foreign.get(item.key)
            if earlier is None:
                self._foreign[item.key] = item
                continue
            self._tally.note(kind, WHOLE, name, "another object says something of the same")
            if item.key not in self._foreign:
                continue
            marking = joined(item.marking, earlier.marking)
            # An observable has no version: what an indicator says of its value holds.
            newer = item if item.at > earlier.at and kind == "indicator" else earlier
            self._foreign[item.key] = replace(newer, marking=marking)
        self._keys[name] = tuple(item.key for item in items)
        self._others.add(name)

    def _marking_of(self, thing: Thing, sightings: Seen | None) -> Marking:
        marking = self._markings.of(thing)
        if sightings is None:
            return marking
        for refs in sightings.refs:
            if refs:
                marking = joined(marking, self._markings.of({"object_marking_refs": list(refs)}))
        for granular in sightings.granular:
            of_it = {"object_marking_refs": thing["object_marking_refs"]}
            marking = joined(marking, self._markings.of(of_it | {"granular_markings": granular}))
        return marking

    def _by(self, thing: Thing) -> str:
        provider = text_in(thing, "created_by_ref")
        if provider is None:
            return self._assumed.by or self._file
        self._used.add(provider)
        return self._index.providers.get(provider) or provider

    def _received(self) -> datetime:
        at = self._assumed.at or self._index.newest
        if at is None:
            raise InputError("nothing in the bundle bears a time")
        return at

    # ---- relations

    def _relate(self, thing: dict[str, Any]) -> None:
        of_ours = extension.extension_in(thing, _RELATION)
        source, target = ref_in(thing, "source_ref"), ref_in(thing, "target_ref")
        if of_ours is not None:
            relation = self._ours(thing, *of_ours, source, target)
            if relation.key in self._relations:
                raise InputError("two relationships of ours say the same")
            self._relations[relation.key] = relation
        elif not self._is_implied(source, target):
            self._relate_foreign(thing, source, target)
        if len(self._items) + len(self._foreign) + len(self._relations) > MOST_ITEMS:
            raise InputError(f"the bundle has over {MOST_ITEMS} items and relations")

    def _is_implied(self, source: str, target: str) -> bool:
        """Tell whether a relationship ties an item of ours to its own observable."""
        observable = self._implied_by.get(source)
        return observable is not None and self._observables.get(target, (None,))[0] == observable

    def _ours(
        self, thing: dict[str, Any], extension_id: str, fields: Thing, source: str, target: str
    ) -> Relation:
        if "source_item" in fields:
            source, target = ref_in(fields, "source_item"), ref_in(fields, "target_item")
        elif ref_in(thing, "relationship_type") in REVERSED:
            source, target = target, source
        ends = self._keys.get(source), self._keys.get(target)
        if ends[0] is None or ends[1] is None:
            missing = source if ends[0] is None else target
            raise InputError(
                f"{ascii(missing)[:120]}, which it refers to, is no item of the bundle"
            )
        marking = self._markings.of(thing)
        relation = relation_of(thing, fields, source=ends[0][0], target=ends[1][0], marking=marking)
        if "source_item" not in fields:
            word = relationship_type(relation.kind, ends[0][0].kind, ends[1][0].kind)
            if word != thing["relationship_type"]:
                raise InputError(f"its relationship_type is not that of {relation.kind}: {word}")
        for name in additions(thing, extension_id) - self._unread:
            self._tally.note("relationship", name, thing["id"], foreign.WHY_FIELD)
        return relation

    def _relate_foreign(self, thing: dict[str, Any], source: str, target: str) -> None:
        sources, targets = self._keys.get(source, ()), self._keys.get(target, ())
        if not sources or not targets or len(sources) * len(targets) > _MOST_PAIRS:
            why = "one of its ends is not in the bundle, or became no item, or too many"
            self._tally.note("relationship", WHOLE, thing["id"], why)
            return
        for name in thing.keys() - _RELATIONSHIP:
            self._tally.note("relationship", name, thing["id"], foreign.WHY_FIELD)
        marking = self._markings.of(thing)
        word, text = ref_in(thing, "relationship_type"), text_in(thing, "description")
        for start in sources:
            for end in targets:
                relation = Relation(
                    kind=foreign.relation_kind(word),
                    source=start,
                    target=end,
                    marking=marking,
                    at=moment_in(thing, "modified") or self._received(),
                    text=": ".join(filter(None, (word, text))),
                    revoked=flag_in(thing, "revoked"),
                )
                if start == end or relation.key in self._relations:
                    why = "it ties a thing to itself, or says what another says"
                    self._tally.note("relationship", WHOLE, thing["id"], why)
                else:
                    self._relations[relation.key] = relation

    # ---- what ties others together, and the whole

    def _note_unused(self) -> None:
        for name in self._index.sightings.keys() - self._keys.keys():
            self._tally.note("sighting", WHOLE, name, "what was seen became no item")
        self._used.update(str(report.get("created_by_ref")) for report in self._index.packages)
        self._used.update(str(report.get("created_by_ref")) for report in self._index.reports)
        for name in self._index.providers.keys() - self._used - self._keys.keys():
            self._tally.note("identity", WHOLE, name, "nobody is taken in by name")

    def _package(self) -> Package:
        items = (*self._items.values(), *self._foreign.values())
        relations = tuple(self._relations.values())
        if self._index.packages:
            return own_package(self._index, self._markings, self._file, items, relations)
        report = self._index.reports[0] if self._index.reports else {}
        with naming(self._file, report or {"id": "bundle"}):
            whole = foreign_marking(report, self._markings, items, relations)
            return Package(
                id=f"stix-{sha256(self._raw).hexdigest()}",
                name=text_in(report, "name") or self._file,
                by=self._by(report),
                made_at=self._index.newest or self._received(),
                marking=whole or self._assumed.marking or Marking(tlp=Tlp.RED, pap=Pap.RED),
                items=items,
                relations=relations,
            )
