"""When the hosts of a map were met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cautery.model import Link
from cautery.model.ledger import append
from cautery.model.records import StreamAppeared
from cautery.pages.supply_map.view import Met
from cautery.workflows.case.open import Case
from cautery.workflows.supply.picture import met_in

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_when_hosts_were_met_is_told_by_the_first_records(case: Case) -> None:
    for content in (
        StreamAppeared(
            url="http://a/1", title=None, source="list", host="a", offer=None,
            at=NOON - timedelta(hours=2),
        ),
        Link(
            subject="a", kind="address", value="192.0.2.1", source="watch",
            first_seen=NOON - timedelta(hours=3), last_seen=NOON + timedelta(hours=1),
        ),
    ):  # fmt: skip
        append(case.ledger, content, at=NOON)
    case.ledger.append("asset.facts", {"host": None, "at": "2026-11-24T09:00:00.000000Z"}, at=NOON)
    assert met_in(case.ledger) == {
        "a": Met(first=NOON - timedelta(hours=3), last=NOON + timedelta(hours=1), records=(0, 1))
    }
