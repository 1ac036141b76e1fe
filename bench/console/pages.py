"""What a page of the room costs in a case of a million records, at 50 requests a second.

``cautery serve`` runs in a process of its own on a made-up case; each page is asked for at a fixed
rate over kept connections, so a slow answer does not slow the questions down. CPU is the server's,
wall time that of each answer. The lists of the case are made first; what that costs is printed.

    python bench/console/pages.py [N] [SECONDS] [PATH ...]

PATH may have ``{id}`` for the case, and ``{n}`` for a number below N that changes each time.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))
from cautery.adapters.ledger_sql import SqlLedger
from cautery.model.ledger import append
from cautery.model.records import CaseOpened
from projections import MANDATE, NOON, write  # type: ignore[import-not-found]  # of bench/case

RATE = 50
CONNECTIONS = 20
PATHS = ("/", "/cases/{id}", "/cases/{id}/tonight", "/cases/{id}/records/{n}")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def made(folder: Path, records: int) -> Path:
    """Make the case."""
    case = folder / "case-of-the-bench"
    case.mkdir()
    ledger = SqlLedger(case / "ledger.sqlite")
    append(ledger, CaseOpened(mandate=MANDATE, version="0", lab=True, key="unread"), at=NOON)
    ledger.close()
    write(case / "ledger.sqlite", records)
    return case


def cpu_of(process: int) -> float:
    """Return the CPU of a process so far, seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


async def answer(
    place: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, cookie: str
) -> tuple[int, str, bytes]:
    """Ask for a page on a kept connection; return status, head and body."""
    reader, writer = place
    host = "{}:{}".format(*writer.get_extra_info("peername")[:2])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"(?i)content-length: (\d+)", head)
    assert length, head
    return int(head.split()[1]), head, await reader.readexactly(int(length[1]))


async def load(port: int, path: str, cookie: str, *, seconds: float, records: int) -> list[float]:
    """Ask at the rate, whatever the answers take; return the time of each, seconds."""
    rng = random.Random(22)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def one(due: float) -> float:
        place = await free.get()
        status, _, _ = await answer(place, path.replace("{n}", str(rng.randrange(records))), cookie)
        assert status == 200, status
        free.put_nowait(place)
        return time.perf_counter() - due

    began, tasks = time.perf_counter(), []
    for number in range(int(seconds * RATE)):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(due)))
    waits = list(await asyncio.gather(*tasks))
    while not free.empty():
        free.get_nowait()[1].close()
    return waits


async def enter(port: int, start: str) -> tuple[str, str]:
    """Open the room with its key; return the cookie and the id of the only case."""
    place = await asyncio.open_connection("127.0.0.1", port)
    _, head, _ = await answer(place, start, "")
    cookie = re.search(r"(?i)set-cookie: ([^;\r]+)", head)
    assert cookie, head
    status, _, body = await answer(place, "/", cookie[1])
    case = re.search(r"/cases/([A-Za-z0-9_.-]+)", body.decode())
    assert status == 200
    assert case, body[:500]
    place[1].close()
    return cookie[1], case[1]


async def get(port: int, path: str, cookie: str) -> int:
    """Ask for a page once; return its status."""
    place = await asyncio.open_connection("127.0.0.1", port)
    status, _, _ = await answer(place, path, cookie)
    place[1].close()
    return status


def serve(folder: Path, records: int, seconds: float, paths: list[str]) -> None:
    """Measure the pages of the room."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "cautery",
            "serve",
            "--no-browser",
            "--port",
            "0",
            "--cases",
            folder,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"XDG_CACHE_HOME": str(folder / ".cache")},
    )
    try:
        assert server.stdout
        line = next(line for line in server.stdout if "http://" in line)
        address = re.search(r"http://[^/]+:(\d+)(/\S*)", line)
        assert address, line
        port = int(address[1])
        cookie, case = asyncio.run(enter(port, address[2]))
        began, before = time.perf_counter(), cpu_of(server.pid)
        first = asyncio.run(get(port, f"/cases/{case}", cookie))
        print(f"first answer: {first}, {time.perf_counter() - began:.2f} s", flush=True)
        while asyncio.run(get(port, f"/cases/{case}", cookie)) == 503:
            time.sleep(2)
        taken = time.perf_counter() - began
        print(f"lists made: {cpu_of(server.pid) - before:.1f} s of CPU, {taken:.0f} s", flush=True)
        print("| page | first, s | p50 / p95 / worst, ms | server CPU a request, ms |")
        print("| --- | --- | --- | --- |")
        for path in paths:
            place = path.replace("{id}", case)
            one = 1 / RATE
            (first,) = asyncio.run(load(port, place, cookie, seconds=one, records=records))
            before = cpu_of(server.pid)
            waits = sorted(asyncio.run(load(port, place, cookie, seconds=seconds, records=records)))
            spent = (cpu_of(server.pid) - before) / len(waits) * 1e3
            p50, p95 = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.95))
            spread = f"{p50:.0f} / {p95:.0f} / {waits[-1] * 1e3:.0f}"
            print(f"| {path} | {first:.2f} | {spread} | {spent:.1f} |", flush=True)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Print the table."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 6.0
    paths = sys.argv[3:] or list(PATHS)
    with tempfile.TemporaryDirectory() as name:
        made(Path(name), records)
        print(f"{records:,} records, {RATE} requests a second for {seconds:.0f} s each")
        serve(Path(name), records, seconds, paths)


if __name__ == "__main__":
    main()
