"""What the validators of OASIS, MISP and CASE say of what leaves.

Run: ``python bench/exchange/validators.py [--case CASE] [--format NAME ...]``. Without a case the
demo runs first and leaves one. Wanted: no error. The tests ask the same validators in the same way
(``tests/exchange/validators.py``, ``tests/journeys/test_demo.py``): stix2-validator with
``--strict`` and the schemas of our extensions, but for its wish for UUIDv4; MISP's library with our
templates, and the schema of misp-objects for these; ``case_validate`` with our ontology and
without ``-w``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.exchange.packages import sample_package
from tests.exchange.validators import FAULTS, OMITTED

from cautery.exchange.catalogue import format_named
from cautery.model.exchange import Package
from worlds import machine, of_case

_TOOLS = {"stix": "stix2-validator", "opencti": "stix2-validator"}
_TOOLS |= {"misp": "pymisp", "case": "case-utils"}


def main() -> None:
    """Print a line for each package and format."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", type=Path, help="A watch's case, as the demo leaves one.")
    parser.add_argument("--format", nargs="*", choices=tuple(FAULTS), default=tuple(FAULTS))
    asked = parser.parse_args()
    print(f"{machine()}; without {OMITTED}: our ids are UUIDv5")
    print("| package | items | links | format | objects | validator | faults | s |")
    print("| --- " * 8 + "|")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        packages = {"the demo's case": of_case(asked.case or _demo(folder))}
        packages["one of each kind"] = sample_package()
        wrong = [
            fault
            for title, package in packages.items()
            for name in asked.format
            for fault in _row(title, package, name, folder)
        ]
    print(f"\n{len(wrong)} faults", *wrong[:20], sep="\n")
    sys.exit(bool(wrong))


def _row(title: str, package: Package, name: str, folder: Path) -> list[str]:
    raw = b"".join(format_named(name).write(package))
    begun = time.perf_counter()
    faults = FAULTS[name](raw, folder)
    seconds = time.perf_counter() - begun
    tool = f"{_TOOLS[name]} {version(_TOOLS[name])}"
    print(
        f"| {title} | {len(package.items):,} | {len(package.relations):,} | {name} | "
        f"{_objects(name, raw):,} | {tool} | {len(faults)} | {seconds:.1f} |",
        flush=True,
    )
    return [f"{title}: {name}: {fault}" for fault in faults]


def _objects(name: str, raw: bytes) -> int:
    whole = json.loads(raw)
    if name == "misp":
        return len(whole["Event"]["Object"])
    return len(whole["@graph" if name == "case" else "objects"])


def _demo(folder: Path) -> Path:
    """Run the demo, and return the case that it leaves."""
    command = [sys.executable, "-m", "cautery", "demo", "--seed", "1", "--json", "--folder"]
    done = subprocess.run([*command, str(folder)], check=True, stdout=subprocess.PIPE, text=True)
    return Path(json.loads(done.stdout.splitlines()[-1])["case"])


if __name__ == "__main__":
    main()
