"""What a node does, as it does it: a table on a terminal, lines elsewhere, or lines of JSON."""

from __future__ import annotations

import threading
from collections import Counter
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table

from cautery.cli import render
from cautery.cli._terminal import Terminal
from cautery.cli.render import printable
from cautery.model import iso, to_json
from cautery.workflows.nodes.serving import NodeEvent, NodeTurn

REFRESH_PER_S = 2
MOST_ROWS = 16
LINES_EVERY = 25
"""Jobs that are done between two lines: a node does thousands a minute."""
_WORDS = {
    NodeTurn.JOINED: "is there, and takes jobs",
    NodeTurn.DRAINING: "takes nothing new, and ends what is under way",
    NodeTurn.RESUMED: "takes jobs again",
    NodeTurn.REFUSED: "gets no job",
    NodeTurn.CUT_OFF: "does not reach the database",
    NodeTurn.LEFT: "has left",
}


class NodeLines:
    """A line for each thing that a person should know, on stderr."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs_done = 0

    def hear(self, event: NodeEvent) -> None:
        """Say what happened."""
        match event.turn:
            case NodeTurn.BEGAN:
                return
            case NodeTurn.DONE:
                self._jobs_done += 1
                if self._jobs_done % LINES_EVERY:
                    return
                words = f"jobs done: {self._jobs_done}"
            case NodeTurn.FAILED:
                words = f"a job failed ({event.kind}): {event.why}"
            case NodeTurn.TOLD:
                words = event.why
            case _:
                words = _WORDS[event.turn] + (f": {event.why}" if event.why else "")
        render.say(printable(f"{event.at:%H:%M:%S}Z  {self._name}  {words}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return


class NodeStream(NodeLines):
    """Every event as one JSON line on stdout."""

    def __init__(self) -> None:
        super().__init__("")

    def hear(self, event: NodeEvent) -> None:
        """Print one event."""
        render.json_line(to_json(event))


class NodeTable(NodeLines):
    """The jobs under way as a table on the terminal, above it what a person should know."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._lock = threading.Lock()
        self._under_way: dict[str, NodeEvent] = {}
        self._ended: Counter[tuple[str, NodeTurn]] = Counter()
        self._spent: Counter[str] = Counter()
        self._live = Live(
            get_renderable=self.table,
            console=Terminal(stderr=True),
            refresh_per_second=REFRESH_PER_S,
        )

    def hear(self, event: NodeEvent) -> None:
        """Take one event up."""
        with self._lock:
            match event.turn:
                case NodeTurn.BEGAN:
                    self._under_way[event.key] = event
                case NodeTurn.DONE | NodeTurn.FAILED:
                    self._under_way.pop(event.key, None)
                    self._ended[event.kind, event.turn] += 1
                    self._spent[event.kind] += event.took_s  # type: ignore[assignment]
        if event.turn not in {NodeTurn.BEGAN, NodeTurn.DONE}:
            super().hear(event)

    def table(self) -> Table:
        """Return the jobs by their kinds."""
        table = Table(title=None, box=None, header_style="bold", expand=True)
        for column in ("kind", "under way", "done", "failed", "seconds each", "since"):
            table.add_column(column)
        with self._lock:
            begun = sorted(self._under_way.values(), key=lambda event: event.at)
            kinds = sorted({kind for kind, _ in self._ended} | {event.kind for event in begun})
            for kind in kinds[:MOST_ROWS]:
                of_kind = [event for event in begun if event.kind == kind]
                done_jobs, failed = (
                    self._ended[kind, turn] for turn in (NodeTurn.DONE, NodeTurn.FAILED)
                )
                table.add_row(
                    kind,
                    str(len(of_kind)),
                    str(done_jobs),
                    str(failed),
                    f"{self._spent[kind] / (done_jobs + failed):.2f}"
                    if done_jobs + failed
                    else "-",
                    iso(of_kind[0].at) if of_kind else "-",
                )
        return table

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
