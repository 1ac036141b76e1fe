"""Worlds of descendants: the same seed, the same world; the truth stays apart."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cautery.cli import app
from cautery.errors import InputError
from cautery.formats.seen import read_seen, read_trait_sets
from cautery.lab.descent import Settings, descent_world
from cautery.model.descent import TraitKind as K
from cautery.model.descent import TraitSeen

SMALL = Settings(strangers_a_day=10.0, descendants=20, after_d=120)
WORLD = descent_world(5, SMALL)


def test_the_same_seed_gives_the_same_world() -> None:
    assert descent_world(5, SMALL) == WORLD
    assert descent_world(6, SMALL) != WORLD


def test_everybody_is_there() -> None:
    newcomers = Counter(newcomer.what for newcomer in WORLD.truth.values())
    assert set(newcomers) == {
        "descendant", "sibling", "stranger", "near", "copier", "white-label", "former-reseller",
    }  # fmt: skip
    assert newcomers["stranger"] > 10 * newcomers["near"]
    assert any(newcomer.shares for newcomer in WORLD.truth.values())


def test_nothing_is_seen_before_it_is_there_or_after_it_arrives() -> None:
    for day, rows in WORLD.days.items():
        for seen in rows:
            assert seen.day <= day <= seen.day + timedelta(days=2)
            newcomer = WORLD.truth.get(seen.entity)
            if newcomer is not None and newcomer.what != "descendant":
                assert newcomer.appeared <= seen.day


def test_descendants_come_after_the_act_and_keep_what_the_truth_says() -> None:
    acts = {traits.of: traits.acted_on for traits in WORLD.sets}
    shown: dict[str, dict[K, str]] = {}
    for rows in WORLD.days.values():
        for seen in rows:
            shown.setdefault(seen.entity, {})[seen.kind] = seen.value
    exact = kept = 0
    for newcomer in WORLD.truth.values():
        if newcomer.what != "descendant":
            continue
        assert newcomer.appeared >= acts[newcomer.of]
        [traits] = [one for one in WORLD.sets if one.of == newcomer.of]
        known = {(trait.kind, trait.value) for trait in traits.traits}
        for kind in set(newcomer.kept) & {K.PANEL, K.STREAM_FAULT, K.TEMPLATE}:
            if kind in shown.get(newcomer.entity, {}):
                kept += 1
                exact += (kind, shown[newcomer.entity][kind]) in known
    assert kept > 20
    assert exact / kept > 0.8  # the case does not know all of the network


def test_members_are_known_hosts_and_no_newcomers() -> None:
    for traits in WORLD.sets:
        assert traits.members
        assert not set(traits.members) & WORLD.truth.keys()


def test_careful_operators_keep_less() -> None:
    def kept(care: float) -> float:
        world = descent_world(
            5, Settings(strangers_a_day=0, descendants=60, after_d=120, care=care)
        )
        counts = [len(n.kept) for n in world.truth.values() if n.what == "descendant"]
        return sum(counts) / len(counts)

    assert kept(1.5) < kept(0.0) - 1


@pytest.mark.parametrize(
    "settings",
    [
        {"networks": 0},
        {"strangers_a_day": -1},
        {"descendants": 10_000},
        {"care": 9},
        {"after_d": 0},
    ],
)
def test_settings_out_of_bounds_are_refused(settings: dict) -> None:
    with pytest.raises(InputError, match="is not valid; give"):
        Settings(**settings)


def test_the_command_writes_what_can_be_followed_and_the_truth_apart(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    arguments = ["lab", "descent", str(folder), "--seed", "5", "--days", "20", "--strangers", "3"]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    summary = json.loads(done.stdout)
    assert summary["days"] == len(list((folder / "seen").iterdir())) == 81
    sets = read_trait_sets([(folder / "traits.json").read_bytes()])
    assert [traits.of for traits in sets] == summary["networks"]
    seen = [
        row
        for path in sorted((folder / "seen").iterdir())
        for row in read_seen([path.read_bytes()])
    ]
    assert len(seen) == summary["seen"]
    assert all(isinstance(row, TraitSeen) for row in seen)
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "truth.json":
            assert b"descendant" not in path.read_bytes()
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code != 0
