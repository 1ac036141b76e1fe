"""How fast the ledger takes records, how fairly writers share it, and whether readers hold it up.

Records have 400 bytes and are on disk as an append returns, so a single append cannot be faster
than the disk: each rate stands beside what the disk, or PostgreSQL itself, does in the same run.
Goals: >= 5,000 records/s in groups on both (reach 8,000), four writers of SQLite within
2x of each other, an append during VACUUM < 100 ms, 100 of 100 cases closed within 2 s while 20
processes read.

    python bench/case/ledger.py [CLOSINGS] [SECONDS] [sqlite] [postgresql] [closing]
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case
from cautery.workflows.case.verify import verify_case

SERVER = os.environ.get("CAUTERY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
BODY = {"text": "x" * 340}  # with time and kind, 400 bytes
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
THREADS = 64
WRITERS = 4
READERS = 20
VACUUMED_ROWS = 60_000

WRITE = """
import sys, time
from datetime import UTC, datetime
from cautery.adapters.ledger_sql import SqlLedger
ledger, body = SqlLedger(sys.argv[1]), {"text": "x" * 340}
print("ready", flush=True)
sys.stdin.readline()
end, waits = time.monotonic() + float(sys.argv[2]), []
while time.monotonic() < end:
    begun = time.monotonic()
    ledger.append("x", body, at=datetime.now(UTC))
    waits.append(time.monotonic() - begun)
print(*waits, flush=True)
"""
READ = """
import sqlite3, sys
ledger = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, isolation_level=None)
ledger.execute("BEGIN")
rows = ledger.execute("SELECT idx FROM entries ORDER BY idx")
print(rows.fetchone(), flush=True)
sys.stdin.readline()
"""


@contextlib.contextmanager
def schema() -> Iterator[str]:
    """Lend an empty schema of the server."""
    with psycopg.connect(SERVER, autocommit=True) as server:
        name = f"cautery_bench_{uuid.uuid4().hex}"
        server.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{SERVER}?options=-csearch_path%3D{name}"
        finally:
            server.execute(f"DROP SCHEMA {name} CASCADE")


def bare_flushes(folder: Path, seconds: float) -> float:
    """Return how often a second the disk takes a page that is flushed."""
    handle = os.open(folder / "bare", os.O_CREAT | os.O_RDWR)
    begun, count = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        os.pwrite(handle, b"x" * 4096, count % 1000 * 4096)
        os.fdatasync(handle)
        count += 1
    os.close(handle)
    return count / seconds


def bare_commits(url: str, seconds: float) -> float:
    """Return how often a second PostgreSQL commits one row."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE TABLE bare (leaf BYTEA)")
        begun, count = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            server.execute("INSERT INTO bare VALUES (%b)", [b"x" * 400])
            count += 1
    return count / seconds


def singles(url: str, seconds: float) -> float:
    """Return appends a second of one thread."""
    with contextlib.closing(SqlLedger(url)) as ledger:
        begun, count = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            ledger.append("x", BODY, at=NOW)
            count += 1
    return count / seconds


def threads(url: str, seconds: float) -> float:
    """Return appends a second of many threads that share one ledger, one record each."""
    counts = [0] * THREADS
    with contextlib.closing(SqlLedger(url)) as ledger:
        end = time.monotonic() + seconds

        def work(place: int) -> None:
            while time.monotonic() < end:
                ledger.append("x", BODY, at=NOW)
                counts[place] += 1

        working = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
        for thread in working:
            thread.start()
        for thread in working:
            thread.join()
    return sum(counts) / seconds


def batches(url: str, seconds: float, size: int = 200) -> float:
    """Return records a second of one thread that appends several at once."""
    with contextlib.closing(SqlLedger(url)) as ledger:
        begun, count = time.monotonic(), 0
        while time.monotonic() - begun < seconds:
            ledger.append_all([("x", BODY, NOW)] * size)
            count += size
    return count / (time.monotonic() - begun)


def processes(url: str, seconds: float) -> list[list[float]]:
    """Return how long each append of each of several processes took."""
    SqlLedger(url).close()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, url, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(WRITERS)
    ]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    return [[float(wait) for wait in writer.communicate()[0].split()] for writer in writers]


def during_vacuum(url: str) -> tuple[list[float], float]:
    """Return how long appends took while a slow VACUUM ran, and how long that ran."""
    with contextlib.closing(SqlLedger(url)) as ledger:
        for _ in range(VACUUMED_ROWS // 2000):
            ledger.append_all([("x", BODY, NOW)] * 2000)
        waits: list[float] = []
        done = threading.Event()
        took: list[float] = []

        def vacuum() -> None:
            with psycopg.connect(url, autocommit=True) as server:
                server.execute("SET vacuum_cost_delay = 10")
                server.execute("SET vacuum_cost_limit = 400")
                begun = time.monotonic()
                server.execute("VACUUM (FREEZE, DISABLE_PAGE_SKIPPING) entries")
                took.append(time.monotonic() - begun)
            done.set()

        cleaning = threading.Thread(target=vacuum)
        cleaning.start()
        while not done.is_set():
            begun = time.monotonic()
            ledger.append("x", BODY, at=NOW)
            waits.append(time.monotonic() - begun)
        cleaning.join()
    return waits, took[0]


def closings(folder: Path, count: int) -> tuple[list[float], list[str]]:
    """Close cases that 20 processes are in the middle of reading; return seconds and failures."""
    seconds: list[float] = []
    failures: list[str] = []
    for number in range(count):
        top = folder / str(number)
        top.mkdir()
        case = open_case(
            top / "case", store=FolderStore(KeyFolder(top / "keys")), clock=SystemClock()
        )
        case.ledger.append_all([("x", BODY, NOW)] * 1000)
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", READ, str(case.path / "ledger.sqlite")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(READERS)
        ]
        try:
            for reader in readers:
                assert reader.stdout is not None
                reader.stdout.readline()
            begun = time.monotonic()
            close_case(case, at=NOW)
            seconds.append(time.monotonic() - begun)
            verify_case(case.path, store=FolderStore())
        except Exception as error:  # noqa: BLE001 - counted
            failures.append(str(error))
            case.leave()
        finally:
            for reader in readers:
                reader.communicate("on\n")
    return seconds, failures


def share(rate: float, bare: float) -> str:
    """Show a rate beside the bare one of the same run."""
    return f"{rate:,.0f}/s, {rate / bare:.2f} of bare"


def fairness(waits: list[list[float]]) -> str:
    """Show how many appends each process made and how long they waited."""
    counts = [len(one) for one in waits]
    each = sorted(wait for one in waits for wait in one)
    return (
        f"{', '.join(map(str, counts))} appends:"
        f" most/least {max(counts) / max(min(counts), 1):.2f};"
        f" median {statistics.median(each) * 1000:.1f} ms,"
        f" 95 % {each[int(len(each) * 0.95)] * 1000:.1f} ms, worst {each[-1] * 1000:.0f} ms"
    )


def line(what: str, found: Any) -> None:
    """Print one row of the table."""
    print(f"| {what} | {found} |", flush=True)


def sqlite_rows(folder: Path, seconds: float) -> None:
    """Print what SQLite takes."""
    bare = bare_flushes(folder, seconds)
    line("bare: a page written and flushed (fdatasync)", f"{bare:,.0f}/s")
    url = f"sqlite:///{folder}/"
    line("SQLite, one process, one record an append", share(singles(url + "a", seconds), bare))
    rate = share(threads(url + "b", seconds), bare)
    line(f"SQLite, {THREADS} threads, one record an append", rate)
    line("SQLite, 200 records an append", share(batches(url + "c", seconds), bare))
    waits = processes(url + "d", seconds)
    total = sum(map(len, waits)) / seconds
    line(f"SQLite, {WRITERS} processes", f"{share(total, bare)}; {fairness(waits)}")


def postgresql_rows(seconds: float) -> None:
    """Print what PostgreSQL takes."""
    with schema() as server:
        bare = bare_commits(server, seconds)
        line("bare: PostgreSQL commits one row", f"{bare:,.0f}/s")
        rate = share(singles(server, seconds), bare)
        line("PostgreSQL, one process, one record an append", rate)
        rate = share(threads(server, seconds), bare)
        line(f"PostgreSQL, {THREADS} threads, one record an append", rate)
        line("PostgreSQL, 200 records an append", share(batches(server, seconds), bare))
        waits = processes(server, seconds)
        total = sum(map(len, waits)) / seconds
        line(f"PostgreSQL, {WRITERS} processes", f"{share(total, bare)}; {fairness(waits)}")
    with schema() as server:
        vacuumed, took = during_vacuum(server)
        worst = f"{max(vacuumed) * 1000:.0f} ms at worst of {len(vacuumed)} appends"
        line(f"PostgreSQL, an append during a VACUUM of {took:.1f} s", worst)


def closing_row(folder: Path, count: int) -> bool:
    """Print how cases close under readers; tell whether all did within 2 s."""
    closed, failures = closings(folder, count)
    late = sum(one > 2 for one in closed)
    times = (
        f"median {statistics.median(closed):.2f} s, worst {max(closed):.2f} s" if closed else "-"
    )
    line(
        f"closing while {READERS} processes read",
        f"{len(closed)} of {count} closed and verified, {late} after 2 s; {times}",
    )
    for failure in sorted(set(failures)):
        print(failure, file=sys.stderr)
    return not failures and not late


def main() -> int:
    """Print the table; end with 1 if a closing failed or took over 2 s."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    parts = sys.argv[3:] or ["sqlite", "postgresql", "closing"]
    all_closed = True
    print("| what | measured |\n| --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        if "sqlite" in parts:
            sqlite_rows(Path(name), seconds)
        if "postgresql" in parts:
            postgresql_rows(seconds)
        if "closing" in parts:
            all_closed = closing_row(Path(name), count)
    return int(not all_closed)


if __name__ == "__main__":
    sys.exit(main())
