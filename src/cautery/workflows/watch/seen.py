"""What sources have told beside streams, as long as a watch lasts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from cautery.formats import Page
from cautery.model import ExhibitId, host_of


@dataclass(slots=True)
class Seen:
    """What sources have told beside streams: storefront pages, and which panel lists what."""

    pages: dict[str, tuple[Page, ExhibitId, datetime]] = field(default_factory=dict)
    panels: dict[str, set[str]] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    tls_ports: dict[str, int] = field(default_factory=dict)
    tls_pairs: dict[int, set[int]] = field(default_factory=dict)
    """By the port that a panel is asked at, the ports of TLS that panels say go with it."""

    def told_tls(self, panel: str, port: int) -> None:
        """Take note of the port at which a panel says that it has TLS."""
        self.tls_ports[host_of(panel)] = port
        at = urlsplit(panel)
        if at.scheme == "http" and at.port is not None:
            self.tls_pairs.setdefault(at.port, set()).add(port)
