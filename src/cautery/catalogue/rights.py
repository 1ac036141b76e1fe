"""The rights that titles are resolved to: a mandate's own, or a public catalogue's channels."""

from __future__ import annotations

import csv
import gzip
import lzma
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from cautery.catalogue.normalise import country_code
from cautery.errors import InputError
from cautery.model import Mandate

_VERSUS = re.compile(r"(?i)\s+(?:v|vs|vs\.|versus|contre|gegen|contra|-|–|—|x)\s+")  # noqa: RUF001 - dashes as sellers type them
_MOST_ROWS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One channel, event or work, with the names under which it may be offered.

    ``country`` is ISO 3166-1 alpha-2 in lower case, or ``None``: any.
    """

    id: str
    kind: str
    names: tuple[str, ...]
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Rights, in order; :class:`~cautery.catalogue.Resolver` resolves titles against them."""

    rights: tuple[Right, ...]

    @classmethod
    def of(cls, mandate: Mandate) -> Catalogue:
        """Take what a mandate names: channels, events (also as ``Home vs Away``) and works."""
        rights = [
            Right(
                id=one.id,
                kind="channel",
                names=one.names,
                country=country_code(one.territory) if one.territory else None,
            )
            for one in mandate.channels
        ]
        rights += [
            Right(id=f"event:{one.id}", kind="event", names=event_names(one.name))
            for one in mandate.events
        ]
        rights += [
            Right(
                id=one.id,
                kind="work",
                names=(one.title, f"{one.title} {one.year}") if one.year else (one.title,),
            )
            for one in mandate.works
        ]
        return cls(tuple(rights))

    @classmethod
    def read_csv(cls, path: Path) -> Catalogue:
        """Read a catalogue in iptv-org's layout: ``id,name,alt_names,country`` and more.

        ``alt_names`` are parted by ``;``. The file may be ``.xz`` or ``.gz``.

        Raises
        ------
        InputError
            If it cannot be read, or has no ``id`` and ``name``.
        """
        try:
            with _opened(path) as file:
                rows = csv.DictReader(file)
                if not {"id", "name"} <= set(rows.fieldnames or ()):
                    raise InputError(f"{path}: no columns id and name; is it a catalogue?")
                return cls(tuple(_rights(rows, path)))
        except (OSError, UnicodeError, csv.Error, lzma.LZMAError, EOFError) as error:
            raise InputError(f"{path}: cannot be read ({error})") from error

    def without(self, ids: Iterable[str]) -> Catalogue:
        """Return the catalogue without some ids."""
        gone = frozenset(ids)
        return Catalogue(tuple(one for one in self.rights if one.id not in gone))


def event_names(name: str) -> tuple[str, ...]:
    """Return the spellings of an event's name: ``Home v Away`` both ways.

    Examples
    --------
    >>> event_names("Home v Away")
    ('Home v Away', 'Home Away', 'Away Home')
    """
    sides = _VERSUS.split(name)
    if len(sides) != 2:
        return (name,)
    home, away = (side.strip() for side in sides)
    return (name, f"{home} {away}", f"{away} {home}")


def _rights(rows: csv.DictReader[str], path: Path) -> Iterable[Right]:
    for number, row in enumerate(rows):
        if number >= _MOST_ROWS:
            raise InputError(f"{path}: more than {_MOST_ROWS} rows")
        own, name = (row.get("id") or "").strip(), (row.get("name") or "").strip()
        if own and name:
            others = [part.strip() for part in (row.get("alt_names") or "").split(";")]
            yield Right(
                id=own,
                kind="channel",
                names=tuple(dict.fromkeys([name, *(part for part in others if part)])),
                country=country_code(row.get("country") or ""),
            )


def _opened(path: Path) -> TextIO:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8", newline="")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
