"""The files of a world's folder: JSON and JSON lines, Parquet, CSV; each stamped LAB."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cautery.lab.operations.panel_lines import COLUMNS, panel_tables
from cautery.lab.operations.sources import sizing_sources
from cautery.lab.operations.spec import OperationWorld
from cautery.messages import say
from cautery.model import to_json

FORMAT = "cautery-lab-operation/1"
STAMP = "LAB: invented, drawn from a seed. No real network, person, viewer, address or account."

_TABLES = (
    "panels",
    "recaptures",
    "payments",
    "purchases",
    "names",
    "surveys",
    "sharing",
    "visits",
    "prices",
)


def day_month(world: OperationWorld) -> date:
    """Return the month of the action day: what the seized disks speak of."""
    return world.moment.date().replace(day=1)


def write_supply(world: OperationWorld, folder: Path) -> None:
    """Write nodes, needs, the audience by month and country, and the catalogue."""
    assets = {asset.id: asset for asset in world.supply.assets}
    rows = [
        {
            "id": node.id,
            "kind": node.id.partition(":")[0],
            "value": node.id.partition(":")[2],
            "role": assets[node.id].role.value if node.id in assets else "demand",
            "country": world.place_of[node.id],
            "weight": node.weight,
            "cost": world.costs.get(node.id),
            "collateral": world.collateral.get(node.id, 0),
            "untouchable": world.untouchable.get(node.id),
            "operator": world.truth.operator.get(node.id),
            "traits": json.dumps(world.traits.get(node.id, {}), sort_keys=True),
        }
        for node in world.nodes
    ]
    needs = [
        {"node": node.id, "group": number, "k": k, "member": member}
        for node in world.nodes
        for number, (members, k) in enumerate(node.groups)
        for member in members
    ]
    _parquet(folder / "supply.parquet", rows)
    _parquet(folder / "needs.parquet", needs)
    _parquet(
        folder / "audience.parquet",
        [
            {
                "month": month.isoformat(),
                "country": country,
                "users": int(world.truth.users[m, c]),
                "payers": int(world.truth.payers[m, c]),
                "revenue_eur": float(world.truth.revenue_eur[m, c]),
            }
            for m, month in enumerate(world.months)
            for c, country in enumerate(world.countries)
        ],
    )
    _parquet(
        folder / "catalogue.parquet",
        [{"kind": "channel", "name": channel} for channel in world.channels]
        + [{"kind": "work", "name": work} for work in world.works],
    )


def write_rest(world: OperationWorld, folder: Path) -> None:
    """Write the readme, the truth, the operation, intelligence and transfers."""
    (folder / "README.txt").write_text(_README, encoding="utf-8")
    (folder / "truth.json").write_bytes(truth_of(world))
    (folder / "operation.json").write_bytes(
        as_json(
            {
                "lab": True,
                "stamp": STAMP,
                "agencies": world.agencies,
                "persons": world.persons,
                "searches": world.searches,
                "finds": world.finds,
                "step_failures": world.step_failures,
                "co_tenants": world.co_tenants,
                "purchases": world.purchases,
                "tags": world.tags,
                "interventions": world.interventions,
            }
        )
    )
    _json_lines(folder / "intelligence.jsonl", world.intelligence)
    _json_lines(folder / "transfers.jsonl", world.transfers)


def truth_of(world: OperationWorld) -> bytes:
    """Return what no source shows as JSON: the same world, the same bytes."""
    truth = world.truth
    return as_json(
        {
            "lab": True,
            "stamp": STAMP,
            "countries": world.countries,
            "months": world.months,
            "users": truth.users.tolist(),
            "payers": truth.payers.tolist(),
            "revenue_eur": truth.revenue_eur.tolist(),
            "claimed_users": truth.claimed_users,
            "claimed_revenue_eur_month": truth.claimed_revenue_eur_month,
            "operator": truth.operator,
            "owner": truth.owner,
            "biases": {
                "by_name": world.biases.by_name,
                "by_country": {k: v.tolist() for k, v in world.biases.by_country.items()},
                "panel_share": world.biases.panel_share.tolist(),
                "panel_traffic": world.biases.panel_traffic.tolist(),
                "channel_mix": world.biases.channel_mix,
                "channel_coverage": world.biases.channel_coverage,
                "channel_known": world.biases.channel_known,
            },
            "seized_panels": world.seized_panels,
            "timeline": world.timeline,
            "served_by_day": world.served_truth.tolist(),
            "descendants": world.descendants,
        }
    )


def write_sources(world: OperationWorld, folder: Path) -> None:
    """Write one CSV a kind with all months up to the day; what has no month stands once."""
    place = folder / "sources"
    place.mkdir()
    last = day_month(world)
    by_month = [sizing_sources(world, month) for month in world.months if month <= last]
    (place / "README.txt").write_text(
        f"{STAMP}\nWhat sources say, one CSV a kind, {by_month[0].month.isoformat()[:7]} to "
        f"{last.isoformat()[:7]}; columns are the fields of cautery.model.sizing, money as amount "
        "and currency.\nSize it: cautery estimate size sources --month 2024-07\n",
        encoding="utf-8",
    )
    for name in _TABLES:
        months = by_month[-1:] if name == "purchases" else by_month
        rows = [_flat(to_json(row)) for sources in months for row in getattr(sources, name)]
        _csv(place / f"{name}.csv", rows)
    rates = [{"currency": currency, "eur": rate} for currency, rate in sorted(world.rates.items())]
    _csv(place / "rates.csv", rows=rates)


def write_seized(world: OperationWorld, folder: Path, month: date) -> None:
    """Write the lines on the seized disks that could be read, a folder a panel."""
    import polars as pl  # noqa: PLC0415 - heavy, and only when a world is written

    counts = sizing_sources(world, month).panels
    (folder / "seized").mkdir()
    (folder / "seized" / "README.txt").write_text(
        f"{STAMP}\nOne folder a seized panel: users.csv, the lines as of "
        f"{counts[0].on.isoformat()}; all names and passwords are random. The panels' shares of "
        "the traffic are in ../sources/panels.csv.\n",
        encoding="utf-8",
    )
    for panel, columns in panel_tables(world, counts):
        place = folder / "seized" / panel
        place.mkdir()
        pl.DataFrame({name: columns[name] for name in COLUMNS}).write_csv(place / "users.csv")


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """Spread money over two columns, ``amount`` and ``currency``."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat["amount"] = value["amount"]
            flat["currency"] = value["currency"]
        else:
            flat[name] = value
    return flat


def _csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")


def _parquet(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    import polars as pl  # noqa: PLC0415 - heavy, and only when a world is written

    frame = pl.DataFrame(list(rows), infer_schema_length=None)
    frame.write_parquet(path, metadata={"lab": "true", "stamp": STAMP, "format": FORMAT})


def as_json(value: Any) -> bytes:
    """Return nouns and plain values as JSON for people and programs."""
    return (json.dumps(to_json(value, words=say), ensure_ascii=False, indent=1) + "\n").encode()


def _json_lines(path: Path, rows: Iterable[Any]) -> None:
    lines = [json.dumps(to_json(row), ensure_ascii=False, separators=(",", ":")) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


_README = f"""{STAMP}

world.json          header: which world (like, seed, scale), its sizes, its card, its files
truth.json          what no source shows: users, payers, revenue, biases, owners, regrowth
supply.parquet      nodes; needs.parquet: their requirement groups (k of the members must be up)
audience.parquet    users, payers and revenue by month and country: counts, never persons
catalogue.parquet   invented names of channels and works
operation.json      agencies, persons, searches, finds, purchases, tags, earlier interventions
intelligence.jsonl  what each agency learned, one statement a line
transfers.jsonl     coin and bank transfers, one a line
sources/            what sources say of each month up to the day, one CSV a kind
seized/             the lines on the disks of the panels whose disks could be read
"""
