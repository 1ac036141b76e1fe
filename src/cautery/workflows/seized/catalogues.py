"""What seized panels list: their channels in the panel's own order, each with its guide id."""

from __future__ import annotations

from collections.abc import Iterator

from cautery.graph.catalogues import Listing
from cautery.workflows.seized.records import readings
from cautery.workflows.seized.tables import Derivative

_COLUMNS = ("stream", "title", "guide", "place")


def listings_of_seized(derivative: Derivative) -> Iterator[Listing]:
    """Yield one listing for each file that has a table of streams with titles."""
    import polars as pl  # noqa: PLC0415 - heavy

    parts_of: dict[str, list[pl.DataFrame]] = {}
    for dump, part in derivative.frames("stream", _COLUMNS):
        parts_of.setdefault(dump.id, []).append(part)
    material = readings(derivative.ledger)
    for name, parts in parts_of.items():
        entry, dump = material[name]
        rows = pl.concat(parts).drop_nulls("title")
        # A panel shows its channels by its own numbers, and those without one as they were added.
        rows = rows.sort("place", "stream", nulls_last=True, maintain_order=True)
        if rows.height:
            yield Listing(
                host=dump.panel,
                titles=tuple(rows["title"]),
                guides=tuple(rows["guide"]),
                first_seen=dump.at,
                last_seen=dump.at,
                records=(entry.index,),
                exhibit=next(table.exhibit for table in dump.tables if table.kind == "stream"),
            )
