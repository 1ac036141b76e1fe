"""What the case of a watch gives to a partner: proven streams, their supply, and blocks.

Nothing of it names a viewer or a person. It bears one marking, the user's. Where decoys of the case
are not revealed yet, nothing leaves; afterwards they are in nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cautery.canonical import canonical
from cautery.messages import in_language, say
from cautery.model import Entry, Estimate, ExhibitId, Marking, Pap, SupplyGraph, Tlp, to_json
from cautery.model.exchange import Interval, Item, ItemKey, ItemKind, RelationKind
from cautery.model.message import Message
from cautery.model.operation import StatementKind
from cautery.model.ports import Ledger
from cautery.model.records import (
    AssetFacts,
    CaseReopened,
    ExchangeExported,
    ExchangeImported,
    ExhibitSealed,
    kinds_of,
)
from cautery.model.records.importing import SEALED_FILE, SEALED_TABLE
from cautery.projections.decoys import Decoys
from cautery.projections.folding import heard
from cautery.projections.without_decoys import outward
from cautery.workflows.case.opening import opening_of
from cautery.workflows.exchange.gathering import Gathered, Gathering, sentence
from cautery.workflows.exchange.of_blocks import add_blocks
from cautery.workflows.exchange.of_streams import (
    STREAM_RECORDS,
    StreamsSeen,
    add_sources,
    add_streams,
)
from cautery.workflows.exchange.of_supply import SupplySeen, add_supply
from cautery.workflows.supply.picture import met_in

DEFAULT_MARKING = Marking(tlp=Tlp.AMBER, pap=Pap.AMBER)
"""Of a watch's case where nobody states another: its own organisation and its partners, who do not
let the suspects notice."""
_BLOCKED = (ItemKind.HOST, ItemKind.ADDRESS, ItemKind.PANEL, ItemKind.STOREFRONT, ItemKind.FEED,
            ItemKind.RESELLER, ItemKind.PLAYLIST)  # fmt: skip
"""Kinds of item that a block may be of, when it has their name."""


def of_watch(ledger: Ledger, *, marking: Marking = DEFAULT_MARKING, at: datetime) -> Gathered:
    """Return what the case of a watch gives to a partner.

    Parameters
    ----------
    ledger : Ledger
        Of the case, with its decoys.
    marking : Marking
        Of all that leaves.
    at : datetime
        Now, in UTC: nothing that was signed later counts.

    Raises
    ------
    UnrevealedError
        If nobody may know yet which streams are decoys.
    ApprovalError
        If a signature under the mandate does not hold.
    InputError
        If its first record names no mandate.
    """
    opening = opening_of(ledger)
    shown = outward(ledger, what="an export")
    gathering = Gathering(by=opening.mandate.who, marking=marking)
    streams, supply = StreamsSeen(), SupplySeen()
    estimates: dict[Message, tuple[datetime, Estimate]] = {}
    made_at = newest_in(ledger) or opening.entry.record.at
    shapes = (*STREAM_RECORDS, AssetFacts, SupplyGraph, Estimate)
    with in_language("en"):  # the same case makes the same bytes, whoever sends it
        for entry in shown.read(kinds=kinds_of(*shapes)):
            heard((streams.hear, supply.hear), entry)
            if isinstance(entry.content, Estimate):
                estimates[entry.content.quantity] = entry.record.at, entry.content
        of_hosts = add_streams(gathering, streams)
        add_supply(
            gathering,
            supply,
            streams=of_hosts,
            mandate=opening.mandate,
            met=met_in(shown),
            at=made_at,
        )
        add_sources(gathering, streams)
        decoys = Decoys().read_on(ledger)
        add_blocks(gathering, ledger, opening=opening, decoys=decoys, at=at)
        _relate_blocks(gathering)
        for moment, estimate in estimates.values():
            add_estimate(gathering, estimate, at=moment)
        add_exhibits(gathering, shown)
    package = gathering.package(
        id_=opening.signed_for.case,
        name=opening.mandate.id,
        made_at=made_at,
        marking=marking,
    )
    return Gathered(package=package, stays=gathering.stays)


def newest_in(ledger: Ledger) -> datetime | None:
    """Return when the newest record was made that is of no export, no import and no reopening.

    None of them changes what the next partner is given, not even by a moment; each import and
    export may have to reopen the case.
    """
    until, wide = ledger.size(), 64
    while until > 0:
        since = max(0, until - wide)
        moments = [
            entry.record.at
            for entry in ledger.read(since=since)
            if entry.index < until and not _is_of_exchange(entry)
        ]
        if moments:
            return moments[-1]
        until, wide = since, 2 * wide
    return None


def _is_of_exchange(entry: Entry) -> bool:
    content = entry.content
    if isinstance(content, ExhibitSealed):
        return content.what in (SEALED_FILE, SEALED_TABLE)
    return isinstance(content, CaseReopened | ExchangeExported | ExchangeImported)


def _relate_blocks(gathering: Gathering) -> None:
    """Relate each block to what has its name, so that a reader finds one from the other."""
    named: dict[str, list[Item]] = {}
    for item in gathering.items.values():
        if item.kind in _BLOCKED:
            named.setdefault(item.id, []).append(item)
    for item in tuple(gathering.items.values()):
        if item.kind is ItemKind.BLOCK:
            for target in named.get(item.id, ()):
                gathering.relate(
                    RelationKind.RELATED_TO, item.key, target.key, at=item.at, text="blocks"
                )


def add_estimate(gathering: Gathering, estimate: Estimate, *, at: datetime) -> None:
    """Add an estimate; ends that are merely what is possible make no interval of a coverage."""
    quantity, unit = estimate.quantity, estimate.unit
    method = say(estimate.method)
    interval = None
    if estimate.coverage is not None:
        interval = Interval(
            low=estimate.low,
            mid=estimate.mid,
            high=estimate.high,
            coverage=estimate.coverage,
            unit=unit,
            method=method,
        )
    gathering.add(
        ItemKind.ESTIMATE,
        f"{quantity.id} {canonical(to_json(quantity.values)).decode()}"
        if quantity.values
        else quantity.id,
        at=at,
        name=say(quantity),
        interval=interval,
        text=sentence(
            f"{say(quantity)}: {estimate.low:g} to {estimate.high:g} {unit}",
            method,
            "" if estimate.coverage is not None else "the ends are what is possible at all",
            "" if estimate.note is None else say(estimate.note),
        ),
    )


def add_exhibits(gathering: Gathering, ledger: Ledger) -> None:
    """Add what an item names as shown by it: no other sealed bytes are a partner's business."""
    naming: dict[ExhibitId, list[ItemKey]] = {}
    for item in gathering.items.values():
        for name in item.exhibits:
            naming.setdefault(name, []).append(item.key)
    for record in _sealed(ledger):
        exhibit = record.exhibit
        keys = naming.pop(exhibit.id, ())
        if not keys or exhibit.confidential:
            continue
        shown = gathering.add(
            ItemKind.EXHIBIT,
            exhibit.id,
            at=exhibit.sealed_at,
            text=sentence(f"{record.what}, {exhibit.media_type}, {exhibit.size:,} bytes"),
            statement=StatementKind.FACT,
        )
        for key in keys:
            gathering.relate(RelationKind.SHOWN_BY, key, shown, at=exhibit.sealed_at)


def _sealed(ledger: Ledger) -> Iterable[ExhibitSealed]:
    for entry in ledger.read(kinds=kinds_of(ExhibitSealed)):
        if isinstance(entry.content, ExhibitSealed):
            yield entry.content
