"""Which right a noisy title offers, if any: candidates, evidence for each, and a choice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cautery.catalogue import _choice_kernels as kernels
from cautery.catalogue._around import Listing, around
from cautery.catalogue._index import Index
from cautery.catalogue.lexicon import learnt
from cautery.catalogue.normalise import is_heading
from cautery.catalogue.programmes import Programmes
from cautery.catalogue.resolution import Guess, Resolution
from cautery.catalogue.rights import Catalogue

THRESHOLD = 0.8
"""Below this probability the answer is "none of mine"; ``bench/resolve/run.py`` says what it
gives."""
HEADING = 0.97
"""That what heads a group of a playlist offers nothing; set by hand, as nobody labelled any."""
BATCH = 50_000
"""Titles that are resolved at once, and judged by what the others of their source tell."""
AT_ONCE = 1_000
"""Titles between two moments at which Ctrl-C can end a run: compiled loops do not look."""


class Scratch(NamedTuple):
    """Room for the kernels to work in."""

    score: npt.NDArray[np.float32]
    touched: npt.NDArray[np.int32]
    by_right: npt.NDArray[np.int32]
    grams: npt.NDArray[np.int32]
    matched: npt.NDArray[np.uint8]
    one: int


def scratch_for(index: Index) -> Scratch:
    """Make room for the kernels to work in; one for each thread."""
    names = index.names
    return Scratch(
        score=np.zeros(len(names.right), np.float32),
        touched=np.zeros(len(names.right), np.int32),
        by_right=np.zeros(len(names.home), np.int32),
        grams=np.zeros(kernels.MOST_GRAMS, np.int32),
        matched=np.zeros(kernels.MOST_WORDS, np.uint8),
        one=index.word("1"),
    )


class Resolver:
    """Resolves titles against a catalogue.

    Channels are found by words, letters and call signs and chosen among by learnt trees (ADR 0015);
    events and works by rules, since nobody labelled any.

    Examples
    --------
    >>> from cautery.catalogue import Right
    >>> arena = Right(id="arena1.es", kind="channel", names=("Arena 1",), country="es")
    >>> Resolver(Catalogue((arena,))).resolve("ES: ARENA 1 FHD").right
    'arena1.es'
    >>> Resolver(Catalogue((arena,))).resolve("ES: ARENA 2 FHD").right is None
    True
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._channels = [right for right in catalogue.rights if right.kind == "channel"]
        lexicon, self._trees = learnt()
        self._works = [right for right in catalogue.rights if right.kind != "channel"]
        self._programmes = Programmes(self._works, lexicon)
        self._index = Index(self._channels, lexicon)
        self._scratch = scratch_for(self._index)

    def resolve(
        self,
        title: str,
        *,
        country: str | None = None,
        group: str | None = None,
        source: str | None = None,
        language: str | None = None,
    ) -> Resolution:
        """Return the right that ``title`` offers; for many of one list, use :meth:`resolve_all`.

        Parameters
        ----------
        country, group, source, language : str or None
            See :class:`Listing`.
        """
        listing = Listing(
            title=title, country=country, group=group, source=source, language=language
        )
        return self._resolved([listing])[0]

    def resolve_all(self, listings: Iterable[Listing]) -> Iterator[Resolution]:
        """Yield a resolution for each title, in order.

        Titles of one source are judged by each other: by where its unmistakable ones are from.
        """
        waiting = iter(listings)
        while batch := list(islice(waiting, BATCH)):
            yield from self._resolved(batch)

    def _resolved(self, listings: Sequence[Listing]) -> list[Resolution]:
        names, probabilities, none_probability = self._choose(listings)
        texts, owner = self._index.texts, self._index.names.right
        resolutions = []
        for listing, places, chances, nothing in zip(
            listings, names.tolist(), probabilities.tolist(), none_probability.tolist(), strict=True
        ):
            guesses = [
                (Guess(self._channels[owner[name]].id, share), texts[name])
                for name, share in zip(places, chances, strict=True)
                if name >= 0
            ]
            if is_heading(listing.title):
                guesses, nothing = [], HEADING  # noqa: PLW2901
            elif self._works:
                guesses, nothing = self._with_programmes(listing.title, guesses, nothing)  # noqa: PLW2901
            best, name = guesses[0] if guesses else (None, None)
            fits = best is not None and best.probability >= THRESHOLD
            resolutions.append(
                Resolution(
                    listing=listing,
                    right=best.id if best is not None and fits else None,
                    probability=best.probability if best is not None and fits else nothing,
                    best=best,
                    runner_up=guesses[1][0] if len(guesses) > 1 else None,
                    name=name,
                )
            )
        return resolutions

    def _with_programmes(
        self, title: str, guesses: list[tuple[Guess, str]], nothing: float
    ) -> tuple[list[tuple[Guess, str]], float]:
        """Set events and works beside the channels: what one may be, the other is the less."""
        matches = self._programmes.matches(title)
        if not matches:
            return guesses, nothing
        offered = [
            (Guess(self._works[match.right].id, match.probability), match.name) for match in matches
        ]
        total = sum(guess.probability for guess, _ in (*guesses, *offered))
        scale = 1 / total if total > 1 else 1.0
        likeliest = sorted((*offered, *guesses), key=lambda pair: -pair[0].probability)[:2]
        scaled = [(Guess(guess.id, guess.probability * scale), name) for guess, name in likeliest]
        return scaled, max(0.0, 1 - total * scale)

    def _choose(
        self, listings: Sequence[Listing]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Return for each title two names, their probabilities, and that of none."""
        total = len(listings)
        names = np.full((total, 2), -1, np.int32)
        probabilities = np.zeros((total, 2), np.float32)
        none_probability = np.ones(total, np.float32)
        if self._channels:
            batch = self._index.batch([listing.title for listing in listings])
            circumstances = around(listings, batch, self._index.names)
            for begin in range(0, total, AT_ONCE):
                kernels.chosen(
                    batch,
                    circumstances,
                    self._index.names,
                    self._index.place_masks,
                    self._scratch,
                    self._trees,
                    names,
                    probabilities,
                    none_probability,
                    begin,
                    min(begin + AT_ONCE, total),
                )
        return names, probabilities, none_probability
