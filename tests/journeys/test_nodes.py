"""A match night on nodes: one is killed, one comes late, one is drained, and nothing is lost."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.servers import Bucket, database_of_its_own, s3_environment, s3_server

from cautery.adapters.node_key import make_node_key
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.lab import build_world, start_lab
from cautery.lab.nodes import Spoken, node, watch
from cautery.lab.scoreboard import score
from cautery.model import Entry, Regime
from cautery.wiring import cases

from .conftest import SMALL_SEED

pytestmark = [pytest.mark.journey, pytest.mark.timeout(900)]
CASE = "server:night"
WINDOW_S = 146.0


@dataclass(kw_only=True)
class NightOnNodes:
    """What the driver and the nodes said, and what the case holds."""

    truth: dict[str, Any]
    records: list[dict[str, Any]]
    entries: tuple[Entry, ...]
    nodes: dict[str, list[dict[str, Any]]]
    code: int
    drained_at: int
    """How many records there were when the node said that it takes nothing new."""
    stopped: int = 0
    verified: int = 0
    sealed: dict[str, bool] = field(default_factory=dict)

    def bodies(self, kind: str) -> list[Any]:
        return [line["body"] for line in self.records if line["kind"] == kind]


def _looked(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: line["kind"] == "probe.done" and line["body"]["node"] == name


def _changed(name: str, state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: (
        line["kind"] == "node.changed"
        and (line["body"]["name"], line["body"]["state"]) == (name, state)
    )


@pytest.fixture(scope="module")
def night(
    tmp_path_factory: pytest.TempPathFactory,
    lab_media: Path,
    cautery: Callable[..., subprocess.CompletedProcess[str]],
) -> Iterator[NightOnNodes]:
    run = tmp_path_factory.mktemp("nodes")
    patch = pytest.MonkeyPatch()
    try:
        with s3_server() as endpoint, database_of_its_own() as database:
            for name, value in s3_environment(endpoint).items():
                patch.setenv(name, value)
            bucket = Bucket(endpoint)
            patch.setenv("CAUTERY_DATABASE", database)
            patch.setenv("CAUTERY_VAULT", bucket.url)
            patch.setenv("XDG_CONFIG_HOME", str(run / "config"))
            prepare(Server(database=database, vault=bucket.url), Regime.GDPR)
            make_node_key(run / "node.key")
            yield _night(run, lab_media, cautery)
    finally:
        patch.undo()


def _night(
    run: Path, media: Path, cautery: Callable[..., subprocess.CompletedProcess[str]]
) -> NightOnNodes:
    world = build_world(SMALL_SEED, media, size="long")
    key = run / "node.key"

    def start(name: str) -> Spoken:
        return node(name, key=key, cache=run / "cache", environment={}, jobs=3)

    with start_lab(world, run / "lab", lead_s=2.0, window_s=WINDOW_S) as lab:
        driver = watch(lab.mandate_path, CASE, keys=run / "keys", environment={}, key=key)
        with driver, start("paris") as paris, start("lyon") as lyon:
            driver.until(_looked("paris"))
            driver.until(_looked("lyon"))
            lyon.kill()
            late = start("late")
            with late:
                driver.until(_changed("lyon", "gone"))
                driver.until(_looked("late"))
                assert cautery("node", "drain", "paris").returncode == 0
                driver.until(_changed("paris", "draining"))
                paris.until(lambda line: line["turn"] == "draining")
                drained_at = len(driver.lines)
                driver.until(_looked("late"), since=drained_at)
                assert cautery("node", "resume", "paris").returncode == 0
                driver.until(_changed("paris", "at work"), since=drained_at)
                code = driver.end()
                stopped = paris.stop()
                late.stop()
        truth = lab.truth.to_json()
        with cases.reading(Path(CASE)) as case:
            entries = tuple(case.ledger.read())
            named = [
                entry.record.body["exhibit"]
                for entry in entries
                if entry.record.kind == "exhibit.sealed"
            ]
            sealed = {
                one["id"]: len(case.vault.read(one["id"])) == one["size"]
                for one in named
                if not one["confidential"]
            }
    verified = cautery("verify", CASE)
    return NightOnNodes(
        truth=truth,
        records=driver.lines,
        entries=entries,
        nodes={"paris": paris.lines, "lyon": lyon.lines, "late": late.lines},
        code=code,
        drained_at=drained_at,
        stopped=stopped,
        verified=verified.returncode,
        sealed=sealed,
    )


def test_the_watch_ends_in_order_and_its_case_verifies(night: NightOnNodes) -> None:
    assert (night.code, night.stopped) == (0, 0)
    assert night.verified == 3  # consistent; nobody outside vouches for the key
    assert night.entries[-1].record.kind == "case.closed"


def test_what_the_nodes_saw_is_what_the_world_shows(night: NightOnNodes) -> None:
    scored = score(night.truth, night.entries)
    assert scored.false_accusations == 0, scored.accused
    assert scored.recall is not None
    assert scored.recall >= 0.5, scored.missed


def test_each_look_stands_once_in_the_case_and_names_its_node(night: NightOnNodes) -> None:
    probes = night.bodies("probe.done")
    assert {probe["node"] for probe in probes if probe["hindered"] is None} == {
        "paris",
        "lyon",
        "late",
    }
    looks = Counter((probe["url"], probe["at"]) for probe in probes)
    assert set(looks.values()) == {1}
    sealed = Counter(body["exhibit"]["id"] for body in night.bodies("exhibit.sealed"))
    assert set(sealed.values()) == {1}


def test_media_went_from_the_nodes_into_the_vault(night: NightOnNodes) -> None:
    assert len(night.sealed) > 5
    assert all(night.sealed.values())


def test_a_drained_node_takes_nothing_new_until_it_is_resumed(night: NightOnNodes) -> None:
    turns = [(line["turn"], line["kind"]) for line in night.nodes["paris"]]
    drained = turns.index(("draining", ""))
    resumed = turns.index(("resumed", ""))
    assert drained < resumed
    assert not [turn for turn in turns[drained:resumed] if turn[0] == "began"]
    assert turns[-1] == ("left", "")


def test_the_case_says_who_came_and_went(night: NightOnNodes) -> None:
    states = [(body["name"], body["state"]) for body in night.bodies("node.changed")]
    assert states.index(("lyon", "at work")) < states.index(("lyon", "gone"))
    assert ("late", "at work") in states
    assert states.index(("paris", "draining")) > states.index(("paris", "at work"))
    assert night.bodies("nodes.awaited") == [] or night.bodies("nodes.awaited")[0]["present"] == 0
