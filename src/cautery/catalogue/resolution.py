"""What a title was resolved to, and why, in words."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from cautery.catalogue._around import Listing, group_country
from cautery.catalogue.normalise import LONGEST, QUALITY, SHIFT, is_heading, normalise
from cautery.catalogue.places import source_country

_LISTED_WORDS = 8
_OF_LATIN = frozenset(
    ("LATIN", "MODIFIER", "FULLWIDTH", "CJK", "MATHEMATICAL", "FEMININE", "MASCULINE")
)
"""First words of Unicode's names of letters that are Latin, or are kept as they are."""


class Guess(NamedTuple):
    """A right, and how probable it is that a title offers it."""

    id: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a title was resolved to.

    Parameters
    ----------
    listing : Listing
        The title, and where it stood.
    right : str or None
        ``None``: none of the catalogue's.
    probability : float
        That this answer is right: that the title offers ``right``, or none of the catalogue's.
    best, runner_up : Guess or None
        The two likeliest rights, whatever their probability.
    name : str or None
        The name of ``best`` that the title is most like.
    """

    listing: Listing
    right: str | None
    probability: float
    best: Guess | None
    runner_up: Guess | None
    name: str | None

    @property
    def why(self) -> str:
        """The reasons in words, for the analyst."""
        return _because(self)


def _because(resolution: Resolution) -> str:
    """Say what of the title is in the name, what is not, and what told the country."""
    if is_heading(resolution.listing.title):
        return "heads a group of the list, offers nothing"
    if resolution.best is None or resolution.name is None:
        return "no name is near"
    title, name = normalise(resolution.listing.title), normalise(resolution.name)
    words = [
        word
        for word, kind in zip(title.words, title.kinds, strict=True)
        if kind not in (QUALITY, SHIFT)
    ]
    decoration = [
        word
        for word, kind in zip(title.words, title.kinds, strict=True)
        if kind in (QUALITY, SHIFT)
    ]
    matched = [word for word in words if word in name.words]
    spare = [word for word in words if word not in name.words]
    missing = [word for word in name.words if word not in title.words]
    verdict = "is" if resolution.right is not None else "nearest, but not sure enough:"
    parts = [f"{verdict} {resolution.name!r} ({resolution.best.probability:.2f})"]
    if "".join(words) == "".join(name.words):
        parts.append("every word matches")
    else:
        parts += _listed("matched", matched) + _listed("only in the title", spare)
        parts += _listed("only in the name", missing)
    parts += _listed("dropped", decoration)
    if (script := _script(resolution.listing.title)) is not None:
        parts.append(f"{script} transliterated")
    if (place := _place(resolution.listing, title.place)) is not None:
        parts.append(place)
    if resolution.runner_up is not None and resolution.runner_up.probability >= 0.005:
        parts.append(f"then {resolution.runner_up.id} ({resolution.runner_up.probability:.2f})")
    return "; ".join(parts)


def _listed(what: str, words: list[str]) -> list[str]:
    excess = "" if len(words) <= _LISTED_WORDS else f" and {len(words) - _LISTED_WORDS} more"
    return [f"{what}: {' '.join(words[:_LISTED_WORDS])}{excess}"] if words else []


def _place(listing: Listing, prefix: str | None) -> str | None:
    if prefix is not None:
        return f"{prefix.upper()} by its prefix"
    if listing.country:
        return f"{listing.country.upper()[:8]} as told"
    if listing.group and (country := group_country(listing.group[:LONGEST])) is not None:
        return f"{country.upper()} by its group"
    if listing.source and (country := source_country(listing.source[:LONGEST])) is not None:
        return f"{country.upper()} by its source"
    return None


def _script(title: str) -> str | None:
    """Return the first script of the title that is not Latin, as Unicode names it."""
    for letter in title[:LONGEST]:
        if letter.isalpha() and not letter.isascii():
            script = unicodedata.name(letter, "").partition(" ")[0]
            if script and script not in _OF_LATIN:
                return script.capitalize()
    return None
