"""References to a ``.ref`` file and back, and what a live folder holds by now."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.fingerprint.recipe import DEFAULT_RECIPE, Recipe
from cautery.identify.references.checked import MOST_TIME_S
from cautery.identify.references.container import Mapped, write_arrays
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.identify.references.packed import KINDS, attach, packed, packed_runs, unpacked_runs
from cautery.identify.references.rolling import Array

FORM = "references"
_BUILD_AGAIN = "Build the references again."
_MOST_NAME = 500
_MOST_NUMBER = 1 << 24
"""In a recipe."""


def save(references: References, path: Path) -> None:
    """Write a ``.ref`` file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    by_kind: dict[str, list[tuple[int, list[tuple[int, Array]]]]] = {kind: [] for kind in KINDS}
    spans = []
    for number, track in enumerate(references.tracks):
        with track.lock:
            spans.append([track.first_s, track.end_s])
            for kind, stored in by_kind.items():
                pieces = track.pieces(kind)
                if pieces:
                    stored.append((number, pieces))
    # Runs and pieces are never written again, so that media may come in while they are saved.
    with references.lock:
        head = head_of(references)
        references.live.compact()
        references.works.compact()
        stores = {"live": references.live.runs(), "works": references.works.runs()}
    rows, arrays = packed_runs(stores)
    for kind, stored in by_kind.items():
        arrays += packed(kind, stored)
    write_arrays(path, {"form": FORM, **head, "spans": spans, "runs": rows}, arrays)


def head_of(references: References) -> dict[str, Any]:
    """Return what a head says of references, but what they hold."""
    live = any(info.kind != "work" for info in references.infos)
    return {
        "recipe": asdict(references.recipe),
        "infos": [asdict(info) for info in references.infos],
        "window_s": references.window_s,
        "origin_s": references.origin_s(works=False) if live else None,
    }


def of_head(path: Path, head: dict[str, Any], recipe: Recipe | None) -> References:
    """Return references of which nothing is held yet.

    Raises
    ------
    InputError
        If they were made by another recipe than ``recipe``.
    """
    saved_recipe = _recipe(head["recipe"])
    if recipe is not None and saved_recipe != recipe:
        raise InputError(
            f"{path}: made by another recipe ({_differing(saved_recipe, recipe)})",
            hint=_BUILD_AGAIN,
        )
    infos = [ReferenceInfo(**info) for info in head["infos"]]
    if not all(_plausible(info) for info in infos):
        raise InputError(f"{path}: a reference in it is not valid")
    references = References(saved_recipe, infos, float(head["window_s"]))
    origin_s = head["origin_s"]
    references.set_origin(None if origin_s is None else time_of(origin_s))
    return references


def take(references: References, file: Mapped) -> None:
    """Add what a mapped file holds.

    Raises
    ------
    InputError
        If it makes no sense.
    """
    count = len(references.infos)
    for store, number, run in unpacked_runs(file.head["runs"], file.arrays, count):
        references.adopt_run(number, run, works=store == "works")
    attach(references.tracks, file.arrays)


def set_spans(references: References, spans: Any) -> None:
    """Say between which times sound is held.

    Raises
    ------
    ValueError
        If there are more or fewer than references.
    """
    for track, (first_s, end_s) in zip(references.tracks, spans, strict=True):
        if first_s is not None and end_s is not None:
            track.first_s, track.end_s = time_of(first_s), time_of(end_s)


@contextmanager
def making_sense(path: Path) -> Iterator[None]:
    """Turn what a head of nonsense leads to into an error that says so.

    Raises
    ------
    InputError
        Naming the path.
    """
    try:
        yield
    except InputError as error:
        message = str(error)
        if message.startswith(str(path)):
            raise
        raise InputError(f"{path}: {message}", hint=_BUILD_AGAIN) from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: its content is not valid", hint=_BUILD_AGAIN) from error


def _recipe(fields: dict[str, Any]) -> Recipe:
    """Return a recipe whose numbers are of the kinds that they should be: kernels trust them."""
    kinds = {name: type(value) for name, value in asdict(DEFAULT_RECIPE).items()}
    if {name: type(value) for name, value in fields.items()} != kinds:
        raise ValueError("not a recipe")
    if not all(0 < value < _MOST_NUMBER for value in fields.values()):
        raise ValueError("not a recipe")
    return Recipe(**fields)


def _differing(saved: Recipe, expected: Recipe) -> str:
    expected_values = asdict(expected)
    return ", ".join(
        f"{name} {value}, expected {expected_values[name]}"
        for name, value in asdict(saved).items()
        if value != expected_values[name]
    )


def _plausible(info: ReferenceInfo) -> bool:
    texts = (info.id, info.event, info.territory, info.licensee)
    return (
        isinstance(info.id, str)
        and all(
            text is None
            or (isinstance(text, str) and len(text) <= _MOST_NAME and text.isprintable())
            for text in texts
        )
        and info.kind in {"channel", "event", "work"}
        and isinstance(info.clean, bool)
    )


def time_of(value: Any) -> float:
    """Return a reference time out of a head.

    Raises
    ------
    ValueError
        If it is none.
    """
    time_s = float(value)
    if not math.isfinite(time_s) or abs(time_s) > 2 * MOST_TIME_S:
        raise ValueError("not a time")
    return time_s
