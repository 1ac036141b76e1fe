"""The live board of a watch, and the stream of JSON lines in its place."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cautery.cli import render
from cautery.cli._nodes_text import nodes_text
from cautery.cli._terminal import Terminal
from cautery.cli.render import printable
from cautery.messages import message, say, term, tr
from cautery.model import Entry, Finding, Mandate, iso
from cautery.projections import MandateInForce, Pace, Safeguards, Tally
from cautery.projections.tally import middle

REFRESH_PER_S = 2
PLAIN_EVERY_S = 5.0
MOST_SHOWN = 160


class Board:
    """A board for people: live on a terminal, a line every few seconds elsewhere.

    Parameters
    ----------
    waits : bool
        Whether the case stays open at the end of the window while a notice of it waits.
    """

    def __init__(self, mandate: Mandate, *, stderr: bool = True, waits: bool = False) -> None:
        self._mandate = mandate
        self._waits = waits
        self._tally = Tally(in_force=MandateInForce(mandate))
        self._lock = threading.Lock()
        self._console = Terminal(stderr=stderr)
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
        line = tr(
            "%(time)sZ  looked at %(looked)s of %(offered)s  proven %(proven)s"
            "  licensed %(licensed)s  networks %(networks)s  refused %(refused)s"
            "  dark %(dark)s  errors %(errors)s",
            time=f"{datetime.now(UTC):%H:%M:%S}",
            looked=tally.looked_at,
            offered=tally.offered,
            proven=streams.count(Finding.PROVEN),
            licensed=streams.count(Finding.LICENSED),
            networks=tally.networks,
            refused=len(tally.refused),
            dark=tally.dark,
            errors=sum(tally.errors.values()),
        )
        line += f"  {_pace(tally.pace)}" if _is_late(tally.pace) else ""
        return f"{line}  {' '.join(nodes_text(tally.nodes).plain.split())}".rstrip()

    def _render(self) -> Group:
        with self._lock:
            now = datetime.now(UTC)
            return Group(self._head(now), self._rights(now), self._foot(now))

    def _head(self, now: datetime) -> Panel:
        window = self._mandate.window
        elapsed_s = max((now - window.start).total_seconds(), 0.0)
        events = ", ".join(event.name for event in self._mandate.events) or tr("no event")
        title = Text.assemble(
            (printable(events), "bold"),
            f"  {printable(self._mandate.who)}  ",
            (tr("LAB") if self._mandate.lab else "", "bold reverse"),
        )
        left = max((window.end - now).total_seconds(), 0.0)
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column()
        grid.add_column(ratio=1)
        grid.add_column(justify="right")
        grid.add_row(
            title,
            ProgressBar(total=window.seconds, completed=min(elapsed_s, window.seconds)),
            tr("%(span)s left", span=_span(left)),
        )
        return Panel(grid, border_style="red" if self._mandate.lab else "blue")

    def _rights(self, now: datetime) -> Table:
        table = Table(expand=True, header_style="bold", box=None, pad_edge=False)
        table.add_column(tr("event or channel"))
        for name in (
            tr("proven"),
            tr("licensed"),
            tr("at once"),
            tr("exposed"),
            tr("to detect"),
            tr("to refer"),
            tr("to dark"),
        ):
            table.add_column(name, justify="right")
        for row in self._tally.rows(now):
            table.add_row(
                printable(row.right),
                str(len(row.proven)),
                str(len(row.licensed)),
                str(len(row.at_once)),
                _minutes(row.exposed_s),
                _span(middle(row.detected_s)),
                _span(middle(row.referred_s)),
                _span(middle(row.dark_s)),
            )
        return table

    def _foot(self, now: datetime) -> Text:
        tally, streams, safeguards = self._tally, self._tally.streams, self._tally.safeguards
        commonest = [
            (say(term("error", name)), count) for name, count in tally.errors.most_common(4)
        ]
        errors = "  ".join(f"{name} {count}" for name, count in commonest)
        looked = tr(
            "streams looked at %(looked)s of %(offered)s   probes %(probes)s"
            "   nothing of ours %(nothing)s   undecided %(undecided)s"
            "   unreachable %(unreachable)s",
            looked=tally.looked_at,
            offered=tally.offered,
            probes=tally.probes,
            nothing=streams.count(Finding.NOTHING),
            undecided=streams.count(Finding.UNDECIDED),
            unreachable=streams.count(Finding.UNREACHABLE),
        )
        acted = tr(
            "networks %(networks)s   refused %(refused)s   narrowed %(narrowed)s"
            "   bystanders spared %(spared)s   proofs without referral %(unanswered)s"
            "   approvals %(approvals)s   dark %(dark)s   expired %(expired)s   sealed %(sealed)s",
            networks=tally.networks,
            refused=len(tally.refused),
            narrowed=len(tally.narrowed),
            spared=len(tally.spared),
            unanswered=tally.acts.unanswered,
            approvals=tally.approvals,
            dark=tally.dark,
            expired=tally.expired,
            sealed=tally.sealed,
        )
        guarded = tr(
            "checked again by the guard %(revalidated)s   withdrawn %(withdrawn)s"
            "   canaries %(canaries)s (%(canaries_dark)s unreachable)"
            "   roll-backs proposed %(rollbacks)s   overrides %(overrides)s"
            "   bystanders at most %(spent)s",
            revalidated=safeguards.revalidated,
            withdrawn=len(safeguards.withdrawn),
            canaries=len(safeguards.canaries),
            canaries_dark=len(safeguards.canaries_dark),
            rollbacks=len(safeguards.rollbacks),
            overrides=len(safeguards.overrides),
            spent=_spent(safeguards),
        )
        followed = tr(
            "proofs on a notice alone %(noticed)s   on neither %(neither)s"
            "   notices %(notices)s (%(sent)s sent)"
            "   complaints %(complaints)s (%(waiting)s wait, %(overdue)s overdue)",
            noticed=tally.acts.on_notice_alone,
            neither=tally.acts.unanswered - tally.acts.on_notice_alone,
            notices=len(tally.notices),
            sent=len(tally.notices_sent),
            complaints=len(tally.complaints.filed),
            waiting=len(tally.complaints.open()),
            overdue=tally.complaints.overdue(now),
        )
        text = Text(f"\n{looked}\n{acted}\n{followed}\n{guarded}\n")
        text.append(f"{_pace(tally.pace)}\n", style="bold red" if _is_late(tally.pace) else "")
        text.append(tr("errors  %(errors)s", errors=errors or tr("none")), style="dim")
        text.append_text(nodes_text(tally.nodes))
        decoys = tally.decoys
        if decoys.sealed is not None:
            stand = message(
                "decoys-board.stand", count=decoys.sealed.count, opened=len(decoys.revealed)
            )
            text.append(f"\n{say(stand)}")
        if decoys.foreign:
            foreign = message("decoys-board.foreign", count=len(decoys.foreign))
            text.append(f"\n{say(foreign)}", style="bold red")
        if tally.unasked:
            waits = message("decoys-board.unasked", count=len(tally.unasked))
            text.append(f"\n{say(waits)}", style="bold red")
        if unsent := len(tally.notices - tally.notices_sent):
            becomes = "notice-end.will-wait" if self._waits else "notice-end.will-close"
            text.append(f"\n{say(message(becomes, count=unsent))}")
        if (taken := tally.taken_over) is not None:
            line = tr(
                "taken over at %(time)s UTC from %(before)s",
                time=f"{taken.at:%H:%M:%S}",
                before=printable(taken.before),
            )
            text.append(f"\n{line}")
        if tally.last:
            last = tr("last    %(failure)s", failure=printable(tally.last)[:MOST_SHOWN])
            text.append(f"\n{last}", style="dim")
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
    return tr(
        "%(upper)s (budget %(budget)s)",
        upper=tr("unknown") if None in highs else sum(high or 0 for high in highs),
        budget=sum(budget.budget for budget in budgets),
    )


def _is_late(pace: Pace) -> bool:
    return pace.newest is not None and pace.newest.late


def _pace(pace: Pace) -> str:
    """Return whether the watch keeps up, and why not; what was not measured is a dash."""
    newest = pace.newest
    late_s = (None, None) if newest is None else (newest.references_late_s, newest.probes_late_s)
    parts = [
        tr("references late by %(late_s)s", late_s=_whole(late_s[0])),
        tr("looks late by %(late_s)s", late_s=_whole(late_s[1])),
    ]
    if newest is None:
        return "   ".join(parts)
    parts.insert(0, tr("not yet looked at %(streams)s", streams=newest.unseen))
    if newest.late:
        parts.insert(0, tr("LATE"))
    if newest.references_silent:
        parts.append(tr("references silent %(silent)s", silent=len(newest.references_silent)))
    if pace.shed:
        parts.append(tr("looks put off %(looks)s", looks=pace.shed))
    if newest.why is not None:
        parts.append(printable(say(newest.why)))
    return "   ".join(parts)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else tr("%(minutes)s min", minutes=f"{seconds / 60:.1f}")


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 90:
        return tr("%(seconds)s s", seconds=round(seconds))
    if seconds < 5400:
        return tr("%(minutes)s min", minutes=round(seconds / 60))
    return tr("%(hours)s h", hours=f"{seconds / 3600:.1f}")
