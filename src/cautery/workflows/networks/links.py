"""Read and check links from files; broken rows are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cautery.drawing.formatting import counted, numbered
from cautery.errors import InputError
from cautery.graph.links_table import LinkTable
from cautery.messages import say
from cautery.model import Link
from cautery.packed import as_plain_file
from cautery.workflows.networks.table import LINE, MOST_BYTES, NEEDED, TIMES, read_table
from cautery.workflows.networks.times import seconds

LONGEST = 4096
"""Bytes of a name; a longer one is broken."""
MOST_KINDS = 60
QUOTED = 3
FILLER = (
    r"^\W*(|n/?a|none|null|nil|nan|unknown|undefined|not (available|applicable|disclosed|set)"
    r"|tb[acd]|todo|private|hidden|withheld|redacted|(redacted|withheld|hidden) for privacy.*"
    r"|data (protected|redacted).*|statutory masking enabled|gdpr (masked|redacted))\W*$"
)
"""What fills a column and names nobody: a dash, ``n/a``, and what registries write for a
registrant (RFC 9537; ICANN, Temporary Specification for gTLD Registration Data, appendix A)."""


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
        raise InputError("the table has no links")
    frame = pl.DataFrame(
        {
            "subject": [link.subject for link in links],
            "kind": [link.kind for link in links],
            "value": [link.value for link in links],
            "first_seen": [link.first_seen.timestamp() for link in links],
            "last_seen": [link.last_seen.timestamp() for link in links],
            "source": [_resting(link) for link in links],
            "said": [None if link.said is None else say(link.said) for link in links],
        },
        schema_overrides={"said": pl.String},
    )
    return Reading(frame.drop("said"), about=frame)


def _resting(link: Link) -> str:
    """Return a link's source with the records and the exhibit that it rests on."""
    parts = [link.source]
    if link.records:
        parts.append(numbered("record", link.records))
    if link.exhibit:
        parts.append(f"exhibit {link.exhibit[:19]}...")
    return "; ".join(parts)


def nothing_new() -> Reading:
    """Return links of a table without a line."""
    names = dict.fromkeys(NEEDED, pl.String)
    return Reading(pl.DataFrame(schema={**names, **dict.fromkeys(TIMES, pl.Float64)}))


def read_links(
    path: Path,
    *,
    now: datetime,
    about: Sequence[str] = (),
    sources: bool = False,
    may_be_empty: bool = False,
) -> Reading:
    """Read links: columns ``subject, kind, value`` and optional ``first_seen, last_seen, source``.

    Parameters
    ----------
    path : Path
        CSV or Parquet (by its ending or its first bytes), packed or not; ``-`` is stdin.
    now : datetime
        What is dated later than a day after it is told, and its date not used.
    about : sequence of str
        Subjects whose links are kept with their source.
    sources : bool
        Whether the frame has the column ``source``, where the file has it.
    may_be_empty : bool
        Whether a table without a line will do: a state may have nothing new.

    Returns
    -------
    Reading
        The frame has the three names as text, kinds in small letters, and the times as seconds
        since 1970 or null.

    Raises
    ------
    InputError
        If a column is missing, the file is empty, or is neither CSV nor Parquet.
    """
    warnings: list[str] = []
    with as_plain_file(path, most=MOST_BYTES) as plain:
        frame = read_table(plain, path, warnings)
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise InputError(
            f"{path}: no column {' and '.join(missing)}; it has "
            f"{', '.join(name for name in frame.columns if name != LINE)[:200]}",
            hint="The first line must name the columns: subject,kind,value and optionally "
            "first_seen,last_seen,source.",
        )
    if frame.height == 0 and not may_be_empty:
        raise InputError(f"{path}: the table has no links")
    lines = frame[LINE].to_numpy()
    names = {name: pl.col(name).cast(pl.String, strict=False).str.strip_chars() for name in NEEDED}
    names["kind"] = names["kind"].str.to_lowercase()
    source = ["source"] if (about or sources) and "source" in frame.columns else []
    table = frame.select(
        *names.values(),
        *(
            seconds(frame[name]) if name in frame.columns else pl.lit(None, pl.Float64).alias(name)
            for name in TIMES
        ),
        *(pl.col(name).cast(pl.String, strict=False) for name in source),
    )
    empty = table.select(
        pl.any_horizontal(pl.col(name).is_null() | (pl.col(name) == "") for name in NEEDED)
    ).to_series()
    blank = table.select(
        pl.all_horizontal(pl.col(name).is_null() | (pl.col(name) == "") for name in NEEDED)
    ).to_series()
    _tell(warnings, empty & ~blank, lines, "with an empty subject, kind or value: left out")
    long = (
        table.select(pl.any_horizontal(pl.col(name).str.len_bytes() > LONGEST for name in NEEDED))
        .to_series()
        .fill_null(value=False)
    )
    _tell(warnings, long, lines, f"with a name of more than {LONGEST} bytes: left out")
    cut = _any_has(table, "\0")
    _tell(warnings, cut, lines, "with a zero byte in a name: left out")
    _tell(
        warnings,
        _any_has(table, "\ufffd"),
        lines,
        "with the sign � for a letter that was lost earlier: different names may look the same",
    )
    is_loop = (table["subject"] == table["value"]).fill_null(value=False)
    _tell(
        warnings,
        is_loop,
        lines,
        "from a subject to itself: it joins the subject only to others that name it",
    )
    header = table.select(
        pl.all_horizontal(pl.col(name).str.to_lowercase() == name for name in NEEDED)
    ).to_series()
    header = header.fill_null(value=False)
    _tell(warnings, header, lines, "that repeat the column names: left out")
    for name in TIMES:
        if name in frame.columns:
            has_value = frame[name].is_not_null() & (frame[name].cast(pl.String) != "")
            unreadable = has_value & table[name].is_null() & ~header
            _tell(warnings, unreadable, lines, f"with an invalid {name}: not used")
    limit = now.timestamp() + 86_400
    for name in TIMES:
        late = (table[name] > limit).fill_null(value=False)
        _tell(warnings, late, lines, f"with a {name} in the future: not used")
        table = table.with_columns(pl.when(late).then(None).otherwise(pl.col(name)).alias(name))
    turned = (table["first_seen"] > table["last_seen"]).fill_null(value=False)
    _tell(warnings, turned, lines, "with first_seen after last_seen: swapped")
    table = table.with_columns(
        pl.min_horizontal(*TIMES).alias("first_seen"), pl.max_horizontal(*TIMES).alias("last_seen")
    )
    table = _nameless(table.filter(~(empty | long | cut | header)), warnings)
    if table.height == 0 and frame.height:
        raise InputError(f"{path}: no line is a valid link")
    not_too_many(table["kind"].n_unique(), named=str(path))
    warnings += _spellings(table["subject"])
    queried = table.filter(pl.col("subject").is_in(list(about))) if about else None
    columns = [*NEEDED, *TIMES, *(source if sources else [])]
    return Reading(table.select(columns), warnings, queried)


def not_too_many(kinds: int, *, named: str) -> None:
    """Refuse links of more kinds than anybody tells apart.

    Raises
    ------
    InputError
        If there are so many.
    """
    if kinds > MOST_KINDS:
        raise InputError(
            f"{named}: {kinds} kinds of link, but at most {MOST_KINDS} are allowed",
            hint="Check the column kind: a kind is address, certificate, payment ...",
        )


def _any_has(table: pl.DataFrame, sign: str) -> pl.Series:
    having = (pl.col(name).str.contains(sign, literal=True) for name in NEEDED)
    return table.select(pl.any_horizontal(having)).to_series().fill_null(value=False)


def _nameless(table: pl.DataFrame, warnings: list[str]) -> pl.DataFrame:
    """Return links, those whose value only fills a column as of a kind that ties nobody.

    So their subjects stay, and "n/a" makes no network of those of whom nothing is known.
    """
    values = table["value"].unique()
    fillers = values.filter(values.str.to_lowercase().str.contains(FILLER))
    if fillers.is_empty():
        return table
    filled = table["value"].is_in(fillers.implode())
    examples = ", ".join(fillers.sort().head(QUOTED))
    count = int(filled.sum())
    warnings.append(
        f"{counted(count, 'link')} whose value only fills the column ({examples}): the value "
        "joins nobody"
    )
    return table.with_columns(
        pl.when(filled).then(pl.lit("shared")).otherwise("kind").alias("kind")
    )


def _spellings(subjects: pl.Series) -> list[str]:
    """Tell of subjects that only differ in capitals or a final dot: they are not taken for one."""
    names = subjects.unique()
    plain = names.str.to_lowercase().str.strip_chars_end(".")
    extra = names.len() - plain.n_unique()
    if not extra:
        return []
    twice = names.filter(plain.is_duplicated()).sort().head(2).to_list()
    differ = counted(extra, "subject differs", "subjects differ")
    examples = " and ".join(twice)
    return [f"{differ} from another only by capitals or a final dot ({examples})"]


def _tell(warnings: list[str], wrong: pl.Series, lines: Any, what: str) -> None:
    count = int(wrong.sum())
    if count:
        places = lines[wrong.to_numpy()][:QUOTED]
        ellipsis = ", ..." if count > len(places) else ""
        numbers = ", ".join(map(str, places))
        lines = "line" if count == 1 else "lines"
        warnings.append(f"{counted(count, 'link')} {what} ({lines} {numbers}{ellipsis})")


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
