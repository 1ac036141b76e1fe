"""Follow domains that come day by day: each is put into a family on its first day, and kept.

The state is a text: its first line says the last day, and each further one a domain and its family,
in the order in which they came. To read it again is to learn again what was known then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cautery.errors import InputError
from cautery.formats import ReadWarning
from cautery.graph.mirrors import Arrival, Arrivals
from cautery.messages import message
from cautery.model.ports import Facts
from cautery.workflows.files.hosts import LONGEST_HOST, HostSeen
from cautery.workflows.files.lines import lines_of
from cautery.workflows.networks.mirrors import NOT_MIRRORS, is_address

HEAD = "cautery mirrors --online 1"
"""How a state begins."""
_HEAD = re.compile(re.escape(HEAD) + r" (\d{4}-\d\d-\d\d|-)")
_LINE = re.compile(r"([^\s]{1,253}) ([^\s]{1,253})")
_LONGEST_LINE = 2 * 4 * LONGEST_HOST
SAVED_EVERY = 20_000
"""Newcomers after which the state is written, so that little is answered twice after a break."""
MOST_WARNINGS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """An answer, and the day on which it was given: later than ``first`` if others came before."""

    first: date
    day: date
    arrival: Arrival


@dataclass(slots=True, kw_only=True)
class Course:
    """The domains so far and the last day, and what happened to the lines of this run.

    Parameters
    ----------
    arrivals : Arrivals
        The families so far.
    day : date or None
        The last day on which any came.
    rows, came_before, apart, broken : int
        Lines with a host; domains that came before; domains that are nobody's mirror; lines or
        dates that could not be used.
    warnings : list of ReadWarning
        The first of these.
    """

    arrivals: Arrivals = field(default_factory=Arrivals)
    day: date | None = None
    rows: int = 0
    came_before: int = 0
    apart: int = 0
    broken: int = 0
    warnings: list[ReadWarning] = field(default_factory=list)

    def warn(self, warning: ReadWarning) -> None:
        """Count a line or a date that could not be used; the first ones are kept."""
        self.broken += warning.count
        if len(self.warnings) < MOST_WARNINGS:
            self.warnings.append(warning)

    def lines(self) -> Iterator[bytes]:
        """Yield the state, to be written as a file and given to :func:`read_course`."""
        yield f"{HEAD} {self.day or '-'}\n".encode()
        for domain, family in self.arrivals:
            yield f"{domain} {family}\n".encode()


def read_course(chunks: Iterable[bytes], *, file_name: str, today: date) -> Course:
    """Read a state.

    Parameters
    ----------
    today : date
        In UTC: no state can be of a later day.

    Raises
    ------
    InputError
        If it is no whole state, or one of a day that is still to come.
    """
    lines = lines_of(chunks, longest=_LONGEST_LINE)
    head = _HEAD.fullmatch(next(lines, "").rstrip("\n"))
    if head is None:
        raise InputError(
            f"{file_name}: not a state of cautery mirrors --online",
            hint="Name a new file; the command makes it.",
        )
    course = Course(day=_day(head[1], file_name, today))
    for number, line in enumerate(lines, start=2):
        pair = _LINE.fullmatch(line.removesuffix("\n"))
        if pair is None or not course.arrivals.know(pair[1], pair[2]):
            raise InputError(
                f"{file_name}: line {number} is not a new domain and its family",
                hint="Restore the file from a copy, or begin a new one.",
            )
    return course


def _day(text: str, file_name: str, today: date) -> date | None:
    if text == "-":
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{file_name}: {text} is not a day") from None
    if day > today:  # every later answer would be given as of that day
        raise InputError(
            f"{file_name}: its last day, {day}, is after today, {today}",
            hint="Restore the file from a copy, or begin a new one.",
        )
    return day


def follow(
    course: Course,
    hosts: Iterable[HostSeen | ReadWarning],
    *,
    facts: Facts,
    undated: date,
    today: date,
    save: Callable[[], None],
) -> Iterator[Arrived]:
    """Yield an answer for each registered domain that is new, by day and name.

    Parameters
    ----------
    course : Course
        What is known, which grows.
    hosts : iterable of HostSeen or ReadWarning
        In any order; all are read before the first answer.
    facts : Facts
        For registered domains, and for names that are nobody's mirror.
    undated : date
        The day of hosts without one; not after ``today``.
    today : date
        In UTC: a day after it is not used, and the host comes as one without a day.
    save : callable
        Called now and then, and at the end: the state may be written.
    """
    first_days = _first_days(course, hosts, facts, undated=undated, today=today)
    for number, (first, domain) in enumerate(
        sorted((first, domain) for domain, first in first_days.items()), start=1
    ):
        course.day = max(first, course.day or first)
        yield Arrived(first=first, day=course.day, arrival=course.arrivals.answer(domain))
        if number % SAVED_EVERY == 0:
            save()
    save()


def _first_days(
    course: Course,
    hosts: Iterable[HostSeen | ReadWarning],
    facts: Facts,
    *,
    undated: date,
    today: date,
) -> dict[str, date]:
    """Return the first day of each domain that is new."""
    first_days: dict[str, date] = {}
    earlier: set[str] = set()
    apart: set[str] = set()
    for host in hosts:
        if isinstance(host, ReadWarning):
            course.warn(host)
            continue
        course.rows += 1
        alone = is_address(host.host)
        domain = (None if alone else facts.registered_domain(host.host)) or host.host
        if domain in course.arrivals:
            earlier.add(domain)
        elif domain in apart or alone or not NOT_MIRRORS.isdisjoint(facts.kinds_of(domain)):
            apart.add(domain)
        else:
            day = host.first or host.last or undated
            if day > today:
                why = message("unread.future-day", day=str(day))
                course.warn(ReadWarning(line=host.line, why=why, quoted=ascii(host.host[:120])))
                day = undated
            first_days[domain] = min(day, first_days.get(domain, day))
    course.came_before, course.apart = len(earlier), len(apart)
    return first_days


def schema() -> dict[str, Any]:
    """Return the JSON Schema of an answer."""
    text = {"type": "string"}
    day = {**text, "format": "date"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "description": "A line of --online --json, one per registered domain that is new.",
        "properties": {
            "domain": {**text, "description": "The registered domain."},
            "first": {**day, "description": "The day on which it came."},
            "day": {
                **day,
                "description": "The day as of which it is answered: later if later ones came.",
            },
            "new": {"type": "boolean", "description": "Whether it begins a family."},
            "family": {**text, "description": "The first domain of its family; itself if new."},
            "probability": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "That the answer is right.",
            },
            "likeliest": {
                "type": ["string", "null"],
                "description": "The known family that its name speaks for most, if any.",
            },
        },
        "required": ["domain", "first", "day", "new", "family", "probability", "likeliest"],
        "additionalProperties": False,
    }
