"""Events of MISP by what stands at their head: who made them, when, and under which marking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cautery.errors import InputError
from cautery.exchange.json_walk import Path, shown, walk
from cautery.exchange.markings import PAP_OF
from cautery.exchange.misp._fields import H3_TEXT, HANDLING, PACKAGE, PACKAGE_PLACES, fields_of
from cautery.exchange.misp._tags import Marks, marks_of, speaks_tlp_1
from cautery.exchange.misp._texts import moment_of, truth_of
from cautery.exchange.shape import MOST_ITEMS, Assumed
from cautery.model.marking import HandlingCode, Marking, Pap, Tlp, strictest

LISTS = ("Attribute", "Object", "EventReport", "RelatedEvent", "Galaxy", "ShadowAttribute")
"""Lists of an event, each split when it is read."""
_LONGEST_TAG = 1_000
"""Letters of a tag's name; MISP keeps 255."""
_SIGNS = frozenset({"uuid", "info", "Attribute", "Object"})
"""What of a table tells that it is an event."""


@dataclass(slots=True)
class Head:
    """An event without what is in it."""

    path: Path
    file: str
    assumed: Assumed
    values: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    of_package: dict[str, Any] = field(default_factory=dict)
    h3_text: str | None = None
    codes: frozenset[HandlingCode] = frozenset()
    is_event: bool = False
    marks: Marks = field(default_factory=Marks)
    is_first: bool = False
    borne: set[Marking] = field(default_factory=set)
    """Markings of what is left out of it."""

    @property
    def is_ours(self) -> bool:
        """Tell whether it says which package it is of."""
        return "id" in self.of_package

    @property
    def uuid(self) -> str:
        """Return the event's uuid, empty if it has none."""
        return text_at(self.values, "uuid")

    @property
    def by(self) -> str:
        """Return who made the event."""
        if self.is_ours:
            return str(self.of_package.get("by", ""))
        for name in ("Orgc", "Org"):
            organisation = self.values.get(name)
            if isinstance(organisation, dict) and text_at(organisation, "name").strip():
                return text_at(organisation, "name")
        return self.assumed.by or self.file

    @property
    def at(self) -> datetime:
        """Return as of when the event says what it says."""
        if "made_at" in self.of_package:
            moment = self.of_package["made_at"]
            assert isinstance(moment, datetime)
            return moment
        for name in ("timestamp", "publish_timestamp", "date"):
            if (value := self.values.get(name)) not in (None, "", "0", 0):
                try:
                    return moment_of(value)
                except ValueError as error:
                    raise InputError(
                        f"{self.file}: {shown((*self.path, name))}: {error}"
                    ) from error
        if self.assumed.at is None:
            raise InputError(f"{self.file}: {shown(self.path)}: the event has no timestamp")
        return self.assumed.at

    def note(self, value: Mapping[str, Any], where: str) -> None:
        """Let the tags of a thing that is left out count for the event as a whole.

        Raises
        ------
        InputError
            If a marking among them is unknown, or two of them disagree.
        """
        try:
            marks = marks_of(tuple(tags_in(value, where)), is_first=self.is_first)
        except InputError as error:
            words = str(error)
            raise InputError(words if words.startswith(where) else f"{where}: {words}") from error
        if marks.tlp or marks.pap or marks.handling:
            tlp = marks.tlp or Tlp.CLEAR
            codes = marks.handling - {HandlingCode.H3}  # its words are with what it is of
            self.borne.add(Marking(tlp=tlp, pap=marks.pap or PAP_OF[tlp], handling=codes))

    def marking(self, marks: Marks, h3_text: str | None, where: str) -> Marking:
        """Return the marking of a thing in the event, by its own tags and the event's.

        Of an event of ours the thing's tags say all; of another event both hold.

        Raises
        ------
        InputError
            If nothing says of which TLP it is.
        """
        if self.is_ours and marks.tlp is not None:
            return _marking(marks, h3_text)
        parts = [(marks, h3_text), (self.marks, self.h3_text)]
        known = [_marking(part, text, least=True) for part, text in parts]
        stated = (marks, self.marks)
        if not any(part.tlp for part in stated):
            if self.assumed.marking is None:
                raise InputError(
                    f"{where}: nothing marks it: no tag of it or of its event says a TLP",
                    hint="Tag the event in MISP (tlp:amber), or give --marking for what has none.",
                )
            known.append(self.assumed.marking)
        joint = strictest(known)
        assert joint is not None
        has_pap = any(part.pap for part in stated) or not any(part.tlp for part in stated)
        return replace(
            joint,
            pap=joint.pap if has_pap else PAP_OF[joint.tlp],
            source=next((part.source for part in known if part.source is not None), None),
            accuracy=next((part.accuracy for part in known if part.accuracy is not None), None),
        )


def heads_of(raw: bytes, file: str, assumed: Assumed) -> dict[Path, Head]:
    """Return the heads of the events in a file, by their paths.

    Raises
    ------
    InputError
        If the file is no JSON, holds no event, or a marking of an event cannot be read.
    """
    heads: dict[Path, Head] = {}
    for path, value in walk(raw, file, is_open):
        outer, inner = split(path)
        if not inner:
            continue
        if (head := heads.get(outer)) is None:
            if len(heads) >= MOST_ITEMS:
                raise InputError(f"{file}: it has over {MOST_ITEMS:,} events")
            head = heads[outer] = Head(outer, file, assumed)
        name = inner[0]
        head.is_event = head.is_event or name in _SIGNS
        if len(inner) == 1 and name not in LISTS:
            head.values[str(name)] = value
        elif name == "Object" and isinstance(value, dict) and value.get("name") == PACKAGE:
            _take_package(head, value, f"{file}: {shown(path)}")
    heads = {path: head for path, head in heads.items() if head.is_event}
    if not heads:
        raise InputError(f"{file}: it holds no event of MISP")
    for head in heads.values():
        where = f"{file}: {shown(head.path)}"
        head.tags = tags_in(head.values, where)
        head.is_first = speaks_tlp_1(head.tags)
        try:
            head.marks = marks_of(tuple(head.tags), is_first=head.is_first).with_codes(head.codes)
        except InputError as error:
            raise InputError(f"{where}: event {head.uuid[:36]}: {error}") from error
    return heads


def is_open(path: Path, _sign: str) -> bool:
    """Tell whether what stands at a path is split when a file is read."""
    _, inner = split(path)
    return not inner or (len(inner) == 1 and inner[0] in LISTS)


def split(path: Path) -> tuple[Path, Path]:
    """Return the path of an event, and the path in it.

    Examples
    --------
    >>> split(("response", 0, "Event", "Object", 3))
    (('response', 0, 'Event'), ('Object', 3))
    >>> split(("info",))
    ((), ('info',))
    """
    end = 0
    if path[:1] == ("response",):
        end = 1
    if len(path) > end and isinstance(path[end], int):
        end += 1
    if len(path) > end and path[end] == "Event":
        end += 1
    return path[:end], path[end:]


def tags_in(value: Mapping[str, Any], where: str) -> list[str]:
    """Return the names of the tags of an event or attribute, in each form that MISP has had.

    Raises
    ------
    InputError
        If a tag has no name: it might have been a marking.
    """
    names: list[str] = []
    for tag in _tags(value):
        name = tag.get("name") if isinstance(tag, dict) else None
        if not isinstance(name, str):
            raise InputError(f"{where}: a tag has no name, and might be a marking")
        if len(name) > _LONGEST_TAG:
            raise InputError(f"{where}: a tag has over {_LONGEST_TAG} letters: {name[:80]!r}")
        names.append(name)
    return names


def _tags(value: Mapping[str, Any]) -> Iterator[Any]:
    for name in ("Tag", "EventTag", "AttributeTag"):
        found = value.get(name) or ()
        for tag in (found,) if isinstance(found, dict | str) else found:
            yield tag["Tag"] if isinstance(tag, dict) and "Tag" in tag else tag


def attributes_of(value: Mapping[str, Any], where: str) -> list[dict[str, Any]]:
    """Return the attributes of an object.

    Raises
    ------
    InputError
        If they are no list of tables.
    """
    found = value.get("Attribute") or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InputError(f"{where}: its Attribute is not a list of attributes")
    return found


def is_deleted(value: Mapping[str, Any]) -> bool:
    """Tell whether MISP shows a thing as deleted.

    Raises
    ------
    ValueError
        If it says so in no way that MISP knows.
    """
    return truth_of(value.get("deleted"))


def text_at(value: Mapping[str, Any], name: str) -> str:
    """Return a text of a table, empty if it has none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _take_package(head: Head, value: Mapping[str, Any], where: str) -> None:
    attributes = attributes_of(value, where)
    values = {text_at(one, "object_relation"): one.get("value") for one in attributes}
    try:
        codes = frozenset(
            HANDLING.read(attribute.get("value"))
            for attribute in attributes
            if attribute.get("object_relation") == HANDLING.relation
        )
        fields = fields_of(values, PACKAGE_PLACES)
        h3_text = fields_of(values, (H3_TEXT,)).get("h3_text")
    except ValueError as error:
        raise InputError(f"{where}: {error}") from error
    if head.of_package and (head.of_package, head.h3_text, head.codes) != (fields, h3_text, codes):
        raise InputError(f"{where}: the event says twice, in two ways, which package it is of")
    if not {"id", "made_at"} <= fields.keys():
        raise InputError(f"{where}: its package or made-at is missing")
    head.of_package, head.h3_text, head.codes = fields, h3_text, codes


def _marking(marks: Marks, h3_text: str | None, *, least: bool = False) -> Marking:
    """Return a marking of tags; what they do not say is the least strict, or the strictest."""
    has_words = HandlingCode.H3 in marks.handling
    return Marking(
        tlp=marks.tlp or (Tlp.CLEAR if least else Tlp.RED),
        pap=marks.pap or (Pap.CLEAR if least else Pap.RED),
        handling=marks.handling,
        h3_text=h3_text if has_words else None,
        source=marks.source,
        accuracy=marks.accuracy,
    )
