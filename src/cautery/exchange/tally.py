"""What stood in a file and has no place in a package, counted by its type and field."""

from __future__ import annotations

from cautery.exchange.loss import WHOLE, Loss

_LONGEST = 100
_LONGEST_EXAMPLE = 200
_MOST_ROWS = 1000
"""Rows that are kept apart; a hostile file could name each of its fields differently."""


class Tally:
    """A count of what is left out, with the first example of each row."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}
        self._examples: dict[tuple[str, str, str], str] = {}

    def note(self, noun: object, field: str, example: object, why: str = "") -> None:
        """Count one field of one object, or all of it."""
        row = (_shown(noun) or WHOLE, _shown(field) or WHOLE, why)
        if row not in self._counts:
            if len(self._counts) >= _MOST_ROWS:
                row = (WHOLE, WHOLE, "there is more than can be told apart")
            self._examples.setdefault(row, _shown(example, _LONGEST_EXAMPLE))
        self._counts[row] = self._counts.get(row, 0) + 1

    def losses(self) -> tuple[Loss, ...]:
        """Return the count, sorted by type and field."""
        return tuple(
            Loss(
                noun=noun,
                field=field,
                count=count,
                altered=0,
                example=self._examples[noun, field, why],
                why=why,
            )
            for (noun, field, why), count in sorted(self._counts.items())
        )


def _shown(word: object, longest: int = _LONGEST) -> str:
    text = str(word)
    return text[:longest] if text.isprintable() else ascii(text[:longest])[:longest]
