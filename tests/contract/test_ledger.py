"""One suite over every adapter of the ledger's port."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence import Frontier, leaf_hash
from cautery.evidence.note import NoteSigner, open_checkpoint
from cautery.model import Record

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SIGNER = NoteSigner("cautery/case-0", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SERVER = os.environ.get("CAUTERY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")

APPEND = """
import sys
from datetime import UTC, datetime
from cautery.adapters.ledger_sql import SqlLedger
ledger = SqlLedger(sys.argv[1])
for number in range(int(sys.argv[2])):
    entry = ledger.append("x", {"writer": sys.argv[3], "number": number}, at=datetime.now(UTC))
    print(entry.index, flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    import psycopg

    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        if "refused" in str(error):
            pytest.skip("no PostgreSQL listens on 127.0.0.1:5432 (set CAUTERY_TEST_POSTGRES)")
        raise
    with server:
        schema = f"cautery_test_{uuid.uuid4().hex}"
        server.execute(f"CREATE SCHEMA {schema}")
        yield f"{SERVER}?options=-csearch_path%3D{schema}"
        server.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    opened = SqlLedger(url)
    yield opened
    opened.close()


def writer(url: str, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPEND, url, str(count), name], stdout=subprocess.PIPE, text=True
    )


def test_an_empty_ledger_holds_nothing(ledger: SqlLedger) -> None:
    assert (ledger.size(), list(ledger.read())) == (0, [])


def test_what_was_appended_reads_back_in_order(ledger: SqlLedger) -> None:
    bodies = [{"n": n, "é": "\u2028\n", "f": 0.1} for n in range(700)]
    for body in bodies[:3]:
        ledger.append("a", body, at=NOON)
    ledger.append_all([("b", body, NOON) for body in bodies[3:]])
    assert [(one.index, one.record.body) for one in ledger.read()] == list(enumerate(bodies))


def test_append_returns_the_entry_that_is_read(ledger: SqlLedger) -> None:
    entry = ledger.append("a", {"x": 1}, at=NOON)
    assert list(ledger.read()) == [entry]
    assert entry.record == Record(kind="a", at=NOON, body={"x": 1})


def test_reading_can_begin_late_and_keep_to_some_kinds(ledger: SqlLedger) -> None:
    ledger.append_all([("a" if n % 2 else "b", {"n": n}, NOON) for n in range(10)])
    assert [one.index for one in ledger.read(since=4, kinds=["a", "c"])] == [5, 7, 9]


def test_a_reader_may_append_while_it_reads(ledger: SqlLedger) -> None:
    ledger.append_all([("a", {"n": n}, NOON) for n in range(5)])
    for entry in ledger.read():
        ledger.append("b", {"of": entry.index}, at=NOON)
    assert ledger.size() == 10


@pytest.mark.parametrize("body", [{"n": 2**53}, {"n": float("nan")}, {"n": b""}, {"n": "\ud800"}])
def test_a_body_without_canonical_form_is_refused(ledger: SqlLedger, body) -> None:
    with pytest.raises(InputError):
        ledger.append("a", body, at=NOON)


def test_of_several_records_all_are_appended_or_none(ledger: SqlLedger) -> None:
    with pytest.raises(InputError):
        ledger.append_all([("a", {"n": 1}, NOON), ("a", {"n": 2**60}, NOON)])
    assert ledger.size() == 0


def test_a_naive_time_is_refused(ledger: SqlLedger) -> None:
    with pytest.raises(InputError):
        ledger.append("a", {}, at=NOON.replace(tzinfo=None))


def test_a_ledger_opened_again_goes_on(url: str) -> None:
    first = SqlLedger(url)
    first.append("a", {}, at=NOON)
    first.close()
    second = SqlLedger(url)
    assert second.append("a", {}, at=NOON).index == 1
    second.close()


def test_a_closed_ledger_does_nothing_more(ledger: SqlLedger) -> None:
    ledger.close()
    ledger.close()
    with pytest.raises(StorageError, match="closed"):
        ledger.append("a", {}, at=NOON)


def test_a_checkpoint_signs_the_root_of_all_leaves(ledger: SqlLedger) -> None:
    entries = ledger.append_all([("a", {"n": n}, NOON) for n in range(21)])
    found = open_checkpoint(ledger.checkpoint(SIGNER, at=NOON).note, SIGNER.verifier)
    root = Frontier().extend(leaf_hash(one.leaf) for one in entries).root()
    assert (found.size, found.root) == (21, root)


def test_checkpoints_are_kept_in_order(ledger: SqlLedger) -> None:
    made = []
    for n in range(5):
        ledger.append("a", {"n": n}, at=NOON)
        made.append(ledger.checkpoint(SIGNER, at=NOON + timedelta(seconds=n)).note)
    assert list(ledger.checkpoints()) == made


def test_a_checkpoint_covers_what_another_process_appended(url: str, ledger: SqlLedger) -> None:
    ledger.append("a", {}, at=NOON)
    ledger.checkpoint(SIGNER, at=NOON)
    other = SqlLedger(url)
    other.append("b", {}, at=NOON)
    ledger.append("a", {}, at=NOON)
    root = Frontier().extend(leaf_hash(one.leaf) for one in other.read()).root()
    other.close()
    made = ledger.checkpoint(SIGNER, at=NOON)
    assert (made.size, made.root) == (3, root)


def test_threads_share_a_ledger(ledger: SqlLedger) -> None:
    def work(name: int) -> None:
        for n in range(20):
            ledger.append("a", {"writer": name, "n": n}, at=NOON)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.index for one in ledger.read()] == list(range(80))


def test_several_processes_append_without_losing_a_record(url: str) -> None:
    writers = [writer(url, 60, str(name)) for name in range(3)]
    given = [int(line) for one in writers for line in one.communicate(timeout=60)[0].split()]
    ledger = SqlLedger(url)
    entries = list(ledger.read())
    ledger.close()
    assert sorted(given) == [one.index for one in entries] == list(range(180))
    for name in "012":
        numbers = [
            one.record.body["number"] for one in entries if one.record.body["writer"] == name
        ]
        assert numbers == list(range(60))


def test_an_append_that_returned_survives_kill_9(url: str) -> None:
    process = writer(url, 1_000_000, "killed")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(40)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.wait(timeout=30)
    process.stdout.close()
    returned = [int(line) for line in lines if line.endswith("\n")]
    ledger = SqlLedger(url)
    kept = [one.index for one in ledger.read()]
    assert kept == list(range(len(kept)))
    assert len(kept) >= len(returned) >= 40
    assert ledger.append("a", {}, at=NOON).index == len(kept)
    ledger.close()


def test_a_ledger_opened_to_be_read_refuses_to_write(url: str) -> None:
    first = SqlLedger(url)
    first.append("a", {}, at=NOON)
    reader = SqlLedger(url, read_only=True)
    assert reader.size() == 1
    with pytest.raises(StorageError, match="read only"):
        reader.append("a", {}, at=NOON)
    reader.close()
    first.close()


def test_a_settled_file_is_read_without_a_file_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "odd name?#%41.sqlite"
    first = SqlLedger.at(path)
    first.append("a", {}, at=NOON)
    first.close()
    before = path.read_bytes(), path.stat().st_mtime_ns
    for immutable in (True, False):
        reader = SqlLedger.at(path, read_only=True, immutable=immutable)
        assert len(list(reader.read())) == 1
        assert [one.name for one in tmp_path.iterdir()] == [path.name]
        reader.close()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_settling_needs_the_ledger_alone(tmp_path: Path) -> None:
    first, second = SqlLedger.at(tmp_path / "l"), SqlLedger.at(tmp_path / "l")
    with pytest.raises(StorageError):
        first.settle(patience_s=0.2)
    second.close()
    first.settle()
    assert [one.name for one in tmp_path.iterdir()] == ["l"]
    first.close()


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    ledger = SqlLedger.at(tmp_path / "l")
    ledger.append("a", {"n": 0}, at=NOON)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(StorageError):
            ledger.append_all([("a", {"page": "x" * 50_000}, NOON)] * 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ledger.append("a", {"n": 1}, at=NOON).index == 1
    assert [one.record.body for one in ledger.read()] == [{"n": 0}, {"n": 1}]
    ledger.close()


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000]
)
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "l").write_bytes(content)
    for read_only in (True, False):
        with pytest.raises((EvidenceError, StorageError)):
            SqlLedger.at(tmp_path / "l", read_only=read_only)


def test_a_view_in_place_of_a_table_is_refused(tmp_path: Path) -> None:
    import sqlite3

    database = sqlite3.connect(tmp_path / "l")
    database.execute(
        "CREATE VIEW entries AS WITH RECURSIVE n(idx) AS (SELECT 0 UNION ALL SELECT idx FROM n)"
        " SELECT idx, 'a' AS kind, x'' AS leaf FROM n"
    )
    database.close()
    with pytest.raises(EvidenceError, match="tables"):
        SqlLedger.at(tmp_path / "l", read_only=True)


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/x"], indirect=False)
def test_a_url_that_no_ledger_lives_at_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        SqlLedger(url)


def test_a_missing_ledger_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        SqlLedger.at(tmp_path / "none", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_large_records_read_back_page_by_page(ledger: SqlLedger) -> None:
    for n in range(4):
        ledger.append("a", {"n": n, "page": "x" * (7 << 20)}, at=NOON)
    assert [one.record.body["n"] for one in ledger.read()] == [0, 1, 2, 3]


def test_a_reader_sees_what_is_appended_meanwhile(url: str, ledger: SqlLedger) -> None:
    ledger.append("a", {}, at=NOON)
    reader = SqlLedger(url, read_only=True)
    sizes = [reader.size()]
    ledger.append("a", {}, at=NOON)
    sizes.append(reader.size())
    reader.close()
    assert sizes == [1, 2]


def test_a_reader_that_leaves_soon_does_not_stop_settling(tmp_path: Path) -> None:
    first = SqlLedger.at(tmp_path / "l")
    first.append("a", {}, at=NOON)
    reader = SqlLedger.at(tmp_path / "l", read_only=True)
    threading.Timer(0.3, reader.close).start()
    first.settle()
    assert [one.name for one in tmp_path.iterdir()] == ["l"]
    first.close()
