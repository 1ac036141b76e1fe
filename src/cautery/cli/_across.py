"""``cautery find --cases``: titles, hosts, brands and payment ends through all cases."""

from __future__ import annotations

from pathlib import Path

from cautery.cli import render
from cautery.drawing.months import month_name
from cautery.errors import InputError
from cautery.model import Regime, iso
from cautery.pages.room.find import FindView, Searched, ThingRow
from cautery.projections.across import Words
from cautery.wiring.room import cases_in, gathering_of
from cautery.workflows.browse.find import Whose, find_view


def find_across(
    folder: Path, words: Words, *, regime: Regime | None, rebuild: bool, json: bool
) -> None:
    """Search all cases of one regime below a folder, and print what is found.

    Raises
    ------
    InputError
        If there is no case, no word, or the regime has to be said.
    """
    if not words.text.strip():
        raise InputError("say what to search", hint="cautery find arena sport --cases cases")
    gathering = gathering_of(cases_in(folder))
    try:
        there = gathering.look()
        if not there:
            raise InputError(
                f"there is no case in {folder}", hint="Give the folder in which your cases lie."
            )
        if rebuild:
            gathering.forget()
        if waiting := sum(not case.stamp for case in gathering.look().values()):
            render.say(f"reading {waiting:,} of {len(there):,} cases")
        gathering.wait()
        view = find_view(gathering, Whose(regime=regime), words)
    finally:
        gathering.close()
    _say_searched(view.searched)
    if json:
        for thing in view.things:
            render.json_line(_plain(thing))
    else:
        render.table(
            ("kind", "name", "first seen", "last seen", "cases", "records by month", "newest"),
            (
                (
                    thing.kind,
                    thing.text,
                    f"{thing.first_at:%Y-%m-%d}",
                    f"{thing.last_at:%Y-%m-%d}",
                    thing.in_cases,
                    _months(thing),
                    ", ".join(f"{row.case} record {row.named}" for row in thing.newest[:2]),
                )
                for thing in view.things
            ),
        )
    _say_more(view)


def _say_searched(searched: Searched) -> None:
    for name, why in searched.unreadable:
        render.say(f"not searched: {name}: {why}")
    if searched.unreadable_count > len(searched.unreadable):
        render.say(f"{searched.unreadable_count} cases in all cannot be read")
    if searched.regime is None and len(searched.regimes) > 1:
        raise InputError(
            "there are cases under gdpr and cases under led, which are never searched together",
            hint="Say whose: --regime gdpr, or --regime led",
        )


def _say_more(view: FindView) -> None:
    if not view.complete:
        render.say("The search took too long and was ended: some may be missing. Add a word.")
    if view.older is not None:
        count = "" if view.found is None else f" of {view.found:,}{'+' * view.found_more}"
        render.say(f"{len(view.things)}{count}; the next ones: --before {view.older}")


def _months(thing: ThingRow) -> str:
    months = sorted(thing.months.items())[-3:]
    earlier = "… " if len(thing.months) > len(months) else ""
    return earlier + ", ".join(f"{month_name(month)}: {count:,}" for month, count in months)


def _plain(thing: ThingRow) -> dict[str, object]:
    return {
        "kind": thing.kind,
        "name": thing.text,
        "first_at": iso(thing.first_at),
        "last_at": iso(thing.last_at),
        "months": {month_name(month): count for month, count in thing.months.items()},
        "in_cases": thing.in_cases,
        "newest": [
            {
                "case": row.case,
                "first": row.first,
                "named": row.named,
                "first_at": iso(row.first_at),
                "last_at": iso(row.last_at),
                "stream": row.stream,
            }
            for row in thing.newest
        ],
    }
