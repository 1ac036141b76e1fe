"""The page of the network: who serves, sells and is paid in a case, around anything, at a time."""

from __future__ import annotations

import shlex
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock

from cautery.errors import AbsentError
from cautery.messages import tr
from cautery.model import CriminalNetwork, Entry, Membership, SupplyGraph, digest, digest_of
from cautery.model.records import HostsRuled, Ruling, kind_of_type
from cautery.pages.room.network import (
    Asking,
    AssetView,
    Changes,
    MapTime,
    NetworkRow,
    NetworkView,
    Relation,
    RulingRow,
)
from cautery.pages.room.view import CaseHead
from cautery.pages.supply_map.countries import countries_of
from cautery.pages.supply_map.draw import Drawing, draw_supply
from cautery.pages.supply_map.naming import relation_name
from cautery.pages.supply_map.view import Picture
from cautery.projections import folded
from cautery.projections.kept import MOST_LINES, Asked
from cautery.projections.rulings import Rulings
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept
from cautery.workflows.browse.orders import is_writable
from cautery.workflows.browse.timeline import row_of
from cautery.workflows.supply.picture import neighbourhood, of_supply

MOST_SHOWN = 300
"""Assets of a picture around something. From the issue."""
_MOST_MAPS = 6
"""Maps that are kept ready to be drawn; one of 50,000 assets takes some 40 MB. Judgement."""
_MOST_FOUND, _MOST_NETWORKS, _MOST_RELATIONS, _MOST_RECORDS, _MOST_CHANGES = 50, 100, 100, 20, 40
_MOST_UNDONE = 10
_MAPPED, _RULED = (kind_of_type(SupplyGraph),), (kind_of_type(HostsRuled),)


@dataclass(frozen=True, slots=True)
class _Map:
    """One map of a case, read from its record."""

    entry: Entry
    picture: Picture
    networks: tuple[CriminalNetwork, ...]

    def near(self, asking: Asking) -> tuple[list[str], tuple[str, ...]]:
        """Return what is in the middle, and what was found by a search.

        Raises
        ------
        AbsentError
            If the map has no such asset or network.
        """
        words = asking.search.casefold().split()
        matches = sorted(
            (name for name in self.picture.near if all(w in name.casefold() for w in words)),
            key=lambda name: (len(name), name),
        ) if words else []  # fmt: skip
        around = asking.around or (matches[0] if len(matches) == 1 else "")
        if around:
            if around not in self.picture.near:
                raise AbsentError(
                    tr("This map has no %(asset)s.", asset=around[:200]),
                    hint=tr("Another map of the case may have it: it may be new, or gone."),
                )
            return [around], tuple(matches)
        if asking.network:
            network = next((found for found in self.networks if found.id == asking.network), None)
            if network is None:
                raise AbsentError(
                    tr("This map has no network %(network)s.", network=asking.network[:200])
                )
            members = [
                member.host for member in network.members if member.host in self.picture.near
            ]
            return members, tuple(matches)
        return [], tuple(matches)


class Maps:
    """Maps of cases, ready to be drawn; those that were looked at longest ago go first."""

    def __init__(self) -> None:
        self._read: OrderedDict[str, _Map] = OrderedDict()
        self._lock = Lock()

    def read(self, entry: Entry, graph: SupplyGraph) -> _Map:
        """Return a map by its record."""
        # Without its decoys a map is not what the ledger holds, and has no leaf.
        name = digest_of(entry.leaf) if entry.leaf else digest(graph)
        with self._lock:
            if name in self._read:
                self._read.move_to_end(name)
                return self._read[name]
        new_map = _Map(entry, of_supply(graph), graph.networks)
        with self._lock:
            self._read[name] = new_map
            while len(self._read) > _MOST_MAPS:
                self._read.popitem(last=False)
        return new_map


def network_view(cases: Cases, maps: Maps, id: str, asking: Asking) -> NetworkView:
    """Return the page of the network of a case.

    Raises
    ------
    AbsentError
        If there is no such case, map, asset or network.
    """
    with cases.case(id) as case:
        head = head_of(case, now=cases.clock.now())
        map_shown, time = _map_at(case, maps, asking)
        asking = replace(asking, nth=None, map=None if time.later is None else time.record)
        middle, matches = map_shown.near(asking)
        about = middle[0] if len(middle) == 1 and not asking.network else None
        picture, left_out = map_shown.picture, 0
        if middle:
            picture, left_out = neighbourhood(picture, middle, steps=asking.steps, most=MOST_SHOWN)
        before = None if time.earlier is None else _one(case, maps, time.earlier)
        return NetworkView(
            head=head,
            asked=asking,
            time=time,
            assets=len(map_shown.picture.assets),
            relations=len(map_shown.picture.relations),
            drawing=_drawn(picture, asking, about),
            shown=picture.assets if middle else (),
            left_out=left_out,
            around=None if about is None else _about(case, head, map_shown, about),
            network=asking.network if about is None else "",
            found=matches[:_MOST_FOUND],
            found_in_all=len(matches),
            countries=countries_of(picture.assets),
            networks=_largest(map_shown.networks),
            networks_in_all=len(_with_others(map_shown.networks)),
            changes=None if before is None else _changes(before, map_shown),
        )


def _map_at(case: Kept, maps: Maps, asking: Asking) -> tuple[_Map, MapTime]:
    page = case.lists().numbers(Asked(kinds=_MAPPED, limit=MOST_LINES))
    if not page.rows:
        raise AbsentError(tr("Nothing is mapped in this case yet."))
    numbers = page.rows[::-1]
    record = numbers[-1] if asking.map is None else asking.map
    if asking.nth is not None:
        record = numbers[min(asking.nth, len(numbers)) - 1]
    map_shown = _one(case, maps, record)
    # One that is older than all that are listed has no other beside it.
    at = numbers.index(record) if record in numbers else None
    return map_shown, MapTime(
        record=record,
        at=map_shown.entry.record.at,
        numbers=numbers,
        older=page.older is not None,
        earlier=numbers[at - 1] if at else None,
        later=numbers[at + 1] if at is not None and at + 1 < len(numbers) else None,
    )


def _one(case: Kept, maps: Maps, record: int) -> _Map:
    for entry in case.shown((record,)):
        if isinstance(entry.content, SupplyGraph):
            return maps.read(entry, entry.content)
    raise AbsentError(tr("Record %(record)s is not a map.", record=str(record)))


def _drawn(picture: Picture, asking: Asking, middle: str | None) -> Drawing | None:
    if not picture.assets:
        return None
    return draw_supply(
        picture,
        middle=middle,
        by_country=asking.by_country,
        leads=lambda name: asking.address(around=name),
    )


def _about(case: Kept, head: CaseHead, map_shown: _Map, name: str) -> AssetView:
    rulings = _rulings(case, map_shown)
    picture = map_shown.picture
    asset = next(asset for asset in picture.assets if asset.name == name)
    member: Membership | None = next(
        (
            member
            for network in map_shown.networks
            if network.id == asset.network
            for member in network.members
            if member.host == name
        ),
        None,
    )
    related = [relation for relation in picture.relations if name in (relation[0], relation[2])]
    return AssetView(
        asset=asset,
        member_with=None if member is None else member.probability,
        member_why=() if member is None else member.why,
        relations=tuple(
            Relation(source=source, relation=relation_name(relation), target=target)
            for source, relation, target in sorted(related)[:_MOST_RELATIONS]
        ),
        related=len(related),
        records=tuple(map(row_of, case.lists().about(name, most=_MOST_RECORDS)[::-1])),
        rulings=tuple(row for row in rulings if name in (row.host, row.other)),
        commands=_commands(case, name, rulings) if is_writable(head) else (),
    )


def _rulings(case: Kept, map_shown: _Map) -> tuple[RulingRow, ...]:
    page = case.lists().numbers(Asked(kinds=_RULED, limit=MOST_LINES))
    rulings = folded(Rulings(), case.lists().entries(page.rows))
    return tuple(
        RulingRow(
            host=ruled.host,
            other=ruled.other,
            same=ruled.ruling is Ruling.SAME,
            by=ruled.by,
            why=ruled.why,
            at=ruled.at,
            record=record,
            in_map=record < map_shown.entry.index,
        )
        for record, ruled in rulings.in_force()
    )


def _commands(case: Kept, name: str, rulings: Sequence[RulingRow]) -> tuple[tuple[str, str], ...]:
    newest = max((row.record for row in rulings), default=0)

    def command(word: str, other_host: str) -> str:
        words = ("cautery", "ruling", word, str(case.path.absolute()), name, other_host)
        return f"{shlex.join(words)} --seen {newest} --by NAME --why WHY"

    rulings_held = [row for row in rulings if name in (row.host, row.other)][:_MOST_UNDONE]
    return (
        (tr("One network runs it and OTHER"), command("same", "OTHER")),
        (tr("No network runs it and OTHER"), command("not-same", "OTHER")),
        *(
            (
                tr("Take back what was said of %(other)s", other=other_host),
                command("undo", other_host),
            )
            for other_host in (row.other if row.host == name else row.host for row in rulings_held)
        ),
    )


def _with_others(networks: Sequence[CriminalNetwork]) -> list[CriminalNetwork]:
    return [network for network in networks if len(network.members) > 1]


def _largest(networks: Sequence[CriminalNetwork]) -> tuple[NetworkRow, ...]:
    ranked = sorted(
        _with_others(networks), key=lambda network_row: (-len(network_row.members), network_row.id)
    )
    return tuple(
        NetworkRow(
            id=network_row.id, members=len(network_row.members), services=network_row.services
        )
        for network_row in ranked[:_MOST_NETWORKS]
    )


def _changes(before: _Map, after: _Map) -> Changes:
    was, now = before.picture.near.keys(), after.picture.near.keys()
    came, went = sorted(now - was), sorted(was - now)
    return Changes(
        came=tuple(came[:_MOST_CHANGES]),
        came_in_all=len(came),
        went=tuple(went[:_MOST_CHANGES]),
        went_in_all=len(went),
    )
