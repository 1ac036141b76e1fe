"""Seized material: rows a second and memory of the readers, and of taking a file into a case.

Run: python bench/operation/seized.py [ROWS, 1000000]

What is read is made here, with a seed: a panel's dump in extended inserts, an access log, flows.
Each measurement is a process of its own, so that its memory is its own. Beside the readers stands
the least that any reader must do, in the same run: to read the same bytes line by line.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from cautery.formats import Derivation, ReadWarning, rows
from cautery.lab.authority import police
from cautery.model import KeyedPseudonyms
from cautery.wiring import cases
from cautery.workflows.seized.take import take as take_file

ACTIVITY = (
    "INSERT INTO `user_activity` (`activity_id`, `user_id`, `stream_id`, `server_id`, `user_agent`,"
    " `user_ip`, `container`, `date_start`, `date_end`, `geoip_country_code`, `isp`) VALUES\n"
)
KINDS = ("panel_sql", "access_log", "netflow")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="cautery-bench-") as name:
        folder = Path(name)
        os.environ["CAUTERY_KEYS"] = str(folder / "keys")
        for kind in KINDS:
            path = folder / kind
            with path.open("w", encoding="utf-8") as file:
                file.writelines(written(kind, count))
            size = path.stat().st_size
            print(f"{kind}: {count:,} rows, {size / 1e6:,.0f} MB")
            for what in (lines, read, derive, take):
                took, peak, found = alone(what, path)
                print(
                    f"  {what.__name__:<8} {found:>10,} rows {found / took:>10,.0f} a second"
                    f" {size / took / 1e6:>7.1f} MB/s {peak / 1e6:>6.0f} MB more than at the start"
                )


def written(kind: str, count: int) -> Iterator[str]:
    rng = random.Random(1)
    if kind == "netflow":
        yield "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt\n"
    for n in range(count):
        customer = rng.randrange(200_000)
        address = f"198.18.{customer >> 8 & 255}.{customer & 255}"
        if kind == "netflow":
            yield (
                f"2024-11-26 20:45:{n % 60:02}.123,2024-11-26 20:46:00.1,59.9,{address},"
                f"203.0.113.5,{n % 60000},80,TCP,...AP.SF,0,0,10,{rng.randrange(10**6)},0,0\n"
            )
        elif kind == "access_log":
            yield (
                f'{address} - - [26/Nov/2024:20:45:{n % 60:02} +0100] "GET /live/user{customer}/'
                f'word{customer}/{rng.randrange(5000)}.ts HTTP/1.1" 200 '
                f'{rng.randrange(10**6)} "-" "VLC/3.0"\n'
            )
        else:
            if n % 1000 == 0:
                yield ACTIVITY
            end = ";\n" if n % 1000 == 999 or n == count - 1 else ",\n"
            yield (
                f"({n},{customer},{rng.randrange(5000)},{n % 9},'VLC/3.0; it\\'s','{address}','ts',"
                f"{1732650300 + n},NULL,'IT','An ISP, (Ltd)'){end}"
            )


def alone(what: object, path: Path) -> tuple[float, int, int]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, what, path).result()


def measured(what: object, path: Path) -> tuple[float, int, int]:
    what(path.parent / "none") if what is lines else None  # type: ignore[operator]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    found = what(path)  # type: ignore[operator]
    took = time.process_time() - began
    return took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, found


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(1 << 20), b"")


def lines(path: Path) -> int:
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(1 for line in file if line.decode())


def read(path: Path) -> int:
    found = rows(path.name, chunks(path), authority=police())
    return sum(not isinstance(row, ReadWarning) for row in found)


def derive(path: Path) -> int:
    plain = Derivation(pseudonyms=KeyedPseudonyms(b"k"), panel="p", place=lambda _: (None, None))
    found = rows(path.name, chunks(path), authority=police())
    return sum(len(plain.derived(row)) > 0 for row in found if not isinstance(row, ReadWarning))


def take(path: Path) -> int:
    with cases.writing(path.with_name(f"case-{path.name}")) as case:
        taken, _ = take_file(
            path,
            case=case,
            authority=police(),
            place=lambda _: (None, None),
            by="bench",
            review_at=date(2027, 1, 1),
        )
    return sum(table.rows for table in taken.tables)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
