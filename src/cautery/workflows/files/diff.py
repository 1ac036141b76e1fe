"""Compare two files of one known format: what appeared, vanished, moved and changed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from cautery.errors import InputError, LimitError
from cautery.formats import Reader, ReadWarning, guess, reader, redacted_json, redacted_text
from cautery.formats.diff import Changes, Listed, compare
from cautery.json_text import parsed_json
from cautery.model import KeyedPseudonyms, Pseudonyms, RedactedUrl, to_json
from cautery.packed import chunks_of

MOST_VALUES, MOST_CHARACTERS = 1_000_000, 250_000_000
"""Of each file, and of all that it says of them: some 1 GB of memory for two lists of so many."""
_HEAD_BYTES = 8192
_SINGLE = frozenset(("page", "tls", "rdap", "whois"))
"""Formats that say one thing: what differs are its fields."""
_PASSING = frozenset(("line", "seen_at", "url"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanges:
    """What differs between two files.

    Parameters
    ----------
    fields : dict of str to dict of str to (str, str)
        Of what is in both, by its place: each field that differs, before and after.
    broken : tuple of int
        Records of each file that could not be read.
    """

    kind: str
    changes: Changes
    fields: dict[str, dict[str, tuple[str, str]]]
    broken: tuple[int, int]

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield one JSON object for each change: appeared, vanished, moved, changed."""
        for name, entries in (
            ("appeared", self.changes.appeared),
            ("vanished", self.changes.vanished),
        ):
            for entry in entries:
                yield {"change": name, "place": entry.place, "title": entry.title}
        for move in self.changes.moved:
            yield {
                "change": "moved",
                "place": move.now.place,
                "title": move.now.title,
                "was": move.was.place,
                "was_title": move.was.title,
                "why": move.why,
            }
        for place, fields in self.fields.items():
            yield {
                "change": "changed",
                "place": place,
                "fields": {name: list(pair) for name, pair in fields.items()},
            }


def diff_files(old: Path, new: Path, *, kind: str | None = None) -> FileChanges:
    """Compare two readings of one source that lie as files.

    Parameters
    ----------
    old, new : Path
        Also packed as ``.gz``, ``.xz`` or ``.zst``.
    kind : str or None
        A reader's name; ``None``: chosen by the first bytes.

    Raises
    ------
    InputError
        If they are not of one format, or there is no such file or reader.
    SourceError
        If one is none of the known formats, or breaks off.
    """
    # One for both: the same credential is the same hash.
    pseudonyms = KeyedPseudonyms(secrets.token_bytes(32))
    before, after = _Side(old, kind, pseudonyms), _Side(new, kind, pseudonyms)
    if before.reader.kind != after.reader.kind:
        raise InputError(
            f"the formats differ: {old} is {before.reader.format}, {new} is {after.reader.format}",
            hint="Compare two readings of the same source; --kind selects the reader.",
        )
    changes = compare(before.listed(), after.listed())
    fields = {
        place: differing
        for place, text in after.said.items()
        if place in before.said and (differing := _differing(before.said[place], text, pseudonyms))
    }
    return FileChanges(
        kind=after.reader.kind,
        changes=changes,
        fields=fields,
        broken=(before.broken, after.broken),
    )


@dataclass(slots=True)
class _Side:
    path: Path
    kind: str | None
    pseudonyms: Pseudonyms
    said: dict[str, str] = field(default_factory=dict)
    """What was said of each place, as JSON."""
    broken: int = 0
    reader: Reader = field(init=False)
    _chunks: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        chunks = (chunk for chunk in chunks_of(self.path) if chunk)
        head = b""
        for chunk in chunks:
            head += chunk
            if len(head) >= _HEAD_BYTES:
                break
        self.reader = guess(head[:_HEAD_BYTES]) if self.kind is None else reader(self.kind)
        self._chunks = chain((head,), chunks)

    def listed(self) -> list[Listed]:
        """Read the file; what is listed twice counts once."""
        entries: list[Listed] = []
        left = MOST_CHARACTERS
        for value in self.reader.values(self._chunks, ""):
            if isinstance(value, ReadWarning):
                self.broken += value.count
                continue
            if len(entries) == MOST_VALUES:
                raise LimitError(f"{self.path}: more than {MOST_VALUES} values to compare")
            members: dict[str, Any] = to_json(value)
            plain = {name: value for name, value in members.items() if name not in _PASSING}
            said = json.dumps(plain, sort_keys=True)
            place, title = self._place(members), _title(members)
            left -= len(said) + len(place)
            if left < 0:
                raise LimitError(f"{self.path}: more than {MOST_CHARACTERS} characters to compare")
            entries.append(Listed(place, redacted_text(title, self.pseudonyms) if title else None))
            self.said.setdefault(place, said)
        return entries

    def _place(self, members: dict[str, Any]) -> str:
        if self.reader.kind in _SINGLE:
            return f"the {self.reader.kind} answer"
        url = members.get("url")
        if isinstance(url, str) and url:
            try:
                return RedactedUrl.of(url, self.pseudonyms).text
            except InputError:
                return redacted_text(url, self.pseudonyms)
        parts = [str(members[name]) for name in _NAMING if members.get(name) not in (None, "", [])]
        if parts:
            return redacted_text(" ".join(parts), self.pseudonyms)
        plain = {name: value for name, value in members.items() if name not in _PASSING}
        return redacted_text(json.dumps(plain, sort_keys=True, ensure_ascii=False), self.pseudonyms)


_NAMING = ("kind", "id", "channel", "starts_at", "start", "domain", "host", "rrname", "rrtype")
"""Fields that name a thing which has no URL: a panel's stream, a programme, a DNS record."""


def _title(members: dict[str, Any]) -> str | None:
    for name in ("title", "name", "names"):
        title = members.get(name)
        if isinstance(title, list) and title:
            title = title[0]
        if isinstance(title, str) and title:
            return title
    return None


def _differing(old: str, new: str, pseudonyms: Pseudonyms) -> dict[str, tuple[str, str]]:
    if old == new:
        return {}
    before, after = parsed_json(old), parsed_json(new)

    def shown(value: object) -> str:
        value = redacted_json(value, pseudonyms)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    return {
        name: (shown(before.get(name)), shown(after.get(name)))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }
