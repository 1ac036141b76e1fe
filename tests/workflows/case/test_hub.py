"""Every listener hears every record once, however it comes and goes, and none holds another up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.contract.test_ledger import schema_of_its_own
from tests.nights import NOON

from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError, InputError
from cautery.projections.kept import Asked
from cautery.workflows.case import hub as module
from cautery.workflows.case.hub import Batch, Hub
from cautery.workflows.case.kept import KeptCase

PATIENCE_S = 60.0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    with schema_of_its_own() as server:
        yield server


class Room:
    """A case that is written, and the hub of a process that shows it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.writer = SqlLedger(url)
        self.url, self.folder = url, folder
        self.there = True
        self.kept, self.hub = self.opened()

    def opened(self) -> tuple[KeptCase, Hub]:
        ledger = SqlLedger(self.url, read_only=True)
        kept = KeptCase(ledger, SqliteLists(self.folder / "lists"), verifier=None)
        return kept, Hub(kept, stands=lambda: self.there)

    def write(self, *numbers: int) -> None:
        self.writer.append_all([("x", {"number": number}, NOON) for number in numbers])

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110 - what a thread does sets no event here
                await asyncio.sleep(0.005)

    def restart(self) -> None:
        """As a process that ended and came again."""
        self.close()
        self.kept, self.hub = self.opened()

    def close(self) -> None:
        self.hub.close()
        self.kept.close()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = Room(f"sqlite:///{tmp_path}/ledger.sqlite", tmp_path)
    yield made
    made.close()
    made.writer.close()


async def heard(hub: Hub, since: int | None, until: int) -> list[int]:
    """Return the numbers that a listener hears before it has all below ``until``."""
    numbers: list[int] = []
    async with asyncio.timeout(PATIENCE_S):
        async for batch in hub.listen(since):
            assert not batch.reload
            assert batch.until == batch.since + len(batch.lines)
            numbers += [line.record for line in batch.lines]
            if batch.until >= until:
                return numbers
    return numbers


async def first(hub: Hub, since: int | None) -> Batch:
    async with asyncio.timeout(PATIENCE_S):
        async for batch in hub.listen(since):
            return batch
    raise AssertionError


async def test_many_listeners_hear_all_records_of_another_process(url: str, tmp_path: Path) -> None:
    room = Room(url, tmp_path)
    room.write(0)
    append = (
        "import sys; from datetime import UTC, datetime;"
        "from cautery.adapters.ledger_sql import SqlLedger;"
        "ledger = SqlLedger(sys.argv[1]);"
        "[ledger.append('x', {'number': n}, at=datetime.now(UTC)) for n in range(120)]"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", append, room.url)
    told = await asyncio.gather(*(heard(room.hub, 0, 121) for _ in range(50)))
    await process.wait()
    assert told == [list(range(121))] * 50
    room.close()
    room.writer.close()


async def test_who_asks_for_nothing_hears_what_comes_from_now_on(room: Room) -> None:
    room.write(*range(30))
    listening = asyncio.create_task(first(room.hub, None))
    await room.until(lambda: room.hub.behind[0] == 30)
    room.write(30, 31)
    batch = await listening
    assert [line.record for line in batch.lines][:1] == [30]


async def test_what_is_told_is_already_in_the_lists(room: Room) -> None:
    listening = asyncio.create_task(first(room.hub, 0))
    room.write(7)
    batch = await listening
    assert room.kept.records(Asked()).rows == batch.lines


async def test_reconnections_at_any_moment_lose_and_double_nothing(room: Room) -> None:
    numbers: list[int] = []

    async def come_and_go() -> None:
        place = 0
        async with asyncio.timeout(PATIENCE_S):
            while place < 300:
                async for batch in room.hub.listen(place):
                    numbers.extend(line.record for line in batch.lines)
                    place = batch.until
                    break

    listening = asyncio.create_task(come_and_go())
    for number in range(0, 300, 3):
        await asyncio.to_thread(room.write, number, number + 1, number + 2)
    await listening
    assert numbers == list(range(300))


async def test_a_listener_resumes_over_a_restart_of_the_process(room: Room) -> None:
    room.write(*range(20))
    assert await heard(room.hub, 0, 20) == list(range(20))
    room.restart()
    room.write(*range(20, 700))
    assert await heard(room.hub, 20, 700) == list(range(20, 700))
    assert await heard(room.hub, 5, 700) == list(range(5, 700))


async def test_a_slow_listener_is_told_to_reload_and_holds_up_nobody(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.write(0)
    slow = room.hub.listen(0)
    assert [line.record for line in (await anext(slow)).lines] == [0]
    total = module._RING * 3
    fast = asyncio.create_task(heard(room.hub, 1, total))
    for number in range(1, total, 400):
        room.write(*range(number, min(number + 400, total)))
        until = min(number + 400, total)
        await room.until(lambda until=until: room.hub.behind[0] == until)  # type: ignore[misc]
    assert await fast == list(range(1, total))
    batch = await anext(slow)
    assert (batch.reload, batch.until, batch.lines) == (True, total, ())
    room.write(total)
    batch = await anext(slow)
    assert [line.record for line in batch.lines] == [total]
    assert len(room.hub._ring) <= module._RING


async def test_a_place_beyond_the_ledger_is_told_to_reload(room: Room) -> None:
    room.write(1, 2)
    batch = await first(room.hub, 99)
    assert (batch.reload, batch.until) == (True, 2)


async def test_a_ledger_with_another_past_is_told_to_reload(room: Room) -> None:
    room.write(*range(10))
    listener = room.hub.listen(0)
    assert (await anext(listener)).until == 10
    database = room.writer._database._connection  # type: ignore[union-attr]
    database.execute("DELETE FROM entries WHERE idx >= 4")
    room.write(*range(100, 120))
    batch = await anext(listener)
    assert batch.reload


async def test_silence_gets_signs_of_life(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HEARTBEAT_S", 0.01)
    room.write(1)
    batch = await first(room.hub, 1)
    assert batch == Batch(since=1, until=1)


async def test_a_case_that_is_deleted_gets_a_sentence(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_STANDS_S", 0.0)
    room.write(1)
    assert await heard(room.hub, 0, 1) == [0]
    room.there = False
    with pytest.raises(InputError, match="the case is gone"):
        await heard(room.hub, 1, 2)
    with pytest.raises(InputError, match="the case is gone"):  # and is not asked again at once
        await heard(room.hub, 1, 2)
    monkeypatch.setattr(module, "_AGAIN_S", 0.0)
    room.there = True
    room.write(2)
    assert await heard(room.hub, 1, 2) == [1]


async def test_a_row_that_is_no_record_ends_every_listener_with_its_number(room: Room) -> None:
    room.write(1)
    listeners = [asyncio.create_task(heard(room.hub, 0, 9)) for _ in range(5)]
    await room.until(lambda: room.hub.behind[0] == 1)
    database = room.writer._database._connection  # type: ignore[union-attr]
    database.execute("INSERT INTO entries (idx, kind, leaf) VALUES (1, 'x', x'7b7d')")
    for outcome in await asyncio.gather(*listeners, return_exceptions=True):
        assert isinstance(outcome, EvidenceError)
        assert "record 1" in str(outcome)


async def test_nobody_waits_for_who_holds_the_pen(room: Room) -> None:
    room.write(1)
    with room.writer._database.writing() as cursor:
        cursor.execute("SELECT 1")
        assert await heard(room.hub, 0, 1) == [0]


async def test_the_follower_ends_when_nobody_listens_and_begins_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_IDLE_S", 0.0)
    room.write(1)
    assert await heard(room.hub, 0, 1) == [0]
    await room.until(lambda: room.hub._thread is None)
    room.write(2)
    assert await heard(room.hub, 1, 2) == [1]
    await room.until(lambda: room.hub.listeners == 0)


def test_a_hub_in_a_loop_that_is_closed_harms_nobody(tmp_path: Path) -> None:
    room = Room(f"sqlite:///{tmp_path}/ledger.sqlite", tmp_path)
    room.write(1)
    assert asyncio.run(heard(room.hub, 0, 1)) == [0]
    room.write(2)
    room.close()
    room.writer.close()
