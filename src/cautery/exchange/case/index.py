"""First walk over a graph: what others refer to, and that no id is defined twice in two ways."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from cautery.errors import InputError
from cautery.exchange.case.graph_file import GraphFile, Names, Node
from cautery.exchange.case.literals import all_of, kinds_of, node_of, text_of
from cautery.exchange.case.markings import marking_of, together
from cautery.exchange.case.terms import CONTENT, KINDS, PACKAGE
from cautery.exchange.shape import Assumed
from cautery.model.evidence import ExhibitId
from cautery.model.ids import check_exhibit_id
from cautery.model.marking import Marking, strictest

ORGANISATION = "uco-identity:Organization"
_WHOLES = frozenset({"case-investigation:Investigation", "uco-core:Bundle", PACKAGE})
_WRITTEN = json.JSONEncoder(check_circular=False, sort_keys=True)
_MOST_PARTS = 1_000_000
_MOST_PART_BYTES = 128 << 20
"""Of the JSON of facets and markings that stand apart from their objects."""


class Index:
    """What the objects of a graph refer to.

    Parameters
    ----------
    graph : GraphFile
        The file; it is walked once here.
    assumed : Assumed
        What holds where the file does not say so itself.

    Raises
    ------
    InputError
        If an id is defined twice with two contents, or the graph has too many parts.
    """

    def __init__(self, graph: GraphFile, assumed: Assumed) -> None:
        self.file = graph.file
        self._assumed = assumed
        self._defined: dict[str, int] = {}
        self._parts: dict[str, Node] = {}
        self.used: set[str] = set()
        """Ids of parts that an object has."""
        self._markings: dict[tuple[str, ...], Marking] = {}
        self._whole: list[str] = []
        size = 0
        for top in graph.written():
            size += self._define(top, graph.names, is_top=True)
            for value in nested(top):
                size += self._define(value, graph.names, is_top=False)
                if size > _MOST_PART_BYTES or len(self._parts) > _MOST_PARTS:
                    raise InputError(f"{self.file}: too many facets and markings stand apart")

    def has(self, name: str) -> bool:
        """Tell whether the file defines an object."""
        return name in self._defined

    def part(self, value: object) -> Mapping[str, Any]:
        """Return a facet, a hash, a marking: written in its place, or elsewhere under its id.

        Raises
        ------
        InputError
            If the file does not define it.
        """
        if isinstance(value, dict) and len(value) > 1:
            return value
        name = node_of(value)
        self.used.add(name)
        try:
            return self._parts[name]
        except KeyError:
            raise InputError(f"{name[:200]} is not defined in the file") from None

    def parts(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield all parts that stand apart, or that more than one object may have, by their ids."""
        yield from self._parts.items()

    def resolved(self, value: object) -> object:
        """Return the part that a value refers to, or the value where it is no such reference."""
        if not isinstance(value, dict) or len(value) > 1:
            return value
        return self._parts.get(str(value.get("@id")), value)

    def organisation(self, value: object) -> str:
        """Return the name of an organisation; of a person none: that is no provider's name.

        Raises
        ------
        InputError
            If the file does not define it.
        """
        node = self.part(value)
        if ORGANISATION not in kinds_of(node):
            return ""
        name = node.get("uco-core:name")
        return "" if name is None else text_of(name)

    def digest(self, value: object) -> ExhibitId:
        """Return the SHA-256 of an object's bytes.

        Raises
        ------
        InputError
            If it has none.
        """
        node = self.part(value)
        for facet in all_of(node.get("uco-core:hasFacet")):
            if (facet_digest := self.sha256_of(self.part(facet))) is not None:
                return facet_digest
        raise InputError(f"{str(node.get('@id'))[:200]} has no SHA-256")

    def sha256_of(self, facet: Mapping[str, Any]) -> ExhibitId | None:
        """Return the SHA-256 that a facet of content states; ``None``: it states none.

        Raises
        ------
        InputError
            If it states two, or holds other bytes.
        """
        stated_digests = set()
        for hash_part in all_of(facet.get("uco-observable:hash")):
            method, value = self.hash_of(self.part(hash_part))
            if method in ("SHA256", "SHA-256"):
                digest = f"sha256:{value.lower()}"
                check_exhibit_id(digest)
                stated_digests.add(digest)
        if len(stated_digests) > 1:
            raise InputError(f"it has two SHA-256: {' and '.join(sorted(stated_digests))}")
        if not stated_digests:
            return None
        (digest,) = stated_digests
        payload = facet.get("uco-observable:dataPayload")
        if payload is not None:
            _check_payload(text_of(payload), digest)
        return ExhibitId(digest)

    def hash_of(self, node: Mapping[str, Any]) -> tuple[str, str]:
        """Return method and value of a hash."""
        method, value = (
            next(iter(all_of(node.get(f"uco-types:{name}"))), None)
            for name in ("hashMethod", "hashValue")
        )
        return text_of(method).upper(), text_of(value)

    def marking(self, values: object) -> Marking:
        """Return the marking of an object by what it refers to.

        Raises
        ------
        InputError
            If one is not in the file or not understood, or if it bears none and nothing says what
            holds then.
        """
        names = tuple(self._marking_name(value) for value in all_of(values))
        if names not in self._markings:
            self._markings[names] = self._read_marking(names)
        return self._markings[names]

    def _marking_name(self, value: object) -> str:
        return node_of(value)

    def _read_marking(self, names: tuple[str, ...]) -> Marking:
        if names:
            return together(
                marking_of(self.part({"@id": name}), self._model, self._assumed.marking)
                for name in names
            )
        parts = [self._assumed.marking] if self._assumed.marking is not None else []
        if self._whole:
            parts.append(self.marking([{"@id": name} for name in self._whole]))
        whole = strictest(parts)
        if whole is None:
            raise InputError(
                "it bears no marking",
                hint="Say what holds of this file with --marking, as its sender told you.",
            )
        return whole

    def _model(self, name: str) -> Mapping[str, Any]:
        return self.part({"@id": name})

    def _define(self, value: Node, names: Names, *, is_top: bool) -> int:
        """Note what an object defines, as it is written; return how many bytes of it are kept."""
        name = names.id_of(value)
        if name is None or len(value) == 1:
            return 0
        canonical_text = _WRITTEN.encode(value)
        content = hash(canonical_text)
        if self._defined.setdefault(name, content) != content:
            raise InputError(f"{self.file}: {name[:200]}: this id is defined twice, in two ways")
        kinds = names.kinds_of(value)
        is_whole = not self._whole and not _WHOLES.isdisjoint(kinds)
        if not is_whole and not is_part(kinds, is_top=is_top):
            return 0
        node = names.node(value)
        if is_whole:
            self._whole = [
                node_of(marking) for marking in all_of(node.get("uco-core:objectMarking"))
            ]
            return 0
        self._parts[name] = node
        return len(canonical_text)


def is_part(kinds: list[str], *, is_top: bool) -> bool:
    """Tell whether others refer to a node of these types: a facet that stands apart, a marking."""
    if not KINDS.keys().isdisjoint(kinds):
        return False
    return any(
        kind.startswith(("uco-marking:", "uco-identity:"))
        or kind == CONTENT
        or (is_top and is_within(kind))
        for kind in kinds
    )


def is_within(kind: str) -> bool:
    """Tell whether what has this class is a part of one object: most write it in its place."""
    return kind.endswith("Facet") or kind == "uco-types:Hash"


def nested(top: Node) -> Iterator[Node]:
    """Yield each object within an object, at any depth."""
    waiting = _compounds(top.values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(_compounds(value))
        elif "@value" not in value and (len(value) > 1 or "@id" not in value):
            yield value
            waiting.extend(_compounds(value.values()))


def _compounds(values: Iterable[object]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]


def _check_payload(payload: str, digest: str) -> None:
    """Refuse bytes that are not those of their digest."""
    candidates = [payload.encode(errors="replace")]
    with suppress(binascii.Error, ValueError):
        candidates.append(base64.b64decode(payload, validate=True))
    computed_digests = [f"sha256:{sha256(candidate).hexdigest()}" for candidate in candidates]
    if digest not in computed_digests:
        raise InputError(f"its bytes are {computed_digests[-1]}, and its hash says {digest}")
