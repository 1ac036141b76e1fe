"""What all rows of the bench share: how much is measured, over which library and index."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable

import index
import media
import system
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

FULL = {
    "audio": 200, "negatives": 4000, "short_negatives": 4000, "video": 100, "geometry": 60,
    "crowd": 100, "crowd_negatives": 2000,
    "speeds": 100, "speed_negatives": 400,
    "look_alikes": 1000,
    "channels": index.CHANNELS,
    "peer_audio": 50, "peer_negatives": 500, "peers": 20, "event": 6, "loopback": 60,
}  # fmt: skip
QUICK = {
    "audio": 10, "negatives": 200, "short_negatives": 200, "video": 4, "geometry": 6,
    "crowd": 10, "crowd_negatives": 100, "channels": 630,
    "speeds": 10, "speed_negatives": 100,
    "look_alikes": 50,
    "peer_audio": 10,
    "peer_negatives": 200, "peers": 3, "event": 1, "loopback": 12,
}  # fmt: skip
TALK = Console(stderr=True)


class Cautery:
    """The product, over the index of full size."""

    name = "cautery"

    def __init__(self, entries: tuple[index.Entry, ...]) -> None:
        codes = hashlib.sha256(system.search_code() + entries[-1].path.parent.name.encode())
        self.key = f"{self.name}-{codes.hexdigest()[:12]}-{len(entries)}"
        self.entries = entries
        self.held = system.references((one.id, one.load()) for one in entries)

    def least(self, seconds: float) -> float:
        """Return the score from which a probe of so many seconds is named."""
        return system.least(self.held, seconds)

    def ask(self, sound: media.Sound, hint: str | None) -> system.Answer:
        """Ask one probe."""
        return system.ask(self.held, sound, hints=() if hint is None else (hint,))


class Run:
    """What all rows share: the size of it, the library, progress, and the figures so far."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.sizes = dict(QUICK if asked.quick else FULL)
        for name in self.sizes:
            given = getattr(asked, name)
            self.sizes[name] = self.sizes[name] if given is None else given
        self.figures: dict[str, object] = {}
        self.channels = self.sizes["channels"]
        self.library = media.library(TALK.print)

    def note(self, name: str, figure: object) -> None:
        """Keep a figure for the JSON."""
        self.figures[name] = figure

    def bar(self, title: str, total: int) -> tuple[Progress, Callable[[int], None]]:
        """Return a progress bar and what moves it on."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        progress = Progress(*columns, TimeRemainingColumn(), console=TALK)
        task = progress.add_task(title, total=total)
        return progress, lambda count: progress.advance(task, count)

    def entries(self) -> tuple[index.Entry, ...]:
        """Return the index's channels."""
        progress, tell = self.bar(f"index of {self.channels:,} channels", self.channels)
        with progress:
            return index.entries(self.library, self.channels, lambda: tell(1), self.asked.jobs)

    def cautery(self) -> Cautery:
        """Return the product over that index."""
        return Cautery(self.entries())
