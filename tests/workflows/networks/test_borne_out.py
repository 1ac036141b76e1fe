"""Strangers who meet in small hubs are told from networks by what they do not share."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cautery.graph.networks import find_networks
from cautery.lab.links import link_world
from cautery.workflows.networks.borne_out import FEWEST, borne_out, doubts
from cautery.workflows.networks.cluster import cluster_links
from cautery.workflows.networks.links import Reading, nothing_new
from cautery.workflows.networks.state.keep import clustered_in

SUBJECTS = 1_500


def links_of(rows):
    names = pl.DataFrame(rows, schema=["subject", "kind", "value"], orient="row")
    return names.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("first_seen", "last_seen")
    )


@pytest.fixture(scope="module")
def strangers():
    """Links of strangers: any three meet at one small hoster's address, all else is one's own."""
    rows = [
        (f"s{one}.example", kind, f"{kind}-{one // 3 if kind == 'address' else one}")
        for one in range(SUBJECTS)
        for kind in ("address", "theme", "certificate")
    ]
    return links_of(rows)


def test_strangers_are_doubted(strangers):
    reading = Reading(strangers)
    cluster_links(reading)
    (told,) = reading.warnings
    assert "most of these subjects may be strangers that meet in a small hub" in told


def test_strangers_in_a_state_are_doubted_by_every_run_on_it(strangers, tmp_path):
    for reading, refit in (
        (Reading(strangers), False),
        (nothing_new(), False),
        (nothing_new(), True),
    ):
        clustered_in(tmp_path / "state", reading, refit=refit, write=Path.write_bytes)
        assert (
            "most of these subjects may be strangers that meet in a small hub"
            in reading.warnings[-1]
        )


@pytest.mark.parametrize("falser", [1.0, 4.0])
def test_networks_are_borne_out(falser):
    table = link_world(SUBJECTS, seed=5, falser=falser).table
    evidence, _ = table.evidence()
    part = find_networks(evidence, common=table.common, seed=0)
    could, does = borne_out(part)
    assert could > FEWEST
    assert does > could / 2
    assert doubts(part) == []


def test_customers_of_one_front_are_doubted_and_a_network_with_ties_inside_is_not():
    front = [(f"f{one}.example", kind, "the front's") for one in range(200) for kind in "abc"]
    alone = [(f"s{one}.example", kind, f"{kind}{one}") for one in range(600) for kind in "abc"]
    reading = Reading(links_of(front + alone))
    cluster_links(reading)
    (told,) = [one for one in reading.warnings if "almost all" in one]
    assert told.startswith("1 network of 30 subjects or more (200 in all)")
    inside = [(f"f{one}.example", "d", f"pair {one // 5}") for one in range(200)]
    reading = Reading(links_of(front + inside + alone))
    cluster_links(reading)
    assert not any("almost all" in one for one in reading.warnings)
