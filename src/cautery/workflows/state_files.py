"""The files of a state: written whole, and read as arrays without being taken apart.

``current.json`` names the files of the one state that counts, and the weights; it is written
last. Names and numbers are Arrow files, which are mapped into memory; links as they came are
Parquet, one file a run, read only when all is learnt anew or something is explained.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cautery.errors import InputError, StorageError
from cautery.graph.evidence import Evidence, Floats, Ints
from cautery.graph.links_table import Names
from cautery.graph.weights import Weights

FORMAT = "cautery-networks-2"
CURRENT = "current.json"
BEGUN = "begun"
"""Stands in ``current.json`` until a folder's first state is whole."""
TABLES = ("subjects", "marks", "values", "pairs", "networks")
DIGITS = 16
"""Of a file's SHA-256, in its name."""
Write = Callable[[Path, bytes], None]
_WRITING = ".writing-"
_RESTORE = "Restore the folder from a copy, or cluster all links again into a new one."


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


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make the folder, and be the only run that works on its state.

    Raises
    ------
    InputError
        If another run does, or it is no folder.
    StorageError
        If it cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a state is a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise InputError(
            f"{folder}: another run is working on this state",
            hint="Wait for it, or name another folder.",
        ) from error
    finally:
        os.close(held)


def load(folder: Path) -> Kept | None:
    """Return the state in a folder; ``None``: there is none yet.

    Raises
    ------
    InputError
        If the folder holds something else, a state of another format or one that was changed.
    """
    pointer = folder / CURRENT
    if not pointer.exists():
        inside = list(folder.iterdir()) if folder.is_dir() else []
        if any(not _ours(one) for one in inside):
            raise InputError(f"{folder}: it holds something else than a state")
        if any(not one.name.startswith(_WRITING) for one in inside):
            raise InputError(
                f"{folder}: {CURRENT} is gone, the rest of a state is there",
                hint=f"Put {CURRENT} back, or cluster all links again into a new folder.",
            )
        return None
    try:
        current = json.loads(pointer.read_text())
        if current["format"] != FORMAT:
            raise InputError(
                f"{folder}: a state of format {current['format']}, not {FORMAT}",
                hint="Cluster all links again into a new folder.",
            )
        if current.get(BEGUN):
            return None
        told = current.pop("digest", None)
        if told is not None and told != _digest(_json(current)):
            raise InputError(_changed(folder, CURRENT), hint=_RESTORE)
        for name, size in current["sizes"].items():
            if (folder / name).stat().st_size != size:
                raise InputError(_changed(folder, name), hint=_RESTORE)
        for name in (current[table] for table in TABLES):
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest()[:DIGITS] not in name:
                    raise InputError(_changed(folder, name), hint=_RESTORE)
        tables = {name: pl.read_ipc(folder / current[name]) for name in TABLES}
        return _kept(current, tables)
    except OSError as error:
        missing = Path(str(error.filename or folder)).name
        raise InputError(f"{folder}: {missing}: {error.strerror}", hint=_RESTORE) from error
    except (ValueError, KeyError, TypeError, AttributeError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{folder}: {CURRENT} is not as it was written ({error})", hint=_RESTORE
        ) from error


def links_about(folder: Path, subjects: Sequence[str]) -> pl.DataFrame:
    """Return the links of some subjects in a state that was loaded or saved, as they came.

    Raises
    ------
    InputError
        If a file is missing or not as it was written.
    """
    names = json.loads((folder / CURRENT).read_text())["links"]
    return links_of(folder, names).filter(pl.col("subject").is_in(list(subjects)))


def links_of(folder: Path, names: Sequence[str]) -> pl.DataFrame:
    """Return the links in some of a state's files, as they came.

    Raises
    ------
    InputError
        If a file is missing or not as it was written.
    """
    frames = []
    for name in names:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise InputError(f"{folder}: {name}: {error.strerror}", hint=_RESTORE) from error
        if _digest(content) not in name:
            raise InputError(_changed(folder, name), hint=_RESTORE)
        frames.append(pl.read_parquet(io.BytesIO(content)))
    # A run whose file had no column source has none here.
    return pl.concat(frames, how="diagonal")


def save(folder: Path, kept: Kept, links: pl.DataFrame, write: Write) -> None:
    """Write a state with further links as they came; the one before it counts until the end.

    Raises
    ------
    StorageError
        If it cannot be written; the state before it stands.
    """
    if not (folder / CURRENT).exists():
        write(folder / CURRENT, _json({"format": FORMAT, BEGUN: True}))
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
    current["digest"] = _digest(_json(current))
    write(folder / CURRENT, _json(current))
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


def _changed(folder: Path, name: str) -> str:
    return f"{folder}: {name} was changed since it was written"


def _ours(path: Path) -> bool:
    known = (_WRITING, "links-", CURRENT, *(f"{name}-" for name in TABLES))
    return path.name.startswith(known)


def _json(current: dict[str, Any]) -> bytes:
    return json.dumps(current, indent=1).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def _arrow(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    # Offsets and bytes: the newer string views keep dead bytes, in an order that chance decides.
    frame.rechunk().write_ipc(out, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    return out.getvalue()


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()
