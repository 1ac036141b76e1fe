"""The register of seized exhibits: unique numbers, chains without gaps, no deletions.

A :class:`Register` is a value. What happens to it is an :data:`Act`: a thing taken, a link of
custody, coins moved to the state's wallet, a correction, a photograph. Each act either fits all
that stands, and gives a new register, or is refused with the rule that it breaks (ISO/IEC 27037:
unique id; who, when, where and why at each step). A correction is a new act that names what it
corrects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cautery.errors import InputError
from cautery.model import CustodyAct, CustodyEntry, ExhibitPhotographed, SeizedExhibit
from cautery.operation.register.acts import Act, Correction, Taken, ValueMoved, entry_digest, taken
from cautery.operation.register.custody import check_chain, linked
from cautery.operation.register.lines import (
    CORRECTABLE,
    Line,
    check_fresh_seal,
    coins_moved,
    corrected,
    entered,
    moved,
    photographed,
)

__all__ = [
    "CORRECTABLE",
    "Act",
    "Correction",
    "Line",
    "Register",
    "Taken",
    "ValueMoved",
    "check_chain",
    "coins_moved",
    "entry_digest",
    "taken",
]


@dataclass(frozen=True, slots=True)
class Register:
    """Every exhibit of an operation, by number, in the order in which they were taken."""

    lines: Mapping[str, Line] = field(default_factory=lambda: MappingProxyType({}))
    seals: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Every seal that was ever used, with the number of its exhibit."""

    @classmethod
    def of(cls, acts: Iterable[Act]) -> Register:
        """Build a register from its acts, in order.

        Raises
        ------
        InputError
            At the first act that breaks a rule.
        """
        return cls().after(*acts)

    def after(self, *acts: Act) -> Register:
        """Return the register with more acts; this one stays as it is.

        Raises
        ------
        InputError
            At the first act that breaks a rule, naming it.
        """
        lines, seals = dict(self.lines), dict(self.seals)
        for act in acts:
            _enter(lines, seals, act)
        return Register(MappingProxyType(lines), MappingProxyType(seals))

    def after_fitting(self, acts: Iterable[Act]) -> tuple[Register, Mapping[int, str]]:
        """Return the register with those acts that fit, and by its place why each other does not.

        Each is checked against those before it that fit. However many do not, all are read once.
        """
        lines, seals = dict(self.lines), dict(self.seals)
        broken: dict[int, str] = {}
        for place, act in enumerate(acts):
            try:
                _enter(lines, seals, act)
            except InputError as error:
                broken[place] = str(error)
        return Register(MappingProxyType(lines), MappingProxyType(seals)), broken

    def add(self, exhibit: SeizedExhibit, custody: CustodyEntry | None = None) -> Register:
        """Enter a thing that was taken; without ``custody``, its finder took it where it lay."""
        return self.after(taken(exhibit, custody))

    def move(self, link: CustodyEntry) -> Register:
        """Add a link to a chain of custody."""
        return self.after(link)

    def __getitem__(self, number: str) -> Line:
        try:
            return self.lines[number]
        except KeyError as error:
            raise InputError(f"the register has no exhibit {number[:60]!r}") from error

    def __len__(self) -> int:
        return len(self.lines)


def _enter(lines: dict[str, Line], seals: dict[str, str], act: Act) -> None:
    """Enter an act; one that breaks a rule changes nothing."""
    line = _after(lines, seals, act)
    lines[act.number] = line
    seals[line.seal] = act.number


def _after(lines: Mapping[str, Line], seals: Mapping[str, str], act: Act) -> Line:
    """Return the line that an act leads to."""
    if isinstance(act, Taken):
        return entered(lines, seals, act)
    line = lines.get(act.number)
    if line is None:
        raise InputError(f"exhibit {act.number[:60]!r}: not in the register")
    if isinstance(act, CustodyEntry):
        if act.act is CustodyAct.EXAMINED:
            check_fresh_seal(seals, act.seal, act.number)
        chain, pending = linked(line.chain, line.pending, act, line.agency)
        return replace(line, chain=chain, pending=pending)
    if isinstance(act, ValueMoved):
        return moved(line, act)
    if isinstance(act, ExhibitPhotographed):
        return photographed(line, act)
    return corrected(line, act)
