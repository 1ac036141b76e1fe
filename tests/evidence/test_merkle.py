"""The Merkle tree against the recursive definition of RFC 9162."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)

SIZES = st.integers(1, 70)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(bytes([place % 256])) for place in range(count)]


def defined(hashes: list[bytes]) -> bytes:
    """MTH of RFC 9162, section 2.1.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\x01" + defined(hashes[:k]) + defined(hashes[k:])).digest()


def path_defined(m: int, d: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(d) == 1:
        return []
    k = 1
    while k * 2 < len(d):
        k *= 2
    if m < k:
        return [*path_defined(m, d[:k]), defined(d[k:])]
    return [*path_defined(m - k, d[k:]), defined(d[:k])]


def subproof_defined(m: int, d: list[bytes], known) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if m == len(d):
        return [] if known else [defined(d)]
    k = 1
    while k * 2 < len(d):
        k *= 2
    if m <= k:
        return [*subproof_defined(m, d[:k], known), defined(d[k:])]
    return [*subproof_defined(m - k, d[k:], False), defined(d[:k])]


def test_the_empty_log_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_a_known_tree_has_its_known_root() -> None:
    # Test vector of the Certificate Transparency reference implementations, 8 leaves.
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
    inputs.append("606162636465666768696a6b6c6d6e6f")
    frontier = Frontier().extend(leaf_hash(bytes.fromhex(one)) for one in inputs)
    assert (
        frontier.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    )


@given(st.integers(0, 200))
def test_the_compact_range_gives_the_root_of_the_definition(count: int) -> None:
    assert Frontier().extend(leaves(count)).root() == defined(leaves(count))


@given(SIZES, st.data())
def test_the_inclusion_proof_is_the_path_of_the_definition(count: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, count - 1))
    assert list(inclusion_proof(leaves(count), index)) == path_defined(index, leaves(count))


@given(SIZES, st.data())
def test_the_consistency_proof_is_the_subproof_of_the_definition(
    count: int, data: st.DataObject
) -> None:
    earlier = data.draw(st.integers(1, count))
    expected = subproof_defined(earlier, leaves(count), True)
    assert list(consistency_proof(leaves(count), earlier)) == expected


@given(SIZES, st.data())
def test_every_leaf_is_proven_and_no_other(count: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, count - 1))
    hashes = leaves(count)
    proof, root = inclusion_proof(hashes, index), defined(hashes)
    verify_inclusion(hashes[index], index=index, size=count, proof=proof, root=root)
    with pytest.raises(EvidenceError):
        verify_inclusion(leaf_hash(b"other"), index=index, size=count, proof=proof, root=root)


@given(SIZES, st.data())
def test_an_inclusion_proof_holds_at_its_own_place_only(count: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count + 3))
    hashes = leaves(count)
    proof, root = inclusion_proof(hashes, index), defined(hashes)
    if other != index:
        with pytest.raises(EvidenceError):
            verify_inclusion(hashes[index], index=other, size=count, proof=proof, root=root)


@given(SIZES, st.data())
def test_a_longer_log_is_proven_to_begin_with_the_shorter(count: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, count))
    hashes = leaves(count)
    verify_consistency(
        earlier=earlier,
        earlier_root=defined(hashes[:earlier]),
        later=count,
        later_root=defined(hashes),
        proof=consistency_proof(hashes, earlier),
    )


@given(SIZES, st.data())
def test_a_log_whose_past_was_edited_is_not_consistent(count: int, data: st.DataObject) -> None:
    earlier = data.draw(st.integers(1, count))
    edited = leaves(count)
    edited[data.draw(st.integers(0, earlier - 1))] = leaf_hash(b"edited")
    with pytest.raises(EvidenceError):
        verify_consistency(
            earlier=earlier,
            earlier_root=defined(leaves(count)[:earlier]),
            later=count,
            later_root=defined(edited),
            proof=consistency_proof(edited, earlier),
        )


@pytest.mark.parametrize("proof", [(), (b"\x00" * 32,) * 70])
def test_a_proof_of_the_wrong_length_is_refused(proof: tuple[bytes, ...]) -> None:
    hashes = leaves(6)
    with pytest.raises(EvidenceError):
        verify_inclusion(hashes[1], index=1, size=6, proof=proof, root=defined(hashes))
    with pytest.raises(EvidenceError):
        verify_consistency(
            earlier=3,
            earlier_root=defined(hashes[:3]),
            later=6,
            later_root=defined(hashes),
            proof=proof,
        )


def test_proofs_of_what_is_not_there_are_refused() -> None:
    with pytest.raises(InputError):
        inclusion_proof(leaves(3), 3)
    with pytest.raises(InputError):
        consistency_proof(leaves(3), 4)
    with pytest.raises(InputError):
        Frontier(3, (b"",))
