"""Reveal a night in a case: every leaf is opened to the recorded root, or nothing is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import ConflictError, InputError
from cautery.evidence.decoys import check_all_open, openings_of
from cautery.model import Digest, Notice, Referral, digest
from cautery.model.decoys import KeeperNote, RevealedBy
from cautery.model.ledger import contents, filed
from cautery.model.ports import Ledger
from cautery.model.records import DecoyRevealed, DecoysPlanned, DecoysTold, kinds_of
from cautery.projections.decoys import Decoys
from cautery.workflows.decoys.night import PlannedNight, require_over

_LONGEST_WHY = 500
_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """What a reveal recorded.

    Parameters
    ----------
    opened : int
        Leaves that were opened now.
    before : int
        Leaves that had been opened before, by the gate or by an earlier reveal.
    kinds : tuple of (str, int)
        How many decoys of each kind the night had.
    foreign : tuple of int
        Leaves that stand where the mandate names nothing as own: they are no decoys.
    beside : tuple of KeeperNote
        What the keeper was asked about acts that the case does not have.
    """

    opened: int
    before: int
    kinds: tuple[tuple[str, int], ...]
    foreign: tuple[int, ...] = ()
    beside: tuple[KeeperNote, ...] = ()


def reveal(
    ledger: Ledger,
    night: PlannedNight,
    *,
    now: datetime,
    abandon: bool = False,
    why: str = "",
    notes: Sequence[KeeperNote] = (),
) -> Revealed:
    """Record the truth about each decoy of a night that is not on record yet.

    Parameters
    ----------
    abandon : bool
        End the test before the night is over: then it counts only for what was decided before.
    why : str
        Why it is abandoned, in the planner's words.
    notes : sequence of KeeperNote
        The keeper's journal: what of it the case does not know is recorded as well.

    Raises
    ------
    ApprovalError
        If the night is not over, and the test is not abandoned.
    EvidenceError
        If a leaf does not open to the recorded root.
    InputError
        If the case does not record this plan, or an abandoned test gives no reason.
    """
    sealed = night.sealed
    if len(why) > _LONGEST_WHY or not why.isprintable():
        raise InputError(f"--why must be one line of at most {_LONGEST_WHY} characters")
    if abandon and now < sealed.window.end:
        if not why.strip():
            raise InputError("a test that is abandoned needs a reason", hint="Give it with --why.")
        how = RevealedBy.ABANDONED
    else:
        require_over(sealed, now, what="its decoys are not revealed before")
        how, why = RevealedBy.REVEAL, why.strip()
    openings = openings_of(night.plan.leaves, range(sealed.count), night=sealed.night)
    check_all_open(openings, sealed)
    beside = _beside(ledger, notes)
    kinds = Counter(opening.decoy.kind.value for opening in openings)
    for _ in range(_TRIES):
        size = ledger.size()
        # Whoever has the case's file can append openings that open nothing: they do not count.
        recorded = Decoys().read_on(ledger)
        if recorded.sealed != sealed:
            raise InputError(
                f"this case does not record the plan of night {sealed.night}",
                hint="Name the case of the watch whose mandate names this night's sealed.json.",
            )
        records: list[DecoyRevealed | DecoysTold] = [
            DecoyRevealed(
                at=now, night=sealed.night, root=sealed.root, how=how, opening=opening, why=why
            )
            for opening in openings
            if not recorded.is_open(opening.index)
        ]
        opened = len(records)
        on_record = {line.note.digest for _, line in contents(ledger, DecoysTold)}
        records += [
            DecoysTold(at=now, note=note) for note in beside if note.digest not in on_record
        ]
        try:
            if records:
                ledger.append_all(
                    [(*filed(record), now) for record in records],
                    if_unchanged_since=size,
                    kinds=kinds_of(DecoyRevealed, DecoysPlanned, DecoysTold),
                )
        except ConflictError:  # the gate opened one meanwhile
            continue
        return Revealed(
            opened=opened,
            before=sealed.count - recorded.unopened,
            kinds=tuple(sorted(kinds.items())),
            foreign=tuple(sorted(Decoys().read_on(ledger).foreign)),
            beside=beside,
        )
    raise ConflictError("other decoys are being revealed at this moment", hint="Try again.")


def _beside(ledger: Ledger, notes: Sequence[KeeperNote]) -> tuple[KeeperNote, ...]:
    """Return the lines of a journal about acts that a case does not have, the first of each act."""
    acts = {digest(act) for kind in (Referral, Notice) for _, act in contents(ledger, kind)}
    first: dict[Digest, KeeperNote] = {}
    for note in notes:
        if note.digest not in acts:
            first.setdefault(note.digest, note)
    return tuple(first.values())
