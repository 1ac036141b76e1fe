"""Kill the room at random instants while a watch writes, and look whether anything is lost.

A writer appends records to a case, one each 5 ms, and notes each that was acknowledged. The room is
asked for pages all the time; at a random instant it is killed with SIGKILL, and started again.
After each kill the room must answer, its lists must go on, and at the end every record that was
acknowledged must be in the ledger and in the lists, which must be those that are made anew.

Rooms are forked from a process that has loaded the code, so that a kill costs no start of Python.

    python bench/console/killed.py [KILLS [SEED]]
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parent))
from night import night  # type: ignore[import-not-found]  # beside this file

from cautery import wiring
from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.console.command import _listening, _run
from cautery.console.desk import Desk
from cautery.console.door import Secret
from cautery.console.live import Live
from cautery.console.rechecks import Rechecks
from cautery.projections.kept import Asked
from cautery.wiring.cases import reading_store
from cautery.wiring.kept import case_hub, kept_case
from cautery.wiring.room import cases_in, gathering_of
from cautery.wiring.tokens import tokens
from cautery.workflows.case.kept import KeptCase

WRITER = """
import sys, time
from itertools import islice
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from cautery.adapters.ledger_sql import SqlLedger
from cautery.model.ledger import filed
from night import night
ledger = SqlLedger(Path(sys.argv[2]))
for content, at in islice(night(), int(sys.argv[3]), None):
    entry = ledger.append(*filed(content), at=at)
    print(entry.index, flush=True)
    time.sleep(0.005)
"""
LEAST_S, MOST_S = 0.02, 0.6


def room(cases: Path, listening: socket.socket, secret: Secret) -> int:
    """Start a room on a socket, in a process of its own; return its id."""
    process = os.fork()
    if process:
        return process
    shown = cases_in(cases)
    desk = Desk(
        cases=shown,
        gathering=gathering_of(shown),
        rechecks=Rechecks(reading_store(), wiring.clock()),
        live=Live(kept_case, case_hub),
        secret=secret,
        tokens=tokens(),
    )
    _run(desk, listening, lambda: None)
    os._exit(0)


def answered(port: int, path: str, secret: Secret, patience_s: float) -> bool:
    """Tell whether the room answers a page within a time."""
    end = time.monotonic() + patience_s
    request = Request(f"http://127.0.0.1:{port}{path}")
    request.add_header("Cookie", f"{secret.cookie}={secret.session}")
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urlopen(request, timeout=patience_s) as answer:
            if answer.status == 200 and answer.read():
                return True
    return False


def rows(lists: SqliteLists) -> list[object]:
    """Return what the lists hold, as pages of them."""
    found: list[object] = []
    for page in (lists.records, lists.streams, lists.hosts):
        before: int | None = None
        while True:
            part = page(Asked(limit=500, before=before))
            found += part.rows
            if not part.more:
                break
            before = part.rows[-1][0]
    return [*found, lists.counts()]


def main() -> None:
    """Print what became of it."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng, secret = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 22), Secret.new()
    with tempfile.TemporaryDirectory() as name:
        cases = Path(name) / "cases"
        (cases / "case").mkdir(parents=True)
        os.environ["XDG_CACHE_HOME"] = str(Path(name) / "cache")
        ledger_path = cases / "case" / "ledger.sqlite"
        ledger = SqlLedger(ledger_path)
        first = 2_000
        from cautery.model.ledger import filed  # noqa: PLC0415

        ledger.append_all(
            [(*filed(content), at) for (content, at), _ in zip(night(), range(first), strict=False)]
        )
        ledger.close()
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, Path(__file__).parent, ledger_path, str(first)],
            stdout=subprocess.PIPE,
            text=True,
        )
        listening = _listening("127.0.0.1", 0)
        port = listening.getsockname()[1]
        silent, instants = 0, []
        for kill in range(kills):
            process = room(cases, listening, secret)
            page = ("/cases/case/tonight", "/cases/case", "/cases/case/streams/7")[kill % 3]
            if kill % 5 == 0:
                silent += not answered(port, page, secret, 60)
            instant = rng.uniform(LEAST_S, MOST_S)
            instants.append(instant)
            end = time.monotonic() + instant
            while time.monotonic() < end:
                answered(port, page, secret, max(0.001, end - time.monotonic()))
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        process = room(cases, listening, secret)
        silent += not answered(port, "/cases/case/tonight", secret, 60)
        writer.terminate()
        assert writer.stdout
        acknowledged = [int(line) for line in writer.stdout if line.strip().isdigit()]
        writer.wait()
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        ledger = SqlLedger(ledger_path, read_only=True)
        lost = [index for index in acknowledged if not ledger.pick([index])]
        (folder,) = (Path(name) / "cache" / "cautery" / "lists").iterdir()
        after = SqliteLists(folder)
        taken = after.standing().size
        kept = KeptCase(ledger, after, verifier=None)
        kept.catch_up()
        anew = SqliteLists(Path(name) / "anew")
        KeptCase(ledger, anew, verifier=None).catch_up()
        same = rows(after) == rows(anew)
        print(f"kills {kills}, at {min(instants):.2f} to {max(instants):.2f} s after a start")
        print(f"records acknowledged {len(acknowledged)}, lost {len(lost)}")
        print(f"starts that did not answer {silent}")
        print(f"lists had {taken} of {ledger.size()} records after the last kill")
        print(f"lists as those that are made anew: {same}; thrown away {kept.remade} times")


if __name__ == "__main__":
    main()
