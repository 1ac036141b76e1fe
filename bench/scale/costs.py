"""What one of each thing costs on this machine: CPU, memory, disk and network, one JSON out.

    python bench/scale/costs.py [looks] [case] [pages] [--sizes 500 2500] [--records 100000]
        [--json FILE] [--note TEXT]

Each row names the part that gives it; by default all parts run, one after the other, in about five
minutes. Figures are medians with the 10th and 90th percentile of repeated turns, CPU is that of the
process and its children. What the parts measure is told by ``cost_looks.py`` and ``cost_case.py``;
``pages`` asks ``bench/console/pages.py`` for a case's pages and ``/metrics``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from units import HEAD, Cost

from cautery.lab.capacity import CORE_HZ, free_cores

HERE = Path(__file__).parent
PAGES = ("/cases/{id}", "/cases/{id}/tonight", "/cases/{id}/streams/{s}", "/find?q=premium+31",
         "/metrics")  # fmt: skip


def of_looks(asked: argparse.Namespace) -> list[Cost]:
    """Measure looks and hearing."""
    from cost_looks import looks  # noqa: PLC0415 - each part loads much of its own

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(looks(asked.sizes, Path(folder)))


def of_case(asked: argparse.Namespace) -> list[Cost]:
    """Measure a case."""
    from cost_case import case_costs  # noqa: PLC0415

    return case_costs(asked.records)


def of_pages(asked: argparse.Namespace) -> list[Cost]:
    """Measure pages of the room, by the script that does."""
    command = [sys.executable, str(HERE.parent / "console" / "pages.py")]
    command += ["--records", str(asked.records), "--seconds", "4", *PAGES]
    said = subprocess.run(command, check=True, text=True, capture_output=True).stdout
    rows = re.findall(
        r"^\| (\S+) \| \S+ \| ([\d]+) / ([\d]+) / \S+ \| ([\d.]+) \|$", said, re.MULTILINE
    )
    return [
        Cost(name=f"page {path}", unit="request", script="costs.py pages", cpu_s=float(ms) / 1e3,
             least_s=float(ms) / 1e3, most_s=float(ms) / 1e3, turns=1,
             note=f"case of {asked.records:,}; {p50} ms, 95 % {p95} ms at 50 a second")
        for path, p50, p95, ms in rows
    ]  # fmt: skip


PARTS: dict[str, Callable[[argparse.Namespace], list[Cost]]] = {
    "looks": of_looks, "case": of_case, "pages": of_pages,
}  # fmt: skip


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("parts", nargs="*", choices=[*PARTS])
    ask.add_argument("--sizes", type=int, nargs="*", default=[500, 2500])
    ask.add_argument("--records", type=int, default=100_000)
    ask.add_argument("--json", type=Path)
    ask.add_argument("--note", default="", help="of the machine, such as who else uses it")
    asked = ask.parse_args()
    costs: list[Cost] = []
    machine = {
        "at": f"{datetime.now(UTC):%Y-%m-%d}", "cores": os.cpu_count(),
        "python": platform.python_version(), "system": platform.system(),
        "load_before": round(os.getloadavg()[0], 1), "note": asked.note,
        "free_cores": round(free_cores(), 2), "core_hz": CORE_HZ,
    }  # fmt: skip
    print(json.dumps(machine))
    print(HEAD)
    for part in asked.parts or PARTS:
        for cost in PARTS[part](asked):
            costs.append(cost)
            print(cost.row(), flush=True)
    machine["load_after"] = round(os.getloadavg()[0], 1)
    if asked.json:
        told = {"machine": machine, "costs": [one.to_json() for one in costs]}
        asked.json.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
