"""What is lost of a package is told with its noun and field, once, and never silently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.exchange.packages import items, packages, sample_package

from cautery.exchange.loss import losses
from cautery.model.exchange import Item, ItemKey, ItemKind, Package

BLOCKS = [item for item in sample_package().items if item.kind is ItemKind.BLOCK]


def told(before: Package, after: Package) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.noun, one.field): (one.count, one.altered) for one in losses(before, after)}


def altered(package: Package, was: Item, **change: Any) -> Package:
    """Return a package in which one item has other fields, and its relations know its key."""
    new = replace(was, **change)

    def key(of: ItemKey) -> ItemKey:
        return new.key if of == was.key else of

    return replace(
        package,
        items=tuple(new if item == was else item for item in package.items),
        relations=tuple(
            replace(link, source=key(link.source), target=key(link.target))
            for link in package.relations
        ),
    )


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: str(block.key))
@pytest.mark.parametrize("lost", [("order",), ("territory",), ("order", "territory")])
def test_a_block_that_loses_what_its_key_is_made_of_is_one_item_that_lost_these_fields(
    block: Item, lost: tuple[str, ...]
) -> None:
    package = sample_package()
    lost = tuple(field for field in lost if getattr(block, field) is not None)
    after = altered(package, block, **dict.fromkeys(lost))
    assert told(package, after) == {("block", field): (1, 0) for field in lost}


def test_further_fields_of_such_a_block_and_of_its_relations_are_told_as_well() -> None:
    package = sample_package()
    block = next(item for item in BLOCKS if item.order)
    after = altered(package, block, order="another", text="other words", valid_from=None)
    new = next(item.key for item in after.items if item.order == "another")
    relations = tuple(
        replace(link, text="other words") if new == link.source else link
        for link in after.relations
    )
    assert told(package, replace(after, relations=relations)) == {
        ("block", "order"): (1, 1),
        ("block", "text"): (1, 1),
        ("block", "valid_from"): (1, 0),
        ("relation blocked-by", "text"): (1, 1),
    }


def test_two_blocks_of_one_target_are_not_confused() -> None:
    """Both lose their order, and which of them is which nobody knows: both are gone."""
    package = sample_package()
    block = replace(BLOCKS[0], id="twice.example", territory=None)
    two = tuple(replace(block, order=order) for order in ("first", "second"))
    both = replace(package, items=package.items + two)
    left = replace(package, items=(*package.items, replace(block, order=None)))
    assert told(both, left) == {("block", "*"): (3, 1)}
    one_kept = replace(package, items=(*package.items, two[0], replace(block, order=None)))
    assert told(both, one_kept) == {("block", "order"): (1, 0)}


def test_another_target_or_provider_is_another_block() -> None:
    package = sample_package()
    block = replace(BLOCKS[0], id="own.example", order="first")
    for other in (replace(block, id="other.example"), replace(block, by="somebody")):
        before = replace(package, items=(*package.items, block))
        after = replace(package, items=(*package.items, replace(other, order=None)))
        assert told(before, after) == {("block", "*"): (2, 1)}


@given(packages(), st.data())
@settings(max_examples=60)
def test_an_item_that_is_gone_or_added_is_told(package: Package, data: st.DataObject) -> None:
    if not package.items:
        return
    gone = data.draw(st.sampled_from(package.items))
    left = replace(
        package,
        items=tuple(item for item in package.items if item != gone),
        relations=tuple(
            link for link in package.relations if gone.key not in (link.source, link.target)
        ),
    )
    assert told(package, left)[gone.kind, "*"] == (1, 0)
    assert told(left, package)[gone.kind, "*"] == (1, 1)


@given(
    packages(), items((ItemKind.BLOCK,)), st.sampled_from(["order", "territory", "text", "name"])
)
@settings(max_examples=60)
def test_a_field_of_a_block_that_is_altered_is_told_as_that_field(
    package: Package, block: Item, field: str
) -> None:
    assume(block.key not in {item.key for item in package.items})
    new: dict[str, Any] = {field: "ZZ" if field == "territory" else "something else"}
    changed = replace(block, **new)
    assume(changed != block)
    assume(changed.key not in {item.key for item in package.items})
    before, after = (replace(package, items=(*package.items, item)) for item in (block, changed))
    assert told(before, after) == {("block", field): (1, 1)}
