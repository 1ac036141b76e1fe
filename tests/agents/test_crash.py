"""Kills, power cuts and full disks at any write of the agent's state."""

import os
from pathlib import Path

import pytest
from provider_lists import NOON, Publisher
from provider_room import LIVE, STANDING, Room


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


def test_a_full_disk_does_not_keep_anybody_blocked(room, monkeypatch):
    room.agent.receive(Publisher([LIVE]).publish(NOON))
    room.after(0)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cautery_provider.store.write_whole", full)
    room.machine.true_s += 200
    with pytest.raises(OSError, match="No space"):
        room.agent.step()
    assert room.notebook.standing == {}
