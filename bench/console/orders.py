"""What the boards of acts and the page of one act cost in a large case, at 50 requests a second.

The made-up night of ``bench/case/projections.py``, with an act for each 50 of its records: nine
of ten are referrals with the guard's verdict, two true signatures, their publication and an
answer; the others are complaints. A third of their clocks run, the others are overdue or over.
As ``pages.py``, which asks: CPU is the server's, wall time that of each answer.

    python bench/console/orders.py [N] [SECONDS]
"""

from __future__ import annotations

import base64
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "case"))
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import list_subject, sign
from cautery.adapters.ledger_sql import SqlLedger
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    Acknowledgement,
    Approver,
    BlockEntry,
    Collateral,
    CourtOrder,
    Decision,
    Effect,
    ExhibitId,
    GuardVerdict,
    Lever,
    Reason,
    Referral,
    Window,
    referral_id,
)
from cautery.model.ledger import append, filed
from cautery.model.message import as_written
from cautery.model.records import (
    ApprovalGiven,
    CaseOpened,
    ComplaintFiled,
    ComplaintMeans,
    ReferralPublished,
)
from cautery.workflows.case.opening import Opening, opening_of
from pages import serve  # type: ignore[import-not-found]
from projections import MANDATE, night  # type: ignore[import-not-found]  # of bench/case

NOW = datetime.now(UTC).replace(microsecond=0)
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
EXHIBIT = ExhibitId("sha256:" + "0" * 64)
EACH, TARGETS = 50, 4
DAY = timedelta(days=1)
ORDER = CourtOrder(
    id="O",
    authority="Court",
    territory="FR",
    window=Window(start=NOW - 9 * DAY, end=NOW + 9 * DAY),
    targets_rule="r",
)
WORKED = replace(
    MANDATE,
    window=Window(start=NOW - DAY, end=NOW + DAY),
    orders=(ORDER,),
    approvers=tuple(
        Approver(
            name=name,
            role="legal",
            public_key=base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        )
        for name, key in zip("AB", KEYS, strict=True)
    ),
)


def drafted(number: int) -> Referral:
    """Return a draft whose time ends within an hour, or ended in the hours before."""
    until = NOW + timedelta(minutes=number % 90 - 60, seconds=number % 60)
    window = Window(start=until - timedelta(hours=1), end=until)
    entries = []
    for place in range(TARGETS):
        name = f"edge-{number}-{place}.pirate.example"
        guard = GuardVerdict(
            target=name,
            lever=Lever.NAME,
            decision=Decision.ALLOW,
            reasons=(Reason(code="own-name", text=as_written("nobody else is known on it")),),
            collateral=Collateral(high=0),
            valid_until=until,
        )
        entries.append(
            BlockEntry(
                target=name, lever=Lever.NAME, valid_until=until, guard=guard, exhibits=(EXHIBIT,)
            )
        )
    one = Referral(
        id="",
        order="O",
        event=None,
        territory="FR",
        window=window,
        entries=tuple(entries),
        statement="Names that serve the match without licence.",
    )
    return replace(one, id=referral_id(one))


def act(number: int, opening: Opening) -> Iterator[object]:
    """Yield the records of one act."""
    if number % 10 == 0:
        yield ComplaintFiled(
            complaint=f"C-{number:012x}",
            means=ComplaintMeans.FORM,
            received_at=NOW,
            target="shop.example",
            due_at=NOW + timedelta(minutes=number % 90 - 60),
            key=str(number),
            exhibit=EXHIBIT,
            at=NOW,
        )
        return
    one = drafted(number)
    yield from (entry.guard for entry in one.entries)
    yield one
    subject = list_subject(one, ORDER)
    for person, key in zip(WORKED.approvers, KEYS, strict=True):
        approval = sign(subject, approver=person, key=key, at=NOW, signed_for=opening.signed_for)
        yield ApprovalGiven.of(one.id, approval)
        if number % 3 == 0:
            return
    targets = tuple(entry.target for entry in one.entries)
    yield ReferralPublished(referral=one.id, intermediary="isp", targets=targets, at=NOW)
    if number % 3 == 1:
        yield Acknowledgement(
            referral=one.id, intermediary="isp", effect=Effect.APPLIED, received_at=NOW
        )


def made(folder: Path, records: int) -> str:
    """Make the case; return the id of one of its referrals."""
    case = folder / "case-of-the-bench"
    case.mkdir()
    ledger = SqlLedger(case / "ledger.sqlite")
    key = str(NoteVerifier("cautery/case-" + "0" * 16, KEYS[0].public_key().public_bytes_raw()))
    append(ledger, CaseOpened(mandate=WORKED, version="0", lab=True, key=key), at=NOW)
    opening, batch, size, acts = opening_of(ledger), [], 0, 0
    for number, content in enumerate(night(records)):
        batch.append((*filed(content), NOW))
        if number % EACH == 0:
            acts += 1
            batch += [(*filed(each), NOW) for each in act(acts, opening)]
        if len(batch) >= 5_000:
            size += len(ledger.append_all(batch))
            batch.clear()
        if size >= records:
            break
    ledger.append_all(batch)
    print(f"{ledger.size():,} records, {acts:,} acts")
    ledger.close()
    return drafted(acts // 2 // 2 * 2 + 1).id


def main() -> None:
    """Print the table."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 4.0
    with tempfile.TemporaryDirectory() as name:
        cases = Path(name) / "cases"
        cases.mkdir()
        act_id = made(cases, records)
        base = "/cases/{id}/orders"
        paths = [base, f"{base}?kind=referral", f"{base}?kind=complaint", f"{base}/{act_id}"]
        paths.append("/cases/{id}")
        serve(cases, Path(name) / "cache", records, seconds, paths)


if __name__ == "__main__":
    main()
