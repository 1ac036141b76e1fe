"""What the media of one look cost to be sealed: an archive for each segment, and one for all.

Both in turns in one process on one disk; CPU of the process, the kernel's part in it.
Run: python bench/watch/sealing.py [--looks 40] [--segments 7] [--bytes 300000]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import Exchange, KeyedPseudonyms, Response
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case


def look(count: int, size: int) -> list[Response]:
    """Return the answers of one look: media that compress to nothing less."""
    now = datetime.now(UTC)
    answers = []
    for number in range(count):
        url = f"http://pirate.example/{time.monotonic_ns()}/{number}.ts"
        exchange = Exchange(
            url=url, method="GET", target="/", request_headers=(("Host", "pirate.example"),),
            status=200, reason="OK", headers=(("Content-Type", "video/mp2t"),),
            payload=b"G\0" + os.urandom(size), asked_at=now, answered_at=now, address="192.0.2.1",
        )  # fmt: skip
        answers.append(
            Response(
                url=url,
                hops=(url,),
                status=200,
                headers=exchange.headers,
                body=exchange.payload,
                asked_at=now,
                answered_at=now,
                address="192.0.2.1",
                exchanges=(exchange,),
            )
        )
    return answers


async def measure(journal: Journal, looks: int, count: int, size: int) -> None:
    """Print what each way takes for a look."""

    async def singly(answers: list[Response]) -> None:
        for answer in answers:
            await journal.seal_answers([answer], what="segment", confidential=False)

    async def together(answers: list[Response]) -> None:
        await journal.seal_media(answers, what="segment")

    ways: dict[str, Callable[[list[Response]], Awaitable[None]]] = {
        "an archive for each": singly,
        "one archive": together,
    }
    used: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(looks + 1):
        for name, seal in ways.items():
            answers = look(count, size)
            began = time.process_time()
            await seal(answers)
            if turn:  # the first one loads what both need
                used[name].append(time.process_time() - began)
    print("| media of a look | looks | CPU ms, mean |\n| --- | --- | --- |")
    for name, seconds in used.items():
        print(f"| {name} | {len(seconds)} | {1000 * fmean(seconds):.1f} |")
    old, new = used.values()
    print(f"\nratio {fmean(new) / fmean(old):.2f}, load {os.getloadavg()[0]:.0f}")


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--looks", type=int, default=40)
    ask.add_argument("--segments", type=int, default=7)
    ask.add_argument("--bytes", type=int, default=300_000)
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(KeyFolder(Path(folder) / "keys"))
        case = open_case(Path(folder) / "case", store=store, clock=SystemClock())
        journal = Journal(
            case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32)
        )
        asyncio.run(measure(journal, asked.looks, asked.segments, asked.bytes))
        case.leave()


if __name__ == "__main__":
    main()
