"""What a large library costs: its file, its memory, to open it, and to search it.

    python bench/identify/library.py
    python bench/identify/library.py --works 500 1000 2000 4000 --seconds 2700   # 8 GB of disk

Libraries are made by chance (``append.py``), sound only. A probe is ten seconds of tones that are
in none of them, followed as far as a file's probe is: nothing costs more. Each size is opened and
searched in a process of its own; the straight line through the costs is drawn on to 20,000 works of
45 minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MARKS_A_SECOND = 58.0
"""Of music, as ``append.py`` measures."""
PROBES = 5
TO_WORKS, TO_HOURS = 20_000, 15_000.0
A_FILE = 4096
"""References that one file holds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--works", type=int, nargs="+", default=[250, 500, 1000, 2000])
    parser.add_argument("--seconds", type=float, default=240.0, help="of each work")
    parser.add_argument("--folder", type=Path, help="where the files go, for a while")
    parser.add_argument("--open", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.open is not None:
        print(json.dumps(costs(asked.open)))
        return
    from append import library  # noqa: PLC0415 - the other process needs nothing of it

    print(
        "| works | hours | file | made | opened, checked | opened, unchecked | memory | a probe |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    rows = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        for works in asked.works:
            path = Path(folder) / f"{works}.ref"
            began = time.process_time()
            library(path, works, asked.seconds, MARKS_A_SECOND)
            made_s = time.process_time() - began
            told = subprocess.run(
                [sys.executable, __file__, "--open", path], capture_output=True, text=True,
                check=True,
            )  # fmt: skip
            cost = json.loads(told.stdout) | {"made_s": made_s, "mb": path.stat().st_size / 1e6}
            rows.append((works, works * asked.seconds / 3600, cost))
            print(_row(*rows[-1]), flush=True)
            path.unlink()
    print(_onwards(rows))


def costs(path: Path) -> dict[str, float]:
    """Open and search one file; return CPU seconds, and the memory of this process."""
    from append import tune  # noqa: PLC0415 - as above

    from cautery.identify.ladder import listen  # noqa: PLC0415
    from cautery.identify.references.opening import load  # noqa: PLC0415
    from cautery.model.media import Decoded  # noqa: PLC0415

    began = time.process_time()
    load(path)
    checked_s = time.process_time() - began
    began = time.process_time()
    held = load(path, verify=False)
    opened_s = time.process_time() - began
    probes = [
        Decoded(
            audio=tune(1000 + k, 10.0).astype(np.float32), audio_s=0.0, duration_s=10.0,
            luma=np.empty((0, 36, 64), np.uint8), luma_s=np.empty(0),
        )
        for k in range(PROBES + 1)
    ]  # fmt: skip
    listen(probes[0], held, media_at_s=None)  # the kernels load, and the file comes into memory
    began = time.process_time()
    for probe in probes[1:]:
        listen(probe, held, media_at_s=None)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own, mapped = (int(status[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile"))
    return {
        "checked_s": checked_s, "opened_s": opened_s, "own_mib": own, "mapped_mib": mapped,
        "probe_s": (time.process_time() - began) / PROBES,
    }  # fmt: skip


def _row(works: int, hours: float, cost: dict[str, float]) -> str:
    return (
        f"| {works:,} | {hours:,.0f} | {cost['mb']:,.0f} MB | {cost['made_s']:.1f} s | "
        f"{cost['checked_s']:.2f} s | {cost['opened_s']:.2f} s | {cost['own_mib']:,.0f} MiB + "
        f"{cost['mapped_mib']:,.0f} mapped | {1000 * cost['probe_s']:,.0f} ms |"
    )


def _onwards(rows: list[tuple[int, float, dict[str, float]]]) -> str:
    """Draw the lines on: what grows with the hours, and what with the hours of one file."""
    hours = np.array([row[1] for row in rows])

    def at(name: str, to: float) -> float:
        slope, start = np.polyfit(hours, [row[2][name] for row in rows], 1)
        return float(max(0.0, start + slope * to))

    files = -(-TO_WORKS // A_FILE)
    one = TO_HOURS / files
    return (
        f"{TO_WORKS:,} works, {TO_HOURS:,.0f} h, drawn on: {files} files of "
        f"{at('mb', one):,.0f} MB, each opened in {at('checked_s', one):.1f} s of CPU "
        f"({at('opened_s', one):.1f} unchecked) in {at('own_mib', one):,.0f} MiB and "
        f"{at('mapped_mib', one):,.0f} mapped; a probe that matches nothing costs "
        f"{at('probe_s', one):.2f} s in each file, {files * at('probe_s', one):.1f} s in all."
    )


if __name__ == "__main__":
    main()
