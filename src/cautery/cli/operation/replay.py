"""``cautery operation replay``: an operation of the lab, from the first statement to regrowth."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cautery.cli import render
from cautery.cli._terminal import Terminal
from cautery.errors import StorageError
from cautery.lab.operations.replay.story import Told
from cautery.wiring import desks

_MOST_LINES = 18
"""Lines of the story at most, where the terminal is high enough."""

_WHEN, _CHAPTER = 17, 13
"""Widths of the first two columns: a date with its time, the longest chapter's name."""

_FRAME, _SIDES = 3, 4
"""Lines and columns that the frame takes, and the line below it for the prompt."""


def replay(
    like: Annotated[
        str,
        typer.Argument(help="Operation: taken-down, kratos, or a shape: xtream, flawless, globe."),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of the world: same seed, same world.")] = 1,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds of the action day that pass in one second; 0 does not wait. "
            "Default: 1200 on a terminal, else 0.",
        ),
    ] = None,
    case: Annotated[
        Path | None,
        typer.Option(help="Folder of the lead agency's case; the others are next to it."),
    ] = None,
    scale: Annotated[
        float, typer.Option(min=0.005, max=1, help="Size of the world; 1 is full size.")
    ] = 1.0,
    json: Annotated[bool, typer.Option("--json", help="JSON lines during the replay.")] = False,
) -> None:
    """Replay a coordinated operation: intelligence, deconfliction, the action day and regrowth.

    Example: cautery operation replay taken-down --seed 3
    """
    folder = case or Path("replay") / f"{like}-{seed}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}" / "case"
    pace = speed if speed is not None else (1200.0 if sys.stderr.isatty() else 0.0)
    with _Screen(json=json) as screen:
        try:
            result = desks.replay(
                like, seed=seed, scale=scale, folder=folder, speed=pace, listen=screen.hear
            )
        except StorageError as error:
            raise StorageError(
                str(error), hint="Free some disk space, and start again in a new folder."
            ) from error
    if json:
        render.json_line({"chapter": "end", **result.to_json()})
        return
    render.table(
        ("figure", "value"),
        result.rows(),
        title=f"{result.name}: replayed in {result.seconds:.0f} s",
    )
    render.say(f"case    {result.case}")
    render.say(f"page    {result.page.resolve()}")


class _Screen:
    """What the story tells: a scrolling screen on a terminal, lines elsewhere, or JSON lines."""

    def __init__(self, *, json: bool) -> None:

        self._json = json
        self._console = Terminal(stderr=True)
        self._told: list[Told] = []
        self._figures: dict[str, Any] = {}
        self._live = Live(
            get_renderable=self._render,
            console=self._console,
            refresh_per_second=8,
            auto_refresh=self._console.is_terminal,
        )
        self._shows = self._console.is_terminal and not json

    def __enter__(self) -> Self:
        if self._shows:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shows:
            self._live.stop()

    def hear(self, entry: Told) -> None:
        """Show one thing that was told."""
        self._told.append(entry)
        self._figures |= entry.figures
        if self._json:
            render.json_line(
                {
                    "at": entry.at.isoformat().replace("+00:00", "Z"),
                    "chapter": entry.chapter,
                    "text": entry.text,
                    **entry.figures,
                }
            )
        elif not self._shows:
            render.say(f"{entry.at:%Y-%m-%d %H:%M}Z  {entry.chapter:<13} {entry.text}")

    def _render(self) -> RenderableType:

        bars = self._bars()
        rows = Table.grid(padding=(0, 2))
        rows.add_column(width=_WHEN)
        rows.add_column(width=_CHAPTER)
        before = ""
        for entry in self._fitting(self._console.height - len(bars) - _FRAME):
            when = f"{entry.at:%d %b %Y %H:%M}"
            rows.add_row(
                Text("" if when == before else when, style="dim"),
                Text(entry.chapter, style="bold"),
                Text(render.printable(entry.text)),
            )
            before = when
        parts: list[RenderableType] = [rows, *bars]
        return Panel(Group(*parts), title="LAB  replay", title_align="left", border_style="dim")

    def _fitting(self, lines: int) -> list[Told]:
        """Return the latest that was told, as much as these lines of the terminal hold."""
        width = max(10, self._console.width - _WHEN - _CHAPTER - 2 * 2 - _SIDES)
        entries: list[Told] = []
        for entry in reversed(self._told[-_MOST_LINES:]):
            lines -= len(Text(render.printable(entry.text)).wrap(self._console, width))
            if lines < 0 and entries:
                break
            entries.insert(0, entry)
        return entries

    def _bars(self) -> list[RenderableType]:
        """Return a line of the finished steps and one of the served demand, once they are known."""
        figures, bars = self._figures, list[tuple[str, float, str]]()
        if figures.get("planned"):
            steps_done, planned = int(figures["done"]), int(figures["planned"])
            caption = f"{steps_done} of {planned}, {figures['failed']} failed"
            bars.append(("steps done", steps_done / planned, caption))
        if "served" in figures:
            served = float(figures["served"])
            bars.append(("still served", served, f"{served:.0%} of the known demand"))
        lines: list[RenderableType] = []
        for name, share, caption in bars:
            line = Table.grid(padding=(0, 2), expand=True)
            line.add_column(width=_WHEN)
            line.add_column(ratio=1)
            line.add_column(width=26, no_wrap=True)
            line.add_row(
                Text(name, style="bold"), ProgressBar(total=1.0, completed=share), Text(caption)
            )
            lines.append(line)
        return lines
