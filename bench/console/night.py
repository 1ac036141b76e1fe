"""A made-up night of a match for the room's benches: N records of streams in all findings.

Of twenty streams four are proven (three of them on a list and dark), one is licensed, one is
undecided, eight show nothing of ours, five are unreachable, and one waits for a look. Each looked
at has one to three looks, each with a sealed capture and a verdict; guard, plans, a map and the
pace of the watch come between. A record has 400 bytes in the mean.

    python bench/console/night.py FOLDER [N]
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cautery.adapters.ledger_sql import SqlLedger
from cautery.messages import message
from cautery.model import (
    ActionPlan,
    Channel,
    ClockOffset,
    Collateral,
    CriminalNetwork,
    DarkProbe,
    Decision,
    Event,
    Exhibit,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intervention,
    Lever,
    Mandate,
    Reason,
    RedactedUrl,
    Regime,
    SupplyGraph,
    Verdict,
    Window,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import (
    AlignmentShown,
    CaseOpened,
    ExhibitSealed,
    ProbeDone,
    ReferralPublished,
    StreamAppeared,
    StreamVanished,
    WatchPace,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
END = NOON + timedelta(hours=3)
EVENTS = ("arena-borough", "city-united", "rovers-town")
MANDATE = Mandate(
    id="bench-night",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=END),
    territories=("FR",),
    events=tuple(
        Event(id=event, name=event.replace("-", " v ").title(), kick_off=NOON, legal_basis="rights")
        for event in EVENTS
    ),
    channels=tuple(
        Channel(id=f"ch-{number}", names=(f"Sport {number}",), legal_basis="rights")
        for number in range(3)
    ),
)
_FINDINGS = (
    (Finding.PROVEN,) * 4
    + (Finding.LICENSED, Finding.UNDECIDED)
    + (Finding.NOTHING,) * 8
    + (Finding.UNREACHABLE,) * 5
)
"""Of each twenty streams; the last one waits."""
_EVERY = 2_000
"""Streams between two plans and maps."""


def night() -> Iterator[tuple[object, datetime]]:
    """Yield typed records with their times, in the order of these, without end."""
    later: list[tuple[datetime, int, object]] = []
    for count, (content, at) in enumerate(by_stream()):
        heapq.heappush(later, (getattr(content, "at", at), count, content))
        while later and later[0][0] <= at:
            due, _, first = heapq.heappop(later)
            yield first, due


def by_stream() -> Iterator[tuple[object, datetime]]:
    """Yield what happens, each with the time at which its stream was first seen."""
    yield CaseOpened(mandate=MANDATE, version="0", lab=True, key="unread"), NOON
    number = 0
    while True:
        at = NOON + timedelta(seconds=number * 0.09)
        for content in stream(number, at):
            yield content, at
        number += 1
        if number % 50 == 0:
            yield pace(number, at), at
        if number % _EVERY == 0:
            yield from ((content, at) for content in acts(number, at))


def url_of(number: int) -> str:
    """Return a stream's URL."""
    return f"http://edge-{number % 97}.pirate.example:8080/live/~a1b2c3d4e5f6/{number}.ts"


def stream(number: int, at: datetime) -> Iterator[object]:
    """Yield what is recorded of one stream."""
    url, host = url_of(number), f"edge-{number % 97}.pirate.example"
    source = "http://panel.pirate.example:8080/get.php?username=~0a1b2c3d&password=~4e5f6a7b"
    yield StreamAppeared(
        url=url,
        title=f"|FR| Sport Premium {number % 500} FHD (backup {number % 7})",
        source=source,
        host=host,
        at=at,
        offer=None,
    )
    if number % 20 >= len(_FINDINGS):
        return
    finding = _FINDINGS[number % 20]
    for look in range(1 + number % 3):
        seen = at + timedelta(seconds=12 + 60 * look)
        exhibit = ExhibitId(f"sha256:{number * 4 + look:064x}")
        yield sealed(exhibit, url, seen)
        failed = finding is Finding.UNREACHABLE
        yield ProbeDone(
            url=url,
            at=seen,
            observation=None,
            failed=message("failed.with-error", error="SourceError", detail="answers with 403")
            if failed
            else None,
            hosts=(host, f"cdn-{number % 11}.example"),
            exhibits=(exhibit,),
        )
        yield verdict(number, url, finding, seen)
    if finding is Finding.PROVEN:
        yield AlignmentShown(
            url=url,
            reference="ch-0",
            kind="sound",
            delay_s=30.0,
            lags_s=(0.0, 15.0, 30.0, 45.0),
            strength=(0.1, 0.2, 9.0, 0.1),
        )
        if number % 20:
            gone = at + timedelta(seconds=300)
            yield dark(url, number, gone, is_dark=False)
            yield dark(url, number, gone + timedelta(seconds=60), is_dark=True)
    if number % 9 == 0:
        yield StreamVanished(url=url, source=source, at=at + timedelta(seconds=900))


def sealed(exhibit: ExhibitId, url: str, at: datetime) -> ExhibitSealed:
    """Return the sealing of a capture."""
    return ExhibitSealed(
        exhibit=Exhibit(
            id=exhibit,
            size=1_000_000,
            media_type="application/warc",
            sealed_at=at,
            clock=ClockOffset(seconds=0.001, uncertainty_s=0.002, method="NTP"),
        ),
        what="transactions of a probe",
        url=url,
    )


def verdict(number: int, url: str, finding: Finding, at: datetime) -> Verdict:
    """Return a verdict."""
    claims = finding in (Finding.PROVEN, Finding.LICENSED)
    return Verdict(
        url=RedactedUrl(url),
        finding=finding,
        at=at,
        event=EVENTS[number % 3] if claims and number % 5 else None,
        channels=(f"ch-{number % 3}",) if claims else (),
        delay_s=30.0 if claims else None,
        log10_lr=7.5 if claims else 0.0,
        most_log10_lr=8.0 if claims else None,
        partner="Lawful Partner" if finding is Finding.LICENSED else None,
        reasons=(message("verdict.unreachable", detail="answers with 403"),),
    )


def dark(url: str, number: int, at: datetime, *, is_dark: bool) -> DarkProbe:
    """Return a probe behind a block."""
    return DarkProbe(
        url=url,
        target=f"edge-{number % 97}.pirate.example",
        intermediary="isp",
        at=at,
        dark=is_dark,
        why=as_written("asked through the provider"),
    )


def pace(number: int, at: datetime) -> WatchPace:
    """Return the pace of the watch."""
    return WatchPace(
        at=at,
        offered=number,
        unseen=number // 20,
        unseen_by_right={"arena-borough": number // 20},
        late=False,
        references_late_s=1.0,
        references_silent=(),
        probes_late_s=4.0,
        loop_late_s=0.0,
        why=None,
    )


def acts(number: int, at: datetime) -> Iterator[object]:
    """Yield a map, verdicts of the guard, a plan and what follows from it."""
    yield SupplyGraph(
        networks=tuple(CriminalNetwork(id=f"N{one}", members=()) for one in range(15))
    )
    targets = [f"edge-{one}.pirate.example" for one in range(number // _EVERY % 90, 97)]
    guards = [
        GuardVerdict(
            target=target,
            lever=Lever.NAME,
            decision=Decision.NARROW if one % 7 == 0 else Decision.ALLOW,
            collateral=Collateral(names=tuple(f"shop-{one}-{name}.example" for name in range(5))),
            reasons=(Reason(code="shared", text=as_written("others are behind it")),),
            valid_until=END,
        )
        for one, target in enumerate(targets)
    ]
    yield from guards
    yield ActionPlan(
        chosen=tuple(
            Intervention(
                target=guard.target,
                lever=Lever.NAME,
                streams=tuple(map(url_of, range(97 * one, 97 * one + 970, 97))),
                cost=1.0,
                guard=guard,
            )
            for one, guard in enumerate(guards)
            if guard.decision is Decision.ALLOW
        ),
        refused=(),
        served_before=number,
        served_after=0,
        cost=1.0,
        bound=1.0,
        seed=1,
        method=as_written("exact"),
    )
    yield ReferralPublished(
        referral="sha256:" + "0" * 64, intermediary="isp", targets=tuple(targets), at=at
    )


def write(path: Path, records: int) -> None:
    """Write a ledger of so many records."""
    ledger = SqlLedger(path)
    batch = []
    for count, (content, at) in enumerate(night(), start=1):
        batch.append((*filed(content), at))
        if len(batch) == 5_000 or count == records:
            ledger.append_all(batch)
            batch.clear()
        if count == records:
            break
    ledger.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "ledger.sqlite", int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
