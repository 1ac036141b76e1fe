"""The lab's truth and a blind test's account agree about each decoy, or it is said where not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.lab.blind_check import blind_figures, disagreements
from cautery.lab.decoys import add_decoys, decoy_places, mandate_lines, write_programme
from cautery.lab.drawn_nights import DrawnNight, NightRates, draw_night
from cautery.lab.encode import Rendered
from cautery.lab.world import plan_world
from cautery.model.decoys import DecoyKind, DecoyLeaf, RevealedBy
from cautery.model.records import DecoyRevealed
from cautery.projections.blind_account import account
from cautery.workflows.decoys.programme import read_programme

KEY = Ed25519PrivateKey.from_private_bytes(b"p" * 32)


def truth_of(night: DrawnNight, folder: Path) -> dict[str, Any]:
    path = folder / "truth.json"
    path.write_text(json.dumps({"streams": [], "hosts": [], "bystanders": {}}))
    leaves = [
        DecoyLeaf(salt=entry.content.opening.salt, decoy=entry.content.opening.decoy)
        for entry in night.entries
        if isinstance(entry.content, DecoyRevealed)
    ]
    return add_decoys(path, leaves)


def compared(night: DrawnNight, truth: dict[str, Any]) -> list[str]:
    counted = account(night.entries)
    assert counted is not None
    return disagreements(counted, truth, night.entries)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 1000),
    missed=st.floats(0, 1),
    accused=st.floats(0, 1),
    unseen=st.sampled_from([0.0, 0.3]),
)
def test_the_account_of_any_night_is_the_truth(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    missed: float,
    accused: float,
    unseen: float,
) -> None:
    rates = NightRates.even(missed, accused, unseen=unseen, licensee_wrong=0.2)
    night = draw_night(np.random.default_rng(seed), rates, key=KEY)
    assert compared(night, truth_of(night, tmp_path_factory.mktemp("run"))) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"kind": "innocent", "mandated": False}, "accused"),
        ({"licensee": "somebody-else"}, "wrong licensee"),
        ({"event": "another"}, "missed"),
        ({"url": "http://elsewhere.example/1.m3u8"}, "planted"),
    ],
)
def test_a_truth_that_differs_about_one_decoy_is_noticed(
    tmp_path: Path, change: dict[str, Any], what: str
) -> None:
    night = draw_night(np.random.default_rng(3), NightRates.even(0.0, 0.0), key=KEY)
    truth = truth_of(night, tmp_path)
    own = next(stream for stream in truth["streams"] if stream["mandated"])
    own |= change
    assert any(line.startswith(what) for line in compared(night, truth))


def test_the_figures_of_the_demo_have_what_the_account_counts(tmp_path: Path) -> None:
    night = draw_night(
        np.random.default_rng(5), NightRates.even(0.3, 0.1), key=KEY, how=RevealedBy.REVEAL
    )
    figures = blind_figures(account(night.entries), truth_of(night, tmp_path), night.entries)
    assert figures is not None
    assert figures["missed"] == night.truth["missed"]
    assert figures["accused"] == night.truth["accused"]
    assert figures["disagrees"] == []
    assert blind_figures(None, {}, []) is None


def test_the_planner_has_a_host_for_each_decoy_and_none_of_the_worlds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_world(1)
    places = decoy_places(plan, tmp_path, port=8080)
    monkeypatch.setattr(
        Rendered, "load", lambda folder: Rendered(folder=folder, pieces=(), init=None)
    )
    write_programme(places, plan, tmp_path / "media", t0=1e9, kick_off=1e9 + 14, end=1e9 + 74)
    programme = read_programme(places.programme.read_bytes(), folder=places.programme.parent)
    names = [host.name for host in programme.hosts]
    assert len(set(names)) == programme.own_streams + programme.look_alikes + 1
    assert not {*names} & {host.address for host in plan.hosts}
    assert {media.kind for media in programme.media} == {
        DecoyKind.OWN_STREAM,
        DecoyKind.OTHER_MATCH,
        DecoyKind.FAN_TALK,
    }
    assert places.key.stat().st_mode & 0o077 == 0
    assert not any(str(places.key) in line for line in mandate_lines(places))
