"""The page of a case's network: around anything, at any map of the case."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import Asset, Edge, Role, SupplyGraph
from cautery.model.ledger import append
from cautery.model.records import HostsRuled, Ruling
from cautery.workflows.case.open import open_case

CLOSED, OPEN = "/cases/night-1/network", "/cases/cup+night-2/network"
NOW = SystemClock().now()
HOSTILE = "\"><script>alert(1)</script>&around='\u202e.example"


def rows(page: str) -> list[str]:
    """Return the names that the picture links to."""
    drawn = r'<a href="\?[^"]*"><g class="row" data-row="[^"]*" data-assets="([^"]*)"'
    return [unescape(name) for name in re.findall(drawn, page)]


def mapped(folder: Path, *maps: object) -> list[int]:
    """Add maps to the open case below a folder; return their records."""
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=1.0)
    case = open_case(folder / "cases" / "cup" / "night-2", store=store, clock=SystemClock())
    indexes = [append(case.ledger, graph, at=case.clock.now()).index for graph in maps]
    case.leave()
    return indexes


def star(*leaves: str) -> SupplyGraph:
    names = ("hub.example", *leaves)
    return SupplyGraph(
        assets=tuple(Asset(kind="host", value=name, role=Role.EDGE) for name in names),
        edges=tuple(
            Edge(source="host:hub.example", relation="serves", target=f"host:{leaf}")
            for leaf in leaves
        ),
    )


def test_the_whole_leads_to_what_is_around_a_host_with_its_reasons(room: Any) -> None:
    whole = room.text(CLOSED)
    assert "panel-41.example" in rows(whole)
    assert "<h2>The whole network</h2>" in whole
    assert "network-3</bdi></a></th>" in whole
    (address,) = re.findall(r'<a href="(\?around=panel-41[^"]*)"><g class', whole)
    around = room.text(CLOSED + unescape(address))
    assert "Around panel-41.example" in around
    assert {"panel-41.example", "edge-41.example"} < set(rows(around))
    assert "panel-1.example" not in rows(around)  # of another network
    assert "panel, probability 0.65" in around
    assert "same panel fingerprint" in around  # why it is in its network
    assert "a panel&#39;s player_api.php" in around  # why it has its role
    assert "edge-41.example" not in rows(room.text(f"{CLOSED}?around=reseller-41.example&steps=1"))


def test_a_network_and_its_countries(room: Any) -> None:
    page = room.text(f"{CLOSED}?network=network-2&steps=1&by=country")
    assert "Around network network-2" in page
    assert "edge-21.example" in rows(page)
    assert "edge-41.example" not in rows(page)
    assert ">BG (6)</text>" in page
    assert "?around=edge-21.example&amp;steps=1&amp;by=country" in page  # what was chosen stays


def test_what_is_shown_stands_on_a_map_of_europe_and_is_counted_by_country(room: Any) -> None:
    whole = room.text(CLOSED)
    counted = dict(
        re.findall(r'<tr class="row"><th scope="row">(\w+)</th><td class="n">(\d+)', whole)
    )
    near = room.text(f"{CLOSED}?network=network-2&steps=1")
    fewer = dict(re.findall(r'<tr class="row"><th scope="row">(\w+)</th><td class="n">(\d+)', near))
    assert fewer["Bulgaria"] == "6"
    assert int(counted["Bulgaria"]) > 6
    assert 'class="europe"' in near
    assert re.search(r'aria-label="[^"]*assets by country: [^"]*Bulgaria: 6 assets', near)
    assert re.search(
        r'<path class="shape c[1-5]" d="[^"]+"><title>Bulgaria: 6 assets</title>', near
    )


def test_words_find_assets_and_one_that_is_found_alone_is_shown(room: Any) -> None:
    assert "Around panel-41.example" in room.text(f"{CLOSED}?q=PANEL-41")
    page = room.text(f"{CLOSED}?q=panel+2")
    assert "5 assets have these words in their names:" in page
    assert "This map has no asset with these words" in room.text(f"{CLOSED}?q=nothing-like-it")


@pytest.mark.parametrize("asked", ["around=nobody.example", "network=network-9", "map=0"])
def test_what_a_map_does_not_have_is_said(room: Any, asked: str) -> None:
    assert "There is nothing here" in room.text(f"{CLOSED}?{asked}", status=404)


@pytest.mark.parametrize("asked", ["steps=5", "steps=x", "by=colour", "nth=0", "map=-1"])
def test_what_no_page_has_is_not_there(room: Any, asked: str) -> None:
    room.text(f"{CLOSED}?{asked}", status=404)


def test_the_maps_of_a_case_come_one_after_the_other(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    _, second, third = mapped(
        tmp_path, star("old.example"), star("old.example", "more.example"), star("new.example")
    )
    room = room_at(cases)
    newest = room.text(OPEN)
    assert sorted(rows(newest)) == ["hub.example", "new.example"]
    assert "Came</h3>" not in newest
    assert "<h3>Came (1)</h3>" in newest
    assert "<h3>Went (2)</h3>" in newest
    assert f'rel="prev" href="?map={second}"' in newest
    assert 'rel="next"' not in newest
    earlier = room.text(f"{OPEN}?map={second}")
    assert sorted(rows(earlier)) == ["hub.example", "more.example", "old.example"]
    assert f'rel="next" href="?map={third}"' in earlier
    assert f"?around=more.example&amp;map={second}" in earlier  # the same map, around another
    assert room.text(f"{OPEN}?nth=3&around=hub.example").count(f"map={second}") > 1


def test_what_people_say_of_a_host_stands_beside_it_with_the_commands_that_say_so(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any], room: Any
) -> None:
    def said(other: str, ruling: Ruling, why: str) -> HostsRuled:
        return HostsRuled(
            host=other, other="hub.example", ruling=ruling, by="A. Analyst", why=why, at=NOW
        )

    cases = make_season(tmp_path)
    *_, newest = mapped(
        tmp_path,
        said("one.example", Ruling.SAME, "one invoice"),
        star("one.example", "two.example", HOSTILE),
        said("two.example", Ruling.NOT_SAME, "<b>two</b> firms"),
        said(HOSTILE, Ruling.SAME, "$(reboot)"),
    )
    page = room_at(cases).text(f"{OPEN}?around=hub.example")
    assert "One network runs it and one.example" in page
    assert "No network runs it and two.example" in page
    assert "&lt;b&gt;two&lt;/b&gt; firms" in page
    assert page.count("not in this map yet") == 2
    assert f"--seen {newest} --by NAME --why WHY" in page
    commands = [
        unescape(line) for line in re.findall(r"<pre[^>]*>(cautery ruling[^<]*)</pre>", page)
    ]
    (undo, *_) = [shlex.split(line) for line in commands if " undo " in line]
    assert undo[3].endswith("night-2")
    assert undo[4] == "hub.example"
    assert "<script>alert" not in page
    closed = room.text(f"{CLOSED}?around=panel-41.example")
    assert "Nobody has said that it and another host" in closed
    assert "cautery ruling" not in closed  # nothing can be added


def test_names_are_texts_and_a_hub_of_thousands_is_cut_and_said(
    tmp_path: Path, make_season: Callable[[Path], Path], room_at: Callable[[Path], Any]
) -> None:
    cases = make_season(tmp_path)
    mapped(tmp_path, star(HOSTILE, *(f"h{number}.example" for number in range(2_000))))
    room = room_at(cases)
    page = room.text(f"{OPEN}?around=hub.example")
    assert "1,702 that are as near are left out" in page.replace("\u202f", ",")
    found = room.text(OPEN, params={"q": "script"})
    assert "<script>alert" not in found + page
    assert "[U+202E].example" in found
    (address,) = set(re.findall(r'href="(\?around=%22%3E%3Cscript[^"]*)"', found))
    assert "Around" in room.text(OPEN + unescape(address))
