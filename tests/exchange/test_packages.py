"""Packages of items and relations: what the noun holds together, and what it refuses."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from tests.exchange.packages import AMBER, ME, NOON, big_package, packages, sample_package

from cautery.errors import InputError
from cautery.exchange.loss import losses
from cautery.model.exchange import Interval, Item, ItemKind, Package, RelationKind


@given(packages())
@settings(max_examples=60)
def test_a_package_is_sorted_and_loses_nothing_to_itself(package: Package) -> None:
    again = dataclasses.replace(package, items=package.items[::-1])

    assert again == package
    assert losses(package, again) == ()


def test_the_sample_has_every_kind() -> None:
    package = sample_package()

    assert {item.kind for item in package.items} == set(ItemKind)
    assert {link.kind for link in package.relations} == set(RelationKind)
    assert all(package.marking.covers(item.marking) for item in package.items)


def test_a_big_package_has_its_size() -> None:
    assert len(big_package(500).items) == 501


@pytest.mark.parametrize("field", ["id", "by", "text", "name", "role", "order", "territory"])
def test_half_a_character_is_refused_wherever_it_stands(field: str) -> None:
    fields = {"kind": ItemKind.HOST, "id": "a.example", "by": ME, "marking": AMBER, "at": NOON}

    with pytest.raises(InputError, match="half a character"):
        Item(**fields | {field: "a\ud800"})


def test_an_id_is_one_printable_line() -> None:
    with pytest.raises(InputError, match="printable"):
        Item(kind=ItemKind.HOST, id="a\nb", by=ME, marking=AMBER, at=NOON)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_ratio_and_an_interval_are_finite(number: float) -> None:
    with pytest.raises(InputError, match="likelihood ratio"):
        Item(kind=ItemKind.HOST, id="a", by=ME, marking=AMBER, at=NOON, log10_lr=number)
    with pytest.raises(InputError, match="not an interval"):
        Interval(low=number, mid=number, high=number, coverage=0.9, unit="users", method="x")
