"""What a state keeps, as tables: what was learnt at once, what came later, and where all stands.

Tables of what was learnt are large and stay; of each only the rows that came later are written by
a run, and what every run may change, whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from cautery.graph.evidence import Evidence, Floats, Ints
from cautery.graph.links_table import Names
from cautery.graph.weights import Weights

LEARNT = ("subjects", "marks", "values", "pairs")
LATER = ("later-subjects", "later-marks", "later-values", "later-pairs")
STANDING = ("places", "owners", "spans", "networks")


@dataclass(frozen=True, slots=True)
class Spans:
    """From when to when values of passing kinds were borne, in seconds since 1970.

    Parameters
    ----------
    era : ndarray, shape (spans,)
        Numbers of eras, rising; of an era that is not among them no time counts.
    begin, end : ndarray, shape (spans,)
        Infinite: not told.
    """

    era: Ints
    begin: Floats
    end: Floats


@dataclass(frozen=True, slots=True)
class Kept:
    """A clustering as it is kept.

    Parameters
    ----------
    names : Names
        Of subjects, kinds and values (without their eras). Those of subjects and values that were
        there when all was learnt are in order of name (values by kind); the others follow.
    kind_of : ndarray, shape (names.values,)
        By value, the place of its kind.
    marks : int
        How many values (without their eras) there were when all was learnt.
    evidence : Evidence
        Links of all kinds that may tie, also to values that one subject bears or none; each era
        of a value by itself. Only such as were there when all was learnt.
    later : (ndarray, ndarray)
        Subjects and eras of the links that came since, in the order in which they came.
    of : ndarray, shape (eras,)
        The value that each era is of; rising over those that were there when all was learnt.
    spans : Spans
        Of all eras.
    label, probability : ndarray, shape (subjects,)
        Place of each subject's network, and its chance.
    steady : ndarray, shape (subjects,), optional
        As of ``Partition``.
    owner : ndarray, shape (eras,)
        Place of each era's network; -1: nobody's.
    ids : sequence of str
        Of networks.
    weights : Weights
        By kind as in ``names``.
    files : mapping of str to str
        Of the tables of what was learnt; empty until they are written.
    links : tuple of str
        Files of links as they came.
    """

    names: Names
    kind_of: Ints
    marks: int
    evidence: Evidence
    later: tuple[Ints, Ints]
    of: Ints
    spans: Spans
    label: Ints
    probability: Floats
    steady: Floats | None
    owner: Ints
    ids: Sequence[str]
    weights: Weights
    files: Mapping[str, str]
    links: tuple[str, ...]


def learnt_tables(kept: Kept) -> dict[str, pl.DataFrame]:
    """Return the tables of what was learnt at once."""
    evidence = kept.evidence
    subjects, marks = _names(kept)
    return {
        "subjects": pl.DataFrame(
            {
                "subject": subjects.head(evidence.subjects),
                "links": np.diff(evidence.s_starts).astype(np.int32),
            }
        ),
        "marks": marks.head(kept.marks),
        "values": pl.DataFrame(
            {
                "mark": kept.of[: evidence.values].astype(np.int32),
                "bearers": evidence.degree.astype(np.int32),
            }
        ),
        "pairs": pl.DataFrame({"value": evidence.value, "bearer": evidence.v_subjects}),
    }


def later_tables(kept: Kept) -> dict[str, pl.DataFrame]:
    """Return the tables of what came since; none that would be empty."""
    evidence = kept.evidence
    subjects, marks = _names(kept)
    tables = {
        "later-subjects": subjects.slice(evidence.subjects).alias("subject").to_frame(),
        "later-marks": marks.slice(kept.marks),
        "later-values": pl.DataFrame({"mark": kept.of[evidence.values :].astype(np.int32)}),
        "later-pairs": pl.DataFrame(
            {name: column.astype(np.int32) for name, column in zip(_PAIR, kept.later, strict=True)}
        ),
    }
    return {name: table for name, table in tables.items() if table.height}


def standing_tables(kept: Kept) -> dict[str, pl.DataFrame]:
    """Return the tables of where all stands."""
    spans = kept.spans
    return {
        "places": pl.DataFrame(
            {"label": kept.label.astype(np.int32), "probability": kept.probability}
            | ({} if kept.steady is None else {"steady": kept.steady})
        ),
        "owners": pl.DataFrame({"owner": kept.owner.astype(np.int32)}),
        "spans": pl.DataFrame(
            {"era": spans.era.astype(np.int32), "begin": spans.begin, "end": spans.end}
        ),
        "networks": pl.DataFrame({"id": pl.Series(kept.ids, dtype=pl.String)}),
    }


def taught(kept: Kept) -> dict[str, Any]:
    """Return the weights with the names of their kinds."""
    weights = kept.weights
    return {
        "log_theta": weights.log_theta,
        "subjects": weights.subjects,
        "kinds": {
            kind: {
                "false": float(weights.false[place]),
                "links": float(weights.links[place]),
                "owned": float(weights.owned[place]),
                "rate": float(weights.rate[place]),
                "hub": weights.hub[place].tolist(),
            }
            for place, kind in enumerate(kept.names.kinds)
        },
    }


def kept_of(
    tables: Mapping[str, pl.DataFrame],
    weights: Mapping[str, Any],
    *,
    files: Mapping[str, str],
    links: tuple[str, ...],
) -> Kept:
    """Return what tables keep, and :func:`taught` weights.

    Raises
    ------
    KeyError, PolarsError
        If they are not as they were written.
    """

    def both(table: str, column: str) -> pl.Series:
        learnt = tables[table][column]
        later = tables.get(f"later-{table}")
        return learnt if later is None else pl.concat([learnt, later[column]])

    kinds = list(weights["kinds"])
    kind_of = both("marks", "kind").cast(pl.Int64).to_numpy()
    of = both("values", "mark").cast(pl.Int64).to_numpy()
    learnt, pairs, spans = tables["values"], tables["pairs"], tables["spans"]
    subjects, later = tables["subjects"], tables.get("later-pairs", _NO_PAIRS)
    kind_weights = list(weights["kinds"].values())
    return Kept(
        names=Names(both("subjects", "subject"), kinds, both("marks", "value")),  # type: ignore[arg-type] # series
        kind_of=kind_of,
        marks=tables["marks"].height,
        evidence=Evidence(
            subjects=subjects.height,
            kinds=len(kinds),
            value=pairs["value"].to_numpy(),
            kind=kind_of[of[: learnt.height]],
            s_starts=_starts(subjects["links"]),
            v_starts=_starts(learnt["bearers"]),
            v_subjects=pairs["bearer"].to_numpy(),
        ),
        later=(_ints(later["subject"]), _ints(later["value"])),
        of=of,
        spans=Spans(_ints(spans["era"]), spans["begin"].to_numpy(), spans["end"].to_numpy()),
        label=_ints(tables["places"]["label"]),
        probability=tables["places"]["probability"].to_numpy(),
        steady=tables["places"]["steady"].to_numpy() if "steady" in tables["places"] else None,
        owner=_ints(tables["owners"]["owner"]),
        ids=tables["networks"]["id"],  # type: ignore[arg-type] # a series is a sequence of names
        weights=Weights(
            false=np.array([row["false"] for row in kind_weights]),
            links=np.array([row["links"] for row in kind_weights]),
            owned=np.array([row["owned"] for row in kind_weights]),
            rate=np.array([row["rate"] for row in kind_weights]),
            hub=np.array([row["hub"] for row in kind_weights]),
            subjects=weights["subjects"],
            log_theta=weights["log_theta"],
        ),
        files=files,
        links=links,
    )


_PAIR = ("subject", "value")
_NO_PAIRS = pl.DataFrame(schema=dict.fromkeys(_PAIR, pl.Int32))


def _names(state: Kept) -> tuple[pl.Series, pl.DataFrame]:
    marks = pl.DataFrame(
        {
            "kind": state.kind_of.astype(np.int8),
            "value": pl.Series(state.names.values, dtype=pl.String),
        }
    )
    return pl.Series(state.names.subjects, dtype=pl.String), marks


def _ints(column: pl.Series) -> Ints:
    numbers: Ints = column.cast(pl.Int64).to_numpy()
    return numbers


def _starts(counts: pl.Series) -> Ints:
    starts: Ints = np.zeros(counts.len() + 1, dtype=np.int64)
    np.cumsum(counts.to_numpy(), out=starts[1:])
    return starts
