"""The files of a state: written whole, and read as arrays without being taken apart.

``current.json`` names the files of the one state that counts, and the weights; it is written
last. Names and numbers are Arrow files, which are mapped into memory; links as they came are
Parquet, one file a run, read only when all is learnt anew.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cautery.errors import InputError
from cautery.graph.evidence import Evidence, Floats, Ints
from cautery.graph.links_table import Names
from cautery.graph.weights import Weights

FORMAT = "cautery-networks-2"
CURRENT = "current.json"
TABLES = ("subjects", "marks", "values", "pairs", "networks")
Write = Callable[[Path, bytes], None]


@dataclass(frozen=True, slots=True)
class Kept:
    """A clustering as it is kept.

    Parameters
    ----------
    names : Names
        Of subjects, kinds and values (without their eras).
    kind_of : ndarray, shape (names.values,)
        By value, the place of its kind.
    evidence : Evidence
        Links of all kinds that may tie, also to values that one subject bears or none; each era
        of a value by itself.
    of, begin, end : ndarray, shape (evidence.values,)
        The value that each era is of, and its span in seconds since 1970 (NaN: no time counts).
    label, probability : ndarray, shape (subjects,)
        Place of each subject's network, and its chance.
    owner : ndarray, shape (evidence.values,)
        Place of each value's network; -1: nobody's.
    ids : sequence of str
        Of networks.
    weights : Weights
        By kind as in ``names``.
    learnt : int
        Links that the weights were learnt from.
    links : tuple of str
        Files of links as they came.
    """

    names: Names
    kind_of: Ints
    evidence: Evidence
    of: Ints
    begin: Floats
    end: Floats
    label: Ints
    probability: Floats
    owner: Ints
    ids: Sequence[str]
    weights: Weights
    learnt: int
    links: tuple[str, ...]


def load(folder: Path) -> Kept | None:
    """Return the state in a folder; ``None``: there is none yet.

    Raises
    ------
    InputError
        If the folder holds something else, a state of another format or one that was changed.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a state is a folder")
    pointer = folder / CURRENT
    if not pointer.exists():
        if folder.is_dir() and any(not _ours(one) for one in folder.iterdir()):
            raise InputError(f"{folder}: it holds something else than a state")
        return None
    try:
        current = json.loads(pointer.read_text())
        if current["format"] != FORMAT:
            raise InputError(
                f"{folder}: a state of format {current['format']}, not {FORMAT}",
                hint="Cluster all links again into a new folder.",
            )
        for name, size in current["sizes"].items():
            if (folder / name).stat().st_size != size:
                raise InputError(f"{folder}: {name} was changed since it was written")
        tables = {name: pl.read_ipc(folder / current[name]) for name in TABLES}
        return _kept(current, tables)
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{folder}: the state can't be read: {error}") from error


def links_of(folder: Path, kept: Kept) -> pl.DataFrame:
    """Return all links of a state as they came.

    Raises
    ------
    InputError
        If a file is missing or not as it was written.
    """
    frames = []
    for name in kept.links:
        try:
            content = (folder / name).read_bytes()
            if _digest(content) not in name:
                raise InputError(f"{folder}: {name} was changed since it was written")
            frames.append(pl.read_parquet(io.BytesIO(content)))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise InputError(f"{folder}: the state can't be read: {error}") from error
    return pl.concat(frames)


def save(folder: Path, kept: Kept, links: pl.DataFrame, write: Write) -> None:
    """Write a state with further links as they came; the one before it counts until the end.

    Raises
    ------
    StorageError
        If it cannot be written; the state before it stands.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = kept.evidence
    tables: dict[str, dict[str, Any]] = {
        "subjects": {
            "subject": pl.Series(kept.names.subjects, dtype=pl.String),
            "label": kept.label.astype(np.int32),
            "probability": kept.probability,
            "links": np.diff(held.s_starts).astype(np.int32),
        },
        "marks": {
            "kind": kept.kind_of.astype(np.int8),
            "value": pl.Series(kept.names.values, dtype=pl.String),
        },
        "values": {
            "mark": kept.of.astype(np.int32),
            "owner": kept.owner.astype(np.int32),
            "begin": kept.begin,
            "end": kept.end,
            "bearers": held.degree.astype(np.int32),
        },
        "pairs": {"subject": held.subject, "value": held.value, "bearer": held.v_subjects},
        "networks": {"id": pl.Series(kept.ids, dtype=pl.String)},
    }
    current: dict[str, Any] = {"format": FORMAT, "learnt": kept.learnt, "sizes": {}}

    def put(name: str, ending: str, content: bytes) -> str:
        file = f"{name}-{_digest(content)}.{ending}"
        write(folder / file, content)
        current["sizes"][file] = len(content)
        return file

    for name, columns in tables.items():
        current[name] = put(name, "arrow", _arrow(pl.DataFrame(columns)))
    current["links"] = list(kept.links)
    for file in kept.links:
        current["sizes"][file] = (folder / file).stat().st_size
    current["links"].append(put("links", "parquet", _parquet(links)))
    weights = kept.weights
    current["weights"] = {
        "log_theta": weights.log_theta,
        "finer": weights.finer,
        "kinds": {
            kind: {
                "false": float(weights.false[place]),
                "links": float(weights.links[place]),
                "hub": weights.hub[place].tolist(),
            }
            for place, kind in enumerate(kept.names.kinds)
        },
    }
    write(folder / CURRENT, json.dumps(current, indent=1).encode())
    for old in folder.iterdir():
        if old.is_file() and _ours(old) and old.name not in {CURRENT, *current["sizes"]}:
            old.unlink()


def _kept(current: dict[str, Any], tables: dict[str, pl.DataFrame]) -> Kept:
    subjects, marks, values, pairs, networks = (tables[name] for name in TABLES)
    kinds = list(current["weights"]["kinds"])
    kind_of = marks["kind"].cast(pl.Int64).to_numpy()
    of = values["mark"].cast(pl.Int64).to_numpy()
    rows, columns = pairs["subject"].to_numpy(), pairs["value"].to_numpy()
    taught = list(current["weights"]["kinds"].values())
    return Kept(
        names=Names(subjects["subject"], kinds, marks["value"]),  # type: ignore[arg-type] # series
        kind_of=kind_of,
        evidence=Evidence(
            subjects=subjects.height,
            kinds=len(kinds),
            subject=rows,
            value=columns,
            kind=kind_of[of],
            s_starts=_starts(subjects["links"]),
            v_starts=_starts(values["bearers"]),
            v_subjects=pairs["bearer"].to_numpy(),
            kept=np.arange(values.height),
        ),
        of=of,
        begin=values["begin"].to_numpy(),
        end=values["end"].to_numpy(),
        label=subjects["label"].cast(pl.Int64).to_numpy(),
        probability=subjects["probability"].to_numpy(),
        owner=values["owner"].cast(pl.Int64).to_numpy(),
        ids=networks["id"],  # type: ignore[arg-type] # a series is a sequence of names
        weights=Weights(
            false=np.array([one["false"] for one in taught]),
            links=np.array([one["links"] for one in taught]),
            hub=np.array([one["hub"] for one in taught]),
            log_theta=current["weights"]["log_theta"],
            finer=current["weights"]["finer"],
        ),
        learnt=current["learnt"],
        links=tuple(current["links"]),
    )


def _starts(counts: pl.Series) -> Ints:
    starts: Ints = np.concatenate([[0], np.cumsum(counts.to_numpy(), dtype=np.int64)])
    return starts


def _ours(path: Path) -> bool:
    known = (".writing-", "links-", CURRENT, *(f"{name}-" for name in TABLES))
    return path.name.startswith(known)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _arrow(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.rechunk().write_ipc(out, compression="uncompressed")
    return out.getvalue()


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()
