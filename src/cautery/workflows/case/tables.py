"""Large tables of a case, as Parquet."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cautery.errors import EvidenceError, InputError
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE
from cautery.model.whole_text import whole_text
from cautery.parquet import read_parquet

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


def frame_in(
    data: bytes, columns: Callable[[Sequence[str]], Sequence[str]] = lambda stored: stored
) -> pl.DataFrame:
    """Return columns of a table that was sealed, all of them by default.

    Raises
    ------
    EvidenceError
        If it is no such table, or unpacks to far more than its size: a record without a signature
        may name any bytes.
    """
    try:
        return read_parquet(data, "a sealed table", columns)
    except InputError as error:
        raise EvidenceError(str(error)) from error


def text_in(data: bytes, *names: str, optional: str = "") -> pl.DataFrame:
    """Return columns of text of a table that was sealed, the ``optional`` one if it is there.

    Raises
    ------
    EvidenceError
        As :func:`frame_in` does, or if one holds anything but text.
    """
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU, only where a list is read

    frame = frame_in(data, lambda stored: [*names, *({optional} & set(stored) - set(names))])
    if set(frame.dtypes) != {pl.String}:
        raise EvidenceError(f"a sealed table does not hold text alone: {frame.dtypes}"[:200])
    return frame


def rows_of(data: bytes, *names: str) -> list[tuple[str | None, ...]]:
    """Return columns of text of a table that was sealed, row by row.

    Raises
    ------
    EvidenceError
        As :func:`text_in` does.
    """
    return text_in(data, *names).rows()


def sound_in(table: pl.DataFrame) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Return the landmarks of a sound and where they lie.

    Raises
    ------
    EvidenceError
        If the table does not hold them.
    """
    words, frames = _whole_numbers(table, "word", "frame")
    return words, frames


def logo_in(table: pl.DataFrame) -> Logo:
    """Return the mark of such a table.

    Raises
    ------
    EvidenceError
        If the table does not hold one.
    """
    layers = _whole_numbers(table, "mark", "light", "known")
    try:
        mark, light, is_known = (layer.reshape(LUMA_SHAPE) for layer in layers)
    except ValueError as error:
        raise EvidenceError("a sealed table does not hold a mark") from error
    if light.min() < 0 or light.max() > 255:
        raise EvidenceError("a sealed mark has light of 0 to 255")
    return Logo(
        mark=mark.astype(np.bool_), light=light.astype(np.uint8), known=is_known.astype(np.bool_)
    )


def _whole_numbers(table: pl.DataFrame, *names: str) -> list[NDArray[Any]]:
    if not all(
        name in table.columns and table[name].dtype.is_integer() and not table[name].null_count()
        for name in names
    ):
        raise EvidenceError(f"a sealed table does not hold the numbers {', '.join(names)}")
    return [table[name].to_numpy() for name in names]
