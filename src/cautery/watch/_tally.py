"""Warnings of a reader: shown one by one up to a limit, then counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cautery.watch._text import quoted
from cautery.watch._values import ReadWarning


@dataclass(slots=True)
class Tally:
    """What could not be read so far."""

    most: int = 100
    told: int = 0
    untold: Counter[str] = field(default_factory=Counter)

    def add(self, line: int, why: str, what: str) -> Iterator[ReadWarning]:
        """Yield the warning, or count it if there were too many."""
        self.told += 1
        if self.told > self.most:
            self.untold[why] += 1
            return
        yield ReadWarning(line=line, why=why, quoted=quoted(what) if what else "")

    def rest(self) -> Iterator[ReadWarning]:
        """Yield one warning for each reason of those that were only counted."""
        for why, count in sorted(self.untold.items()):
            yield ReadWarning(line=0, why=why, count=count)
