"""The pace of a watch: streams not looked at, waiting times, their reasons, and looks put off.

A machine that is too slow must not look like a quiet evening, nor like streams that stall.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from cautery.errors import DecodeError, LimitError
from cautery.messages import message, term
from cautery.messages.joining import joined
from cautery.model import Finding, Mandate
from cautery.model.message import Message
from cautery.model.records import LooksShed, LookStep, WatchPace, WorkShed
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.streams import Stream

CHECK_S = 5.0
LATE_S = 30.0
"""A look that is due, or a reference, may be so late: two probes' media and the reach of the search
before now. Later than that, a second look misses the match's next minute."""
LOOP_LATE_S = 2.0
"""The watch's own loop answers in milliseconds; so late it is the machine that is slow."""
LONG_S = 15.0
"""A look's decoding takes 1 s; a decoder's patience is 20 s (:mod:`cautery.adapters.decoder`)."""
PUT_OFF_S = 60.0
TOLD_LATE_S, TOLD_S = 15.0, 300.0
"""How often it is recorded: while the watch is late, and else."""
AT_LEAST_KEPT = 10
RIGHTS = ("event", "channel", "work", "other")
LOOKS = ("new", "second", "again", "settled")
ORDER = message("pace.order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How far the references are.

    Parameters
    ----------
    until : mapping of str to float or None
        By live reference, the epoch second until which it was heard; ``None``: nothing was.
    filled : bool
        Whether what was there when the watch began is taken in.
    """

    until: Mapping[str, float | None]
    filled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lateness:
    """How late a watch is, as :class:`~cautery.model.records.WatchPace` has it."""

    references_late_s: float | None
    references_silent: tuple[str, ...]
    probes_late_s: float | None
    why: Message | None


def hindrance(
    error: Exception,
    doing: LookStep | None,
    *,
    took_s: float,
    overloaded: bool,
    loop_late: bool,
) -> LookStep | None:
    """Say what of the machine that looked kept a look from its end; ``None``: the stream did.

    A limit of time that is met in decoding or comparing is this machine's; met in fetching, it
    is the server's, unless our loop was late meanwhile. A decoder that gave up after long
    may have met a bomb, or got no time: in a watch that is late nobody can tell.

    Parameters
    ----------
    doing : LookStep or None
        The step at which the look broke off.
    overloaded : bool
        Whether looks come too late.
    loop_late : bool
        Whether the machine's loop was late since the look began.
    """
    if not isinstance(error, TimeoutError | LimitError | DecodeError):
        return None
    is_local = doing in (LookStep.DECODING, LookStep.COMPARING, LookStep.NODE)
    if isinstance(error, DecodeError):
        return doing if is_local and took_s > LONG_S and overloaded else None
    if is_local:
        return doing
    return LookStep.OWN_LOOP if loop_late else None


class Pace:
    """Watches a watch: what waits, which work comes first when not all can be done, and why.

    Parameters
    ----------
    streams : mapping of str to Stream
        Of the watch, as they come to be known.
    heard : callable
        How far the references are now.
    timer : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        mandate: Mandate,
        streams: Mapping[str, Stream],
        *,
        heard: Callable[[], Heard],
        journal: Journal,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._streams = streams
        self._hearing = heard
        self._journal = journal
        self._timer = timer
        self._rights = {work.id: 2 for work in mandate.works}
        self._rights |= {
            channel.id: 1 if channel.event is None else 0 for channel in mandate.channels
        }
        self._rights |= {event.id: 0 for event in mandate.events}
        self._begun = max(journal.now(), mandate.window.start)
        self._spent: defaultdict[LookStep, float] = defaultdict(float)
        self._looked: deque[datetime] = deque()
        self._loop_late_s = 0.0
        self._slow_at = float("-inf")
        self._last_report: tuple[datetime, bool] | None = None
        self.overloaded = False
        """Whether looks come so late that the stated order holds, and some are put off."""

    # -- what the prober asks and tells ------------------------------------------------------

    def order(self, stream: Stream) -> tuple[int, int, datetime]:
        """Return a key by which the next stream is chosen, lowest first."""
        if self.overloaded:
            return self._right(stream), _look(stream), stream.due
        rank, due = stream.priority
        return 0, rank, due

    @contextmanager
    def spends(self, stream: Stream, step: LookStep) -> Iterator[None]:
        """Take note of what a look is doing, and how long."""
        before, stream.doing = stream.doing, step
        begun = self._timer()
        try:
            yield
            # Only where the step ends well: of one that fails, ``hindered`` asks which it was.
            stream.doing = before
        finally:
            self._spent[step] += self._timer() - begun

    def looked(self, stream: Stream) -> None:
        """Take note that a look came to an end, whatever it showed."""
        stream.looked = True
        stream.hindered = 0
        self._looked.append(self._journal.now())

    def hindered(self, stream: Stream, error: Exception, since_s: float) -> LookStep | None:
        """Say what of this machine kept a look from its end; ``None``: the stream did.

        See :func:`hindrance`.
        """
        return hindrance(
            error,
            stream.doing,
            took_s=self._timer() - since_s,
            overloaded=self.overloaded,
            loop_late=self._slow_at >= since_s,
        )

    def took(self, step: LookStep, seconds: float) -> None:
        """Take note of time that a look spent on another machine, or spent less here."""
        self._spent[step] = max(self._spent[step] + seconds, 0.0)

    @property
    def now_s(self) -> float:
        """The timer's seconds."""
        return self._timer()

    # -- what it says ------------------------------------------------------------------------

    async def work(self) -> None:
        """Look every few seconds, for ever; how late that comes is a figure in itself."""
        while True:
            begun = self._timer()
            await asyncio.sleep(CHECK_S)
            self.check(loop_late_s=self._timer() - begun - CHECK_S)

    def check(self, *, loop_late_s: float) -> None:
        """See how late the watch is; put off what cannot be done in time, and record it."""
        now = self._journal.now()
        self._loop_late_s = max(loop_late_s, 0.0)
        if self._loop_late_s > LOOP_LATE_S:
            self._slow_at = self._timer()
        while self._looked and self._looked[0] < now - timedelta(seconds=LATE_S):
            self._looked.popleft()
        due = [stream for stream in self._streams.values() if stream.wanted(now)]
        lateness = self._lateness(now, due)
        # Once it is late, until half of that is made up: else the order would change to and fro.
        bar_s = LATE_S / 2 if self.overloaded else LATE_S
        self.overloaded = (lateness.probes_late_s or 0.0) > bar_s
        if self.overloaded:
            self._shed([stream for stream in due if not stream.in_hand], now, lateness.why)
        if self._is_news(now, late=lateness.why is not None):
            self._tell(now, lateness)

    def conclude(self) -> None:
        """Record how it stood at the end."""
        now = self._journal.now()
        due = [stream for stream in self._streams.values() if stream.wanted(now)]
        self._tell(now, self._lateness(now, due))

    def _is_news(self, now: datetime, *, late: bool) -> bool:
        if self._last_report is None:
            return late or bool(self._streams)
        at, was_late = self._last_report
        every_s = TOLD_LATE_S if late else TOLD_S
        return late != was_late or (now - at).total_seconds() >= every_s

    def _tell(self, now: datetime, lateness: _Lateness) -> None:
        late = lateness.why is not None
        self._last_report = now, late
        unseen = Counter(
            RIGHTS[self._right(stream)]
            for stream in self._streams.values()
            if not stream.looked and stream.verdict is None
        )
        self._journal.write(
            WatchPace(
                at=now,
                offered=len(self._streams),
                unseen=sum(unseen.values()),
                unseen_by_right={name: unseen[name] for name in RIGHTS if unseen[name]},
                late=late,
                references_late_s=lateness.references_late_s,
                references_silent=lateness.references_silent,
                probes_late_s=lateness.probes_late_s,
                loop_late_s=round(self._loop_late_s, 1),
                why=lateness.why,
            )
        )
        self._spent.clear()

    def _lateness(self, now: datetime, due: list[Stream]) -> _Lateness:
        hearing = self._hearing()
        now_s = now.timestamp()
        late = {
            name: max(now_s - until, 0.0)
            for name, until in hearing.until.items()
            if until is not None
        }
        silent = tuple(sorted(name for name, until in hearing.until.items() if until is None))
        probes_late_s = None
        if self._streams:
            probes_late_s = max(((now - stream.due).total_seconds() for stream in due), default=0.0)
        filling_s = 0.0 if hearing.filled else (now - self._begun).total_seconds()
        doing = Counter(stream.doing for stream in due if stream.in_hand and stream.doing)
        return _Lateness(
            references_late_s=round(max(late.values()), 1) if late else None,
            references_silent=silent,
            probes_late_s=None if probes_late_s is None else round(probes_late_s, 1),
            why=joined(self._whys(late, filling_s, probes_late_s, doing)),
        )

    def _whys(
        self,
        late: Mapping[str, float],
        filling_s: float,
        probes_late_s: float | None,
        doing: Counter[LookStep],
    ) -> Iterator[Message]:
        if filling_s > LATE_S:
            yield message("pace.references-loading", loading_s=round(filling_s))
        behind = {name: seconds for name, seconds in late.items() if seconds > LATE_S}
        if behind:
            name = max(behind, key=lambda reference: behind[reference])
            yield message(
                "pace.references-late",
                late=len(behind),
                references=len(late),
                reference=name,
                late_s=round(behind[name]),
            )
        if probes_late_s is not None and probes_late_s > LATE_S:
            yield message("pace.looks-late", late_s=round(probes_late_s), cost=self._costly(doing))
        if self._loop_late_s > LOOP_LATE_S:
            yield message("pace.loop-late", late_s=round(self._loop_late_s, 1))

    def _costly(self, doing: Counter[LookStep]) -> Message:
        """Say what looks cost; while none of their steps ends, where they hang."""
        total = sum(self._spent.values())
        if total > 0:
            shares = sorted(self._spent.items(), key=lambda pair: -pair[1])
            return message(
                "pace.time-spent",
                shares=[
                    message(
                        "pace.spent-on",
                        step=term("look-step", step),
                        spent_share=round(spent / total, 2),
                    )
                    for step, spent in shares
                ],
            )
        if not doing:
            return message("pace.no-look")
        return message(
            "pace.looks-hang",
            hanging=[
                message("pace.hang-at", looks=looks, step=term("look-step", step))
                for step, looks in doing.most_common()
            ],
        )

    def _shed(self, waiting: list[Stream], now: datetime, why: Message | None) -> None:
        """Put off looks again for which there is no time; a new stream is never put off."""
        able = max(len(self._looked), AT_LEAST_KEPT)
        shed: Counter[tuple[str, str]] = Counter()
        until = now + timedelta(seconds=PUT_OFF_S)
        for stream in sorted(waiting, key=self.order)[able:]:
            look = _look(stream)
            if look == 0:
                continue
            stream.due = until
            shed[RIGHTS[self._right(stream)], LOOKS[look]] += 1
        if shed:
            self._journal.write(
                WorkShed(
                    at=now,
                    until=until,
                    looks=tuple(
                        LooksShed(right=right, look=look, count=count)
                        for (right, look), count in sorted(shed.items())
                    ),
                    order=ORDER,
                    why=why,
                )
            )

    def _right(self, stream: Stream) -> int:
        verdict = stream.verdict
        if verdict is not None and verdict.event is not None:
            return 0
        rights = list(verdict.channels) if verdict is not None else []
        if stream.offer is not None and stream.offer.right is not None:
            rights.append(stream.offer.right)
        return min((self._rights.get(right, 3) for right in rights), default=3)


def _look(stream: Stream) -> int:
    if not stream.looked and stream.verdict is None:
        return 0
    if stream.pending:
        return 1
    settled = stream.verdict is not None and stream.verdict.finding in (
        Finding.PROVEN,
        Finding.LICENSED,
    )
    return 3 if settled else 2
