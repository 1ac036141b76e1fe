"""A log's Merkle tree kept level by level, so that any proof is found without hashing it again."""

from __future__ import annotations

from collections.abc import Iterable

from cautery.errors import InputError
from cautery.evidence.merkle import EMPTY_ROOT, node_hash

_BYTES = 32


class LeafTree:
    """The hashes of a log's leaves, and of every complete subtree over them (RFC 9162, 2.1).

    It takes 64 bytes a leaf. A root or a proof of any earlier size takes as many hashes as the
    square of the tree's height at most.

    Examples
    --------
    >>> from cautery.evidence.merkle import inclusion_proof, leaf_hash
    >>> hashes = [leaf_hash(bytes([number])) for number in range(7)]
    >>> tree = LeafTree()
    >>> tree.extend(hashes)
    >>> tree.proof(3, size=6) == inclusion_proof(hashes[:6], 3)
    True
    """

    def __init__(self) -> None:
        self._levels = [bytearray()]

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self._levels[0]) // _BYTES

    def extend(self, hashes: Iterable[bytes]) -> None:
        """Append leaf *hashes*, in order."""
        for leaf in hashes:
            node, level = leaf, 0
            while True:
                nodes = self._levels[level]
                nodes += node
                if len(nodes) // _BYTES & 1:  # it has no sibling yet
                    break
                node = node_hash(bytes(nodes[-2 * _BYTES : -_BYTES]), node)
                level += 1
                if level == len(self._levels):
                    self._levels.append(bytearray())

    def leaf(self, index: int) -> bytes:
        """Return the hash of one leaf.

        Raises
        ------
        InputError
            If there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise InputError(f"the log of {self.size} leaves has no leaf {index}")
        return self._node(0, index)

    def root(self, size: int) -> bytes:
        """Return the root over the first leaves.

        Raises
        ------
        InputError
            If there are fewer.
        """
        if not 0 <= size <= self.size:
            raise InputError(f"the log has {self.size} leaves, not {size}")
        return self._root(0, size) if size else EMPTY_ROOT

    def proof(self, index: int, *, size: int) -> tuple[bytes, ...]:
        """Return the audit path of one leaf in the tree of the first ``size``, nearest first.

        Raises
        ------
        InputError
            If there is no such leaf, or there are fewer than ``size``.
        """
        if not 0 <= index < size <= self.size:
            raise InputError(f"the log of {size} leaves has no leaf {index}")
        path: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self._root(middle, end))
                end = middle
            else:
                path.append(self._root(start, middle))
                start = middle
        return tuple(reversed(path))

    def _root(self, start: int, end: int) -> bytes:
        count = end - start
        if count & (count - 1) == 0:  # each half of a tree begins at a multiple of its size
            level = count.bit_length() - 1
            return self._node(level, start >> level)
        middle = start + _split(count)
        return node_hash(self._root(start, middle), self._root(middle, end))

    def _node(self, level: int, place: int) -> bytes:
        return bytes(self._levels[level][place * _BYTES : (place + 1) * _BYTES])


def _split(size: int) -> int:
    """Return the largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
