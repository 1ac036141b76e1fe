"""The files of a case are listed while a process writes among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cautery.adapters import case_folder
from cautery.adapters.case_folder import FolderStore
from cautery.errors import EvidenceError


@pytest.fixture
def losing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make a case one file of which goes away after its folder was read."""

    def made(name: str) -> Path:
        (tmp_path / "vault/ab").mkdir(parents=True)
        (tmp_path / "vault/ab/abc").write_bytes(b"x")
        (tmp_path / "vault/ab" / name).write_bytes(b"y")

        def read(entries: Iterator[os.DirEntry[str]], _: Path) -> list[os.DirEntry[str]]:
            listed = list(entries)
            if name in {entry.name for entry in listed}:
                (tmp_path / "vault/ab" / name).unlink()
            return listed

        monkeypatch.setattr(case_folder, "_bounded", read)
        return tmp_path

    return made


def test_a_file_that_has_got_its_name_meanwhile_is_passed_over(
    losing: Callable[[str], Path],
) -> None:
    case = losing(".writing-7-0123456789abcdef")
    assert [file.name for file in FolderStore().files(case)] == ["vault/ab/abc"]


def test_another_file_that_went_away_is_named(losing: Callable[[str], Path]) -> None:
    with pytest.raises(EvidenceError, match="vault/ab/def: it went away while it was read"):
        FolderStore().files(losing("def"))
