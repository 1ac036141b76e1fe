"""Check a case again for people who look at it: all of a closed one, the roots of an open one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cautery.errors import CauteryError
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import NOTE
from cautery.evidence.ports import CaseStore
from cautery.messages import tr
from cautery.pages.room.view import CheckView
from cautery.workflows.case.roots import check_roots
from cautery.workflows.case.verify import BROKEN, verify_case
from cautery.workflows.case.verify_records import Progress

OPEN = "open"
"""The verdict of a case that nobody has closed: its roots hold, and nothing covers all of it."""


def recheck(
    path: Path,
    *,
    store: CaseStore,
    now: Callable[[], datetime],
    progress: Progress,
    public_key: Path | None = None,
) -> CheckView:
    """Check a case as `cautery verify` does, and return what it came to: it never fails.

    Of a case that is open, every record is hashed again past every root that its key signed.

    Parameters
    ----------
    public_key : Path or None
        The case's key, had from elsewhere than the case.
    """
    started_at = now()
    try:
        verdict, lines = (
            _closed(path, store, started_at, progress, public_key)
            if store.exists(path, NOTE)
            else _open(path, store)
        )
    except CauteryError as error:
        return CheckView(
            running=False,
            started_at=started_at,
            ended_at=now(),
            verdict=BROKEN,
            fault=str(error),
            hint=error.hint,
        )
    return CheckView(
        running=False, started_at=started_at, ended_at=now(), verdict=verdict, lines=lines
    )


def _closed(
    path: Path,
    store: CaseStore,
    now: datetime,
    progress: Progress,
    public_key: Path | None,
) -> tuple[str, tuple[tuple[str, str], ...]]:
    verified = verify_case(path, store=store, public_key=public_key, now=now, progress=progress)
    return verified.verdict, verified.summary()


def _open(path: Path, store: CaseStore) -> tuple[str, tuple[tuple[str, str], ...]]:
    verifier = case_verifier(store, path)
    ledger = store.ledger(path, read_only=True)
    try:
        standing = check_roots(path, ledger, verifier, None)
    finally:
        ledger.close()
    left = standing.size - standing.signed
    return OPEN, (
        (
            tr("records"),
            tr("%(records)s; they hash to every root that was signed", records=standing.size),
        ),
        (
            tr("signed"),
            tr("%(signed)s are under the newest signed root", signed=standing.signed),
        ),
        (tr("not yet signed"), tr("%(left)s records came after it", left=left)),
    )
