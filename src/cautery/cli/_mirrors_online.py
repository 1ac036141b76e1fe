"""``cautery mirrors --online``: domains that come day by day, answered on their first day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from cautery import wiring
from cautery.cli import render
from cautery.cli._progress import Progress
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.messages import say
from cautery.model.ports import Facts
from cautery.packed import chunks_of
from cautery.workflows.files.hosts import read_hosts
from cautery.workflows.networks.arrivals import Arrived, Course, follow, read_course

_MOST_ROWS = 200


def mirrors_online(
    hosts: Path, *, facts: Facts, state: Path | None, undated: date | None, json: bool
) -> None:
    """Answer each newcomer, say what could not be read, and keep the state."""
    today = wiring.clock().now().date()
    if undated is not None and undated > today:
        raise InputError(f"--day {undated}: it is after today, {today} (UTC)")
    course = Course()
    if state is not None:
        wiring.check_output(state)
    if state is not None and state.exists():
        with Progress("reading the state", None):
            course = read_course(chunks_of(state), file_name=str(state), today=today)

    def save() -> None:
        if state is not None:
            wiring.write_file_of(state, course.lines())

    before, families_before = len(course.arrivals), course.arrivals.families
    with Progress("reading hosts", None) as progress:
        arrived = follow(
            course,
            progress.counted(read_hosts(hosts)),
            facts=facts,
            undated=undated or today,
            today=today,
            save=save,
        )
        if json:
            for answer in arrived:
                render.json_line(_as_json(answer))
        else:
            _tell(arrived)
    for warning in course.warnings:
        render.say(render.printable(f"line {warning.line}: {say(warning.why)}: {warning.quoted}"))
    came = len(course.arrivals) - before
    new = course.arrivals.families - families_before
    render.say(
        f"{counted(came, 'domain')} came: {came - new:,} of known families, {new:,} new; "
        f"{course.came_before:,} known before, {course.apart:,} that are nobody's mirror; "
        f"{course.rows:,} lines with a host, {course.broken:,} lines or dates that could not be "
        "used"
    )


def _as_json(answer: Arrived) -> dict[str, Any]:
    return {
        "domain": answer.arrival.domain,
        "first": answer.first.isoformat(),
        "day": answer.day.isoformat(),
        "new": answer.arrival.is_new,
        "family": answer.arrival.family,
        "probability": round(answer.arrival.probability, 4),
        "likeliest": answer.arrival.likeliest,
    }


def _tell(arrived: Iterator[Arrived]) -> None:
    """Show the descendants: a newcomer of a family of its own says nothing to people."""
    rows: list[tuple[object, ...]] = []
    row_limit = render.most_rows(_MOST_ROWS)
    left_out = 0
    for answer in arrived:
        if answer.arrival.is_new:
            continue
        if len(rows) < row_limit:
            row = answer.arrival
            rows.append((answer.day, row.domain, row.family, f"{row.probability:.2f}"))
        else:
            left_out += 1
    if rows:
        render.table(("day", "domain", "family", "probability"), rows)
    if left_out:
        render.say(f"{left_out:,} more of known families: --json lists every domain")
