from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from cautery.errors import InputError, StorageError
from cautery.formats import read_panel_dump
from cautery.lab.operations import (
    OperationWorld,
    build_world,
    read_world,
    sizing_sources,
    write_world,
)
from cautery.model.mandate import Regime
from cautery.workflows.sizing.size import read_sources


@pytest.fixture(scope="session")
def written(small: OperationWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("worlds") / "small"
    write_world(small, folder)
    return folder


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(written, tmp_path / "copy"))


def _files(folder: Path) -> dict[str, bytes]:
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


def test_the_same_seed_writes_the_same_bytes(written: Path, tmp_path: Path) -> None:
    write_world(build_world("taken-down", seed=3, scale=0.01), tmp_path / "again")

    assert _files(tmp_path / "again") == _files(written)


def test_a_world_is_read_back(written: Path, small: OperationWorld) -> None:
    found = read_world(written)

    assert (found.truth.users == small.truth.users).all()
    assert found.nodes == small.nodes
    assert found.intelligence == small.intelligence


def test_lab_is_stamped_on_everything(written: Path) -> None:
    header = json.loads((written / "world.json").read_text())

    assert header["lab"] is True
    for one in ("truth.json", "operation.json"):
        assert json.loads((written / one).read_text())["lab"] is True
    for folder in (written, written / "sources", written / "seized"):
        assert (folder / "README.txt").read_text().startswith("LAB")
    for one in written.glob("*.parquet"):
        assert pl.read_parquet_metadata(one)["lab"] == "true"


def test_tables_say_what_the_world_says(written: Path, small: OperationWorld) -> None:
    audience = pl.read_parquet(written / "audience.parquet")
    needs = pl.read_parquet(written / "needs.parquet")

    assert audience["users"].sum() == small.truth.users.sum()
    assert len(needs) == sum(len(m) for node in small.nodes for m, _ in node.groups)
    lines = (written / "intelligence.jsonl").read_text().splitlines()
    assert len(lines) == len(small.intelligence)


def test_the_sources_are_read_as_the_world_says_them(written: Path, small: OperationWorld) -> None:
    july = date(2024, 7, 1)
    found, _ = read_sources(written, month=july)
    wanted = sizing_sources(small, july)

    assert sorted(found.panels, key=str) == sorted(wanted.panels, key=str)
    assert sorted(found.payments, key=str) == sorted(wanted.payments, key=str)
    assert sorted(found.names, key=str) == sorted(wanted.names, key=str)
    assert found.rates == wanted.rates


def test_a_seized_dump_counts_to_what_the_sources_say(written: Path, small: OperationWorld) -> None:
    counts = sizing_sources(small, date(2024, 11, 1)).panels
    panel = counts[0].panel
    dump = read_panel_dump(
        [(written / "seized" / panel / "users.csv").read_bytes()],
        panel=panel,
        on=counts[0].on,
        regime=Regime.LED,
    )

    assert dump.damaged == 0
    for state in ("paid", "trial", "expired"):
        assert sum(getattr(one, state) for one in dump.counts) == sum(
            getattr(one, state) for one in counts if one.panel == panel
        )


def test_a_folder_that_holds_something_is_not_written_over(
    small: OperationWorld, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("keep me")

    with pytest.raises(InputError, match="not empty"):
        write_world(small, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_an_empty_folder_is_filled(small: OperationWorld, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()

    write_world(small, tmp_path / "new")

    assert (tmp_path / "new" / "world.json").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["new"]  # nothing half written is left


def test_a_place_that_cannot_be_written_leaves_nothing(
    small: OperationWorld, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(StorageError):
        write_world(small, tmp_path / "file" / "world")
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "name",
    ["truth.json", "supply.parquet", "intelligence.jsonl", "sources/panels.csv", "README.txt"],
)
def test_one_flipped_bit_is_refused(copy: Path, name: str) -> None:
    _flip(copy / name)

    with pytest.raises(InputError, match=r"differs from what world\.json lists"):
        read_world(copy)


def test_a_missing_an_added_and_a_linked_file_are_refused(copy: Path) -> None:
    (copy / "sources" / "extra.csv").write_text("x")
    with pytest.raises(InputError, match="not in world"):
        read_world(copy)
    (copy / "sources" / "extra.csv").unlink()
    (copy / "transfers.jsonl").rename(copy.parent / "transfers.jsonl")
    with pytest.raises(InputError, match="missing"):
        read_world(copy)
    (copy / "transfers.jsonl").symlink_to(copy.parent / "transfers.jsonl")
    with pytest.raises(InputError, match="neither file nor folder"):
        read_world(copy)
    (copy / "transfers.jsonl").unlink()
    os.mkfifo(copy / "transfers.jsonl")
    with pytest.raises(InputError, match="neither file nor folder"):
        read_world(copy)


def test_a_truth_that_is_not_the_seeds_is_refused_even_with_its_digest(copy: Path) -> None:
    import hashlib

    truth = json.loads((copy / "truth.json").read_text())
    truth["users"][0][0] += 1
    (copy / "truth.json").write_text(json.dumps(truth))
    header = json.loads((copy / "world.json").read_text())
    digest = hashlib.sha256((copy / "truth.json").read_bytes()).hexdigest()
    header["files"]["truth.json"] = "sha256:" + digest
    (copy / "world.json").write_text(json.dumps(header))

    with pytest.raises(InputError, match="not the world of its seed"):
        read_world(copy)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe",
        b"[]",
        b'{"format": "cautery-lab-operation/1"}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": ["kratos"], "seed": 1}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": "kratos", "seed": true, "scale": 0.01}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": "kratos", "seed": 1, "scale": 0.01}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": "kratos", "seed": 1, "scale": NaN, "files": {}}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": "kratos", "seed": 1, "scale": 0.01, "files": {"x": 1}}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": "kratos", "seed": 1, "scale": 0.01, "files": {"../x": "y"}}',
        b'{"format": "cautery-lab-operation/1", "lab": true, "like": "kratos", "seed": '
        + b"9" * 5000
        + b"}",
    ],
)
def test_a_header_that_is_none_is_refused(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "world.json").write_bytes(header)

    with pytest.raises(InputError):
        read_world(tmp_path)


def test_no_folder_is_no_world(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a world of the lab"):
        read_world(tmp_path / "nowhere")
