"""Choose the targets that a desk compares with another agency, as their markings allow.

A match is told to the other side, so what an agency may not be told takes no part (ADR 0030); what
is left out, and by which marking, is for this desk's own people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.model import Agency
from cautery.operation.targets import NOT_TARGETS, normalise
from cautery.packed import small_file
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import standing
from cautery.workflows.operation.withhold import unmatched

MAX_TARGET_BYTES = 32 << 20
"""A file of 2^17 targets, each of 200 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTargets:
    """What takes part in a run, and how many targets do not, by the marking that forbids it."""

    targets: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]

    @property
    def words(self) -> str:
        """Say how many targets are left out, by marking; empty: none is."""
        count = sum(number for _, number in self.left_out)
        if not count:
            return ""
        by = ", ".join(f"{number} {marking}" for marking, number in self.left_out)
        return f"left out because of their markings: {counted(count, 'target')} ({by})"


def targets_of(desk: Desk) -> tuple[str, ...]:
    """Return the targets of the agency's own statements on assets, each in its one spelling.

    What others have shared is theirs to compare, so it is left out.
    """
    return tuple(
        sorted(
            {
                normalise(row.statement.subject)
                for row in standing(desk)
                if row.received_from is None
                and row.statement.about == "asset"
                and row.statement.subject.partition(":")[0] not in NOT_TARGETS
            }
        )
    )


def compared_targets(desk: Desk, partner: Agency, given: Iterable[str] | None) -> ComparedTargets:
    """Return the targets of a run, those given or the desk's own, that a partner may be told of.

    A target that no statement here is about has no marking: who gives it answers for it.
    """
    targets = targets_of(desk) if given is None else sorted({normalise(target) for target in given})
    hidden = unmatched(desk, partner, targets)
    counted = Counter(marking.words for marking in hidden.values())
    return ComparedTargets(
        targets=tuple(target for target in targets if target not in hidden),
        left_out=tuple(sorted(counted.items())),
    )


def read_targets(path: Path) -> tuple[str, ...]:
    """Read targets from a file, one a line (``kind:value``, a host or an address); # comments.

    Raises
    ------
    InputError
        Naming file and line.
    """
    raw = small_file(path, most=MAX_TARGET_BYTES, of="a list of targets")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 text", hint="Save it as UTF-8.") from error
    targets: set[str] = set()
    for number, line in enumerate(text.split("\n"), 1):
        target = line.strip()
        if target and not target.startswith("#"):
            try:
                targets.add(normalise(target))
            except InputError as error:
                raise InputError(f"{path}, line {number}: {error}") from error
    return tuple(sorted(targets))
