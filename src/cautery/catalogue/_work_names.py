"""Films and series among titles: a name, a year, a season and an episode, and the tail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cautery.catalogue.normalise import LONGEST, QUALITY, normalise
from cautery.catalogue.script import fold

STEM = 5
"""Letters by which two forms of a word are the same one."""
_SEASON = r"(?:s|t|season|saison|staffel|temporada|stagione|sezon|sezona|seizoen|sasong)"
_PART = (
    r"(?:e|ep|x|episode|episodio|folge|afl|aflevering|bolum|seriya|odcinek|capitulo|cap|avsnitt)"
)
_EPISODE = re.compile(
    rf"\b{_SEASON}[ .]?(\d{{1,2}})[ ._-]{{0,3}}{_PART}[ .]?(\d{{1,3}})\b"
    r"|\b(\d{1,2})x(\d{2,3})\b"
)
_WHOLE_SEASON = re.compile(rf"\b{_SEASON}[ .]?(\d{{1,2}})\b")
_YEAR = re.compile(r"(?<!\w)(?:19|20)\d\d(?!\w)")
_CODE = re.compile(r"\W*[a-z0-9+]{1,5}\W?\s*[|:\-\])]+\s+(?=\w)")
"""A shop's shelf before a name: ``VOD -``, ``[NF]``, ``4K |``."""
_TAIL = re.compile(
    r"(?<![\s|(\[])[\s|(\[]++(?:en|fr|de|es|it|pt|eng|fra|ger|spa|ita|por|ara|rus|us|uk)[\])\s]*$"
)
_EXTRAS = frozenset(
    """
    trailer teaser making behind bonus extras soundtrack ost recap review podcast
    """.split()  # noqa: SIM905 - a table of words
)
"""Words that make of a work something about it."""
_COUNTS = frozenset(("part", "chapter", "vol", "volume", "teil", "partie", "parte", "kapitel"))
"""Words before a number that some leave out."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a title as a work's.

    Parameters
    ----------
    years : frozenset of int
        What may be its year.
    episode : tuple of int or None
        Season and episode; a season alone is episode 0.
    """

    words: tuple[str, ...]
    years: frozenset[int]
    episode: tuple[int, int] | None
    stems: frozenset[str] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stems", frozenset(stems_of(self.words)))


def readings(title: str) -> tuple[Reading, ...]:
    """Return the ways to read a title: with and without a shelf before it, a year as year or name.

    Examples
    --------
    >>> [(one.words, sorted(one.years)) for one in readings("VOD - 1917 (2019) MULTI")]
    [(('1917',), [2019]), (('vod', '1917'), [2019])]
    """
    text = fold(title[:LONGEST])
    texts = [text]
    if (code := _CODE.match(text)) is not None:
        texts.insert(0, text[code.end() :])
    ways: dict[Reading, None] = {}
    for variant in texts:
        episode, remainder = episode_of(variant)
        remainder = _TAIL.sub(" ", remainder)
        for year in reversed([*_YEAR.finditer(remainder)]):
            if words := words_of(remainder[: year.start()]):
                tail = set(words_of(remainder[year.end() :]))
                words += tuple(sorted(tail & _EXTRAS))
                ways[Reading(words, frozenset((int(year[0]),)), episode)] = None
                break
        if "(" not in remainder or not ways:
            years = frozenset(int(year) for year in _YEAR.findall(remainder))
            ways[Reading(words_of(remainder), years, episode)] = None
    return tuple(ways)


def words_of(text: str) -> tuple[str, ...]:
    """Return a name's words without decoration, and without what only counts its parts."""
    title = normalise(text)
    words = [word for word, kind in zip(title.words, title.kinds, strict=True) if kind != QUALITY]
    return tuple(
        word
        for at, word in enumerate(words)
        if not (word in _COUNTS and at + 1 < len(words) and words[at + 1].isdigit())
    )


def stems_of(words: Iterable[str]) -> tuple[str, ...]:
    """Return the beginnings of words."""
    return tuple(word[:STEM] for word in words)


def is_about(words: tuple[str, ...]) -> bool:
    """Tell whether words say that a title is something about a work."""
    return not _EXTRAS.isdisjoint(words)


def episode_of(text: str) -> tuple[tuple[int, int] | None, str]:
    """Take season and episode out of a folded title, with what follows them: the episode's name."""
    if match := _EPISODE.search(text):
        season, number = (int(group) for group in match.groups() if group is not None)
        return (season, number), text[: match.start()].strip(" -|:") or text[match.end() :]
    if match := _WHOLE_SEASON.search(text):
        return (int(match[1]), 0), text[: match.start()].strip(" -|:") or text[match.end() :]
    return None, text


def same_episode(named: tuple[int, int] | None, told: tuple[int, int] | None) -> bool:
    """Tell whether a work that is one episode, or one season, may be what a title tells."""
    if named is None:
        return True
    return told is not None and named[0] == told[0] and named[1] in (0, told[1])
