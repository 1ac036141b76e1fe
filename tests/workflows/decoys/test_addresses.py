"""A decoy's leaf has all addresses of its host, and a keeper serves no name that leads elsewhere."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.planted import night_of, planned, programme

from cautery.errors import InputError, SourceError
from cautery.model.decoys import met
from cautery.workflows.decoys.addresses import (
    MOST_ADDRESSES,
    addresses_of,
    require_as_planned,
    with_addresses,
)

FOUND = {"tv1.own.example": ("192.0.2.1", "192.0.2.9"), "tv2.own.example": ("192.0.2.2",)}


class Dns:
    """Knows some names."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        if host not in FOUND:
            raise SourceError("no such name")
        return FOUND[host]


def test_every_name_is_looked_up_once_and_no_address_is() -> None:
    hosts = programme().hosts
    literal = replace(hosts[0], name="192.0.2.1")
    dns = Dns()
    assert asyncio.run(addresses_of([*hosts, hosts[0], literal], dns)) == FOUND
    assert sorted(dns.asked) == ["partner.own.example", "tv1.own.example", "tv2.own.example"]


def test_an_act_on_any_address_of_a_decoys_host_meets_it() -> None:
    night = night_of(planned(with_addresses(programme(), FOUND)))
    decoys = [leaf.decoy for leaf in night.plan.leaves]
    there = tuple(n for n, decoy in enumerate(decoys) if decoy.host == "tv1.own.example")
    assert there
    for target in FOUND["tv1.own.example"]:
        assert met(decoys, [target]) == there


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (("198.51.100.1",), "leads to 198.51.100.1, not to 192.0.2.1"),
        (("192.0.2.1", "198.51.100.1"), "none of your own addresses"),
        (("192.0.2.1", "2001:db8::1"), "none of your own addresses"),
        (tuple(f"192.0.2.{n}" for n in range(1, MOST_ADDRESSES + 2)), "has 9 addresses"),
    ],
)
def test_a_name_that_leads_elsewhere_is_not_planned(addresses: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        with_addresses(programme(), {"tv1.own.example": addresses})


def test_a_keeper_serves_no_name_that_leads_elsewhere_than_its_plan_says() -> None:
    hosts = with_addresses(programme(), FOUND).hosts
    require_as_planned(hosts, FOUND)
    require_as_planned(hosts, {"tv1.own.example": ("192.0.2.9",)})
    require_as_planned(hosts, {})
    for strange in ("198.51.100.7", "2001:db8::7"):
        moved = {"tv1.own.example": ("192.0.2.1", strange)}
        with pytest.raises(InputError, match=f"tv1.own.example leads to {strange}"):
            require_as_planned(hosts, moved)
