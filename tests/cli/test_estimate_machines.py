"""``cautery estimate machines``: a table with an interval, and the same as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

from cautery.estimate.machines import Machine, Night, needs

from .conftest import Ran

Cautery = Callable[..., Ran]
ASKED = ("estimate", "machines", "--channels", "2500", "--looks", "3000")


def test_the_json_says_what_the_function_says(cautery: Cautery) -> None:
    ran = cautery(*ASKED, "--speed", "1", "--json", "--vantages", "3")
    assert ran.code == 0
    said = json.loads(ran.out)
    night = Night(channels=2500, looks_a_minute=3000, vantages=3)
    for level in ("low", "mid", "high"):
        assert said[level]["nodes"] == needs(night, Machine(speed=1), level).nodes
    assert said["night"]["vantages"] == 3
    assert said["measured"]["at"]


def test_the_table_names_the_part_that_is_used_up_first_and_the_date_of_the_costs(
    cautery: Cautery,
) -> None:
    ran = cautery(*ASKED, "--speed", "1")
    need = needs(Night(channels=2500, looks_a_minute=3000), Machine(speed=1))
    assert ran.code == 0
    assert "nodes" in ran.out
    assert f"used up first: {need.first}" in ran.err
    assert "measured on 2026-" in ran.err


def test_more_than_a_driver_can_do_is_said(cautery: Cautery) -> None:
    ran = cautery(*ASKED, "--speed", "0.1", "--looks", "100000")
    assert ran.code == 0
    assert "split the night into" in ran.err


def test_without_a_speed_this_machine_is_measured(cautery: Cautery) -> None:
    ran = cautery(*ASKED, "--json")
    assert ran.code == 0
    assert 0.05 < json.loads(ran.out)["machine"]["speed"] < 20


def test_shares_that_exceed_one_are_refused_with_a_sentence(cautery: Cautery) -> None:
    ran = cautery(*ASKED, "--settled", "0.9", "--unmatched", "0.9")
    assert ran.code == 2
    assert "exceed 1 together" in ran.err
