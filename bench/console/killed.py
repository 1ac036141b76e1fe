"""Kill the room, the watch and PostgreSQL at random instants, and look whether anything is lost.

A watch appends records to a case, one each 5 ms, and notes each that was acknowledged, with its
digest. The room is asked for pages all the time. At a random instant one of them is killed with
SIGKILL, in turn, and started again: the room, the watch, and with `postgresql` the whole server of
the database, in which the case lies then. Beside them a process makes accounts and sessions in that
database, and ends every second session.

Every fifth time the room must answer within a minute. At the end every record, account and session
that was acknowledged must be there as it was, every session that was ended must have ended, and the
room's lists must be those that are made anew.

Rooms and watches are forked from a process that has loaded the code: a kill costs no start of
Python. The server of the database is the bench's own: it needs initdb, and moto for the exhibits.

    python bench/console/killed.py [KILLS [SEED [postgresql]]]
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request, urlopen

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parent))
from night import night  # type: ignore[import-not-found]  # beside this file

from cautery import wiring
from cautery.adapters.case_server import ServerStore
from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.server_place import Server
from cautery.console.command import _listening, _run
from cautery.console.desk import Desk
from cautery.console.door import Secret
from cautery.console.live import Live
from cautery.console.rechecks import Rechecks
from cautery.errors import ConflictError, StorageError
from cautery.model import Regime
from cautery.model.account import Account, Session
from cautery.model.ledger import filed
from cautery.model.room import RoomRole
from cautery.projections.kept import Asked
from cautery.wiring.cases import reading_store
from cautery.wiring.kept import case_hub, kept_case
from cautery.wiring.room import cases_in, gathering_of
from cautery.wiring.server import DATABASE, VAULT, server
from cautery.wiring.tokens import tokens
from cautery.workflows.case.kept import KeptCase

FIRST = 2_000
LEAST_S, MOST_S = 0.02, 0.6
KEY = b"k" * 32
NAME = "case"


def person(number: int) -> tuple[Account, Session]:
    """Return the account of a number, and a session of it."""
    at = datetime(2026, 11, 24, 20, tzinfo=UTC)
    account = Account(
        id=f"p-{number:012x}",
        name=f"n{number}",
        roles=frozenset({RoomRole.ANALYST}),
        cases=None,
        why="bench",
        made_at=at,
    )
    digest = sha256(b"%d" % number).hexdigest()
    return account, Session(digest=digest, account=account.id, whence="w", born_at=at, seen_at=at)


def opened(cases: str, *, read_only: bool, stack: ExitStack) -> Any:
    """Open the ledger of the case, in a folder or on the server."""
    if not cases.startswith("server:"):
        ledger = SqlLedger(Path(cases) / NAME / "ledger.sqlite", read_only=read_only)
    else:
        place = server()
        assert place
        store = ServerStore(place)
        stack.callback(store.close)
        ledger = store.ledger(Path(f"server:{NAME}"), read_only=read_only)
    stack.callback(ledger.close)
    return ledger


def watch(cases: str) -> Iterator[str]:
    """Append records; yield each that was acknowledged."""
    with ExitStack() as stack:
        ledger = opened(cases, read_only=False, stack=stack)
        for content, at in islice(night(), ledger.size(), None):
            entry = ledger.append(*filed(content), at=at)
            yield f"{entry.index} {sha256(entry.leaf).hexdigest()}"
            time.sleep(0.005)


def people(_: str) -> Iterator[str]:
    """Make accounts and sessions in the database; yield each number that was acknowledged."""
    from cautery.adapters.people_server import ServerPeople  # noqa: PLC0415 - an extra

    def done(do: Callable[[], Any]) -> Any:
        while True:
            try:
                return do()
            except ConflictError:  # it was written, and not acknowledged
                return None
            except StorageError:
                time.sleep(0.05)

    def come_and_go(number: int) -> None:
        account, session = person(number)
        done(lambda: kept.add(account))
        done(lambda: kept.session(session.digest) or kept.begin_session(session, era=0))
        if number % 2:
            done(lambda: kept.end_session(session.digest, "out"))

    place = server()
    assert place
    kept = done(lambda: ServerPeople(place, KEY))
    done(kept.begin)
    for number in count():
        come_and_go(number)
        yield str(number)
        time.sleep(0.02)


class Victim(Protocol):
    """What is killed and started again."""

    def start(self) -> None:
        """Start it."""

    def kill(self) -> None:
        """Kill it with SIGKILL."""


@dataclass(slots=True, kw_only=True)
class Room:
    """A room on a socket that outlives it."""

    cases: Path
    listening: socket.socket
    secret: Secret
    pid: int = 0

    def start(self) -> None:
        """Fork it."""
        self.pid = os.fork()
        if self.pid:
            return
        shown = cases_in(self.cases)
        desk = Desk(
            cases=shown,
            gathering=gathering_of(shown),
            rechecks=Rechecks(reading_store(), wiring.clock()),
            live=Live(kept_case, case_hub),
            secret=self.secret,
            tokens=tokens(on_server=False),
        )
        _run(desk, self.listening, lambda: None)
        os._exit(0)

    def kill(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@dataclass(slots=True, kw_only=True)
class Told:
    """A process that writes into a file what was acknowledged, a line each."""

    does: Callable[[str], Iterator[str]]
    cases: Path
    file: Path
    pid: int = 0

    def start(self) -> None:
        """Fork it."""
        self.pid = os.fork()
        if self.pid:
            return
        try:
            out = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            while True:
                # What fails to open while the database starts is begun anew, as a unit is.
                with contextlib.suppress(StorageError):
                    for line in self.does(str(self.cases)):
                        os.write(out, f"{line}\n".encode())
        finally:  # it is a copy of the bench, and must not go on as one
            traceback.print_exc()
            os._exit(1)

    def kill(self) -> None:
        """Kill it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def lines(self) -> list[str]:
        """Return what it wrote."""
        return self.file.read_text().splitlines()


@dataclass(slots=True, kw_only=True)
class Postgres:
    """A server of PostgreSQL at a socket in a folder."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its database is."""
        return f"postgresql:///postgres?host={self.folder}&user=postgres"

    def make(self) -> None:
        """Make it, as the user `postgres` where root asks."""
        if self._as:
            shutil.chown(self.folder, **self._as)
        made = [self._program("initdb"), "-D", self.folder / "data", "-U", "postgres"]
        subprocess.run([*made, "--auth=trust"], check=True, stdout=subprocess.DEVNULL, **self._as)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import psycopg  # noqa: PLC0415 - an extra

        while True:
            if self.process is None or self.process.poll() is not None:
                # While children of the killed one still run, a new one refuses to start.
                self.process = subprocess.Popen(
                    [self._program("postgres"), "-D", self.folder / "data", "-k", self.folder,
                     "-c", "listen_addresses="],
                    stderr=subprocess.DEVNULL,
                    **self._as,
                )  # fmt: skip
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the process that all others of it follow."""
        assert self.process
        self.process.kill()
        self.process.wait()

    @property
    def _as(self) -> dict[str, Any]:
        return {} if os.getuid() else {"user": "postgres", "group": "postgres"}

    def _program(self, name: str) -> str:
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        return str(found[-1]) if found else name


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


def made_case(top: Path, stack: ExitStack, *, on_server: bool) -> tuple[Path, dict[str, Victim]]:
    """Make the place of the cases and one that is begun; return it, and a database to be killed."""
    cases, victims = top / "cases", dict[str, Victim]()
    if on_server:
        from tests.servers import Bucket, s3_environment, s3_server  # noqa: PLC0415 - extras

        from cautery.adapters.server_schema import prepare  # noqa: PLC0415

        (top / "pg").mkdir()
        database = Postgres(folder=top / "pg")
        database.make()
        database.start()
        stack.callback(database.kill)
        endpoint = stack.enter_context(s3_server())
        os.environ.update(s3_environment(endpoint))
        place = Server(database=database.url, vault=Bucket(endpoint).url)
        os.environ.update({DATABASE: place.database, VAULT: place.vault})
        prepare(place, Regime.GDPR)
        store = ServerStore(place, KeyFolder(top / "keys"))
        store.begin(Path(f"server:{NAME}"))
        store.close()
        cases, victims = Path("server:"), {"PostgreSQL": database}
    else:
        (cases / NAME).mkdir(parents=True)
    with ExitStack() as making:
        ledger = opened(str(cases), read_only=False, stack=making)
        ledger.append_all([(*filed(content), at) for content, at in islice(night(), FIRST)])
    return cases, victims


def lost_people(lines: list[str]) -> tuple[int, int]:
    """Return how many people were acknowledged, and how many are not as they were then."""
    from cautery.adapters.people_server import ServerPeople  # noqa: PLC0415 - an extra

    place = server()
    assert place
    kept_people, lost = ServerPeople(place, KEY), 0
    for number in map(int, lines):
        account, session = person(number)
        kept = kept_people.session(session.digest)
        ended = "out" if number % 2 else ""
        lost += kept_people.by_id(account.id) != account or kept is None or kept.ended != ended
    kept_people.close()
    return len(lines), lost


def main() -> None:
    """Print what became of it."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng, secret = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 22), Secret.new()
    on_server = sys.argv[3:] == ["postgresql"]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        top = Path(name)
        top.chmod(0o711)
        os.environ["XDG_CACHE_HOME"] = str(top / "cache")
        cases, databases = made_case(top, stack, on_server=on_server)
        listening = _listening("127.0.0.1", 0)
        port = listening.getsockname()[1]
        room = Room(cases=cases, listening=listening, secret=secret)
        watching = Told(does=watch, cases=cases, file=top / "watch")
        coming = Told(does=people, cases=cases, file=top / "people")
        victims: dict[str, Victim] = {"room": room, "watch": watching, **databases}
        running: tuple[Victim, ...] = (room, watching, *([coming] if on_server else []))
        for process in running:
            process.start()
        silent, instants, slowest = 0, [], 0.0
        for kill in range(kills):
            page = (f"/cases/{NAME}/tonight", f"/cases/{NAME}", f"/cases/{NAME}/streams/7")
            if kill % 5 == 0:
                asked_at = time.monotonic()
                silent += not answered(port, page[kill % 3], secret, 60)
                slowest = max(slowest, time.monotonic() - asked_at)
            instants.append(rng.uniform(LEAST_S, MOST_S))
            end = time.monotonic() + instants[-1]
            while time.monotonic() < end:
                answered(port, page[kill % 3], secret, max(0.001, end - time.monotonic()))
            victim = [*victims.values()][kill % len(victims)]
            victim.kill()
            victim.start()
        silent += not answered(port, f"/cases/{NAME}/tonight", secret, 60)
        for process in running:
            process.kill()
        with ExitStack() as ending:
            ledger = opened(str(cases), read_only=True, stack=ending)
            told = [line.split() for line in watching.lines()]
            lost = 0
            for index, digest in told:
                kept = list(ledger.pick([int(index)]))
                lost += not kept or sha256(kept[0].leaf).hexdigest() != digest
            (folder,) = (top / "cache" / "cautery" / "lists").iterdir()
            after = SqliteLists(folder)
            taken = after.standing().size
            kept_lists = KeptCase(ledger, after, verifier=None)
            kept_lists.catch_up()
            anew = SqliteLists(top / "anew")
            KeptCase(ledger, anew, verifier=None).catch_up()
            same = rows(after) == rows(anew)
            size = ledger.size()
        when = f"{min(instants):.2f} to {max(instants):.2f} s"
        print(f"kills {kills} in turn of {', '.join(victims)}, {when} after the one before")
        print(f"records acknowledged {len(told)}, lost {lost}")
        if on_server:
            print("people acknowledged {}, lost {}".format(*lost_people(coming.lines())))
        print(f"times the room did not answer {silent}; slowest answer {slowest:.1f} s")
        print(f"lists had {taken} of {size} records after the last kill")
        print(f"lists as those that are made anew: {same}; thrown away {kept_lists.remade} times")


if __name__ == "__main__":
    main()
