r"""Traits as they are exchanged: ``seen.jsonl``, one trait a line, and ``traits.json`` of networks.

A line is ``{"entity": ..., "kind": ..., "value": ..., "day": "YYYY-MM-DD", "source": ...}``, and
may have ``"exhibit": "sha256:..."``. ``traits.json`` is a list of trait sets.

Examples
--------
>>> line = b'{"entity":"New-TV.example","kind":"hoster","value":"as64500","day":"2026-03-01",'
>>> [seen] = read_seen([line + b'"source":"passive-dns"}\n'])
>>> seen.entity, str(seen.day)
('new-tv.example', '2026-03-01')
>>> b"".join(seen_lines([seen])).startswith(b'{"day":"2026-03-01","entity":"new-tv.example"')
True
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from cautery.errors import ForbiddenAddressError, InputError, SourceError
from cautery.formats._json import Broken, lines, objects
from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model.descent import TraitKind, TraitSeen, TraitSet
from cautery.model.evidence import ExhibitId
from cautery.model.host_names import ascii_name, literal
from cautery.model.message import Message
from cautery.model.trait_persons import WRITTEN_BY_PEOPLE, names_person
from cautery.model.wire import from_json, to_json

MOST_ROWS = 20_000_000
"""Lines of one file: a day of certificate logs has some ten million names."""
MOST_FOREIGN = 100_000
"""Letters of names outside of ASCII: looked up in punycode they take twenty microseconds each."""
MOST_SETS = 1_000
"""Networks in one ``traits.json``."""
MOST_SETS_BYTES = 32 << 20
"""Of ``traits.json``: a thousand networks of a hundred traits take some 10 MB."""
MOST_SET_CHARACTERS = 8_000_000
"""Characters of one network; twice as many may be parsed, which takes thirty bytes for each."""
MOST_TRAITS_OF_ALL = 100_000
MOST_MEMBERS_OF_ALL = 200_000
MOST_WRITTEN_CHARACTERS = 3_000_000
"""Characters of others' values in which persons are looked for: some two seconds a million."""
PERSON = message("grown.left-person")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIELDS = ("entity", "kind", "value", "day", "source")


def read_seen(
    chunks: Iterable[bytes], *, most: int = MOST_ROWS
) -> Iterator[TraitSeen | ReadWarning]:
    """Yield the traits of ``seen.jsonl``; a line that is none is a warning, and reading goes on.

    Parameters
    ----------
    chunks : iterable of bytes
        The file's bytes, unpacked.
    most : int
        Lines that are read; the rest is one warning, and so is what follows
        :data:`MOST_FOREIGN` letters of names.

    Raises
    ------
    SourceError
        If the bytes are plainly something else.

    Notes
    -----
    A value in which a person is found (an e-mail address, a telephone number) is left out, and the
    warning does not quote it.
    """
    tally, foreign = Tally(), 0
    for count, (number, row, problem) in enumerate(
        lines(chunks, expected_format="traits that were seen")
    ):
        entity = row.get("entity") if isinstance(row, dict) else None
        foreign += len(entity) if isinstance(entity, str) and not entity.isascii() else 0
        if count >= most or foreign > MOST_FOREIGN:
            yield ReadWarning(line=number, why=message("unread.entries", most=min(count, most)))
            break
        if problem is not None:
            yield from tally.add(number, problem, row)
            continue
        try:
            trait = _seen(row)
        except InputError as error:
            yield from tally.add(number, message("unread.trait", error=str(error)), "")
            continue
        if names_person(trait.kind, trait.value):
            yield from tally.add(number, message("unread.trait-of-a-person"), "")
            continue
        yield trait
    yield from tally.rest()


def seen_lines(traits: Iterable[TraitSeen]) -> Iterator[bytes]:
    """Yield the lines of ``seen.jsonl``, each with its end."""
    for trait in traits:
        row = {
            "day": trait.day.isoformat(),
            "entity": trait.entity,
            "kind": trait.kind.value,
            "source": trait.source,
            "value": trait.value,
        }
        if trait.exhibit is not None:
            row["exhibit"] = trait.exhibit
        yield json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def read_trait_sets(
    chunks: Iterable[bytes], *, left_out: Counter[Message] | None = None
) -> tuple[TraitSet, ...]:
    """Return the trait sets of ``traits.json``, read one network after the other.

    Parameters
    ----------
    chunks : iterable of bytes
        The file's bytes, unpacked.
    left_out : Counter or None
        Others state the traits: those in which a person is found are left out and counted here, and
        so is a network that has no other. ``None``: they were screened before they were written.

    Raises
    ------
    InputError
        If it is no such list, two are of one network, or it is beyond a limit of this module.
    """
    bounds, sets = _Bounds(), list[TraitSet]()
    try:
        for entry in objects(
            _within_bytes(chunks), expected_format="a list of networks", largest=MOST_SET_CHARACTERS
        ):
            if isinstance(entry, Broken):
                raise InputError("trait sets: not valid JSON, or a network that is too long")
            traits = from_json(TraitSet, entry)
            bounds.add(traits)
            if left_out is not None:
                bounds.add_written(traits)
                sets += _screened(traits, left_out)
            else:
                sets.append(traits)
    except SourceError as error:
        raise InputError(f"trait sets: {error}") from error
    bounds.require_any()
    return tuple(sets)


def trait_sets_json(sets: Sequence[TraitSet]) -> bytes:
    """Return the bytes of ``traits.json``, one network a line.

    Raises
    ------
    InputError
        If :func:`read_trait_sets` would refuse them.
    """
    bounds, rows = _Bounds(), list[str]()
    for traits in sets:
        bounds.add(traits)
        row = json.dumps(to_json(traits), ensure_ascii=False, sort_keys=True)
        if len(row) > MOST_SET_CHARACTERS:
            raise InputError(
                f"{traits.of}: {len(row):,} characters of traits; at most {MOST_SET_CHARACTERS:,}"
            )
        rows.append(row)
    bounds.require_any()
    raw = ("[\n" + ",\n".join(rows) + "\n]\n").encode()
    return b"".join(_within_bytes([raw]))


class _Bounds:
    """Counts networks, and what they have in all."""

    def __init__(self) -> None:
        self._networks: set[str] = set()
        self._traits = self._members = self._written_characters = 0

    def add(self, traits: TraitSet) -> None:
        """Count a network.

        Raises
        ------
        InputError
            If it came before, or is one too many.
        """
        if traits.of in self._networks:
            raise InputError("trait sets: two of one network")
        self._networks.add(traits.of)
        self._traits += len(traits.traits)
        self._members += len(traits.members)
        for count, most, what in (
            (len(self._networks), MOST_SETS, "networks"),
            (self._traits, MOST_TRAITS_OF_ALL, "traits"),
            (self._members, MOST_MEMBERS_OF_ALL, "members"),
        ):
            if count > most:
                raise InputError(f"trait sets: more than {most:,} {what}", hint="Give fewer.")

    def add_written(self, traits: TraitSet) -> None:
        """Count the characters in which persons are looked for.

        Raises
        ------
        InputError
            If they are too many.
        """
        self._written_characters += sum(
            len(trait.value) for trait in traits.traits if trait.kind in WRITTEN_BY_PEOPLE
        )
        if self._written_characters > MOST_WRITTEN_CHARACTERS:
            raise InputError(
                f"trait sets: more than {MOST_WRITTEN_CHARACTERS:,} characters of names, "
                "prices and titles",
                hint="Give fewer networks, or shorter catalogues.",
            )

    def require_any(self) -> None:
        """Refuse nothing.

        Raises
        ------
        InputError
            If no network was counted.
        """
        if not self._networks:
            raise InputError(f"trait sets: expected a list of 1 to {MOST_SETS:,} networks")


def _within_bytes(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a JSON array, as long as they are not too many."""
    total = 0
    for number, chunk in enumerate(filter(None, map(bytes, chunks))):
        if not number and chunk.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] not in (b"[", b""):
            raise InputError(f"trait sets: expected a list of 1 to {MOST_SETS:,} networks")
        total += len(chunk)
        if total > MOST_SETS_BYTES:
            raise InputError(f"trait sets: larger than {MOST_SETS_BYTES:,} bytes")
        yield chunk


def _screened(traits: TraitSet, left_out: Counter[Message]) -> list[TraitSet]:
    """Return a network without the traits that may name a person; none, if it has no other."""
    impersonal = tuple(
        trait for trait in traits.traits if not names_person(trait.kind, trait.value)
    )
    left_out[PERSON] += len(traits.traits) - len(impersonal)
    return [replace(traits, traits=impersonal)] if impersonal else []


def _seen(row: Any) -> TraitSeen:
    """Return the trait of a line.

    Raises
    ------
    InputError
        If it is none; what the line said is quoted with its odd characters escaped.
    """
    if not isinstance(row, dict):
        raise InputError("expected an object")
    texts = []
    for name in _FIELDS:
        text = row.get(name)
        if not isinstance(text, str):
            raise InputError(f"{name}: expected a text")
        texts.append(text)
    entity, kind, value, day, source = texts
    exhibit = row.get("exhibit")
    if exhibit is not None and not isinstance(exhibit, str):
        raise InputError("exhibit: expected a text")
    try:
        trait_kind = TraitKind(kind)
    except ValueError:
        raise InputError(f"kind {kind[:40]!a}: no such kind of trait") from None
    return TraitSeen(
        entity=_entity(entity),
        kind=trait_kind,
        value=value.strip(),
        day=_day(day),
        source=source,
        exhibit=None if exhibit is None else ExhibitId(exhibit),
    )


def _entity(text: str) -> str:
    """Return a host or an address in its one spelling."""
    try:
        name = ascii_name(text).rstrip(".")
        return (literal(name) or name) if name[:1].isdigit() or ":" in name else name
    except (UnicodeError, ForbiddenAddressError):
        raise InputError(f"entity {text[:60]!a}: not a host or an address") from None


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):  # Python would read weeks as well
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(f"day {text[:20]!a}: expected YYYY-MM-DD")
