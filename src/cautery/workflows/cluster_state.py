"""What a clustering keeps between runs: its links, weights, ids and memberships.

``current.json`` names the files of the one state that counts and is written last, whole or not at
all; a run that was interrupted leaves the state before it, and its half-written files are removed
by the next. Constraints are no part of a state: dropping one gives the same bytes as before.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cautery.errors import InputError
from cautery.graph.evidence import Evidence, Ints
from cautery.graph.networks import find_networks
from cautery.graph.partition import Partition
from cautery.graph.weights import Weights
from cautery.workflows.cluster_links import Clustered, finished
from cautery.workflows.link_files import Constraint, Reading, table_of_frame

FORMAT = "cautery-networks-1"
CURRENT = "current.json"
ROUNDS = 3
Write = Callable[[Path, bytes], None]


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

    With frozen weights only subjects that new links touch are placed; ``refit`` learns all anew
    and says what changed among the warnings.

    Raises
    ------
    InputError
        If the folder holds something else, or a state of another format.
    StorageError
        If it cannot be written; the state before it stands.
    """
    held = _load(folder)
    frame = reading.frame
    if held is not None:
        frame = pl.concat([held.links, reading.frame]).unique(maintain_order=True)
    told("numbering names")
    table = table_of_frame(frame)
    evidence, of = table.evidence()
    if held is None or refit:
        part = find_networks(evidence, common=table.common, seed=seed, told=told)
    else:
        told("placing what is new")
        before = dict(zip(held.members["subject"], held.members["label"], strict=True))
        touched = set(reading.frame["subject"])
        part = _placed(
            evidence,
            np.array([before.get(name, -1) for name in table.subjects], dtype=np.int64),
            np.array([n for n, name in enumerate(table.subjects) if name in touched], np.int64),
            held.weights_for(table.kinds),
            seed,
        )
    told("weighing memberships")
    ids = (
        None
        if held is None
        else dict(zip(held.members["subject"], held.members["network"], strict=True))
    )
    plain = finished(table, part, of, (), reading.warnings, before=ids)
    if held is not None and refit:
        reading.warnings += _changes(held, plain)
    _save(folder, frame, plain, write)
    if not constraints:
        return plain
    return finished(table, part, of, constraints, reading.warnings, before=ids)


def _placed(
    evidence: Evidence, label: Ints, touched: Ints, weights: Weights, seed: int
) -> Partition:
    """Place new and touched subjects among networks that stay as they are."""
    fresh = np.flatnonzero(label < 0)
    used = np.unique(label[label >= 0])
    place = np.full(int(label.max(initial=0)) + 1, -1, dtype=np.int64)
    place[used] = np.arange(used.size)
    label = np.where(label >= 0, place[np.maximum(label, 0)], -1)
    label[fresh] = used.size + np.arange(fresh.size)
    owner = np.full(evidence.values, -1, dtype=np.int64)
    part = Partition(evidence, label, owner, np.random.default_rng(seed), weights)
    part.move_values()
    for _ in range(ROUNDS):
        moved = part.move_subjects(touched)
        moved += part.move_values()
        if moved == 0:
            break
    return part


class _Held:
    """A state that was read."""

    def __init__(self, links: pl.DataFrame, members: pl.DataFrame, weights: Any) -> None:
        self.links = links
        self.members = members
        self._weights = weights

    def weights_for(self, kinds: Sequence[str]) -> Weights:
        """Return the kept weights, by number of kind; a new kind has the mean of the known."""
        known = self._weights["kinds"]
        mean_hub = np.mean([one["hub"] for one in known.values()], axis=0).tolist()
        mean_false = float(np.mean([one["false"] for one in known.values()]))
        rows = [
            known.get(kind, {"false": mean_false, "links": 0.0, "hub": mean_hub}) for kind in kinds
        ]
        return Weights(
            false=np.array([one["false"] for one in rows]),
            links=np.array([one["links"] for one in rows]),
            hub=np.array([one["hub"] for one in rows]),
            log_theta=self._weights["log_theta"],
            finer=self._weights["finer"],
        )


def _load(folder: Path) -> _Held | None:
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
            raise InputError(f"{folder}: a state of format {current['format']}, not {FORMAT}")
        read = [(folder / current[name]).read_bytes() for name in ("links", "members", "weights")]
        for name, content in zip(("links", "members", "weights"), read, strict=True):
            if hashlib.sha256(content).hexdigest()[:16] not in current[name]:
                raise InputError(f"{folder}: {current[name]} was changed since it was written")
        return _Held(
            pl.read_parquet(io.BytesIO(read[0])),
            pl.read_parquet(io.BytesIO(read[1])),
            json.loads(read[2]),
        )
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{folder}: the state can't be read: {error}") from error


def _ours(path: Path) -> bool:
    return path.name.startswith((".writing-", "links-", "members-", "weights-", CURRENT))


def _save(folder: Path, links: pl.DataFrame, found: Clustered, write: Write) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = found.part.weights
    contents = {
        "links": _parquet(links),
        "members": _parquet(
            pl.DataFrame(
                {
                    "subject": list(found.table.subjects),
                    "label": found.label,
                    "network": [found.ids[one] for one in found.label.tolist()],
                    "probability": found.probability,
                }
            )
        ),
        "weights": json.dumps(
            {
                "log_theta": weights.log_theta,
                "finer": weights.finer,
                "kinds": {
                    kind: {
                        "false": float(weights.false[place]),
                        "links": float(weights.links[place]),
                        "hub": weights.hub[place].tolist(),
                    }
                    for place, kind in enumerate(found.table.kinds)
                },
            },
            indent=1,
        ).encode(),
    }
    current = {"format": FORMAT}
    for name, content in contents.items():
        ending = "json" if name == "weights" else "parquet"
        current[name] = f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.{ending}"
        write(folder / current[name], content)
    write(folder / CURRENT, json.dumps(current, indent=1).encode())
    for old in folder.iterdir():
        if old.is_file() and _ours(old) and old.name not in {CURRENT, *current.values()}:
            old.unlink()


def _parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, compression="zstd", statistics=False)
    return out.getvalue()


def _changes(held: _Held, found: Clustered) -> list[str]:
    """Say what a refit changed: whose network is another, and which weights."""
    before = dict(zip(held.members["subject"], held.members["network"], strict=True))
    now = {subject: network for subject, network, _ in found.rows()}
    moved = sum(now[subject] != network for subject, network in before.items())
    gone = len(set(before.values()) - set(now.values()))
    fresh = len({now[subject] for subject in before} - set(before.values()))
    said = [
        (
            f"refit: {moved:,} of {len(before):,} known subjects are of another network, "
            f"{gone:,} networks went and {fresh:,} came"
        )
    ]
    earlier = held.weights_for(found.table.kinds)
    for place, kind in enumerate(found.table.kinds):
        old, new = float(earlier.false[place]), float(found.part.weights.false[place])
        if abs(old - new) >= 0.005:
            said.append(f"refit: false links of {kind}: {old:.1%} before, {new:.1%} now")
    return said
