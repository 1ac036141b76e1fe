"""Read and check analysts' constraints on pairs of subjects: *same* or *not same*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cautery.drawing.formatting import numbered
from cautery.errors import InputError
from cautery.packed import as_plain_file
from cautery.workflows.networks.table import LINE, MOST_BYTES, read_table

if TYPE_CHECKING:
    import polars as pl

SAYS = frozenset({"same", "not_same"})
MOST_EXPLAINED = 20
"""Lines that add nothing, of which it is said from which others they follow: each is a search."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """An analyst's word on two subjects, and the line that it stands on."""

    a: str
    b: str
    same: bool
    line: int


def read_constraints(path: Path) -> tuple[list[Constraint], list[str]]:
    """Read ``a,b,same|not_same``; return the constraints and what was odd about them.

    Raises
    ------
    InputError
        If a line is no constraint, or lines contradict each other; they are named.
    """
    warnings: list[str] = []
    with as_plain_file(path, most=MOST_BYTES) as plain:
        frame = read_table(plain, path, warnings, folded=False)
    if warnings:
        raise InputError(
            f"{path}: {warnings[0]}", hint=("Correct the file: constraints are never read in part.")
        )
    constraints: list[Constraint] = []
    for line, a, b, word in _lines(frame, path):
        relation = _word(word)
        if relation not in SAYS or not (a or "").strip() or not (b or "").strip():
            raise InputError(
                f"{path}: line {line}: {a!r}, {b!r}, {word!r} is not a valid constraint"
            )
        constraint = Constraint(a.strip(), b.strip(), relation == "same", line)
        if constraint.a == constraint.b:
            if not constraint.same:
                raise InputError(f"{path}: line {line}: {constraint.a} cannot differ from itself")
            warnings.append(f"line {line}: {constraint.a} is named twice: left out")
            continue
        constraints.append(constraint)
    return constraints, warnings + check(constraints, named=str(path))


def _lines(frame: pl.DataFrame, path: Path) -> list[tuple[int, Any, Any, Any]]:
    """Return line, a, b and the constraint; the first line may be a pair, or name the columns."""
    names = [name for name in frame.columns if name != LINE]
    if len(names) == 3 and _word(names[2]) in SAYS:
        rows = frame.select(LINE, *names).rows()
        return [(1, *names), *rows]
    frame = frame.rename({name: name.lower() for name in names})
    other_columns = [name.lower() for name in names if name.lower() not in {"a", "b"}]
    word = "relation" if "relation" in other_columns else next(iter(other_columns), None)
    if len(other_columns) != len(names) - 2 or word is None:
        raise InputError(
            f"{path}: a constraint must have the columns a, b and relation (same or not_same)",
            hint="The first line must be: a,b,relation",
        )
    return frame.select(LINE, "a", "b", word).rows()


def _word(value: Any) -> str:
    return str(value or "").strip().lower().replace(" ", "_").replace("-", "_")


def check(constraints: Sequence[Constraint], *, named: str) -> list[str]:
    """Return which constraints say again what others said; raise if they contradict each other.

    Raises
    ------
    InputError
        Naming the line that says *not same* and those by which the two are the same.
    """
    ties: dict[str, list[tuple[str, int]]] = {}
    same = _Same()
    odd: list[str] = []
    for constraint in constraints:
        if constraint.same:
            if not same.join(constraint.a, constraint.b):
                way = _way(ties, constraint.a, constraint.b) if len(odd) < MOST_EXPLAINED else []
                earlier = numbered("line", way) if way else "earlier lines"
                odd.append(f"line {constraint.line} follows from {earlier}: it adds nothing")
                continue
            ties.setdefault(constraint.a, []).append((constraint.b, constraint.line))
            ties.setdefault(constraint.b, []).append((constraint.a, constraint.line))
    for constraint in constraints:
        if constraint.same:
            continue
        if same.first(constraint.a) == same.first(constraint.b):
            way = _way(ties, constraint.a, constraint.b)
            raise InputError(
                f"{named}: line {constraint.line} says that {constraint.a} and {constraint.b} "
                f"are not the same, but according to {numbered('line', way)} they are",
                hint="Remove one of these lines.",
            )
    return odd


class _Same:
    """Subjects that are the same: a union-find, since a search for each line takes their square."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def first(self, subject: str) -> str:
        """Return the one of those that stands for all."""
        above = self._above
        while (upper := above.get(subject, subject)) != subject:
            above[subject] = above.get(upper, upper)
            subject = upper
        return subject

    def join(self, a: str, b: str) -> bool:
        """Make two subjects one; tell whether they were not."""
        first, second = self.first(a), self.first(b)
        self._above[first] = second
        return first != second


def _way(ties: dict[str, list[tuple[str, int]]], start: str, goal: str) -> list[int]:
    """Return the lines on the way from one subject to another that is tied to it, the fewest."""
    came: dict[str, tuple[str, int]] = {start: ("", 0)}
    queue = [start]
    for subject in queue:
        if subject == goal:
            lines = []
            while subject != start:
                subject, line = came[subject]  # noqa: PLW2901 - walking back
                lines.append(line)
            return sorted(lines)
        for neighbour, line in ties.get(subject, ()):
            if neighbour not in came:
                came[neighbour] = (subject, line)
                queue.append(neighbour)
    raise ValueError(f"{start} and {goal} are not tied")
