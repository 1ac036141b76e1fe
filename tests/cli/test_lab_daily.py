"""``cautery lab daily``: a folder of sources, its truth apart, and clear faults."""

import json
import re

import pytest


def test_a_world_is_written_and_summed_up(cautery, tmp_path):
    folder = tmp_path / "days"
    ran = cautery(
        "lab", "daily", folder, "--seed", 3, "--days", 220, "--displacement", 0.5, "--json"
    )
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    truth = json.loads((folder / "truth.json").read_text())
    assert told["lab"] is True
    assert [row["unit"] for row in told["struck"]] == [row["unit"] for row in truth["struck"]]
    assert {row["share"] for row in truth["displaced"]} == {0.5}
    assert all((folder / name).is_file() for name in told["files"])


def test_the_table_says_which_network_was_struck(cautery, tmp_path):
    ran = cautery("lab", "daily", tmp_path / "days", "--strike", "wave", "--days", 220)
    assert ran.code == 0, ran.err
    truth = json.loads((tmp_path / "days" / "truth.json").read_text())
    assert all(row["unit"] in ran.out for row in truth["struck"])
    assert "for scoring alone" in ran.err


def test_the_table_leaves_as_csv_with_numbers_that_stay_numbers(cautery, tmp_path):
    ran = cautery("lab", "daily", tmp_path / "days", "--days", 220, "--csv")
    assert ran.code == 0, ran.err
    assert re.search(r",-\d+%,-\d+%,\d+%\r?\n", ran.out)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--strike", "bomb"), "is not valid"),
        (("--displacement", "0.95"), "displacement 0.95: must be from 0 to 0.9"),
        (("--networks", "3"), "networks 3"),
        (("--days", "30"), "days 30"),
        (("--markets", "40"), "markets 40"),
        (("--strikes", "99"), "strikes 99"),
    ],
)
def test_what_no_world_can_be_is_refused_and_nothing_is_written(cautery, tmp_path, words, why):
    ran = cautery("lab", "daily", tmp_path / "days", *words)
    assert ran.code != 0
    assert why in ran.err
    assert not (tmp_path / "days").exists()


def test_a_folder_that_holds_something_is_left_alone(cautery, tmp_path):
    (tmp_path / "mine").write_text("x")
    ran = cautery("lab", "daily", tmp_path)
    assert ran.code != 0
    assert "not empty" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
