"""A kept clustering and new links: names numbered on, eras found, what they touch placed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from cautery.graph.cluster import network_id
from cautery.graph.evidence import Ints, new_pairs, with_links
from cautery.graph.links_table import PASSING, UNTYING, Names
from cautery.graph.membership import probabilities
from cautery.graph.partition import Partition
from cautery.graph.update import placed
from cautery.workflows.networks.cluster import Clustered
from cautery.workflows.networks.state.eras import Eras
from cautery.workflows.networks.state.tables import Kept, Spans
from cautery.workflows.networks.table import TIMES

STANDS = 50
"""A value that gained fewer than one bearer in so many stays whose it is."""
MOST_MEMBERS = 500
"""Of a network of more subjects only those that new links touch are weighed again."""


@dataclass(frozen=True, slots=True)
class New:
    """New links, numbered on from a state's.

    Parameters
    ----------
    names : Names
        The state's, then the new ones.
    kind_of : ndarray, shape (names.values,)
        By value, the place of its kind.
    subjects : int
        How many subjects are new.
    subject, value : ndarray, shape (links,)
        Links that may tie and that the state has not, each once.
    of, spans : ndarray, Spans
        Of all eras, as of ``Kept``.
    """

    names: Names
    kind_of: Ints
    subjects: int
    subject: Ints
    value: Ints
    of: Ints
    spans: Spans

    def changes(self, held: Kept) -> bool:
        """Tell whether anything that a state rests on is another with these links."""
        return bool(
            self.subjects
            or self.subject.size
            or self.kind_of.size > held.kind_of.size
            or self.of.size > held.of.size
            or not np.array_equal(self.spans.begin, held.spans.begin)
            or not np.array_equal(self.spans.end, held.spans.end)
        )


def numbered(held: Kept, links: pl.DataFrame) -> New:
    """Return links numbered on from those of a state, with the eras of their values.

    Parameters
    ----------
    links : DataFrame
        As ``link_files.read_links`` gives them, each once.
    """
    kinds = [*held.names.kinds, *sorted(set(links["kind"]) - set(held.names.kinds))]
    places = {kind: place for place, kind in enumerate(kinds)}
    rows = links.with_columns(
        pl.col("kind").replace_strict(places, return_dtype=pl.Int64).cast(pl.Int8)
    )
    subject, new_subjects = _numbered_subjects(held, rows)
    mark, new_marks = _numbered_marks(held, rows)
    names = Names(
        _followed(held.names.subjects, new_subjects["subject"]),
        kinds,
        _followed(held.names.values, new_marks["value"]),
    )
    kind_of = np.concatenate([held.kind_of, new_marks["kind"].cast(pl.Int64).to_numpy()])
    passes = np.array([kind in PASSING for kind in kinds], dtype=bool)[kind_of[mark]]
    ties = np.array([kind not in UNTYING for kind in kinds], dtype=bool)[kind_of[mark]]
    lasting, passing = np.flatnonzero(ties & ~passes), np.flatnonzero(ties & passes)
    eras = Eras(held, subject[passing])
    first, last = (
        rows[side].cast(pl.Float64).fill_null(np.nan).to_numpy()[passing] for side in TIMES
    )
    begun = eras.of_lasting(mark[lasting])
    place, borne = eras.of_passing(subject[passing], mark[passing], first, last)
    of, spans = eras.all()
    fresh, borne = new_pairs(
        held.evidence,
        held.later,
        np.concatenate([subject[lasting], subject[passing][place]]),
        np.concatenate([begun, borne]),
    )
    return New(names, kind_of, new_subjects.height, fresh, borne, of, spans)


def grown_by(held: Kept, new: New) -> tuple[Clustered, Kept]:
    """Return a state with further links, its weights as they were."""
    names, of = new.names, new.of
    later = (
        np.concatenate([held.later[0], new.subject]),
        np.concatenate([held.later[1], new.value]),
    )
    evidence = with_links(held.evidence, *later, new.kind_of[of], len(names.subjects))
    fresh = np.arange(new.subjects)
    part = Partition(
        evidence,
        np.concatenate([held.label, len(held.ids) + fresh]),
        np.concatenate([held.owner, np.full(of.size - held.of.size, -1)]),
        frozen=held.weights.among(len(names.kinds)),
        steady=None if held.steady is None else np.append(held.steady, np.ones(fresh.size)),
    )
    gained, times = np.unique(new.value, return_counts=True)
    # Whose a value is does not turn on one bearer in fifty: large hubs are not weighed each time.
    gained = gained[STANDS * times >= evidence.degree[gained]]
    weighed = placed(part, np.unique(new.subject), gained)
    near = np.zeros(part.size.size, dtype=bool)
    near[part.label[weighed]] = True
    near[held.label[weighed[weighed < held.label.size]]] = True
    near &= part.size <= MOST_MEMBERS
    near = near[part.label]
    near[weighed] = True
    touched = np.flatnonzero(near)
    chance = np.concatenate([held.probability, np.ones(fresh.size)])
    chance[touched] = probabilities(part, touched, most=MOST_MEMBERS)
    label, owner = part.compact()
    ids = _ids(held, part.label, label, names.subjects)
    state = replace(
        held,
        names=names,
        kind_of=new.kind_of,
        later=later,
        of=of,
        spans=new.spans,
        label=label,
        probability=chance,
        steady=part.steady,
        owner=owner,
        ids=ids,
        weights=part.weights,
    )
    return Clustered(names, part, of, label, chance, ids), state


def _numbered_subjects(state: Kept, rows: pl.DataFrame) -> tuple[Ints, pl.DataFrame]:
    """Return each row's subject's number, and the new ones, which follow what is known."""
    names = pl.Series(state.names.subjects, dtype=pl.String)
    subjects = rows.select("subject").unique().sort("subject")
    place = _place(names.head(state.evidence.subjects), subjects["subject"])
    later = names.slice(state.evidence.subjects).alias("subject").to_frame()
    return _numbered(rows, subjects, place, later, state.evidence.subjects)


def _numbered_marks(state: Kept, rows: pl.DataFrame) -> tuple[Ints, pl.DataFrame]:
    """Return each row's value's number, and the new ones, which follow what is known."""
    values = pl.Series(state.names.values, dtype=pl.String)
    marks = rows.select("kind", "value").unique().sort("kind", "value")
    kind = marks["kind"].to_numpy()
    # Those that were there when all was learnt are in order of kind, then of name.
    ends = np.searchsorted(state.kind_of[: state.marks], np.arange(len(state.names.kinds) + 1))
    place = np.full(kind.size, -1, dtype=np.int64)
    for kind_id in np.unique(kind[kind < len(state.names.kinds)]).tolist():
        learnt_values = values.slice(ends[kind_id], ends[kind_id + 1] - ends[kind_id])
        places = _place(learnt_values, marks["value"].filter(marks["kind"] == kind_id))
        place[kind == kind_id] = np.where(places >= 0, places + ends[kind_id], -1)
    later = pl.DataFrame(
        {
            "kind": state.kind_of[state.marks :].astype(np.int8),
            "value": values.slice(state.marks),
        }
    )
    return _numbered(rows, marks, place, later, state.marks)


def _place(sorted_names: pl.Series, names: pl.Series) -> Ints:
    """Return where names stand among others that are in order; -1: they do not."""
    if sorted_names.is_empty() or names.is_empty():
        return np.full(names.len(), -1, dtype=np.int64)
    at = sorted_names.search_sorted(names).cast(pl.Int64).clip(0, sorted_names.len() - 1)
    places: Ints = np.where((sorted_names.gather(at) == names).to_numpy(), at.to_numpy(), -1)
    return places


def _numbered(
    rows: pl.DataFrame, names: pl.DataFrame, place: Ints, later: pl.DataFrame, learnt: int
) -> tuple[Ints, pl.DataFrame]:
    """Return each row's number, and the names asked for that are new.

    Parameters
    ----------
    place : ndarray, shape (names,)
        Numbers of names that were there when all was learnt (so many); -1: they were not.
    later : DataFrame
        Names that came since, which are numbered on from those.
    """
    columns = names.columns
    number = names.with_columns(pl.Series("number", place)).filter(pl.col("number") >= 0)
    unplaced = names.join(number, on=columns, how="anti")
    since = later.with_columns(pl.int_range(learnt, learnt + later.height).alias("number"))
    placed_later = since.join(unplaced, on=columns, how="semi")
    new = unplaced.join(placed_later, on=columns, how="anti").sort(columns)
    first = learnt + later.height
    numbers = pl.concat(
        [
            number,
            placed_later,
            new.with_columns(pl.int_range(first, first + new.height).alias("number")),
        ]
    )
    row_numbers = rows.select(columns).join(numbers, on=columns, how="left", maintain_order="left")
    return row_numbers["number"].to_numpy().astype(np.int64), new


def _followed(names: Sequence[str], new: pl.Series) -> Sequence[str]:
    return pl.concat([pl.Series(names, dtype=pl.String), new])  # type: ignore[return-value] # a series


def _ids(state: Kept, raw: Ints, label: Ints, subjects: Sequence[str]) -> Sequence[str]:
    """Return ids by place: a network keeps that of the earlier one it mostly is."""
    known_count = state.label.size
    places = int(label.max(initial=-1)) + 1
    earlier = np.full(places, -1, dtype=np.int64)
    earlier[label] = raw
    earlier[earlier >= len(state.ids)] = -1
    moved = np.flatnonzero(raw[:known_count] != state.label)
    near = np.zeros(places, dtype=bool)
    near[label[moved]] = True
    has_lost = np.zeros(len(state.ids) + 1, dtype=bool)
    has_lost[state.label[moved]] = True
    near |= has_lost[earlier]
    members = np.flatnonzero(near[label[:known_count]])
    cells, shares = np.unique(
        label[members] * np.int64(len(state.ids)) + state.label[members], return_counts=True
    )
    earlier[near] = -1
    passed_on: set[int] = set()
    for cell in cells[np.argsort(-shares, kind="stable")].tolist():
        place, old = divmod(cell, len(state.ids))
        if earlier[place] < 0 and old not in passed_on:
            earlier[place] = old
            passed_on.add(old)
    ids = pl.Series(state.ids, dtype=pl.String).gather(np.maximum(earlier, 0))
    nameless = np.flatnonzero(earlier < 0)
    if nameless.size:
        used_names = set(pl.Series(state.ids, dtype=pl.String).to_list())
        first = np.empty(places, dtype=np.int64)
        first[label[::-1]] = np.arange(label.size)[::-1]  # the last stands: the first subject
        fresh = []
        for subject in first[nameless].tolist():
            name = network_id(subjects[subject])
            while name in used_names:
                name = network_id(name)
            used_names.add(name)
            fresh.append(name)
        ids = ids.scatter(nameless, fresh)
    return ids  # type: ignore[return-value] # a series is a sequence of names
