"""Stopped by kill -9 in mid-watch and started again, a watch goes on and loses nothing sealed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.lab.scoreboard import score
from cautery.model import Entry
from cautery.wiring import cases

pytestmark = pytest.mark.journey

Entries = Callable[[Path], list[Entry]]
Cautery = Callable[..., subprocess.CompletedProcess[str]]


def kinds(entries: list[Entry]) -> list[str]:
    return [one.record.kind for one in entries]


def test_what_was_written_before_the_kill_begins_what_was_written_after(
    night: Any, entries: Entries
) -> None:
    after = entries(night.case)
    assert len(night.before) > 10
    assert [one.leaf for one in after[: len(night.before)]] == [one.leaf for one in night.before]


def test_every_record_that_was_told_before_the_kill_was_on_the_disk(night: Any) -> None:
    told = [(one["index"], one["kind"]) for one in night.killed.records]
    assert told
    assert {(one.index, one.record.kind) for one in night.before} >= set(told)


def test_every_exhibit_that_was_sealed_before_the_kill_is_readable(
    night: Any, entries: Entries
) -> None:
    named = [
        one.record.body["exhibit"] for one in night.before if one.record.kind == "exhibit.sealed"
    ]
    assert any(not one["confidential"] for one in named), "media were sealed before the kill"
    with cases.reading(night.case) as held:
        for one in named:
            stored = held.vault.read(one["id"])
            assert stored == night.sealed[one["id"]]
            assert len(stored) == one["size"]


def test_the_watch_says_that_it_was_resumed_and_opens_the_case_once(
    night: Any, entries: Entries
) -> None:
    found = kinds(entries(night.case))
    assert found.count("case.opened") == 1
    assert found.count("watch.started") == 1
    assert found.count("watch.resumed") == 1
    assert found.index("watch.resumed") >= len(night.before)
    assert found.count("watch.stopped") == 1, "the kill left no time for a word"


def test_each_start_says_how_the_decoder_is_closed_in(night: Any, entries: Entries) -> None:
    confined = [
        entry.record.body["seccomp"]
        for entry in entries(night.case)
        if entry.record.kind == "decoder.confined"
    ]
    assert confined == [True, True]


def test_no_stream_appears_twice(night: Any, entries: Entries) -> None:
    appeared = [
        one.record.body["url"]
        for one in entries(night.case)
        if one.record.kind == "stream.appeared"
    ]
    assert len(appeared) == len(set(appeared)) > 5


def test_the_resumed_watch_finds_what_there_is_and_accuses_nobody_wrongly(
    night: Any, entries: Entries
) -> None:
    scored = score(night.truth, entries(night.case))
    assert scored.false_accusations == 0, scored.accused
    assert scored.bystanders_hit == 0, scored.hit
    # A linear channel asks for over 35 s of media, more than the kill left of so small a world.
    assert scored.recall is not None
    assert scored.recall >= 0.5, scored.missed


def test_a_claim_of_the_resumed_watch_rests_on_sealed_exhibits(
    night: Any, entries: Entries
) -> None:
    proven = [
        one.record.body
        for one in entries(night.case)
        if one.record.kind == "verdict" and one.record.body["finding"] == "proven"
    ]
    assert proven
    for verdict in proven:
        cited = {one for each in verdict["observations"] for one in each["exhibits"]}
        assert cited
        with cases.reading(night.case) as held:
            assert all(held.vault.read(one) for one in cited)


def test_it_closes_and_verifies(night: Any, cautery: Cautery, entries: Entries) -> None:
    assert night.code == 0, night.resumed.said
    assert kinds(entries(night.case))[-1] == "case.closed"
    ended = cautery("verify", night.case)
    assert ended.returncode == 3, ended.stderr


def test_a_killed_watch_leaves_no_process_behind(night: Any) -> None:
    assert night.orphans == ()


def test_a_closed_case_is_not_gone_on_with(night: Any, cautery: Cautery, tmp_path: Path) -> None:
    mandate = tmp_path / "mandate.toml"
    longer = night.mandate.splitlines()
    start = next(at for at, line in enumerate(longer) if line.startswith("end = "))
    longer[start] = "end = 2999-01-01T00:00:00Z"
    mandate.write_text("\n".join(longer))
    shutil.copytree(Path(night.case).parent / "facts", tmp_path / "facts")
    shutil.copy(
        Path(night.case).parent / "film.ts", tmp_path
    ) if "film.ts" in night.mandate else None
    shutil.copytree(night.case, tmp_path / "case")  # the night's own is read beside this test
    ended = cautery("watch", mandate, "--case", tmp_path / "case", "--keys", night.keys)
    assert ended.returncode == 2
    assert "closed" in ended.stderr
    assert "Traceback" not in ended.stderr
