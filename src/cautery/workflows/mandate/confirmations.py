"""Confirmations of unverified rules of law: JSON lines in a file next to a mandate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act.confirmed import stands
from cautery.act.jurisdictions import Rule
from cautery.act.rules import check_confirmation, confirm_rule
from cautery.errors import ApprovalError, MandateError
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, Mandate, RuleConfirmation, from_json, to_json
from cautery.workflows.mandate.beside import append_beside, lines_beside

SUFFIX = ".confirmations"
_REMEDY = "Confirm the rule again: cautery mandate confirm; or delete this line."


def confirmations_path(mandate: Path) -> Path:
    """Return where the confirmations under a mandate's file lie."""
    return mandate.with_name(mandate.name + SUFFIX)


def checked_confirmations(path: Path, mandate: Mandate) -> tuple[RuleConfirmation, ...]:
    """Return the confirmations beside a mandate that count, each checked.

    One of a rule that has been written anew since, or that is no rule any more, does not count.

    Raises
    ------
    MandateError
        If one is broken, or no approver's.
    """
    beside = confirmations_path(path)
    confirmations = []
    for number, line in enumerate(lines_beside(beside, remedy=_REMEDY), 1):
        where = f"{beside}, line {number}"
        try:
            confirmation = from_json(RuleConfirmation, parsed_json(line))
        except MISSHAPEN as error:
            raise MandateError(f"{where}: not a valid confirmation", hint=_REMEDY) from error
        try:
            check_confirmation(confirmation, mandate=mandate.id, approvers=mandate.approvers)
        except ApprovalError as error:
            raise MandateError(f"{where}: {error}", hint=_REMEDY) from error
        if stands(confirmation, mandate):
            confirmations.append(confirmation)
    return tuple(confirmations)


def confirmations_of(path: Path, mandate: Mandate) -> Callable[[], tuple[RuleConfirmation, ...]]:
    """Return what reads the confirmations beside a mandate again, when their file has changed.

    Raises
    ------
    MandateError
        Raised by what is returned: as :func:`checked_confirmations`.
    """
    beside = confirmations_path(path)
    last: list[tuple[tuple[int, ...] | None, tuple[RuleConfirmation, ...]]] = []

    def read() -> tuple[RuleConfirmation, ...]:
        try:
            status = beside.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            stamp = None
        if not last or last[0][0] != stamp:
            last[:] = [(stamp, checked_confirmations(path, mandate))]
        return last[0][1]

    return read


def add_confirmation(
    path: Path,
    mandate: Mandate,
    *,
    rule: Rule,
    source: str,
    name: str,
    key: Ed25519PrivateKey,
    now: datetime,
) -> RuleConfirmation:
    """Confirm a rule as one of the mandate's approvers, and put that beside the mandate.

    Raises
    ------
    ApprovalError
        If the person is no approver, or the rule needs no confirmation.
    StorageError
        If it cannot be written.
    """
    approver = next((person for person in mandate.approvers if person.name == name), None)
    if approver is None:
        names = ", ".join(person.name for person in mandate.approvers) or "none"
        raise ApprovalError(
            f"{name!r} is not an approver of this mandate", hint=f"Its approvers: {names}."
        )
    confirmation = confirm_rule(
        rule,
        mandate=mandate.id,
        source=source,
        approver=approver,
        key=key,
        at=now,
    )
    append_beside(confirmations_path(path), to_json(confirmation))
    return confirmation
