"""What the records that the defence is given say for the accused, counted and listed.

Each number is counted in the records of the bag alone, so that who has the bag can count it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from cautery.evidence.leaf import record_of
from cautery.model import (
    ClockOffset,
    DarkProbe,
    Decision,
    Exhibit,
    Finding,
    GuardVerdict,
    Verdict,
    verbal,
)
from cautery.model.records import (
    ActRefused,
    BlockLifted,
    CaseOpened,
    ComplaintDecided,
    ComplaintFiled,
    DecoderConfined,
    EntryExpired,
    EntryWithdrawn,
    ExhibitSealed,
    Failure,
    HostsRuled,
    NoticeWithdrawn,
    OverrideGiven,
    ProbeDone,
    RollbackProposed,
    RowReplaced,
    StatementRecorded,
    VantageCompared,
    WatchDied,
    WatchPace,
    WatchResumed,
    WatchTakenOver,
    WorkShed,
)

CLAIMING = 3.0
"""Base-10 logarithm of the likelihood ratio from which on support is strong (ENFSI, 2015)."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered(Generic[T]):
    """What a record says, with its number and its time."""

    index: int
    at: datetime
    content: T


@dataclass(slots=True)
class SpeaksFor:
    """The records of a bag that speak for the accused, by sort, in order."""

    probes: list[Numbered[ProbeDone]] = field(default_factory=list)
    verdicts: list[Numbered[Verdict]] = field(default_factory=list)
    guard: list[Numbered[GuardVerdict]] = field(default_factory=list)
    overrides: list[Numbered[OverrideGiven]] = field(default_factory=list)
    corrections: list[Numbered[Any]] = field(default_factory=list)
    paces: list[Numbered[WatchPace]] = field(default_factory=list)
    gaps: list[Numbered[Any]] = field(default_factory=list)
    failures: list[Numbered[Failure]] = field(default_factory=list)
    statements: list[Numbered[StatementRecorded]] = field(default_factory=list)
    clocks: list[ClockOffset] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    """How many records of each kind the bag has."""

    @property
    def failed(self) -> list[Numbered[ProbeDone]]:
        """Probes that fetched nothing."""
        return [row for row in self.probes if row.content.failed is not None]

    @property
    def silent(self) -> list[Numbered[ProbeDone]]:
        """Probes that fetched media which match no reference, or of which nobody can say it."""
        return [
            row
            for row in self.probes
            if row.content.observation is not None
            and not any(witness.log10_lr > 0 for witness in row.content.observation.witnesses)
        ]

    @property
    def weak(self) -> list[Numbered[ProbeDone]]:
        """Probes that match a reference, none of whose witnesses alone gives strong support."""
        return [
            row
            for row in self.probes
            if row.content.observation is not None
            and 0
            < max((witness.log10_lr for witness in row.content.observation.witnesses), default=0.0)
            < CLAIMING
        ]

    def findings(self) -> Counter[Finding]:
        """Return how many verdicts there are of each finding."""
        return Counter(row.content.finding for row in self.verdicts)

    def decisions(self) -> Counter[Decision]:
        """Return how many judgements of the guard there are of each decision."""
        return Counter(row.content.decision for row in self.guard)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return the facts on which the guard's judgements rest, with the date of each."""
        return tuple(
            sorted(
                {
                    (reason.fact, "" if reason.fact_date is None else reason.fact_date.isoformat())
                    for row in self.guard
                    for reason in row.content.reasons
                    if reason.fact is not None
                }
            )
        )

    def late(self) -> list[Numbered[WatchPace]]:
        """Return the moments at which the watch was late."""
        return [row for row in self.paces if row.content.late]


_CORRECTING = (
    ActRefused, BlockLifted, ComplaintDecided, ComplaintFiled, EntryExpired, EntryWithdrawn,
    HostsRuled, NoticeWithdrawn, RollbackProposed, DarkProbe,
)  # fmt: skip
_GAPS = (
    WatchResumed, WatchDied, WatchTakenOver, WorkShed, RowReplaced, DecoderConfined,
    VantageCompared,
)  # fmt: skip


def speaks_for(shown: Iterable[tuple[int, str, bytes, tuple[bytes, ...]]]) -> SpeaksFor:
    """Read the records of an extract; one that does not have its shape is counted by kind alone."""
    result = SpeaksFor()
    for index, kind, leaf, _ in shown:
        result.kinds[kind] += 1
        record = record_of(leaf, canonical=False)
        content = record.content
        row: Numbered[Any] = Numbered(index=index, at=record.at, content=content)
        match content:
            case ProbeDone():
                result.probes.append(row)
            case Verdict():
                result.verdicts.append(row)
            case GuardVerdict():
                result.guard.append(row)
            case OverrideGiven():
                result.overrides.append(row)
            case WatchPace():
                result.paces.append(row)
            case Failure():
                result.failures.append(row)
            case StatementRecorded():
                result.statements.append(row)
            case ExhibitSealed(exhibit=Exhibit(clock=clock)):
                result.clocks.append(clock)
            case CaseOpened(version=version):
                result.versions.add(version)
            case _ if isinstance(content, _CORRECTING):
                result.corrections.append(row)
            case _ if isinstance(content, _GAPS):
                result.gaps.append(row)
    return result


def explanations(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Yield what else a verdict itself leaves open: a code, and the value that shows it."""
    if len(verdict.channels) > 1:
        yield "channels", ", ".join(verdict.channels)
    if verdict.partner is not None:
        yield "partner", verdict.partner
    for content in verdict.at_once:
        yield "at-once", f"{content.content}, {verbal(content.log10_lr)}"
    witnesses = [
        witness for observation in verdict.observations for witness in observation.witnesses
    ]
    if rivals := [witness for witness in witnesses if witness.score > 0 < witness.runner_up]:
        closest = max(rivals, key=lambda witness: witness.runner_up / witness.score)
        yield "runner-up", f"{closest.runner_up:g} / {closest.score:g} ({closest.kind})"
    for observation in verdict.observations:
        for witness in observation.witnesses:
            if witness.repeats_s:
                yield "repeats", f"{witness.reference}: {len(witness.repeats_s)}"
            if witness.shared:
                yield "shared", f"{witness.reference}: {', '.join(witness.shared)}"
