"""Strangers who meet in small hubs are told from networks by what they do not share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cautery.graph.networks import find_networks
from cautery.lab.links import link_world
from cautery.workflows.borne_out import FEWEST, borne_out, doubts
from cautery.workflows.cluster_links import cluster_links
from cautery.workflows.cluster_state import clustered_in
from cautery.workflows.link_files import Reading, nothing_new

SUBJECTS = 1_500


@pytest.fixture(scope="module")
def strangers():
    """Links of strangers: each kind's value is a hub's, some of them small, or one's own."""
    rng = np.random.default_rng(7)
    rows = []
    for kind, share, hubs in (("address", 0.6, 400), ("theme", 0.7, 80), ("certificate", 0.2, 100)):
        chance = 1 / np.arange(1, hubs + 1)
        for one in range(SUBJECTS):
            hub = rng.random() < share
            value = f"h{rng.choice(hubs, p=chance / chance.sum())}" if hub else f"o{one}"
            rows.append((f"s{one}.example", kind, f"{kind}-{value}"))
    names = pl.DataFrame(rows, schema=["subject", "kind", "value"], orient="row")
    return names.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("first_seen", "last_seen")
    )


def test_strangers_are_doubted(strangers):
    reading = Reading(strangers)
    cluster_links(reading)
    (told,) = reading.warnings
    assert "most may be strangers who meet in a small hub" in told


def test_strangers_in_a_state_are_doubted_by_every_run_on_it(strangers, tmp_path):
    for reading, refit in (
        (Reading(strangers), False),
        (nothing_new(), False),
        (nothing_new(), True),
    ):
        clustered_in(tmp_path / "state", reading, refit=refit, write=Path.write_bytes)
        assert "most may be strangers who meet in a small hub" in reading.warnings[-1]


@pytest.mark.parametrize("falser", [1.0, 4.0])
def test_networks_are_borne_out(falser):
    table = link_world(SUBJECTS, seed=5, falser=falser).table
    evidence, _ = table.evidence()
    part = find_networks(evidence, common=table.common, seed=0)
    could, does = borne_out(part)
    assert could > FEWEST
    assert does > could / 2
    assert doubts(part) == []
