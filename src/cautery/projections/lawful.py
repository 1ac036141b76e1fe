"""Where lawful sites are: no act may name these addresses as a pirate's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cautery.model import Entry
from cautery.model.host_names import led_to
from cautery.model.records import LawfulSeen, LawfulSource

CURRENT = timedelta(days=30)
"""A site seen at an address within so long counts as being there, as the guard has it: a name with
many addresses answers with some of them each time."""


@dataclass(slots=True)
class LawfulPlaces:
    """The addresses of the lawful sites that were looked up.

    Parameters
    ----------
    seen : dict
        By host and address, when it was last there.
    newest : dict
        By host, when its name was last looked up with an answer.
    """

    seen: defaultdict[str, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    newest: dict[str, datetime] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        if isinstance(entry.content, LawfulSeen):
            self.take(entry.content)

    def take(self, looked_up: LawfulSeen) -> None:
        """Take one look-up up."""
        at_address = self.seen[looked_up.host]
        for address in looked_up.addresses:
            at_address[address] = max(looked_up.at, at_address.get(address, looked_up.at))
        if looked_up.addresses and looked_up.source is LawfulSource.DNS:
            earlier = self.newest.get(looked_up.host, looked_up.at)
            self.newest[looked_up.host] = max(looked_up.at, earlier)

    def addresses(self, host: str, at: datetime) -> tuple[str, ...]:
        """Return where a host is: by the newest answer, or by any of the last 30 days."""
        since = min(at - CURRENT, self.newest.get(host, at))
        places = self.seen.get(host, {})
        return tuple(sorted(address for address, last in places.items() if last >= since))

    def hosts_at(self, at: datetime) -> dict[str, str]:
        """Return by address a lawful host that is there, also if only another form leads there."""
        return {
            place: host
            for host in sorted(self.seen)
            for address in self.addresses(host, at)
            for place in {address, *led_to(address)}
        }
