"""Every pin has a hash, a licence and a reason; what is behind says why."""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import behind
import pins
import pytest

ROOT = Path(__file__).parents[2]
LOCK = f"""name==1.0 \\
    --hash=sha256:{"a" * 64} \\
    --hash=sha256:{"b" * 64}
    # via cautery (pyproject.toml)
other==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:{"c" * 64}
    # via
    #   -c requirements/dev.txt
    #   name
    #   cautery (pyproject.toml:dev)
"""
REASONS = pins.Reasons(
    compared=date(2026, 11, 28),
    why={"name": "names", "other": "others"},
    licence={"name": "MIT", "other": "MIT"},
    behind={},
    accepted={},
)


def sets(lock: str = LOCK) -> dict[str, list[pins.Pin]]:
    return {"run": pins.parse_pins(lock)}


def test_a_lock_file_is_read_whole():
    first, second = pins.parse_pins(LOCK)
    assert (first.version, first.hashes, first.via) == (
        "1.0", ["a" * 64, "b" * 64], ["cautery (pyproject.toml)"],
    )  # fmt: skip
    assert (second.marker, second.via) == (
        "python_full_version < '3.12'", ["name", "cautery (pyproject.toml:dev)"],
    )  # fmt: skip


@pytest.mark.parametrize(
    "line", ["name>=1.0", "-e .", "--index-url x", "name @ file:///x", "    --hash=md5:aa"]
)
def test_a_line_that_is_no_pin_is_not_passed_over(line):
    with pytest.raises(ValueError, match="is no pin"):
        pins.parse_pins(LOCK + line)


def test_pins_and_reasons_that_fit_have_no_disagreements():
    assert pins.disagreements(sets(), REASONS) == []


@pytest.mark.parametrize(
    ("lock", "reasons", "want"),
    [
        (LOCK, replace(REASONS, why={"name": "x"}), "[why] says nothing of other"),
        (LOCK, replace(REASONS, why={**REASONS.why, "gone": "x"}), "[why] speaks of gone"),
        (LOCK, replace(REASONS, licence={"name": "MIT"}), "[licence] says nothing of other"),
        (
            LOCK,
            replace(REASONS, behind={"gone": pins.Behind(newest="2", why="x")}),
            "[behind] speaks of gone",
        ),
        (
            LOCK,
            replace(
                REASONS,
                accepted={"A-1": pins.Accepted(pin="name==0.9", why="x", until=date(2027, 1, 1))},
            ),
            "[accepted] speaks of name==0.9",
        ),
        (LOCK + "third==1\n    # via name\n", REASONS, "third==1 has no hash"),
    ],
)
def test_what_does_not_fit_is_named(lock, reasons, want):
    assert any(want in line for line in pins.disagreements(sets(lock), reasons))


def test_the_projects_own_pins_fit_their_reasons():
    assert pins.disagreements(pins.read_sets(), pins.read_reasons()) == []


def test_a_licence_is_the_one_that_the_installed_package_declares():
    ours, wrong = pins.read_reasons().licence, []
    for name, version in pins.releases(pins.read_sets()):
        try:
            installed = importlib.metadata.metadata(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        declared = installed.get("License-Expression")
        if installed["Version"] == version and declared and declared != ours[name]:
            wrong.append(f"{name}: declares {declared}, we say {ours[name]}")
    assert wrong == []


def test_no_lock_file_names_an_index():
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "requirements").iterdir()}
    assert [name for name, text in texts.items() if re.search(r"https?:|index-url", text)] == []


PINNED = [("forked", "1"), ("forked", "2"), ("name", "1.0")]
BEHIND = replace(REASONS, behind={"name": pins.Behind(newest="1.1", why="x")})


@pytest.mark.parametrize(
    ("answer", "reasons", "want"),
    [
        ({"name": {"1.0"}, "forked": {"1", "2"}}, REASONS, []),
        ({"name": {"1.1"}, "forked": {"1", "2"}}, REASONS, ["name: 1.1 is out; pin it"]),
        ({"name": {"1.1"}, "forked": {"1", "2"}}, BEHIND, []),
        ({"name": {"1.2"}, "forked": {"1", "2"}}, BEHIND, ["name: 1.2 is out; does the reason"]),
        ({"name": {"1.0"}, "forked": {"1", "2"}}, BEHIND, ["name: is the newest now"]),
        ({"name": {"1.0"}, "forked": {"1", "3"}}, REASONS, ["forked: 3 is out; pin it"]),
        ({"forked": {"1", "2"}}, REASONS, ["name: the index does not know it"]),
    ],
)
def test_a_pin_that_is_behind_needs_a_reason_that_still_holds(answer, reasons, want):
    found = behind.judge(PINNED, answer, reasons)
    assert [line[: len(start)] for line, start in zip(found, want, strict=True)] == want


def test_an_index_that_does_not_answer_is_not_taken_for_all_is_new(monkeypatch, capsys):
    def silent(_: object) -> dict[str, set[str]]:
        raise behind.UnreachableError("no route")

    monkeypatch.setattr(behind, "newest", silent)
    assert behind.main() == behind.UNKNOWN
    assert "not compared" in capsys.readouterr().err
