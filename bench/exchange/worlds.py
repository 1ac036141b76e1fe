"""Packages to measure exchange with: of every kind and field, of any size, and of a case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path

from cautery.errors import InputError
from cautery.model import Finding, Lever, Marking
from cautery.model.evidence import ExhibitId
from cautery.model.exchange import Interval, Item, ItemKind, Package, Relation, RelationKind
from cautery.model.marking import HandlingCode, Pap, Tlp
from cautery.model.operation import LedCategory, StatementKind

NOON = datetime(2026, 11, 30, 12, 0, 0, 250_001, tzinfo=UTC)
STRICT = Marking(
    tlp=Tlp.AMBER_STRICT,
    pap=Pap.AMBER,
    handling=frozenset({HandlingCode.H1, HandlingCode.H3}),
    h3_text="Ask before it goes to court.",
    source="B",
    accuracy=2,
)
WHOLE = Marking(tlp=Tlp.RED, pap=Pap.RED, handling=frozenset(HandlingCode), h3_text=STRICT.h3_text)
"""Of the package: as strict as any of its items."""
_IDS = {
    ItemKind.STREAM: "https://edge.goals.example/live/redacted-1/42.m3u8",
    ItemKind.HOST: "edge.goals.example",
    ItemKind.ADDRESS: "198.51.100.7",
    ItemKind.PANEL: "panel.goals.example:8080",
    ItemKind.PLAYLIST: "https://lists.goals.example/redacted-2.m3u",
    ItemKind.FEED: "origin.goals.example",
    ItemKind.STOREFRONT: "https://shop.goals.example/",
    ItemKind.RESELLER: "reseller:goals-4-all",
    ItemKind.ASSET: "certificate:" + "ab" * 32,
    ItemKind.NETWORK: "network-1",
    ItemKind.PERSON: "P-heron",
    ItemKind.BLOCK: "blocked.goals.example",
    ItemKind.ORDER: "agcom-2026-17",
    ItemKind.EXHIBIT: "sha256:" + "cd" * 32,
    ItemKind.ESTIMATE: "users",
    ItemKind.STATEMENT: "payment-4",
}


def machine() -> str:
    """Return what figures depend on: the machine, and what others do on it now."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def digest(number: int) -> ExhibitId:
    """Return the digest of some bytes."""
    return ExhibitId(f"sha256:{sha256(str(number).encode()).hexdigest()}")


def full_package() -> Package:
    """Return a package with one item of each kind that has all fields, and all relations."""
    items = {kind: _full_item(kind) for kind in ItemKind}
    ends = [ItemKind.HOST, ItemKind.STREAM, ItemKind.NETWORK, ItemKind.EXHIBIT]
    relations = tuple(
        Relation(
            kind=kind,
            source=items[ends[number % 4]].key,
            target=items[ends[(number + 1) % 4]].key,
            marking=STRICT,
            at=NOON,
            text="They share a certificate.",
            probability=0.75,
            log10_lr=2.125,
            exhibits=(digest(3),),
            revoked=True,
        )
        for number, kind in enumerate(RelationKind)
    )
    return _package("full", tuple(items.values()), relations)


def _full_item(kind: ItemKind) -> Item:
    return Item(
        kind=kind,
        id=_IDS[kind],
        by="it-postal",
        marking=STRICT,
        at=NOON,
        text="What is said of it, in words.",
        name="What people call it",
        first_seen=NOON - timedelta(minutes=4),
        last_seen=NOON,
        valid_from=NOON,
        valid_until=NOON + timedelta(hours=3),
        revoked=True,
        statement=StatementKind.FACT,
        role="edge",
        category=LedCategory.SUSPECT,
        finding=Finding.PROVEN,
        confidence=85,
        probability=0.81,
        log10_lr=6.25,
        interval=Interval(low=1200, mid=2100.5, high=4800, coverage=0.9, unit="users", method="b"),
        lever=Lever.NAME,
        order="agcom-2026-17",
        territory="IT",
        country="NL",
        exhibits=tuple(sorted((digest(1), digest(2)))),
    )


def synthetic(size: int) -> Package:
    """Return a package of so many items and relations: half of them blocks with their ends."""
    many = list(islice(_supply(), size - size // 4))
    blocks = [item for item in many if item.kind is ItemKind.BLOCK]
    order = next(item for item in many if item.kind is ItemKind.ORDER)
    link = partial(Relation, kind=RelationKind.BLOCKED_BY, target=order.key, at=NOON)
    relations = tuple(
        link(source=block.key, marking=block.marking) for block in blocks[: size - len(many)]
    )
    return _package("synthetic", tuple(many), relations)


def indicators(size: int) -> Package:
    """Return a package of so many blocks."""
    blocks = (item for item in _supply() if item.kind is ItemKind.BLOCK)
    return _package("indicators", tuple(islice(blocks, size)), ())


def of_case(folder: Path) -> Package:
    """Return what leaves of a watch's case.

    Raises
    ------
    InputError
        If there is no such case.
    """
    from cautery.wiring.cases import reading  # noqa: PLC0415 - only this question needs a case
    from cautery.workflows.exchange.of_watch import of_watch  # noqa: PLC0415

    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such case")
    with reading(folder) as case:
        return of_watch(case.ledger, at=datetime.now(UTC)).package


def _package(name: str, items: tuple[Item, ...], relations: tuple[Relation, ...]) -> Package:
    return Package(
        id=name,
        name=f"a {name} case",
        by="example-league",
        made_at=NOON,
        marking=WHOLE,
        items=items,
        relations=relations,
    )


def _supply() -> Iterator[Item]:
    """Yield an order, then streams, hosts, persons and others, and as many blocks again."""
    markings = (
        STRICT,
        Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR),
        Marking(tlp=Tlp.GREEN, pap=Pap.GREEN, handling=frozenset({HandlingCode.H0})),
        Marking(tlp=Tlp.AMBER, pap=Pap.AMBER, source="X", accuracy=4),
        Marking(tlp=Tlp.RED, pap=Pap.RED, handling=frozenset({HandlingCode.H2})),
    )
    yield Item(
        kind=ItemKind.ORDER, id="order-1", by="it-agcom", marking=markings[1], at=NOON, text="One."
    )
    number = 0
    while True:
        number += 1
        one = partial(Item, by="it-agcom", marking=markings[number % 5], at=NOON)
        host = f"host-{number}.goals.example"
        yield one(
            kind=ItemKind.BLOCK,
            id=host,
            lever=Lever.NAME,
            order="order-1",
            territory="IT",
            valid_from=NOON,
            valid_until=NOON + timedelta(minutes=number),
            revoked=number % 10 == 0,
            confidence=number % 101,
            exhibits=(digest(number % 50),),
        )
        if number % 3 == 0:
            yield one(
                kind=ItemKind.STREAM,
                id=f"https://{host}/live/{number}.m3u8",
                finding=Finding.PROVEN,
                log10_lr=number / 1000,
                first_seen=NOON,
                last_seen=NOON + timedelta(seconds=number),
                exhibits=tuple(sorted({digest(number % 50), digest(number % 49)})),
            )
        elif number % 3 == 1:
            yield one(kind=ItemKind.HOST, id=host, role="edge", probability=number % 101 / 100)
        else:
            yield one(
                kind=ItemKind.PERSON,
                id=f"P-{number}",
                role="reseller",
                category=tuple(LedCategory)[number % 4],
                confidence=number % 101,
            )
