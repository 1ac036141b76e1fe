"""Deconfliction at full size: 10^5 targets against 10^5, of which 1,000 are shared.

Goal: < 60 s on two cores. Beside it, in the same run, what bare libsodium does: scalar
multiplications a second in one thread and in all, so that the result is a ratio to a limit.

    python bench/operation/deconflict.py [TARGETS]
"""

from __future__ import annotations

import os
import resource
import secrets
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import rbcl

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import Agency, AgencyRole, Competence, Operation
from cautery.operation.deconflict import agreed_size
from cautery.workflows.operation.deconflict import first as begin
from cautery.workflows.operation.deconflict import (
    fourth,
    last,
    second,
    third,
)
from cautery.workflows.operation.desk import open_desk

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GOAL_S = 60.0
SHARED = 1000
TRIED = 20_000


def bare(threads: int) -> float:
    """Scalar multiplications a second by libsodium alone."""
    scalar = rbcl.crypto_core_ristretto255_scalar_random()
    points = [rbcl.crypto_core_ristretto255_random() for _ in range(TRIED)]
    parts = [points[start::threads] for start in range(threads)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(
            pool.map(
                lambda part: [rbcl.crypto_scalarmult_ristretto255(scalar, one) for one in part],
                parts,
            )
        )
    return TRIED / (time.perf_counter() - begun)


def table() -> Operation:
    """Two agencies."""
    may = frozenset({Competence.INVESTIGATE})
    rows = [("it-postal", "IT", AgencyRole.LEAD), ("bg-gdbop", "BG", AgencyRole.PARTICIPANT)]
    return Operation(
        id="bench",
        name="bench",
        legal_basis="none: a bench",
        opened_at=NOW,
        lab=True,
        agencies=tuple(
            Agency(id=name, name=name, country=country, role=role, competence=may, contact=name)
            for name, country, role in rows
        ),
    )


def main() -> int:
    """Print seconds and multiplications a second, ours and bare."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    shared = min(SHARED, count)
    common = [f"address:198.51.{n // 256}.{n % 256}" for n in range(shared)]
    own = common + [f"host:a{n}.example" for n in range(count - shared)]
    other = common + [f"host:b{n}.example" for n in range(count - shared)]
    cores = os.cpu_count() or 1
    one_thread, all_threads = bare(1), bare(cores)
    operation = table()
    with tempfile.TemporaryDirectory() as folder:
        store = FolderStore(KeyFolder(Path(folder) / "keys"))
        a, b = (
            open_desk(
                Path(folder) / one.id,
                store=store,
                clock=FixedClock(NOW),
                operation=operation,
                agency=one.id,
            )
            for one in operation.agencies
        )
        key_a, key_b = a.case.verifier, b.case.verifier
        begun = time.perf_counter()
        letters = [begin(a, b.agency.id, at=NOW, targets=own, random=secrets.token_bytes)]
        marks = [time.perf_counter()]
        letters.append(second(b, letters[0], key=key_a, at=NOW, targets=other))
        marks.append(time.perf_counter())
        letters.append(third(a, letters[1], key=key_b, at=NOW))
        marks.append(time.perf_counter())
        known = fourth(b, letters[2], key=key_a, at=NOW)
        assert known.reply is not None
        letters.append(known.reply)
        marks.append(time.perf_counter())
        result = last(a, letters[3], key=key_b, at=NOW)
        marks.append(time.perf_counter())
        a.leave()
        b.leave()
    seconds = marks[-1] - begun
    assert result.shared == known.shared == tuple(sorted(common))
    size = agreed_size(count)
    multiplications = 2 * count + 2 * size  # padding is not multiplied; what is received is
    rate = multiplications / seconds
    steps = [later - earlier for earlier, later in zip([begun, *marks], marks, strict=False)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} against {count} targets, padded to {size}, {shared} shared, {cores} cores")
    print(f"seconds {seconds:.1f} (goal < {GOAL_S:g}): " + ", ".join(f"{one:.1f}" for one in steps))
    print(f"letters, MB: {', '.join(f'{len(one) / 1e6:.2f}' for one in letters)}")
    print(f"scalar multiplications/s: ours {rate:,.0f} with files, signatures and hashing;")
    print(f"  bare libsodium {one_thread:,.0f} in one thread, {all_threads:,.0f} in {cores}")
    print(f"ratio to the bare rate of all cores: {rate / all_threads:.2f}; peak {peak:.0f} MB")
    return int(seconds >= GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
