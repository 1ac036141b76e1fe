"""One pass over the steps of a day: forward from a floor, or backward from the moment.

A list scheduler: among the steps whose predecessors are placed, those that somebody's warning
hangs on go first; a team is at one place at a time. A step that tips off a target is put off
until the last step against that target can begin within the warning.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Phase, ScheduledStep, Step
from cautery.model.message import Message
from cautery.operation.schedule.rules import Hours, lawful_start

_MOST_ROUNDS = 60
"""Rounds of putting off steps that warn somebody; three are usual."""


class TooLateError(InputError):
    """A step cannot begin before the warning of ``by`` has run out."""

    def __init__(self, step: str, by: str, warning_s: float) -> None:
        super().__init__(
            f"step {step} cannot begin within {warning_s:g} s after step {by}, which warns its "
            "target",
            hint=(
                "Give it another team, remove the steps for which it waits, or let the warning "
                "step wait."
            ),
        )
        self.step = step
        self.reason = message("step.too-late", step=step, by=by, warning_s=warning_s)


@dataclass(slots=True)
class Bookings:
    """Where each team is, and when: one place at a time."""

    taken: dict[str, list[tuple[datetime, datetime, Step]]] = field(default_factory=dict)
    """By team: start, end and step, sorted by their ends."""

    def book(self, step: Step, start: datetime, end: datetime) -> None:
        """Put a step into its team's day."""
        insort(
            self.taken.setdefault(step.team, []), (start, end, step), key=lambda booking: booking[1]
        )

    def free_from(self, step: Step, start: datetime) -> tuple[datetime, Step | None]:
        """Return the earliest start from ``start`` on without a collision, and after which step.

        One pass by their ends is enough: a start behind an end never collides with it again.
        """
        after: Step | None = None
        for begins, ends, booked in self.taken.get(step.team, ()):
            if booked.place == step.place:
                continue
            reaches_it = begins - booked.preparation < start + step.lasts
            if reaches_it and start - step.preparation < ends:
                start, after = ends + step.preparation, booked
        return start, after

    def free_until(self, step: Step, start: datetime) -> tuple[datetime, Step | None]:
        """Return the latest start up to ``start`` without a collision, and before which step."""
        before: Step | None = None
        leaving = [
            (begins - booked.preparation, ends, booked)
            for begins, ends, booked in self.taken.get(step.team, ())
            if booked.place != step.place
        ]
        for leaves, ends, booked in sorted(leaving, key=lambda booking: booking[0], reverse=True):
            if leaves < start + step.lasts and start - step.preparation < ends:
                start, before = leaves - step.lasts, booked
        return start, before


@dataclass(slots=True, kw_only=True)
class Forward:
    """One forward pass: what must be placed, what stands already, and from when on.

    Parameters
    ----------
    floors : mapping of step id to (datetime, Message)
        No step begins before its floor, and why.
    fixed : sequence of ScheduledStep
        What has begun, or is placed already.
    """

    todo: Sequence[Step]
    fixed: Sequence[ScheduledStep]
    floors: Mapping[str, tuple[datetime, Message]]
    before: Mapping[str, Mapping[str, str]]
    warning: timedelta
    hours: Hours
    zones: Mapping[str, str]
    warned: frozenset[str] = frozenset()
    """Targets that know already: nothing can surprise them any more."""

    def place(self) -> list[ScheduledStep]:
        """Return the steps with their times.

        Raises
        ------
        TooLateError
            If a step would come after its target's warning, however long the others wait.
        """
        against: dict[str, list[Step]] = {}
        for step in self.todo:
            if step.phase in {Phase.PRESERVE, Phase.ACT}:
                against.setdefault(step.target, []).append(step)
        pressing = {step.id for step in self.todo if step.tips_off} | {
            target_step.id
            for step in self.todo
            for target in step.tips_off
            for target_step in against.get(target, ())
        }
        put_off: dict[str, tuple[datetime, str]] = {}
        for round_ in range(_MOST_ROUNDS + 1):
            placed = self._round(pressing, put_off)
            late: tuple[str, str] | None = None
            for step in self.todo:
                begins = placed[step.id].starts_at
                for target in sorted(step.tips_off - self.warned):
                    for target_step in against.get(target, ()):
                        needed = placed[target_step.id].starts_at - self.warning
                        if target_step.id != step.id and begins < needed:
                            late = (target_step.id, step.id)
                            if step.id not in put_off or put_off[step.id][0] < needed:
                                put_off[step.id] = (needed, target_step.id)
            if late is None:
                return [placed[step.id] for step in self.todo]
            if round_ == _MOST_ROUNDS:
                raise TooLateError(*late, self.warning.total_seconds())
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def _round(
        self, pressing: set[str], put_off: Mapping[str, tuple[datetime, str]]
    ) -> dict[str, ScheduledStep]:
        teams = Bookings()
        for begun in self.fixed:
            teams.book(begun.step, begun.starts_at, begun.ends_at)
        ends = {begun.step.id: (begun.ends_at, begun.step.id) for begun in self.fixed}
        steps = {pending.id: pending for pending in self.todo}
        waiting = {
            pending.id: sum(prior in steps for prior in self.before[pending.id])
            for pending in self.todo
        }
        users: dict[str, list[str]] = {}
        for pending in self.todo:
            for prior in self.before[pending.id]:
                users.setdefault(prior, []).append(pending.id)
        ready: list[tuple[bool, datetime, str]] = []
        reasons: dict[str, Message] = {}

        def rise(name: str) -> None:
            start, why = self.floors[name]
            for prior in self.before[name]:
                if prior in ends and ends[prior][0] > start:
                    start, why = ends[prior][0], message("step.after", step=prior)
            if name in put_off and put_off[name][0] > start:
                start = put_off[name][0]
                why = message("step.warns-target-of", step=put_off[name][1])
            reasons[name] = why
            heapq.heappush(ready, (name not in pressing, start, name))

        for name, count in waiting.items():
            if not count:
                rise(name)
        placed: dict[str, ScheduledStep] = {}
        while ready:
            _, start, name = heapq.heappop(ready)
            step = steps[name]
            start, why = self._fitted(step, start, reasons[name], teams)
            end = start + step.lasts
            placed[name] = ScheduledStep(step=step, starts_at=start, ends_at=end, why=why)
            teams.book(step, start, end)
            ends[name] = (end, name)
            for user in users.get(name, ()):
                waiting[user] -= 1
                if not waiting[user]:
                    rise(user)
        return placed

    def _fitted(
        self, step: Step, start: datetime, why: Message, teams: Bookings
    ) -> tuple[datetime, Message]:
        """Return the earliest start at which its team is free and local law allows it."""
        while True:
            lawful = lawful_start(step, start, self.hours, self.zones.get(step.agency, "UTC"))
            if lawful > start:
                start, why = lawful, message("step.search-hours", country=step.country)
            start, previous = teams.free_from(step, start)
            if previous is None:
                return start, why
            why = message("step.team-comes-from", team=step.team, step=previous.id)


def back(
    steps: Sequence[Step],
    before: Mapping[str, Mapping[str, str]],
    placed: Sequence[ScheduledStep],
    *,
    moment: datetime,
    buffer: timedelta,
    now: datetime | None,
) -> list[ScheduledStep]:
    """Place what comes before the moment as late as it may be, from the last to the first."""
    teams = Bookings()
    for act in placed:
        teams.book(act.step, act.starts_at, act.ends_at)
    by_id = {step.id: step for step in steps}
    users: dict[str, list[str]] = {}
    waiting = dict.fromkeys(by_id, 0)
    for later in steps:
        for prior in before[later.id]:
            users.setdefault(prior, []).append(later.id)
            waiting[prior] += 1
    ready = sorted(name for name, count in waiting.items() if not count)
    begun: dict[str, datetime] = {}
    timed: list[ScheduledStep] = []
    while ready:
        step = by_id[ready.pop(0)]
        end = moment - (timedelta(0) if step.tips_off else buffer)
        why = message("step.before-the-moment")
        for user in users.get(step.id, ()):
            if begun[user] < end:
                end, why = begun[user], message("step.before", step=user)
        start = end - step.lasts
        start, following = teams.free_until(step, start)
        if following is not None:
            why = message("step.team-leaves-for", team=step.team, step=following.id)
        if now is not None and start - step.preparation < now:
            raise InputError(
                f"step {step.id} would have to begin at {start.astimezone(UTC):%d %b %H:%M} UTC, "
                "which is in the past",
                hint="Preservation and continuity must come first. Choose a later moment.",
            )
        begun[step.id] = start
        teams.book(step, start, start + step.lasts)
        timed.append(ScheduledStep(step=step, starts_at=start, ends_at=start + step.lasts, why=why))
        for prior in sorted(before[step.id]):
            waiting[prior] -= 1
            if not waiting[prior]:
                ready.append(prior)
    return timed
