"""How a case of a watch ends: its report, and the signature over all of it."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.errors import InputError, StorageError
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.model import Mandate
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import (
    CaseOpened,
    DecoysUnrevealed,
    WatchEnd,
    WatchStopped,
    kind_of_type,
)
from cautery.projections import Notices, folded
from cautery.projections.case import Spans
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import without_decoys
from cautery.workflows.case.close import close_case
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.open import Case
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.case.report import write_report
from cautery.workflows.case.report_times import report_times
from cautery.workflows.watch.after_reveal import computed_anew
from cautery.workflows.watch.estimates import estimates

REPORT = "report.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a case ended.

    Parameters
    ----------
    closed : bool
        Whether it is closed and signed.
    unsent : tuple of str
        Ids of notices that are not sent.
    unrevealed : int
        Decoys that are not revealed; where the case waits for that it has no report yet.
    """

    closed: bool
    unsent: tuple[str, ...]
    unrevealed: int = 0


def closes(mandate: Mandate, notices: Notices, decoys: Decoys) -> bool:
    """Tell whether a watch closes its case: it may wait for its notices, or for its decoys.

    A case waits until its decoys are revealed (ADR 0079), and a mandate may let it wait for notices
    (ADR 0051). Without an approver no notice is ever sent, so nothing waits.
    """
    waits = mandate.keep_open and bool(mandate.approvers) and bool(notices.under_way)
    return not (waits or decoys.secret)


def finish_case(
    case: Case, *, close: bool | None = True, trust: Trust = NOBODY, unrevealed: bool = False
) -> Finished:
    """Write the report of a watch into its case, and close it.

    A case whose decoys are not revealed waits: it gets no report, which would count them, and is
    not closed. When they are revealed, this finishes it.

    Parameters
    ----------
    close : bool or None
        Whether to close it; ``None``: as its mandate says.
    trust : Trust
        Whom the organisation trusts to vouch for times; the report states what they say.
    unrevealed : bool
        Whether not to wait for the decoys: it is put on record that they were never revealed.

    Raises
    ------
    CauteryError
        As writing the report and closing the case do.
    """
    decoys = Decoys().read_on(case.ledger)
    hidden = decoys.unopened if decoys.secret else 0
    if decoys.secret and not unrevealed:
        case.checkpoint()
        return Finished(
            closed=False, unsent=notices_of(case.ledger).notices.unsent, unrevealed=hidden
        )
    case.make_room()
    if decoys.secret:
        append(
            case.ledger, DecoysUnrevealed(count=hidden, at=case.clock.now()), at=case.clock.now()
        )
    for content in computed_anew(mandate_of(case.ledger), case.ledger):
        append(case.ledger, content, at=case.clock.now())
    checkpoint = case.ledger.checkpoint(case.signer, at=case.clock.now())
    page = write_report(
        case.ledger,
        case.vault,
        at=case.clock.now(),
        checkpoints=(checkpoint,),
        times=report_times(case.ledger, case.vault, case=case.verifier, trust=trust),
    )
    case.write(REPORT, page.encode())
    filed = notices_of(case.ledger)
    if close is None:
        close = closes(filed.mandate, filed.notices, decoys)
    if close:
        close_case(case, at=case.clock.now())
    return Finished(closed=close, unsent=filed.notices.unsent, unrevealed=hidden)


def finish_killed_watch(case: Case, *, trust: Trust = NOBODY) -> None:
    """Close the case of a watch that is no longer running, as the watch would have done.

    It waits for nothing: neither for notices nor for decoys that are not revealed. What it saw
    until then is estimated and reported; when it was seen last is on record.

    Parameters
    ----------
    trust : Trust
        Whom the organisation trusts to vouch for times.

    Raises
    ------
    InputError
        If the case is not of a watch, or holds nothing.
    StorageError
        If another process still writes to it.
    EvidenceError
        If its records are not those that were signed.
    """
    opened = next(iter(case.ledger.read()), None)
    if opened is None:
        raise InputError(f"{case.path}: the case has no records, so there is nothing to close")
    if opened.record.kind != kind_of_type(CaseOpened):
        raise InputError(
            f"{case.path}: this case does not belong to a watch",
            hint="To close the case of an operation: cautery operation close CASE.",
        )
    if case.store.shares(case.path):
        raise StorageError(
            f"{case.path}: another process is writing to this case",
            hint=(
                "A running watch closes its case at the end of its window. Wait, or stop the "
                "watch first."
            ),
        )
    _record_the_stop(case, mandate_of(case.ledger))
    finish_case(case, trust=trust, unrevealed=True)


def has_stopped(ledger: Ledger) -> bool:
    """Tell whether the watch of a case has ended, by its records."""
    spans = folded(Spans(), ledger.read())
    return bool(spans.watched) and not spans.running


def _record_the_stop(case: Case, mandate: Mandate) -> None:
    """Say when a killed watch was seen last, and what its records bear."""
    spans = folded(Spans(), case.ledger.read())
    if not spans.running:
        return
    _, last_seen = spans.watched[-1]
    now = case.clock.now()
    # Storefronts are read by a running watch alone: what they claim is estimated no more.
    for estimate in estimates(mandate, without_decoys(case.ledger, redacts=False), ()):
        append(case.ledger, estimate, at=now)
    append(case.ledger, WatchStopped(why=WatchEnd.KILLED, at=last_seen), at=now)
