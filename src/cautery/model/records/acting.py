"""Records of acting: what the guard let through, who approved it, what it did, and to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from cautery.model.act import (
    Acknowledgement,
    Approval,
    DarkProbe,
    Effect,
    Referral,
    RefusedEntry,
)
from cautery.model.evidence import Digest, ExhibitId
from cautery.model.intervention import (
    ActionPlan,
    EventSpending,
    GuardVerdict,
    Override,
    Reason,
)
from cautery.model.message import Message
from cautery.model.orders import RuleConfirmation
from cautery.model.records.dated import Dated
from cautery.model.times import require_utc


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven(Approval):
    """A person approves a referral. The record alone does not prove the signature: check it.

    Parameters
    ----------
    referral : str
        Id of the referral that the person was shown; the digest ``subject`` is what counts.
    """

    referral: str

    @classmethod
    def of(cls, referral: str, approval: Approval) -> ApprovalGiven:
        """Return the record of an approval of a referral."""
        return cls(referral=referral, **_members(approval))

    @property
    def approval(self) -> Approval:
        """The approval alone."""
        return Approval(**_members(self))


def _members(approval: Approval) -> dict[str, Any]:
    return {member.name: getattr(approval, member.name) for member in fields(Approval)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRefused(Dated):
    """An approver refuses a referral or a notice: as it is, nobody approves it any more.

    Another version may be drafted, which is another act.

    Parameters
    ----------
    id : str
        Of the referral or notice.
    subject : Digest
        The digest of what the person was shown.
    by : str
        Name of the approver.
    why : str
        The reason.
    """

    id: str
    subject: Digest
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralPublished(Dated):
    """A list was sent to an intermediary, which accepted it.

    Parameters
    ----------
    referral : str
        Id of the referral.
    intermediary : str
        Name of the intermediary.
    exhibit : ExhibitId or None
        The list as it was sent; ``None``: it was not sealed.
    targets : tuple of str
        The targets on the list.
    streams : mapping
        By target, the proven streams that the target should cut.
    """

    referral: str
    intermediary: str
    exhibit: ExhibitId | None = None
    targets: tuple[str, ...] = ()
    streams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSent(Dated):
    """A version of an intermediary's list was sent, because the list had changed.

    Parameters
    ----------
    intermediary : str
        Name of the intermediary.
    list : str
        Id of the list.
    version : int
        Number of the version.
    digest : Digest
        Digest of the text that the key of the list signed.
    referrals : tuple of str
        Ids of the referrals of this case that the version names.
    withdrawn : tuple of str
        Targets of this case that were taken off the list since the version that was sent before.
    exhibit : ExhibitId
        The version with its signature and the referrals of this case, as it was sent.
    effect : Effect
        What the intermediary says it did.
    applied_at : datetime or None
        When the intermediary says it applied it, in UTC; ``None``: not stated.
    reason : str or None
        The intermediary's reason; ``None``: not stated.
    refused : tuple of RefusedEntry
        What the intermediary does not apply of the version.
    """

    intermediary: str
    list: str
    version: int
    digest: Digest
    referrals: tuple[str, ...]
    withdrawn: tuple[str, ...] = ()
    exhibit: ExhibitId
    effect: Effect
    applied_at: datetime | None = None
    reason: str | None = None
    refused: tuple[RefusedEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAnswered(Dated):
    """An access provider that fetches its list says what it did: a claim.

    Parameters
    ----------
    intermediary : str
        Name of the intermediary.
    list : str
        Id of the list.
    version : int or None
        Number of the version that it holds; ``None``: it holds none.
    digest : Digest or None
        Digest of that version's text; ``None``: it holds none.
    effect : Effect
        What the intermediary says it did.
    applied_at : datetime or None
        When the intermediary says it applied it, in UTC; ``None``: not stated.
    reason : str or None
        The intermediary's reason; ``None``: not stated.
    refused : tuple of RefusedEntry
        What the intermediary does not apply of the version.
    """

    intermediary: str
    list: str
    version: int | None
    digest: Digest | None
    effect: Effect
    applied_at: datetime | None = None
    reason: str | None = None
    refused: tuple[RefusedEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockLifted(Dated):
    """A target that was withdrawn is reachable again through an intermediary.

    Parameters
    ----------
    referral : str
        Id of the referral from which the target was withdrawn.
    target : str
        The target, in the guard's spelling.
    intermediary : str
        Name of the intermediary.
    withdrawn_at : datetime
        When the target was withdrawn, in UTC.
    seen : Message
        What the watch's own probe saw.
    """

    referral: str
    target: str
    intermediary: str
    withdrawn_at: datetime
    seen: Message

    def __post_init__(self) -> None:
        Dated.__post_init__(self)
        require_utc("withdrawn_at", self.withdrawn_at)


class RevalidationTime(StrEnum):
    """When the guard judges again what it has allowed."""

    BEFORE_PUBLICATION = "before publication"
    WHILE_IT_STANDS = "while it stands"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRevalidated(Dated):
    """The guard judged again what it had allowed.

    Parameters
    ----------
    why : RevalidationTime
        When it judged again.
    asked : tuple of str
        The targets that it judged.
    withdrawn : tuple of str
        The targets that it does not allow any more.
    """

    why: RevalidationTime
    asked: tuple[str, ...]
    withdrawn: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSpent(EventSpending):
    """The number of bystanders that the blocks of one event may hit has changed.

    Parameters
    ----------
    at : datetime
        When it changed, in UTC.
    """

    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    @classmethod
    def of(cls, spending: EventSpending, *, at: datetime) -> BudgetSpent:
        """Return the record of what an event's blocks may cost from a moment on."""
        return cls(
            event=spending.event,
            budget=spending.budget,
            spending=spending.spending,
            left_out=spending.left_out,
            at=at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideSigned:
    """One person signs an override; an override needs two.

    Parameters
    ----------
    override : Override
        The override.
    approval : Approval
        That person's signature over it.
    """

    override: Override
    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideGiven:
    """An override comes into force: both people have signed it.

    Parameters
    ----------
    override : Override
        The override.
    approvals : tuple of Approval
        The signatures of both people.
    """

    override: Override
    approvals: tuple[Approval, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWithdrawn(Dated):
    """A target is taken out of a referral, and must be unblocked where it is blocked.

    Parameters
    ----------
    referral : str
        Id of the referral.
    target : str
        The target, in the guard's spelling.
    reasons : tuple of Reason
        Why the guard does not allow it any more.
    published : tuple of str
        Names of the intermediaries that had received it.
    """

    referral: str
    target: str
    reasons: tuple[Reason, ...]
    published: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryProbed(Dated):
    """An unrelated name near a block was asked for: directly, and through the intermediary.

    Parameters
    ----------
    canary : str
        The unrelated name.
    intermediary : str
        Name of the intermediary.
    targets : tuple of str
        The blocked targets that it is near.
    direct : bool or None
        Whether it answered directly; ``None``: not asked, or not certain.
    through : bool or None
        Whether it answered through the intermediary; ``None``: not asked, or not certain.
    """

    canary: str
    intermediary: str
    targets: tuple[str, ...]
    direct: bool | None
    through: bool | None

    @property
    def is_hit(self) -> bool:
        """The block hits it: it answers all others, and does not through the intermediary."""
        return self.direct is True and self.through is False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackProposed(Dated):
    """A proposal to unblock a target at an intermediary; people decide.

    Parameters
    ----------
    target : str
        The target to unblock.
    intermediary : str
        Name of the intermediary.
    why : Message
        Why it is proposed.
    dark : tuple of str
        Canaries that do not answer through the intermediary.
    tried : int
        Number of canaries that were asked for; 0: the guard does not allow the target any more.
    """

    target: str
    intermediary: str
    why: Message
    dark: tuple[str, ...] = ()
    tried: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryExpired(Dated):
    """The time of an entry on a list has ended.

    Parameters
    ----------
    referral : str
        Id of the referral.
    target : str
        The target, in the guard's spelling.
    intermediary : str
        Name of the intermediary.
    seen : Message or None
        Through whom the target is reachable again; ``None``: that was not seen.
    why : Message or None
        Why that was not seen; ``None``: it was seen, or the record is of an older version.
    """

    referral: str
    target: str
    intermediary: str
    seen: Message | None = None
    why: Message | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofFollowed(Dated):
    """What follows from a proven stream, recorded when that changes.

    Parameters
    ----------
    url : str
        The stream's URL, redacted.
    referrals : tuple of str
        Ids of the referrals that hold a target of the stream.
    without : tuple of Message
        Why there is no referral, or none in a territory; empty: there is one in each.
    notices : tuple of str
        Ids of the notices to its host that name its URL.
    """

    url: str
    referrals: tuple[str, ...]
    without: tuple[Message, ...] = ()
    notices: tuple[str, ...] = ()


KINDS: dict[str, type] = {
    "guard.decided": GuardVerdict,
    "plan.made": ActionPlan,
    "referral.drafted": Referral,
    "proof.followed": ProofFollowed,
    "approval.given": ApprovalGiven,
    "act.refused": ActRefused,
    "referral.published": ReferralPublished,
    "acknowledgement": Acknowledgement,
    "list.sent": ListSent,
    "list.answered": ListAnswered,
    "block.lifted": BlockLifted,
    "guard.revalidated": GuardRevalidated,
    "budget.spent": BudgetSpent,
    "override.signed": OverrideSigned,
    "override.given": OverrideGiven,
    "entry.withdrawn": EntryWithdrawn,
    "canary.probed": CanaryProbed,
    "rollback.proposed": RollbackProposed,
    "dark.probed": DarkProbe,
    "entry.expired": EntryExpired,
    "rule.confirmed": RuleConfirmation,
}
