"""Notices with what they reach through: the case's ledger, people's keys, mail and an API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from cautery import wiring
from cautery.adapters.person_keys import load_approver
from cautery.model import Addressee, Approval, Digest, ExhibitId, Notice
from cautery.model.records import NoticeWithdrawn
from cautery.wiring.cases import adding_to, reading
from cautery.workflows.case.notices import (
    approve_notice_in,
    draft_into,
    notices_of,
    withdraw_notice,
)

of = notices_of


def draft(
    case_path: Path,
    addressee_of: Callable[[Addressee | None], Addressee],
    *,
    name: str,
    notifier_email: str | None,
    urls: Collection[str],
    shown_by: Iterable[ExhibitId],
    replaces: str | None,
    dry_run: bool,
) -> Notice:
    """Draft a notice into a case that may be watched at this moment by another process.

    Parameters
    ----------
    addressee_of : callable
        Returns the addressee, given that of the draft which this one replaces.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    before = None
    if replaces is not None:
        with reading(case_path) as case:
            before = notices_of(case.ledger).draft(replaces)
    addressee = addressee_of(None if before is None else before.addressee)
    given = {
        "name": name,
        "notifier_email": notifier_email or (None if before is None else before.notifier_email),
        "urls": urls,
        "shown_by": tuple(shown_by) or (() if before is None else before.shown_by),
        "replaces": replaces,
        "now": wiring.clock().now(),
    }
    if dry_run:
        with reading(case_path) as case:
            return draft_into(case.ledger, addressee, **given, dry_run=True)
    with adding_to(case_path) as ledger:
        return draft_into(ledger, addressee, **given)


def approve(case_path: Path, notice: str, *, shown: Digest, name: str, key: Path) -> Approval:
    """Sign a notice of a case that may be watched at this moment by another process.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = load_approver(key)
    with adding_to(case_path) as ledger:
        return approve_notice_in(
            ledger, notice, shown=shown, name=name, key=signing, now=wiring.clock().now()
        )


def withdraw(case_path: Path, notice: str, *, name: str, why: str) -> NoticeWithdrawn:
    """Withdraw a notice of a case.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    with adding_to(case_path) as ledger:
        return withdraw_notice(ledger, notice, name=name, why=why, now=wiring.clock().now())
