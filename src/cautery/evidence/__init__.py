"""Proof: a Merkle log of records, signed notes over it, and the manifest of a closed case.

Everything here is pure; the files and databases are adapters.

Examples
--------
>>> from cautery.evidence import Frontier, leaf_hash
>>> log = Frontier().append(leaf_hash(b'{"kind":"case.opened"}'))
>>> log.size, log.root().hex()[:8]
(1, '9baf59ae')
"""

from cautery.evidence.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_from,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "consistency_from",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]
