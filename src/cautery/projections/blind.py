"""The trials of a case's decoys: what the watch made of each before it was opened.

A trial ends when its decoy is opened: from then on everybody knows, and what is recorded later does
not count. Which plan and which openings count, :class:`~cautery.projections.decoys.Decoys` says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from cautery.model import Decision, Entry, Finding, GuardVerdict, Verdict, host_of
from cautery.model.blind import Trial, TrialEnd
from cautery.model.decoys import Decoy, DecoyKind, RevealedBy, meets
from cautery.model.records import DecoyRevealed, ProbeDone
from cautery.projections.decoys import HEARD, Decoys

PLAN_RECORDS: tuple[type, ...] = HEARD
"""Types of the records that say what is planned and opened, and what the gate was told."""
TRIAL_RECORDS: tuple[type, ...] = (*PLAN_RECORDS, ProbeDone, Verdict, GuardVerdict)
"""Types of the records of which trials are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A verdict that proves a stream: its record, and what it names."""

    index: int
    at: datetime
    event: str | None
    licensee: str | None


@dataclass(slots=True)
class Seen:
    """What the records say of one place so far.

    Parameters
    ----------
    first_look : int or None
        The first record of a look at it that came to an end; ``None``: there is none.
    findings : list of (int, Finding)
        Each change of the finding, with its record.
    proofs : list of Proof
        Its proofs, in order.
    """

    first_look: int | None = None
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)


@dataclass(slots=True)
class BlindTest:
    """Hears the records of a case, and keeps what its trials rest on.

    Parameters
    ----------
    decoys : Decoys
        What is planned and opened.
    opened_at : dict of int to int
        By leaf, the record that opened it.
    """

    decoys: Decoys = field(default_factory=Decoys)
    opened_at: dict[int, int] = field(default_factory=dict)
    _seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    _allowed: dict[tuple[str, str], list[tuple[int, bool]]] = field(default_factory=dict)
    """By target and lever: each change of whether the guard allows it, with its record."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up; before a plan is sealed there is nothing to count."""
        content = entry.content
        if isinstance(content, PLAN_RECORDS):
            self.decoys.hear(entry)
        if self.decoys.planned is None:
            return
        match content:
            case ProbeDone(hindered=None) as probe:
                self._look(probe.url, entry.index)
            case Verdict() as verdict:
                self._judge(verdict, entry)
            case GuardVerdict() as guard:
                self._guard(guard, entry.index)
            case DecoyRevealed(opening=opening) if opening.index in self.decoys.revealed:
                self.opened_at.setdefault(opening.index, entry.index)

    def trials(self) -> tuple[Trial, ...]:
        """Return the trial of each decoy that is opened, by the number of its leaf."""
        return tuple(
            self._trial(revealed, self.opened_at[leaf])
            for leaf, revealed in sorted(self.decoys.revealed.items())
        )

    def _look(self, url: str, index: int) -> Seen:
        sight = self._seen.setdefault(place_of(url), Seen())
        if sight.first_look is None:
            sight.first_look = index
        return sight

    def _judge(self, verdict: Verdict, entry: Entry) -> None:
        sight = self._look(verdict.url.text, entry.index)
        if not sight.findings or sight.findings[-1][1] is not verdict.finding:
            sight.findings.append((entry.index, verdict.finding))
        if verdict.finding is Finding.PROVEN:
            sight.proofs.append(
                Proof(
                    index=entry.index,
                    at=entry.record.at,
                    event=verdict.event,
                    licensee=verdict.licensee,
                )
            )

    def _guard(self, guard: GuardVerdict, index: int) -> None:
        changes = self._allowed.setdefault((guard.target, guard.lever.value), [])
        allows = guard.decision is Decision.ALLOW
        if not changes or changes[-1][1] is not allows:
            changes.append((index, allows))

    def _trial(self, revealed: DecoyRevealed, opened_at: int) -> Trial:
        decoy = revealed.opening.decoy
        sight = self._seen.get(place_of(decoy.url), Seen())
        before = [number for number, _ in sight.findings if number < opened_at]
        finding = sight.findings[len(before) - 1][1] if before else None
        proofs = [proof for proof in sight.proofs if proof.index < opened_at]
        right = [proof for proof in proofs if proof.event == decoy.event]
        is_looked_at = sight.first_look is not None and sight.first_look < opened_at
        how = self._how(revealed)
        is_hit = decoy.kind.is_look_alike and self._is_hit(decoy, how, opened_at)
        outcome = _outcome(
            decoy.kind, how, proofs, right, is_looked_at=is_looked_at, finding=finding
        )
        is_caught = outcome is TrialEnd.CAUGHT
        return Trial(
            index=revealed.opening.index,
            kind=decoy.kind,
            disguise=decoy.disguise,
            offered_as=decoy.offered_as,
            url=decoy.url,
            delay_s=decoy.delay_s,
            outcome=outcome,
            finding=finding,
            detected_s=max(0.0, (right[0].at - decoy.appears_at).total_seconds())
            if is_caught
            else None,
            licensee_right=proofs[-1].licensee == decoy.licensee if is_caught else None,
            is_hit=is_hit,
            named_wrong=not decoy.kind.is_look_alike and len(right) < len(proofs),
        )

    def _how(self, revealed: DecoyRevealed) -> RevealedBy:
        """Return how a leaf was opened: at the gate only if the keeper signed that for an act.

        Else a planner could take what the watch missed out of the count.
        """
        is_said = revealed.how is RevealedBy.GATE and not self.decoys.is_met(revealed.opening.index)
        return RevealedBy.REVEAL if is_said else revealed.how

    def _is_hit(self, decoy: Decoy, how: RevealedBy, opened_at: int) -> bool:
        if how is RevealedBy.GATE:
            return True
        return any(
            allowed
            for (target, _), changes in self._allowed.items()
            if meets(decoy, target)
            for allowed in [allows for index, allows in changes if index < opened_at][-1:]
        )


def place_of(url: str) -> tuple[str, str]:
    """Return what all spellings of a decoy's URL share: its host and its path."""
    return host_of(url), urlsplit(url).path


def _outcome(
    kind: DecoyKind,
    how: RevealedBy,
    proofs: list[Proof],
    right: list[Proof],
    *,
    is_looked_at: bool,
    finding: Finding | None,
) -> TrialEnd:
    """Return how a trial ended.

    An own stream that the gate opened unproven was hit beside another target: neither caught nor
    missed. A test that was ended early counts for what had a verdict.
    """
    is_look_alike = kind.is_look_alike
    if is_look_alike and (proofs or how is RevealedBy.GATE):
        return TrialEnd.ACCUSED
    if right and not is_look_alike:
        return TrialEnd.CAUGHT
    if how is RevealedBy.GATE or (how is RevealedBy.ABANDONED and finding is None):
        return TrialEnd.CUT_SHORT
    if not is_looked_at:
        return TrialEnd.NOT_LOOKED_AT
    return TrialEnd.CLEARED if is_look_alike else TrialEnd.MISSED
