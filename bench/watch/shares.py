"""Where the CPU of a demonstration goes: seconds by process, and with py-spy by step.

The seconds are the kernel's own, of each process of the tree; what py-spy samples only divides
those of one process among its steps, for it also counts who waits for a core.
Run: python bench/watch/shares.py [--seed 1] [--window 60] [--spy py-spy] [--checkout FOLDER]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import tempfile
import threading
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parents[2]
EVERY_S = 0.2
TICKS = os.sysconf("SC_CLK_TCK")
KINDS = {
    "_decoder_child": "decoders",
    "_reading_child": "readers",
    "_signer_child": "signer",
    "spawn_main": "lab's servers",
    "resource_tracker": "lab's servers",
    "py-spy": None,
}
"""What is found in a command, and what it is then; all else is the watch itself."""
STEPS = (
    ("imports", r"<frozen importlib|kernels\.py|numba/"),
    (
        "pictures",
        r"identify/(picture|_seeing|_looking|_judging|_shown|graphics|_picture_basis)\.py",
    ),
    ("sound", r"identify/(ladder|sound|_leads|_sounding|simulcast)\.py"),
    ("references", r"identify/references/"),
    ("faults, marks, scores' bases", r"identify/(faults|logos|basis|likelihood)\.py|probing/bases"),
    ("pictures to cells", r"_decoder_cells\.py"),
    ("sound to 8 kHz", r"_decoder_sound\.py"),
    ("FFmpeg", r"_decoder_source\.py"),
    ("stills", r"_decoder_still\.py"),
    ("report, verification", r"finishing\.py|report|verify"),
    ("map", r"watch/mapping/|cautery/graph/"),
    ("sealing", r"adapters/vault_folder|evidence/warc|Journal\.seal|InGroups"),
    ("ledger", r"adapters/_?ledger|case/journal\.py|evidence/leaf"),
    ("approvals", r"lab/demo\.py"),
    ("board", r"cli/board\.py"),
    ("fetching", r"adapters/_client|aiohttp|adapters/dns|adapters/tls"),
)
"""By the outermost frame that matches, in this order of steps."""


def kind_of(command: str) -> str | None:
    """Return what a process of the demonstration does; ``None``: it is none of it."""
    return next((kind for part, kind in KINDS.items() if part in command), "watch")


class Meter:
    """Reads the CPU seconds of a process and of all under it, until they have ended."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._ended = threading.Event()
        self._used: dict[int, tuple[str, float]] = {}
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def stop(self) -> Counter[str]:
        """Return the seconds by kind of process."""
        self._ended.set()
        self._thread.join()
        seconds: Counter[str] = Counter()
        for command, used in self._used.values():
            if (kind := kind_of(command)) is not None:
                seconds[kind] += used
        return seconds

    def _work(self) -> None:
        while not self._ended.wait(EVERY_S):
            parents: dict[int, tuple[int, float]] = {}
            for entry in Path("/proc").glob("[0-9]*/stat"):
                try:
                    fields = entry.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                parents[int(entry.parent.name)] = (
                    int(fields[1]),
                    (int(fields[11]) + int(fields[12])) / TICKS,
                )
            for pid, (_, used) in parents.items():
                if self._is_under(pid, parents):
                    command = self._used.get(pid, ("", 0.0))[0] or _command(pid)
                    self._used[pid] = command, used

    def _is_under(self, pid: int, parents: dict[int, tuple[int, float]]) -> bool:
        while pid in parents and pid != self._root:
            pid = parents[pid][0]
        return pid == self._root


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def steps_of(raw: Path) -> dict[str, Counter[str]]:
    """Return py-spy's samples by kind of process and step."""
    samples: dict[str, Counter[str]] = {}
    for line in raw.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        inside = [name for name in ("_decoder_child", "_reading_child", "_signer_child")
                  if f"from cautery.adapters.{name}" in stack]  # fmt: skip
        kind = kind_of(inside[0] if inside else "spawn_main" if "spawn_main" in stack else "")
        frames = [frame for frame in stack.split(";") if re.search(r"\.py:\d+\)|<frozen", frame)]
        step = next(
            (name for name, pattern in STEPS if any(re.search(pattern, frame) for frame in frames)),
            "else",
        )
        samples.setdefault(str(kind), Counter())[step] += int(count)
    return samples


def main() -> None:
    """Print the table."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--window", type=float, default=60.0, help="seconds that are watched")
    ask.add_argument("--spy", help="py-spy's program; without it, seconds by process alone")
    ask.add_argument("--checkout", type=Path, default=HERE)
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        command = [str(asked.checkout.resolve() / ".venv" / "bin" / "cautery"), "demo", "--json"]
        command += ["--seed", str(asked.seed), "--window", str(asked.window), "--folder", folder]
        if asked.spy:
            command = [asked.spy, "record", "-s", "-f", "raw", "-r", "50", "-o", str(raw), "--",
                       *command]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
            meter = Meter(run.pid)
            assert run.stdout is not None
            run.stdout.read()
        seconds = meter.stop()
        samples = steps_of(raw) if asked.spy else {}
    whole = seconds.total()
    print(f"{whole:.1f} CPU s, load {os.getloadavg()[0]:.0f}\n\n| what | CPU s | share |")
    print("| --- | --- | --- |")
    for kind, used in seconds.most_common():
        print(f"| **{kind}** | {used:.1f} | {100 * used / whole:.0f} % |")
        steps = samples.get(kind, Counter())
        for step, count in steps.most_common():
            part = used * count / steps.total()
            if part >= 0.005 * whole:
                print(f"| {kind}: {step} | {part:.1f} | {100 * part / whole:.0f} % |")


if __name__ == "__main__":
    main()
