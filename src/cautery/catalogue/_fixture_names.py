"""Matches among titles: both sides, the date, and what says that it is another match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise, permutations

from cautery.catalogue.normalise import QUALITY, normalise
from cautery.catalogue.script import fold

_STRONG = re.compile(r"(?i)\s(?:v|vs|vs\.|versus|contre|gegen|contra|x)\s")
_AT = re.compile(r"\s@\s")
_DASH = re.compile(r"\s[-–—]\s")  # noqa: RUF001 - dashes as sellers type them
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_BEFORE = re.compile(r"^(?:.*[|:»>#*\])])?(?:.*\s[-–—]\s)?")  # noqa: RUF001
_AFTER = re.compile(r"[|»<#*(\[@:]|\s[-–—]\s")  # noqa: RUF001
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<{{}}>{'|'.join(_MONTHS)})[a-z]*\.?"
_DATE = re.compile(
    r"(?i)\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"
    r"|\b(?P<first>\d{1,2})[./](?P<second>\d{1,2})(?:[./](?P<year2>(?:20)?\d\d))?(?![:\d])"
    rf"|\b(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\.? {_MONTH.format('name')}(?: (?P<year3>20\d\d))?\b"
    rf"|\b{_MONTH.format('name2')} (?P<day3>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"(?:,? (?P<year4>20\d\d))?(?!:)"
)
_TIME = re.compile(r"(?i)\b\d{1,2}[:.h]\d{2}(?::\d\d)?\s?(?:am|pm)?\b|\b\d{1,2}\s?(?:am|pm)\b")
_YEAR = re.compile(r"20\d\d")
_AGED = re.compile(r"(?i)\bu[- ]?(?:1[4-9]|2[0-3])s?\b")
_WORDS = {
    "utd": "united", "barca": "barcelona", "munich": "munchen", "muenchen": "munchen",
    "spurs": "tottenham", "wolves": "wolverhampton", "st": "saint", "gp": "grandprix",
    "formula": "f",
}  # fmt: skip
"""Short and English forms that no rule tells."""
_PARTICLES = frozenset(
    """
    fc cf sc ac as ss afc ssc sv vfb vfl tsg rb bsc cd ud sd rcd rc ogc aj ec se cr kv krc fk sk nk
    hnk gnk pfc cfr the de la el of and y e du da di do der los las le les club calcio
    """.split()  # noqa: SIM905 - a table of words
)
_SHARED = frozenset(
    """
    united city real athletic sporting olympique borussia town rovers county wanderers racing union
    dynamo dinamo lokomotiv spartak cska red star saint inter madrid manchester glasgow bristol
    sheffield milan london
    """.split()  # noqa: SIM905 - a table of words
)
"""Words of several clubs' names: alone they name none of them."""
_BESIDE = frozenset(
    """
    live league liga laliga premier serie bundesliga ligue cup copa coupe pokal champions europa
    conference ucl uel uecl epl nba nfl nhl mlb mls matchday round week journee jornada final semi
    quarter group stage main event ppv sport sports sky tv match day game football soccer futbol
    direct en fr es it de pt nl pl tr ar ro gr us uk gb cet cest gmt utc bst et est edt pt pst mon
    tue wed thu fri sat sun today tonight feed stream multi audio english french spanish german
    """.split()  # noqa: SIM905 - a table of words
)
"""What stands beside a side and is no part of it."""
_OTHER_MATCH = frozenset(
    """
    women w ladies femenino feminin feminine frauen youth juniors reserves reserve legends
    highlights replay resumen resume review preview qualifying quali practice sprint fp weigh
    weighin countdown
    """.split()  # noqa: SIM905 - a table of words
)
"""Words that make of a fixture another one, or not the live one."""
_RESERVES = frozenset("23")
_WHOLE, _PARTLY, _LETTERS, _UNPARTED, _TURNED = 0.97, 0.92, 0.85, 0.93, 0.02
"""Probabilities, set by hand: both sides whole; in part; by initials; a match that is not split
into its sides; less if home and away are turned round."""

Side = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """A title as one that may offer a match."""

    all_words: Side
    years: frozenset[int]
    parted: tuple[tuple[Side, Side], ...]
    """The ways to part it into two sides."""
    run: str
    """All its words, a space before and after each."""
    dates: tuple[frozenset[tuple[int | None, int, int]], ...]
    """What each date in it may mean: year if it is said, month, day."""
    other: frozenset[str]

    @classmethod
    def of(cls, title: str) -> Offer:
        dates = tuple(_meanings(match) for match in _DATE.finditer(title))
        plain = _TIME.sub(" | ", _DATE.sub(" | ", title))
        words = side_of(plain)
        other_words = _OTHER_MATCH & set(words)
        if _AGED.search(fold(plain)):
            other_words |= {"u"}
        date_years = {year for date_ in dates for year, _, _ in date_ if year is not None}
        return cls(
            all_words=words,
            years=frozenset(date_years | {int(word) for word in words if _YEAR.fullmatch(word)}),
            parted=tuple(_parted(plain)),
            run=f" {' '.join(words)} ",
            dates=tuple(date_ for date_ in dates if date_),
            other=frozenset(other_words),
        )

    def on(self, day: date) -> bool:
        """Tell whether its dates allow for a day; it may be the next one in another country."""
        near = [day + timedelta(days=off) for off in (-1, 0, 1)]
        return all(year == day.year for year in self.years) and all(
            any(
                (year or neighbour.year, month, number)
                == (neighbour.year, neighbour.month, neighbour.day)
                for year, month, number in meanings
                for neighbour in near
            )
            for meanings in self.dates
        )


def side_of(text: str) -> Side:
    """Return the words of one side, or of all of a title, decoration left out."""
    title = normalise(text)
    words = [
        _WORDS.get(word, word)
        for word, kind in zip(title.words, title.kinds, strict=True)
        if kind != QUALITY
    ]
    return tuple(" ".join(words).replace("grand prix", "grandprix").split())


def initials(side: Side) -> str:
    """Return the first letters of a side's words, as in PSG."""
    return "".join(word[0] for word in side if word not in _PARTICLES)


def probability(offer: Offer, sides: tuple[Side, Side]) -> float:
    """Return how probable it is that a title offers the match of these sides.

    Examples
    --------
    >>> match = (side_of("Real Madrid"), side_of("FC Barcelona"))
    >>> probability(Offer.of("LIGA 03: Real Madrid CF vs Barça @ 20:45 CET"), match)
    0.97
    >>> probability(Offer.of("Real Sociedad v Barcelona"), match)
    0.0
    """
    if offer.other - {word for side in sides for word in side}:
        return 0.0
    best = 0.0
    for parts in offer.parted:
        for turned, (home, away) in enumerate(permutations(parts)):
            home_odds, away_odds = _alike(sides[0], home), _alike(sides[1], away)
            if home_odds and away_odds:
                best = max(best, min(home_odds, away_odds) - (_TURNED if turned else 0.0))
    if not offer.parted and all(f" {' '.join(side)} " in offer.run for side in sides):
        spare = (
            set(offer.all_words) - {word for side in sides for word in side} - _BESIDE - _PARTICLES
        )
        best = 0.0 if spare else _UNPARTED
    return best


def _parted(title: str) -> Iterator[tuple[Side, Side]]:
    """Yield the ways to part a title into two sides, each cut where something else begins."""
    for text in dict.fromkeys((_BRACKETS.sub(" ", title), title)):
        for divider in (_STRONG, _AT):
            match = divider.search(f" {text} ")
            if match is None:
                continue
            left, right = f" {text} "[: match.start()], f" {text} "[match.end() :]
            sides = side_of(_BEFORE.sub("", left)), side_of(_AFTER.split(right, maxsplit=1)[0])
            if all(sides):
                yield sides
                return
        pieces = [
            side_of(piece)
            for part in re.split(r"[|»:]", text)
            for piece in (*_DASH.split(part), "")  # "" parts what stands on both sides of a bar
        ]
        dashed = [(home, away) for home, away in pairwise(pieces) if home and away]
        if dashed:
            yield from dashed
            return


def _alike(side: Side, offered: Side) -> float:
    """Return how probable it is that a side is meant; 0: it is another one."""
    words = [word for word in side if word not in _PARTICLES] or list(side)
    if (
        len(offered) == 1
        and len(words) > 1
        and len(offered[0]) > 1
        and offered[0] == initials(side)
    ):
        return _LETTERS
    covered: set[int] = set()
    for at, word in enumerate(offered):
        if places := _places(word, words):
            covered |= places
        elif not (word in _PARTICLES or word in _BESIDE or _tells_nothing(word, at)):
            return 0.0
    if len(covered) == len(words):
        return _WHOLE
    # Of "Schalke 04" the number is dropped at will; of "Real Madrid" no word is enough alone.
    wanting = [word for at, word in enumerate(words) if at not in covered and not word.isdigit()]
    if not wanting and covered:
        return _WHOLE
    return (
        _PARTLY
        if any(words[at] not in _SHARED and not words[at].isdigit() for at in covered)
        else 0.0
    )


def _places(word: str, words: Sequence[str]) -> set[int]:
    """Return which words of a side are meant: the same, one it begins, or some by initials."""
    same = {at for at, side_word in enumerate(words) if side_word == word}
    if same or word.isdigit():
        return same
    if len(word) >= 3:
        begun = {
            at
            for at, side_word in enumerate(words)
            if side_word.startswith(word) or (len(side_word) >= 5 and side_word[:5] == word[:5])
        }
        if begun:
            return begun
    if 2 <= len(word) <= 3:
        for at in range(len(words) - len(word) + 1):
            if "".join(side_word[0] for side_word in words[at : at + len(word)]) == word:
                return set(range(at, at + len(word)))
    return set()


def _tells_nothing(word: str, at: int) -> bool:
    """Tell whether a word is a number of no meaning; "2" behind a club is its second side."""
    return word.isdigit() and not (at > 0 and word in _RESERVES)


def _meanings(match: re.Match[str]) -> frozenset[tuple[int | None, int, int]]:
    groups = match.groupdict()
    year = next((groups[key] for key in ("year", "year2", "year3", "year4") if groups[key]), None)
    # Feeds write years with two digits or four; all of them are of this century.
    full = None if year is None else int(year) % 100 + 2000
    if groups["month"]:
        pairs = [(groups["month"], groups["day"])]
    elif groups["first"]:
        pairs = [(groups["second"], groups["first"]), (groups["first"], groups["second"])]
    else:
        name = (groups["name"] or groups["name2"])[:3].lower()
        pairs = [(str(_MONTHS.index(name) + 1), groups["day2"] or groups["day3"])]
    return frozenset(
        (full, int(month), int(day))
        for month, day in pairs
        if 1 <= int(month) <= 12 and 1 <= int(day) <= 31
    )
