"""Large tables of a case, as Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE
from cautery.model.whole_text import whole_text

if TYPE_CHECKING:
    import polars as pl

MEDIA_TYPE = "application/vnd.apache.parquet"


def parquet(
    columns: Mapping[str, Sequence[str | int | None]],
    *,
    ints: str = "",
    scrubbed: Callable[[str], str] = whole_text,
) -> bytes:
    """Return columns of text as a Parquet file; ``ints`` names one of whole numbers.

    Parameters
    ----------
    scrubbed : callable
        Returns a text as it may be kept: what a journal scrubs, where strangers wrote it.
    """
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU, only where a list is read

    kinds = {name: pl.Int64 if name == ints else pl.String for name in columns}
    whole = {
        name: [scrubbed(cell) if isinstance(cell, str) else cell for cell in column]
        for name, column in columns.items()
    }
    frame = pl.DataFrame(whole, schema=kinds)
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def numbers(columns: Mapping[str, Any]) -> bytes:
    """Return arrays of whole numbers as a Parquet file."""
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU, only where there are tables

    out = io.BytesIO()
    pl.DataFrame(dict(columns)).write_parquet(out)
    return out.getvalue()


def of_logo(logo: Logo) -> bytes:
    """Return a mark as a Parquet file: its cells row by row."""
    return numbers(
        {
            "mark": logo.mark.ravel().astype(np.uint8),
            "light": logo.light.ravel(),
            "known": logo.known.ravel().astype(np.uint8),
        }
    )


def logo_in(table: pl.DataFrame) -> Logo:
    """Return the mark of such a table."""
    mark, light, is_known = (
        table[name].to_numpy().reshape(LUMA_SHAPE) for name in ("mark", "light", "known")
    )
    return Logo(mark=mark.astype(np.bool_), light=light, known=is_known.astype(np.bool_))


def rows_of(data: bytes, *names: str) -> list[tuple[str | None, ...]]:
    """Return some columns of a Parquet file of our own, row by row."""
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU, only where a list is read

    return pl.read_parquet(io.BytesIO(data), columns=list(names)).rows()
