"""What is fuzzed of exchange: the reader of each format, with a small file of its own as seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from targets import NOW, Target

from cautery.exchange.catalogue import NAMES


def _file(name: str) -> Target:
    """A partner's file: what is read of it can be packed, and comes back as it was."""
    from cautery.exchange.catalogue import format_named
    from cautery.exchange.shape import Assumed
    from cautery.model.exchange import Item, ItemKind, Package, Relation, RelationKind
    from cautery.model.marking import Marking, Pap, Tlp
    from cautery.workflows.exchange.jobs import warm
    from cautery.workflows.exchange.packing import packed_reading, unpacked_reading

    warm()  # loading code is no input's doing
    found = format_named(name)
    marking = Marking(tlp=Tlp.AMBER, pap=Pap.AMBER, source="B", accuracy=2)
    host = Item(kind=ItemKind.HOST, id="a.example", by="liga", marking=marking, at=NOW)
    order = Item(kind=ItemKind.ORDER, id="17", by="liga", marking=marking, at=NOW)
    block = Item(
        kind=ItemKind.BLOCK, id="a.example", by="liga", marking=marking, at=NOW,
        valid_from=NOW, valid_until=NOW, order="17", territory="IT",
    )  # fmt: skip
    link = Relation(
        kind=RelationKind.BLOCKED_BY, source=block.key, target=order.key, marking=marking, at=NOW
    )
    package = Package(
        id="case", name="a case", by="liga", made_at=NOW, marking=marking,
        items=(host, order, block), relations=(link,),
    )  # fmt: skip
    seed = b"".join(found.write(package))
    assumed = Assumed(marking=marking, by="liga", at=NOW)

    def once(data: bytes) -> None:
        found.recognises(data[:64_000])
        reading = found.read(data, "a file", assumed)
        assert unpacked_reading(packed_reading(reading)) == reading

    return Target(once=once, seeds=(seed,), longest=1024 + len(seed))


OF_EXCHANGE: Mapping[str, Callable[[], Target]] = {
    f"exchange_{name}": partial(_file, name) for name in NAMES
}
"""By the name of the format."""
