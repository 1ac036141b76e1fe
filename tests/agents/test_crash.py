"""Kills, power cuts and full disks at any write of the agent's state."""

import os
from pathlib import Path

import pytest
from provider_lists import NOON, Notebook, Publisher
from provider_room import LIVE, STANDING, Room

from cautery_provider import cli, store
from cautery_provider.blocks import Block
from cautery_provider.drivers.bgp import Bgp
from cautery_provider.drivers.unbound import Unbound
from cautery_provider.store import Store, write_over, write_whole
from cautery_provider.watchdog import flush


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


class Killed(BaseException):
    """The process ends here."""


def _killed_at(monkeypatch, count):
    """Let the process end at the `count`-th call that changes the disk."""
    calls = iter(range(10**6))

    def dying(function):
        def call(*arguments, **options):
            if next(calls) >= count:
                raise Killed
            return function(*arguments, **options)

        return call

    monkeypatch.setattr(os, "fsync", dying(os.fsync))
    monkeypatch.setattr(Path, "replace", dying(Path.replace))
    monkeypatch.setattr(Path, "unlink", dying(Path.unlink))
    return calls


def test_a_kill_at_any_write_leaves_the_old_list_or_the_new(room, tmp_path):
    publisher = Publisher([STANDING])
    room.agent.receive(publisher.publish(NOON))
    room.after(0)
    publisher.texts = [LIVE]
    newer = publisher.publish(NOON)
    numbers = []
    for count in range(100):
        copy = Room(tmp_path / f"kill-{count}")
        for name in ("version.json", "admitted.json", "heartbeat.json"):
            (copy.folder / name).write_bytes((room.folder / name).read_bytes())
        for path in (room.folder / "referrals").iterdir():
            (copy.folder / "referrals" / path.name).write_bytes(path.read_bytes())
        copy.restart()
        with pytest.MonkeyPatch.context() as patch:
            calls = _killed_at(patch, count)
            try:
                copy.agent.receive(newer)
                copy.agent.step()
            except Killed:
                pass
            died = next(calls) > count
        copy.restart()
        numbers.append(copy.agent.accepted.version.number)
        standing = copy.after(0)
        assert standing == ({"film.example"} if numbers[-1] == 1 else {"192.0.2.7"})
        copy.agent.receive(newer)
        assert copy.after(0) == {"192.0.2.7"}
        if not died:
            break
    assert len(numbers) > 8
    assert numbers == sorted(numbers)
    assert set(numbers) == {1, 2}


def test_each_file_is_on_the_disk_before_it_has_its_name(room, monkeypatch):
    events = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(
        os,
        "fsync",
        lambda n: (events.append(str(Path(f"/proc/self/fd/{n}").readlink())), sync(n))[1],
    )
    monkeypatch.setattr(
        Path,
        "replace",
        lambda path, to: (events.append((str(path), str(to))), replace(path, to))[1],
    )
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.agent.step()
    renames = [n for n, event in enumerate(events) if isinstance(event, tuple)]
    assert len(renames) >= 3
    for n in renames:
        draft, path = events[n]
        assert events[n - 1] == draft
        assert events[n + 1] == str(Path(path).parent)


@pytest.fixture
def full_disk(monkeypatch):
    """Let no file be written any more; one without bytes can still be made."""

    def fill():
        def full(path, *_arguments, **_options):
            path.with_name(path.name + ".new").touch()
            raise OSError(28, "No space left on device")

        for module in ("store", "drivers.rpz", "drivers.bgp"):
            monkeypatch.setattr(f"cautery_provider.{module}.write_whole", full)

    return fill


def test_a_full_disk_does_not_keep_anybody_blocked(room, full_disk):
    room.agent.receive(Publisher([LIVE]).publish(NOON))
    room.after(0)
    full_disk()
    room.machine.true_s += 200
    with pytest.raises(OSError, match="No space"):
        room.agent.step()
    assert room.notebook.standing == {}


def test_a_withdrawal_counts_on_a_full_disk_and_is_kept_when_there_is_room(room):
    publisher = Publisher([STANDING])
    room.agent.receive(publisher.publish(NOON))
    room.after(0)
    publisher.withdrawn = [(STANDING, "film.example")]
    newer = publisher.publish(NOON)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "write_whole", _no_space)
        assert room.agent.receive(newer)
        with pytest.raises(OSError, match="No space"):
            room.agent.step()
        assert room.notebook.standing == {}
    room.agent.step()
    room.restart()
    assert room.agent.accepted.version.number == 2
    assert room.after(0) == set()


def _no_space(*_arguments, **_options):
    raise OSError(28, "No space left on device")


def _driven(folder):
    """Make a zone file, a router and a notebook, each with something that is blocked."""
    zone = Unbound(zone="rpz.x", file=folder / "zone", command=("sh", "-c", "echo ok"))
    os.mkfifo(folder / "pipe")
    number = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    router = Bgp(pipe=folder / "pipe", kept=folder / "announced", next_hop4="192.0.2.1")
    notebook = Notebook()
    zone.apply([Block("name", "film.example", NOON)], NOON)
    for driver in (router, notebook):
        driver.apply([Block("address", "192.0.2.7", NOON)], NOON)
    os.read(number, 4096)
    return [zone, router, notebook], number


def test_a_flush_on_a_full_disk_unblocks_everything(tmp_path, full_disk):
    state = Store(tmp_path / "state")
    drivers, number = _driven(tmp_path)
    touches = state.touches()
    full_disk()
    errors = flush(state, drivers, lambda _: None)
    assert [error.partition(":")[0] for error in errors] == [f"bgp {tmp_path}/pipe"]
    assert "film.example" not in (tmp_path / "zone").read_text()
    assert os.read(number, 4096) == b"withdraw route 192.0.2.7/32 next-hop 192.0.2.1\n"
    assert drivers[-1].standing == {}
    assert state.touches() != touches
    os.close(number)


def test_a_fault_of_one_driver_keeps_no_other_from_a_flush(tmp_path):
    broken, notebook = Notebook("broken"), Notebook()
    notebook.standing = {"192.0.2.7": NOON}
    broken.fault = RuntimeError("what is this?")
    [error] = flush(Store(tmp_path / "state"), [broken, notebook], lambda _: None)
    assert "what is this?" in error
    assert notebook.standing == {}


def test_the_command_to_flush_holds_on_a_full_disk(configured, tmp_path, capsys, full_disk):
    path = configured()
    state = Store(tmp_path / "state")
    write_whole(tmp_path / "state" / "zone", "film.example CNAME .\n" + ";" * 200)
    full_disk()
    assert cli.main(["flush", "--config", str(path)]) == 0
    assert "without its time" in capsys.readouterr().err
    assert "film.example" not in (tmp_path / "state" / "zone").read_text()
    assert state.hold() == store.Hold(0, "unknown", "flush")


def test_a_file_is_written_over_only_where_there_is_room(tmp_path):
    path = tmp_path / "zone"
    path.write_text("twelve bytes")
    with pytest.raises(OSError, match="no room"):
        write_over(path, "thirteen bytes")
    assert path.read_text() == "twelve bytes"
    write_over(path, "five\n")
    assert path.read_text() == "five\n"


@pytest.mark.parametrize("trap", ["link", "pipe"])
def test_a_file_is_written_through_no_link_and_no_pipe(tmp_path, trap):
    precious, draft = tmp_path / "precious", tmp_path / "zone.new"
    precious.write_text("precious")
    draft.symlink_to(precious) if trap == "link" else os.mkfifo(draft)
    write_whole(tmp_path / "zone", "text")
    assert (precious.read_text(), (tmp_path / "zone").read_text()) == ("precious", "text")
    assert not (tmp_path / "zone").is_symlink()
