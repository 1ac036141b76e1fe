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
from cautery.model import Entry, Finding, Mandate, iso, to_json
from cautery.workflows.watch.tally import Tally, middle

REFRESH_PER_S = 2
PLAIN_EVERY_S = 5.0
MOST_SHOWN = 160


class Board:
    """A board for people: live on a terminal, a line every few seconds elsewhere."""

    def __init__(self, mandate: Mandate, *, stderr: bool = True) -> None:
        self._mandate = mandate
        self._tally = Tally(mandate)
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
        tally = self._tally
        return (
            f"{datetime.now(UTC):%H:%M:%S}Z  looked at {len(tally.checked)} of {tally.offered}"
            f"  proven {tally.count(Finding.PROVEN)}  licensed {tally.count(Finding.LICENSED)}"
            f"  networks {tally.networks}  refused {len(tally.refused)}"
            f"  dark {len(tally.dark)}  errors {sum(tally.errors.values())}"
            + (f"  {_pace(tally)}" if tally.pace is not None and tally.pace["late"] else "")
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
        tally = self._tally
        errors = "  ".join(f"{name} {count}" for name, count in tally.errors.most_common(4))
        text = Text()
        text.append(
            f"\nstreams looked at {len(tally.checked)} of {tally.offered}"
            f"   probes {tally.probes}   nothing of ours {tally.count(Finding.NOTHING)}"
            f"   undecided {tally.count(Finding.UNDECIDED)}"
            f"   unreachable {tally.count(Finding.UNREACHABLE)}\n"
        )
        text.append(
            f"networks {tally.networks}   refused {len(tally.refused)}"
            f"   narrowed {len(tally.narrowed)}   bystanders spared {len(tally.spared)}"
            f"   approvals {tally.approvals}   dark {len(tally.dark)}   expired {tally.expired}"
            f"   sealed {tally.sealed}\n"
        )
        text.append(
            f"asked again {tally.revalidated}   withdrawn {len(tally.withdrawn)}"
            f"   canaries {len(tally.canaries)}, dark {len(tally.canaries_dark)}"
            f"   roll-backs proposed {len(tally.rollbacks)}   overrides {len(tally.overrides)}"
            f"   bystanders at most {_spent(tally)}\n"
        )
        late = tally.pace is not None and bool(tally.pace["late"])
        text.append(f"{_pace(tally)}\n", style="bold red" if late else "")
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
        render.json_line(
            {
                "index": entry.index,
                "kind": entry.record.kind,
                "at": iso(entry.record.at),
                "body": to_json(entry.record.body),
            }
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


def _spent(tally: Tally) -> str:
    """Say what all events may cost bystanders, of their budgets."""
    highs = [high for high, _ in tally.spent.values()]
    upper = "unknown" if None in highs else str(sum(high or 0 for high in highs))
    return f"{upper} of {sum(budget for _, budget in tally.spent.values())}"


def _pace(tally: Tally) -> str:
    """Say whether the watch keeps up, and why not; what was not measured is a dash."""
    pace = tally.pace
    if pace is None:
        return "references behind -   looks behind -"
    words = (
        f"{'LATE   ' if pace['late'] else ''}nobody has looked at {pace['unseen']}"
        f"   references behind {_seconds(pace['references_late_s'])}"
        f"   looks behind {_seconds(pace['probes_late_s'])}"
    )
    if pace["references_silent"]:
        words += f"   references not heard {len(pace['references_silent'])}"
    if tally.shed:
        words += f"   looks put off {tally.shed}"
    return words + (f"   {printable(str(pace['why']))}" if pace["why"] else "")


def _seconds(value: object) -> str:
    return f"{value:.0f} s" if isinstance(value, int | float) else "-"


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
