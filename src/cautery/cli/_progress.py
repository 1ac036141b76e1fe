"""A bar on the terminal for long work; elsewhere, only messages."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from cautery.cli import render

T = TypeVar("T")
_COUNTED = 500
"""Things between two movements of the bar: to move it for each one costs more than to read it."""


class Progress:
    """Shows how far it is, on stderr; use it as a context manager.

    Parameters
    ----------
    what : str
        Is being done.
    total : int or None
        Steps; ``None``: nobody knows.
    """

    shown: ClassVar[Progress | None] = None
    """The bar that is on the terminal now."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            # Heavy: loaded only where a person watches the terminal.
            from rich.progress import (  # noqa: PLC0415
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
            )

            from cautery.cli._terminal import Terminal  # noqa: PLC0415

            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Terminal(stderr=True),
                transient=True,
                # Data that goes to a file or a pipe must get there, not above the bar.
                redirect_stdout=sys.stdout.isatty(),
            )
            self._task = self._bar.add_task(self._what, total=self._total)
            self._bar.start()
            type(self).shown = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            type(self).shown = None

    def step(self, count: int = 1) -> None:
        """Say that so many more are done."""
        if self._bar is not None:
            self._bar.advance(self._task, count)

    def counted(self, things: Iterable[T]) -> Iterator[T]:
        """Yield things as they come, and count them on the bar, some at a time."""
        if self._bar is None:
            yield from things
            return
        for number, thing in enumerate(things, 1):
            if number % _COUNTED == 0:
                self.step(_COUNTED)
            yield thing

    def doing(self, what: str) -> None:
        """Say what is being done now."""
        if self._bar is not None:
            self._bar.update(self._task, description=render.printable(what)[:40])

    def say(self, text: str) -> None:
        """Say a line above the bar."""
        text = render.printable_lines(text)
        if self._bar is not None:
            self._bar.console.print(text)
        else:
            render.say(text)
