"""Projections: the state of a case, computed from its typed records one at a time.

A page, a report, a board and a restart that show the same thing hear the same projection. It does
no I/O and keeps nothing but what it shows, so it can go on from any entry.

Example
-------
>>> from datetime import UTC, datetime
>>> from cautery.model import Entry, Record
>>> from cautery.projections import Streams, folded
>>> body = {"url": "http://p.example/7", "title": "Arena 1", "source": "list", "host": "p.example",
...         "at": "2026-11-24T20:30:00Z", "offer": None}
>>> at = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
>>> entry = Entry(index=0, record=Record(kind="stream.appeared", at=at, body=body), leaf=b"")
>>> folded(Streams(), [entry]).by_url["http://p.example/7"].title
'Arena 1'
"""

from cautery.projections.acts import Acts
from cautery.projections.case import CaseRecords
from cautery.projections.complaints import Complaints, Listed
from cautery.projections.folding import Projection, folded, heard
from cautery.projections.hosts import Hosts, Shown
from cautery.projections.lawful import LawfulPlaces
from cautery.projections.lists import Lists
from cautery.projections.mandate import MandateInForce
from cautery.projections.notices import Notices, UrlSeen
from cautery.projections.pace import Pace
from cautery.projections.safeguards import Safeguards
from cautery.projections.sources import Reading, Sources
from cautery.projections.streams import Streams, StreamState
from cautery.projections.tally import Tally

__all__ = [
    "Acts",
    "CaseRecords",
    "Complaints",
    "Hosts",
    "LawfulPlaces",
    "Listed",
    "Lists",
    "MandateInForce",
    "Notices",
    "Pace",
    "Projection",
    "Reading",
    "Safeguards",
    "Shown",
    "Sources",
    "StreamState",
    "Streams",
    "Tally",
    "UrlSeen",
    "folded",
    "heard",
]
