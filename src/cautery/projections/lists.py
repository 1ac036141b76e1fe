"""What intermediaries were sent, what they do not apply, how long blocks take to come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from cautery.model import DarkProbe, Entry
from cautery.model.records import (
    BlockLifted,
    EntryWithdrawn,
    ListAnswered,
    ListSent,
    ReferralPublished,
)


@dataclass(slots=True)
class Lists:
    """The lists of a case.

    Parameters
    ----------
    newest : dict
        By the name of an intermediary, the last version that was recorded, with the newest answer.
    block_s : list of float
        Seconds from the sending of a list until the watch's own probe first saw a stream dark, for
        each target and intermediary.
    lifted : list of BlockLifted
        Withdrawn targets that the watch's own probe saw reachable again.
    not_lifted : dict
        By target and intermediary, since when a dark target is withdrawn and not seen reachable.
    """

    newest: dict[str, ListSent] = field(default_factory=dict)
    block_s: list[float] = field(default_factory=list)
    lifted: list[BlockLifted] = field(default_factory=list)
    not_lifted: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _sent_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
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
            case ReferralPublished() as published:
                for target in published.targets:
                    self._sent_at[target, published.intermediary] = published.at
            case DarkProbe(dark=True) as probe:
                place = (probe.target, probe.intermediary)
                self._dark.add(place)
                if (sent_at := self._sent_at.pop(place, None)) is not None:
                    self.block_s.append((probe.at - sent_at).total_seconds())
            case EntryWithdrawn() as withdrawn:
                for name in withdrawn.published:
                    if (withdrawn.target, name) in self._dark:
                        self.not_lifted[withdrawn.target, name] = withdrawn.at
            case BlockLifted() as lifted:
                self.lifted.append(lifted)
                self.not_lifted.pop((lifted.target, lifted.intermediary), None)

    @property
    def unblock_s(self) -> Sequence[float]:
        """Seconds from each withdrawal until the watch's own probe reached the target again."""
        return [(lifted.at - lifted.withdrawn_at).total_seconds() for lifted in self.lifted]
