"""A flood of logins against a served room: what it costs, and how its owner gets in meanwhile.

Run: python bench/console/logins.py [LOGINS]

The room is served by `cautery serve` over an empty folder of cases. Twenty connections from this
machine send logins as fast as they are answered, half under the owner's name, half under names that
there are not; meanwhile the owner logs in once a second in a browser that came in before. CPU is of
the serving process.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

PASSWORD = "four words that do not belong"
OWNER, AT_A_TIME = "a.rossi", 20
CAUTERY = [sys.executable, "-m", "cautery"]


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, str, str]]:
    """Serve a room with one account; yield its process, its address and the one-time word."""
    where = ["--people", str(folder / "people"), "--keys", str(folder / "keys")]
    (folder / "cases").mkdir()
    add = [*CAUTERY, "people", "add", OWNER, "--role", "analyst", "--all-cases", *where]
    word = subprocess.run(add, check=True, capture_output=True, text=True).stdout.strip()
    serve = [*CAUTERY, "serve", "--cases", str(folder / "cases"), "--port", "0", "--no-browser"]
    with subprocess.Popen([*serve, *where], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.pid, process.stdout.readline().split()[1].rstrip("/"), word
        finally:
            process.terminate()


def cpu_s(pid: int) -> float:
    """CPU of a process so far, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_mb(pid: int) -> int:
    """The most memory that a process had."""
    peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(peak[1]) // 1024 if peak else 0


async def flood(pid: int, address: str, word: str, logins: int) -> None:
    """Send the logins, and print what they cost."""
    form = {"headers": {"origin": address}, "allow_redirects": False}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as own, aiohttp.ClientSession() as strange:
        first = {"name": OWNER, "word": word, "password": PASSWORD, "again": PASSWORD}
        async with own.post(f"{address}/login/first", data=first, **form) as answer:
            assert answer.status == 303
        began = cpu_s(pid)
        for _ in range(100):
            async with own.get(f"{address}/keys") as answer:
                assert answer.status == 200
        print(f"a page of who is in     {(cpu_s(pid) - began) * 10:.1f} ms of CPU (N = 100)")
        statuses: Counter[int] = Counter()
        line = asyncio.Semaphore(AT_A_TIME)

        async def guess(number: int) -> None:
            name = OWNER if number % 2 else f"nobody-{number}"
            data = {"name": name, "password": "a guess among many"}
            async with line, strange.post(f"{address}/login", data=data, **form) as answer:
                await answer.read()
                statuses[answer.status] += 1

        async def come_in() -> list[tuple[int, float]]:
            came = []
            for _ in range(5):
                await asyncio.sleep(1)
                at = time.monotonic()
                data = {"name": OWNER, "password": PASSWORD}
                async with own.post(f"{address}/login", data=data, **form) as answer:
                    came.append((answer.status, time.monotonic() - at))
            return came

        began, at = cpu_s(pid), time.monotonic()
        owner = asyncio.create_task(come_in())
        await asyncio.gather(*(guess(number) for number in range(logins)))
        took, cost = time.monotonic() - at, cpu_s(pid) - began
        came = await owner
    print(f"logins                  {logins} in {took:.0f} s: {dict(statuses)}")
    print(f"CPU of the room         {cost:.1f} s, {cost / logins * 1000:.2f} ms each")
    print(f"the owner meanwhile     {[(status, f'{wall:.1f} s') for status, wall in came]}")
    print(f"most memory             {most_mb(pid)} MB")


def main() -> None:
    """Serve, flood, print."""
    logins = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (pid, address, word):
        asyncio.run(flood(pid, address, word, logins))


if __name__ == "__main__":
    main()
