"""The live board of a watch, and the stream of JSON lines in its place."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cautery.cli import render
from cautery.cli.render import printable
from cautery.model import Entry, Finding, Mandate, iso
from cautery.projections import MandateInForce, Pace, Safeguards, Tally
from cautery.projections.tally import middle

REFRESH_PER_S = 2
PLAIN_EVERY_S = 5.0
MOST_SHOWN = 160


class Board:
    """A board for people: live on a terminal, a line every few seconds elsewhere."""

    def __init__(self, mandate: Mandate, *, stderr: bool = True) -> None:
        self._mandate = mandate
        self._tally = Tally(in_force=MandateInForce(mandate))
        self._lock = threading.Lock()
        self._console = Console(stderr=stderr, highlight=False)
        self._live = Live(
            get_renderable=self._render,
            console=self._console,
            refresh_per_second=REFRESH_PER_S,
            auto_refresh=self._console.is_terminal,
            transient=False,
        )
        self._plain_at = 0.0

    @property
    def tally(self) -> Tally:
        """What has been counted so far."""
        return self._tally

    def hear(self, entry: Entry) -> None:
        """Count one record."""
        with self._lock:
            self._tally.hear(entry)
        if not self._console.is_terminal and time.monotonic() - self._plain_at > PLAIN_EVERY_S:
            self._plain_at = time.monotonic()
            self._console.print(self._line(), soft_wrap=True)

    def _line(self) -> str:
        tally, streams = self._tally, self._tally.streams
        return (
            f"{datetime.now(UTC):%H:%M:%S}Z  looked at {tally.looked_at} of {tally.offered}"
            f"  proven {streams.count(Finding.PROVEN)}  licensed {streams.count(Finding.LICENSED)}"
            f"  networks {tally.networks}  refused {len(tally.refused)}"
            f"  dark {tally.dark}  errors {sum(tally.errors.values())}"
            + (f"  {_pace(tally.pace)}" if _is_late(tally.pace) else "")
        )

    def _render(self) -> Group:
        with self._lock:
            now = datetime.now(UTC)
            return Group(self._head(now), self._rights(now), self._foot())

    def _head(self, now: datetime) -> Panel:
        window = self._mandate.window
        elapsed_s = max((now - window.start).total_seconds(), 0.0)
        events = ", ".join(event.name for event in self._mandate.events) or "no event"
        title = Text.assemble(
            (printable(events), "bold"),
            f"  {printable(self._mandate.who)}  ",
            ("LAB" if self._mandate.lab else "", "bold reverse"),
        )
        left = max((window.end - now).total_seconds(), 0.0)
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column()
        grid.add_column(ratio=1)
        grid.add_column(justify="right")
        grid.add_row(
            title,
            ProgressBar(total=window.seconds, completed=min(elapsed_s, window.seconds)),
            f"{_span(left)} left",
        )
        return Panel(grid, border_style="red" if self._mandate.lab else "blue")

    def _rights(self, now: datetime) -> Table:
        table = Table(expand=True, header_style="bold", box=None, pad_edge=False)
        table.add_column("event or channel")
        for name in ("proven", "licensed", "exposed", "to detect", "to refer", "to dark"):
            table.add_column(name, justify="right")
        for row in self._tally.rows(now):
            table.add_row(
                printable(row.right),
                str(len(row.proven)),
                str(len(row.licensed)),
                "-" if row.exposed_s is None else f"{row.exposed_s / 60:.1f} min",
                _span(middle(row.detected_s)),
                _span(middle(row.referred_s)),
                _span(middle(row.dark_s)),
            )
        return table

    def _foot(self) -> Text:
        tally, streams, safeguards = self._tally, self._tally.streams, self._tally.safeguards
        errors = "  ".join(f"{name} {count}" for name, count in tally.errors.most_common(4))
        text = Text()
        text.append(
            f"\nstreams looked at {tally.looked_at} of {tally.offered}"
            f"   probes {tally.probes}   nothing of ours {streams.count(Finding.NOTHING)}"
            f"   undecided {streams.count(Finding.UNDECIDED)}"
            f"   unreachable {streams.count(Finding.UNREACHABLE)}\n"
        )
        text.append(
            f"networks {tally.networks}   refused {len(tally.refused)}"
            f"   narrowed {len(tally.narrowed)}   bystanders spared {len(tally.spared)}"
            f"   approvals {tally.approvals}   dark {tally.dark}   expired {tally.expired}"
            f"   sealed {tally.sealed}\n"
        )
        text.append(
            f"checked again by the guard {safeguards.revalidated}"
            f"   withdrawn {len(safeguards.withdrawn)}"
            f"   canaries {len(safeguards.canaries)} ({len(safeguards.canaries_dark)} unreachable)"
            f"   roll-backs proposed {len(safeguards.rollbacks)}"
            f"   overrides {len(safeguards.overrides)}"
            f"   bystanders at most {_spent(safeguards)}\n"
        )
        text.append(f"{_pace(tally.pace)}\n", style="bold red" if _is_late(tally.pace) else "")
        text.append(f"errors  {errors or 'none'}", style="dim")
        if tally.last:
            text.append(f"\nlast    {printable(tally.last)[:MOST_SHOWN]}", style="dim")
        return text

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.refresh()
        self._live.stop()
        if not self._console.is_terminal:
            self._console.print()


class JsonStream:
    """Every record as one JSON line on stdout."""

    def hear(self, entry: Entry) -> None:
        """Print one record."""
        record = entry.record
        render.json_line(
            {"index": entry.index, "kind": record.kind, "at": iso(record.at), "body": record.body}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return


def _spent(safeguards: Safeguards) -> str:
    """Return how many bystanders all events may cost, and their budgets."""
    budgets = safeguards.budgets.values()
    highs = [budget.spending.high for budget in budgets]
    upper = "unknown" if None in highs else str(sum(high or 0 for high in highs))
    return f"{upper} (budget {sum(budget.budget for budget in budgets)})"


def _is_late(pace: Pace) -> bool:
    return pace.newest is not None and pace.newest.late


def _pace(pace: Pace) -> str:
    """Return whether the watch keeps up, and why not; what was not measured is a dash."""
    newest = pace.newest
    if newest is None:
        return "references late by -   looks late by -"
    words = (
        f"{'LATE   ' if newest.late else ''}not yet looked at {newest.unseen}"
        f"   references late by {_seconds(newest.references_late_s)}"
        f"   looks late by {_seconds(newest.probes_late_s)}"
    )
    if newest.references_silent:
        words += f"   references silent {len(newest.references_silent)}"
    if pace.shed:
        words += f"   looks put off {pace.shed}"
    return words + (f"   {printable(newest.why)}" if newest.why else "")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} s"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
