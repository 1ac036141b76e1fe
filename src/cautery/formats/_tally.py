"""Warnings of a reader: shown one by one up to a limit, then counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from cautery.formats._text import quoted
from cautery.formats._values import ReadWarning
from cautery.model.message import Message


@dataclass(slots=True)
class Tally:
    """What could not be read so far."""

    most: int = 100
    told: int = 0
    _counted: dict[str, tuple[Message, int]] = field(default_factory=dict)

    def add(self, line: int, why: Message, what: str) -> Iterator[ReadWarning]:
        """Yield the warning, or count it if there were too many."""
        self.told += 1
        if self.told > self.most:
            # Reasons may differ in a value alone, and then have one hash: their text is the key.
            key = f"{why.id} {why.values}"
            self._counted[key] = why, self._counted.get(key, (why, 0))[1] + 1
            return
        yield ReadWarning(line=line, why=why, quoted=quoted(what) if what else "")

    def rest(self) -> Iterator[ReadWarning]:
        """Yield one warning for each reason of those that were only counted."""
        for _, (why, count) in sorted(self._counted.items(), key=lambda item: item[0]):
            yield ReadWarning(line=0, why=why, count=count)
