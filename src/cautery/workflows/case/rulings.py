"""What people say of two hosts of a case: the same network, or not; and their second thoughts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cautery.errors import ConflictError, InputError
from cautery.graph.constraints import Ruled, agreeing
from cautery.model import Entry
from cautery.model.ledger import append
from cautery.model.ports import Ledger
from cautery.model.records import HostsRuled, Ruling, kinds_of
from cautery.projections.rulings import MOST_RULINGS, Rulings

_RULED = kinds_of(HostsRuled)
_MOST_TOLD_OF = 5


class RulingsRead:
    """The rulings of a case, read as they come in: any process may add one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._next = 0
        self._rulings = Rulings()

    def read(self) -> bool:
        """Take up what came in since, and tell whether anything did."""
        before = self._next
        for entry in self._ledger.read(since=self._next, kinds=_RULED):
            self._next = entry.index + 1
            self._rulings.hear(entry)
        return self._next != before

    def in_force(self) -> tuple[tuple[int, HostsRuled], ...]:
        """Return the newest word on each pair that was not taken back, the newest first."""
        return self._rulings.in_force()

    def words(self) -> tuple[Ruled, ...]:
        """Return what they say, the newest first, which outweighs what came before."""
        return tuple(
            Ruled(ruled.host, ruled.other, ruled.ruling is Ruling.SAME, ruled.by)
            for _, ruled in self.in_force()
        )


def rule(
    ledger: Ledger,
    hosts: tuple[str, str],
    ruling: Ruling,
    *,
    known: Iterable[str],
    by: str,
    why: str,
    now: datetime,
    seen: int | None = None,
) -> tuple[Entry, HostsRuled]:
    """Record what a person says of two hosts of a case.

    Parameters
    ----------
    known : iterable of str
        The hosts of the newest map of the case.
    seen : int, optional
        The newest ruling that the person saw: what came since stops this one.

    Raises
    ------
    InputError
        If the map does not have both hosts, there is no name or no reason, there is nothing to take
        back, or it contradicts rulings that hold.
    ConflictError
        If another one came in since the person looked.
    """
    absent = sorted({*hosts} - {*known})
    if absent:
        raise InputError(
            f"the newest map of this case has no host {absent[0]}",
            hint="cautery map CASE shows all of them.",
        )
    rulings = RulingsRead(ledger)
    size = ledger.size()
    rulings.read()
    in_force = rulings.in_force()
    ruled = HostsRuled(host=hosts[0], other=hosts[1], ruling=ruling, by=by, why=why, at=now)
    since = [ruling_held for record, ruling_held in in_force if seen is not None and record > seen]
    if since:
        raise ConflictError(
            f"since you looked, {_said(since[0])}",
            hint="Look at the hosts again, then rule with the number of the newest record.",
        )
    before = [ruling_held for _, ruling_held in in_force if ruling_held.pair != ruled.pair]
    if ruling is not Ruling.OPEN and len(before) >= MOST_RULINGS:
        raise InputError(
            f"{MOST_RULINGS} rulings are in force, which is all that a case takes",
            hint="Take some back first: cautery ruling undo CASE HOST OTHER.",
        )
    if ruling is not Ruling.OPEN:
        _refuse_contradiction(ruled, before)
    elif len(before) == len(in_force):
        raise InputError(f"nothing that was said of {ruled.host} and {ruled.other} holds")
    entry = append(ledger, ruled, at=now, if_unchanged_since=size, unless=(HostsRuled,))
    return entry, ruled


def _refuse_contradiction(ruled: HostsRuled, earlier_rulings: Sequence[HostsRuled]) -> None:
    words = [
        (ruling_held.host, ruling_held.other, ruling_held.ruling is Ruling.SAME)
        for ruling_held in earlier_rulings
    ]
    fits = agreeing([(ruled.host, ruled.other, ruled.ruling is Ruling.SAME), *words])[1:]
    against = [
        ruling_held
        for ruling_held, in_force, fit in zip(earlier_rulings, agreeing(words), fits, strict=True)
        if in_force and not fit
    ]
    if against:
        raise InputError(
            "this contradicts: " + "; ".join(map(_said, against[:_MOST_TOLD_OF])),
            hint="Take one of them back first: cautery ruling undo CASE HOST OTHER.",
        )


def _said(ruled: HostsRuled) -> str:
    word = "the same as" if ruled.ruling is Ruling.SAME else "not the same as"
    return f"{ruled.by} says that {ruled.host} is {word} {ruled.other}"
