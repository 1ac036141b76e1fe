"""Mark links to shared infrastructure by facts, such as addresses of fronts or parking services.

Whoever is behind a content network, or parks a name, bears addresses that strangers bear, too; and
whoever registers a name has the registrar's name servers. In a large file that is learnt from how
many do; in a small one only facts tell.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from cautery.drawing.formatting import counted
from cautery.graph.enrich import ADDRESS_KINDS, SERVER_KINDS
from cautery.graph.name_servers import is_providers
from cautery.model.ports import Facts
from cautery.workflows.networks.links import Reading

FRONTS = frozenset({"cdn", "waf", "service"})
"""Classes of ranges in which strangers have one address at one time; in a cloud's or a hoster's
it is one customer's at a time."""
ENOUGH_SUBJECTS = 500
"""Subjects from which on hubs are told by how many bear them."""
PARKED = frozenset({"parking", "sinkhole"})


def without_facts(reading: Reading) -> list[str]:
    """Return what to tell where only facts could tell a content network's address, if so."""
    frame = reading.frame
    if frame["subject"].n_unique() >= ENOUGH_SUBJECTS:
        return []
    addresses = frame.filter(pl.col("kind").is_in(list(ADDRESS_KINDS)))
    bearers = addresses.group_by("kind", "value").agg(pl.col("subject").n_unique())["subject"]
    shared = int((bearers > 1).sum())
    if not shared:
        return []
    addresses_shared = counted(shared, "address", "addresses")
    sentence = (
        f"several subjects share {addresses_shared}: with so few links, only facts (--facts DIR) "
        "can tell an address of a content network from a network's own address"
    )
    return [sentence]


def known_to(facts: Facts | None, reading: Reading) -> Reading:
    """Return links whose values are known as common ground, as links of a kind that ties nobody.

    A link to such an address becomes one of kind ``shared`` or ``parking``, so that its subject
    stays; how many there are is told.

    Parameters
    ----------
    facts : Facts or None
        A facts folder; without one only providers' name servers are known.
    """
    kinds = SERVER_KINDS if facts is None else ADDRESS_KINDS | SERVER_KINDS
    marks = (
        reading.frame.lazy()
        .select("kind", "value")
        .filter(pl.col("kind").is_in(list(kinds)))
        .unique()
        .sort("kind", "value")
        .collect()
    )
    grounds = [
        (kind, value, *common)
        for kind, value in marks.iter_rows()
        if (common := _common(facts, kind, value)) is not None
    ]
    if not grounds:
        return reading
    names = ("kind", "value", "common", "place")
    ground = pl.DataFrame(grounds, schema=dict.fromkeys(names, pl.String), orient="row")
    frame, count = _placed(reading.frame, ground)
    about = None if reading.about is None else _placed(reading.about, ground)[0]
    places = ", ".join(ground["place"].unique().sort().head(5))
    sentence = (
        f"{counted(count, 'link')} to values known to be shared ({places}): these links join nobody"
    )
    return replace(reading, frame=frame, about=about, warnings=[*reading.warnings, sentence])


def _common(facts: Facts | None, kind: str, value: str) -> tuple[str, str] | None:
    """Return the untying kind and the place that a value is known as, if it is."""
    if kind in SERVER_KINDS and is_providers(value):
        return "shared", "provider's name server"
    if facts is None:
        return None
    if kind in SERVER_KINDS:
        return ("parking", "name server") if facts.parks(value) else None
    shared = facts.shared(value)
    if shared is not None and shared.kind in FRONTS:
        return "shared", f"{shared.kind}:{shared.provider}"
    parked = sorted(PARKED & set(facts.kinds_of(value)))
    return ("parking", parked[0]) if parked else None


def _placed(frame: pl.DataFrame, ground: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    columns = frame.columns
    joined = frame.join(ground, on=["kind", "value"], how="left", maintain_order="left")
    count = joined.height - joined["common"].null_count()
    placed = joined.with_columns(
        pl.coalesce("common", "kind").alias("kind"), pl.coalesce("place", "value").alias("value")
    )
    return placed.select(columns), count
