"""The folder of an organisation's lists: one case at a time makes a version; signs of life."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from cautery.adapters import lists_folder
from cautery.adapters.lists_folder import FolderShares, ListsFolder
from cautery.errors import InputError, StorageError

LIST = "L-0123456789ab"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ListsFolder(tmp_path / "lists").begin("", "key")
    return tmp_path / "lists"


class Machine:
    boot, up_s = "first", 100.0

    def uptime(self) -> tuple[str, float]:
        return self.boot, self.up_s


def cases(folder: Path, machine: Machine | None = None) -> list[FolderShares]:
    uptime = None if machine is None else machine.uptime
    return [FolderShares(folder, case, uptime=uptime) for case in ("1" * 16, "2" * 16)]


def test_a_case_reads_its_own_share_and_those_of_others(folder: Path) -> None:
    ours, theirs = cases(folder)
    assert ours.kept(LIST) is None
    ours.keep(LIST, b"ours")
    theirs.keep(LIST, b"theirs")
    theirs.beat()
    assert ours.kept(LIST) == b"ours"
    [(case, share, silent_s)] = ours.others(LIST)
    assert (case, share) == ("2" * 16, b"theirs")
    assert 0 <= silent_s < 60
    assert [silent for *_, silent in theirs.others(LIST)] == [float("inf")]
    theirs.keep(LIST, None)
    assert list(ours.others(LIST)) == []
    assert (folder.stat().st_mode & 0o077, ours.kept(LIST)) == (0, b"ours")


def test_a_sign_of_life_counts_until_the_machine_starts_again(folder: Path) -> None:
    machine = Machine()
    ours, theirs = cases(folder, machine)
    theirs.keep(LIST, b"theirs")
    theirs.beat()
    machine.up_s += 40
    assert [silent for *_, silent in ours.others(LIST)] == [40]
    machine.boot, machine.up_s = "second", 150
    assert [silent for *_, silent in ours.others(LIST)] == [float("inf")]
    (folder / "shares" / f"case-{'2' * 16}.alive").write_text("no sign")
    assert [silent for *_, silent in ours.others(LIST)] == [float("inf")]


@pytest.mark.parametrize("up_s", [100.0, 100.0004, 100.0005, 100.0009, 100.001])
def test_a_sign_of_life_counts_at_the_very_moment_at_which_it_was_given(
    folder: Path, up_s: float
) -> None:
    machine = Machine()
    machine.up_s = up_s
    ours, theirs = cases(folder, machine)
    theirs.keep(LIST, b"theirs")
    theirs.beat()
    [(*_, silent_s)] = ours.others(LIST)
    assert 0 <= silent_s <= 0.0011


def test_one_case_at_a_time_makes_a_version(folder: Path) -> None:
    ours, theirs = cases(folder)
    order: list[str] = []

    def make() -> None:
        with theirs.turn(LIST):
            order.append("theirs")

    with ours.turn(LIST):
        thread = threading.Thread(target=make)
        thread.start()
        thread.join(0.2)
        order.append("ours")
    thread.join()
    assert order == ["ours", "theirs"]


def test_a_case_that_keeps_the_turn_keeps_nobody_waiting_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists_folder, "_PATIENCE_S", 0.1)
    ours, theirs = cases(folder)
    with ours.turn(LIST), pytest.raises(StorageError, match="another case"), theirs.turn(LIST):
        pass
    with theirs.turn(LIST):
        pass


def test_what_is_no_file_is_read_as_nothing_and_does_not_hold_up(folder: Path) -> None:
    ours, _ = cases(folder)
    ours.keep(LIST, b"ours")
    os.mkfifo(folder / "shares" / LIST / "case-3.json")
    (folder / "secret").write_text("secret")
    (folder / "shares" / LIST / "case-4.json").symlink_to(folder / "secret")
    assert [(case, share) for case, share, _ in ours.others(LIST)] == [("3", b""), ("4", b"")]


def test_a_sign_of_life_that_is_no_small_file_does_not_hold_up(folder: Path) -> None:
    ours, theirs = cases(folder)
    theirs.keep(LIST, b"theirs")
    for name, make in (
        ("pipe", os.mkfifo),
        ("device", lambda path: path.symlink_to("/dev/zero")),
        ("long", lambda path: path.write_text("b 1.0" + " " * 1_000)),
        ("no number", lambda path: path.write_text("b nan")),
    ):
        alive = folder / "shares" / f"case-{'2' * 16}.alive"
        alive.unlink(missing_ok=True)
        make(alive)
        assert [silent_s for _, _, silent_s in ours.others(LIST)] == [float("inf")], name


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    ours, _ = cases(folder)
    (tmp_path / "elsewhere").mkdir()
    (folder / "shares" / "L-1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="link"):
        ours.keep("L-1", b"ours")
    (folder / "shares" / LIST).mkdir(exist_ok=True)
    (folder / "shares" / LIST / "turn").unlink(missing_ok=True)
    (folder / "shares" / LIST / "turn").symlink_to(tmp_path / "elsewhere" / "made")
    with pytest.raises(StorageError), ours.turn(LIST):
        pass
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_is_made_once_and_no_other_is_taken_for_one(folder: Path, tmp_path: Path) -> None:
    assert ListsFolder(folder).key() == "key"
    with pytest.raises(InputError, match="something in this folder"):
        ListsFolder(folder).require_empty()
    with pytest.raises(InputError, match="not the folder"):
        ListsFolder(tmp_path).settings()
    with pytest.raises(InputError):
        ListsFolder(tmp_path).key()
    with pytest.raises(StorageError):
        ListsFolder(Path("/proc/none")).begin("", "")
