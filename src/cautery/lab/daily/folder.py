"""A daily world as a folder: ``sources`` as a user would have them, and ``truth.json`` apart."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from cautery import __version__
from cautery.formats.daily import daily_table, strikes_table
from cautery.formats.ical import Fixture
from cautery.formats.lifetimes import lifetimes_table
from cautery.lab.daily.choices import CHOICES
from cautery.lab.daily.picture import picture
from cautery.lab.daily.spec import DailySources, DailyTruth
from cautery.lab.operations.tables import STAMP, as_json
from cautery.lab.whole_folder import whole_folder

FORMAT = "cautery-lab-daily/1"


def write_daily(sources: DailySources, truth: DailyTruth, folder: Path) -> tuple[str, ...]:
    """Write a world into a new or empty folder, whole or not at all; return the files' paths.

    Raises
    ------
    InputError
        If the folder holds something already, or is no folder.
    StorageError
        If it cannot be written; nothing partial survives.
    """
    files = {
        "sources/daily.csv": daily_table(sources.series),
        "sources/strikes.csv": strikes_table(sources.strikes),
        "sources/fixtures.ics": calendar_of(sources.fixtures),
        "sources/lifetimes.csv": lifetimes_table(sources.lifetimes),
        "truth.json": as_json(truth_of(truth)),
        "picture.svg": picture(sources).encode(),
    }
    with whole_folder(folder) as work_folder:
        (work_folder / "sources").mkdir()
        for name, content in files.items():
            (work_folder / name).write_bytes(content)
    return tuple(files)


def calendar_of(fixtures: Iterable[Fixture]) -> bytes:
    """Return fixtures as iCalendar (RFC 5545), times in UTC."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//cautery lab//EN"]
    for fixture in fixtures:
        start, end = (f"{moment:%Y%m%dT%H%M%SZ}" for moment in (fixture.starts_at, fixture.ends_at))
        lines += [
            "BEGIN:VEVENT",
            f"UID:{fixture.id}",
            f"DTSTAMP:{start}",
            f"DTSTART:{start}",
            f"DTEND:{end}",
            f"SUMMARY:{fixture.title}",
            f"CATEGORIES:{','.join(fixture.categories)}",
            "END:VEVENT",
        ]
    return "\r\n".join((*lines, "END:VCALENDAR", "")).encode()


def truth_of(truth: DailyTruth) -> dict[str, Any]:
    """Return the truth as plain JSON: what was asked for, effects, courses, and the choices."""
    spec = truth.spec
    return {
        "lab": True,
        "stamp": STAMP,
        "format": FORMAT,
        "version": __version__,
        "seed": truth.seed,
        "first": truth.first.isoformat(),
        "asked": {name: getattr(spec, name) for name in type(spec).__dataclass_fields__},
        "struck": [
            {
                "strike": struck.strike,
                "unit": struck.unit,
                "market": struck.market,
                "day": struck.day,
                **{f"log_effect_{span}_d": struck.effect[span] for span in struck.effect},
                **{f"area_served_{span}_d": struck.area[span] for span in struck.area},
            }
            for struck in truth.struck
        ],
        "displaced": [
            {
                "strike": displaced.strike,
                "market": displaced.market,
                "share": displaced.share,
                "receivers": list(displaced.receivers),
                **{f"mean_log_gain_{span}_d": displaced.gain[span] for span in displaced.gain},
            }
            for displaced in truth.displaced
        ],
        "spilled": list(truth.spilled),
        "lives": [
            {
                "kind": law.kind.value,
                "group": law.group,
                "weibull_shape": law.shape,
                "weibull_scale_d": law.scale_d,
                "median_d": law.median_d,
            }
            for law in truth.lives
        ],
        "courses": [
            {
                "unit": unit,
                "market": market,
                "used": np.round(truth.used[row], 1).tolist(),
                "used_without": np.round(truth.used_without[row], 1).tolist(),
            }
            for row, (unit, market) in enumerate(truth.rows)
        ],
        "choices": [choice.as_json() for choice in CHOICES],
    }
