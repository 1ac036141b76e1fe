"""Fuzz all targets until each has stood what it must; print the table; keep the best inputs.

Run: ``make fuzz``, or ``python fuzz/table.py [TARGET ...] [--inputs N] [--jobs 2]``. A target goes
on, a quarter of its inputs at a time, until a whole last tenth has brought no new edge, at most
``--most`` times its inputs.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from corpus import keep
from targets import TARGETS, inputs_of

HERE = Path(__file__).parent
FOLDER = Path(".fuzz")
"""Where inputs, logs and finds lie."""
_LINE = re.compile(r"^#(\d+)\s+[A-Z]+\s+cov: (\d+)", re.MULTILINE)
_WHY = re.compile(r"^(?:==\d+== ERROR: libFuzzer: (.*)|(\w[\w.]*(?:Error|Exception|Exit)\b.*))$",
                  re.MULTILINE)  # fmt: skip


@dataclass
class Stood:
    """What a target has stood."""

    name: str
    inputs: int = 0
    edges: int = 0
    last_new: int = 0
    seconds: float = 0.0
    kept: int = 0
    finds: list[str] = field(default_factory=list)

    def row(self) -> str:
        """Return its row of the table."""
        quiet = (self.inputs - self.last_new) / self.inputs if self.inputs else 0.0
        found = "; ".join(self.finds) or "0"
        return (
            f"| {self.name} | {self.inputs:,} | {self.edges:,} | {quiet:.0%} | {self.kept} |"
            f" {self.seconds:.0f} | {found} |"
        )


def fuzzed(name: str, inputs: int, most: float) -> Stood:
    """Fuzz a target until it has stood enough, or something is found."""
    stood = Stood(name)
    began = time.monotonic()
    while not stood.finds and stood.inputs < most * inputs:
        if stood.inputs >= inputs and stood.inputs - stood.last_new >= stood.inputs / 10:
            break
        _go_on(stood, max(inputs // 4, 1))
    stood.seconds = time.monotonic() - began
    if not stood.finds:
        stood.kept = _merged(name)
    return stood


def _go_on(stood: Stood, inputs: int) -> None:
    log = FOLDER / f"{stood.name}.log"
    command = [sys.executable, str(HERE / "run.py"), stood.name, f"-runs={inputs}"]
    command += [f"-artifact_prefix={FOLDER}/find-{stood.name}-"]
    with log.open("w", errors="replace") as file:
        code = subprocess.run(command, stdout=file, stderr=file, check=False).returncode
    text = log.read_text(errors="replace")
    ran = 0
    for found in _LINE.finditer(text):
        ran, edges = int(found[1]), int(found[2])
        if edges > stood.edges:
            stood.edges, stood.last_new = edges, stood.inputs + ran
    stood.inputs += ran
    if code:
        why = [one[1] or one[2] for one in _WHY.finditer(text)]
        stood.finds.append((why[0] if why else f"ended with {code}")[:120])


def _merged(name: str) -> int:
    """Keep the fewest inputs that reach every edge that was reached."""
    with tempfile.TemporaryDirectory() as out, (FOLDER / f"{name}.merge").open("w") as log:
        command = [sys.executable, str(HERE / "run.py"), name, "-merge=1", "-use_counters=0"]
        command += [out, str(FOLDER / name)]
        # A merge starts itself again for the inputs behind one that breaks it.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        environment = {**os.environ, "PATH": path}
        subprocess.run(command, stdout=log, stderr=log, env=environment, check=True)
        return keep(name, [one.read_bytes() for one in Path(out).iterdir()])


def main() -> None:
    """Print one row a target, as each is done."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET")
    ask.add_argument("--inputs", type=int, help="how many each must stand")
    ask.add_argument("--most", type=float, default=2.0, help="times that, at most")
    ask.add_argument("--jobs", type=int, default=2, help="targets at a time")
    asked = ask.parse_args()
    FOLDER.mkdir(exist_ok=True)
    print("| target | inputs | edges | nothing new in the last | kept | s | finds |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)

    def one(name: str) -> Stood:
        stood = fuzzed(name, asked.inputs or inputs_of(name), asked.most)
        print(stood.row(), flush=True)
        return stood

    with ThreadPoolExecutor(asked.jobs) as pool:
        stood = list(pool.map(one, asked.targets))  # all of them, whatever one finds
    raise SystemExit(any(target.finds for target in stood))


if __name__ == "__main__":
    main()
