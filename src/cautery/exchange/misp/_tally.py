"""What stands in a file and has no place in a package, counted."""

from __future__ import annotations

from cautery.exchange.loss import Loss

_MOST = 1_000
"""Rows of a report: what a hostile file invents further is counted in one."""


class Tally:
    """Counts by type and field, with the place of the first."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], list[int]] = {}
        self._examples: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, noun: str, field: str, example: str, why: str = "") -> None:
        """Count one."""
        key = noun[:80] or "*", field[:80] or "*"
        if key not in self._counts:
            if len(self._counts) >= _MOST:
                key = "further", "*"
            self._examples.setdefault(key, (example, why))
        self._counts.setdefault(key, [0])[0] += 1

    def losses(self) -> tuple[Loss, ...]:
        """Return the counts, sorted by type and field."""
        return tuple(
            Loss(
                noun=noun,
                field=field,
                count=count[0],
                altered=0,
                example=self._examples[noun, field][0],
                why=self._examples[noun, field][1],
            )
            for (noun, field), count in sorted(self._counts.items())
        )
