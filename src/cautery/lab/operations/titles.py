"""Invented names by the thousand: of channels, films, people and hosts. Never a real brand."""

from __future__ import annotations

import numpy as np


def _list(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_HEADS = _list("ba be bo bri ca cla cor da dre du fe fla ga glo gri ha hel jo ka kel kri la lu ma")
_MIDS = _list("ra re ri ro la li lo na ni no va vi vo da di do ta ti to sa si so")
_TAILS = _list("n x r l m s th nd rk st lin dor vex tor mir gan wick")
_GENRES = _list("Sport One Two Three Plus Cinema News Kids Arena Match Extra Live Gold")
_KINDS = _list("Night River House Return Letter Garden Winter Bridge Secret Island Voyage Promise")


def words(rng: np.random.Generator, count: int) -> list[str]:
    """Return ``count`` made-up words, each once, in time linear in the count."""
    unique: dict[str, None] = {}
    while len(unique) < count:
        want = count - len(unique) + 16
        heads = rng.integers(len(_HEADS), size=want)
        mids = rng.integers(len(_MIDS), size=(want, 2))
        tails = rng.integers(len(_TAILS), size=want)
        for h, (a, b), t in zip(heads.tolist(), mids.tolist(), tails.tolist(), strict=True):
            unique[_HEADS[h] + _MIDS[a] + _MIDS[b] + _TAILS[t]] = None
    return list(unique)[:count]


def channel_names(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    """Return names of live channels: ``Belivox Arena 3``."""
    stations = [word.capitalize() for word in words(rng, max(1, -(-count // 8)))]
    kinds = rng.permuted(np.tile(np.arange(len(_GENRES)), (len(stations), 1)), axis=1).tolist()
    names = [
        f"{station} {_GENRES[row[n]]}"
        for station, row in zip(stations, kinds, strict=True)
        for n in range(8)
    ]
    return tuple(names[:count])


def work_names(rng: np.random.Generator, count: int) -> tuple[str, ...]:
    """Return titles of films and series: ``The Bridge of Calinor``, some with a season."""
    places = [word.capitalize() for word in words(rng, count)]
    kinds = rng.integers(len(_KINDS), size=count).tolist()
    series = rng.integers(-6, 5, size=count).tolist()
    return tuple(
        f"The {_KINDS[kind]} of {place}" + (f", season {season + 1}" if season >= 0 else "")
        for place, kind, season in zip(places, kinds, series, strict=True)
    )


def people_names(rng: np.random.Generator, count: int) -> list[str]:
    """Return names of persons who do not exist."""
    name_words = words(rng, 2 * count)
    return [
        f"{a.capitalize()} {b.capitalize()}"
        for a, b in zip(name_words[:count], name_words[count:], strict=True)
    ]
