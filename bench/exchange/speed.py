"""Seconds and memory of each format, out and in, each in a fresh process, beside a peer's.

Run: ``python bench/exchange/speed.py [--size 100000] [--peer-size 5000] [--format NAME ...]
[--big]``. Wanted: 100,000 indicators out in 20 s and in in 40 s, within 1 GiB. The peer is the
format's own library (of CSV polars, of XLSX calamine, which read cells and check nothing); it reads
a smaller file, as our reader does in turn, and both are compared by microseconds an object.
``--big`` asks what becomes of 350,000 attributes of MISP and of a bundle of a million objects: read
within 1 GiB, or refused with a sentence; by the reader alone, and by ``cautery import`` with its
closed child, whose memory is limited (the peak is that of the largest of its processes).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid5

from upstream import PEERS, peer_read

from cautery.errors import InputError
from cautery.exchange.catalogue import NAMES, format_named
from cautery.exchange.shape import Assumed
from cautery.model.marking import Marking, Pap, Tlp
from worlds import NOON, indicators, machine

_STATED = Assumed(marking=Marking(tlp=Tlp.AMBER, pap=Pap.AMBER), by="a partner", at=NOON)
_SPACE = UUID("9b0cbd12-9d0c-4ab2-8df5-0d4bd4a04f0e")
_MIB = 1 << 20


def main() -> None:
    """Print a line for each format, or what a process of one question came to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--peer-size", type=int, default=5_000)
    parser.add_argument("--format", nargs="*", choices=NAMES, default=NAMES)
    parser.add_argument("--big", action="store_true")
    parser.add_argument("--ask", nargs=3, help="of the processes that this one starts")
    asked = parser.parse_args()
    if asked.ask is not None:
        question, name, file = asked.ask
        print(json.dumps(_answer(question, name, Path(file), asked.size)))
        return
    print(f"before: {machine()}; {asked.size:,} indicators, {asked.peer_size:,} beside the peers")
    with tempfile.TemporaryDirectory() as folder:
        if asked.big:
            _print_big(Path(folder))
        else:
            _print_speeds(asked.format, Path(folder), asked.size, asked.peer_size)
    print(f"after: {machine()}")


def _print_speeds(names: list[str], folder: Path, size: int, peer_size: int) -> None:
    print(
        "| format | file MiB | out: CPU s | wall | MiB | in: CPU s | wall | MiB | peer | its us an "
        "object, in | ours | ours to its |"
    )
    print("| --- " * 12 + "|")
    for name in names:
        file, small = folder / f"large.{name}", folder / f"small.{name}"
        out = _asked("write", name, file, size)
        into = _asked("read", name, file, size)
        _asked("write", name, small, peer_size)
        ours = _asked("read", name, small, peer_size)
        peer = _asked("peer", name, small, peer_size)
        per, own = (1e6 * one["cpu"] / peer_size for one in (peer, ours))
        print(
            f"| {name} | {file.stat().st_size / _MIB:.0f} | {out['cpu']:.1f} | {out['wall']:.1f} | "
            f"{out['mib']:.0f} | {into['cpu']:.1f} | {into['wall']:.1f} | {into['mib']:.0f} | "
            f"{PEERS[name][0]} | {per:.0f} | {own:.0f} | {own / per:.2f} |",
            flush=True,
        )


def _print_big(folder: Path) -> None:
    print("| file | MiB | who reads it | what becomes of it | CPU s | wall | peak MiB |")
    print("| --- " * 7 + "|")
    for title, name, make in (
        ("MISP event, 350,000 attributes", "misp", misp_event),
        ("STIX bundle, 1,000,000 objects", "stix", stix_bundle),
        ("STIX bundle, 200,000 objects", "stix", lambda file: stix_bundle(file, 200_000)),
        ("CSV, 1,000,000 domains", "csv", csv_table),
    ):
        file = folder / f"big{format_named(name).suffix}"
        make(file)
        size = file.stat().st_size / _MIB
        for question, who in (("read", "reader"), ("import", "`cautery import`")):
            found = _asked(question, name, file, 0)
            spent = f"{found['cpu']:.1f} | {found['wall']:.1f} | {found['mib']:.0f}"
            print(f"| {title} | {size:.0f} | {who} | {found['what']} | {spent} |", flush=True)
        file.unlink()


def _asked(question: str, name: str, file: Path, size: int) -> dict[str, float | str]:
    """Ask in a fresh process; what it imports is not counted in its seconds."""
    command = [sys.executable, __file__, "--size", str(size), "--ask", question, name, str(file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{question} {name}: {done.returncode}\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout))


def _imported(name: str, file: Path) -> dict[str, float | str]:
    """Return what the command says of a file, and what it and its child spent."""
    marking = ["--marking", _STATED.marking.words] if _STATED.marking else []
    command = [sys.executable, "-m", "cautery", "import", str(file), "--from", name, *marking]
    begun = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    wall = time.perf_counter() - begun
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = " ".join((done.stdout if done.returncode == 0 else done.stderr).split())
    return {
        "what": f"{'read' if done.returncode == 0 else 'refused'}: {said[:300]}",
        "cpu": spent.ru_utime + spent.ru_stime,
        "wall": wall,
        "mib": spent.ru_maxrss / 1024,
    }


def _answer(question: str, name: str, file: Path, size: int) -> dict[str, float | str]:
    if question == "import":
        return _imported(name, file)
    exchange = format_named(name)
    act: Callable[[], str]
    if question == "write":
        package = indicators(size)

        def act() -> str:
            with file.open("wb") as out:
                for piece in exchange.write(package):
                    out.write(piece)
            return "written"

    elif question == "peer":
        read, raw = peer_read(name), file.read_bytes()

        def act() -> str:
            read(raw)
            return "read"

    else:
        raw = file.read_bytes()

        def act() -> str:
            try:
                reading = exchange.read(raw, file.name, _STATED)
            except InputError as error:
                return f"refused: {error}"
            left_out = sum(loss.count for loss in reading.left_out)
            return f"read: {len(reading.package.items):,} items, {left_out:,} left out"

    cpu, wall = time.process_time(), time.perf_counter()
    what = act()
    return {
        "what": what,
        "cpu": time.process_time() - cpu,
        "wall": time.perf_counter() - wall,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def misp_event(file: Path, count: int = 350_000) -> None:
    """Write an event of MISP with so many attributes, as its interface gives them."""
    kinds = ("domain", "ip-dst", "url")
    with file.open("w") as out:
        out.write(
            '{"Event":{"id":"1","uuid":"' + str(uuid5(_SPACE, "event")) + '","info":"a big event",'
            '"date":"2026-11-30","timestamp":"1796040000","threat_level_id":"4","analysis":"2",'
            '"published":true,"distribution":"1","orgc_id":"1","org_id":"1",'
            '"Orgc":{"name":"a partner","uuid":"' + str(uuid5(_SPACE, "org")) + '"},'
            '"Tag":[{"name":"tlp:green"}],"Attribute":['
        )
        for number in range(count):
            values = (
                f"a-{number}.goals.example",
                f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
                f"https://a.example/{number}",
            )
            attribute = {
                "id": str(number),
                "uuid": str(uuid5(_SPACE, str(number))),
                "event_id": "1",
                "type": kinds[number % 3],
                "category": "Network activity",
                "to_ids": True,
                "timestamp": "1796040000",
                "distribution": "5",
                "comment": "",
                "deleted": False,
                "disable_correlation": False,
                "value": values[number % 3],
            }
            out.write(("," if number else "") + json.dumps(attribute))
        out.write("]}}")


def stix_bundle(file: Path, count: int = 1_000_000) -> None:
    """Write a bundle of so many indicators and domain names, under one marking."""
    clear = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"  # TLP:CLEAR of TLP 2.0
    with file.open("w") as out:
        out.write(
            '{"type":"bundle","id":"bundle--' + str(uuid5(_SPACE, "bundle")) + '","objects":['
        )
        marking = {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": clear,
            "created": "2022-10-01T00:00:00.000Z",
            "name": "TLP:CLEAR",
            "extensions": {
                "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {
                    "extension_type": "property-extension",
                    "tlp_2_0": "clear",
                }
            },
        }
        out.write(json.dumps(marking))
        for number in range(count - 1):
            named = {
                "type": "domain-name",
                "spec_version": "2.1",
                "id": f"domain-name--{uuid5(_SPACE, str(number))}",
                "value": f"a-{number}.goals.example",
                "object_marking_refs": [clear],
            }
            out.write("," + json.dumps(named))
        out.write("]}")


def csv_table(file: Path, count: int = 1_000_000) -> None:
    """Write a table of so many domains."""
    with file.open("w") as out:
        out.write("domain,valid until\n")
        out.writelines(f"a-{number}.goals.example,2026-12-31\n" for number in range(count))


if __name__ == "__main__":
    main()
