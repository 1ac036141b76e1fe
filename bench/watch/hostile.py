"""Seconds that each reader takes for a megabyte of the worst input known, by name.

Run: ``python bench/watch/hostile.py [READER ...]``. Every flood of :mod:`cautery.lab.floods` is
read at
256 KiB, and the three slowest of each reader at 1 MB, best of three, CPU time of one process.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from cautery.errors import CauteryError
from cautery.formats import READERS, Derivation, ReadWarning, rows
from cautery.formats.warm import warm
from cautery.lab.authority import police
from cautery.lab.floods import Flood, floods
from cautery.model import KeyedPseudonyms

SAMPLES = Path(__file__).parents[2] / "tests" / "formats" / "assets" / "samples"
SOME, MEGABYTE = 1 << 18, 1_000_000
SLOWEST, TIMES = 3, 3
AIM_S = 2.0


def chunks_of(data: bytes) -> Iterator[bytes]:
    """Yield pieces as they come from a network."""
    for at in range(0, len(data), 1 << 14):
        yield data[at : at + (1 << 14)]


def read(kind: str, data: bytes) -> float:
    """Read a flood; return the seconds."""
    derivation = Derivation(pseudonyms=KeyedPseudonyms(b"k"), panel="p", place=lambda _: ("IT", 1))
    began = time.process_time()
    with contextlib.suppress(CauteryError):
        if READERS[kind].rows is None:
            for _ in READERS[kind].values(chunks_of(data), "http://h.example/live/x"):
                pass
        else:
            for row in rows(kind, chunks_of(data), authority=police()):
                if not isinstance(row, ReadWarning):
                    derivation.derived(row)
    return time.process_time() - began


def worst_of(kind: str) -> tuple[float, Flood, int]:
    """Return the slowest flood of a megabyte, its seconds, and how many floods were tried."""
    flooded = list(floods(kind, (SAMPLES / kind).read_bytes()))
    read(kind, (SAMPLES / kind).read_bytes())
    slow = sorted(flooded, key=lambda one: read(kind, one.bytes_of(SOME)))[-SLOWEST:]
    timed = [(min(read(kind, one.bytes_of(MEGABYTE)) for _ in range(TIMES)), one) for one in slow]
    seconds, flood = max(timed, key=lambda each: each[0])
    return seconds, flood, len(flooded)


def main() -> None:
    """Print one line for each reader."""
    warnings.simplefilter("ignore")
    warm()
    print("| reader | floods | worst, s for 1 MB | which |\n| --- | --- | --- | --- |")
    over = 0
    for kind in sys.argv[1:] or READERS:
        gc.collect()
        seconds, flood, tried = worst_of(kind)
        over += seconds > AIM_S
        print(f"| {kind} | {tried} | {seconds:.2f} | `{flood}` |", flush=True)
    print(f"over {AIM_S:g} s: {over}")


if __name__ == "__main__":
    main()
