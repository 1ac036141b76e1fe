"""CPU that a watch spends on one list, read in its own process and in the process that reads.

Run: ``python bench/watch/reading_cost.py [ENTRIES] [PEER]``. ``PEER`` is the Python of another
checkout,
such as an earlier release's: it does the same work in the same run, turn by turn, and the last line
is the ratio. Counted are both processes, from the bytes of a list to its redacted table.
"""

# ruff: noqa: PLC0415 - of two releases, each has only its own half

from __future__ import annotations

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from cautery.formats.diff import Listed
from cautery.model import Window

TURNS = 5
ENTRIES = 60_000
WINDOW = Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
URL = "http://list.example/get.php"


def a_list(entries: int) -> bytes:
    """Return a list as services write them."""
    return b"#EXTM3U\n" + b"".join(
        f'#EXTINF:-1 tvg-id="arena{at}.fr" tvg-name="FR| ARENA {at} FHD" '
        f'tvg-logo="http://logo.example/{at}.png" group-title="FR | Sport",FR| ARENA {at} FHD\n'
        f"http://panel.example:8080/live/anna/s3cret/{at}.ts\n".encode()
        for at in range(entries)
    )


class Answer:
    """An answer of a list's server."""

    url, status = URL, 200

    def __init__(self, body: bytes) -> None:
        self.body = body


def cpu_s() -> float:
    """Return the CPU time of this process and of the children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def of_children() -> float:
    """Return the CPU time of the children that run."""
    seconds = 0.0
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text(encoding="ascii").split():
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            fields = stat.rpartition(")")[2].split()
            seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return seconds


def redacted(entries: object) -> int:
    """Redact as release 0.1.0 did: once to record what is listed, once to compare it."""
    from cautery.formats import redacted_text
    from cautery.model import RedactedUrl

    key = b"k" * 32
    for _ in range(2):
        listed = [
            Listed(RedactedUrl.of(one.url, key).text, redacted_text(one.title or "", key))
            for one in entries
        ]
    return len(listed)


async def apart(body: bytes) -> list[float]:
    """Return the seconds of each turn, read in another process."""
    from cautery.adapters.reading import ReadingPool
    from cautery.model import KeyedPseudonyms
    from cautery.workflows.watch.sources.jobs import MODULES, screened_apart
    from cautery.workflows.watch.sources.understanding import Asked

    asked = Asked(kind="m3u", location=URL, username=None, password=None)
    seconds = []
    async with ReadingPool(MODULES, workers=1, without_seccomp=True) as pool:
        await pool.start()
        for turn in range(TURNS + 1):
            began = cpu_s() + of_children()
            says = await screened_apart(
                asked, [Answer(body)], WINDOW, readers=pool, pseudonyms=KeyedPseudonyms(b"k" * 32)
            )
            listed = [Listed(stream.place, stream.title) for stream in says.streams]
            assert len(listed) == len(says.streams) > 0
            if turn:
                seconds.append(cpu_s() + of_children() - began)
    return seconds


def here(body: bytes) -> list[float]:
    """Return the seconds of each turn, read as release 0.1.0 did: in the watch's process."""
    from cautery.model import Source
    from cautery.workflows.watch.sources.asking import understood

    source = Source(location=URL, kind="m3u")
    seconds = []
    for turn in range(TURNS + 1):
        began = cpu_s()
        says = understood(source, [Answer(body)], WINDOW)
        assert redacted(says.entries) == len(says.entries)
        if turn:
            seconds.append(cpu_s() - began)
    return seconds


def main() -> None:
    """Print a line of JSON for each side, and the ratio."""
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES
    body = a_list(entries)
    try:
        from cautery.workflows.watch.sources import jobs  # noqa: F401
    except ImportError:
        print(json.dumps(here(body)))
        return
    ours, theirs = [], []
    for _ in range(3):
        ours += asyncio.run(apart(body))
        if len(sys.argv) > 2:
            said = subprocess.run(
                [sys.argv[2], __file__, str(entries)], capture_output=True, check=True, text=True
            )
            theirs += json.loads(said.stdout)
    print(f"{entries:,} entries, {len(body):,} bytes, {time.strftime('%Y-%m-%d')}")
    print(f"in another process: median {statistics.median(ours):.2f} s, N {len(ours)}")
    if theirs:
        print(f"in the watch's own: median {statistics.median(theirs):.2f} s, N {len(theirs)}")
        print(f"ratio {statistics.median(ours) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    main()
