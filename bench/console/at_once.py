"""Who approves, edits and withdraws one notice at once: one wins, and the others are told.

Three people look at the same draft and act at the same moment, each on a connection of their own:
one signs it, one completes it with another draft, one withdraws it. Who edits or withdraws says
which record they saw last, as the room's commands do; who signs says which digest. So of every
three one is recorded, and the others end with a sentence. In the same way two people decide one
complaint. The ledger is read again at the end: it must have what the winners were told.

    python bench/console/at_once.py [ROUNDS] [postgresql://...]
"""

from __future__ import annotations

import base64
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.ledger_sql import SqlLedger
from cautery.errors import ApprovalError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    Addressee,
    AddresseeKind,
    Approver,
    ClockOffset,
    Event,
    Exhibit,
    ExhibitId,
    Finding,
    Mandate,
    Notice,
    Observation,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    digest,
)
from cautery.model.ledger import append, contents
from cautery.model.records import (
    AssetFacts,
    CaseOpened,
    ComplaintDecided,
    ComplaintFiled,
    ComplaintMeans,
    ExhibitSealed,
    NoticeApproved,
    NoticeWithdrawn,
)
from cautery.workflows.case.complaints import decide
from cautery.workflows.case.notice_drafting import draft_into
from cautery.workflows.case.notices import approve_notice_in, withdraw_notice

ROUNDS = 1_000
OF_A_CASE = 50
"""Rounds in one case: each of them reads all that stands."""
NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
EXHIBIT = ExhibitId("sha256:" + "0" * 64)
HOST, URL = "edge.pirate.example", "http://edge.pirate.example/arena.m3u8"
HOSTER = Addressee(
    kind=AddresseeKind.HOSTING, name="Example Hosting", asn=64500, contact="abuse@hoster.example"
)


def begin(ledger: SqlLedger) -> None:
    """Open a case in which one URL is proven."""
    raw = KEY.public_key().public_bytes_raw()
    mandate = Mandate(
        id="m",
        who="League",
        regime=Regime.GDPR,
        legal_basis="rights",
        window=Window(start=NOW - timedelta(hours=2), end=NOW + timedelta(hours=2)),
        territories=("FR",),
        events=(Event(id="match", name="Home v Away", kick_off=NOW, legal_basis="rights"),),
        approvers=(Approver(name="anna", role="legal", public_key=base64.b64encode(raw).decode()),),
    )
    sealed = Exhibit(
        id=EXHIBIT,
        size=1,
        media_type="video/mp2t",
        sealed_at=NOW,
        clock=ClockOffset(seconds=None, uncertainty_s=None, method="none"),
    )
    key = str(NoteVerifier("cautery/case-" + "0" * 16, raw))
    for content in (
        CaseOpened(mandate=mandate, version="", lab=True, key=key),
        ExhibitSealed(exhibit=sealed, what="segment", url=URL),
        AssetFacts(
            host=HOST,
            addresses=("192.0.2.7",),
            asn=64500,
            organisation="Example Hosting",
            country="NL",
            shared=(),
            certificate=None,
            registration=None,
            at=NOW,
        ),
        Verdict(
            url=RedactedUrl(URL),
            finding=Finding.PROVEN,
            at=NOW,
            event="match",
            log10_lr=5.25,
            observations=(Observation(at=NOW, exhibits=(EXHIBIT,)),),
        ),
    ):
        append(ledger, content, at=NOW)


def edit(
    ledger: SqlLedger, at: datetime, *, replaces: Notice | None = None, seen: int | None = None
) -> Notice:
    """Draft a notice, or complete one with another."""
    return draft_into(
        ledger,
        replace(HOSTER, contact=f"abuse-{at:%H%M%S%f}@hoster.example"),
        name="carl",
        notifier_email="desk@league.example",
        now=at,
        urls=(URL,),
        replaces=None if replaces is None else replaces.id,
        seen=seen,
    ).notice


def sign(ledger: SqlLedger, notice: Notice, at: datetime) -> None:
    """Sign a notice as the approver."""
    approve_notice_in(ledger, notice.id, shown=digest(notice), name="anna", key=KEY, now=at)


def complaint(number: str) -> ComplaintFiled:
    """Return a complaint that waits."""
    return ComplaintFiled(
        complaint=number,
        means=ComplaintMeans.FORM,
        received_at=NOW,
        target="shop.example",
        due_at=NOW + timedelta(hours=1),
        key=number,
        exhibit=EXHIBIT,
        at=NOW,
    )


def at_once(acts: Mapping[str, Callable[[], object]]) -> tuple[list[str], list[str]]:
    """Begin all acts at the same moment; return which were done, and what the others were told."""
    gate, done, told = threading.Barrier(len(acts)), list[str](), list[str]()

    def act(name: str) -> None:
        gate.wait()
        try:
            acts[name]()
        except (ApprovalError, InputError) as error:
            told.append(f"{name}: {error}")
        else:
            done.append(name)

    threads = [threading.Thread(target=act, args=(name,)) for name in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, told


def play(place: str, rounds: int) -> Counter[str]:
    """Play rounds in one case; return how often which act won, and other endings by their name."""
    connections = [SqlLedger(place) for _ in range(3)]
    first, second, third = connections
    won: Counter[str] = Counter()
    begin(first)
    for number in range(rounds):
        at = NOW + timedelta(milliseconds=number)
        notice, seen = edit(first, at), first.size() - 1
        soon = at + timedelta(microseconds=1)
        done, told = at_once(
            {
                "approve": lambda notice=notice, at=soon: sign(first, notice, at),
                "edit": lambda notice=notice, at=soon, seen=seen: edit(
                    second, at, replaces=notice, seen=seen
                ),
                "withdraw": lambda notice=notice, at=soon, seen=seen: withdraw_notice(
                    third, notice.id, name="dora", why="licensed", now=at, seen=seen
                ),
            }
        )
        won[done[0] if len(done) == 1 and len(told) == 2 else f"{len(done)} of 3"] += 1
        number_of = f"C-{number:012x}"
        append(first, complaint(number_of), at=at)
        seen = first.size() - 1
        done, told = at_once(
            {
                by: lambda by=by, on=on, seen=seen, of=number_of: decide(
                    on, of, granted=by == "grant", by=by, why="read", now=NOW, seen=seen
                )
                for by, on in (("grant", second), ("reject", third))
            }
        )
        won[done[0] if len(done) == 1 and len(told) == 1 else f"{len(done)} of 2"] += 1
    recorded = {
        "approve": sum(1 for _ in contents(first, NoticeApproved)),
        "edit": sum(1 for _, draft in contents(first, Notice) if draft.replaces),
        "withdraw": sum(1 for _ in contents(first, NoticeWithdrawn)),
        "grant": sum(each.granted for _, each in contents(first, ComplaintDecided)),
        "reject": sum(not each.granted for _, each in contents(first, ComplaintDecided)),
    }
    for name, count in recorded.items():
        if count != won[name]:
            won[f"recorded otherwise: {name} {count}"] += 1
    for connection in connections:
        connection.close()
    return won


def main() -> None:
    """Print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    server = sys.argv[2] if len(sys.argv) > 2 else None
    won: Counter[str] = Counter()
    began, spent = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for number, first in enumerate(range(0, rounds, OF_A_CASE)):
            place = f"sqlite:///{folder}/{number}.sqlite"
            if server is not None:
                place = schema_in(server, number)
            won += play(place, min(OF_A_CASE, rounds - first))
    spent, wall = time.process_time() - spent, time.perf_counter() - began
    print(f"{rounds:,} rounds, {spent:.0f} s of CPU here, {wall:.0f} s")
    for name, count in sorted(won.items()):
        print(f"{name}: {count:,}")
    sys.exit(
        sum(won.values()) != 2 * rounds
        or not won.keys() <= {"approve", "edit", "withdraw", "grant", "reject"}
    )


def schema_in(server: str, number: int) -> str:
    """Make an empty schema in a PostgreSQL server, and return a place there."""
    import psycopg  # noqa: PLC0415 - an extra

    name = f"at_once_{number}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}?options=-csearch_path%3D{name}"


if __name__ == "__main__":
    main()
