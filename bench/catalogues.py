"""Catalogues in one order and with the same mistaken guide ids: found, and strangers spared.

Run: ``python bench/catalogues.py [--worlds 60]``. Worlds of ``lab/catalogues.py``: three networks
of three panels, each panel an edited copy of its network's list, and seven strangers that sell the
same channels. Seeds 1 to 3 stand in the tests; those from 100 on were run after the rules stood.
Drawn and judged by one hand: how far resellers edit a list in truth nobody has measured.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from cautery.graph.catalogues import ORDER, QUIRKS, Listing, catalogue_links
from cautery.lab.catalogues import Catalogue, draw_catalogues

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FIRST = 100


def main() -> None:
    """Print one row a kind of link."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=60)
    asked = parser.parse_args()
    worlds = [draw_catalogues(seed) for seed in range(FIRST, FIRST + asked.worlds)]
    print("| link | worlds whose groups are all right | groups with a stranger | N |")
    print("| --- | --- | --- | --- |")
    for kind in (ORDER, QUIRKS):
        found = [(_groups(one, kind), one) for one in worlds]
        right = sum(groups == _truth(panels) for groups, panels in found)
        wrong = sum(_mixed(group, panels) for groups, panels in found for group in groups)
        print(f"| {kind} | {right} | {wrong} | {len(worlds)} |")


def _groups(panels: tuple[Catalogue, ...], kind: str) -> list[list[str]]:
    listings = [
        Listing(
            host=one.host,
            titles=tuple(title for title, _ in one.entries),
            guides=tuple(guide for _, guide in one.entries),
            first_seen=NOON,
            last_seen=NOON,
            records=(number,),
        )
        for number, one in enumerate(panels)
    ]
    held: dict[str, list[str]] = {}
    for link in catalogue_links(listings, source="watch"):
        if link.kind == kind:
            held.setdefault(link.value, []).append(link.subject)
    return sorted(sorted(one) for one in held.values())


def _truth(panels: tuple[Catalogue, ...]) -> list[list[str]]:
    networks = {one.network for one in panels if one.network}
    return sorted(sorted(one.host for one in panels if one.network == name) for name in networks)


def _mixed(group: list[str], panels: tuple[Catalogue, ...]) -> bool:
    networks = {one.network for one in panels if one.host in group}
    return len(networks) > 1 or None in networks


if __name__ == "__main__":
    main()
