"""A clustering that is kept between runs, and grows by what is new.

With frozen weights only what new links touch is decided anew. Once a state has grown by a
fiftieth since its weights were learnt, they are learnt anew from all of its links, as ``refit``
asks for at any time. An interrupted run leaves the state before it. Constraints are no part of a
state: dropping one gives the same bytes as before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from cautery.errors import InputError
from cautery.graph.evidence import Ints
from cautery.graph.links_table import PASSING, LinkTable
from cautery.graph.networks import find_networks
from cautery.workflows.networks.borne_out import doubts
from cautery.workflows.networks.cluster import Clustered, laid_over, plain
from cautery.workflows.networks.constraints import Constraint
from cautery.workflows.networks.links import Reading, not_too_many, table_of_frame
from cautery.workflows.networks.state.files import (
    CURRENT,
    Write,
    alone_in,
    links_of,
    load,
    save,
    tidy,
)
from cautery.workflows.networks.state.grow import grown_by, numbered
from cautery.workflows.networks.state.tables import Kept, Spans

GROWTH = 0.02
"""Weights learnt from 98 links of 100 may be frozen: updates by one of 100 agreed with a run over
all (10^6 links, docs/adr/0017); beyond two nothing was tried."""


def clustered_in(
    folder: Path,
    reading: Reading,
    *,
    constraints: Sequence[Constraint] = (),
    seed: int = 0,
    refit: bool = False,
    write: Write,
    told: Callable[[str], None] = lambda _: None,
) -> Clustered:
    """Add links to a state and return all its networks; the first run makes the state.

    With ``refit``, or when the state has outgrown its weights, all is learnt anew, and what that
    changed is said among the warnings.

    Raises
    ------
    InputError
        If the folder holds something else, a state of another format or one that was changed; if
        another run works on it; if there is no state and there are no links; if with the new links
        there are too many kinds.
    StorageError
        If it cannot be written; the state before it stands.
    """
    if reading.frame.height == 0 and not (folder / CURRENT).exists():
        raise InputError(f"{folder}: there is no state yet to go on from, and there are no links")
    with alone_in(folder):
        held = load(folder)
        if held is None:
            found, kept = _learnt(reading.frame, None, seed, told)
            save(folder, kept, reading.frame, write)
        else:
            tidy(folder)
            found = _gone_on(folder, held, reading, seed=seed, refit=refit, write=write, told=told)
    reading.warnings += doubts(found.part)
    return laid_over(found, constraints, reading.warnings)


def _gone_on(
    folder: Path,
    held: Kept,
    reading: Reading,
    *,
    seed: int,
    refit: bool,
    write: Write,
    told: Callable[[str], None],
) -> Clustered:
    rows = reading.frame.unique(maintain_order=True)
    kinds = {*held.names.kinds, *rows["kind"].unique()}
    not_too_many(len(kinds), named=f"{folder} with what is new")
    told("placing what is new")
    new = numbered(held, rows)
    learnt = held.evidence.value.size
    links = learnt + held.later[0].size + new.subject.size
    if refit or links > (1 + GROWTH) * learnt:
        if not refit:
            reading.warnings.append(
                f"refit: the weights were learnt from {learnt:,} links, with the new ones "
                f"there are {links:,}: all is learnt anew"
            )
        frame = pl.concat([links_of(folder, held.links), rows], how="diagonal").unique(
            maintain_order=True
        )
        found, kept = _learnt(frame, held, seed, told)
        reading.warnings += _changes(held, found)
        save(folder, kept, frame, write)
        return found
    found, kept = grown_by(held, new)
    # What was known already leaves the state as it is, byte for byte.
    if new.changes(held) or not _held(rows, folder, held):
        told("writing the state")
        save(folder, kept, rows, write)
    return found


def _held(rows: pl.DataFrame, folder: Path, held: Kept) -> bool:
    """Tell whether a state has all of some links, as they came; its files are streamed."""
    for name in held.links:
        known = pl.scan_parquet(folder / name)
        columns = rows.columns
        if rows.height and set(columns) <= set(known.collect_schema()):
            there = known.join(rows.lazy(), on=columns, how="semi", nulls_equal=True)
            found = there.select(columns).collect(engine="streaming")
            rows = rows.join(found, on=columns, how="anti", nulls_equal=True)
    return rows.height == 0


def _learnt(
    frame: pl.DataFrame, held: Kept | None, seed: int, told: Callable[[str], None]
) -> tuple[Clustered, Kept]:
    told("numbering names")
    table = table_of_frame(frame)
    evidence, of = table.evidence()
    part = find_networks(evidence, common=table.common, seed=seed, told=told)
    told("weighing memberships")
    earlier = None if held is None else _earlier(table, held)
    found = plain(table.names, part, of, earlier)
    none = np.empty(0, dtype=np.int64)
    return found, Kept(
        names=table.names,
        kind_of=table.kind,
        marks=table.kind.size,
        evidence=evidence,
        later=(none, none),
        of=of,
        spans=_spans(table, table.eras()[0], of),
        label=found.label,
        probability=found.probability,
        steady=part.steady,
        owner=part.compact()[1],
        ids=found.ids,
        weights=part.weights,
        files={},
        links=(),
    )


def _earlier(table: LinkTable, held: Kept) -> list[str | None]:
    before = pl.DataFrame(
        {
            "subject": pl.Series(held.names.subjects, dtype=pl.String),
            "network": pl.Series(held.ids, dtype=pl.String).gather(held.label),
        }
    )
    names = pl.DataFrame({"subject": pl.Series(table.subjects, dtype=pl.String)})
    found: list[str | None] = names.join(before, on="subject", how="left", maintain_order="left")[
        "network"
    ].to_list()
    return found


def _spans(table: LinkTable, era: np.ndarray, of: Ints) -> Spans:
    """Return from when to when each era of a passing value was borne."""
    begin, end = np.full(of.size, np.inf), np.full(of.size, -np.inf)
    passing = np.array([kind in PASSING for kind in table.kinds], dtype=bool)[table.kind[of]]
    told = ~(np.isnan(table.first) & np.isnan(table.last))
    passes = np.flatnonzero(passing[era] & told)
    first = np.nan_to_num(table.first[passes], nan=-np.inf)
    last = np.where(np.isnan(table.last[passes]), first, table.last[passes])
    np.minimum.at(begin, era[passes], first)
    np.maximum.at(end, era[passes], last)
    begin[np.isneginf(end)] = -np.inf  # of none of its links is any time told
    number = np.flatnonzero(passing)
    return Spans(number, begin[number], end[number])


def _changes(held: Kept, found: Clustered) -> list[str]:
    """Say what a refit changed: whose network is another, and which weights."""
    both = (
        pl.DataFrame(
            {
                "subject": pl.Series(held.names.subjects, dtype=pl.String),
                "before": pl.Series(held.ids, dtype=pl.String).gather(held.label),
            }
        )
        .join(found.frame(), on="subject", how="inner")
        .select("before", "network")
    )
    moved = int((both["before"] != both["network"]).sum())
    before, now = set(both["before"].unique()), set(both["network"].unique())
    said = [
        (
            f"refit: {moved:,} of {both.height:,} known subjects are of another network, "
            f"{len(before - now):,} networks went and {len(now - before):,} came"
        )
    ]
    earlier = dict(zip(held.names.kinds, held.weights.false.tolist(), strict=True))
    for place, kind in enumerate(found.names.kinds):
        old, new = earlier.get(kind), float(found.part.weights.false[place])
        if old is not None and abs(old - new) >= 0.005:
            said.append(f"refit: false links of {kind}: {old:.1%} before, {new:.1%} now")
    return said
