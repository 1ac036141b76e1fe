"""Check an organisation's log: tiles, ledger and signed checkpoint are one and the same."""

from __future__ import annotations

from cautery.errors import EvidenceError
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import open_cosigned
from cautery.evidence.outside.policy import CosignerPolicy
from cautery.evidence.outside.tiles import Tiles
from cautery.evidence.ports import CaseLedger
from cautery.workflows.timing.ports import LogShelf


def check_log(
    shelf: LogShelf,
    ledger: CaseLedger,
    log: NoteVerifier,
    *,
    policy: CosignerPolicy | None = None,
) -> dict[str, str | int]:
    """Compare what is published with what is kept; return what was found, by label.

    Parameters
    ----------
    policy : CosignerPolicy or None
        Whose co-signatures count; ``None``: none is judged.

    Raises
    ------
    EvidenceError
        Naming what differs.
    """
    note = shelf.read("checkpoint").decode("utf-8", "replace")
    published = open_cosigned(note, log, () if policy is None else policy.keys)
    size, root = published.checkpoint.size, published.checkpoint.root
    hashes = [leaf_hash(leaf) for index, _, leaf in ledger.leaves() if index < size]
    if len(hashes) < size:
        raise EvidenceError(f"{size} leaves are published, but the ledger has {len(hashes)}")
    if Frontier().extend(hashes).root() != root:
        raise EvidenceError(f"the first {size} leaves of the ledger are not those published")
    tiles = Tiles(size, shelf.read)
    for index, digest in enumerate(hashes):
        if tiles.leaf(index) != digest:
            raise EvidenceError(f"leaf {index} differs between the tiles and the ledger")
    if size and tiles.root() != root:
        raise EvidenceError("the tiles do not have the root that was signed")
    return {
        "log": str(log),
        "leaves": ledger.size(),
        "published": size,
        "root": root.hex(),
        "cosigned": len(published.times),
        "not judged": published.unknown + len(published.faults),
    }
