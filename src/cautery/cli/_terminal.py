"""The terminal as rich draws on it: nothing that a stranger wrote is markup, or steers it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment


class Terminal(Console):
    """A console that shows every text as it stands.

    Square brackets make no style or link, colons no emoji, and letters that no terminal prints are
    replaced, wherever in a table, panel or line they stand. Where rich itself reads markup in a
    ``str`` (a panel's title, a status, a column of a progress bar), it must be given a ``Text``, or
    ``markup=False``.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Yield the segments of a display, their texts printable."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                letters = (
                    letter if letter.isprintable() or letter == "\n" else "�"
                    for letter in segment.text
                )
                yield Segment("".join(letters), segment.style)
