"""Answers outlive a killed run: nothing twice, nothing torn, nothing stale."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from cautery.errors import InputError
from cautery.workflows.identification.results import Results, Stamp

A, B = Stamp(1, 10), Stamp(2, 20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Results(tmp_path / "r.jsonl", asked="q") as results:
        results.add("a.ts", A, {"probe": "a.ts", "n": 1})
        results.add("b.ts", B, {"probe": "b.ts", "n": 2})
    return tmp_path / "r.jsonl"


def test_an_answered_probe_is_found_again(path):
    with Results(path, asked="q") as results:
        assert results.answer("a.ts", A) == {"probe": "a.ts", "n": 1}
        assert results.answer("b.ts", B) == {"probe": "b.ts", "n": 2}


def test_a_changed_probe_or_another_question_is_answered_anew(path):
    with Results(path, asked="q") as results:
        assert results.answer("a.ts", Stamp(1, 11)) is None
    with Results(path, asked="other") as results:
        assert results.answer("a.ts", A) is None


@pytest.mark.parametrize("cut", [1, 5, 24])
def test_a_torn_line_is_written_again(path, cut):
    os.truncate(path, path.stat().st_size - cut)
    with Results(path, asked="q") as results:
        assert results.answer("b.ts", B) is None
        results.add("b.ts", B, {"probe": "b.ts", "n": 3})
    assert [json.loads(one)["n"] for one in path.read_text().splitlines()] == [1, 3]


def test_a_line_that_was_not_noted_any_more_is_written_again(path):
    seen = path.with_name("r.jsonl.seen")
    os.truncate(seen, seen.stat().st_size - 3)
    with Results(path, asked="q") as results:
        results.add("b.ts", B, {"probe": "b.ts", "n": 4})
    assert [json.loads(one)["n"] for one in path.read_text().splitlines()] == [1, 4]


def test_somebody_elses_file_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("mine\n")
    with pytest.raises(InputError, match="holds other content"), Results(path, asked="q"):
        pass
    assert path.read_text() == "mine\n"


def test_a_run_killed_within_its_first_answer_goes_on(path):
    seen = path.with_name("r.jsonl.seen")
    os.truncate(path, path.read_bytes().index(b"\n") + 1)
    for left in (0, 5):
        os.truncate(seen, left)
        with Results(path, asked="q") as results:
            assert results.answer("a.ts", A) is None
            results.add("a.ts", A, {"probe": "a.ts", "n": 5})
        assert [json.loads(one)["n"] for one in path.read_text().splitlines()] == [5]


def test_lines_that_others_added_are_not_cut_off(path):
    with path.open("a") as file:
        file.write("mine\nmine too\n")
    before = path.read_bytes()
    with pytest.raises(InputError, match="another program has written"), Results(path, asked="q"):
        pass
    assert path.read_bytes() == before


def test_two_runs_do_not_write_to_one_file(path):
    with (
        Results(path, asked="q"),
        pytest.raises(InputError, match="another run"),
        Results(path, asked="q"),
    ):
        pass
    with Results(path, asked="q") as first:
        assert first.answer("a.ts", A) is not None


def test_a_name_that_is_no_utf8_makes_a_line_of_json_that_brings_it_back(path):
    name = os.fsdecode(b"caf\xe9.ts")
    with Results(path, asked="q") as results:
        results.add(name, B, {"probe": name})
        assert results.answer(name, B) == {"probe": name}
    last = path.read_bytes().splitlines()[-1]
    assert json.loads(last.decode("utf-8"))["probe"] == name
