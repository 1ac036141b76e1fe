"""What analysts say of pairs of subjects: *same* or *not same*, read whole and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cautery.drawing.words import numbered
from cautery.errors import InputError
from cautery.packed import as_plain_file
from cautery.workflows.networks.table import LINE, MOST_BYTES, read_table

if TYPE_CHECKING:
    import polars as pl

SAYS = frozenset({"same", "not_same"})


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
        raise InputError(f"{path}: {warnings[0]}", hint="What analysts say is read whole or not.")
    found: list[Constraint] = []
    for line, a, b, said in _lines(frame, path):
        relation = _word(said)
        if relation not in SAYS or not (a or "").strip() or not (b or "").strip():
            raise InputError(f"{path}: line {line}: {a!r}, {b!r}, {said!r} is no constraint")
        one = Constraint(a.strip(), b.strip(), relation == "same", line)
        if one.a == one.b:
            if not one.same:
                raise InputError(f"{path}: line {line}: {one.a} is not the same as itself?")
            warnings.append(f"line {line}: {one.a} is the same as itself: left out")
            continue
        found.append(one)
    return found, warnings + check(found, named=str(path))


def _lines(frame: pl.DataFrame, path: Path) -> list[tuple[int, Any, Any, Any]]:
    """Return line, a, b and what is said of them; the first line may say it, or name columns."""
    names = [name for name in frame.columns if name != LINE]
    if len(names) == 3 and _word(names[2]) in SAYS:
        rows = frame.select(LINE, *names).rows()
        return [(1, *names), *rows]
    frame = frame.rename({name: name.lower() for name in names})
    others = [name.lower() for name in names if name.lower() not in {"a", "b"}]
    word = "relation" if "relation" in others else next(iter(others), None)
    if len(others) != len(names) - 2 or word is None:
        raise InputError(
            f"{path}: a constraint is a, b and same or not_same",
            hint="The first line: a,b,relation",
        )
    return frame.select(LINE, "a", "b", word).rows()


def _word(said: Any) -> str:
    return str(said or "").strip().lower().replace(" ", "_").replace("-", "_")


def check(constraints: Sequence[Constraint], *, named: str) -> list[str]:
    """Return which constraints say again what others said; raise if they contradict each other.

    Raises
    ------
    InputError
        Naming the line that says *not same* and those by which the two are the same.
    """
    ties: dict[str, list[tuple[str, int]]] = {}
    odd = []
    for constraint in constraints:
        if constraint.same:
            way = _way(ties, constraint.a, constraint.b)
            if way is not None:
                odd.append(
                    f"line {constraint.line} closes a circle with {numbered('line', way)}: "
                    "it adds nothing"
                )
                continue
            ties.setdefault(constraint.a, []).append((constraint.b, constraint.line))
            ties.setdefault(constraint.b, []).append((constraint.a, constraint.line))
    for one in constraints:
        if not one.same and (way := _way(ties, one.a, one.b)) is not None:
            raise InputError(
                f"{named}: line {one.line} says that {one.a} and {one.b} are not the same, "
                f"but they are by {numbered('line', way)}",
                hint="Drop one of these lines.",
            )
    return odd


def _way(ties: dict[str, list[tuple[str, int]]], start: str, goal: str) -> list[int] | None:
    """Return the lines on the way from one subject to another, the fewest."""
    came: dict[str, tuple[str, int]] = {start: ("", 0)}
    queue = [start]
    for here in queue:
        if here == goal:
            lines = []
            while here != start:
                here, line = came[here]  # noqa: PLW2901 - walking back
                lines.append(line)
            return sorted(lines)
        for other, line in ties.get(here, ()):
            if other not in came:
                came[other] = (here, line)
                queue.append(other)
    return None
