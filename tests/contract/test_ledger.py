"""One suite over every adapter of the ledger's port."""

from __future__ import annotations

import contextlib
import itertools
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cautery.adapters import _ledger_batches
from cautery.adapters._ledger_appends import Batch
from cautery.adapters._ledger_locks import LedgerLocks
from cautery.adapters.keys_file import FileCaseKeys, KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import ConflictError, EvidenceError, InputError, StorageError
from cautery.evidence import Frontier, leaf_hash
from cautery.evidence.leaf import leaf_of
from cautery.evidence.note import open_checkpoint
from cautery.model import Record

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SERVER = os.environ.get("CAUTERY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")


@pytest.fixture
def keys(tmp_path: Path) -> FileCaseKeys:
    return KeyFolder(tmp_path / "keys").create_case()


APPEND = """
import sys
from datetime import UTC, datetime
from cautery.adapters.ledger_sql import SqlLedger
ledger = SqlLedger(sys.argv[1])
for number in range(int(sys.argv[2])):
    entry = ledger.append("x", {"writer": sys.argv[3], "number": number}, at=datetime.now(UTC))
    print(entry.index, flush=True)
"""


@contextlib.contextmanager
def schema_of_its_own() -> Iterator[str]:
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


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    with schema_of_its_own() as server:
        yield server


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


def test_a_row_that_is_no_record_is_replaced_where_nothing_is_signed_yet(
    ledger: SqlLedger, keys: FileCaseKeys
) -> None:
    ledger.append_all([("a", {"n": n}, NOON) for n in range(3)])
    junk = [(index, "a", b"junk %d" % index) for index in (3, 4)]
    with ledger._database.writing() as cursor:
        ledger._database.insert(cursor, junk)
    with pytest.raises(EvidenceError, match="record 3"):
        list(ledger.read())
    ledger.set_right(since=4, now=lambda: NOON)
    assert [entry.record.kind for entry in ledger.read(since=4)] == ["row.replaced"]
    with pytest.raises(EvidenceError, match="record 3"):
        list(ledger.read(kinds=("a",)))
    ledger.set_right(since=3, now=lambda: NOON)
    assert [entry.record.body["row"] for entry in ledger.read(since=3)] == [3, 4]
    assert len(list(ledger.read(kinds=("a",)))) == 3
    assert ledger.checkpoint(keys.signer, at=NOON).size == 5


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


def test_a_checkpoint_signs_the_root_of_all_leaves(ledger: SqlLedger, keys: FileCaseKeys) -> None:
    entries = ledger.append_all([("a", {"n": n}, NOON) for n in range(21)])
    found = open_checkpoint(ledger.checkpoint(keys.signer, at=NOON).note, keys.verifier)
    root = Frontier().extend(leaf_hash(one.leaf) for one in entries).root()
    assert (found.size, found.root) == (21, root)


def test_checkpoints_are_kept_in_order(ledger: SqlLedger, keys: FileCaseKeys) -> None:
    made = []
    for n in range(5):
        ledger.append("a", {"n": n}, at=NOON)
        made.append(ledger.checkpoint(keys.signer, at=NOON + timedelta(seconds=n)).note)
    assert list(ledger.checkpoints()) == made


def test_a_checkpoint_covers_what_another_process_appended(
    url: str, ledger: SqlLedger, keys: FileCaseKeys
) -> None:
    ledger.append("a", {}, at=NOON)
    ledger.checkpoint(keys.signer, at=NOON)
    other = SqlLedger(url)
    other.append("b", {}, at=NOON)
    ledger.append("a", {}, at=NOON)
    root = Frontier().extend(leaf_hash(one.leaf) for one in other.read()).root()
    other.close()
    made = ledger.checkpoint(keys.signer, at=NOON)
    assert (made.size, made.root) == (3, root)


def test_two_processes_sign_one_after_the_other(
    url: str, ledger: SqlLedger, keys: FileCaseKeys
) -> None:
    other = SqlLedger(url)
    sizes = []
    for n in range(9):
        ledger.append("a", {"n": n}, at=NOON)
        sizes.append((other if n % 2 else ledger).checkpoint(keys.signer, at=NOON).size)
    other.close()
    assert sizes == list(range(1, 10))


def test_a_checkpoint_of_an_edited_ledger_is_not_signed(
    url: str, ledger: SqlLedger, keys: FileCaseKeys
) -> None:
    for n in range(9):
        ledger.append("a", {"n": n}, at=NOON)
    ledger.checkpoint(keys.signer, at=NOON)
    other = SqlLedger(url)
    with other._writing() as cursor:
        leaf = leaf_of("a", {"n": 99}, NOON)
        cursor.execute("UPDATE entries SET leaf = ? WHERE idx = 4", (leaf,))
    other.append("a", {"n": 10}, at=NOON)
    with pytest.raises(EvidenceError, match="differ from those that were signed"):
        other.checkpoint(keys.signer, at=NOON)
    other.close()


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
    with pytest.raises(StorageError, match=r"read.only"):
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


def test_a_ledger_is_not_settled_under_another_writer(tmp_path: Path) -> None:
    first, second = SqlLedger.at(tmp_path / "l"), SqlLedger.at(tmp_path / "l")
    with pytest.raises(StorageError, match="open for writing"):
        first.settle()
    second.close()
    first.settle()
    assert [one.name for one in tmp_path.iterdir()] == ["l"]


def test_a_reader_in_mid_read_does_not_stop_settling(tmp_path: Path) -> None:
    first = SqlLedger.at(tmp_path / "l")
    first.append_all([("a", {"n": n}, NOON) for n in range(500)])
    reader = sqlite3.connect(tmp_path / "l", isolation_level=None)
    reader.execute("BEGIN")
    rows = reader.execute("SELECT idx FROM entries ORDER BY idx")
    begun = rows.fetchmany(10)
    first.append("b", {}, at=NOON)
    first.settle()
    assert [one.name for one in tmp_path.iterdir()] == ["l"]
    with contextlib.closing(SqlLedger.at(tmp_path / "l", read_only=True, immutable=True)) as later:
        assert [one.index for one in later.read()] == list(range(501))
    assert begun + rows.fetchall() == [(n,) for n in range(500)]
    reader.close()
    assert [one.name for one in tmp_path.iterdir()] == ["l"]


def test_a_ledger_that_was_settled_under_its_readers_is_a_plain_file(tmp_path: Path) -> None:
    first = SqlLedger.at(tmp_path / "l")
    first.append("a", {}, at=NOON)
    reader = SqlLedger.at(tmp_path / "l", read_only=True)
    first.settle()
    header = (tmp_path / "l").read_bytes()[:20]
    reader.close()
    assert (header[:15], header[18:20]) == (b"SQLite format 3", bytes([1, 1]))


STEPS = ("copy", "rename", "remove -shm", "remove -wal", "flush")


@pytest.mark.parametrize("last", STEPS)
@pytest.mark.parametrize("reader_goes_on", ["reads on", "leaves"])
def test_settling_cut_short_at_any_step_loses_nothing(
    tmp_path: Path, last: str, reader_goes_on: str
) -> None:
    """Killed before this step of replacing the file, with a reader that outlives it or not."""
    reads_on = reader_goes_on == "reads on"
    code = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from cautery.adapters.ledger_sql import SqlLedger\n"
        "ledger = SqlLedger(sys.argv[1])\n"
        "ledger.append_all([('a', {'n': n}, datetime.now(UTC)) for n in range(300)])\n"
        "sys.stdin.readline()\n"
        "ledger.append('b', {}, at=datetime.now(UTC))\n"
        "ledger._database.settle(step=lambda one: one != sys.argv[2] or os._exit(9))\n"
    )
    path = tmp_path / "l"
    settling = subprocess.Popen(
        [sys.executable, "-c", code, f"sqlite:///{path}", last], stdin=subprocess.PIPE, text=True
    )
    while not path.exists() or not path.stat().st_size:
        time.sleep(0.01)
    reader = waiting_reader(path, 300)
    settling.communicate("go\n", timeout=60)
    assert settling.returncode == 9
    if not reads_on:
        reader.close()
    resumed = SqlLedger.at(path)
    assert resumed.append("c", {}, at=NOON).index == 301
    assert [one.record.kind for one in resumed.read()] == ["a"] * 300 + ["b", "c"]
    if reads_on:
        assert reader.size() == 302
        reader.close()
    for leftover in tmp_path.glob(".writing-*"):  # those of a case are removed as it is closed
        leftover.unlink()
    resumed.settle()
    assert [one.name for one in tmp_path.iterdir()] == ["l"]
    with contextlib.closing(SqlLedger.at(path, read_only=True, immutable=True)) as settled:
        assert settled.size() == 302


def waiting_reader(path: Path, size: int) -> SqlLedger:
    """A reader of a ledger that another process fills, once it holds so many records."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        with contextlib.suppress(StorageError, EvidenceError):
            reader = SqlLedger.at(path, read_only=True)
            if reader.size() >= size:
                return reader
            reader.close()
        time.sleep(0.02)
    raise AssertionError("the other process never wrote")


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


def in_circles(path: Path, *, depth: int = 5) -> None:
    """Make a table of tables whose pages lead to the same page 400 times each, five deep."""
    page = 4096
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE x (a UNIQUE)")
    raw = bytearray(path.read_bytes())
    first, last = raw[:page], len(raw) // page
    count = int.from_bytes(first[103:105])
    places = [int.from_bytes(first[108 + 2 * at :][:2]) for at in range(count)]
    cells = [bytes(first[at : at + 2 + first[at]]) for at in places]

    def leaf() -> bytes:
        made, end = bytearray(page), page
        made[0], made[3:5] = 0x0D, count.to_bytes(2)
        for number, cell in enumerate(cells):
            end -= len(cell)
            made[end : end + len(cell)] = cell
            made[8 + 2 * number : 10 + 2 * number] = end.to_bytes(2)
        made[5:7] = end.to_bytes(2)
        return bytes(made[:page])

    def inner(child: int, *, at: int = 0) -> bytearray:
        made, start = bytearray(page), page - 5 * 400
        made[at], made[at + 3 : at + 5] = 5, (400).to_bytes(2)
        made[at + 5 : at + 7], made[at + 8 : at + 12] = start.to_bytes(2), child.to_bytes(4)
        for number in range(400):
            place = start + 5 * number
            made[at + 12 + 2 * number : at + 14 + 2 * number] = place.to_bytes(2)
            made[place : place + 5] = child.to_bytes(4) + b"\x64"
        return made

    pages = [leaf()]
    for _ in range(depth):
        pages.append(bytes(inner(last + len(pages))))
    top = inner(last + len(pages), at=100)
    top[:100] = first[:100]
    raw[:page] = top
    raw += b"".join(pages)
    raw[28:32] = (len(raw) // page).to_bytes(4)
    raw[92:96] = raw[24:28]
    path.write_bytes(raw)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("length", [0, 1 << 36])
def test_a_small_file_whose_pages_lead_in_circles_is_left_in_time(
    tmp_path: Path, length: int, *, read_only: bool
) -> None:
    """Also if a hole makes it long, which takes no place on a disk."""
    in_circles(tmp_path / "l")
    if length:
        os.truncate(tmp_path / "l", length)
    assert 512 * (tmp_path / "l").stat().st_blocks < 70_000
    began = time.thread_time()
    with pytest.raises(EvidenceError):
        SqlLedger.at(tmp_path / "l", read_only=read_only)
    assert time.thread_time() - began < 5, "it once ran for minutes"


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_a_pipe_in_a_ledgers_place_is_refused(tmp_path: Path, suffix: str) -> None:
    SqlLedger.at(tmp_path / "l").close()
    (tmp_path / f"l{suffix}").unlink(missing_ok=True)
    os.mkfifo(tmp_path / f"l{suffix}")
    for read_only in (True, False):
        with pytest.raises(EvidenceError, match="not a regular file"):
            SqlLedger.at(tmp_path / "l", read_only=read_only)


def test_a_view_in_place_of_a_table_is_refused(tmp_path: Path) -> None:
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


def test_appending_is_refused_when_another_record_came_in_since(
    url: str, ledger: SqlLedger
) -> None:
    seen = ledger.append("a", {}, at=NOON).index + 1
    other = SqlLedger(url)
    other.append("b", {}, at=NOON)
    other.close()
    with pytest.raises(ConflictError, match="record 1 \\(b\\)"):
        ledger.append("a", {}, at=NOON, if_unchanged_since=seen)
    assert ledger.size() == 2


def test_appending_goes_on_when_nothing_came_in_since(ledger: SqlLedger) -> None:
    ledger.append("a", {}, at=NOON)
    assert ledger.append("a", {}, at=NOON, if_unchanged_since=ledger.size()).index == 1


def test_records_of_other_kinds_are_no_conflict(ledger: SqlLedger) -> None:
    ledger.append("b", {}, at=NOON)
    assert ledger.append("a", {}, at=NOON, if_unchanged_since=0, kinds=["a", "c"]).index == 1
    with pytest.raises(ConflictError):
        ledger.append_all([("a", {}, NOON), ("d", {}, NOON)], if_unchanged_since=0, kinds=["a"])
    assert ledger.size() == 2


def test_of_many_threads_that_saw_the_same_one_alone_appends(ledger: SqlLedger) -> None:
    outcomes: list[str] = []

    def work() -> None:
        try:
            ledger.append("a", {}, at=NOON, if_unchanged_since=0)
            outcomes.append("appended")
        except ConflictError:
            outcomes.append("passed")

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["appended"] + ["passed"] * 11
    assert ledger.size() == 1


def test_threads_that_wait_are_flushed_together(ledger: SqlLedger) -> None:
    """Sixteen wait while one group is written: they make one group more, in the order asked."""
    groups: list[int] = []
    first_is_written, go_on = threading.Event(), threading.Event()
    append_group = ledger._append_group

    def slow(batches):
        groups.append(len(batches))
        first_is_written.set()
        go_on.wait(20)
        return append_group(batches)

    ledger._appends._act = slow
    threads = [threading.Thread(target=ledger.append, args=("a", {"n": 0}), kwargs={"at": NOON})]
    threads[0].start()
    first_is_written.wait(20)
    for n in range(1, 17):
        threads.append(
            threading.Thread(target=ledger.append, args=("a", {"n": n}), kwargs={"at": NOON})
        )
        threads[-1].start()
        while len(ledger._appends._queue) < n:
            time.sleep(0.001)
    go_on.set()
    for thread in threads:
        thread.join()
    assert groups == [1, 16]
    assert [one.record.body["n"] for one in ledger.read()] == list(range(17))


def test_a_record_that_the_database_refuses_costs_no_other_of_its_group(url: str) -> None:
    ledger = SqlLedger(url)
    refused = ledger._database.insert

    def insert(cursor, rows):
        if any(kind == "bad" for _, kind, _ in rows):
            raise sqlite3.DataError("too long")
        refused(cursor, rows)

    ledger._database.insert = insert  # type: ignore[method-assign]
    good, bad = (
        ledger_batch([("a", {}, NOON)]),
        ledger_batch([("bad", {}, NOON)]),
    )
    outcomes = ledger._append_group([good, bad, good])
    assert [type(one) for one in outcomes] == [tuple, EvidenceError, tuple]
    assert [one.record.kind for one in ledger.read()] == ["a", "a"]
    ledger.close()


def ledger_batch(records):
    leaves = [leaf_of(kind, body, at) for kind, body, at in records]
    return Batch(records=records, leaves=leaves, since=None, kinds=())


def test_who_follows_hears_what_other_processes_append(url: str, ledger: SqlLedger) -> None:
    ledger.append("a", {}, at=NOON)
    process = writer(url, 30, "other")
    heard = []
    for entry in ledger.follow(since=1, patience_s=30):
        heard.append(entry.index)
        if len(heard) == 30:
            break
    process.communicate(timeout=60)
    assert heard == list(range(1, 31))


def test_following_ends_when_it_is_stopped_or_nothing_comes(ledger: SqlLedger) -> None:
    ledger.append_all([("a", {}, NOON), ("b", {}, NOON)])
    stop = threading.Event()
    stop.set()
    assert [one.index for one in ledger.follow(stop=stop)] == [0, 1]
    assert [one.index for one in ledger.follow(kinds=["b"], patience_s=0.1)] == [1]


def test_who_follows_hears_the_end_although_the_ledger_is_settled(tmp_path: Path) -> None:
    first = SqlLedger.at(tmp_path / "l")
    first.append("a", {}, at=NOON)
    reader = SqlLedger.at(tmp_path / "l", read_only=True)
    following = reader.follow(patience_s=20)
    heard = [next(following).record.kind]
    first.append("case.closed", {}, at=NOON)
    first.settle()
    heard.append(next(following).record.kind)
    following.close()
    reader.close()
    assert heard == ["a", "case.closed"]


def test_reading_by_kind_uses_an_index(url: str, ledger: SqlLedger) -> None:
    kinds = ["a", "b", "c", "d"]
    ledger.append_all([(kinds[n % 4], {"n": n}, NOON) for n in range(2_000)])
    found = [one.index for one in ledger.read(since=5, kinds=["d", "a"])]
    assert found == [n for n in range(5, 2_000) if n % 4 in {0, 3}]
    with ledger._database.reading() as cursor:
        explained = str(cursor.execute(explain(url)).fetchall())
    assert "entries_by_kind" in explained


def explain(url: str) -> str:
    query = "SELECT idx FROM entries WHERE kind = 'none' AND idx >= 0 ORDER BY idx LIMIT 256"
    return ("EXPLAIN QUERY PLAN " if url.startswith("sqlite") else "EXPLAIN ") + query


def test_a_ledger_from_before_the_index_is_read_as_it_is_and_gets_it_when_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "l"
    made = SqlLedger.at(path)
    made.append_all([("a" if n % 2 else "b", {"n": n}, NOON) for n in range(10)])
    made.close()
    with sqlite3.connect(path) as database:
        database.execute("DROP INDEX entries_by_kind")
    database.close()
    before = path.read_bytes()
    with contextlib.closing(SqlLedger.at(path, read_only=True)) as reader:
        assert [one.index for one in reader.read(kinds=["a"])] == [1, 3, 5, 7, 9]
    assert path.read_bytes() == before
    with contextlib.closing(SqlLedger.at(path)) as resumed:
        resumed.append("a", {}, at=NOON)
        assert [one.index for one in resumed.read(kinds=["a"])] == [1, 3, 5, 7, 9, 10]
    assert b"entries_by_kind" in path.read_bytes()


def test_a_record_hidden_from_the_index_is_noticed(tmp_path: Path) -> None:
    """The records' root would still be right, but nobody who asks for its kind would see it."""
    path = tmp_path / "l"
    made = SqlLedger.at(path)
    made.append_all([("approval.withdrawn", {"n": n}, NOON) for n in range(3)])
    made.close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA writable_schema=ON")
        for sql in ("CREATE INDEX entries_by_kind ON entries (kind) WHERE idx <> 1", None):
            if sql is not None:
                database.execute("DROP INDEX entries_by_kind")
                database.execute(sql)
                database.execute(
                    "UPDATE sqlite_master SET sql = 'CREATE INDEX entries_by_kind ON entries (kind)'"
                    " WHERE name = 'entries_by_kind'"
                )
    database.close()
    for read_only in (True, False):
        with contextlib.closing(SqlLedger.at(path, read_only=read_only)) as opened:
            assert opened.size() == 3
            with pytest.raises(EvidenceError, match="contradict"):
                list(opened.read(kinds=["approval.withdrawn"]))


def test_vacuum_does_not_hold_up_a_writer_in_postgresql() -> None:
    import psycopg

    with schema_of_its_own() as url, contextlib.closing(SqlLedger(url)) as ledger:
        ledger.append("a", {}, at=NOON)
        with psycopg.connect(url) as vacuum:
            vacuum.execute("LOCK TABLE entries IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM does
            appended = threading.Thread(target=ledger.append, args=("b", {}), kwargs={"at": NOON})
            appended.start()
            appended.join(20)
            assert not appended.is_alive()


def test_a_server_that_hangs_up_again_and_again_loses_nothing_acknowledged() -> None:
    import psycopg
    from tests.servers import database_of_its_own

    acknowledged: dict[int, str] = {}
    refused: list[str] = []

    def write(ledger: SqlLedger, name: int) -> None:
        for number in range(40):
            body = f"{name}-{number}"
            try:
                acknowledged[ledger.append("a", {"n": body}, at=NOON).index] = body
            except StorageError:  # hung up on again and again
                refused.append(body)

    with database_of_its_own() as url:
        ledgers = [SqlLedger(url) for _ in range(3)]
        threads = [
            threading.Thread(target=write, args=(ledger, name))
            for name, ledger in enumerate(ledgers)
        ]
        for thread in threads:
            thread.start()
        hung_up = 0
        with psycopg.connect(url, autocommit=True) as other:
            while any(thread.is_alive() for thread in threads):
                hung_up += other.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchone()[0]  # type: ignore[index]
                time.sleep(0.05)
        kept = {entry.index: entry.record.body["n"] for entry in ledgers[0].read()}
        for ledger in ledgers:
            ledger.close()
    assert hung_up > 3
    assert acknowledged.items() <= kept.items()
    assert [*kept] == [*range(len(kept))]
    assert len(set(kept.values())) == len(kept)  # none twice
    assert set(kept.values()) - {*refused} == {*acknowledged.values()}


@pytest.mark.parametrize("after_commit", [False, True])
def test_a_record_is_appended_once_though_the_server_hangs_up_as_it_is_written(
    *, after_commit: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import psycopg

    with schema_of_its_own() as url, contextlib.closing(SqlLedger(url)) as ledger:
        ledger.append("a", {"n": 0}, at=NOON)
        database, cuts = ledger._database, [1]

        def hang_up() -> None:
            if cuts:
                cuts.pop()
                pid = database._connection.info.backend_pid
                with psycopg.connect(url, autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

        if after_commit:
            writing = ledger._writing

            @contextlib.contextmanager
            def cut() -> Iterator[object]:
                with writing() as cursor:
                    yield cursor
                if cuts:
                    hang_up()
                    with pytest.raises(psycopg.OperationalError):
                        database._connection.execute("SELECT 1")
                    raise StorageError("hung up")

            monkeypatch.setattr(ledger, "_writing", cut)
        else:
            insert = database.insert

            def inserted(cursor: object, rows: list[tuple[int, str, bytes]]) -> None:
                insert(cursor, rows)
                hang_up()

            monkeypatch.setattr(database, "insert", inserted)
        assert ledger.append("a", {"n": 1}, at=NOON, if_unchanged_since=1).index == 1
        assert not cuts
        assert [entry.record.body["n"] for entry in ledger.read()] == [0, 1]


def test_a_copy_has_the_same_rows_and_goes_on_where_it_stopped(
    url: str, ledger: SqlLedger, keys: FileCaseKeys, tmp_path: Path
) -> None:
    ledger.append_all([("a", {"n": n}, NOON) for n in range(7)])
    ledger.checkpoint(keys.signer, at=NOON)
    copy = SqlLedger.at(tmp_path / "copy.sqlite")
    copy.take(itertools.islice(ledger.leaves(), 3), ())
    ledger.append("b", {}, at=NOON)
    ledger.checkpoint(keys.signer, at=NOON)
    for _ in range(2):
        copy.take(ledger.leaves(since=copy.size()), ledger.filed_checkpoints())
        assert list(copy.leaves()) == list(ledger.leaves())
        assert list(copy.filed_checkpoints()) == list(ledger.filed_checkpoints())
    with pytest.raises(ConflictError, match="copies into it"):
        copy.take(ledger.leaves(since=2), ())
    copy.close()


def test_a_writer_that_has_just_written_does_not_pass_those_who_wait(tmp_path: Path) -> None:
    """Without the door, whoever has just put down the pen takes it again, nearly always."""
    locks = [LedgerLocks(tmp_path / "l", patience_s=60) for _ in range(4)]
    order: list[int] = []

    def work(name: int) -> None:
        while len(order) < 800:
            with locks[name].turn():
                order.append(name)
                time.sleep(0.001)

    for one in locks:
        one.join()
    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in locks:
        one.leave()
    assert min(order[:800].count(name) for name in range(4)) >= 80  # 200 would be equal
    assert sum(before == after for before, after in itertools.pairwise(order)) <= 80
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_was_killed_holds_nobody_up(url: str, ledger: SqlLedger) -> None:
    process = writer(url, 1_000_000, "killed")
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait(timeout=30)
    process.stdout.close()
    ledger.append("a", {}, at=NOON)
    assert [one.record.kind for one in ledger.read()][-1] == "a"


def execute(url: str, *statements: str) -> None:
    """Do to a ledger what whoever has its database can do."""
    if url.startswith("sqlite"):
        with contextlib.closing(
            sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        ) as opened:
            for statement in statements:
                opened.execute(statement)
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        for statement in statements:
            server.execute(statement)


def test_a_record_before_the_first_is_refused_and_not_passed_over(
    url: str, ledger: SqlLedger
) -> None:
    ledger.append("x", {}, at=NOON)
    execute(url, "INSERT INTO entries SELECT -1, kind, leaf FROM entries WHERE idx = 0")
    for reading in (ledger.read(), ledger.leaves()):
        with pytest.raises(EvidenceError, match="record -1 stands before the first"):
            list(reading)


def test_a_record_before_the_first_is_not_taken_for_the_first_of_its_kind(
    url: str, ledger: SqlLedger
) -> None:
    ledger.append("x", {}, at=NOON)
    execute(url, "INSERT INTO entries SELECT -1, kind, leaf FROM entries WHERE idx = 0")
    assert [entry.index for entry in ledger.read(kinds=("x",))] == [0]


def test_a_checkpoint_before_the_first_is_refused_and_not_passed_over(
    url: str, ledger: SqlLedger, keys: FileCaseKeys
) -> None:
    ledger.append("x", {}, at=NOON)
    ledger.checkpoint(keys.signer, at=NOON)
    execute(url, "UPDATE checkpoints SET number = -1")
    with pytest.raises(EvidenceError, match="checkpoint -1 stands before the first"):
        list(ledger.checkpoints())


def test_a_checkpoint_filed_under_no_number_is_refused(tmp_path: Path, keys: FileCaseKeys) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    with contextlib.closing(SqlLedger(url)) as ledger:
        ledger.append("x", {}, at=NOON)
        ledger.checkpoint(keys.signer, at=NOON)
        execute(url, "UPDATE checkpoints SET size = 'many'")
        with pytest.raises(EvidenceError, match="no number of records"):
            list(ledger.checkpoint_times())


def test_a_trigger_that_bears_a_tables_name_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    with contextlib.closing(SqlLedger(url)) as ledger:
        ledger.append("x", {}, at=NOON)
    [(table,)] = rows(url, "SELECT sql FROM sqlite_master WHERE name = 'checkpoints'")
    execute(
        url,
        "DROP TABLE checkpoints",
        "CREATE TRIGGER checkpoints AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
        table,
    )
    with pytest.raises(EvidenceError, match="its tables are not those of a ledger"):
        SqlLedger(url)


def rows(url: str, query: str) -> list[tuple[str, ...]]:
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as opened:
        return opened.execute(query).fetchall()


def test_some_records_are_picked_by_their_numbers(ledger: SqlLedger) -> None:
    entries = ledger.append_all([("a", {"n": n}, NOON) for n in range(700)])
    wanted = [5, 699, 0, 5, 300, 9999, -1]
    assert ledger.pick(wanted) == tuple(entries[number] for number in (0, 5, 300, 699))
    assert ledger.pick([]) == ()
    assert ledger.pick(range(700)) == entries
    assert [index for index, _, _ in ledger.leaves(since=3, until=6)] == [3, 4, 5]


def test_records_that_are_large_are_picked_a_page_at_a_time(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_ledger_batches, "_PAGE_BYTES", 100)
    entries = ledger.append_all([("a", {"text": "x" * n}, NOON) for n in range(40)])
    assert ledger.pick(range(40)) == entries


def test_the_newest_checkpoint_is_the_one_made_last(ledger: SqlLedger, keys: FileCaseKeys) -> None:
    assert ledger.newest_checkpoint() is None
    for number in range(3):
        ledger.append("a", {"n": number}, at=NOON)
        checkpoint = ledger.checkpoint(keys.signer, at=NOON)
        assert ledger.newest_checkpoint() == checkpoint.note
