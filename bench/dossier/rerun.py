"""How near `rerun.py` comes to the verdicts of a dossier, and what it notices when media change.

    cautery demo --seed 1 --folder /tmp/demo
    cautery dossier /tmp/demo/*/case --for court ... -o /tmp/bag
    python bench/dossier/rerun.py /tmp/bag

Recorded scores are deleted before the first run. Then, 100 times each, the media of one probe are
exchanged for those of another probe, and its fingerprints for those of another; in both cases the
digests are made to fit, so that only the scores can tell.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

SWAPS = 100


def loaded(bag: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location("rerun", bag / "rerun.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def records_of(bag: Path) -> list[dict[str, Any]]:
    ledger = sqlite3.connect(f"file:{bag}/data/case/ledger.sqlite?mode=ro&immutable=1", uri=True)
    leaves = ledger.execute("SELECT leaf FROM entries ORDER BY idx")
    return [json.loads(leaf) for (leaf,) in leaves]


def forgotten(bag: Path, records: list[dict[str, Any]]) -> tuple[float, list[dict[str, Any]]]:
    """Run the program over a copy without recorded scores; return seconds and its lines."""
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder)
        (copied / "data/case").mkdir(parents=True)
        (copied / "data/case/vault").symlink_to(bag.resolve() / "data/case/vault")
        for name in ("rerun.py", "sound_again.py", "data/error_rates.toml"):
            (copied / name).write_bytes((bag / name).read_bytes())
        ledger = sqlite3.connect(copied / "data/case/ledger.sqlite")
        ledger.execute("CREATE TABLE entries (idx INTEGER, kind TEXT, leaf BLOB)")
        for index, record in enumerate(records):
            forget(record["body"])
            ledger.execute(
                "INSERT INTO entries VALUES (?, ?, ?)",
                (index, record["kind"], json.dumps(record).encode()),
            )
        ledger.commit()
        ledger.close()
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "rerun.py"], cwd=copied, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - begun
        assert done.returncode == 0, done.stderr
        return seconds, [json.loads(line) for line in done.stdout.splitlines()]


def forget(value: Any) -> None:
    if isinstance(value, dict):
        for name in ("score", "log10_lr", "runner_up", "probability"):
            value.pop(name, None)
        for inner in value.values():
            forget(inner)
    elif isinstance(value, list):
        for inner in value:
            forget(inner)


def noticed(module: ModuleType, records: list[dict[str, Any]], kind: str) -> int:
    """Exchange media or fingerprints of a probe of a proven stream; count what shows."""
    bases = [record["body"] for record in records if record["kind"] == "score.basis"]
    archives: dict[tuple[str, str], set[str]] = {}
    for record in records:
        if record["kind"] == "probe.done":
            key = record["body"]["url"], record["body"]["at"]
            archives.setdefault(key, set()).update(record["body"]["exhibits"])
    recorded = {
        (record["body"]["url"]["text"], probe["at"], probe["media_start_s"]): probe
        for record in records
        if record["kind"] == "verdict" and record["body"]["finding"] == "proven"
        for probe in record["body"]["observations"]
    }
    proven = [
        basis for basis in bases if (basis["url"], basis["at"], basis["media_start_s"]) in recorded
    ]
    rng, found = random.Random(1), 0
    for _ in range(SWAPS):
        basis = rng.choice(proven)
        other = rng.choice([x for x in bases if x["exhibit"] != basis["exhibit"]])
        swapped = copy.deepcopy(basis)
        source = basis
        if kind == "segment":
            swapped |= {name: other[name] for name in ("media", "sound")}
            source = other
        else:
            swapped["exhibit"] = other["exhibit"]
        names = sorted(archives[source["url"], source["at"]])
        try:
            computed = module.scored(swapped, map(module.exhibit, names))
        except Exception:  # noqa: BLE001 - the fingerprints or the media do not even fit
            found += 1
            continue
        probe = recorded[basis["url"], basis["at"], basis["media_start_s"]]
        off = [
            abs(witness["log10_lr"] - computed[name][2])
            for witness in probe["witnesses"]
            if (name := (witness["kind"], witness["reference"])) in computed
        ]
        found += max(off, default=0.0) > 0.05
    return found


def main() -> None:
    bag = Path(sys.argv[1])
    records = records_of(bag)
    verdicts = [record["body"] for record in records if record["kind"] == "verdict"]
    findings = Counter(verdict["finding"] for verdict in verdicts)
    seconds, lines = forgotten(bag, copy.deepcopy(records))
    off = [
        abs(line["log10_lr"] - verdict["log10_lr"])
        for line, verdict in zip(lines, verdicts, strict=True)
    ]
    print(f"verdicts {len(off)}: {dict(findings)}")
    print(f"log10 LR off by at most {max(off):.4f}; within 0.05: {sum(x <= 0.05 for x in off)}")
    print(f"seconds: {seconds:.0f}")
    module = loaded(bag)
    for kind in ("segment", "reference"):
        print(f"{kind}s exchanged and noticed: {noticed(module, records, kind)} of {SWAPS}")


if __name__ == "__main__":
    main()
