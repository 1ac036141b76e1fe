"""What a title was resolved to, and why."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from cautery.catalogue._around import Listing, group_country
from cautery.catalogue.normalise import LONGEST, QUALITY, SHIFT, is_heading, normalise
from cautery.catalogue.places import source_country
from cautery.messages import message
from cautery.messages.joining import joined
from cautery.model.message import Message

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
    def why(self) -> Message:
        """The reasons, for the analyst."""
        return _because(self)


def _because(resolution: Resolution) -> Message:
    """Say which words of the title are in the name, which are not, and which named the country."""
    if is_heading(resolution.listing.title):
        return message("offer.heading")
    if resolution.best is None or resolution.name is None:
        return message("offer.no-name")
    title, name_words = normalise(resolution.listing.title), _words_of(resolution.name)
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
    matched = [word for word in words if word in name_words]
    spare = [word for word in words if word not in name_words]
    missing = [word for word in name_words if word not in title.words]
    parts = [
        message(
            "offer.is" if resolution.right is not None else "offer.not-sure",
            name=resolution.name,
            probability=_rounded(resolution.best),
        )
    ]
    if "".join(words) == "".join(name_words):
        parts.append(message("offer.every-word"))
    else:
        parts += _listed("offer.matched", matched) + _listed("offer.only-in-title", spare)
        parts += _listed("offer.only-in-name", missing)
    parts += _listed("offer.dropped", decoration)
    if (script := _script(resolution.listing.title)) is not None:
        parts.append(message("offer.transliterated", script=script))
    if (place := _place(resolution.listing, title.place)) is not None:
        parts.append(place)
    # Anything less is rounded to 0 %, and says nothing to a reader.
    if resolution.runner_up is not None and resolution.runner_up.probability >= 0.005:
        runner_up = resolution.runner_up
        parts.append(message("offer.then", right=runner_up.id, probability=_rounded(runner_up)))
    return joined(parts) or parts[0]


@lru_cache(maxsize=16_384)
def _words_of(name: str) -> tuple[str, ...]:
    """Return the words of a catalogue's name, which many titles are like."""
    return tuple(normalise(name).words)


def _rounded(guess: Guess) -> float:
    return round(guess.probability, 2)


def _listed(id_: str, words: list[str]) -> list[Message]:
    if not words:
        return []
    words_shown: str | Message = " ".join(words[:_LISTED_WORDS])
    if len(words) > _LISTED_WORDS:
        words_shown = message(
            "offer.words-and-more", words=words_shown, more=len(words) - _LISTED_WORDS
        )
    return [message(id_, words=words_shown)]


def _place(listing: Listing, prefix: str | None) -> Message | None:
    if prefix is not None:
        return message("offer.by-prefix", country=prefix.upper())
    if listing.country:
        return message("offer.as-told", country=listing.country.upper()[:8])
    if listing.group and (country := group_country(listing.group[:LONGEST])) is not None:
        return message("offer.by-group", country=country.upper())
    if listing.source and (country := source_country(listing.source[:LONGEST])) is not None:
        return message("offer.by-source", country=country.upper())
    return None


def _script(title: str) -> str | None:
    """Return the first script of the title that is not Latin, as Unicode names it."""
    if title.isascii():
        return None
    for letter in title[:LONGEST]:
        if letter.isalpha() and not letter.isascii():
            script = unicodedata.name(letter, "").partition(" ")[0]
            if script and script not in _OF_LATIN:
                return script.capitalize()
    return None
