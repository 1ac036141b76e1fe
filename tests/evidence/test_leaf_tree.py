"""A tree kept level by level gives the roots and proofs of RFC 9162, and of every earlier size."""

from __future__ import annotations

import pytest

from cautery.errors import InputError
from cautery.evidence.leaf_tree import LeafTree
from cautery.evidence.merkle import Frontier, inclusion_proof, leaf_hash, verify_inclusion

HASHES = [leaf_hash(str(number).encode()) for number in range(70)]


def test_each_proof_is_that_of_the_specification_and_ties_its_leaf_to_the_root() -> None:
    tree = LeafTree()
    for size in range(1, len(HASHES) + 1):
        tree.extend(HASHES[size - 1 : size])
    for size in range(1, len(HASHES) + 1):
        root = tree.root(size)
        assert root == Frontier().extend(HASHES[:size]).root()
        for index in range(size):
            proof = tree.proof(index, size=size)
            assert proof == inclusion_proof(HASHES[:size], index)
            verify_inclusion(tree.leaf(index), index=index, size=size, proof=proof, root=root)


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0), (0, 71), (70, 71)])
def test_what_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    tree = LeafTree()
    tree.extend(HASHES)
    with pytest.raises(InputError, match="no leaf"):
        tree.proof(index, size=size)


def test_an_empty_tree_has_the_root_of_nothing_and_no_leaf() -> None:
    assert LeafTree().root(0) == Frontier().root()
    with pytest.raises(InputError, match="no leaf 0"):
        LeafTree().leaf(0)
    with pytest.raises(InputError, match="0 leaves, not 1"):
        LeafTree().root(1)
