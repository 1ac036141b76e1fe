"""A node from the command line: its key, its life, its refusals, and a watch that asks for nodes."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.servers import Bucket, database_of_its_own

from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.cli._node_view import NodeLines, NodeTable
from cautery.lab.nodes import Spoken, node
from cautery.model import Regime
from cautery.wiring.node_run import free_bytes
from cautery.workflows.nodes.serving import NodeEvent, NodeTurn

Cautery = Callable[..., Any]


@pytest.fixture
def server(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("CAUTERY_NODE_KEY", raising=False)
    with database_of_its_own() as database:
        prepare(Server(database=database, vault=bucket.url), Regime.GDPR)
        monkeypatch.setenv("CAUTERY_DATABASE", database)
        monkeypatch.setenv("CAUTERY_VAULT", bucket.url)
        yield database


@pytest.fixture
def key(cautery: Cautery, tmp_path: Path) -> Path:
    path = tmp_path / "node.key"
    assert cautery("node", "key", path).code == 0
    return path


def listed(cautery: Cautery) -> list[dict[str, Any]]:
    ran = cautery("node", "list", "--json")
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_the_key_is_made_once_for_its_owner(cautery: Cautery, key: Path) -> None:
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    ran = cautery("node", "key", key)
    assert (ran.code, "no key is ever replaced" in ran.err) == (2, True), ran.err
    assert key.read_bytes() == before


def test_a_key_in_a_folder_that_is_not_there_asks_for_no_room(
    cautery: Cautery, tmp_path: Path
) -> None:
    ran = cautery("node", "key", tmp_path / "none" / "key")
    assert (ran.code, "No such file" in ran.err, "disk space" in ran.err) == (1, True, False)
    assert not (tmp_path / "none").exists()


def test_what_a_killed_node_left_is_gone_when_it_comes_back(
    server: str, key: Path, tmp_path: Path
) -> None:
    """Keys of the organisation's own feeds may lie there, of cases that never come back."""
    folder = tmp_path / "nodes" / "paris"
    folder.mkdir(mode=0o700, parents=True)
    (folder / ("ab" * 8) / "services").mkdir(mode=0o700, parents=True)
    (folder / ("ab" * 8) / "services" / "0-client_key.pem").write_text("secret")
    with node("paris", key=key, cache=tmp_path / "nodes", environment={}, jobs=2) as paris:
        paris.until(lambda line: line["turn"] == "joined")
        assert list(folder.iterdir()) == []


def test_a_node_joins_is_drained_resumed_and_leaves(
    cautery: Cautery, server: str, key: Path, tmp_path: Path
) -> None:
    assert "There is no node" in cautery("node", "list").err

    def start(name: str) -> Spoken:
        return node(name, key=key, cache=tmp_path / "nodes", environment={}, jobs=2)

    with start("paris") as paris:
        paris.until(lambda line: line["turn"] == "joined")
        [row] = listed(cautery)
        assert (row["name"], row["state"], row["capacity"]) == ("paris", "at work", 2)
        assert abs(row["clock_late_s"]) < 5
        with start("paris") as second:
            assert second.end() != 0
            assert "another node is called paris" in " ".join(second.said)
        assert cautery("node", "drain", "paris").code == 0
        paris.until(lambda line: line["turn"] == "draining")
        assert listed(cautery)[0]["state"] == "draining"
        assert cautery("node", "resume", "paris").code == 0
        paris.until(lambda line: line["turn"] == "resumed")
        table = cautery("node", "list").out
        assert "paris" in table
        assert "at work" in table
        assert paris.stop() == 0
    assert paris.lines[-1]["turn"] == "left"
    assert listed(cautery) == []
    ran = cautery("node", "drain", "paris")
    assert (ran.code, "there is no node 'paris'" in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--name", "Paris"), "is not a name for a node"),
        (("--name", "paris", "--country", "France"), "is not the code of a country"),
        (("--name", "paris"), "the nodes' key is not named"),
        (("--name", "paris", "--node-key", "nowhere.key"), "does not exist"),
    ],
)
def test_a_node_that_cannot_start_says_why(
    cautery: Cautery, server: str, words: tuple[str, ...], said: str
) -> None:
    ran = cautery("node", "run", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_without_a_server_there_are_no_nodes(
    cautery: Cautery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("CAUTERY_DATABASE", "CAUTERY_VAULT"):
        monkeypatch.delenv(name, raising=False)
    for words in (("list",), ("drain", "paris"), ("run", "--name", "paris")):
        ran = cautery("node", *words)
        assert (ran.code, "no server is named" in ran.err) == (2, True), ran.err


def test_a_watch_with_nodes_needs_a_case_on_the_server_and_the_key(
    cautery: Cautery, server: str, key: Path, tmp_path: Path
) -> None:
    mandate = tmp_path / "mandate.toml"
    mandate.write_text("")
    ran = cautery("watch", mandate, "--case", tmp_path / "case", "--nodes", "--node-key", key)
    assert (ran.code, "where no node reaches it" in ran.err) == (2, True), ran.err
    assert not (tmp_path / "case").exists()
    ran = cautery("watch", mandate, "--case", "server:derby", "--nodes")
    assert (ran.code, "the nodes' key is not named" in ran.err) == (2, True), ran.err
    ran = cautery("watch", mandate, "--case", "server:derby", "--node-key", key)
    assert (ran.code, "is for a watch with --nodes" in ran.err) == (2, True), ran.err


def test_what_a_node_does_is_a_table_on_a_terminal_and_lines_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = datetime(2026, 11, 28, 20, tzinfo=UTC)
    turn = NodeTurn
    events = [
        NodeEvent(turn=turn.JOINED, at=at),
        *(NodeEvent(turn=turn.BEGAN, at=at, kind="look", key=str(n)) for n in range(3)),
        NodeEvent(turn=turn.DONE, at=at, kind="look", key="0", took_s=2.0),
        NodeEvent(turn=turn.FAILED, at=at, kind="look", key="1", took_s=4.0, why="\x1b[2Jdark"),
        NodeEvent(turn=turn.REFUSED, at=at, why="its disk is full"),
        NodeEvent(turn=turn.TOLD, at=at, why="the shard is not published"),
    ]
    table, lines = NodeTable("paris"), NodeLines("paris")
    for event in events:
        table.hear(event)
    [row] = zip(*(column.cells for column in table.table().columns), strict=True)
    assert row[:5] == ("look", "1", "1", "1", "3.00")
    capsys.readouterr()
    for event in events:
        lines.hear(event)
    said = capsys.readouterr().err.splitlines()
    assert [line.partition("paris  ")[2] for line in said] == [
        "is there, and takes jobs",
        "a job failed (look): \ufffd[2Jdark",
        "gets no job: its disk is full",
        "the shard is not published",
    ]


def test_a_folder_that_was_removed_takes_nothing_and_ends_no_node(tmp_path: Path) -> None:
    assert free_bytes(tmp_path) > 0
    assert free_bytes(tmp_path / "gone") == 0
