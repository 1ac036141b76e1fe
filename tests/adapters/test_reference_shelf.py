"""A shelf of references is the same in a folder and in a store."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cautery.adapters.objects import Objects
from cautery.adapters.reference_shelf import FolderShelf, S3Shelf
from cautery.errors import InputError, StorageError
from cautery.model.ports import ReferenceShelf


@pytest.fixture(params=["folder", "s3"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> ReferenceShelf:
    if request.param == "folder":
        return FolderShelf(tmp_path / "shelf")
    return S3Shelf(Objects(request.getfixturevalue("bucket").url), "references")


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big"
    path.write_bytes(os.urandom(1 << 20) * 18)  # goes up in parts
    return path


def test_a_file_comes_back_as_it_was_put(shelf: ReferenceShelf, tmp_path: Path, big: Path) -> None:
    shelf.put("case/0/s1-00000000.slice", big)
    shelf.take("case/0/s1-00000000.slice", tmp_path / "back", size=18 << 20)
    assert (tmp_path / "back").read_bytes() == big.read_bytes()


@pytest.mark.parametrize("size", [0, 3, 5, 1 << 40])
def test_a_file_of_another_size_is_not_taken(
    shelf: ReferenceShelf, tmp_path: Path, size: int
) -> None:
    (tmp_path / "four").write_bytes(b"four")
    shelf.put("case/0/x", tmp_path / "four")
    with pytest.raises(InputError, match="bytes where its list says"):
        shelf.take("case/0/x", tmp_path / "back", size=size)
    assert not (tmp_path / "back").exists()


def test_what_nobody_put_is_not_there(shelf: ReferenceShelf, tmp_path: Path) -> None:
    assert shelf.version("case/0/list") is None
    assert shelf.get("case/0/list", most=10) is None
    assert shelf.names("case") == ()
    shelf.remove(["case/0/list"])
    with pytest.raises(InputError, match="missing"):
        shelf.take("case/0/list", tmp_path / "back", size=1)
    assert not (tmp_path / "back").exists()


def test_only_who_knows_the_newest_version_replaces_it(shelf: ReferenceShelf) -> None:
    first = shelf.replace("case/0/list", b"one", version=None)
    assert first is not None
    assert shelf.replace("case/0/list", b"other", version=None) is None
    second = shelf.replace("case/0/list", b"two", version=first)
    assert second not in {None, first}
    assert shelf.replace("case/0/list", b"late", version=first) is None
    assert shelf.get("case/0/list", most=3) == (second, b"two")
    assert shelf.version("case/0/list") == second
    shelf.remove(["case/0/list"])
    assert shelf.replace("case/0/list", b"three", version=second) is None


def test_of_many_who_replace_at_once_one_does(shelf: ReferenceShelf) -> None:
    version = shelf.replace("case/0/list", b"old", version=None)
    done: list[str | None] = []
    threads = [
        Thread(
            target=lambda k=k: done.append(
                shelf.replace("case/0/list", f"{k}".encode(), version=version)
            )
        )
        for k in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 6
    assert len([one for one in done if one]) == 1


def test_a_small_file_that_is_large_is_not_read(shelf: ReferenceShelf) -> None:
    shelf.replace("case/0/list", b"12345", version=None)
    with pytest.raises(InputError, match="larger than it can be"):
        shelf.get("case/0/list", most=4)


def test_names_are_those_below_a_prefix_and_go_when_removed(
    shelf: ReferenceShelf, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    for name in ("a/0/x", "a/0/y", "a/1/x", "ab/0/x"):
        shelf.put(name, tmp_path / "x")
    assert shelf.names("a") == ("a/0/x", "a/0/y", "a/1/x")
    shelf.remove(["a/0/x", "a/0/y"])
    assert shelf.names("a") == ("a/1/x",)


HOSTILE = ["../x", "/etc/passwd", "a//b", "a/../b", "a\x00", "", ".hidden", "a/.lock", "ä", "a b"]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "use",
    [
        lambda shelf, name, path: shelf.version(name),
        lambda shelf, name, path: shelf.get(name, most=3),
        lambda shelf, name, path: shelf.replace(name, b"", version=None),
        lambda shelf, name, path: shelf.put(name, path),
        lambda shelf, name, path: shelf.take(name, path, size=1),
        lambda shelf, name, path: shelf.names(name),
        lambda shelf, name, path: shelf.remove([name]),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(
    tmp_path: Path, name: str, use: Callable[[ReferenceShelf, str, Path], Any]
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(InputError, match="a name that no file of theirs has"):
        use(FolderShelf(tmp_path / "shelf"), name, tmp_path / "x")


def test_a_store_that_is_away_is_a_storage_error(
    bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    shelf = S3Shelf(Objects(bucket.url), "references")
    with pytest.raises(StorageError, match="cannot"):
        shelf.version("a/list")


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "shelf/a").mkdir(parents=True)
    (tmp_path / "shelf/a/list").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError):
        FolderShelf(tmp_path / "shelf").get("a/list", most=100)
