"""What sources have told beside streams, as long as a watch lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from cautery.model import ExhibitId
from cautery.watch import Page


@dataclass(slots=True)
class Seen:
    """What sources have told beside streams: storefront pages, and which panel lists what."""

    pages: dict[str, tuple[Page, ExhibitId, datetime]] = field(default_factory=dict)
    panels: dict[str, set[str]] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    tls_ports: dict[str, int] = field(default_factory=dict)
