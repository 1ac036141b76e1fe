"""The RFC 9162 Merkle tree over a ledger's leaves: roots, and proofs that nothing was edited.

A log that only appends needs no tree in memory: the roots of its complete subtrees, one for each
bit of its size, are enough (the *compact range* of Certificate Transparency logs).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from cautery.errors import EvidenceError, InputError

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the empty tree (RFC 9162, section 2.1.1)."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return ``SHA-256(0x00 || leaf)``; the prefix keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return ``SHA-256(0x01 || left || right)``."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The complete subtrees of a log, largest first: all that appending needs.

    Parameters
    ----------
    size : int
        Leaves so far.
    peaks : tuple of bytes
        Root of each complete subtree, one for each set bit of ``size``.
    """

    # Not a dataclass: each signer process would import `inspect` for it, 15 ms of CPU.
    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: tuple[bytes, ...] = ()) -> None:
        if size.bit_count() != len(peaks):
            raise InputError(f"{size} leaves do not consist of {len(peaks)} complete subtrees")
        self.size = size
        self.peaks = peaks

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frontier) and (self.size, self.peaks) == (other.size, other.peaks)

    def __hash__(self) -> int:
        return hash((self.size, self.peaks))

    def append(self, leaf: bytes) -> Frontier:
        """Return the log with one more leaf *hash*; equal subtrees at the right edge merge."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the log with more leaf *hashes*, in order."""
        peaks, size = list(self.peaks), self.size
        for leaf in leaves:
            node, remaining = leaf, size
            # Each low bit of the size is a complete subtree as large as the node: the carry of
            # adding one.
            while remaining & 1:
                node = node_hash(peaks.pop(), node)
                remaining >>= 1
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> bytes:
        """Return the root, 32 bytes: the peaks folded from the right."""
        if not self.peaks:
            return EMPTY_ROOT
        *taller, node = self.peaks
        for peak in reversed(taller):
            node = node_hash(peak, node)
        return node


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of one leaf, nearest sibling first (RFC 9162, section 2.1.3.1).

    Parameters
    ----------
    leaves : sequence of bytes
        Leaf *hashes* of the whole tree.
    index : int
        Which leaf.

    Raises
    ------
    InputError
        If there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise InputError(f"the log of {len(leaves)} leaves has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, len(leaves)
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_root(leaves, middle, end))
            end = middle
        else:
            path.append(_root(leaves, start, middle))
            start = middle
    return tuple(reversed(path))


def inclusion_proofs(
    leaves: Sequence[bytes], indexes: Iterable[int]
) -> dict[int, tuple[bytes, ...]]:
    """Return the audit paths of many leaves, by their numbers; each subtree is hashed once.

    Raises
    ------
    InputError
        As :func:`inclusion_proof`.
    """
    roots: dict[tuple[int, int], bytes] = {}

    def root(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        if (start, end) not in roots:
            middle = start + _split(end - start)
            roots[start, end] = node_hash(root(start, middle), root(middle, end))
        return roots[start, end]

    paths: dict[int, tuple[bytes, ...]] = {}
    for index in indexes:
        if not 0 <= index < len(leaves):
            raise InputError(f"the log of {len(leaves)} leaves has no leaf {index}")
        path: list[bytes] = []
        start, end = 0, len(leaves)
        while end - start > 1:
            middle = start + _split(end - start)
            path.append(root(middle, end) if index < middle else root(start, middle))
            start, end = (start, middle) if index < middle else (middle, end)
        paths[index] = tuple(reversed(path))
    return paths


def consistency_proof(leaves: Sequence[bytes], earlier: int) -> tuple[bytes, ...]:
    """Return the proof that the first ``earlier`` leaves are a prefix (RFC 9162, 2.1.4.1).

    Raises
    ------
    InputError
        If ``earlier`` is not between 1 and the size of the log.
    """
    if not 1 <= earlier <= len(leaves):
        raise InputError(f"no consistency proof exists from size {earlier} to {len(leaves)}")
    path: list[bytes] = []
    # The verifier has the earlier root: a subtree that is all of the earlier log needs no hash.
    start, end, is_known = 0, len(leaves), True
    while earlier != end:
        middle = start + _split(end - start)
        if earlier <= middle:
            path.append(_root(leaves, middle, end))
            end = middle
        else:
            path.append(_root(leaves, start, middle))
            start, is_known = middle, False
    if not is_known:
        path.append(_root(leaves, start, end))
    return tuple(reversed(path))


def consistency_from(earlier: Frontier, leaves: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return the proof of :func:`consistency_proof` from what appending keeps.

    Every subtree that the proof names lies to one side of ``earlier.size``: to its left it is one
    of the peaks, to its right it is made of the new leaves.

    Parameters
    ----------
    earlier : Frontier
        Of the log that is to be shown a prefix.
    leaves : sequence of bytes
        Leaf *hashes* appended since.
    """
    peaks: dict[tuple[int, int], bytes] = {}
    start = 0
    for peak, bit in zip(earlier.peaks, _bits(earlier.size), strict=True):
        peaks[start, start + bit] = peak
        start += bit
    path: list[bytes] = []
    # As in :func:`consistency_proof`.
    start, end, is_known = 0, earlier.size + len(leaves), True
    while earlier.size != end:
        middle = start + _split(end - start)
        if earlier.size <= middle:
            path.append(_root(leaves, middle - earlier.size, end - earlier.size))
            end = middle
        else:
            path.append(peaks[start, middle])
            start, is_known = middle, False
    if not is_known:
        path.append(peaks[start, end])
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Raise unless ``proof`` ties the leaf hash to the root (RFC 9162, section 2.1.3.2).

    Raises
    ------
    EvidenceError
        If it does not.
    """
    if not 0 <= index < size:
        raise EvidenceError(f"leaf {index} is outside the log of {size} leaves")
    node, place, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            raise EvidenceError(f"leaf {index}: the proof is too long")
        # At the right edge a node without a sibling goes up as it is: the inner loop passes over
        # the levels at which it has none.
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        place, last = place >> 1, last >> 1
    if last or node != root:
        raise EvidenceError(f"leaf {index} is not in the log of {size} that was signed")


def verify_consistency(
    *, earlier: int, earlier_root: bytes, later: int, later_root: bytes, proof: Sequence[bytes]
) -> None:
    """Raise unless the later log begins with the earlier one (RFC 9162, section 2.1.4.2).

    Raises
    ------
    EvidenceError
        If it does not, or the proof is not valid.
    """
    wrong = EvidenceError(f"the log of {later} does not begin with the log of {earlier}")
    if not 0 < earlier <= later:
        raise wrong
    if earlier == later:
        if proof or earlier_root != later_root:
            raise wrong
        return
    steps = list(proof)
    # The earlier log is one whole subtree of the later one: its root is known and left out of the
    # proof.
    if earlier.bit_count() == 1:
        steps.insert(0, earlier_root)
    if not steps:
        raise wrong
    place, last = earlier - 1, later - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise wrong
        if place & 1 or place == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, step)
        place, last = place >> 1, last >> 1
    if last or old != earlier_root or new != later_root:
        raise wrong


def _bits(size: int) -> list[int]:
    """Return the powers of two that make ``size``, largest first."""
    return [1 << place for place in reversed(range(size.bit_length())) if size >> place & 1]


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1


def _root(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    return Frontier().extend(leaves[at] for at in range(start, end)).root()
