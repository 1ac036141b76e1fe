"""What may leave the building, and the one way to make it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Generic, NoReturn, TypeVar

from cautery.act.gate import Gate, void_targets
from cautery.errors import ApprovalError
from cautery.model import Approval, Mandate

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_TOKEN = object()


class Approved(Generic[T_co]):
    """Something that may leave the building. Only :func:`let_out` makes one.

    Raises
    ------
    ApprovalError
        If anything else tries to make or change one.
    """

    __slots__ = ("_approvals", "_approved_at", "_subject", "_void")

    _subject: T_co
    _approvals: tuple[Approval, ...]
    _approved_at: datetime
    _void: frozenset[str]

    def __init__(
        self,
        subject: T_co,
        approvals: tuple[Approval, ...],
        at: datetime,
        *,
        void: frozenset[str] = frozenset(),
        token: object = None,
    ) -> None:
        if token is not _TOKEN:
            raise ApprovalError(
                "only approve() can make an Approved", hint="Have two approvers sign the referral."
            )
        object.__setattr__(self, "_subject", subject)
        object.__setattr__(self, "_approvals", approvals)
        object.__setattr__(self, "_approved_at", at)
        object.__setattr__(self, "_void", void)

    @property
    def subject(self) -> T_co:
        """What was approved."""
        return self._subject

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """The signatures that it stands on."""
        return self._approvals

    @property
    def approved_at(self) -> datetime:
        """When both were checked."""
        return self._approved_at

    @property
    def void(self) -> frozenset[str]:
        """Targets of a referral that are decoys: they come on no list."""
        return self._void

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise ApprovalError(f"an approved referral cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise ApprovalError(f"an approved referral cannot be changed ({name})")

    def __reduce__(self) -> NoReturn:
        raise ApprovalError("an Approved cannot be stored or copied; approve again")

    def __repr__(self) -> str:
        signers = ", ".join(approval.approver for approval in self._approvals)
        return f"Approved({self._subject!r}, by {signers})"


def let_out(
    subject: T,
    approvals: Iterable[Approval],
    *,
    at: datetime,
    mandate: Mandate,
    gate: Gate | None,
) -> Approved[T]:
    """Return something that may leave, with the approvals in the order of their times.

    Here, and nowhere else, approvals become what leaves. So here decoys are left out of it.

    Only what has just checked all that must hold calls it: :mod:`cautery.act.approval` and
    :mod:`cautery.act.notice_approval`. A test holds every other module to that.

    Parameters
    ----------
    at : datetime
        When it was checked, in UTC.
    gate : Gate or None
        What the keeper of the decoys has said; ``None``: nobody was asked.

    Raises
    ------
    ApprovalError
        As :func:`cautery.act.gate.void_targets` does.
    """
    void = void_targets(subject, mandate=mandate, gate=gate)
    ordered = tuple(sorted(approvals, key=lambda approval: (approval.at, approval.approver)))
    return Approved(subject, ordered, at, void=void, token=_TOKEN)
