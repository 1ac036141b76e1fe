"""The rights that titles are resolved to: a mandate's own, or a public catalogue's channels."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from cautery.catalogue.places import country_code, region_code
from cautery.cells import require_few_columns
from cautery.errors import InputError
from cautery.model import Mandate

_MOST_ROWS = 400_000
"""Which take six seconds; iptv-org's channels are forty thousand. Empty ones count."""
_MOST_NAMES = 64
_MOST_NAMES_OF_ALL, _MOST_CHARACTERS = 200_000, 10_000_000
"""Of a whole catalogue: to know its titles takes 2 kB and 40 microseconds for each name."""
_LONGEST_CODE = 12
_KINDS = {"event": "event", "work": "work", "film": "work", "series": "work"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """One channel, event or work, with the names under which it may be offered.

    Parameters
    ----------
    kind : str
        ``channel``, ``event`` or ``work``.
    country : str or None
        ISO 3166-1 alpha-2 in lower case; ``None``: any.
    areas : tuple of str
        Countries and regions in which it is broadcast, where they are known.
    languages : tuple of str
        ISO 639-3, where they are known.
    network : str
        Whose programme it carries.
    feeds : tuple of str
        Names of its regional and other editions.
    closed : bool
        Whether it has ceased.
    year : int or None
        Of a work.
    film : bool
        Whether a work is a film, which has no episodes.
    day : date or None
        Of an event, in UTC.
    """

    id: str
    kind: str
    names: tuple[str, ...]
    country: str | None = None
    areas: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    network: str = ""
    feeds: tuple[str, ...] = ()
    closed: bool = False
    year: int | None = None
    film: bool = False
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Rights, in order; :class:`~cautery.catalogue.Resolver` resolves titles against them."""

    rights: tuple[Right, ...]

    @classmethod
    def of(cls, mandate: Mandate) -> Catalogue:
        """Take what a mandate names: channels, events (also as ``Home vs Away``) and works.

        A channel that does not say where it is from is from where the mandate is for: of one that
        may be from anywhere a list of thousands of others says that it is somebody else's.
        """
        rights = []
        for channel in mandate.channels:
            territories = (channel.territory,) if channel.territory else mandate.territories
            places = [code for place in territories if (code := country_code(place)) is not None]
            rights.append(
                Right(
                    id=channel.id,
                    kind="channel",
                    names=channel.names,
                    country=places[0] if places else None,
                    areas=tuple(sorted(places)),
                )
            )
        rights += [
            Right(
                id=f"event:{event.id}", kind="event", names=(event.name,), day=event.kick_off.date()
            )
            for event in mandate.events
        ]
        rights += [
            Right(
                id=work.id,
                kind="work",
                names=(work.title, *work.other_titles),
                year=work.year,
                film=work.kind == "film",
            )
            for work in mandate.works
        ]
        return cls(tuple(rights))

    @classmethod
    def of_csv(
        cls, lines: Iterable[str], *, feeds: Iterable[str] = (), named: str = "catalogue"
    ) -> Catalogue:
        """Read a catalogue in iptv-org's layout: ``id,name,alt_names,country`` and more.

        Parameters
        ----------
        lines : iterable of str
            The table; ``alt_names`` are parted by ``;``. ``kind`` (``channel``, ``event``,
            ``work``, ``film``, ``series``), a work's ``year`` and an event's ``date`` may be there
            too.
        feeds : iterable of str
            iptv-org's table of feeds, which tells where and in which languages each channel is
            broadcast.
        named : str
            What the table is called in errors.

        Raises
        ------
        InputError
            If it is no such table, or has no row with an id and a name.

        Notes
        -----
        Rows of one id are one right under all their names; all else is the first one's.
        """
        try:
            editions = _editions(csv.DictReader(feeds))
            rows = csv.DictReader(lines)
            rows.fieldnames = [fieldname.strip().lower() for fieldname in rows.fieldnames or ()]
            if not {"id", "name"} <= set(rows.fieldnames):
                raise InputError(f"{named}: it has no columns id and name; is it a catalogue?")
            rights: dict[str, Right] = {}
            names_left, characters_left = _MOST_NAMES_OF_ALL, _MOST_CHARACTERS
            for right in _rights(rows, editions, named):
                names_left -= len(right.names)
                characters_left -= sum(map(len, right.names))
                if min(names_left, characters_left) < 0:
                    raise InputError(
                        f"{named}: more than {_MOST_NAMES_OF_ALL:,} names, "
                        f"or {_MOST_CHARACTERS:,} characters of names"
                    )
                first = rights.setdefault(right.id, right)
                if first is not right:
                    names = tuple(dict.fromkeys((*first.names, *right.names)))
                    rights[right.id] = replace(first, names=names[:_MOST_NAMES])
        except csv.Error as error:
            raise InputError(f"{named}: it is not a table of text; is it a catalogue?") from error
        if not rights:
            raise InputError(f"{named}: no row has an id and a name")
        return cls(tuple(rights.values()))

    def without(self, ids: Iterable[str]) -> Catalogue:
        """Return the catalogue without some ids."""
        excluded = frozenset(ids)
        return Catalogue(tuple(right for right in self.rights if right.id not in excluded))


@dataclass(slots=True)
class _Editions:
    """What the feeds of one channel say together."""

    areas: set[str] = field(default_factory=set)
    languages: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)


def _editions(rows: csv.DictReader[str]) -> dict[str, _Editions]:
    editions: dict[str, _Editions] = {}
    for row in _limited(rows, "feeds"):
        edition = editions.setdefault(_cell(row, "channel"), _Editions())
        for place in _cell(row, "broadcast_area").split(";"):
            level, _, code = place.partition("/")
            area = region_code(code.partition("-")[0][:_LONGEST_CODE])
            # "ct" is a city's code, whose first letters are a country's in another list.
            if area is not None and level != "ct":
                edition.areas.add(area)
        edition.languages.update(part for part in _cell(row, "languages").split(";") if part)
        edition.names += [part for part in (_cell(row, "name"), _cell(row, "alt_names")) if part]
    return editions


def _rights(
    rows: csv.DictReader[str], editions: Mapping[str, _Editions], source: str
) -> Iterator[Right]:
    for row in _limited(rows, source):
        id_, name = _cell(row, "id"), _cell(row, "name")
        if not id_ or not name:
            continue
        aliases = (part.strip() for part in _cell(row, "alt_names").split(";"))
        fed = editions.get(id_) or _Editions()
        kind, year = _cell(row, "kind").lower(), _cell(row, "year")
        yield Right(
            id=id_,
            kind=_KINDS.get(kind, "channel"),
            names=tuple(dict.fromkeys([name, *(part for part in aliases if part)]))[:_MOST_NAMES],
            country=country_code(_cell(row, "country")),
            areas=tuple(sorted(fed.areas)),
            languages=tuple(sorted(fed.languages)),
            network=_cell(row, "network"),
            feeds=tuple(dict.fromkeys(fed.names)),
            closed=bool(_cell(row, "closed")),
            year=int(year) if len(year) == 4 and year.isascii() and year.isdigit() else None,
            film=kind == "film",
            day=_day(_cell(row, "date")),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _cell(row: Mapping[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip()


def _limited(rows: csv.DictReader[str], source: str) -> Iterator[dict[str, str]]:
    require_few_columns(rows, source)
    names = rows.fieldnames or ()
    for number, cells in enumerate(rows.reader):  # empty ones too: they take their time
        if number >= _MOST_ROWS:
            raise InputError(f"{source}: more than {_MOST_ROWS} rows")
        if cells:  # a dict of all columns would take as long as all the rest
            yield dict(zip(names, cells, strict=False))
