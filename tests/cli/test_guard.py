"""``cautery guard`` as a person runs it: files of targets, their order, their faults, its exits."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cautery.packed import zstd
from cautery.workflows.guard.judge import KEYS
from cautery.workflows.guard.targets import MAX_LINE, targets_in

AT = "2026-11-24T20:00:00Z"
CSV = (
    "target,dedicated_to,evidence,evidence_date,suspects\n"
    "203.0.113.9,pirate.example,hoster's reply,2026-11-20,\n"
    "203.0.113.10,,,,edge.pirate.example;http://203.0.113.10/live/1.m3u8\n"
    "edge.pirate.example,,,,\n"
    "t.me,,,,https://t.me/pirate_channel\n"
)


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "ranges.csv").write_text(
        "cidr,provider,class,source\n104.16.0.0/13,cloudflare,cdn,x\n"
    )
    (folder / "popular.csv").write_text("domain,lists\nt.me,x\ngoogle.com,x\n")
    (folder / "facts.toml").write_text(
        "[facts.ranges]\ndate = 2026-11-01\n[facts.popular]\ndate = 2026-11-01\n"
    )
    return folder


@pytest.fixture
def judged(cautery: Callable[..., Any], facts: Path) -> Callable[..., Any]:
    def run(*words: object) -> tuple[int, list[dict[str, Any]]]:
        ended = cautery("guard", *words, "--facts", facts, "--at", AT, "--json")
        return ended.code, [json.loads(line) for line in ended.out.splitlines()]

    return run


def test_a_csv_is_judged_in_its_order_with_the_keys_that_are_promised(
    judged: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "targets.csv"
    path.write_text(CSV)
    _, lines = judged(path)
    assert [(one["target"], one["verdict"]) for one in lines] == [
        ("203.0.113.9", "allow"),
        ("203.0.113.10", "narrow"),
        ("edge.pirate.example", "allow"),
        ("t.me", "narrow"),
    ]
    assert all(tuple(one) == KEYS for one in lines)
    assert lines[1]["narrow_to"] == ["edge.pirate.example", "http://203.0.113.10/live/1.m3u8"]


def test_the_evidence_of_dedication_is_named_with_its_day(
    judged: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    _, lines = judged(tmp_path / "t.csv")
    ground = next(one for one in lines[0]["reasons"] if one["code"] == "dedicated-address")
    assert "hoster's reply" in ground["text"]
    assert ground["fact_date"] == "2026-11-20"


@pytest.mark.parametrize(
    ("name", "packed"),
    [
        ("t.txt", bytes),
        ("t.txt.xz", lzma.compress),
        ("t.txt.gz", gzip.compress),
        ("t.txt.zst", zstd.compress),
    ],
)
def test_lines_are_read_packed_or_not(
    judged: Callable[..., Any], tmp_path: Path, name: str, packed: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(packed(b"# a list\n\npirate.example\r\n104.16.0.1\n"))
    code, lines = judged(tmp_path / name)
    assert [one["verdict"] for one in lines] == ["allow", "refuse"]
    assert code == 1


def test_a_malformed_target_is_refused_as_such_and_the_rest_is_judged(
    judged: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "t.txt").write_bytes(
        b"1.2.3.4:80\n\xff\xfe\x00\n" + b"x" * 40_000 + b"\npirate.example\n"
    )
    code, lines = judged(tmp_path / "t.txt")
    assert [one["reasons"][0]["code"] for one in lines[:3]] == ["invalid-target"] * 3
    assert lines[3]["verdict"] == "allow"
    assert code == 1


def test_stdin_is_read_for_a_dash(
    judged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"target\npirate.example\n")))
    assert [one["target"] for one in judged("-")[1]] == ["pirate.example"]


def test_an_open_quote_does_not_swallow_the_targets_that_follow() -> None:
    text = b'target,evidence\n203.0.113.1,"never closed\n203.0.113.2,"a ""quoted"" word"\n'
    assert [one.target for one in targets_in([text], name="t")] == ["203.0.113.1", "203.0.113.2"]


def test_a_mark_of_byte_order_is_no_part_of_the_first_target() -> None:
    assert [one.target for one in targets_in([b"\xef\xbb\xbftarget\na.example\n"], name="t")] == [
        "a.example"
    ]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_csv_of_another_mark_and_its_remarks_are_read(mark: str) -> None:
    text = (
        "target,dedicated_to,evidence,evidence_date\n# from the last match\n"
        "192.0.2.1,pirate.example,reply,2026-11-20\n192.0.2.2,,,\n"
    ).replace(",", mark)
    first, second = targets_in([text.encode()], name="x")
    assert first.dedicated is not None
    assert (first.target, second.target, second.dedicated) == ("192.0.2.1", "192.0.2.2", None)


def test_an_endless_line_takes_no_memory_and_is_one_broken_row() -> None:
    def endless() -> Any:
        yield b"a.example\n"
        for _ in range(2_000):
            yield b"x" * 65_536
        yield b"\nb.example\n"

    found = list(targets_in(endless(), name="t"))
    assert [bool(one.problem) for one in found] == [False, True, False]
    assert len(found[1].target) < MAX_LINE


def test_a_list_that_is_not_there_is_a_slip_of_the_pen(
    cautery: Callable[..., Any], facts: Path
) -> None:
    ended = cautery("guard", "targets.csv", "--facts", facts)
    assert (ended.code, ended.out) == (2, "")
    assert "no such file" in ended.err


def test_a_replay_of_history_says_that_todays_facts_judge(
    cautery: Callable[..., Any], facts: Path
) -> None:
    ended = cautery("guard", "104.16.0.1", "--facts", facts, "--at", "2025-04-08T07:45:10Z")
    assert "a replay: facts of 2026-11-01" in ended.err


def test_two_people_override_a_refusal_until_their_answer_ends(
    judged: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "answers.toml").write_text(
        '[[override]]\ntarget = "203.0.113.77"\nby = ["A. One", "B. Two"]\n'
        'reason = "seen in the rack, alone"\n'
        "at = 2026-11-24T19:00:00Z\nuntil = 2026-11-24T20:30:00Z\n"
    )
    code, [line] = judged("203.0.113.77", "--override", tmp_path / "answers.toml")
    assert (code, line["verdict"]) == (0, "allow")
    assert [one["code"] for one in line["reasons"][:2]] == ["override", "unknown-co-hosting"]
    assert line["valid_until"].startswith("2026-11-24T20:30:00")


def test_an_override_of_a_day_outside_of_the_calendar_is_refused_in_words(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    path = tmp_path / "override.toml"
    path.write_text(
        '[[override]]\ntarget = "a.example"\nby = ["A", "B"]\nreason = "x"\n'
        "at = 0001-01-01T00:00:00+14:00\nuntil = 2026-01-01T00:00:00Z\n"
    )
    said = cautery("guard", "a.example", "--override", path, "--facts", facts)
    assert said.code == 2
    assert "outside of the calendar" in said.err


def test_what_was_allowed_before_and_is_not_now_is_told_to_be_withdrawn(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    old = tmp_path / "old.jsonl"
    old.write_text('{"target":"t.me","verdict":"allow","valid_until":"2026-11-20T00:00:00Z"}\n')
    ended = cautery("guard", "t.me", "--facts", facts, "--at", AT, "--json", "--since", old)
    assert json.loads(ended.out)["reasons"][0]["code"] == "withdrawn"
    assert "withdraw 1: t.me" in ended.err


def test_a_list_over_its_budget_of_bystanders_ends_with_code_1(
    cautery: Callable[..., Any], facts: Path, tmp_path: Path
) -> None:
    (tmp_path / "answers.toml").write_text(
        '[[override]]\ntarget = "203.0.113.77"\nby = ["A. One", "B. Two"]\nreason = "x"\n'
        "at = 2026-11-24T19:00:00Z\nuntil = 2026-11-24T20:30:00Z\n"
    )
    ended = cautery(
        *("guard", "203.0.113.77", "--facts", facts, "--at", AT, "--budget", "10"),
        *("--override", tmp_path / "answers.toml"),
    )
    assert ended.code == 1
    assert "OVER" in ended.err


def test_the_schema_says_what_is_asked_and_answered(cautery: Callable[..., Any]) -> None:
    schema = json.loads(cautery("guard", "--schema").out)
    assert schema["$defs"]["verdict"]["required"] == list(KEYS)
    assert "dedicated_to" in schema["$defs"]["asked"]["properties"]


def test_what_facts_are_there_and_what_mends_them_is_told(
    cautery: Callable[..., Any], facts: Path
) -> None:
    ended = cautery("facts", "info", facts, "--at", "2030-01-01", "--json")
    told = {one["fact"]: one for one in map(json.loads, ended.out.splitlines())}
    assert told["ranges"]["path"] == str(facts / "ranges.csv")
    assert (told["ranges"]["date"], told["ranges"]["valid"]) == ("2026-11-01", False)
    assert told["owners"]["path"] is None
    assert "cautery facts add FILE" in cautery("facts", "info", facts, "--at", "2030-01-01").err


def test_a_fact_of_a_far_day_is_a_slip_of_the_pen(cautery: Callable[..., Any], facts: Path) -> None:
    toml = facts / "facts.toml"
    toml.write_text(toml.read_text().replace("2026-11-01", "2126-11-01", 1))
    ended = cautery("guard", "192.0.2.1", "--facts", facts, "--at", AT)
    assert ended.code == 2
    assert "facts.ranges.date: 2126-11-01 is in the future" in ended.err
