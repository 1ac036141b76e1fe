"""A kept clustering and new links: names numbered on, eras found, what they touch placed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from cautery.graph.cluster import network_id
from cautery.graph.evidence import Floats, Ints, new_pairs, with_links
from cautery.graph.links_table import GAP_S, PASSING, UNTYING, Names
from cautery.graph.membership import probabilities
from cautery.graph.partition import Partition
from cautery.graph.update import placed
from cautery.workflows.cluster_links import Clustered
from cautery.workflows.state_files import Kept

STANDS = 50
"""A value that gained fewer than one bearer in so many stays whose it is."""


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
    of, begin, end : ndarray
        All eras, as of ``Kept``.
    """

    names: Names
    kind_of: Ints
    subjects: int
    subject: Ints
    value: Ints
    of: Ints
    begin: Floats
    end: Floats

    def changes(self, held: Kept) -> bool:
        """Tell whether anything that a state rests on is another with these links."""
        return bool(
            self.subjects
            or self.subject.size
            or self.kind_of.size > held.kind_of.size
            or not np.array_equal(self.begin, held.begin, equal_nan=True)
            or not np.array_equal(self.end, held.end, equal_nan=True)
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
    subjects = pl.DataFrame({"subject": pl.Series(held.names.subjects, dtype=pl.String)})
    marks = pl.DataFrame(
        {
            "kind": held.kind_of.astype(np.int8),
            "value": pl.Series(held.names.values, dtype=pl.String),
        }
    )
    subject, new_subjects = _numbered(rows, subjects, ["subject"])
    mark, new_marks = _numbered(rows, marks, ["kind", "value"])
    names = Names(
        pl.concat([subjects["subject"], new_subjects["subject"]]),  # type: ignore[arg-type]
        kinds,
        pl.concat([marks["value"], new_marks["value"]]),  # type: ignore[arg-type]
    )
    kind_of = np.concatenate([held.kind_of, new_marks["kind"].cast(pl.Int64).to_numpy()])
    passes = np.array([kind in PASSING for kind in kinds], dtype=bool)[kind_of[mark]]
    eras = _Eras(held)
    value = eras.of_lasting(mark)
    for one in np.unique(mark[~passes & (value < 0)]).tolist():
        value[~passes & (mark == one)] = eras.begun(one, np.nan, np.nan)
    for row in np.flatnonzero(passes).tolist():
        first, last = (rows[name][row] for name in ("first_seen", "last_seen"))
        first = -np.inf if first is None else first
        value[row] = eras.at(int(mark[row]), first, first if last is None else last)
    of, begin, end = eras.all()
    ties = np.array([kind not in UNTYING for kind in kinds], dtype=bool)[kind_of[mark]]
    fresh, borne = new_pairs(held.evidence, subject[ties], value[ties])
    return New(names, kind_of, new_subjects.height, fresh, borne, of, begin, end)


def grown_by(held: Kept, new: New) -> tuple[Clustered, Kept]:
    """Return a state with further links, its weights as they were."""
    names, of = new.names, new.of
    evidence = with_links(
        held.evidence, new.subject, new.value, new.kind_of[of], len(names.subjects)
    )
    fresh = np.arange(new.subjects)
    part = Partition(
        evidence,
        np.concatenate([held.label, len(held.ids) + fresh]),
        np.concatenate([held.owner, np.full(of.size - held.of.size, -1)]),
        frozen=held.weights.among(len(names.kinds)),
    )
    gained, times = np.unique(new.value, return_counts=True)
    # Whose a value is does not turn on one bearer in fifty: large hubs are not weighed each time.
    gained = gained[STANDS * times >= evidence.degree[gained]]
    weighed = placed(part, np.unique(new.subject), gained)
    near = np.zeros(part.size.size, dtype=bool)
    near[part.label[weighed]] = True
    near[held.label[weighed[weighed < held.label.size]]] = True
    touched = np.flatnonzero(near[part.label])
    chance = np.concatenate([held.probability, np.ones(fresh.size)])
    chance[touched] = probabilities(part, touched)
    label, owner = part.compact()
    ids = _ids(held, part.label, label, names.subjects)
    kept = Kept(
        names=names,
        kind_of=new.kind_of,
        evidence=evidence,
        of=of,
        begin=new.begin,
        end=new.end,
        label=label,
        probability=chance,
        owner=owner,
        ids=ids,
        weights=part.weights,
        learnt=held.learnt,
        links=held.links,
    )
    return Clustered(names, part, of, label, chance, ids), kept


def _numbered(
    rows: pl.DataFrame, known: pl.DataFrame, columns: list[str]
) -> tuple[Ints, pl.DataFrame]:
    """Return each row's number among what is known, and the new ones, which follow it."""
    asked = rows.select(columns).unique().sort(columns)
    there = known.with_row_index("number").join(asked, on=columns, how="semi")
    new = asked.join(there, on=columns, how="anti").select(columns)
    numbers = pl.concat(
        [
            there.select(*columns, pl.col("number").cast(pl.Int64)),
            new.with_columns(pl.int_range(known.height, known.height + new.height).alias("number")),
        ]
    )
    found = rows.select(columns).join(numbers, on=columns, how="left", maintain_order="left")
    return found["number"].to_numpy().astype(np.int64), new


class _Eras:
    """Values told apart by era, as far as they are kept; new ones follow."""

    def __init__(self, held: Kept) -> None:
        self._held = held
        self._begin, self._end = held.begin.copy(), held.end.copy()
        self._of: list[int] = []
        self._spans: list[tuple[float, float]] = []
        self._new: dict[int, list[int]] = {}
        self._order = np.argsort(held.of, kind="stable")
        self._sorted = held.of[self._order]

    def of_lasting(self, mark: Ints) -> Ints:
        """Return the first era of each value, a new one for a new value."""
        at = np.searchsorted(self._sorted, mark)
        at[at == self._sorted.size] = 0
        known = self._sorted[at] == mark if at.size and self._sorted.size else at < 0
        found = np.where(known, self._order[at] if self._sorted.size else at, -1)
        return found.astype(np.int64)

    def at(self, mark: int, first: float, last: float) -> int:
        """Return the era of a value that a span touches, or nearly so; else a new one."""
        known = self._known(mark)
        if len(known) == 1 and np.isneginf([last, self._span(known[0])[1]]).any():
            # Without a time, it is of the only era; as is what comes to one without.
            if not np.isneginf(last):
                self._widen(known[0], first, last)
            return known[0]
        for era in known:
            begin, end = self._span(era)
            if first <= end + GAP_S and last >= begin - GAP_S:
                self._widen(era, min(begin, first), max(end, last))
                return era
        return self.begun(mark, first, last)

    def begun(self, mark: int, first: float, last: float) -> int:
        """Begin a new era of a value."""
        number = self._held.of.size + len(self._of)
        self._of.append(mark)
        self._spans.append((first, last))
        self._new.setdefault(mark, []).append(number)
        return number

    def all(self) -> tuple[Ints, Floats, Floats]:
        """Return, by era, its value and its span."""
        spans = np.array(self._spans).reshape(-1, 2)
        return (
            np.concatenate([self._held.of, np.array(self._of, dtype=np.int64)]),
            np.concatenate([self._begin, spans[:, 0]]),
            np.concatenate([self._end, spans[:, 1]]),
        )

    def _known(self, mark: int) -> list[int]:
        low, high = np.searchsorted(self._sorted, [mark, mark + 1])
        return [*self._order[low:high].tolist(), *self._new.get(mark, ())]

    def _span(self, era: int) -> tuple[float, float]:
        known = self._held.of.size
        if era >= known:
            return self._spans[era - known]
        return float(self._begin[era]), float(self._end[era])

    def _widen(self, era: int, begin: float, end: float) -> None:
        known = self._held.of.size
        if era >= known:
            self._spans[era - known] = begin, end
        else:
            self._begin[era], self._end[era] = begin, end


def _ids(held: Kept, raw: Ints, label: Ints, subjects: Sequence[str]) -> list[str]:
    """Return ids by place: a network keeps that of the earlier one it mostly is."""
    known = held.label.size
    places = int(label.max(initial=-1)) + 1
    earlier = np.full(places, -1, dtype=np.int64)
    earlier[label] = raw
    earlier[earlier >= len(held.ids)] = -1
    moved = np.flatnonzero(raw[:known] != held.label)
    near = np.zeros(places, dtype=bool)
    near[label[moved]] = True
    lost = np.zeros(len(held.ids) + 1, dtype=bool)
    lost[held.label[moved]] = True
    near |= lost[earlier]
    members = np.flatnonzero(near[label[:known]])
    shares = Counter(zip(label[members].tolist(), held.label[members].tolist(), strict=True))
    earlier[near] = -1
    given: set[int] = set()
    for (place, old), _ in sorted(shares.items(), key=lambda one: (-one[1], one[0])):
        if earlier[place] < 0 and old not in given:
            earlier[place] = old
            given.add(old)
    ids = pl.Series(held.ids, dtype=pl.String).gather(np.maximum(earlier, 0)).to_list()
    nameless = np.flatnonzero(earlier < 0)
    if nameless.size:
        taken = set(held.ids)
        first = np.full(places, label.size, dtype=np.int64)
        np.minimum.at(first, label, np.arange(label.size))
        for place in nameless.tolist():
            name = network_id(subjects[int(first[place])])
            while name in taken:
                name = network_id(name)
            taken.add(name)
            ids[place] = name
    return ids
