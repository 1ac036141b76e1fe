"""A seized panel's table of lines to counts by country: never a line, a name or a password.

The table is personal data of viewers. Only a competent authority may read it, so the reader asks
for the regime and refuses ``gdpr``. What leaves it are counts, and none under five.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from cautery.errors import InputError, LimitError, SourceError
from cautery.formats._text import markup_of, what_is
from cautery.messages import message
from cautery.model import PanelCount
from cautery.model.mandate import Regime
from cautery.model.message import Message

if TYPE_CHECKING:
    import polars as pl

FORMAT = "table of lines (users) of an Xtream-style panel, as CSV"
SPECIFICATION = (
    "No standard. De facto columns of Xtream Codes 2.x and its descendants: id, username, "
    "password, exp_date (epoch, empty: never), is_trial, max_connections, created_at, country"
)
MEDIA_TYPES = ("text/csv",)

SMALLEST = 5
"""Fewer lines than this are not told of a country by itself (docs/adr/0002)."""
ELSEWHERE = "ZZ"
"""ISO 3166-1 leaves ZZ to its users: countries too small to be told, and lines without one."""
_RULE = (
    "a seized panel's dump is viewers' personal data: only a competent authority may read it "
    "(regime led, Directive (EU) 2016/680)"
)
_NAMES = {
    "expires": ("exp_date", "expires", "expiry", "expiration"),
    "trial": ("is_trial", "trial"),
    "country": ("country", "forced_country", "country_code"),
    "active": ("last_activity", "last_active", "last_seen", "last_login"),
}
ACTIVE_DAYS = 30
"""A line was in use if it was so in the last month before the seizure: the shortest term."""
_TRUTH = {"1": True, "true": True, "t": True, "yes": True}
_UNTRUTH = {"0": False, "false": False, "f": False, "no": False, "": False}
_NEVER = ("", "null", "\\n", "none", "0")
_BATCH_BYTES = 8 << 20
_DAY = 86_400
_MILLISECONDS_FROM = 300_000_000_000
"""Epochs beyond are in milliseconds (from 1979 on); below are those of 9999-12-31 in seconds, by
which panels say never."""
_ALIASES = {"UK": "GB", "EL": "GR"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DumpLimits:
    """The most that is read of one dump: bytes after decompression, and bytes of one row."""

    total_bytes: int = 8_000_000_000
    row_bytes: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelDump:
    """What a dump says, by country, and what could not be read of it.

    Parameters
    ----------
    damaged : int
        Rows with too few or too many fields, or without sense in them; they count nowhere.
    merged : int
        Lines of countries with under five lines, counted as ``ZZ``.
    suppressed : int
        Lines told nowhere: even together they were under five.
    cut_off : bool
        Whether the table ends inside a row: what should follow is missing, nobody knows how much.
    """

    counts: tuple[PanelCount, ...]
    rows: int
    damaged: int
    merged: int
    suppressed: int
    cut_off: bool = False

    @property
    def words(self) -> Message:
        """Say what was read, and what was not."""
        sentences = [message("dump.rows", count=self.rows)]
        if self.damaged:
            sentences.append(message("dump.damaged", rows=self.damaged))
        if self.merged:
            sentences.append(message("dump.merged", lines=self.merged, country=ELSEWHERE))
        if self.suppressed:
            sentences.append(message("dump.suppressed", lines=self.suppressed, fewest=SMALLEST))
        if self.cut_off:
            sentences.append(message("dump.cut-off"))
        return message("dump.all", sentences=sentences)


def read_panel_dump(
    chunks: Iterable[bytes],
    *,
    panel: str,
    on: date,
    regime: Regime,
    traffic_share: float | None = None,
    limits: DumpLimits | None = None,
) -> PanelDump:
    r"""Count a dump's lines by country and state; memory stays within some batches of rows.

    A line is a trial if the panel says so, else expired if it ends by the end of ``on``, else paid.
    Where the panel logs the last use of its lines, those in use in the last month are counted too.

    Parameters
    ----------
    chunks : iterable of bytes
        The table, decompressed, cut anywhere.
    on : date
        The day of the seizure (UTC): lines that end on it or before are expired.
    traffic_share : float or None
        The panel's share of the network's traffic, measured elsewhere.

    Raises
    ------
    InputError
        Under regime ``gdpr``.
    SourceError
        If it is no such table.
    LimitError
        If it is longer than the limits allow.

    Examples
    --------
    >>> table = b"id,exp_date,is_trial,country\n" + b"1,1893456000,0,IT\n" * 6
    >>> read_panel_dump([table], panel="p", on=date(2024, 11, 26), regime=Regime.LED).counts[0].paid
    6
    """
    if regime is not Regime.LED:
        raise InputError(
            f"panel {panel}: {_RULE}", hint="Only a competent authority may read it: --regime led."
        )
    allowed = limits or DumpLimits()
    end = datetime.combine(on, time(), tzinfo=UTC) + timedelta(days=1)
    by_state: Counter[tuple[str, str]] = Counter()
    columns: dict[str, int] | None = None
    separator, width, rows, damaged, cut_off = ",", 0, 0, 0, False
    for batch in _batches(chunks, allowed):
        if columns is None and (what := what_is(batch[:4096])) is not None:
            raise SourceError(
                f"{what} is not a table of lines", hint="Give a CSV file with a header."
            )
        lines = _lines(batch)
        if columns is None:
            if not lines:
                continue
            separator, width, columns = _header(lines[0])
            lines = lines[1:]
        if not lines:
            continue
        table, broken = _fields(lines, separator, width, columns, allowed.row_bytes)
        # Only the last batch can end without the end of a row.
        cut_off = not batch.endswith((b"\n", b"\r")) and _is_broken(
            lines[-1], separator, width, columns, allowed.row_bytes
        )
        counted, senseless = _states(table, end.timestamp())
        by_state.update(counted)
        rows += len(lines)
        damaged += broken + senseless
    if columns is None:
        raise SourceError(f"panel {panel}: the file is empty")
    logged = any(state == "active" for _, state in by_state)
    published, merged, suppressed = _told(by_state)
    counts = tuple(
        PanelCount(
            panel=panel,
            country=country,
            on=on,
            paid=published[country, "paid"] + published[country, "active"],
            trial=published[country, "trial"],
            expired=published[country, "expired"],
            traffic_share=traffic_share,
            active=published[country, "active"] if logged else None,
        )
        for country in sorted({country for country, _ in published})
    )
    return PanelDump(
        counts=counts,
        rows=rows,
        damaged=damaged,
        merged=merged,
        suppressed=suppressed,
        cut_off=cut_off,
    )


def refused(_chunks: Iterable[bytes], _base: str) -> Iterator[object]:
    """Refuse: without a regime no dump is read.

    Raises
    ------
    InputError
        Always.
    """
    raise InputError(
        _RULE,
        hint="cautery seized take FILE --case DIR --mandate MANDATE.toml; to count lines only: "
        "cautery estimate size SOURCES --dumps DIR --regime led",
    )
    yield


def _batches(chunks: Iterable[bytes], limits: DumpLimits) -> Iterator[bytes]:
    """Yield whole rows, some megabytes at a time; a row without end is cut at the limit."""
    block, total = bytearray(), 0
    for chunk in chunks:
        total += len(chunk)
        if total > limits.total_bytes:
            raise LimitError(f"the dump has over {limits.total_bytes:,} bytes")
        block += chunk
        if len(block) < _BATCH_BYTES:
            continue
        cut = max(block.rfind(b"\n"), block.rfind(b"\r")) + 1
        if cut == 0:
            # One endless row: keep so much of it that it is known for damaged.
            del block[limits.row_bytes + 1 :]
            continue
        yield bytes(block[:cut])
        del block[:cut]
    if block:
        yield bytes(block)


def _lines(batch: bytes) -> list[str]:
    text = batch.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return [line for line in text.split("\n") if line.strip()]


def _header(line: str) -> tuple[str, int, dict[str, int]]:
    """Return separator, number of fields and the place of each column that is read."""
    if (what := markup_of(line[:4096])) is not None:
        raise SourceError(f"{what} is not a table of lines", hint="Give a CSV file with a header.")
    separator = max(",;\t|", key=line[:4096].count)
    row = next(csv.reader([line[:4096]], delimiter=separator), [])
    names = [cell.strip().strip('"').lower() for cell in row]
    columns = {
        column: names.index(name)
        for column, aliases in _NAMES.items()
        for name in aliases[::-1]
        if name in names
    }
    missing = [_NAMES[column][0] for column in ("expires", "trial") if column not in columns]
    if missing:
        raise SourceError(
            f"not a table of lines: no column {' nor '.join(missing)}",
            hint="The header must name at least exp_date and is_trial.",
        )
    return separator, len(names), columns


def _fields(
    lines: list[str], separator: str, width: int, columns: dict[str, int], row_bytes: int
) -> tuple[pl.DataFrame, int]:
    """Return the few columns that are counted, and how many rows do not have all fields."""
    # Only the columns that are counted are ever made; names and passwords stay in the raw row.
    import polars as pl  # noqa: PLC0415 - heavy, and it starts threads: only counts need it

    raw = pl.DataFrame({"row": lines})
    fine = pl.col("row").str.len_bytes() <= row_bytes
    quoted = pl.col("row").str.contains('"', literal=True)
    split = (
        raw.filter(fine & ~quoted)
        .select(pl.col("row").str.split(separator))
        .filter(pl.col("row").list.len() == width)
        .select(pl.col("row").list.get(place).alias(name) for name, place in columns.items())
    )
    rows: dict[str, list[str]] = {name: [] for name in columns}
    for line in raw.filter(fine & quoted)["row"]:
        try:
            row = next(csv.reader([line], delimiter=separator, strict=True), [])
        except csv.Error:
            continue
        if len(row) == width:
            for name, place in columns.items():
                rows[name].append(row[place])
    table = pl.concat([split, pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String))])
    return table, len(lines) - len(table)


def _is_broken(
    line: str, separator: str, width: int, columns: dict[str, int], row_bytes: int
) -> bool:
    return _fields([line], separator, width, columns, row_bytes)[1] > 0


def _states(table: pl.DataFrame, end: float) -> tuple[Counter[tuple[str, str]], int]:
    """Count (country, state), and the rows whose words have no sense."""
    import polars as pl  # noqa: PLC0415 - heavy, and it starts threads: only counts need it

    word = pl.col("expires").str.strip_chars().str.to_lowercase()
    number = word.cast(pl.Float64, strict=False)
    seconds = _seconds(pl.col("expires"))
    truth = pl.col("trial").str.strip_chars().str.to_lowercase()
    country = (
        pl.col("country").str.strip_chars().str.to_uppercase().replace(_ALIASES)
        if "country" in table.columns
        else pl.lit(ELSEWHERE)
    )
    never = word.is_in(_NEVER)
    in_use = (
        _seconds(pl.col("active")).is_between(end - ACTIVE_DAYS * _DAY, end).fill_null(value=False)
        if "active" in table.columns
        else pl.lit(value=False)
    )
    states = table.select(
        country=pl.when(country.str.contains(r"^[A-Z]{2}$"))
        .then(country)
        .otherwise(pl.lit(ELSEWHERE)),
        state=pl.when(truth.is_in(list(_TRUTH)))
        .then(pl.lit("trial"))
        .when(~never & (seconds < end))
        .then(pl.lit("expired"))
        .when(in_use)
        .then(pl.lit("active"))
        .otherwise(pl.lit("paid")),
        sense=truth.is_in([*_TRUTH, *_UNTRUTH])
        & (never | (number.is_finite() & (number > 0)).fill_null(value=False)),
    )
    counts = states.filter("sense").group_by("country", "state").len()
    counted = Counter({(c, s): int(n) for c, s, n in counts.iter_rows()})
    return counted, len(table) - counted.total()


def _seconds(column: pl.Expr) -> pl.Expr:
    """Return an epoch in seconds; null where the cell is no number."""
    import polars as pl  # noqa: PLC0415 - heavy, and it starts threads: only counts need it

    number = column.str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(number > _MILLISECONDS_FROM).then(number / 1000).otherwise(number)


def _told(counts: Counter[tuple[str, str]]) -> tuple[Counter[tuple[str, str]], int, int]:
    """Return the counts that may be told, lines that were merged, and lines told nowhere."""
    of_country: Counter[str] = Counter()
    for (country, _), lines in counts.items():
        of_country[country] += lines
    published: Counter[tuple[str, str]] = Counter()
    merged = 0
    for (country, state), lines in counts.items():
        small = of_country[country] < SMALLEST and country != ELSEWHERE
        merged += lines if small else 0
        published[ELSEWHERE if small else country, state] += lines
    elsewhere = sum(lines for (country, _), lines in published.items() if country == ELSEWHERE)
    if 0 < elsewhere < SMALLEST:
        named_countries = {key: lines for key, lines in published.items() if key[0] != ELSEWHERE}
        return Counter(named_countries), 0, elsewhere
    return published, merged, 0
