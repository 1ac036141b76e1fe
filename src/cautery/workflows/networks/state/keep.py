"""A clustering that is stored between runs and grows with new links.

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
        raise InputError(f"{folder}: no state exists yet, and no links were given")
    with alone_in(folder):
        state = load(folder)
        if state is None:
            clustered, new_state = _learnt(reading.frame, None, seed, told)
            save(folder, new_state, reading.frame, write)
        else:
            tidy(folder)
            clustered = _gone_on(
                folder, state, reading, seed=seed, refit=refit, write=write, progress=told
            )
    reading.warnings += doubts(clustered.part)
    return laid_over(clustered, constraints, reading.warnings)


def _gone_on(
    folder: Path,
    state: Kept,
    reading: Reading,
    *,
    seed: int,
    refit: bool,
    write: Write,
    progress: Callable[[str], None],
) -> Clustered:
    rows = reading.frame.unique(maintain_order=True)
    kinds = {*state.names.kinds, *rows["kind"].unique()}
    not_too_many(len(kinds), named=f"{folder} with the new links")
    progress("placing the new links")
    new = numbered(state, rows)
    learnt = state.evidence.value.size
    links = learnt + state.later[0].size + new.subject.size
    if refit or links > (1 + GROWTH) * learnt:
        if not refit:
            reading.warnings.append(
                f"refit: the weights were learnt from {learnt:,} links; with the new links there "
                f"are {links:,}, so all weights are learnt again"
            )
        frame = pl.concat([links_of(folder, state.links), rows], how="diagonal").unique(
            maintain_order=True
        )
        clustered, new_state = _learnt(frame, state, seed, progress)
        reading.warnings += _changes(state, clustered)
        save(folder, new_state, frame, write)
        return clustered
    clustered, new_state = grown_by(state, new)
    # What was known already leaves the state as it is, byte for byte.
    if new.changes(state) or not _held(rows, folder, state):
        progress("writing the state")
        save(folder, new_state, rows, write)
    return clustered


def _held(rows: pl.DataFrame, folder: Path, state: Kept) -> bool:
    """Tell whether a state has all of some links, as they came; its files are streamed."""
    for name in state.links:
        stored = pl.scan_parquet(folder / name)
        columns = rows.columns
        if rows.height and set(columns) <= set(stored.collect_schema()):
            overlap = stored.join(rows.lazy(), on=columns, how="semi", nulls_equal=True)
            stored_rows = overlap.select(columns).collect(engine="streaming")
            rows = rows.join(stored_rows, on=columns, how="anti", nulls_equal=True)
    return rows.height == 0


def _learnt(
    frame: pl.DataFrame, state: Kept | None, seed: int, progress: Callable[[str], None]
) -> tuple[Clustered, Kept]:
    progress("numbering names")
    table = table_of_frame(frame)
    evidence, of = table.evidence()
    part = find_networks(evidence, common=table.common, seed=seed, told=progress)
    progress("weighing memberships")
    earlier = None if state is None else _earlier(table, state)
    clustered = plain(table.names, part, of, earlier)
    empty = np.empty(0, dtype=np.int64)
    return clustered, Kept(
        names=table.names,
        kind_of=table.kind,
        marks=table.kind.size,
        evidence=evidence,
        later=(empty, empty),
        of=of,
        spans=_spans(table, table.eras()[0], of),
        label=clustered.label,
        probability=clustered.probability,
        steady=part.steady,
        owner=part.compact()[1],
        ids=clustered.ids,
        weights=part.weights,
        files={},
        links=(),
    )


def _earlier(table: LinkTable, state: Kept) -> list[str | None]:
    before = pl.DataFrame(
        {
            "subject": pl.Series(state.names.subjects, dtype=pl.String),
            "network": pl.Series(state.ids, dtype=pl.String).gather(state.label),
        }
    )
    names = pl.DataFrame({"subject": pl.Series(table.subjects, dtype=pl.String)})
    ids: list[str | None] = names.join(before, on="subject", how="left", maintain_order="left")[
        "network"
    ].to_list()
    return ids


def _spans(table: LinkTable, era: np.ndarray, of: Ints) -> Spans:
    """Return from when to when each era of a passing value was borne."""
    begin, end = np.full(of.size, np.inf), np.full(of.size, -np.inf)
    passing = np.array([kind in PASSING for kind in table.kinds], dtype=bool)[table.kind[of]]
    is_dated = ~(np.isnan(table.first) & np.isnan(table.last))
    passes = np.flatnonzero(passing[era] & is_dated)
    first = np.nan_to_num(table.first[passes], nan=-np.inf)
    last = np.where(np.isnan(table.last[passes]), first, table.last[passes])
    np.minimum.at(begin, era[passes], first)
    np.maximum.at(end, era[passes], last)
    begin[np.isneginf(end)] = -np.inf  # of none of its links is any time told
    number = np.flatnonzero(passing)
    return Spans(number, begin[number], end[number])


def _changes(state: Kept, clustered: Clustered) -> list[str]:
    """Say what a refit changed: whose network is another, and which weights."""
    pairs = (
        pl.DataFrame(
            {
                "subject": pl.Series(state.names.subjects, dtype=pl.String),
                "before": pl.Series(state.ids, dtype=pl.String).gather(state.label),
            }
        )
        .join(clustered.frame(), on="subject", how="inner")
        .select("before", "network")
    )
    moved = int((pairs["before"] != pairs["network"]).sum())
    before, now = set(pairs["before"].unique()), set(pairs["network"].unique())
    sentences = [
        (
            f"refit: {moved:,} of {pairs.height:,} known subjects moved to another network, "
            f"{len(before - now):,} networks disappeared and {len(now - before):,} were added"
        )
    ]
    earlier = dict(zip(state.names.kinds, state.weights.false.tolist(), strict=True))
    for place, kind in enumerate(clustered.names.kinds):
        old, new = earlier.get(kind), float(clustered.part.weights.false[place])
        if old is not None and abs(old - new) >= 0.005:
            sentences.append(f"refit: false links of {kind}: {old:.1%} before, {new:.1%} now")
    return sentences
