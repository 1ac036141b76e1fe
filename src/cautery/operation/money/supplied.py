"""Read supplied transactions and tags from bytes into columns, or refuse them with a reason.

Transactions as CSV, a row for each input and output, those of one transaction together::

    id,asset,at,side,address,amount
    f4184fc5,BTC,2024-06-01T10:00:00Z,in,1BoatSLRHtKNngkdXEeobR76b53LETtpyT,0.5
    f4184fc5,BTC,2024-06-01T10:00:00Z,out,34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo,0.4999

or as JSON lines, one transaction each, with ``inputs`` and ``outputs`` of ``address`` and
``amount``. Tags as CSV with an address and a label, as the GraphSense tag packs are exported.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from cautery.cells import require_few_columns, rows_of
from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import AddressTag
from cautery.operation.money.flows import DECIMALS, FlowTable, exact
from cautery.packed import lines_in, pieces_of, text_lines
from cautery.payments.addresses import CASELESS, CASH_PREFIX

MAX_BYTES = 160 << 20
"""Of one file."""
MAX_ROWS = 1_000_000
"""Inputs and outputs of one file: they take most of a gigabyte, and some six seconds."""
MAX_TAGS = 300_000
"""Of one file: beside a million transactions they take a quarter of a gigabyte and two seconds."""
_LONGEST_LINE = 1 << 23
"""Bytes of a transaction as a line of JSON."""
LONGEST_WORD = 256
"""Letters of an id or an address: a transaction's hash has 64, a Lightning invoice is not an
address."""
YEARS = range(1970, 2100)
"""From the epoch on; a year outside is a slip of the pen."""
COLUMNS = ("id", "asset", "at", "side", "address", "amount")
_OF_TAGS = ("address", "label", "category", "abuse", "pack", "source", "network", "asset")
_ODD = r"[\x00-\x1f\x7f]"


def read_transfers(data: bytes) -> FlowTable:
    """Read transactions, CSV or JSON lines by their first letter.

    Raises
    ------
    InputError
        Naming the row and what is wrong: damaged, a negative amount, an id twice, more paid out
        than put in, too large.
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"{len(data)} bytes of transactions, but at most {MAX_BYTES} are allowed")
    beginning = data[:4096].lstrip()
    if not beginning:
        raise InputError("the file is empty: it has no transactions")
    if b"\x00" in beginning:
        raise InputError("the transactions must be text, but the file contains NUL bytes")
    frame = _from_lines(data) if beginning.startswith(b"{") else _from_csv(data)
    return _table(frame)


def read_tags(data: bytes, *, source: str) -> tuple[AddressTag, ...]:
    """Read tags: CSV with ``address`` and, if there, label, category, network or asset, pack.

    A file with ``asset`` and ``address`` alone is a sanctions list.

    Raises
    ------
    InputError
        If it is no such CSV, or too large.
    """
    try:
        rows = csv.DictReader(
            text_lines(
                pieces_of(data), most_bytes=MAX_BYTES, most_lines=2 * MAX_TAGS, named=source
            ),
            strict=True,
        )
        require_few_columns(rows, source)
        columns = [fieldname or "" for fieldname in rows.fieldnames or ()]
        if "address" not in columns:
            raise InputError(f"{source}: tags must be a CSV with a column 'address'")
        listed = set(columns) <= {"asset", "address"}
        return tuple(_tags(rows, source, "sanctioned" if listed else ""))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{source}: damaged CSV: {error}") from error


def _tags(rows: csv.DictReader[str], source: str, category: str) -> Iterator[AddressTag]:
    for place, row in enumerate(rows_of(rows, _OF_TAGS, named=source), 2):
        if place > MAX_TAGS:
            raise InputError(f"{source}: more than {MAX_TAGS} tags")
        address = (row.get("address") or "").strip()
        if not address or len(address) > LONGEST_WORD:
            raise InputError(f"{source}: line {place}: the address is missing, or too long")
        yield AddressTag(
            address=address,
            label=(row.get("label") or category or "untitled")[:LONGEST_WORD],
            category=(row.get("category") or category or row.get("abuse") or "")[:64],
            source=(row.get("pack") or row.get("source") or source)[:LONGEST_WORD],
            asset=(row.get("network") or row.get("asset") or None),
        )


def _from_csv(data: bytes) -> pl.DataFrame:
    # Polars unpacks what looks packed, to any size: it sees only what begins with our header.
    head = data[:LONGEST_WORD].decode("utf-8-sig", "replace").partition("\n")[0]
    columns = [cell.strip().strip('"') for cell in head.split(",")]
    if tuple(columns) != COLUMNS:
        raise InputError(
            f"columns {', '.join(columns)[:120]}",
            hint="Transactions must be CSV with the columns "
            + ",".join(COLUMNS)
            + ", or JSON lines.",
        )
    if data.count(b"\n") > MAX_ROWS:
        raise InputError(f"more than {MAX_ROWS:,} rows")
    try:
        return pl.read_csv(data, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        first = str(error).partition("\n")[0]
        raise InputError(f"damaged CSV: {first[:200]}") from error


def _from_lines(data: bytes) -> pl.DataFrame:
    columns: dict[str, list[str]] = {column: [] for column in COLUMNS}
    for number, line in enumerate(lines_in(data, most=MAX_ROWS, of="transactions"), 1):
        if not line.strip():
            continue
        if len(line) > _LONGEST_LINE:
            raise InputError(f"line {number}: over {_LONGEST_LINE:,} bytes")
        try:
            value = parsed_json(line)
            rows = list(_rows_of(value))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"line {number}: not a valid transaction: {type(error).__name__} {str(error)[:80]}"
            ) from error
        for row in rows:
            for name, cell in zip(COLUMNS, row, strict=True):
                columns[name].append(cell)
        if len(columns["id"]) > MAX_ROWS:
            raise InputError(f"more than {MAX_ROWS} inputs and outputs")
    return pl.DataFrame(columns, schema=dict.fromkeys(COLUMNS, pl.String))


def _rows_of(value: Any) -> Iterator[tuple[str, ...]]:
    head = tuple(value[field] for field in ("id", "asset", "at"))
    for side, name in (("in", "inputs"), ("out", "outputs")):
        for flow in value[name]:
            row = (*head, side, flow["address"], flow["amount"])
            if not all(isinstance(cell, str) for cell in row):
                raise TypeError("ids, times, addresses and amounts must be strings")
            "".join(row).encode()  # half of a surrogate pair is no text
            yield row


def _table(frame: pl.DataFrame) -> FlowTable:
    if not frame.height:
        raise InputError("the file has only a header line: it has no transactions")
    if frame.height > MAX_ROWS:
        raise InputError(f"{frame.height} inputs and outputs, but at most {MAX_ROWS} are allowed")
    _check_words(frame)
    amount = exact(frame["amount"])
    at = frame["at"].str.to_datetime(
        time_unit="us", time_zone="UTC", strict=False, format="%Y-%m-%dT%H:%M:%S%.f%#z"
    )
    in_range = at.dt.year().is_between(YEARS[0], YEARS[-1])
    bad = ~(in_range & frame["side"].is_in(["in", "out"])).fill_null(value=False)
    if bool(bad.any()):
        row = int(bad.arg_max() or 0)
        time, side = str(frame["at"][row])[:40], str(frame["side"][row])[:20]
        raise InputError(
            f"row {row + 1}: invalid time {time!r} or side {side!r}",
            hint=f"A time must be RFC 3339 with a Z (2024-06-01T10:00:00Z), from {YEARS[0]} to "
            f"{YEARS[-1]}; a side must be in or out.",
        )
    frame = frame.with_columns(at=at, amount=amount, address=_spelled(frame["address"]))
    # A transaction is a run of rows; the same id in a second run stands there twice.
    run = (
        (frame["id"] != frame["id"].shift()) | (frame["asset"] != frame["asset"].shift())
    ).fill_null(value=True).cum_sum() - 1
    frame = frame.with_columns(run=run)
    heads = frame.group_by("run", maintain_order=True).agg(
        pl.col("id", "asset").first(),
        pl.col("at").first(),
        times=pl.col("at").n_unique(),
        put_in=pl.col("amount").filter(pl.col("side") == "in").sum(),
        paid=pl.col("amount").filter(pl.col("side") == "out").sum(),
        inputs=(pl.col("side") == "in").sum(),
        outputs=(pl.col("side") == "out").sum(),
    )
    _check_heads(heads)
    order = heads["at"].arg_sort()
    rank = np.empty(heads.height, dtype=np.int64)
    rank[order.to_numpy()] = np.arange(heads.height)
    tx = rank[frame["run"].to_numpy()]
    rows = np.argsort(tx, kind="stable")
    heads = heads[order]
    return FlowTable(
        ids=heads["id"].to_list(),
        assets=heads["asset"].to_list(),
        at_us=heads["at"].dt.epoch("us").to_numpy().astype(np.int64),
        **_numbered(frame["address"], rows),
        tx=tx[rows],
        output=(frame["side"] == "out").to_numpy()[rows],
        amount=frame["amount"].gather(rows),
    )


def _spelled(address: pl.Series) -> pl.Series:
    """Bring addresses to one spelling, as :func:`~cautery.payments.addresses.spelled`."""
    caseless = address.str.contains(f"^(?:{CASELESS.pattern})$")
    small = address.str.to_lowercase().str.strip_prefix(CASH_PREFIX)
    return small.zip_with(caseless, address) if bool(caseless.any()) else address


def _numbered(address: pl.Series, rows: Any) -> dict[str, Any]:
    """Return the addresses in order of appearance along ``rows``, and each row's number."""
    codes = address.cast(pl.Categorical).to_physical().to_numpy()[rows]
    _, first, code = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)  # sorted by letters no more, but by when they were first seen
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return {"addresses": address.gather(rows[first[order]]).to_list(), "address": rank[code]}


def _check_words(frame: pl.DataFrame) -> None:
    for name, longest in (("id", LONGEST_WORD), ("asset", 16), ("address", LONGEST_WORD)):
        cells = frame[name]
        size = cells.str.len_chars()
        bad = size.is_null() | (size == 0) | (size > longest) | cells.str.contains(_ODD)
        if bool(bad.any()):
            row = int(bad.arg_max() or 0)
            raise InputError(
                f"row {row + 1}: {name} is empty, longer than {longest}, or not plain text"
            )


def _check_heads(heads: pl.DataFrame) -> None:
    def refuse(bad: pl.Series, why: str, hint: str | None = None) -> None:
        if bool(bad.any()):
            row = int(bad.arg_max() or 0)
            raise InputError(f"transfer {heads['id'][row][:80]}: {why}", hint=hint)

    twice = heads.select(pl.struct("id", "asset").is_duplicated()).to_series()
    refuse(
        twice | (heads["times"] > 1),
        "its id occurs twice",
        "The rows of one transaction must follow each other and have the same time.",
    )
    refuse(heads["outputs"] == 0, "it has no output")
    refuse(
        (heads["inputs"] > 0) & (heads["paid"] > heads["put_in"]),
        "its outputs exceed its inputs",
        f"Amounts must be in one unit, with at most {DECIMALS} decimals.",
    )
