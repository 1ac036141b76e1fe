from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cautery.cli import app


def test_build_writes_a_world_and_sums_it_up(tmp_path: Path) -> None:
    out = tmp_path / "world"
    ran = CliRunner().invoke(
        app, ["lab", "build", "--seed", "5", "--scale", "0.01", "-o", str(out), "--json"]
    )

    assert ran.exit_code == 0, ran.output
    body = json.loads(ran.stdout)
    assert body["lab"] is True
    assert body["claimed_users"] == 22e6
    assert sum(body["users_by_country"].values()) == body["users"]
    assert (out / "world.json").is_file()
    assert "never added" in body["statement"]


def test_the_table_shows_published_beside_true(tmp_path: Path) -> None:
    ran = CliRunner().invoke(
        app,
        ["lab", "build", "--scale", "0.01", "-o", str(tmp_path / "world")],
        env={"COLUMNS": "120"},
    )

    assert ran.exit_code == 0, ran.output
    assert "22,000,000 (claimed)" in ran.stdout
    assert "LAB" in ran.stdout


@pytest.mark.parametrize(
    "arguments", [["--like", "napster"], ["--scale", "7"], ["--scale", "nan"], ["--seed", "-3"]]
)
def test_what_names_no_world_is_refused_and_writes_nothing(
    tmp_path: Path, arguments: list[str]
) -> None:
    ran = CliRunner().invoke(app, ["lab", "build", *arguments, "-o", str(tmp_path / "world")])

    assert ran.exit_code != 0
    assert not list(tmp_path.iterdir())
