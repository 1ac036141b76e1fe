"""What stood in a bundle and has no place in a package, counted by its type and field."""

from __future__ import annotations

from cautery.exchange.loss import WHOLE, Loss

_LONGEST = 100
_MOST_ROWS = 1000
"""Rows that are kept apart; a hostile file could name each of its fields differently."""


class Tally:
    """A count of what is left out."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], list[int | str]] = {}

    def note(self, kind: object, field: str, example: object, why: str) -> None:
        """Count one field of one object, or all of it."""
        row = (_shown(kind), _shown(field), why)
        if row not in self._rows and len(self._rows) >= _MOST_ROWS:
            row = ("*", WHOLE, "there is more than can be told apart")
        entry = self._rows.setdefault(row, [0, _shown(example)])
        entry[0] = int(entry[0]) + 1

    def losses(self) -> tuple[Loss, ...]:
        """Return the count, sorted by type and field."""
        return tuple(
            Loss(noun=kind, field=field, count=int(count), altered=0, example=str(example), why=why)
            for (kind, field, why), (count, example) in sorted(self._rows.items())
        )


def _shown(word: object) -> str:
    text = str(word)
    return text[:_LONGEST] if text.isprintable() else ascii(text)[:_LONGEST]
