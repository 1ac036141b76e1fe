"""What was measured of an act's effect: in a case, or in what a command wrote about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, Estimate
from cautery.model.message import as_written
from cautery.model.ports import Ledger
from cautery.model.records import ServedShare, kinds_of
from cautery.model.records.action_day import ServedBasis
from cautery.packed import small_file
from cautery.projections.without_decoys import outward

MOST_BYTES = 20_000_000
MOST_ESTIMATES = 200
_EFFECTS = ("quantity.dark", "quantity.dark-through")
_LONGEST = 200
_DEEPEST = 12


def measured_in_file(path: Path) -> list[tuple[str, Estimate]]:
    """Return the estimates that a file of JSON holds, each with the file's name.

    Raises
    ------
    InputError
        If it is no JSON, or holds no estimate.
    """
    raw = small_file(path, most=MOST_BYTES, of="an estimate")
    try:
        value = parsed_json(raw)
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON") from error
    estimates = [
        estimate
        for place, table in _objects(value, "", 0)
        if (estimate := _estimate(table, place)) is not None
    ]
    if not estimates:
        raise InputError(
            f"{path}: no estimate with low, mid, high and unit in it",
            hint="Write it by: cautery estimate effect ... --json > effect.json",
        )
    return [(path.name, estimate) for estimate in estimates[:MOST_ESTIMATES]]


def measured_in_case(ledger: Ledger) -> list[tuple[str, Estimate]]:
    """Return what a case measured of its acts: streams dark, demand served after a day."""
    ledger = outward(ledger, what="what a case measured")
    effects: dict[str, tuple[str, Estimate]] = {}
    served: list[ServedShare] = []
    for entry in ledger.read(kinds=kinds_of(Estimate, ServedShare)):
        match entry.content:
            case Estimate() as estimate if estimate.quantity.id in _EFFECTS:
                effects[str(estimate.quantity)] = (f"record {entry.index}", estimate)
            case ServedShare(by=ServedBasis.PROBE) as share:
                served.append(share)
    estimates = list(effects.values())
    if served:
        lowest = min(served, key=lambda share: share.share)
        last = max(served, key=lambda share: share.at)
        estimates += [
            (
                f"{len(served)} probes",
                Estimate(
                    quantity=as_written(f"share of demand served, {name} {share.at:%Y-%m-%d}"),
                    unit="share",
                    low=share.share if share.low is None else share.low,
                    mid=share.share,
                    high=share.share if share.high is None else share.high,
                    method=as_written(
                        "as the record states it, without an interval"
                        if share.low is None
                        else f"{share.probes} probes, 95 % interval"
                    ),
                ),
            )
            for name, share in (("lowest, on", lowest), ("last, on", last))
        ]
    return estimates


def _objects(value: Any, place: str, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            yield from _objects(inner, name, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, place, depth + 1)


def _estimate(table: dict[str, Any], place: str) -> Estimate | None:
    unit = table.get("unit")
    ends: list[int | float] = [
        end
        for name in ("low", "mid", "high")
        if isinstance(end := table.get(name), int | float) and not isinstance(end, bool)
    ]
    if not isinstance(unit, str) or len(ends) != 3:
        return None
    texts = [table.get(name) for name in ("quantity", "method")]
    quantity, method = (text if isinstance(text, str) else "" for text in texts)
    try:
        return Estimate(
            quantity=as_written((quantity or place)[:_LONGEST]),
            unit=unit[:40],
            low=float(ends[0]),
            mid=float(ends[1]),
            high=float(ends[2]),
            method=as_written(method[:_LONGEST]),
        )
    except (*MISSHAPEN, InputError, OverflowError):
        return None
