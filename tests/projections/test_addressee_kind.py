"""What a record of a look-up says of a network, and what it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cautery.model import AddresseeKind, SharedFact
from cautery.model.records import AssetFacts
from cautery.projections.addressee_kind import addressee_kind_of


def look_up(kind: str | None, organisation: str | None, *, first: str = "192.0.2.7") -> AssetFacts:
    ranges = () if kind is None else (SharedFact(cidr="192.0.2.0/24", provider="P", kind=kind),)
    return AssetFacts(
        host="edge.example",
        addresses=(first, "192.0.2.9"),
        asn=64500,
        organisation=organisation,
        country=None,
        shared=ranges,
        certificate=None,
        registration=None,
        failed=(),
        at=datetime(2026, 11, 24, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (look_up("cdn", "Plain Ltd"), AddresseeKind.CDN),
        (look_up("waf", "Plain Ltd"), AddresseeKind.CDN),
        (look_up("hosting", "Wide CDN"), AddresseeKind.HOSTING),
        (look_up("cloud", None), AddresseeKind.HOSTING),
        (look_up("service", "Wide CDN"), None),
        (look_up(None, "Wide CDN"), AddresseeKind.CDN),
        (look_up(None, "Plain Ltd"), None),
        (look_up(None, None), None),
        (look_up("cdn", "Plain Ltd", first="198.51.100.7"), None),
        (look_up("cdn", "Plain Ltd", first="no address"), None),
        (object(), None),
    ],
)
def test_the_range_of_the_first_address_says_it_else_the_name(
    facts: object, kind: AddresseeKind | None
) -> None:
    assert addressee_kind_of(facts) is kind
