"""What a page of the room costs in a case of a million records, at 50 requests a second.

``cautery serve`` runs in a process of its own on a made-up night (``night.py``); each page is asked
for at a fixed rate over kept connections, so a slow answer does not slow the questions down. CPU is
the server's, wall time that of each answer. What the first page costs, and what the lists behind
the pages cost, is printed first, the server's memory last.

    python bench/console/pages.py [--cases FOLDER] [--cache FOLDER] [--records N] [--seconds S]
        [PATH ...]

PATH may have ``{id}`` for the case, and ``{n}``, ``{s}`` and ``{x}`` for a record, a stream and an
exhibit that change each time. The folders hold the one case of an earlier run of ``night.py``, and
the lists of an earlier run of this bench. What begins with /api is asked with a token.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from night import write  # type: ignore[import-not-found]  # beside this file

from cautery.adapters.token_folder import TokenFolder
from cautery.model.tokens import Scope
from cautery.wiring.tokens import make_token

RATE = 50
CONNECTIONS = 20
CASE = "/cases/{id}"
PATHS = (
    "/",
    CASE,
    f"{CASE}?before={{n}}",
    f"{CASE}?kind=verdict",
    f"{CASE}?q=premium",
    f"{CASE}?q=premium+31",
    f"{CASE}?q=edge-5.pirate.example+403",
    f"{CASE}/tonight",
    "/find?q=premium+31",
    "/find?q=edge-5&kind=host",
    f"{CASE}/streams/{{s}}",
    f"{CASE}/records/{{n}}",
    f"{CASE}/exhibits",
    f"{CASE}/exhibits/{{x}}",
    f"{CASE}/mandate",
    "/keys",
    "/api/v1/cases/{id}/tonight",
    "/api/v1/cases/{id}/streams?finding=proven",
    "/api/v1/cases/{id}/records/{n}",
    "/metrics",
)
SCOPES = tuple(one for one in Scope if one is not Scope.TAXII)
STREAMS_OF = 12
"""Records of a stream in the mean: of so many records one is a stream's first, at least."""
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_of(process: int) -> float:
    """Return the CPU of a process so far, seconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def memory_of(process: int) -> str:
    """Return the memory of a process now and at its peak."""
    status = Path(f"/proc/{process}/status").read_text()
    now, peak = (
        int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) // 1024  # type: ignore[index]
        for name in ("VmRSS", "VmHWM")
    )
    return f"{now} MiB, {peak} MiB at its peak"


def filled(path: str, rng: random.Random, records: int) -> str:
    """Return a path with a record, a stream and an exhibit at random places."""
    stream = rng.randrange(1, records // STREAMS_OF)
    exhibit = (stream - stream % 20) * 4
    return (
        path.replace("{n}", str(rng.randrange(records)))
        .replace("{s}", str(stream))
        .replace("{x}", f"{exhibit:064x}")
    )


async def answer(
    place: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str, brings: str
) -> tuple[int, str, bytes]:
    """Ask for a page on a kept connection; return status, head and body."""
    reader, writer = place
    host = "{}:{}".format(*writer.get_extra_info("peername")[:2])
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{brings}\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"(?i)content-length: (\d+)", head)
    assert length, head
    return int(head.split()[1]), head, await reader.readexactly(int(length[1]))


async def load(port: int, path: str, brings: str, *, seconds: float, records: int) -> list[float]:
    """Ask at the rate, whatever the answers take; return the time of each, seconds."""
    rng = random.Random(22)
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", port))

    async def one(due: float) -> float:
        place = await free.get()
        status, _, _ = await answer(place, filled(path, rng, records), brings)
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
    """Open the room with its key; return the header of its cookie and the id of the only case."""
    place = await asyncio.open_connection("127.0.0.1", port)
    _, head, _ = await answer(place, start, "Accept: text/html")
    cookie = re.search(r"(?i)set-cookie: ([^;\r]+)", head)
    assert cookie, head
    brings = f"Cookie: {cookie[1]}"
    status, _, body = await answer(place, "/", brings)
    case = re.search(r"/cases/([A-Za-z0-9_.-]+)", body.decode())
    assert status == 200
    assert case, body[:500]
    place[1].close()
    return brings, case[1]


async def get(port: int, path: str, brings: str) -> tuple[int, str]:
    """Ask for a page once; return its status and its text."""
    place = await asyncio.open_connection("127.0.0.1", port)
    status, _, body = await answer(place, path, brings)
    place[1].close()
    return status, body.decode()


def serve(folder: Path, cache: Path, records: int, seconds: float, paths: list[str]) -> None:
    """Measure the pages of the room."""
    kept = TokenFolder(cache / "tokens")
    _, token = make_token(kept, "bench", SCOPES, days=1, cases=(), room=folder)
    spawned = time.perf_counter()
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
        env=os.environ | {"XDG_CACHE_HOME": str(cache), "CAUTERY_TOKENS": str(cache / "tokens")},
    )
    try:
        assert server.stdout
        line = next(line for line in server.stdout if "http://" in line)
        address = re.search(r"http://[^/]+:(\d+)(/\S*)", line)
        assert address, line
        port = int(address[1])
        cookie, case = asyncio.run(enter(port, address[2]))
        listens = time.perf_counter() - spawned
        print(f"listens: {listens:.2f} s, {cpu_of(server.pid):.2f} s of CPU", flush=True)
        for page in (f"/cases/{case}", f"/cases/{case}/tonight"):
            began, before = time.perf_counter(), cpu_of(server.pid)
            first, _ = asyncio.run(get(port, page, cookie))
            took, spent = time.perf_counter() - began, cpu_of(server.pid) - before
            print(f"first {page}: {first}, {took:.2f} s, {spent:.2f} s of CPU", flush=True)
        began, before = time.perf_counter(), cpu_of(server.pid)
        while "being made" in asyncio.run(get(port, f"/cases/{case}", cookie))[1]:
            time.sleep(2)
        taken = time.perf_counter() - began
        print(f"lists made: {cpu_of(server.pid) - before:.1f} s of CPU, {taken:.0f} s", flush=True)
        print(f"memory: {memory_of(server.pid)}", flush=True)
        print("| page | first, s | p50 / p95 / worst, ms | server CPU a request, ms |")
        print("| --- | --- | --- | --- |")
        for path in paths:
            place = path.replace("{id}", case)
            brings = f"Authorization: Bearer {token}" if path.startswith("/api") else cookie
            one = 1 / RATE
            (first,) = asyncio.run(load(port, place, brings, seconds=one, records=records))
            before = cpu_of(server.pid)
            loaded = load(port, place, brings, seconds=seconds, records=records)
            waits = sorted(asyncio.run(loaded))
            spent = (cpu_of(server.pid) - before) / len(waits) * 1e3
            p50, p95 = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.95))
            spread = f"{p50:.0f} / {p95:.0f} / {waits[-1] * 1e3:.0f}"
            print(f"| {path} | {first:.2f} | {spread} | {spent:.1f} |", flush=True)
        print(f"memory: {memory_of(server.pid)}")
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("paths", nargs="*", default=list(PATHS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        cases = given.cases or Path(name) / "cases"
        if given.cases is None:
            (cases / "case").mkdir(parents=True)
            write(cases / "case" / "ledger.sqlite", given.records)
        print(f"{given.records:,} records, {RATE} requests a second for {given.seconds:.0f} s each")
        cache = given.cache or Path(name) / "cache"
        serve(cases, cache, given.records, given.seconds, given.paths)


if __name__ == "__main__":
    main()
