"""The goals of the coordinated operation, measured one after the other; any seed.

1. world: seconds and memory to build and replay one of full size, and what the replay ends with.
2. sizing: bench/estimate/sizing.py (400 worlds of a hundredth of the size).
3. bundles: bench/operation/bundles.py (1,000 random changes of hidden facts).
4. days: 1,000 random worlds planned for the day, random steps failing: violations of precedence
   by the independent check, and failed steps that are neither replaced nor explained.
5. exhibits: totals against the manifest, custody, and tampering that ``verify`` does not find.
6. deconfliction: bench/operation/deconflict.py (100,000 against 100,000 targets).

    python bench/operation/operation.py [--seed 1] [--days 1000] [--tampers 200] [--only
    world,days] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from cautery import wiring
from cautery.errors import CauteryError, InputError
from cautery.lab.operations import LIKES, build_world
from cautery.lab.operations.replay.run import replay
from cautery.model import ClockOffset, Competence, Operation, StepReport, StepState
from cautery.operation.schedule import precedence_violations
from cautery.operation.totals import totals
from cautery.plan import cut
from cautery.wiring import cases, signing
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.close_desk import EXHIBITS
from cautery.workflows.operation.desk import open_desk
from cautery.workflows.operation.picture import picture_of
from cautery.workflows.operation.plan_day import plan_day
from cautery.workflows.operation.register_book import register_of
from cautery.workflows.operation.run_day import RunningDay
from cautery.workflows.operation.sign_manifest import check_manifest

PARTS = ("world", "sizing", "bundles", "days", "exhibits", "deconfliction")
HERE = Path(__file__).parent
DAY_SCALE = 0.01
GB = 1 << 20
"""``ru_maxrss`` is in KiB on Linux."""
SHOWN = (
    "cases_verified",
    "agencies",
    "steps",
    "replanned",
    "precedence_violations",
    "exhibits",
    "served_after",
    "users",
    "users_truth",
    "claims_flagged",
    "descendants",
)


def world(seed: int) -> bool:
    """Build and replay a full-size world, each in a process of its own; print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        built = _cautery(f"lab build --like taken-down --seed {seed} -o {folder}/world --json")
        written = time.perf_counter() - began
        began = time.perf_counter()
        last = _cautery(
            f"operation replay taken-down --seed {seed} --speed 0 --case {folder}/case --json"
        )
        replayed = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / GB
    print(f"built and written with its sources in {written:.1f} s (goal < 60 s)")
    print(f"replayed in {replayed:.0f} s (goal < 300 s); at most {peak:.2f} GB (goal < 4 GB)")
    print("  " + ", ".join(f"{name} {count:,}" for name, count in built["sizes"].items()))
    print("  " + json.dumps({name: last[name] for name in SHOWN}))
    verified = last["cases_verified"] == last["agencies"]
    return written < 60 and peak < 4 and replayed < 300 and verified


def _cautery(words: str) -> dict[str, Any]:
    """Run a command of ours; return the last JSON line that it printed."""
    command = [sys.executable, "-m", "cautery", *words.split()]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True)
class Outcome:
    """What became of one random day."""

    steps: int = 0
    failed: int = 0
    unexplained: int = 0
    violations: int = 0
    violations_after: int = 0
    refusal: str = ""


def one_day(seed: int) -> Outcome:
    """Plan the day of a random world, and let random steps fail."""
    rng = np.random.default_rng(seed)
    made = build_world(LIKES[seed % len(LIKES)], seed=seed, scale=DAY_SCALE)
    operation = Operation(
        id="bench",
        name="bench",
        agencies=made.agencies,
        legal_basis="none: a bench",
        opened_at=made.intelligence[0].at,
        lab=True,
    )
    seen = picture_of(one for one in made.intelligence if rng.random() < 0.8)
    acts = seen.acts(countries={one.country for one in made.agencies if one.may(Competence.SEIZE)})
    goal = float(rng.choice([0.05, 0.2, 0.4]))
    clock = ClockOffset(seconds=0.0, uncertainty_s=0.05, method="bench")
    try:
        day = plan_day(
            seen.graph,
            cut(seen.nodes, acts, served_at_most=goal, time_limit_s=5),
            operation,
            moment=made.moment,
            clocks={one.id: clock for one in made.agencies},
            places=made.searches,
            arrests={one.pseudonym for one in made.persons if one.arrested},
            co_tenants=made.co_tenants,
        )
    except InputError as error:
        return Outcome(refusal=str(error))
    running = RunningDay(
        day, operation, nodes=seen.nodes, graph=seen.graph, acts=acts, served_at_most=goal
    )
    failed = _live_through(running, rng)
    stood = {one.replaces for one in (*running.day.steps, *running.day.dropped)}
    told = {one.step.id for one in running.day.dropped if one.why}
    return Outcome(
        steps=len(day.steps),
        failed=len(failed),
        unexplained=sum(one not in stood and one not in told for one in failed),
        violations=len(precedence_violations(day)),
        violations_after=len(precedence_violations(running.day)),
    )


def _live_through(running: RunningDay, rng: np.random.Generator) -> list[str]:
    """Report every step of a day, some as failed; return those."""
    share = float(rng.uniform(0.02, 0.25))
    now = running.day.moment - timedelta(hours=12)
    failed: list[str] = []
    ended: set[str] = set()
    while left := [one for one in running.day.steps if one.step.id not in ended]:
        step = min(left, key=lambda one: (one.ends_at, one.step.id))
        early = (step.ends_at - step.starts_at) * float(rng.uniform(0, 0.4))
        now = max(now, step.ends_at - early)
        ended.add(step.step.id)
        state = StepState.FAILED if rng.random() < share else StepState.DONE
        if state is StepState.FAILED:
            failed.append(step.step.id)
        running.hear(
            StepReport(step=step.step.id, state=state, at=now, by=step.step.agency, text="bench")
        )
    return failed


def days(count: int, first: int, processes: int) -> bool:
    """Print what random days came to."""
    began = time.perf_counter()
    with ProcessPoolExecutor(processes) as pool:
        rows = list(pool.map(one_day, range(first, first + count), chunksize=8))
    refused = [one.refusal for one in rows if one.refusal]
    wrong = {
        "violations as planned": sum(one.violations for one in rows),
        "violations re-planned": sum(one.violations_after for one in rows),
        "failed steps neither replaced nor explained": sum(one.unexplained for one in rows),
    }
    print(
        f"{len(rows)} days, seeds from {first}, {len(refused)} refused; "
        f"{sum(one.steps for one in rows):,} steps, {sum(one.failed for one in rows):,} failed; "
        f"{time.perf_counter() - began:.0f} s"
    )
    print("  " + ", ".join(f"{what} {number}" for what, number in wrong.items()) + " (goals 0)")
    for why in sorted(set(refused))[:5]:
        print(f"  refused: {why}")
    return not any(wrong.values()) and len(refused) <= 0.05 * len(rows)


def exhibits(tampers: int, seed: int) -> bool:
    """Print how totals sit with the manifest, and how often tampering goes unseen."""
    with tempfile.TemporaryDirectory() as folder:
        base, keys = Path(folder) / "case", Path(folder) / "case-keys"
        replay(
            "taken-down",
            seed=seed,
            folder=base,
            scale=0.02,
            store=cases.store(keys),
            key_of=lambda one: signing.public_key_of(one, keys),
        )
        key = signing.public_key_of(base, keys)
        desk = open_desk(base, store=cases.reading_store(), clock=wiring.clock(), read_only=True)
        register = register_of(desk)
        counted = totals(register)
        verifier = desk.case.store.public_key(key, name="bench")
        held = check_manifest(desk, (base / EXHIBITS).read_bytes(), key=verifier)
        desk.leave()
        unseen = sum(
            _unseen(base, Path(folder) / "copy", key, seed * 1000 + n) for n in range(tampers)
        )
    equal = held == len(register) and counted.debits == counted.credits
    links = sum(len(one.chain) for one in register.lines.values())
    print(
        f"{len(register)} exhibits, {held} in the manifest, debits "
        f"{'equal' if equal else 'DIFFER FROM'} credits; {links} links of custody without a gap"
    )
    print(f"{tampers} cases altered by a bit or a byte, {unseen} not found by verify (goal 0)")
    return equal and unseen == 0


def _unseen(base: Path, copy: Path, key: Path, seed: int) -> bool:
    """Alter one file of a copy of a closed case; tell whether verifying lets it pass."""
    rng = np.random.default_rng(seed)
    shutil.copytree(base, copy)
    files = sorted(one for one in copy.rglob("*") if one.is_file() and one.stat().st_size)
    weights = np.array([one.stat().st_size for one in files], float) ** 0.5
    target = files[int(rng.choice(len(files), p=weights / weights.sum()))]
    whole = bytearray(target.read_bytes())
    place, kind = int(rng.integers(len(whole))), int(rng.integers(3))
    if kind == 0:
        whole[place] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del whole[place]
    else:
        whole[place:place] = bytes([int(rng.integers(256))])
    target.write_bytes(whole)
    try:
        verify_case(copy, store=cases.reading_store(), public_key=key)
    except CauteryError:
        return False
    finally:
        shutil.rmtree(copy)
    return True


def script(name: str, *arguments: object) -> bool:
    """Run another bench and tell whether it met its goals."""
    command = [sys.executable, str(HERE / name), *map(str, arguments)]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Run the parts; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--targets", type=int, default=100_000)
    parser.add_argument("--tampers", type=int, default=200)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="a tenth of everything")
    asked = parser.parse_args()
    seed, part = asked.seed, 10 if asked.quick else 1
    first, processes = ("--first-seed", 1000 * seed), ("--processes", asked.processes)
    worlds = ("--worlds", asked.worlds // part)
    runs = {
        "world": lambda: world(seed),
        "sizing": lambda: script(
            "../estimate/sizing.py", "--case", "assumed", *worlds, *first, *processes
        ),
        "bundles": lambda: script("bundles.py", asked.changes // part, seed),
        "days": lambda: days(asked.days // part, 10_000 * seed, asked.processes),
        "exhibits": lambda: exhibits(asked.tampers // part, seed),
        "deconfliction": lambda: script("deconflict.py", asked.targets // part),
    }
    missed = []
    for name in asked.only.split(","):
        if name not in runs:
            parser.error(f"{name}: the parts are {', '.join(PARTS)}")
        print(f"\n== {name}", flush=True)
        if not runs[name]():
            missed.append(name)
    print("\nall goals met" if not missed else f"\nmissed: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
