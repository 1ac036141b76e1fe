"""Where titles come from: what a source's other titles show about the countries it carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cautery.catalogue._arrays import Batch, Names
from cautery.catalogue._place_kernels import unmistakable
from cautery.catalogue.normalise import LONGEST, normalise
from cautery.catalogue.places import country_code, language_number, places, source_country

COUNTRIES = 256
MAIN = 12
"""Countries of a source that are weighed; few have more than three."""
_FEW_TITLES = 20
"""Below so many titles nothing is said of how much of a list is the catalogue's."""
_OWN_COUNTRY = 3.0
"""Votes that a source's name counts for, and below, those of a source for each of its languages."""
_OTHER_LANGUAGES = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A title with the known facts about its place in the source.

    Parameters
    ----------
    title : str
        As offered.
    country : str or None
        Where it is from, ISO 3166-1 alpha-2 or a seller's code.
    group : str or None
        The group of a playlist under which it stands, such as ``FR | SPORT``.
    source : str or None
        Whose list it is: any name that is the same for all titles of one list, such as a host or a
        file's name.
    language : str or None
        ISO 639-1 or 639-3.
    """

    title: str
    country: str | None = None
    group: str | None = None
    source: str | None = None
    language: str | None = None


class Around(NamedTuple):
    """What surrounds each title, for the kernels.

    By title: ``home``, ``language``, ``source``, ``row`` and ``coverage``. By row, which is a
    source in one language: ``share`` of each country, the ``main`` countries, ``trust`` in these.
    By source: sorted codes ``source << 32 | right`` of rights whose name is a title there, and that
    title's key; sorted codes ``source << 32 | network`` and the network's share.
    """

    home: npt.NDArray[np.int16]
    language: npt.NDArray[np.int16]
    source: npt.NDArray[np.int32]
    row: npt.NDArray[np.int32]
    coverage: npt.NDArray[np.float32]
    whole_coverage: float
    share: npt.NDArray[np.float32]
    main: npt.NDArray[np.int16]
    trust: npt.NDArray[np.float32]
    taken: npt.NDArray[np.int64]
    taken_by: npt.NDArray[np.int32]
    network: npt.NDArray[np.int64]
    network_share: npt.NDArray[np.float32]


def around(
    listings: Sequence[Listing], batch: Batch, names: Names, *, alone: bool = False
) -> Around:
    """Say what surrounds each title; ``alone``, or among a few, only what it says itself.

    One title such as "MTV" may be any of fifty channels; that the same list also carries "TV Globo"
    and "SporTV" says which. Titles that are a name of one right alone vote for its country and its
    network, take the right for themselves, and tell how much of the list is the catalogue's.
    """
    total = len(listings)
    home = np.zeros(total, np.int16)
    language = np.zeros(total, np.int16)
    source = np.zeros(total, np.int32)
    row = np.zeros(total, np.int32)
    sources: dict[str, int] = {}
    rows: dict[tuple[int, int, int], int] = {}
    for at, listing in enumerate(listings):
        source_name = listing.source or ""
        place = _number(source_country(source_name[:LONGEST])) if source_name else 0
        if listing.country:
            home[at] = _number(country_code(listing.country[:LONGEST])) or place
        elif listing.group:
            home[at] = _number(group_country(listing.group[:LONGEST])) or place
        else:
            home[at] = place
        language[at] = tongue = language_number(listing.language)
        source[at] = number = sources.setdefault(source_name, len(sources))
        row[at] = rows.setdefault((number, tongue, place), len(rows))
    votes = np.zeros(total, np.int16)
    only = np.zeros(total, np.int32)
    unmistakable(batch, names, home, votes, only)
    if alone := alone or total < _FEW_TITLES:
        votes[:], only[:] = 0, -1
    share, trust = _shares(list(rows), len(sources), source, row, votes)
    main = np.argsort(-share, axis=1)[:, :MAIN].astype(np.int16)
    main[np.take_along_axis(share, main.astype(np.intp), axis=1) <= 0] = 0
    sure = only >= 0
    whole_coverage = -1.0 if alone else float(sure.mean())
    totals = np.bincount(source, minlength=len(sources))
    recognised = np.bincount(source[sure], minlength=len(sources))
    covered = (recognised + _FEW_TITLES * whole_coverage) / (totals + _FEW_TITLES)
    if alone:
        covered = np.full(len(sources), -1.0)
    # Source and right in one number of 64 bits: so np.unique sorts and compares pairs fast.
    shifted = source.astype(np.int64) << 32
    source_rights, first = np.unique(shifted[sure] | only[sure], return_index=True)
    carried = names.network[only[sure]] if len(names.network) else only[sure]
    network, counts = np.unique(
        shifted[sure][carried > 0] | carried[carried > 0], return_counts=True
    )
    return Around(
        home=home,
        language=language,
        source=source,
        row=row,
        coverage=covered[source].astype(np.float32),
        whole_coverage=whole_coverage,
        share=share,
        main=main,
        trust=trust,
        taken=source_rights,
        taken_by=batch.keys[sure, 1][first],
        network=network,
        network_share=(counts / (recognised[network >> 32] + _FEW_TITLES)).astype(np.float32),
    )


def _shares(
    rows: list[tuple[int, int, int]],
    sources: int,
    source: npt.NDArray[np.int32],
    row: npt.NDArray[np.int32],
    votes: npt.NDArray[np.int16],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    voted = votes > 0
    of_source = np.zeros((sources, COUNTRIES), np.float32)
    of_row = np.zeros((len(rows), COUNTRIES), np.float32)
    np.add.at(of_source, (source[voted], votes[voted]), 1)
    np.add.at(of_row, (row[voted], votes[voted]), 1)
    keys = np.array(rows, np.intp).reshape(-1, 3)
    whole = of_source[keys[:, 0]]
    placed = np.flatnonzero(keys[:, 2] > 0)
    whole[placed, keys[placed, 2]] += _OWN_COUNTRY
    total = whole.sum(axis=1, keepdims=True)
    share = of_row + _OTHER_LANGUAGES * whole / np.maximum(total, 1e-9)
    trust = np.log1p(of_row.sum(axis=1) + 0.2 * total[:, 0]).astype(np.float32)
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    return share.astype(np.float32), trust


@lru_cache(maxsize=4096)
def group_country(group: str) -> str | None:
    """Return the country that a playlist's group names: ``FR | SPORT``, ``Italia``, ``UK``.

    Examples
    --------
    >>> group_country("FR | SPORT"), group_country("Entertainment")
    ('fr', None)
    """
    title = normalise(group)
    if title.place is not None:
        return title.place if title.place in places().countries else None
    if len(title.words) == 1 and (code := country_code(title.words[0])) is not None:
        return code
    names = places().names
    for length in (3, 2, 1):
        for at in range(len(title.words) - length + 1):
            code = names.get(tuple(title.words[at : at + length]))
            if code in places().countries:
                return code
    return None


def _number(code: str | None) -> int:
    return places().countries.get(code, 0) if code is not None else 0
