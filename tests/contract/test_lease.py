"""One process drives a case: in a folder, and on a server, where another one may follow it."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.test_case_store import CLOCK, NOON, Folders, OnServer
from tests.servers import Bucket, database_of_its_own

from cautery.adapters import server_lease
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import ConflictError, EvidenceError, LeaseError
from cautery.evidence import lease as leases
from cautery.evidence.lease import GAP_S, SILENT_S, Drive, Silence
from cautery.model import Regime
from cautery.workflows.case.open import Case, open_case

Place = Folders | OnServer


@pytest.fixture
def on_server(tmp_path: Path, bucket: Bucket) -> Iterator[OnServer]:
    with database_of_its_own() as database:
        server = Server(database=database, vault=bucket.url)
        prepare(server, Regime.GDPR)
        place = OnServer(tmp_path, server, bucket)
        yield place
        for store in place.stores:
            store.close()


@pytest.fixture(params=["folder", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        return Folders(tmp_path)
    return request.getfixturevalue("on_server")  # type: ignore[no-any-return]


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drivers that are silent are followed after a moment, and machines cannot look at each other."""
    monkeypatch.setattr(leases, "SILENT_S", 0.4)
    monkeypatch.setattr(server_lease, "BEAT_S", 0.1)
    monkeypatch.setattr(server_lease, "LOOK_S", 0.05)
    monkeypatch.setattr(server_lease, "is_alive", lambda _drive: None)


def driven(place: Place) -> Case:
    store = place.store()
    return open_case(place.path, store=store, clock=CLOCK, regime=Regime.GDPR, drive=store.drive)


def asleep(case: Case) -> None:
    """Stop what counts up for a driver, as SIGSTOP or a cut would; nothing is given back."""
    assert isinstance(case.lease, server_lease.ServerLease)
    case.lease._ends.set()
    case.lease._thread.join(10)


def test_two_drivers_of_one_case_are_refused_and_desks_are_not(place: Place) -> None:
    first = driven(place)
    with pytest.raises(LeaseError, match="another process drives this case"):
        driven(place)
    desk = open_case(place.path, store=place.store(), clock=CLOCK)
    desk.ledger.append("note", {"by": "a person"}, at=NOON)
    first.ledger.append("note", {"by": "the driver"}, at=NOON)
    desk.leave()
    first.leave()
    again = driven(place)
    assert [entry.record.body["by"] for entry in again.ledger.read(kinds=("note",))] == [
        "a person", "the driver",
    ]  # fmt: skip
    again.leave()


def test_a_driver_that_slept_adds_nothing_after_another_one_took_the_case(
    on_server: OnServer, silence: None
) -> None:
    first = driven(on_server)
    first.ledger.append("note", {"by": "first"}, at=NOON)
    asleep(first)
    second = driven(on_server)
    assert second.lease is not None
    assert first.lease is not None
    assert second.lease.epoch == first.lease.epoch + 1
    assert second.lease.before is not None
    assert not second.lease.before.ended
    second.ledger.append("note", {"by": "second"}, at=NOON)
    with pytest.raises(LeaseError, match="drives this case now; nothing was written"):
        first.ledger.append("note", {"by": "first"}, at=NOON)
    with pytest.raises(LeaseError):
        first.ledger.checkpoint(first.signer, at=NOON)
    first.leave()  # raises nothing, and takes nothing from the second
    second.ledger.append("note", {"by": "second"}, at=NOON)
    second.leave()
    assert [entry.record.body["by"] for entry in second.store.ledger(
        on_server.path, read_only=True
    ).read(kinds=("note",))] == ["first", "second", "second"]  # fmt: skip


def test_who_sleeps_in_its_turn_to_write_does_not_keep_the_next_one_out(
    on_server: OnServer, silence: None
) -> None:
    first = driven(on_server)
    with first.ledger._database.writing() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT 1")
        asleep(first)
        second = driven(on_server)
        with pytest.raises(psycopg.OperationalError):
            cursor.execute("SELECT 1")
    second.ledger.append("note", {"by": "second"}, at=NOON)
    second.leave()


def test_a_driver_is_told_that_it_lost_the_case(on_server: OnServer, silence: None) -> None:
    first = driven(on_server)
    told: queue.Queue[str] = queue.Queue()
    assert first.lease is not None
    first.lease.when_lost(told.put)
    on_server.sql("UPDATE cautery.drivers SET epoch = epoch + 1, driver = 'another machine'")
    assert told.get(timeout=20) == "another machine"
    first.leave()


def test_a_driver_whose_database_hung_up_keeps_the_case(on_server: OnServer, silence: None) -> None:
    first = driven(on_server)
    on_server.hang_up()
    first.ledger.append("note", {"by": "first"}, at=NOON)
    with pytest.raises(LeaseError):
        driven(on_server)
    first.leave()


def test_who_gave_it_back_is_followed_at_once(on_server: OnServer) -> None:
    driven(on_server).leave()
    second = driven(on_server)
    assert second.lease is not None
    assert second.lease.before is not None
    assert second.lease.before.ended
    second.leave()


_DIES = """
import sys, time
from cautery.adapters.server_lease import LeaseDesk
from cautery.adapters.server_place import Server
LeaseDesk(Server(database=sys.argv[1], vault=""), sys.argv[2], "a case").take()
print("taken", flush=True)
time.sleep(600)
"""


def test_whose_process_is_gone_on_this_machine_is_followed_at_once(
    on_server: OnServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "SILENT_S", 1e9)
    driven(on_server).leave()
    case = on_server.store().row(on_server.path).id
    process = subprocess.Popen(
        [sys.executable, "-c", _DIES, on_server.server.database, case], stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"taken\n"
    with pytest.raises(LeaseError, match=f"process {process.pid}"):
        driven(on_server)
    process.kill()
    process.wait()
    process.stdout.close()
    second = driven(on_server)
    assert second.lease is not None
    assert second.lease.epoch == 3
    second.leave()


def test_of_two_who_stand_by_one_takes_the_case(on_server: OnServer, silence: None) -> None:
    first = driven(on_server)
    desks = [on_server.store().desk(on_server.path) for _ in range(2)]
    assert [desk.try_to_take()[0] for desk in desks] == [None, None]
    asleep(first)
    seen = desks[0].seen()
    taken = [desk._taken(seen) for desk in desks]
    assert sorted(epoch is not None for epoch in taken) == [False, True]
    for desk in desks:
        desk.close()
    first.leave()


def drive(beat: int, epoch: int = 1, *, ended: bool = False) -> Drive:
    return Drive(epoch=epoch, driver="one", machine="m", pid=os.getpid(), beat=beat, ended=ended)


def test_only_what_was_seen_to_stand_still_is_silent() -> None:
    silence = Silence(lambda _: None)
    assert not silence.may_follow(drive(1), 0.0)
    for second in range(1, int(SILENT_S)):
        assert not silence.may_follow(drive(1), float(second))
    assert silence.may_follow(drive(1), SILENT_S)
    # It woke; and a database that was away shows nobody's silence.
    assert not silence.may_follow(drive(2), SILENT_S + 1)
    assert not silence.may_follow(drive(2), SILENT_S + 1 + GAP_S + SILENT_S)


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.booleans()), max_size=60))
def test_nobody_follows_a_driver_that_beat_within_the_time(
    looks: list[tuple[float, bool]],
) -> None:
    silence, now_s, beat, beaten_s = Silence(lambda _: None), 0.0, 0, 0.0
    for wait_s, beats in looks:
        now_s += wait_s
        if beats:
            beat, beaten_s = beat + 1, now_s
        if silence.may_follow(drive(beat), now_s):
            assert now_s - beaten_s >= SILENT_S
        assert silence.silent_s <= now_s - beaten_s


# -- versions of lists --------------------------------------------------------------------------


def version(case: Case, name: str = "L-0123456789ab", note: str = "a") -> str:
    import base64
    import json

    from cautery.evidence.note import NoteVerifier

    last = case.signer.last_list(name)
    body = {
        "key": base64.b64encode(NoteVerifier.parse(case.signer.key).public).decode(),
        "list": name,
        "made_at": "2026-11-24T12:00:00Z",
        "note": note,
        "previous": last[1] if last else None,
        "type": "cautery/block-list/1",
        "version": last[0] + 1 if last else 1,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def on_another_machine(place: OnServer, folder: Path) -> OnServer:
    """The same case, asked from a machine that got a copy of the keys before the match."""
    import shutil

    shutil.copytree(place.keys.path, folder / "keys")
    folder.joinpath("keys").chmod(0o700)
    return OnServer(folder, place.server, place.bucket)


def test_a_second_machine_signs_the_version_after_that_of_the_first(
    on_server: OnServer, silence: None, tmp_path: Path
) -> None:
    first = driven(on_server)
    other = on_another_machine(on_server, tmp_path / "second")
    first.signer.sign_list(version(first))
    first.signer.sign_list(version(first))
    asleep(first)
    second = driven(other)
    assert second.signer.last_list("L-0123456789ab") == first.signer.last_list("L-0123456789ab")
    second.signer.sign_list(version(second))
    head = second.signer.last_list("L-0123456789ab")
    assert head is not None
    assert head[0] == 3
    # The first wakes between making a version and signing it: nothing leaves.
    made = version(first)
    with pytest.raises(LeaseError, match="drives this case now; nothing was written"):
        first.signer.sign_list(made)
    assert second.signer.last_list("L-0123456789ab") == head
    # What it signed last and nobody was sent is forgotten for what was sent.
    second.signer.sign_list(version(second, note="b"))
    assert first.signer.last_list("L-0123456789ab") == second.signer.last_list("L-0123456789ab")
    first.leave()
    second.leave()
    other.stores[0].close()


def test_of_one_number_one_version_leaves(on_server: OnServer, tmp_path: Path) -> None:
    """Two people republish the list of a case that nobody watches, from two machines."""
    first = open_case(on_server.path, store=on_server.store(), clock=CLOCK, regime=Regime.GDPR)
    other = on_another_machine(on_server, tmp_path / "second")
    second = open_case(other.path, store=other.store(), clock=CLOCK)
    texts = version(first, note="a"), version(second, note="b")
    first.signer.sign_list(texts[0])
    with pytest.raises(ConflictError, match="has signed version 1"):
        second.signer.sign_list(texts[1])
    assert second.signer.last_list("L-0123456789ab") == first.signer.last_list("L-0123456789ab")
    first.leave()
    second.leave()
    other.stores[0].close()


def test_a_version_that_somebody_put_into_the_database_is_refused(on_server: OnServer) -> None:
    case = driven(on_server)
    case.signer.sign_list(version(case))
    on_server.sql(
        "UPDATE cautery.list_versions SET version = 9, text = replace(text, '\"version\":1', "
        "'\"version\":9')"
    )
    with pytest.raises(EvidenceError, match="was not signed by its key"):
        case.signer.last_list("L-0123456789ab")
    case.leave()
