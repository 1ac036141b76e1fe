"""What a case costs: records appended, captures sealed, lists read, closed and verified.

CPU is this process's and its children's, without the servers': PostgreSQL's own CPU is in rows of
its own, of all its processes together, so it is right only where nobody else uses it. S3 is moto's,
in a process that is not counted; a real one asks for the same of us.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
from units import Cost, cost_of

sys.path += [str(Path(__file__).parents[1] / name) for name in ("case", "watch", "console")]
import ledger as single
import reading_cost
import server as servers
from night import night
from sealing import look

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_server import ServerStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.evidence.ports import CaseStore
from cautery.model import KeyedPseudonyms, Regime
from cautery.model.ledger import filed
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.case.verify import verify_case

SEGMENTS, SEGMENT_BYTES = 3, 1_250_000
"""Of a look: 12 s at 2.5 Mbit/s, in segments of 4 s."""
GROUP = 200
SCRIPT = "costs.py case"


def postgresql_cpu_s() -> float:
    """Return the CPU seconds of all processes of PostgreSQL that run."""
    ticks = 0
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = place.read_text().rpartition(")")
        except OSError:
            continue
        if head.partition("(")[2] == "postgres":
            fields = rest.split()
            ticks += sum(int(fields[at]) for at in (11, 12, 13, 14))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def server() -> Iterator[Server]:
    """Lend a database and a bucket of their own."""
    with ExitStack() as stack:
        os.environ.update(servers.s3_environment(stack.enter_context(servers.s3_server())))
        bucket = servers.Bucket(os.environ["AWS_ENDPOINT_URL"])
        database = stack.enter_context(servers.database_of_its_own())
        place = Server(database=database, vault=bucket.url)
        prepare(place, Regime.GDPR)
        yield place


def turns(count: int, work: Callable[[], Any]) -> list[float]:
    """Return the CPU seconds of each of several turns, after one that does not count."""
    taken = []
    for turn in range(count + 1):
        began = time.process_time()
        work()
        if turn:
            taken.append(time.process_time() - began)
    return taken


def appends(url: str, name: str, *, seconds: float = 1.0, count: int = 7) -> list[Cost]:
    """Measure records that are appended alone, by many threads, and 200 at once."""
    costs = []
    ways: tuple[tuple[str, Callable[[str, float], float]], ...] = (
        ("alone", single.singles),
        (f"from {single.THREADS} threads", single.threads),
        (f"{GROUP} at once", single.batches),
    )
    for way, work in ways:
        each, theirs, rates = [], [], []
        for turn in range(count + 1):
            began, at_theirs = time.process_time(), postgresql_cpu_s()
            rate = work(url, seconds)
            if turn:
                each.append((time.process_time() - began) / (rate * seconds))
                theirs.append((postgresql_cpu_s() - at_theirs) / (rate * seconds))
                rates.append(rate)
        rates.sort()
        note = f"{rates[len(rates) // 2]:,.0f} a second of wall time"
        costs.append(cost_of(f"append.{name}, {way}", "record", each, script=SCRIPT, note=note))
        if name == "PostgreSQL":
            of_server = cost_of(f"append.server's own, {way}", "record", theirs, script=SCRIPT)
            costs.append(of_server)
    return costs


def sealing(store: CaseStore, place: Path, name: str, looks: int = 15) -> Cost:
    """Measure the captures of looks being sealed in one archive each."""
    case = open_case(place, store=store, clock=SystemClock(), regime=Regime.GDPR)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))

    async def once() -> None:
        await journal.seal_media(look(SEGMENTS, SEGMENT_BYTES), what="segment")

    with asyncio.Runner() as runner:
        taken = turns(looks, lambda: runner.run(once()))
    made = turns(5, lambda: look(SEGMENTS, SEGMENT_BYTES))
    spent = [one - sorted(made)[len(made) // 2] for one in taken]
    case.leave()
    size = SEGMENTS * SEGMENT_BYTES
    return cost_of(f"seal.{name}", "look", spent, script=SCRIPT, disk_bytes=size,
                   network_bytes=size if name == "S3" else 0)  # fmt: skip


def closing(records: int, count: int = 3) -> list[Cost]:
    """Measure a case of so many records of a night being closed and verified."""
    closed, verified, size = [], [], 0
    content = [(*filed(one), at) for one, at in islice(night(), records)]
    for _ in range(count):
        with tempfile.TemporaryDirectory() as top:
            path, store = Path(top) / "case", FolderStore(KeyFolder(Path(top) / "keys"))
            case = open_case(path, store=store, clock=SystemClock())
            for first in range(0, records, 5_000):
                case.ledger.append_all(content[first : first + 5_000])
            began = time.process_time()
            close_case(case, at=SystemClock().now())
            closed.append(time.process_time() - began)
            size = sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
            began = time.process_time()
            verify_case(path, store=FolderStore())
            verified.append(time.process_time() - began)
    each = {"script": SCRIPT, "each": records / 1e6, "note": f"of {records:,} records"}
    return [
        cost_of("close", "million records", closed, **each),
        cost_of("verify", "million records", verified, **each),
        cost_of("record of a night, with its index", "record", [], script=SCRIPT,
                disk_bytes=size // records, note="SQLite"),
    ]  # fmt: skip


def lists() -> Cost:
    """Measure a list of 60,000 entries, read apart and taken up."""
    body = reading_cost.a_list(reading_cost.ENTRIES)
    taken = asyncio.run(reading_cost.apart(body))
    name = f"list of {reading_cost.ENTRIES:,} entries"
    return cost_of(name, "reading", taken, script=SCRIPT, network_bytes=len(body))


def bytes_in_postgresql(records: int = 100_000) -> list[Cost]:
    """Measure what a record takes in a table of PostgreSQL, and its index."""
    with single.schema() as url:
        ledger = SqlLedger(url)
        content = [(*filed(one), at) for one, at in islice(night(), records)]
        for first in range(0, records, 5_000):
            ledger.append_all(content[first : first + 5_000])
        ledger.close()
        with psycopg.connect(url, autocommit=True) as asked:
            found = asked.execute(
                "SELECT pg_relation_size('entries'), pg_indexes_size('entries'),"
                " pg_total_relation_size('entries')"
            ).fetchone()
    assert found is not None
    table, indexes, whole = found
    return [
        cost_of("record of a night in PostgreSQL, " + what, "record", [], script=SCRIPT,
                disk_bytes=size // records, note=f"of {records:,} records")
        for what, size in (("the table", table), ("its indexes", indexes), ("all", whole))
    ]  # fmt: skip


def case_costs(records: int) -> list[Cost]:
    """Measure all of a case."""
    costs = [lists()]
    with tempfile.TemporaryDirectory() as top:
        costs += appends(f"sqlite:///{top}/ledger", "SQLite")
        store = FolderStore(KeyFolder(Path(top) / "keys"))
        costs.append(sealing(store, Path(top) / "case", "folder"))
        with single.schema() as url:
            costs += appends(url, "PostgreSQL")
        with server() as place:
            keys = KeyFolder(Path(top) / "server-keys")
            costs.append(sealing(ServerStore(place, keys), Path("server:bench"), "S3"))
    return costs + closing(records) + bytes_in_postgresql(records)
