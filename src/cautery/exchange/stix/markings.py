"""Markings as STIX marking-definitions: TLP 2.0 as published, all others as statements.

PAP, handling codes and evaluations have no published object, so each is a statement whose id is
made of its words: the same words have the same id in every bundle. What a reader does not know is
refused: an object whose marking was dropped could be passed on to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from cautery.errors import InputError
from cautery.exchange.markings import PAP_OF, TLP_1, joined
from cautery.exchange.naming import uuid_of
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp

TLP2_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
"""OASIS, extension for TLP 2.0 marking definitions (docs/reference/sources.md, F99)."""
_TLP2_CREATED = "2022-10-01T00:00:00.000Z"
_TLP2 = {
    Tlp.CLEAR: "94868c89-83c2-464b-929b-a1a8aa3c8487",
    Tlp.GREEN: "bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    Tlp.AMBER: "55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    Tlp.AMBER_STRICT: "939a9414-2ddd-4d32-a0cd-375ea402b003",
    Tlp.RED: "e828b379-4e03-4974-9ac4-e53a884c97c1",
}
_TLP1 = {
    "613f2e26-407d-48c7-9eca-b8e91df99dc9": Tlp.CLEAR,
    "34098fce-860f-48ae-8e50-ebd3cc5e41da": Tlp.GREEN,
    "f88d31f6-486f-44da-b317-01333bde0b82": Tlp.AMBER_STRICT,
    "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": Tlp.RED,
}
"""STIX 2.1, section 7.2.1.4; AMBER of TLP 1 named one organisation, so it is read as +STRICT."""
_CODES = {
    HandlingCode.H0: "only to prevent and combat crime",
    HandlingCode.H1: "not in judicial proceedings without the provider's permission",
    HandlingCode.H2: "not to be passed on without the provider's permission",
}
_H3 = "Europol handling code H3: "
_WORDS_CREATED = "2026-11-30T00:00:00.000Z"
"""When the statements were first worded; a marking-definition has no version."""
_MOST_PARTS = 100
"""Markings of one object."""
_MOST_COMBINATIONS = 1000
"""Combinations of markings that are kept; a case has some dozens."""


_NOT_UNDERSTOOD = Marking(tlp=Tlp.RED, pap=Pap.RED)
_UNMARKED = frozenset({"marking-definition", "extension-definition", "identity"})
"""Types that say nothing of a subject; most bear no marking."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one marking-definition says: one field of a marking, and its value."""

    field: str
    value: Any


def refs_of(marking: Marking) -> list[str]:
    """Return the ids of the marking-definitions that say a marking."""
    return list(definitions_of(marking))


@lru_cache(maxsize=4096)
def definitions_of(marking: Marking) -> Mapping[str, Mapping[str, Any]]:
    """Return the marking-definitions that say a marking, by their ids, TLP first."""
    definitions = [_tlp(marking.tlp), _statement(str(marking.pap), str(marking.pap))]
    for code in sorted(marking.handling):
        words = f"{_H3}{marking.h3_text}" if code is HandlingCode.H3 else _code_words(code)
        definitions.append(_statement(str(code), words))
    if marking.source is not None:
        definitions.append(_statement(f"source {marking.source}", _source_words(marking.source)))
    if marking.accuracy is not None:
        accuracy = marking.accuracy
        definitions.append(_statement(f"information {accuracy}", _accuracy_words(accuracy)))
    return {definition["id"]: definition for definition in definitions}


def _tlp(tlp: Tlp) -> dict[str, Any]:
    """Return the published object, as it was published."""
    word = tlp.removeprefix("TLP:").lower()
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{_TLP2[tlp]}",
        "created": _TLP2_CREATED,
        "name": str(tlp),
        "extensions": {TLP2_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": word}},
    }


def _statement(name: str, words: str) -> dict[str, Any]:
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid_of('marking', words)}",
        "created": _WORDS_CREATED,
        "name": name,
        "definition_type": "statement",
        "definition": {"statement": words},
    }


def _code_words(code: HandlingCode) -> str:
    return f"Europol handling code {code}: {_CODES[code]}"


def _source_words(source: str) -> str:
    return f"Evaluation of the source: {source}"


def _accuracy_words(accuracy: int) -> str:
    return f"Evaluation of the information: {accuracy}"


_STATEMENTS = {
    **{str(pap): Part("pap", pap) for pap in Pap},
    **{_code_words(code): Part("handling", code) for code in _CODES},
    **{_source_words(source): Part("source", source) for source in "ABCX"},
    **{_accuracy_words(accuracy): Part("accuracy", accuracy) for accuracy in (1, 2, 3, 4)},
}
_PUBLISHED = {
    **{f"marking-definition--{uuid}": Part("tlp", tlp) for tlp, uuid in _TLP2.items()},
    **{f"marking-definition--{uuid}": Part("tlp", tlp) for uuid, tlp in _TLP1.items()},
}
"""What everybody knows without its definition."""


def part_of(definition: Mapping[str, Any]) -> Part | None:
    """Return what a marking-definition of a bundle says; ``None``: nothing that is known here.

    Raises
    ------
    InputError
        If it has the id of a published TLP and says something else.
    """
    part = _content(definition)
    published = _PUBLISHED.get(str(definition.get("id")))
    if published is not None and part != published:
        raise InputError("it has the id of a published TLP marking and does not say the same")
    return part


def _content(definition: Mapping[str, Any]) -> Part | None:
    extensions = definition.get("extensions")
    if isinstance(extensions, dict) and isinstance(extensions.get(TLP2_EXTENSION), dict):
        word = extensions[TLP2_EXTENSION].get("tlp_2_0")
        name = f"TLP:{word.upper()}" if isinstance(word, str) else ""
        return Part("tlp", Tlp(name)) if name in set(Tlp) else None
    content = definition.get("definition")
    if not isinstance(content, dict):
        return None
    tlp = content.get("tlp")
    if isinstance(tlp, str):
        level = TLP_1.get(tlp.lower())
        return Part("tlp", level) if level is not None else None
    words = content.get("statement")
    if not isinstance(words, str):
        return None
    if words.startswith(_H3) and len(words) > len(_H3):
        return Part("h3_text", words[len(_H3) :])
    return _STATEMENTS.get(words)


class Markings:
    """The marking-definitions of one bundle, and what objects that refer to them may be used for.

    Parameters
    ----------
    definitions : mapping of str to Part or None
        What each marking-definition says, by its id; ``None``: nothing that is known here.
    default : Marking or None
        Of an object that refers to none; ``None``: such an object is refused.
    """

    def __init__(
        self, definitions: Mapping[str, Part | None], default: Marking | None = None
    ) -> None:
        self._definitions = {**_PUBLISHED, **definitions}
        self._default = default
        self._by_refs: dict[tuple[str, ...], Marking] = {}
        self.borne: set[Marking] = set()
        """Markings of all objects that were noted."""

    def note(self, thing: Mapping[str, Any]) -> None:
        """Let the marking of an object count for the bundle, whatever becomes of the object.

        Of what is left out nobody needs to know what it forbids: not understood is TLP:RED.
        """
        if not (thing.get("object_marking_refs") or thing.get("granular_markings")):
            if self._default is not None and thing["type"] not in _UNMARKED:
                self.borne.add(self._default)
            return
        try:
            marking = self.of(thing)
        except InputError:
            marking = _NOT_UNDERSTOOD
        self.borne.add(replace(marking, source=None, accuracy=None))
        if len(self.borne) > _MOST_COMBINATIONS:
            self.borne = {joined(*self.borne)}

    def of(self, thing: Mapping[str, Any]) -> Marking:
        """Return the marking of an object; granular markings hold for the whole of it.

        Raises
        ------
        InputError
            If it refers to a marking that is not in the bundle or not known, to two that
            contradict each other, or to none and there is no default.
        """
        refs = thing.get("object_marking_refs", [])
        marking = self._of_refs(_checked(refs))
        granular = thing.get("granular_markings")
        if granular is None:
            return marking
        return self._with_granular(marking, granular)

    def _with_granular(self, marking: Marking, granular: Any) -> Marking:
        if not isinstance(granular, list) or len(granular) > _MOST_PARTS:
            raise InputError(f"granular_markings is no list of at most {_MOST_PARTS}")
        for entry in granular:
            if not isinstance(entry, dict) or not isinstance(entry.get("selectors"), list):
                raise InputError("a granular marking has no selectors")
            if "marking_ref" not in entry and isinstance(entry.get("lang"), str):
                continue  # it says in what language the words are
            part = self._part(entry.get("marking_ref"))
            marking = _stricter(marking, part)
        return marking

    def _of_refs(self, refs: tuple[str, ...]) -> Marking:
        marking = self._by_refs.get(refs)
        if marking is None:
            if len(self._by_refs) >= _MOST_COMBINATIONS:
                self._by_refs.clear()
            marking = self._by_refs[refs] = self._joined([self._part(ref) for ref in refs])
        return marking

    def _joined(self, parts: list[Part]) -> Marking:
        if not parts:
            if self._default is None:
                raise InputError(
                    "it bears no marking",
                    hint="Say with --marking what holds where the file says nothing.",
                )
            return self._default
        tlp = _only(parts, "tlp", "TLP")
        if tlp is None and self._default is None:
            raise InputError(
                "it bears no TLP marking", hint="Say with --marking what holds where there is none."
            )
        base = self._default.tlp if tlp is None and self._default is not None else tlp
        texts = sorted({part.value for part in parts if part.field == "h3_text"})
        codes = {part.value for part in parts if part.field == "handling"}
        return Marking(
            tlp=base,
            pap=_only(parts, "pap", "PAP") or self._pap(base),
            handling=frozenset(codes | ({HandlingCode.H3} if texts else set())),
            h3_text="; ".join(texts) or None,
            source=_only(parts, "source", "evaluation of the source"),
            accuracy=_only(parts, "accuracy", "evaluation of the information"),
        )

    def _pap(self, tlp: Tlp) -> Pap:
        """Return the PAP of what bears a TLP only: as assumed, or the same colour."""
        return PAP_OF[tlp] if self._default is None else self._default.pap

    def _part(self, ref: Any) -> Part:
        if not isinstance(ref, str) or ref not in self._definitions:
            raise InputError(f"its marking {_shown(ref)} is not in the bundle")
        part = self._definitions[ref]
        if part is None:
            raise InputError(
                f"its marking {_shown(ref)} is not known here",
                hint="Known: TLP 1 and 2, PAP, Europol's handling codes and evaluations.",
            )
        return part


def _stricter(marking: Marking, part: Part) -> Marking:
    if part.field in ("source", "accuracy"):
        if getattr(marking, part.field) not in (None, part.value):
            raise InputError("two evaluations of one object contradict each other")
        return replace(marking, **{part.field: part.value})
    tlp = part.value if part.field == "tlp" else Tlp.CLEAR
    pap = part.value if part.field == "pap" else Pap.CLEAR
    text = part.value if part.field == "h3_text" else None
    codes = {part.value} if part.field == "handling" else set()
    handling = frozenset(codes | ({HandlingCode.H3} if text else set()))
    return joined(marking, Marking(tlp=tlp, pap=pap, handling=handling, h3_text=text))


def _checked(refs: Any) -> tuple[str, ...]:
    if not isinstance(refs, list) or not all(isinstance(ref, str) for ref in refs):
        raise InputError("object_marking_refs is no list of ids")
    if len(refs) > _MOST_PARTS:
        raise InputError(f"it has over {_MOST_PARTS} markings")
    return tuple(refs)


def _only(parts: Iterable[Part], field: str, noun: str) -> Any:
    values = {part.value for part in parts if part.field == field}
    if len(values) > 1:
        words = ", ".join(sorted(map(str, values)))
        raise InputError(f"it has more than one {noun}, and they contradict each other: {words}")
    return values.pop() if values else None


def _shown(ref: Any) -> str:
    return ascii(ref)[:120]
