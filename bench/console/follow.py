"""From record to screen: how soon 200 browsers on the stream have a record, over reconnections.

Three processes: one appends records to a case, one serves its hub as server-sent events over HTTP
on loopback, one is 200 browsers that each connect again at random moments, with ``Last-Event-ID``.
A record counts for a browser from just before its append until its event is read.

    python bench/console/follow.py [BROWSERS] [RECORDS]
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.model import to_json
from cautery.projections.lines import RecordLine
from cautery.workflows.case.hub import Hub
from cautery.workflows.case.kept import KeptCase

STAYS_S = 3.0
"""How long a browser stays connected, in the mean."""
APART_S = 0.1


@lru_cache(maxsize=4096)
def text_of(line: RecordLine) -> str:
    """Return one event; it is written once for all browsers."""
    return f"id: {line.record}\ndata: {json.dumps(to_json(line))}\n\n"


def serve(folder: Path) -> None:
    """Serve the hub; print the port, and at the end what it cost."""
    ledger = SqlLedger(folder / "ledger.sqlite", read_only=True)
    kept = KeptCase(ledger, SqliteLists(folder / "lists"), verifier=None)
    hub = Hub(kept)
    told = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal told
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
            last = next((line.split()[1] for line in head if line.startswith("Last-Event")), "-1")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            async for batch in hub.listen(int(last) + 1):
                if batch.reload:
                    writer.write(b"event: reload\ndata:\n\n")
                writer.write("".join(map(text_of, batch.lines)).encode() or b": \n\n")
                await writer.drain()
                told += len(batch.lines)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the browser left, or the measurement is over
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        began = time.process_time()
        await asyncio.to_thread(sys.stdin.readline)
        print(json.dumps([time.process_time() - began, told]), flush=True)

    asyncio.run(run())
    hub.close()


async def browse(port: int, records: int, rng: random.Random) -> tuple[list[int], list[float], int]:
    """Be one browser; return the records that came, their delays in ms, and the connections."""
    seen: list[int] = []
    waits: list[float] = []
    connections = 0
    while not seen or seen[-1] < records - 1:
        connections += 1
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        last = f"Last-Event-ID: {seen[-1]}\r\n" if seen else ""
        writer.write(f"GET / HTTP/1.1\r\nHost: x\r\n{last}\r\n".encode())
        try:
            async with asyncio.timeout(rng.expovariate(1 / STAYS_S)):
                while not seen or seen[-1] < records - 1:
                    line = (await reader.readline()).decode()
                    assert line
                    assert not line.startswith("event: reload")
                    if line.startswith("data: "):
                        record = json.loads(line[6:])
                        at = datetime.fromisoformat(record["at"])
                        waits.append((datetime.now(UTC) - at).total_seconds() * 1e3)
                        seen.append(record["record"])
        except TimeoutError:
            pass
        finally:
            writer.close()
    return seen, waits, connections


async def browse_all(port: int, browsers: int, records: int) -> None:
    """Be all browsers, and print what came."""
    rng = random.Random(22)
    outcomes = await asyncio.gather(
        *(browse(port, records, random.Random(rng.random())) for _ in range(browsers))
    )
    wrong = sum(seen != list(range(records)) for seen, _, _ in outcomes)
    waits = sorted(wait for _, waits, _ in outcomes for wait in waits)
    print(json.dumps([wrong, sum(count for *_, count in outcomes), waits]))


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]))
        return
    if sys.argv[1:2] == ["browse"]:
        asyncio.run(browse_all(*map(int, sys.argv[2:])))
        return
    browsers = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    records = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as name:
        ledger = SqlLedger(Path(name) / "ledger.sqlite")
        server = subprocess.Popen(
            [sys.executable, __file__, "serve", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdin
        assert server.stdout
        port = server.stdout.readline().strip()
        clients = subprocess.Popen(
            [sys.executable, __file__, "browse", port, str(browsers), str(records)],
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(3.0)  # until most are connected
        for number in range(records):
            ledger.append("failure", {"number": number}, at=datetime.now(UTC))
            time.sleep(APART_S)
        wrong, connections, waits = json.loads(clients.communicate()[0])
        server.stdin.close()
        spent, told = json.loads(server.stdout.readline())
        server.wait()
        ledger.close()
    p50, p95, p99 = (waits[int(len(waits) * share)] for share in (0.5, 0.95, 0.99))
    print(f"{browsers} browsers, {records} records, {connections:,} connections")
    print("| what | wanted | measured |\n| --- | --- | --- |")
    print(f"| browsers that lost or doubled a record | 0 | {wrong} |")
    print(
        f"| record to screen, ms, p50 / p95 / p99 / worst of {len(waits):,} | 1000 (reach 400) |",
        end="",
    )
    print(f" {p50:.0f} / {p95:.0f} / {p99:.0f} / {waits[-1]:.0f} |")
    print(f"| server CPU for one delivery | - | {spent / told * 1e6:.0f} us |")


if __name__ == "__main__":
    main()
