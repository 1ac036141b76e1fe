"""What commands cost on large plain files: CPU, the first sign of life, and memory.

Run: ``python bench/cli/plain_files.py [--mb 1 4 16] [--times 3] [WORDS OF A NAME ...]``. Each
command reads a file of each size of each kind (:mod:`plain_inputs`). CPU is of the whole process
tree, the least of ``--times`` runs. The first sign is the wall time until the first letter on a
terminal (stderr) or in the output; progress counts from when it moves. Memory is the most that a
process of the tree held. Wanted: 10 s, 2 s and 1.5 GB at 16 MB.
"""

from __future__ import annotations

import argparse
import os
import pty
import random
import selectors
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import plain_inputs as make

SEED = 1
CPU_S, SIGN_S, MEMORY_MB = 10.0, 2.0, 1500
MANDATE = """\
[mandate]
id = "m"
who = "Postal Police"
regime = "led"
legal_basis = "decree 1"
start = 2026-01-01T00:00:00Z
end = 2999-01-01T00:00:00Z
territories = ["IT"]
[[channel]]
id = "sport-1"
names = ["Sport One"]
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A command on a kind of file; ``{}`` stands for the file, ``{dir}`` for its folder."""

    command: str
    kind: str
    maker: Callable[[Path, int, random.Random], Path]
    name: str
    before: str = ""
    """Commands that make what the command needs, untimed; ``;`` between."""


OPEN = "operation open op.toml --agency it-postal --case {dir}/rome"
CASES = (
    Case("read {}", "M3U, usual", make.m3u, "list.m3u"),
    Case("read {}", "M3U, random", make.m3u_random, "list.m3u"),
    Case("read {} --json", "M3U, usual", make.m3u, "list.m3u"),
    Case("read {}", "guide", make.xmltv, "guide.xml"),
    Case("resolve {} --catalogue catalogue.csv", "M3U, usual", make.m3u, "list.m3u"),
    Case("resolve {} --catalogue catalogue.csv", "lines, random", make.titles_random, "titles.txt"),
    Case("resolve titles.txt --catalogue {}", "catalogue", make.catalogue, "catalogue.csv"),
    Case("mirrors {}", "families", make.mirror_names, "hosts.csv"),
    Case("mirrors {}", "random names", make.names_random, "hosts.txt"),
    Case("cluster {}", "networks", make.links, "links.csv"),
    Case("cluster {}", "random links", make.links_random, "links.csv"),
    Case("map {}", "layers", make.graph, "graph.json"),
    Case("map {}", "random needs", make.graph_random, "graph.json"),
    Case("map {} --html {dir}/map.html", "layers", make.graph, "graph.json"),
    Case("operation money {} --from shop1", "shops", make.transfers, "transfers.csv"),
    Case("operation money {} --from a1", "random coins", make.transfers_random, "transfers.csv"),
    Case("diff {} small.m3u", "M3U, usual", make.m3u, "list.m3u"),
    Case("enrich {} --facts facts", "networks", make.links, "links.csv"),
    Case("guard {} --facts facts", "mixed", make.targets, "targets.txt"),
    Case("plan {}", "layers", make.graph, "graph.json"),
    Case("plan {}", "random needs", make.graph_random, "graph.json"),
    Case("estimate size {dir}", "prices", make.prices, "prices.csv"),
    Case(
        "seized take {} --case {dir}/case --mandate mandate.toml --by A --panel p",
        "panel's lines",
        make.panel_lines,
        "lines.csv",
    ),
    Case(
        "seized take {} --case {dir}/case --mandate mandate.toml --by A --panel p",
        "access log",
        make.access_log,
        "access.log",
    ),
    Case(
        "facts add {} --name pdns --facts {dir}/facts", "passive DNS", make.passive_dns, "p.jsonl"
    ),
    Case("facts add {} --name r --facts {dir}/facts", "ranges", make.ranges, "ranges.txt"),
    Case("operation state {dir}/rome {}", "statements", make.statements, "s.jsonl", OPEN),
    Case(
        "operation state {dir}/rome",
        "kept statements",
        make.statements,
        "s.jsonl",
        OPEN + "; operation state {dir}/rome {}",
    ),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost, and how it ended."""

    cpu_s: float
    sign_s: float
    memory_mb: float
    code: int


def prepare(folder: Path) -> None:
    """Write the small inputs that stand beside the large ones."""
    rng = random.Random(SEED)
    (folder / "facts").mkdir()
    (folder / "mandate.toml").write_text(MANDATE)
    (folder / "titles.txt").write_text("Sport One HD\nKnitting\n")
    make.catalogue(folder / "catalogue.csv", 200_000, rng)
    make.m3u(folder / "small.m3u", 100_000, rng)
    example = run(folder, ["operation", "open", "--example"], out=folder / "op.toml")
    assert example.code == 0


def run(folder: Path, words: Sequence[str], *, out: Path | None = None) -> Cost:
    """Run a command with a terminal as its stderr; its output is read, and may be kept."""
    leader, follower = pty.openpty()
    read_end, write_end = os.pipe()
    began, first = time.monotonic(), None
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(write_end, 1)
        os.dup2(follower, 2)
        os.closerange(3, 100)
        os.execv(sys.executable, [sys.executable, "-m", "cautery", *words])
    os.close(follower)
    os.close(write_end)
    said, kept = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(leader, selectors.EVENT_READ, said)
        selector.register(read_end, selectors.EVENT_READ, kept)
        while selector.get_map():
            for key, _ in selector.select():
                try:
                    piece = os.read(key.fd, 1 << 16)
                except OSError:  # Linux: the terminal's other end is closed
                    piece = b""
                if not piece:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    continue
                first = time.monotonic() if first is None else first
                if key.fd == leader or out is not None:
                    key.data.extend(piece)
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in (0, 1) or b"Traceback" in said:
        sys.stderr.write(f"{shlex.join(words)}: {code}: {said[-2000:].decode(errors='replace')}\n")
    if out is not None:
        out.write_bytes(kept)
    sign = (time.monotonic() if first is None else first) - began
    return Cost(used.ru_utime + used.ru_stime, sign, used.ru_maxrss / 1024, code)


def cost_of(case: Case, size_mb: float, times: int, folder: Path) -> Cost:
    """Return the least CPU and sign, and the most memory, of some runs on one file."""
    costs = []
    for _ in range(times):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            made = Path(name)
            file = case.maker(made / case.name, int(size_mb * 1e6), random.Random(SEED))

            def words(text: str, file: Path = file, made: Path = made) -> list[str]:
                return [
                    word.replace("{dir}", str(made)).replace("{}", str(file))
                    for word in shlex.split(text)
                ]

            for command in filter(None, case.before.split("; ")):
                assert run(folder, words(command)).code == 0, command
            costs.append(run(folder, words(case.command)))
    return Cost(
        min(cost.cpu_s for cost in costs),
        min(cost.sign_s for cost in costs),
        max(cost.memory_mb for cost in costs),
        costs[-1].code,
    )


def main() -> None:
    """Print a line for each command, kind and size."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("words", nargs="*", help="cases whose command or kind has one of these")
    ask.add_argument("--mb", type=float, nargs="+", default=[1, 4, 16])
    ask.add_argument("--times", type=int, default=3)
    asked = ask.parse_args()
    print("| command | file | MB | CPU, s | first sign, s | memory, MB | over |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for case in CASES:
            text = f"{case.command} {case.kind}"
            if asked.words and not any(word in text for word in asked.words):
                continue
            for size in asked.mb:
                cost = cost_of(case, size, asked.times, folder)
                shown = (
                    case.command.replace("{}", "FILE").replace("{dir}/", "").replace("{dir}", "DIR")
                )
                over = ", ".join(
                    what
                    for what, is_over in (
                        ("CPU", cost.cpu_s > CPU_S),
                        ("sign", cost.sign_s > SIGN_S),
                        ("memory", cost.memory_mb > MEMORY_MB),
                        (f"ended with {cost.code}", cost.code not in (0, 1)),
                    )
                    if is_over
                )
                print(
                    f"| `{shown}` | {case.kind} | {size:g} | {cost.cpu_s:.1f} | {cost.sign_s:.1f} "
                    f"| {cost.memory_mb:,.0f} | {over} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
