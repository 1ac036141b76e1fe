"""The trials of a case's decoys: what the watch made of each before it was opened.

A trial ends when its decoy is opened: from then on everybody knows. What was recorded later counts
for nothing, and neither does an opening that does not open to the root that was recorded before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from cautery.errors import EvidenceError
from cautery.evidence.decoys import check_opening, check_sealed
from cautery.model import Decision, Entry, Finding, GuardVerdict, Verdict, host_of
from cautery.model.blind import Outcome, Trial
from cautery.model.decoys import Decoy, Opening, RevealedBy, meets
from cautery.model.records import DecoyRevealed, DecoysPlanned, ProbeDone


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An opening that holds: when it was recorded, and how it came."""

    index: int
    at: datetime
    how: RevealedBy
    opening: Opening
    why: str


@dataclass(slots=True)
class BlindNight:
    """One sealed plan, and the leaves that were opened, by their numbers."""

    planned: DecoysPlanned
    opened: dict[int, Opened] = field(default_factory=dict)


@dataclass(slots=True)
class BlindTests:
    """Hears the records of a case, and keeps what its trials rest on.

    Parameters
    ----------
    nights : dict of BlindNight
        By root, in the order in which they were planned.
    """

    nights: dict[str, BlindNight] = field(default_factory=dict)
    _seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    _allowed: dict[tuple[str, str], list[tuple[int, bool]]] = field(default_factory=dict)
    """By target and lever: each change of whether the guard allows it, with its record."""

    def hear(self, entry: Entry) -> None:
        """Take one entry up; before a plan is sealed there is nothing to count."""
        if isinstance(entry.content, DecoysPlanned):
            self._plan(entry.content)
        if not self.nights:
            return
        match entry.content:
            case ProbeDone(hindered=None) as probe:
                self._look(probe.url, entry.index)
            case Verdict() as verdict:
                self._judge(verdict, entry)
            case GuardVerdict() as guard:
                self._guard(guard, entry.index)
            case DecoyRevealed() as revealed:
                self._open(revealed, entry.index)

    def trials(self, root: str) -> tuple[Trial, ...]:
        """Return the trial of each decoy of a plan that is opened, by the number of its leaf."""
        opened = self.nights[root].opened
        return tuple(self._trial(opened[number]) for number in sorted(opened))

    def _look(self, url: str, index: int) -> Seen:
        seen = self._seen.setdefault(place_of(url), Seen())
        if seen.first_look is None:
            seen.first_look = index
        return seen

    def _judge(self, verdict: Verdict, entry: Entry) -> None:
        seen = self._look(verdict.url.text, entry.index)
        if not seen.findings or seen.findings[-1][1] is not verdict.finding:
            seen.findings.append((entry.index, verdict.finding))
        if verdict.finding is Finding.PROVEN:
            seen.proofs.append(
                Proof(
                    index=entry.index,
                    at=entry.record.at,
                    event=verdict.event,
                    licensee=verdict.licensee,
                )
            )

    def _guard(self, guard: GuardVerdict, index: int) -> None:
        said = self._allowed.setdefault((guard.target, guard.lever.value), [])
        allows = guard.decision is Decision.ALLOW
        if not said or said[-1][1] is not allows:
            said.append((index, allows))

    def _plan(self, planned: DecoysPlanned) -> None:
        try:
            check_sealed(planned.sealed)
        except EvidenceError:
            return
        self.nights.setdefault(planned.sealed.root, BlindNight(planned))

    def _open(self, revealed: DecoyRevealed, index: int) -> None:
        night = self.nights.get(revealed.root)
        if night is None or revealed.opening.index in night.opened:
            return
        try:
            check_opening(revealed.opening, night.planned.sealed)
        except EvidenceError:
            return
        night.opened[revealed.opening.index] = Opened(
            index=index,
            at=revealed.at,
            how=revealed.how,
            opening=revealed.opening,
            why=revealed.why,
        )

    def _trial(self, opened: Opened) -> Trial:
        decoy = opened.opening.decoy
        seen = self._seen.get(place_of(decoy.url), Seen())
        before = [number for number, _ in seen.findings if number < opened.index]
        finding = seen.findings[len(before) - 1][1] if before else None
        proofs = [proof for proof in seen.proofs if proof.index < opened.index]
        right = [proof for proof in proofs if proof.event == decoy.event]
        is_looked_at = seen.first_look is not None and seen.first_look < opened.index
        is_hit = decoy.kind.is_look_alike and self._is_hit(decoy, opened)
        outcome = _outcome(opened, proofs, right, is_looked_at=is_looked_at, finding=finding)
        is_caught = outcome is Outcome.CAUGHT
        return Trial(
            index=opened.opening.index,
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

    def _is_hit(self, decoy: Decoy, opened: Opened) -> bool:
        if opened.how is RevealedBy.GATE:
            return True
        return any(
            allowed
            for (target, _), said in self._allowed.items()
            if meets(decoy, target)
            for allowed in [allows for index, allows in said if index < opened.index][-1:]
        )


def place_of(url: str) -> tuple[str, str]:
    """Return what all spellings of a decoy's URL share: its host and its path."""
    return host_of(url), urlsplit(url).path


def _outcome(
    opened: Opened,
    proofs: list[Proof],
    right: list[Proof],
    *,
    is_looked_at: bool,
    finding: Finding | None,
) -> Outcome:
    """Return how a trial ended.

    An own stream that the gate opened unproven was hit beside another target: neither caught nor
    missed. A test that was ended early counts for what had a verdict.
    """
    is_look_alike = opened.opening.decoy.kind.is_look_alike
    if is_look_alike and (proofs or opened.how is RevealedBy.GATE):
        return Outcome.ACCUSED
    if right and not is_look_alike:
        return Outcome.CAUGHT
    if opened.how is RevealedBy.GATE or (opened.how is RevealedBy.ABANDONED and finding is None):
        return Outcome.CUT_SHORT
    if not is_looked_at:
        return Outcome.NOT_LOOKED_AT
    return Outcome.CLEARED if is_look_alike else Outcome.MISSED
