"""How long a newcomer waits after ``pip install`` of the wheel: first and second run of commands.

The wheel is installed in a virtual environment of its own for each Python, with the pinned
requirements, and kernels are kept in an empty folder. Commands run on tiny inputs, in turn; "first"
compiles what the command needs (wanted: at most 8 s), "second" finds it compiled (at most 2 s).

    python bench/first_use.py WHEEL [PYTHON ...]

``--check`` runs each command once, as CI does; a command that fails ends it with an error.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements"
MANDATE = """\
[mandate]
id = "m"
who = "Example League"
regime = "gdpr"
legal_basis = "exclusive rights"
start = 2026-01-01T00:00:00Z
end = 2999-01-01T00:00:00Z
territories = ["FR"]
[[channel]]
id = "sport-1"
names = ["Sport One"]
"""
GRAPH = """{"nodes": [{"id": "e", "cost": 2}, {"id": "a", "cost": 1}],
"groups": [{"of": "a", "members": ["e"]}], "demand": [{"node": "a", "weight": 1}]}"""
LINKS = "subject,kind,value\n" + "".join(
    f"{host}.example,{kind},{kind}-{number}\n"
    for number, pair in enumerate(("ab", "bc", "de"))
    for host in pair
    for kind in ("certificate", "tracker")
)
COMMANDS = {
    "--version": ("--version",),
    "plan": ("plan", "graph.json"),
    "guard": ("guard", "192.0.2.7", "--facts", "facts"),
    "resolve": ("resolve", "titles.txt", "--catalogue", "mandate.toml"),
    "cluster": ("cluster", "links.csv"),
    "identify": ("identify", "probe.wav", "--references", "film.ref"),
}


def write_inputs(folder: Path) -> None:
    """Write the tiny inputs of all commands."""
    (folder / "facts").mkdir()
    (folder / "graph.json").write_text(GRAPH)
    (folder / "links.csv").write_text(LINKS)
    (folder / "mandate.toml").write_text(MANDATE)
    (folder / "titles.txt").write_text("Sport One HD\nKnitting\n")
    rng = random.Random(1)
    tones = [rng.uniform(200, 3000) for _ in range(600)]
    samples = bytearray()
    for at in range(60 * 16_000):
        value = int(12_000 * math.sin(2 * math.pi * tones[at // 1_600] * at / 16_000))
        samples += value.to_bytes(2, "little", signed=True)
    for name, part in (("film.wav", samples), ("probe.wav", samples[20 * 32_000 : 32 * 32_000])):
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(bytes(part))


def installed(wheel: Path, python: str, folder: Path) -> Path:
    """Install the wheel into an environment of its own; return its command."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "-q", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", str(REQUIREMENTS / "run.txt")], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)
    return folder / "bin/cautery"


def run(command: Path, words: tuple[str, ...], folder: Path, cache: Path) -> tuple[float, float]:
    """Run a command; return its seconds of wall and of CPU.

    Raises
    ------
    RuntimeError
        If it fails; a refused target is no failure.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(
        [command, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
    )
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode not in (0, 1) or "Traceback" in ended.stderr:
        raise RuntimeError(f"{' '.join(words)}: {ended.returncode}\n{ended.stderr}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print a table for each Python."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("wheel", type=Path)
    ask.add_argument("pythons", nargs="*", default=[sys.executable])
    ask.add_argument("--check", action="store_true", help="run once, and print no table")
    asked = ask.parse_args()
    for python in asked.pythons:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = installed(asked.wheel.resolve(), python, folder / "environment")
            write_inputs(folder)
            build = ("references", "build", "film.wav", "-o", "film.ref")
            run(command, build, folder, folder / "of-the-build")
            print(f"{python}\n| command | first, s (CPU) | second, s (CPU) |\n| --- | --- | --- |")
            for what, words in COMMANDS.items():
                first = run(command, words, folder, folder / "kernels")
                second = (math.nan, math.nan)
                if not asked.check:
                    second = run(command, words, folder, folder / "kernels")
                seconds = (f"{wall:.1f} ({cpu:.1f})" for wall, cpu in (first, second))
                print(f"| {what} | {' | '.join(seconds)} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
