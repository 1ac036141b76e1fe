"""Every look at every proven stream, by what the stream shows: for curves and exposure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from cautery.estimate import Seen
from cautery.model import Entry, Finding, Verdict
from cautery.model.records import ProbeDone, kinds_of

KINDS = kinds_of(ProbeDone, Verdict)
"""Kinds of the records that are heard."""


@dataclass(slots=True)
class Looks:
    """The looks of a case.

    Parameters
    ----------
    by_url : dict
        By stream, its looks in the order of the ledger; those that this machine broke off are none.
    shows : dict
        By proven stream, the event or content of its newest proof, and the licensee's channel; an
        empty text: it is not known which.
    """

    by_url: defaultdict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    shows: dict[str, tuple[str, str]] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case ProbeDone(hindered=None) as probe:
                look = Seen(url=probe.url, at=probe.at, live=probe.failed is None)
                self.by_url[probe.url].append(look)
            case Verdict(finding=Finding.PROVEN) as verdict:
                channels = verdict.channels
                channel = verdict.licensee or (channels[0] if len(channels) == 1 else "")
                right = verdict.event or next(iter(channels), "?")
                self.shows[verdict.url.text] = (right, channel)

    def of(self, right: str, channel: str | None = None) -> dict[str, list[Seen]]:
        """Return by stream the looks at those that show an event or content, by time.

        Parameters
        ----------
        channel : str or None
            Only those of this channel; ``None``: all.
        """
        return {
            url: sorted(self.by_url[url], key=lambda look: look.at)
            for url, (shown_right, carrier) in self.shows.items()
            if shown_right == right and channel in (None, carrier)
        }
