"""What intermediaries were sent, what they do not apply, how long blocks take to come and go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from cautery.model import DarkProbe, Entry
from cautery.model.records import (
    ApprovalGiven,
    BlockLifted,
    ComplaintDecided,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    ReferralPublished,
)

BY_COMPLAINT = "complaint"
"""The code of the reason for which a granted complaint takes a target off the lists."""
BY_DECOY = "decoy"
"""The code of the reason for which a target is left out that was opened as a decoy."""


@dataclass(slots=True)
class Lists:
    """The lists of a case.

    Parameters
    ----------
    newest : dict
        By the name of an intermediary, the last version that was recorded, with the newest answer.
    block_s : list of float
        Seconds from the approval by a second person until the watch's own probe first saw a stream
        dark, for each target and intermediary.
    unblock_s : list of float
        Seconds from the guard's verdict, or the decision about a complaint, until the watch's own
        probe saw the target reachable again, for each withdrawn target and intermediary.
    lifted : list of BlockLifted
        Withdrawn targets that the watch's own probe saw reachable again.
    not_lifted : dict
        By target and intermediary, since when a dark target is withdrawn and not seen reachable.
    """

    newest: dict[str, ListSent] = field(default_factory=dict)
    block_s: list[float] = field(default_factory=list)
    unblock_s: list[float] = field(default_factory=list)
    lifted: list[BlockLifted] = field(default_factory=list)
    not_lifted: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _approved: dict[str, dict[str, datetime]] = field(default_factory=dict)
    """By referral and approver, when the case first held the approval."""
    _decided_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _granted: dict[str, datetime] = field(default_factory=dict)
    _released_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """By referral and target, when somebody decided to unblock it."""
    _dark: set[tuple[str, str]] = field(default_factory=set)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        match entry.content:
            case ListSent() as sent:
                self.newest[sent.intermediary] = sent
            case ListAnswered() as answer if answer.intermediary in self.newest:
                self.newest[answer.intermediary] = replace(
                    self.newest[answer.intermediary],
                    effect=answer.effect,
                    applied_at=answer.applied_at,
                    reason=answer.reason,
                    refused=answer.refused,
                )
            case ApprovalGiven() as given:
                approved = self._approved.setdefault(given.referral, {})
                approved.setdefault(given.approver, entry.record.at)
            case ComplaintDecided(granted=True, target=str() as target):
                self._granted.setdefault(target, entry.record.at)
            case ReferralPublished() as published:
                decided = self.approved_at(published.referral)
                at = published.at if decided is None else min(decided, published.at)
                for target in published.targets:
                    self._decided_at[target, published.intermediary] = at
            case DarkProbe(dark=True) as probe:
                place = (probe.target, probe.intermediary)
                self._dark.add(place)
                if (decided_at := self._decided_at.pop(place, None)) is not None:
                    self.block_s.append((probe.at - decided_at).total_seconds())
            case EntryWithdrawn() as withdrawn:
                granted_at = self._granted.get(withdrawn.target)
                if granted_at and any(reason.code == BY_COMPLAINT for reason in withdrawn.reasons):
                    place = (withdrawn.referral, withdrawn.target)
                    self._released_at[place] = min(granted_at, withdrawn.at)
                for name in withdrawn.published:
                    if (withdrawn.target, name) in self._dark:
                        self.not_lifted[withdrawn.target, name] = withdrawn.at
            case BlockLifted() as lifted:
                self.lifted.append(lifted)
                place = (lifted.referral, lifted.target)
                begun_at = self._released_at.get(place, lifted.withdrawn_at)
                self.unblock_s.append((lifted.at - begun_at).total_seconds())
                self.not_lifted.pop((lifted.target, lifted.intermediary), None)

    def approved_at(self, referral: str) -> datetime | None:
        """Return when a second person had approved a referral; ``None``: there is none."""
        moments = sorted(self._approved.get(referral, {}).values())
        return moments[1] if len(moments) > 1 else None
