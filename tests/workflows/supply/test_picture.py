"""When the hosts of a map were met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cautery.model import Link
from cautery.model.ledger import append
from cautery.model.records import StreamAppeared
from cautery.pages.supply_map.view import Drawn, Met, Picture
from cautery.workflows.case.open import Case
from cautery.workflows.supply.picture import met_in, neighbourhood

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


def star(leaves: int) -> Picture:
    """Draw a hub with leaves, one of which leads on to a chain of three."""
    ties = [("hub", f"leaf-{number}") for number in range(leaves)]
    ties += [("leaf-0", "a"), ("a", "b"), ("b", "c")]
    names = sorted({name for tie in ties for name in tie})
    return Picture(
        assets=tuple(Drawn(name=name, role="edge") for name in names),
        relations=tuple((source, "serves", target) for source, target in ties),
    )


def test_a_neighbourhood_has_whole_rings_and_of_the_last_one_the_best_connected() -> None:
    kept, left_out = neighbourhood(star(5), ["hub"], steps=2, most=100)
    assert {asset.name for asset in kept.assets} == {"hub", "a", *(f"leaf-{n}" for n in range(5))}
    assert ("leaf-0", "serves", "a") in kept.relations
    assert left_out == 0
    kept, left_out = neighbourhood(star(1_000), ["hub"], steps=4, most=300)
    assert len(kept.assets) == 300
    assert {"hub", "leaf-0"} <= {asset.name for asset in kept.assets}  # leaf-0 has two ties
    assert left_out == 1_000 + 4 - 300
    assert all({one[0], one[2]} <= kept.near.keys() for one in kept.relations)
