"""The public folder: whoever has taken over what serves it cannot hold up, or lead away, a watch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cautery.adapters.public_folder import PublicFolder
from cautery.errors import StorageError


@pytest.fixture
def files(tmp_path: Path) -> PublicFolder:
    return PublicFolder(tmp_path / "public", make=True)


def test_a_file_reads_back_as_it_was_written(files: PublicFolder) -> None:
    files.write("complaints/C-1.json", b"{}")
    assert files.read("complaints/C-1.json") == b"{}"
    assert files.names("complaints") == ("complaints/C-1.json",)
    assert files.read("complaints/C-2.json") is None


def test_a_pipe_is_passed_over_and_not_waited_for(files: PublicFolder) -> None:
    os.mkfifo(files.path / "complaints" / "C-0.json")
    files.write("complaints/C-1.json", b"{}")
    assert files.names("complaints") == ("complaints/C-1.json",)
    with pytest.raises(StorageError, match="regular"):
        files.read("complaints/C-0.json")


def test_no_link_leads_out_of_the_folder(files: PublicFolder, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    (files.path / "complaints" / "C-0.json").symlink_to(tmp_path / "outside" / "secret")
    assert files.names("complaints") == ()
    with pytest.raises(StorageError):
        files.read("complaints/C-0.json")
    (files.path / "decisions").rmdir()
    (files.path / "decisions").symlink_to(tmp_path / "outside")
    with pytest.raises(StorageError, match="symbolic link"):
        files.write("decisions/C-1.json", b"{}")
    with pytest.raises(StorageError, match="symbolic link"):
        files.remove("decisions/secret")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret"]
