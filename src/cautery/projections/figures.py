"""Figures of a case for the public: counts, mistakes, distributions of times; no target named."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cautery.model import Entry, Lever, Notice, Referral
from cautery.model.records import (
    CanaryProbed,
    EntryWithdrawn,
    ReferralPublished,
    acting,
    kinds_of,
)
from cautery.projections import complaints as complaints_module
from cautery.projections import notices as notices_module
from cautery.projections.complaints import Complaints
from cautery.projections.folding import heard
from cautery.projections.lists import BY_COMPLAINT, Lists
from cautery.projections.notices import Notices

EDGES_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 1_800)
"""Upper edges of the classes of a distribution of seconds; the last class is open."""
KINDS = tuple(
    dict.fromkeys((*acting.KINDS, *kinds_of(*complaints_module.HEARD, *notices_module.HEARD)))
)
"""Kinds of the records that are heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """How often a case was wrong, as far as it knows.

    Parameters
    ----------
    targets : int
        Targets that were on a list.
    withdrawn_by_guard : int
        Of these, those that the guard allowed no more while they were on it.
    complaints_granted : int
        Complaints that were granted.
    unrelated_names_hit : int
        Unrelated names that a block made unreachable.
    """

    targets: int
    withdrawn_by_guard: int
    complaints_granted: int
    unrelated_names_hit: int


@dataclass(slots=True)
class _OfOrder:
    referrals: set[str] = field(default_factory=set)
    targets: dict[str, Lever] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Figures:
    """What a case may show to everybody."""

    lists: Lists = field(default_factory=Lists)
    complaints: Complaints = field(default_factory=Complaints)
    notices: Notices = field(default_factory=Notices)
    next_index: int = 0
    _referrals: dict[str, Referral] = field(default_factory=dict)
    _orders: dict[tuple[str, str], _OfOrder] = field(default_factory=dict)
    _mistakes: set[str] = field(default_factory=set)
    _published: set[str] = field(default_factory=set)
    _canaries_hit: set[str] = field(default_factory=set)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        heard((self.lists.hear, self.complaints.hear, self.notices.hear), entry)
        match entry.content:
            case Referral() as referral:
                self._referrals.setdefault(referral.id, referral)
            case ReferralPublished() as published:
                self._publish(published)
            case EntryWithdrawn() as withdrawn if withdrawn.published:
                self._withdraw(withdrawn)
            case CanaryProbed() as probe if probe.is_hit:
                self._canaries_hit.add(probe.canary)
        self.next_index = entry.index + 1

    def _publish(self, published: ReferralPublished) -> None:
        referral = self._referrals.get(published.referral)
        if referral is None:
            return
        of_order = self._orders.setdefault((referral.territory, referral.order), _OfOrder())
        of_order.referrals.add(referral.id)
        levers = {entry.target: entry.lever for entry in referral.entries}
        for target in published.targets:
            if target in levers:
                of_order.targets[target] = levers[target]
                self._published.add(target)

    def _withdraw(self, withdrawn: EntryWithdrawn) -> None:
        referral = self._referrals.get(withdrawn.referral)
        if referral is not None:
            place = (referral.territory, referral.order)
            self._orders.setdefault(place, _OfOrder()).withdrawn.add(withdrawn.target)
        if all(reason.code != BY_COMPLAINT for reason in withdrawn.reasons):
            self._mistakes.add(withdrawn.target)

    @property
    def mistakes(self) -> Mistakes:
        """How often the case was wrong."""
        decided = self.complaints.decided.values()
        return Mistakes(
            targets=len(self._published),
            withdrawn_by_guard=len(self._mistakes),
            complaints_granted=sum(decision.granted for decision in decided),
            unrelated_names_hit=len(self._canaries_hit),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        complaints, filed = self.complaints, self.complaints.filed.values()
        decided = complaints.decided
        decide_h = [
            (decided[each.complaint].at - each.received_at).total_seconds() / 3_600
            for each in filed
            if each.complaint in decided
        ]
        receipt_s = [
            seconds for each in filed if (seconds := complaints.receipt_s(each)) is not None
        ]
        in_time = [
            each
            for each in filed
            if each.complaint in decided
            and each.due_at is not None
            and decided[each.complaint].at <= each.due_at
        ]
        return {
            "orders": [
                {
                    "territory": territory,
                    "order": order,
                    "referrals": len(row.referrals),
                    "names": sum(lever is Lever.NAME for lever in row.targets.values()),
                    "addresses": sum(lever is Lever.ADDRESS for lever in row.targets.values()),
                    "withdrawn": len(row.withdrawn),
                }
                for (territory, order), row in sorted(self._orders.items())
            ],
            "mistakes": asdict(self.mistakes),
            "times": {
                "block_s": distribution(self.lists.block_s),
                "unblock_s": distribution(self.lists.unblock_s),
                "receipt_s": distribution(receipt_s),
            },
            "not_seen_open": len(self.lists.not_lifted),
            "complaints": {
                "received": len(complaints.filed),
                "about_no_entry": sum(each.rule is not None for each in filed),
                "late": sum(each.late for each in filed),
                "granted": sum(each.granted for each in decided.values()),
                "rejected": sum(not each.granted for each in decided.values()),
                "open": len(complaints.open()),
                "in_time": len(in_time),
                "median_h": quantile(decide_h, 0.5),
            },
            "notices": list(self._notice_rows()),
        }

    def _notice_rows(self) -> list[dict[str, Any]]:
        by_kind: dict[str, list[Notice]] = {}
        for number in self.notices.sent:
            notice = self.notices.drafts[number]
            by_kind.setdefault(notice.addressee.kind.value, []).append(notice)
        rows = []
        for kind, notices in sorted(by_kind.items()):
            answers = Counter(
                answer.what.value
                for notice in notices
                if (answer := self._read(notice.id)) is not None
            )
            hours = [
                takedown_h
                for notice in notices
                if (takedown_h := self.notices.takedown_h(notice.id)) is not None
            ]
            rows.append(
                {
                    "kind": kind,
                    "sent": len(notices),
                    "urls": sum(len(notice.urls) for notice in notices),
                    "gone": len(hours),
                    "rejected": answers["rejected"],
                    "unfounded": answers["manifestly unfounded"],
                    "withdrawn": sum(notice.id in self.notices.withdrawn for notice in notices),
                    "median_h": quantile(hours, 0.5),
                }
            )
        return rows

    def _read(self, number: str) -> Any:
        """Return the newest answer that a person has read; ``None``: there is none."""
        read = [answer for answer in self.notices.answers.get(number, ()) if answer.by is not None]
        return read[-1] if read else None


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the smallest value that at least a share of all do not exceed; ``None``: no values.

    Examples
    --------
    >>> quantile([3.0, 1.0, 2.0, 10.0], 0.5), quantile([], 0.5)
    (2.0, None)
    """
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def distribution(seconds: Sequence[float]) -> dict[str, Any]:
    """Return a distribution of seconds: its number, quantiles, and how many are in each class."""
    counts = [0] * (len(EDGES_S) + 1)
    for value in seconds:
        counts[next((at for at, edge in enumerate(EDGES_S) if value <= edge), len(EDGES_S))] += 1
    return {
        "n": len(seconds),
        "median": quantile(seconds, 0.5),
        "p90": quantile(seconds, 0.9),
        "p99": quantile(seconds, 0.99),
        "max": max(seconds, default=None),
        "edges": list(EDGES_S),
        "counts": counts,
    }
