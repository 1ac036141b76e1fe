"""What each host showed when it was last looked up."""

from __future__ import annotations

from dataclasses import dataclass, field

from cautery.model import Entry
from cautery.model.records import AssetFacts

Shown = tuple[tuple[str, ...], str | None]
"""A host's addresses, and the SHA-256 of its certificate."""


@dataclass(slots=True)
class Hosts:
    """The hosts of a case.

    Parameters
    ----------
    shown : dict
        By host, the newest that had an address: a dead name keeps its last facts.
    """

    shown: dict[str, Shown] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case AssetFacts() as facts if facts.addresses:
                certificate = None if facts.certificate is None else facts.certificate.sha256
                self.shown[facts.host] = (facts.addresses, certificate)
