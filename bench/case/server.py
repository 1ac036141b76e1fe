"""Whether anything is lost where cases lie on a server, and processes and connections are killed.

A writer of a case on the server is killed (SIGKILL) at random instants, and so are, by
``pg_terminate_backend``, all connections to the database; each record that its append had
acknowledged must be there, once, and the case must close and verify. A move is killed at random
instants, from a folder to the server and back; the case must stand as a whole at one place, and the
same command must finish the move. Goal: 0 lost of 200 each. Needs PostgreSQL and moto.

    python bench/case/server.py [KILLS] [MOVES]
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import psycopg

sys.path.insert(0, os.environ.setdefault("CAUTERY_ROOT", str(Path(__file__).parents[2])))

from tests.servers import Bucket, database_of_its_own, s3_environment, s3_server

from cautery.adapters.case_server import ServerStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.moved_folder import FolderCase
from cautery.adapters.moved_server import ServerCase
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.evidence.ports import CasePlace
from cautery.model import Channel, Mandate, Regime, Window, to_json
from cautery.model.ledger import append
from cautery.model.records import CaseOpened
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.verify import verify_case

CLOCK = SystemClock()
CASE = Path("server:bench")
START = datetime(2026, 1, 1, tzinfo=UTC)
MANDATE = Mandate(
    id="bench",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=START, end=datetime(2999, 1, 1, tzinfo=UTC)),
    territories=("FR",),
    channels=(Channel(id="sport-1", names=("Sport One",), territory="FR", legal_basis="rights"),),
)
COMMON = """
import sys
sys.path.insert(0, sys.argv[4])
from pathlib import Path
from bench_case_server import *
from cautery.workflows.case.move import move_case
server = Server(database=sys.argv[1], vault=sys.argv[2])
keys = KeyFolder(Path(sys.argv[3]) / "keys")
"""
WRITE = """
case = opened(server, keys)
number = 0
while True:
    entry = case.ledger.append("x", {"by": sys.argv[5], "n": number}, at=CLOCK.now())
    print(entry.index, sys.argv[5], number, flush=True)
    number += 1
    if number % 50 == 0:
        case.checkpoint()
"""
MOVE = """
folder = FolderCase(Path(sys.argv[3]) / "cases" / "bench", keys, to=str(CASE))
places = [folder, ServerCase(CASE, server, keys)]
print("ready", flush=True)
move_case(*(places if sys.argv[5] == "to" else places[::-1]))
print("done", flush=True)
"""


def opened(server: Server, keys: KeyFolder) -> Case:
    """Return the case, begun if it is not there."""
    case = open_case(CASE, store=ServerStore(server, keys), clock=CLOCK, regime=Regime.GDPR)
    if not case.ledger.size():
        opening = CaseOpened(mandate=MANDATE, version="1", lab=True, key=str(case.verifier))
        append(case.ledger, opening, at=CLOCK.now())
    return case


def child(program: str, server: Server, top: Path, *more: str) -> subprocess.Popen[str]:
    """Start a program on the case."""
    where = [server.database, server.vault, str(top), str(top), *more]
    return subprocess.Popen(
        [sys.executable, "-c", COMMON + program, *where], stdout=subprocess.PIPE, text=True
    )


def killed_writers(server: Server, top: Path, kills: int, chance: random.Random) -> None:
    """Kill writers and connections, and look for what they had been told."""
    told: dict[int, tuple[str, str]] = {}
    hung_up = 0
    for kill in range(kills):
        process = child(WRITE, server, top, str(kill))
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.3))
        if kill % 2:
            with psycopg.connect(server.database, autocommit=True) as other:
                row = other.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                ).fetchone()
                hung_up += row[0] if row else 0
            time.sleep(chance.uniform(0, 0.1))
        process.kill()
        for line in [first, *process.stdout]:
            if line.endswith("\n"):
                index, by, number = line.split()
                told[int(index)] = by, number
        process.wait()
    case = opened(server, KeyFolder(top / "keys"))
    kept = {
        entry.index: (entry.record.body["by"], str(entry.record.body["n"]))
        for entry in case.ledger.read(kinds=("x",))
    }
    close_case(case, at=CLOCK.now())
    verified = verify_case(CASE, store=ServerStore(server))
    lost = sum(kept.get(index) != what for index, what in told.items())
    doubled = len(kept) - len(set(kept.values()))
    print(
        f"| {kills} writers killed, {hung_up} connections ended: acknowledged records lost, "
        f"doubled | 0, 0 | {lost}, {doubled} of {len(told):,}; {verified.verdict} |"
    )


def killed_moves(server: Server, top: Path, moves: int, chance: random.Random) -> None:
    """Kill moves, and look for the case; then finish each."""
    keys = KeyFolder(top / "keys")
    case = opened(server, keys)
    for _ in range(20):
        exhibit = case.vault.seal(
            os.urandom(50_000), media_type="x", at=CLOCK.now(), clock=CLOCK.offset()
        )
        case.ledger.append("exhibit.sealed", {"exhibit": to_json(exhibit)}, at=CLOCK.now())
        case.ledger.append_all([("x", {"by": "m", "n": n}, CLOCK.now()) for n in range(50)])
    case.leave()
    whole = content(server, top)
    longest, cut, lost, stuck = 2.0, 0, 0, 0
    for move in range(moves):
        way = "from" if standing(server, top) == ["server"] else "to"
        begun = time.monotonic()
        process = child(MOVE, server, top, way)
        assert process.stdout
        process.stdout.readline()
        began = time.monotonic()
        try:
            process.wait(chance.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
            cut += 1
        else:
            longest = min(longest, 1.2 * (time.monotonic() - began))
        process.wait()
        lost += content(server, top) != whole
        if "done" not in process.stdout.read():
            again = child(MOVE, server, top, way)
            again.wait()
        stuck += standing(server, top) != ["server" if way == "to" else "folder"]
        lost += content(server, top) != whole
        print(f"move {move}: {time.monotonic() - begun:.1f} s", end="\r", file=sys.stderr)
    print(
        f"| {moves} moves of a case of 1,021 records and 20 exhibits, {cut} of them killed: "
        f"lost or changed, not finished by the same command | 0, 0 | {lost}, {stuck} |"
    )


def places(server: Server, top: Path) -> dict[str, CasePlace]:
    """Return both places, as a new process comes to them."""
    keys = KeyFolder(top / "keys")
    return {
        "folder": FolderCase(top / "cases" / "bench", keys, to=str(CASE)),
        "server": ServerCase(CASE, server, keys),
    }


def standing(server: Server, top: Path) -> list[str]:
    """Return where the case stands."""
    both = places(server, top)
    found = [name for name, place in both.items() if place.standing() is not None]
    for place in both.values():
        place.release()
    return found


def content(server: Server, top: Path) -> dict[str, str]:
    """Return the case as it lies at the first place where it stands."""
    for place in places(server, top).values():
        if place.standing() is not None:
            ledger = place.ledger()
            leaves = {str(index): leaf.hex() for index, _, leaf in ledger.leaves()}
            ledger.close()
            files = {
                file.name: place.store.digest(place.at, file.name, size=file.size)
                for file in place.files()
            }
            place.release()
            return leaves | files
        place.release()
    return {}


def main() -> None:
    """Print a table."""
    kills, moves = (int(value) for value in (*sys.argv[1:], "200", "200")[:2])
    chance = random.Random(1)
    print("| what | wanted | measured |\n| --- | --- | --- |")
    for measured, count in ((killed_writers, kills), (killed_moves, moves)):
        with ExitStack() as stack:
            os.environ.update(s3_environment(stack.enter_context(s3_server())))
            bucket = Bucket(os.environ["AWS_ENDPOINT_URL"])
            database = stack.enter_context(database_of_its_own())
            top = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (top / "bench_case_server.py").write_text(Path(__file__).read_text())
            server = Server(database=database, vault=bucket.url)
            prepare(server, Regime.GDPR)
            measured(server, top, count, chance)
    spent = sum(
        sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(f"\n{spent:.0f} s of CPU")


if __name__ == "__main__":
    main()
