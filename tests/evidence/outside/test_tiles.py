"""Tiles hold the same tree as the leaves, and every proof made from them verifies."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from cautery.evidence.outside.tiles import Tiles, Tiling, partial_paths, tile_path

LEAVES = [leaf_hash(str(n).encode()) for n in range(70_000)]


def tiled(size: int, *, steps: tuple[int, ...] = ()) -> dict[str, bytes]:
    """Publish a log that grew in steps, each by a process that starts anew."""
    published: dict[str, bytes] = {}
    last = 0
    for step in (*steps, size):
        tiling = Tiling(last, published.__getitem__)
        published |= dict(tiling.extend(LEAVES[last:step]))
        published |= dict(tiling.partials())
        last = step
    return published


def test_the_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path(2, 0, 1) == "tile/2/000.p/1"
    assert tile_path(1, 999) == "tile/1/999"
    assert tile_path(1, 1000) == "tile/1/x001/000"


def test_seventy_thousand_leaves_make_the_tiles_of_the_example_in_the_specification() -> None:
    published = tiled(70_000)
    level = [sorted(path for path in published if path.startswith(f"tile/{n}/")) for n in range(3)]
    assert [len(paths) for paths in level] == [274, 2, 1]
    assert set(partial_paths(70_000)) == {"tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"}
    assert set(partial_paths(70_000)) <= published.keys()
    assert len(published["tile/0/000"]) == 8192


def test_a_log_of_256_leaves_has_a_full_tile_and_one_hash_above_it() -> None:
    assert set(tiled(256)) == {"tile/0/000", "tile/1/000.p/1"}


@given(st.data())
def test_proofs_from_tiles_are_those_from_the_leaves(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 1200))
    steps = tuple(sorted(data.draw(st.lists(st.integers(0, size), max_size=3))))
    index = data.draw(st.integers(0, size - 1))
    earlier = data.draw(st.integers(1, size))
    published = tiled(size, steps=steps)
    tiles = Tiles(size, published.__getitem__)
    root = Frontier().extend(LEAVES[:size]).root()
    assert tiles.root() == root
    assert tiles.leaf(index) == LEAVES[index]
    verify_inclusion(LEAVES[index], index=index, size=size, proof=tiles.inclusion(index), root=root)
    verify_consistency(
        earlier=earlier,
        earlier_root=Frontier().extend(LEAVES[:earlier]).root(),
        later=size,
        later_root=root,
        proof=tiles.consistency(earlier),
    )
    assert tiles.inclusion(index) == inclusion_proof(LEAVES[:size], index)
    assert tiles.consistency(earlier) == consistency_proof(LEAVES[:size], earlier)


@pytest.mark.parametrize(("size", "earlier"), [(65_536, 256), (65_537, 65_536), (66_000, 65_535)])
def test_three_levels_of_tiles_prove_as_well(size: int, earlier: int) -> None:
    published = tiled(size, steps=(earlier,))
    tiles = Tiles(size, published.__getitem__)
    root = Frontier().extend(LEAVES[:size]).root()
    verify_inclusion(
        LEAVES[earlier - 1],
        index=earlier - 1,
        size=size,
        proof=tiles.inclusion(earlier - 1),
        root=root,
    )
    verify_consistency(
        earlier=earlier,
        earlier_root=Frontier().extend(LEAVES[:earlier]).root(),
        later=size,
        later_root=root,
        proof=tiles.consistency(earlier),
    )


def test_a_reader_that_knows_the_specification_alone_finds_the_root() -> None:
    """Written after c2sp.org/tlog-tiles, with nothing of ours but the bytes."""
    size = 70_000
    published = tiled(size)

    def mth(hashes: list[bytes]) -> bytes:
        if len(hashes) == 1:
            return hashes[0]
        half = 1 << (len(hashes) - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + mth(hashes[:half]) + mth(hashes[half:])).digest()

    leaves = b"".join(published[f"tile/0/{n:03}"] for n in range(273))
    leaves += published["tile/0/273.p/112"]
    hashes = [leaves[at : at + 32] for at in range(0, len(leaves), 32)]
    assert len(hashes) == size
    above = published["tile/1/000"] + published["tile/1/001.p/17"]
    assert above[:32] == mth(hashes[:256])
    assert published["tile/2/000.p/1"] == mth(
        [above[at : at + 32] for at in range(0, 256 * 32, 32)]
    )
    assert mth(hashes) == Tiles(size, published.__getitem__).root()


@pytest.mark.parametrize("tile", [b"", bytes(31), bytes(8191), bytes(8193)])
def test_a_tile_of_another_width_is_refused(tile: bytes) -> None:
    published = tiled(300) | {"tile/0/000": tile}
    with pytest.raises(EvidenceError, match="a tile of 256 hashes has"):
        Tiles(300, published.__getitem__).inclusion(3)


def test_what_the_log_does_not_have_is_refused() -> None:
    tiles = Tiles(5, tiled(5).__getitem__)
    for index in (-1, 5):
        with pytest.raises(InputError):
            tiles.inclusion(index)
        with pytest.raises(InputError):
            tiles.leaf(index)
    with pytest.raises(InputError):
        tiles.consistency(6)
    assert tiles.consistency(0) == ()
