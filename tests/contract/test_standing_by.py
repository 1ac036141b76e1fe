"""A second machine takes a case over: from one that sleeps, with the keys and the roots of before."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contract.test_case_store import CLOCK, NOON, OnServer
from tests.servers import Bucket, database_of_its_own

from cautery.adapters import server_lease
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import EvidenceError, InputError, LeaseError
from cautery.evidence import lease as leases
from cautery.model import Entry, Mandate, Regime
from cautery.model.ledger import append
from cautery.model.records import WatchBegin, WatchEnd, WatchStarted, WatchStopped
from cautery.wiring import standing_by
from cautery.wiring.standing_by import Waits, require_standby, stood_by, while_it_is_ours
from cautery.workflows.case.journal import journal_of
from cautery.workflows.case.open import Case, open_case

TEXT = b"the mandate, byte for byte"
SLEEPER = Path(__file__).with_name("_sleeper.py")


class Mandated:
    """As much of a mandate as one who stands by asks for."""

    regime = Regime.GDPR
    lists: object = None
    log: object = None


MANDATE: Mandate = Mandated()  # type: ignore[assignment]


@pytest.fixture
def first(tmp_path: Path, bucket: Bucket) -> Iterator[OnServer]:
    with database_of_its_own() as database:
        server = Server(database=database, vault=bucket.url)
        prepare(server, Regime.GDPR)
        place = OnServer(tmp_path / "first", server, bucket)
        (tmp_path / "first").mkdir()
        yield place
        for store in place.stores:
            store.close()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SILENT_S", 0.5)
    monkeypatch.setattr(server_lease, "BEAT_S", 0.1)
    monkeypatch.setattr(server_lease, "is_alive", lambda _drive: None)
    monkeypatch.setattr(standing_by, "LOOK_S", 0.05)
    monkeypatch.setattr(standing_by, "NO_CASE_S", 0.05)
    monkeypatch.setattr(standing_by, "FOLLOWED_S", 0.1)


def begun(place: OnServer) -> Case:
    """Begin the case as a watch does: its mandate is sealed, and signed for."""
    store = place.store()
    case = open_case(place.path, store=store, clock=CLOCK, regime=Regime.GDPR, drive=store.drive)
    journal_of(case).seal(
        TEXT, what="mandate", media_type="application/toml", at=NOON, confidential=True
    )
    append(case.ledger, WatchStarted(why=WatchBegin.WINDOW_OPEN, at=NOON), at=NOON)
    case.checkpoint()
    return case


def second_of(first: OnServer, folder: Path) -> OnServer:
    """Copy the keys to another machine."""
    shutil.copytree(first.keys.path, folder / "keys")
    folder.joinpath("keys").chmod(0o700)
    return OnServer(folder, first.server, first.bucket)


def waited(place: OnServer, told: list[Waits], text: bytes = TEXT) -> Case | None:
    store = place.store()
    return asyncio.run(
        asyncio.wait_for(stood_by(MANDATE, text, place.path, store=store, told=told.append), 60)
    )


def asleep(case: Case) -> None:
    assert isinstance(case.lease, server_lease.ServerLease)
    case.lease._ends.set()
    case.lease._thread.join(10)


def test_what_a_stopped_driver_recorded_stands_and_awake_it_adds_nothing(
    first: OnServer, soon: None, tmp_path: Path
) -> None:
    begun(first).leave()
    second = second_of(first, tmp_path / "second")
    command = [sys.executable, SLEEPER, first.server.database, first.server.vault, first.keys.path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            case, mine, told = taken_while_asleep(process, second)
        finally:
            process.kill()
    assert "drives this case now; nothing was written" in told.pop()["lost"]
    notes = {entry.index: entry.record.body["by"] for entry in case.ledger.read(kinds=("note",))}
    assert all(notes[one["index"]] == "first" for one in told)
    assert max(index for index, by in notes.items() if by == "first") < mine.index
    case.leave()
    second.stores[0].close()


def taken_while_asleep(
    process: subprocess.Popen[str], second: OnServer
) -> tuple[Case, Entry, list[dict[str, Any]]]:
    """Stop a driver, take its case and record in it, wake it; return what it told to its end."""
    assert process.stdout
    told = [json.loads(process.stdout.readline()) for _ in range(5)]
    process.send_signal(signal.SIGSTOP)
    waits: list[Waits] = []
    case = waited(second, waits)
    assert case is not None
    assert case.lease is not None
    assert case.lease.before is not None
    assert f"process {process.pid}" in case.lease.before.driver
    assert case.lease.before.silent_s >= 0.5
    assert any(f"process {process.pid}" in one.driver for one in waits)
    mine = case.ledger.append("note", {"by": "second"}, at=NOON)
    process.send_signal(signal.SIGCONT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return case, mine, [*told, *map(json.loads, rest.splitlines())]


def test_one_who_stands_by_waits_for_the_case_and_goes_on_when_it_is_given_back(
    first: OnServer, soon: None, tmp_path: Path
) -> None:
    begun_case = begun(first)
    second = second_of(first, tmp_path / "second")
    told: list[Waits] = []

    def hear(waits: Waits) -> None:
        told.append(waits)
        if len(told) == 3:
            begun_case.leave()

    store = second.store()
    case = asyncio.run(
        asyncio.wait_for(stood_by(MANDATE, TEXT, second.path, store=store, told=hear), 60)
    )
    assert case is not None
    assert case.lease is not None
    assert case.lease.before is not None
    assert case.lease.before.ended
    case.leave()
    store.close()


def test_a_watch_that_is_over_is_left_alone(first: OnServer, soon: None, tmp_path: Path) -> None:
    case = begun(first)
    append(case.ledger, WatchStopped(why=WatchEnd.WINDOW_CLOSED, at=NOON), at=NOON)
    case.leave()
    second = second_of(first, tmp_path / "second")
    assert waited(second, []) is None
    second.stores[0].close()


def test_a_case_that_nobody_has_begun_is_waited_for(first: OnServer, soon: None) -> None:
    told: list[Waits] = []
    with pytest.raises(TimeoutError):
        asyncio.run(
            asyncio.wait_for(
                stood_by(MANDATE, TEXT, first.path, store=first.store(), told=told.append), 1
            )
        )
    assert told
    assert {(one.driver, one.trouble) for one in told} == {("", "")}


def test_another_mandate_is_refused(first: OnServer, soon: None, tmp_path: Path) -> None:
    case = begun(first)
    second = second_of(first, tmp_path / "second")
    with pytest.raises(InputError, match="not the one under which the case is watched"):
        waited(second, [], TEXT + b" ")
    case.leave()
    second.stores[0].close()


def test_keys_that_are_not_here_or_too_old_are_named(
    first: OnServer, soon: None, tmp_path: Path
) -> None:
    case = begun(first)
    without = OnServer(tmp_path / "without", first.server, first.bucket)
    with pytest.raises(InputError, match=r"the keys of case [0-9a-f]{16} are not in"):
        waited(without, [])
    old = second_of(first, tmp_path / "old")
    shutil.rmtree(next(old.keys.path.glob("case-*.subjects")))
    with pytest.raises(InputError, match="copied before the watch began") as raised:
        waited(old, [])
    assert "Copy the files case-ID" in raised.value.hint
    case.leave()
    for place in (without, old):
        place.stores[0].close()


def test_one_who_stands_by_remembers_what_the_other_machine_signed(
    first: OnServer, soon: None, tmp_path: Path
) -> None:
    """So a database that goes back meanwhile is refused, as the first would refuse it."""
    case = begun(first)
    second = second_of(first, tmp_path / "second")
    case.ledger.append("note", {"by": "first"}, at=NOON)
    case.checkpoint()
    last = case.signer.last()
    assert last is not None
    store = second.store()
    keys, ledger = store.keys(second.path), store.ledger(second.path, read_only=True)
    before = keys.signer.last()
    assert before is not None
    assert before.size < last.size
    ledger.take_up(keys.signer, keys.verifier)
    now = keys.signer.last()
    assert now is not None
    assert (now.size, now.root) == (last.size, last.root)
    ledger.take_up(keys.signer, keys.verifier)  # nothing is new
    schema = f"case_{store.row(second.path).id}"
    first.sql(f"DELETE FROM {schema}.entries WHERE idx >= {before.size}")
    first.sql(f"DELETE FROM {schema}.checkpoints WHERE size > {before.size}")
    asleep(case)
    with pytest.raises(EvidenceError, match="it is an older copy, or records were cut off"):
        waited(second, [])
    ledger.close()
    store.close()
    second.stores[-1].close()


def test_a_checkpoint_over_other_records_is_not_signed_again(
    first: OnServer, soon: None, tmp_path: Path
) -> None:
    case = begun(first)
    second = second_of(first, tmp_path / "second")
    case.ledger.append("note", {"by": "first"}, at=NOON)
    case.checkpoint()
    store = second.store()
    schema = f"case_{store.row(second.path).id}"
    first.sql(
        f"UPDATE {schema}.entries SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'),"
        " 'first', 'ffirs'), 'UTF8') WHERE kind = 'note'"
    )
    keys, ledger = store.keys(second.path), store.ledger(second.path, read_only=True)
    before = keys.signer.last()
    with pytest.raises(EvidenceError, match="not those that were signed"):
        ledger.take_up(keys.signer, keys.verifier)
    assert keys.signer.last() == before
    ledger.close()
    store.close()
    asleep(case)


def test_what_lies_on_one_machine_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="only for a case on a server"):
        require_standby(MANDATE, tmp_path / "case")

    class WithLists(Mandated):
        lists = object()

    class WithLog(Mandated):
        log = object()

    for mandate, what in ((WithLists(), "the lists"), (WithLog(), "the log")):
        with pytest.raises(InputError, match=what):
            require_standby(mandate, Path("server:derby"))  # type: ignore[arg-type]


def test_a_watch_ends_as_soon_as_its_case_is_another_ones(first: OnServer, soon: None) -> None:
    case = begun(first)
    ended = []

    async def watch() -> bool:
        first.sql("UPDATE cautery.drivers SET epoch = epoch + 1, driver = 'another machine'")
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)
        return True

    with pytest.raises(LeaseError, match="another machine drives this case now; this watch ends"):
        asyncio.run(while_it_is_ours(case, watch()))
    assert ended
    case.leave()


def test_a_watch_that_is_done_or_fails_says_so(first: OnServer) -> None:
    case = begun(first)

    async def ends() -> bool:
        return True

    async def fails() -> bool:
        raise EvidenceError("changed")

    asyncio.run(while_it_is_ours(case, ends()))
    with pytest.raises(EvidenceError, match="changed"):
        asyncio.run(while_it_is_ours(case, fails()))
    case.leave()


def test_what_was_compared_while_it_stood_by_is_not_read_again(
    first: OnServer, soon: None, tmp_path: Path
) -> None:
    case = begun(first)
    second = second_of(first, tmp_path / "second")
    case.ledger.append_all([("note", {"number": number}, NOON) for number in range(50)])
    case.checkpoint()
    store = second.store()
    keys, ledger = store.keys(second.path), store.ledger(second.path, read_only=True)
    known = ledger.take_up(keys.signer, keys.verifier)
    assert known is not None
    assert known.size == case.ledger.size()
    case.ledger.append("note", {"number": 50}, at=NOON)
    asleep(case)
    read_from: list[int] = []
    leaves = SqlLedger.leaves

    def seen(self: SqlLedger, *, since: int = 0, until: int | None = None) -> Any:
        read_from.append(since)
        return leaves(self, since=since, until=until)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlLedger, "leaves", seen)
        again = open_case(second.path, store=store, clock=CLOCK, drive=store.drive, known=known)
    assert read_from == [known.size]
    [reopened] = again.ledger.read(kinds=("case.reopened",))
    assert reopened.record.body["unsigned"] == {"note": 1}
    again.leave()
    # A frontier of more records than there are is not believed.
    schema = f"case_{store.row(second.path).id}"
    first.sql(f"DELETE FROM {schema}.entries WHERE idx >= 20")
    first.sql(f"DELETE FROM {schema}.checkpoints WHERE size > 20")
    with pytest.raises(EvidenceError, match="it is an older copy, or records were cut off"):
        open_case(second.path, store=store, clock=CLOCK, drive=store.drive, known=known)
    ledger.close()
    store.close()
