"""What people say of pairs of hosts: of each pair the newest word counts, and may be taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from cautery.model import Entry
from cautery.model.records import HostsRuled, Ruling

MOST_RULINGS = 1_000
"""Of a case that are in force: so many are looked at by hand. Judgement."""


@dataclass(slots=True)
class Rulings:
    """The rulings of a case.

    Parameters
    ----------
    newest : dict
        By the pair of hosts, the record of the newest word on it; the newest last.
    """

    newest: dict[tuple[str, str], tuple[int, HostsRuled]] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        if isinstance(ruled := entry.content, HostsRuled):
            self.newest.pop(ruled.pair, None)
            self.newest[ruled.pair] = entry.index, ruled

    def in_force(self) -> tuple[tuple[int, HostsRuled], ...]:
        """Return the newest word on each pair that was not taken back, the newest first.

        Of too many the first ones count: no flood of later words ends what was said.
        """
        said = (word for word in self.newest.values() if word[1].ruling is not Ruling.OPEN)
        return tuple(islice(said, MOST_RULINGS))[::-1]
