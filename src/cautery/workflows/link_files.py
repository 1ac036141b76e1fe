"""Links and constraints from files: columns of names, checked; what is broken is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cautery.errors import InputError
from cautery.graph.links_table import LinkTable
from cautery.model import Link
from cautery.packed import as_plain_file, plain_name
from cautery.workflows._link_lines import LINE, read_csv

NEEDED = ("subject", "kind", "value")
TIMES = ("first_seen", "last_seen")
LONGEST = 4096
"""Bytes of a name; a longer one is broken."""
MOST_KINDS = 60
QUOTED = 3


@dataclass(slots=True)
class Reading:
    """What was read, and what was wrong with it: sentences, each with its count.

    Parameters
    ----------
    about : DataFrame or None
        Links of the subjects that were asked about, with ``source`` and ``said``.
    """

    frame: pl.DataFrame
    warnings: list[str] = field(default_factory=list)
    about: pl.DataFrame | None = None


def frame_of_links(links: Sequence[Link]) -> Reading:
    """Return links as they are read from a file, each with its records as its source.

    Raises
    ------
    InputError
        If there are none.
    """
    if not links:
        raise InputError("there are no links in it")
    frame = pl.DataFrame(
        {
            "subject": [one.subject for one in links],
            "kind": [one.kind for one in links],
            "value": [one.value for one in links],
            "first_seen": [one.first_seen.timestamp() for one in links],
            "last_seen": [one.last_seen.timestamp() for one in links],
            "source": [_resting(one) for one in links],
            "said": [one.said for one in links],
        },
        schema_overrides={"said": pl.String},
    )
    return Reading(frame.drop("source", "said"), about=frame)


def _resting(link: Link) -> str:
    """Return a link's source with the records and the exhibit that it rests on."""
    parts = [link.source]
    if link.records:
        named = ", ".join(map(str, link.records))
        parts.append(f"record{'' if len(link.records) == 1 else 's'} {named}")
    if link.exhibit:
        parts.append(f"exhibit {link.exhibit[:19]}...")
    return "; ".join(parts)


def read_links(path: Path, *, now: datetime, about: Sequence[str] = ()) -> Reading:
    """Read links: columns ``subject, kind, value`` and optional ``first_seen, last_seen, source``.

    Parameters
    ----------
    path : Path
        CSV or Parquet (by its ending or its first bytes), packed or not; ``-`` is stdin.
    now : datetime
        What is dated later than a day after it is told, and its date not used.
    about : sequence of str
        Subjects whose links are kept with their source.

    Returns
    -------
    Reading
        The frame has the three names as text and the times as seconds since 1970 or null.

    Raises
    ------
    InputError
        If a column is missing, the file is empty, or is neither CSV nor Parquet.
    """
    warnings: list[str] = []
    with as_plain_file(path) as plain:
        frame = _frame(plain, path, warnings)
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise InputError(
            f"{path}: no column {' and '.join(missing)}; it has "
            f"{', '.join(name for name in frame.columns if name != LINE)[:200]}",
            hint="Links are a table of subject, kind, value and optional first_seen, last_seen.",
        )
    if frame.height == 0:
        raise InputError(f"{path}: there are no links in it")
    lines = frame[LINE].to_numpy()
    names = [pl.col(name).cast(pl.String).str.strip_chars() for name in NEEDED]
    kept = frame.select(
        *names,
        *(
            _seconds(frame.schema[name], name)
            if name in frame.columns
            else pl.lit(None, pl.Float64).alias(name)
            for name in TIMES
        ),
        *(["source"] if about and "source" in frame.columns else []),
    )
    empty = kept.select(
        pl.any_horizontal(pl.col(name).is_null() | (pl.col(name) == "") for name in NEEDED)
    ).to_series()
    blank = kept.select(
        pl.all_horizontal(pl.col(name).is_null() | (pl.col(name) == "") for name in NEEDED)
    ).to_series()
    _tell(warnings, empty & ~blank, lines, "without subject, kind or value: left out")
    long = (
        kept.select(pl.any_horizontal(pl.col(name).str.len_bytes() > LONGEST for name in NEEDED))
        .to_series()
        .fill_null(value=False)
    )
    _tell(warnings, long, lines, f"with a name of over {LONGEST} bytes: left out")
    mixed = (
        kept.select(
            pl.any_horizontal(pl.col(name).str.contains("\ufffd", literal=True) for name in NEEDED)
        )
        .to_series()
        .fill_null(value=False)
    )
    _tell(warnings, mixed, lines, "not in UTF-8: read with the sign � for what is none")
    own = (kept["subject"] == kept["value"]).fill_null(value=False)
    _tell(warnings, own, lines, "from a subject to itself: of no use")
    for name in TIMES:
        if name in frame.columns:
            told = frame[name].is_not_null() & (frame[name].cast(pl.String) != "")
            _tell(
                warnings, told & kept[name].is_null(), lines, f"whose {name} is no time: not used"
            )
    limit = now.timestamp() + 86_400
    for name in TIMES:
        late = (kept[name] > limit).fill_null(value=False)
        _tell(warnings, late, lines, f"whose {name} lies in the future: not used")
        kept = kept.with_columns(pl.when(late).then(None).otherwise(pl.col(name)).alias(name))
    turned = (kept["first_seen"] > kept["last_seen"]).fill_null(value=False)
    _tell(warnings, turned, lines, "first seen after last seen: turned round")
    kept = kept.with_columns(
        pl.min_horizontal(*TIMES).alias("first_seen"), pl.max_horizontal(*TIMES).alias("last_seen")
    )
    kept = kept.filter(~(empty | long))
    if kept.height == 0:
        raise InputError(f"{path}: none of its lines is a link")
    kinds = kept["kind"].n_unique()
    if kinds > MOST_KINDS:
        raise InputError(
            f"{path}: {kinds} kinds of link, more than {MOST_KINDS}",
            hint="Is the column kind another one? A kind is address, certificate, payment ...",
        )
    asked = kept.filter(pl.col("subject").is_in(list(about))) if about else None
    return Reading(kept.select(*NEEDED, *TIMES), warnings, asked)


def _frame(plain: Path, path: Path, warnings: list[str]) -> pl.DataFrame:
    """Return the table with names in lower case, and :data:`LINE`, where each row stands."""
    try:
        with plain.open("rb") as file:
            head = file.read(4)
        if not head:
            raise InputError(f"{path}: it is empty")
        if head == b"PAR1" or plain_name(path).suffix == ".parquet":
            frame = pl.read_parquet(plain, columns=_wanted(plain)).with_row_index(LINE, offset=1)
        else:
            frame = read_csv(plain, path, warnings)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(
            f"{path}: it cannot be read: {str(error).splitlines()[0][:200]}"
        ) from error
    names = {name: name.strip().lower().lstrip("\ufeff") for name in frame.columns}
    if len(set(names.values())) < len(names):
        raise InputError(f"{path}: two columns of one name: {', '.join(names)[:200]}")
    return frame.rename(names)


def _wanted(plain: Path) -> list[str]:
    """Return which columns of a Parquet file are read; without any, the first, to name it."""
    held = list(pl.scan_parquet(plain).collect_schema())
    known = {*NEEDED, *TIMES, "source", "a", "b", "relation"}
    return [name for name in held if name.strip().lower() in known] or held[:1]


def _seconds(kind: Any, name: str) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.String:
        column = column.str.strip_chars()
        stamp = column.str.to_datetime(time_unit="ms", strict=False, time_zone="UTC", format="%+")
        plain = column.str.to_datetime(time_unit="ms", strict=False, format="%Y-%m-%dT%H:%M:%S")
        spaced = column.str.to_datetime(time_unit="ms", strict=False, format="%Y-%m-%d %H:%M:%S")
        day = column.str.to_date(strict=False, format="%Y-%m-%d").cast(pl.Datetime("ms"))
        number = column.cast(pl.Float64, strict=False)
        return pl.coalesce(
            *(one.dt.epoch("ms") / 1000.0 for one in (stamp, plain, spaced, day)), number
        ).alias(name)
    if kind.is_temporal():
        return (column.cast(pl.Datetime("ms")).dt.epoch("ms") / 1000.0).alias(name)
    return column.cast(pl.Float64, strict=False).alias(name)


def _tell(warnings: list[str], wrong: pl.Series, lines: Any, what: str) -> None:
    count = int(wrong.sum())
    if count:
        places = lines[wrong.to_numpy()][:QUOTED]
        more = ", ..." if count > len(places) else ""
        shown = ", ".join(map(str, places))
        many = "" if count == 1 else "s"
        warnings.append(f"{count:,} link{many} {what} (line{many} {shown}{more})")


def table_of_frame(frame: pl.DataFrame) -> LinkTable:
    """Return a table of numbers; subjects, kinds and values each in order of name."""
    subjects = frame["subject"].unique().sort()
    kinds = frame["kind"].unique().sort()
    marks = frame.select("kind", "value").unique().sort("kind", "value")
    # By joins: replace_strict took 92 s of CPU for 10^7 links, a join takes 2.
    numbered = (
        frame.select("subject", "kind", "value", *TIMES)
        .join(
            subjects.to_frame().with_row_index("bearer"),
            on="subject",
            how="left",
            maintain_order="left",
        )
        .join(marks.with_row_index("mark"), on=["kind", "value"], how="left", maintain_order="left")
    )
    place = {name: number for number, name in enumerate(kinds)}
    return LinkTable(
        subjects=subjects,  # type: ignore[arg-type] # a series is a sequence of names
        kinds=kinds.to_list(),
        values=marks["value"],  # type: ignore[arg-type]
        subject=numbered["bearer"].cast(pl.Int32).to_numpy(),
        value=numbered["mark"].cast(pl.Int32).to_numpy(),
        kind=marks["kind"].replace_strict(place, return_dtype=pl.Int64).to_numpy(),
        first=numbered["first_seen"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
        last=numbered["last_seen"].cast(pl.Float64).fill_null(np.nan).to_numpy(),
    )


@dataclass(frozen=True, slots=True)
class Constraint:
    """An analyst's word on two subjects, and the line that it stands on."""

    a: str
    b: str
    same: bool
    line: int


def read_constraints(path: Path) -> tuple[list[Constraint], list[str]]:
    """Read ``a,b,same|not_same``; return the constraints and what was odd about them.

    Raises
    ------
    InputError
        If a line is no constraint, or lines contradict each other; they are named.
    """
    warnings: list[str] = []
    with as_plain_file(path) as plain:
        frame = _frame(plain, path, warnings)
    if warnings:
        raise InputError(f"{path}: {warnings[0]}", hint="What analysts say is read whole or not.")
    columns = [name for name in frame.columns if name in {"a", "b"}]
    word = next((name for name in frame.columns if name not in {"a", "b", LINE}), None)
    if len(columns) != 2 or word is None:
        raise InputError(
            f"{path}: a constraint is a, b and same or not_same",
            hint="The first line: a,b,relation",
        )
    found: list[Constraint] = []
    for line, a, b, said in frame.select(LINE, "a", "b", word).iter_rows():
        relation = (said or "").strip().lower()
        if relation not in {"same", "not_same"} or not (a or "").strip() or not (b or "").strip():
            raise InputError(f"{path}: line {line}: {a!r}, {b!r}, {said!r} is no constraint")
        one = Constraint(a.strip(), b.strip(), relation == "same", line)
        if one.a == one.b:
            if not one.same:
                raise InputError(f"{path}: line {line}: {one.a} is not the same as itself?")
            warnings.append(f"line {line}: {one.a} is the same as itself: left out")
            continue
        found.append(one)
    return found, warnings + check(found, named=str(path))


def check(constraints: Sequence[Constraint], *, named: str) -> list[str]:
    """Return which constraints say again what others said; raise if they contradict each other.

    Raises
    ------
    InputError
        Naming the line that says *not same* and those by which the two are the same.
    """
    ties: dict[str, list[tuple[str, int]]] = {}
    odd = []
    for one in constraints:
        if one.same:
            way = _way(ties, one.a, one.b)
            if way is not None:
                lines = ", ".join(map(str, way))
                odd.append(f"line {one.line} closes a circle with line {lines}: it adds nothing")
                continue
            ties.setdefault(one.a, []).append((one.b, one.line))
            ties.setdefault(one.b, []).append((one.a, one.line))
    for one in constraints:
        if not one.same and (way := _way(ties, one.a, one.b)) is not None:
            lines = ", ".join(map(str, way))
            raise InputError(
                f"{named}: line {one.line} says that {one.a} and {one.b} are not the same, "
                f"but they are by line {lines}",
                hint="Drop one of these lines.",
            )
    return odd


def _way(ties: dict[str, list[tuple[str, int]]], start: str, goal: str) -> list[int] | None:
    """Return the lines on the way from one subject to another, the fewest."""
    came: dict[str, tuple[str, int]] = {start: ("", 0)}
    queue = [start]
    for here in queue:
        if here == goal:
            lines = []
            while here != start:
                here, line = came[here]  # noqa: PLW2901 - walking back
                lines.append(line)
            return sorted(lines)
        for other, line in ties.get(here, ()):
            if other not in came:
                came[other] = (here, line)
                queue.append(other)
    return None
