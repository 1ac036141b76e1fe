"""Check persons under pseudonyms, and find those whose retention date has passed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from cautery.errors import InputError
from cautery.model import Person, Pseudonyms

LONGEST_REVIEW = timedelta(days=365)
"""Cautery's own limit, stricter than any it knows of: Directive (EU) 2016/680, art. 5 asks for
time limits or a periodic review and leaves the period to national law."""

_MOST_NAME = 500
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A person whose date has passed: ``what`` is ``review`` or ``erase``."""

    person: Person
    what: str
    since: date


def pseudonym_of(name: str, pseudonyms: Pseudonyms) -> str:
    """Return the pseudonym of a name in this case: ``P-`` and 12 hex digits."""
    spelt = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return "P-" + pseudonyms.of(f"person\n{spelt}", digits=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spellings:
    """Some pseudonyms as they are looked for: in small letters, from where a word begins."""

    by_spelling: Mapping[str, frozenset[str]]
    lengths: tuple[int, ...]
    begins: re.Pattern[str]


@lru_cache(maxsize=16)
def _spellings(among: frozenset[str]) -> _Spellings:
    by_spelling: dict[str, frozenset[str]] = {}
    for pseudonym in among:
        spelling = pseudonym.casefold()
        by_spelling[spelling] = by_spelling.get(spelling, frozenset()) | {pseudonym}
    first_letters = "|".join(sorted({re.escape(spelling[:2]) for spelling in by_spelling}))
    return _Spellings(
        by_spelling=by_spelling,
        lengths=tuple(sorted({len(spelling) for spelling in by_spelling})),
        begins=re.compile(rf"(?<![^\W_])(?={first_letters})"),
    )


def persons_named(text: str, among: frozenset[str]) -> frozenset[str]:
    """Return which of some pseudonyms a text names, in any spelling of its letters.

    One is named wherever it stands with no letter and no digit beside it. A text can go on without
    a space, and a paper that names a person unnoticed is worse than one that is noted for nobody.

    Examples
    --------
    >>> pseudonyms = frozenset({"P-00aa11bb22cc", "P-11"})
    >>> sorted(persons_named("By p-00aa11bb22cc.Then P-1122.", pseudonyms))
    ['P-00aa11bb22cc']
    """
    if not among:
        return frozenset()
    spellings, folded, named = _spellings(among), text.casefold(), set[str]()
    for begin in spellings.begins.finditer(folded):
        for length in spellings.lengths:
            end = begin.start() + length
            if not folded[end : end + 1].isalnum():
                named |= spellings.by_spelling.get(folded[begin.start() : end], frozenset())
    return frozenset(named)


def persons_in(value: object, among: frozenset[str]) -> frozenset[str]:
    """Return the persons whom any text of a value names, at any depth."""
    persons: set[str] = set()
    pending = [value]
    while pending:  # a list in place of recursion: a record may be nested deeply
        part = pending.pop()
        if isinstance(part, str):
            persons |= persons_named(part, among)
        elif isinstance(part, Mapping):
            pending += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            pending += part
    return frozenset(persons)


def check_person(person: Person, name: str, *, today: date) -> None:
    """Refuse a person that the law does not let us keep, or a pseudonym that names.

    Raises
    ------
    InputError
        Naming the rule that is broken.
    """
    if not name.strip() or len(name) > _MOST_NAME:
        raise InputError(f"{person.pseudonym}: a name must have 1 to {_MOST_NAME} characters")
    if person.country is not None and not _COUNTRY.fullmatch(person.country):
        raise InputError(
            f"{person.pseudonym}: {person.country[:40]!r} is not an ISO 3166-1 country"
        )
    if not person.role.isprintable() or len(person.role) > _MOST_NAME:
        raise InputError(
            f"{person.pseudonym}: a role must be one line of at most {_MOST_NAME} letters"
        )
    pseudonym = person.pseudonym.casefold()
    if any(len(part) > 2 and part in pseudonym for part in name.casefold().split()):
        raise InputError("the pseudonym contains the name, but no record may contain the name")
    if any(len(part) > 2 and part in person.role.casefold() for part in name.casefold().split()):
        raise InputError(
            f"{person.pseudonym}: the role contains the name, but no record may contain the name"
        )
    if person.review_at < today or person.erase_at < today:
        raise InputError(
            f"{person.pseudonym}: the retention date has passed (Directive (EU) 2016/680, art. 5)"
        )
    if person.review_at - today > LONGEST_REVIEW:
        raise InputError(
            f"{person.pseudonym}: the review on {person.review_at} is more than a year ahead",
            hint="Directive (EU) 2016/680, art. 5 requires periodic review; give an earlier date.",
        )


def due(persons: Iterable[Person], *, today: date) -> tuple[Due, ...]:
    """Return whose review or erasure date has come, erasures first, oldest first."""
    due_persons = [
        Due(person=person, what="erase", since=person.erase_at)
        if person.erase_at <= today
        else Due(person=person, what="review", since=person.review_at)
        for person in persons
        if min(person.erase_at, person.review_at) <= today
    ]
    return tuple(
        sorted(due_persons, key=lambda entry: (entry.what, entry.since, entry.person.pseudonym))
    )
