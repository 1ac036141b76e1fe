"""Advance a following day by day: each day knows what had come by then, and nothing later.

The days that were taken lie sealed in the case. A run takes them again through a fresh follower,
so what it proposes next rests on sealed bytes and signed decisions alone, and anybody with the case
can do it again. What comes late counts from the day on which it came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from cautery.act.descents import proposal_id, run_text
from cautery.errors import EvidenceError
from cautery.formats import ReadWarning
from cautery.formats.seen import read_seen, seen_lines
from cautery.graph.descent import Follower
from cautery.model import MISSHAPEN, Entry
from cautery.model.descent import Trait, TraitKind, TraitSeen
from cautery.model.evidence import ExhibitId
from cautery.model.records import (
    DayTaken,
    DescendantDecided,
    DescendantProposed,
    FollowAdvanced,
    LeftOut,
    SeenCount,
)
from cautery.projections.following import MOST_PROPOSALS, Following, leaf_digest
from cautery.workflows.case.journal import Journal, journal_of
from cautery.workflows.case.open import Case
from cautery.workflows.follow.begin import traits_sealed
from cautery.workflows.follow.seen import Intake

MOST_OF_ONE = 200
"""Traits of one descendant that are looked for; judgement."""
DAY = "traits-seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What a run did.

    Parameters
    ----------
    record : FollowAdvanced or None
        What was recorded; ``None``: there was no new day.
    proposed : tuple of DescendantProposed
        What was proposed on these days.
    waiting : int
        Traits that wait: of days that may not be taken yet, or late with no new day.
    """

    record: FollowAdvanced | None = None
    proposed: tuple[DescendantProposed, ...] = ()
    waiting: int = 0


def until_when(following: Following, until: date | None, *, today: date) -> date | None:
    """Return the last day that may be taken now; ``None``: none before a review."""
    policy, due = following.policy, following.review_due
    if policy is None or due is None or today > due:
        return None
    return min(today, policy.end, until or today)


def advance(
    case: Case,
    following: Following,
    intake: Intake,
    *,
    until: date,
    now: datetime,
    doing: Callable[[str], None] = lambda _: None,
) -> Advanced:
    """Take the days after the last one, up to ``until``, and record what they propose.

    With nothing new it does nothing: what was brought before is known by its sealed bytes.

    Parameters
    ----------
    case : Case
        That follows, open for writing.
    following : Following
        What it holds.
    until : date
        As :func:`until_when` says.
    doing : callable
        Called with what is being done.

    Raises
    ------
    EvidenceError
        If a sealed day is altered or gone: nothing is proposed on less than was known.
    """
    begun, signed_for = following.begun, following.signed_for
    if begun is None or signed_for is None:
        return Advanced()
    by_day, waiting = _days(case, following, intake.traits, until)
    if not by_day:
        return Advanced(waiting=waiting)
    doing("taking the earlier days again")
    follower = Follower(traits_sealed(case, begun))
    decided = _retake(follower, case, following)
    journal = journal_of(case)
    run = _Run(journal=journal, now=now)
    for day in sorted(by_day):
        doing(f"day {day}")
        run.take(follower, day, by_day[day])
    ids_before = {descendant.proposed.id for descendant in following.descendants()}
    room = max(0, MOST_PROPOSALS - len(ids_before))
    proposed = tuple(row for row in run.proposed if row.id not in ids_before)[:room]
    # They stand first: the run names their records, and is signed with these names.
    entries = journal.write_all(proposed)
    unsigned = FollowAdvanced(
        at=now,
        first=min(by_day),
        last=max(by_day),
        days=tuple(run.days),
        sources=tuple(
            SeenCount(source=source, count=count) for source, count in sorted(intake.counts.items())
        ),
        left_out=LeftOut.of(intake.left_out),
        proposals=tuple(leaf_digest(entry) for entry in entries),
        decided=decided,
    )
    note = case.signer.sign(run_text(unsigned, case=signed_for.case))
    record = replace(unsigned, note=note)
    journal.write(record)
    return Advanced(record=record, proposed=proposed, waiting=waiting)


@dataclass(slots=True)
class _Run:
    """The new days of a run: each is sealed, then taken."""

    journal: Journal
    now: datetime
    days: list[DayTaken] = field(default_factory=list)
    proposed: list[DescendantProposed] = field(default_factory=list)

    def take(self, follower: Follower, day: date, traits: Sequence[TraitSeen]) -> None:
        raw = b"".join(seen_lines(traits))
        exhibit = self.journal.seal(raw, what=DAY, media_type="application/x-ndjson", at=self.now)
        self.days.append(DayTaken(day=day, traits=len(traits), exhibit=exhibit))
        # As the sealed bytes are read again: each later run must come to the same proposals.
        for proposal in follower.day(day, _traits_in(raw)):
            self.proposed.append(
                DescendantProposed(
                    at=self.now,
                    id=proposal_id(proposal),
                    proposal=proposal,
                    exhibits=(exhibit,),
                )
            )


def _days(
    case: Case, following: Following, traits: Iterable[TraitSeen], until: date
) -> tuple[dict[date, list[TraitSeen]], int]:
    """Return what was brought by the day on which it is taken, and how much waits for a later run.

    What comes late counts from the first new day. What was taken before is left out: that its
    sealed days are read again is paid only where something is dated before them.
    """
    last = following.last_day
    by_day: defaultdict[date, list[TraitSeen]] = defaultdict(list)
    late: dict[TraitSeen, None] = {}
    ahead = 0
    for trait in dict.fromkeys(traits):
        if last is not None and trait.day <= last:
            late[trait] = None
        elif trait.day > until:
            ahead += 1
        else:
            by_day[trait.day].append(trait)
    for day_taken in _all_taken(following) if late else ():
        for trait in seen_on(case, day_taken.exhibit):
            late.pop(trait, None)
    if late and by_day:
        by_day[min(by_day)] += late
        late = {}
    return dict(by_day), ahead + len(late)


def _all_taken(following: Following) -> Iterator[DayTaken]:
    return (day_taken for _, run in following.advanced for day_taken in run.days)


def seen_on(case: Case, exhibit: ExhibitId) -> tuple[TraitSeen, ...]:
    """Return what was taken on a day.

    Raises
    ------
    EvidenceError
        If its sealed bytes are altered, gone, or no traits.
    """
    try:
        return _traits_in(case.vault.read(exhibit))
    except MISSHAPEN as error:
        raise EvidenceError(f"exhibit {exhibit}: no traits ({error})") from error


def _traits_in(raw: bytes) -> tuple[TraitSeen, ...]:
    return tuple(row for row in read_seen([raw]) if not isinstance(row, ReadWarning))


def _retake(follower: Follower, case: Case, following: Following) -> int:
    """Take all earlier days again, and the decisions where they came; return how many came."""
    decisions = list(following.decisions())
    teaching = _Teaching(follower, following, decisions)
    taught = 0
    for entry, run in following.advanced:
        while taught < len(decisions) and decisions[taught][0].index < entry.index:
            teaching.tell(decisions[taught][1])
            taught += 1
        for day_taken in run.days:
            traits = seen_on(case, day_taken.exhibit)
            teaching.hear(traits)
            follower.day(day_taken.day, traits)
    for _, decided in decisions[taught:]:
        teaching.tell(decided)
    return len(decisions)


class _Teaching:
    """Lets the odds learn from decisions.

    What a confirmed descendant shows besides is looked for from then on: what grows back from it
    need not look like what was struck.
    """

    def __init__(
        self,
        follower: Follower,
        following: Following,
        decisions: Sequence[tuple[Entry, DescendantDecided]],
    ) -> None:
        self._follower, self._following = follower, following
        self._shown: dict[str, dict[tuple[TraitKind, str], None]] = {
            descendant.proposed.proposal.entity: {}
            for _, decided in decisions
            if decided.confirmed and (descendant := following.of(decided.id)) is not None
        }
        self._known = {
            (traits.of, trait.kind, trait.value)
            for traits in follower.sets
            for trait in traits.traits
        }

    def hear(self, traits: Iterable[TraitSeen]) -> None:
        """Note what confirmed descendants show."""
        for trait in traits:
            if trait.entity in self._shown:
                self._shown[trait.entity][trait.kind, trait.value] = None

    def tell(self, decided: DescendantDecided) -> None:
        """Let the odds learn from one decision."""
        descendant = self._following.of(decided.id)
        if descendant is None:
            return
        entity, of = descendant.proposed.proposal.entity, descendant.proposed.proposal.of
        if not decided.confirmed:
            self._follower.reject(entity, of)
            return
        news = [mark for mark in self._shown[entity] if (of, *mark) not in self._known]
        self._known |= {(of, *mark) for mark in news}
        traits = [Trait(kind=kind, value=value) for kind, value in news[:MOST_OF_ONE]]
        self._follower.confirm(entity, of, traits=traits)
