"""A measured unit cost, as the tables and the plan have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one of something takes.

    Parameters
    ----------
    unit : str
        One of what.
    cpu_s : float or None
        Seconds of one core, the median of ``turns``; ``None``: not measured here.
    least_s, most_s : float or None
        The 10th and the 90th percentile.
    script : str
        Which part of ``bench/scale`` gives this row.
    """

    name: str
    unit: str
    script: str
    cpu_s: float | None = None
    least_s: float | None = None
    most_s: float | None = None
    turns: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    network_bytes: int = 0
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what is known of it."""
        return {key: value for key, value in asdict(self).items() if value not in (None, 0, "")}

    def row(self) -> str:
        """Return a row of the table."""
        cpu = "-"
        if self.cpu_s is not None and self.least_s is not None and self.most_s is not None:
            cpu = f"{_short(self.cpu_s)} ({_short(self.least_s)} to {_short(self.most_s)})"
        sizes = [_bytes(one) for one in (self.memory_bytes, self.disk_bytes, self.network_bytes)]
        return (
            f"| {self.name}, a {self.unit} | {cpu} | {self.turns or '-'} | {' | '.join(sizes)}"
            f" | {self.note} |"
        )


HEAD = (
    "| what | CPU, median (10 to 90 %) | N | memory | disk | network | note |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def cost_of(
    name: str, unit: str, seconds: Sequence[float], *, script: str, each: float = 1.0, **sizes: Any
) -> Cost:
    """Return a cost by what several turns took, each of so many units."""
    if not seconds:
        return Cost(name=name, unit=unit, script=script, **sizes)
    of_one = [one / each for one in seconds]
    least, most = np.quantile(of_one, (0.1, 0.9))
    return Cost(
        name=name, unit=unit, script=script, cpu_s=median(of_one), least_s=float(least),
        most_s=float(most), turns=len(of_one), **sizes,
    )  # fmt: skip


def _short(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 1 or unit == "us":
            return f"{seconds * factor:.3g} {unit}"
    raise AssertionError


def _bytes(size: int) -> str:
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size} B" if size else "-"
