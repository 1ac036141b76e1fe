"""Makes up names: brands, hosts, teams, shops. Never a real one, always under ``.example``."""

from __future__ import annotations

import numpy as np


def _list(words: str) -> tuple[str, ...]:
    return tuple(words.split())


_HEADS = _list("ba be bo bri ca cla cor da dre du fe fla ga glo gri ha hel jo ka kel kri la lu ma")
_MIDS = _list("ra re ri ro la li lo na ni no va vi vo da di do ta ti to sa si so")
_TAILS = _list("n x r l m s th nd rk st lin dor vex tor mir gan wick")
_SHOPS = _list("bakery florist garage dentist painter tailor bookshop joiner optician bistro")


class Names:
    """Draws names that were not drawn before."""

    def __init__(self, seed: int) -> None:
        # The second number keeps this draw apart from those of other parts of the same seed's
        # world.
        self._rng = np.random.default_rng([seed, 41])
        self._used_words: set[str] = set()

    def word(self) -> str:
        """Return a new made-up word of five to nine letters."""
        while True:
            word = (
                str(self._rng.choice(_HEADS))
                + str(self._rng.choice(_MIDS))
                + str(self._rng.choice(_TAILS))
            )
            if self._rng.random() < 0.4:
                word = word[:-1] + str(self._rng.choice(_MIDS)) + str(self._rng.choice(_TAILS))
            if 4 < len(word) < 10 and word not in self._used_words:
                self._used_words.add(word)
                return word

    def title(self) -> str:
        """Return a new word with a capital."""
        return self.word().capitalize()

    def domain(self, *labels: str) -> str:
        """Return a new registered domain under ``.example``, with labels before it."""
        return ".".join([*labels, self.word(), "example"])

    def shop(self) -> str:
        """Return an innocent shop's host."""
        return f"{self._rng.choice(_SHOPS)}-{self.word()}.example"
