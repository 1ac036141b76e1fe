"""Whether two stretches of pictures change alike, however one lies on the other.

At one lag, the change of every cell of the probe is multiplied with that of every cell of the
reference; a few thousand placements (mirror, zoom, stretch, shift) then only read from that
matrix. Under the placement that settles best, the probe's small pictures are read once more, cut
to the reference's cells: there the same pictures reach 0.5 (in a corner, before others that move)
to 0.99, and chance 0.1.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.video import COLUMNS, HOLE_S, ROWS, Cells, Floats, Times, lasting

STEP_S = 0.08
"""Change is measured over twice this: slow motion stands out from a codec's rounding, and a cut is
still one place."""
_LEAST_CHANGE = 0.05
"""Luma levels, root mean square, that count as nothing: a codec's rounding."""
_LEAST_EVENED = 0.01
"""The same of cells brought to one strength."""
_CLIP = 6.0
_LUMA = (36, 64)
"""Rows and columns of a probe's small pictures, of which its cells are means."""
_COVERED = 0.8
"""Of a reference's cell, that the probe must show for it to count."""
_WHOLE = 1e-6
"""Of a pixel, by which rounding may cut it."""
_LEAST_SHARE = 0.1
"""Of all motion, that a placement's region is held to have at least. At 0.25 a picture in picture
before a moving background lost a tenth of its correlation; at 0 slivers match by chance."""
_ZOOMS = (0.7, 0.78, 0.86, 0.93, 1.0, 1.08, 1.18, 1.3, 1.43, 1.65, 1.85)
"""Reference widths per probe width: from a crop to 70 % to a picture of half the width."""
_STRETCHES = (0.75, 0.87, 1.0, 1.15, 1.33)
"""Of height against width: letterbox, pillarbox, 4:3."""
_STEPS = np.array([0.04, 0.02, 0.01, 0.005])
"""Of scale and shift, by which a placement settles between those of the grid."""
_LEAST_CELLS = 40
"""Of 192; fewer say too little by themselves."""
_BLOCK_S = 2.0
_AGREES = 0.35
"""Share of the whole's correlation by which a block agrees."""


class Placement(NamedTuple):
    """How the probe's picture lies on the reference's: ``place = scale * place in probe + shift``.

    Both measured from the middle, in shares of the picture; a negative scale across is a mirror.
    """

    across: float
    sideways: float
    down: float
    upwards: float


UPRIGHT = Placement(1.0, 0.0, 1.0, 0.0)
"""A picture on itself."""


def changes(
    cells: Cells | NDArray[np.uint8], times: Times, at: Times
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return how each cell changes around instants, and where that is known.

    Parameters
    ----------
    cells : ndarray, shape (pictures, cells), float16 or uint8
        Cell means, or the small pictures' own values.
    times : ndarray, shape (pictures,), float64
        Seconds, rising.
    at : ndarray, shape (instants,), float64
        On the same axis, rising.

    Returns
    -------
    change : ndarray, shape (instants, cells), float32
        Luma levels over 160 ms, zero where unknown.
    valid : ndarray, shape (instants,), bool
    """
    near = around(times, at)
    times, levels = times[near], cells[near].astype(np.float32)
    if len(times) < 2:
        return np.zeros((len(at), cells.shape[1]), np.float32), np.zeros(len(at), np.bool_)
    shown_times, number = lasting(times)
    if len(number) > len(times):
        times, levels = shown_times, levels[number]
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    change: Floats
    valid: NDArray[np.bool_]
    # A picture's slot past either end still shows the last one.
    change, valid = _video_kernels.changed(levels, times, at, STEP_S, HOLE_S)
    return change, valid


def around(times: Times, at: Times) -> slice:
    """Return which pictures say how cells change at instants, both rising on one axis."""
    low = max(0, int(np.searchsorted(times, at[0] - STEP_S)) - 1)
    return slice(low, int(np.searchsorted(times, at[-1] + STEP_S)) + 2)


def evened(change: Floats) -> Floats:
    """Return changes without what all cells share; cells and moving instants count nearly alike.

    A flash or a fade is no motion, a cut no more than any other instant, and what moves around a
    picture in a picture not much more than it.
    """
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    even: Floats = np.array(change, np.float32, order="C")
    if even.size:
        _video_kernels.even(even, _LEAST_CHANGE, _LEAST_EVENED, _CLIP)
    return even


def placed(probe_change: Floats, reference_change: Floats) -> tuple[float, Placement]:
    """Return (correlation, placement) of two evened stretches of changes, each (instants, 192).

    The best of a coarse grid of placements.
    """
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    shared, energy = _products(probe_change, reference_change), _energy(probe_change)
    columns, rows, pairs, grid = placements()
    best, number = _video_kernels.best_placement(
        shared, energy, _energy(reference_change), columns, rows, pairs, _LEAST_SHARE
    )
    return float(best), Placement(*grid[number])


def settled(
    probe_change: Floats, reference_change: Floats, where: Placement
) -> tuple[float, Placement]:
    """Return (correlation, placement) near a placement of the grid, between its steps."""
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    at = np.array(where, np.float64)
    shared, reference_products = (
        _products(probe_change, reference_change),
        _products(reference_change, reference_change),
    )
    best = _video_kernels.settle(
        shared, reference_products, _energy(probe_change), at, _STEPS, _LEAST_SHARE
    )
    return float(best), Placement(*at.tolist())


def alike(probe_change: Floats, reference_change: Floats, where: Placement) -> float:
    """Return the correlation under one placement."""
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    at = np.array(where, np.float64)
    grid = (-1, ROWS, COLUMNS)
    return float(
        _video_kernels.under(
            probe_change.reshape(grid), reference_change.reshape(grid), at, _LEAST_SHARE
        )
    )


def compared(fine: Floats, reference_change: Floats, where: Placement) -> tuple[Floats, Floats]:
    """Return evened changes of the cells that both show: the probe's, the reference's.

    A picture in a picture is compared without what moves around it.

    Parameters
    ----------
    fine : ndarray, shape (instants, 2304)
        Changes of the probe's small pictures, not evened.
    reference_change : ndarray, shape (instants, 192)
        Changes of the reference's cells, not evened.
    """
    rows, on_rows = _reading(where.down, where.upwards, ROWS, _LUMA[0])
    columns, on_columns = _reading(where.across, where.sideways, COLUMNS, _LUMA[1])
    common = np.outer(on_rows, on_columns).ravel()
    if common.sum() < _LEAST_CELLS:
        nothing = np.zeros((len(fine), 0), np.float32)
        return nothing, nothing
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    return evened(_video_kernels.read(fine, rows, columns, _LUMA[1])), evened(
        reference_change[:, common]
    )


def correlation(probe_change: Floats, reference_change: Floats) -> float:
    """Return the correlation of what :func:`compared` gave; -1: they share too little."""
    if not probe_change.size:
        return -1.0
    return float(
        (probe_change * reference_change).sum()
        / np.sqrt((probe_change**2).sum() * (reference_change**2).sum() + 1e-9)
    )


def spread(probe_change: Floats, reference_change: Floats) -> float:
    """Return the standard deviation of chance correlations of such changes (Fisher's z).

    Of two unrelated stretches that move like these: the fewer cells move and the longer they move
    alike, the further chance reaches.
    """
    probe_energy, reference_energy = (
        float((probe_change**2).sum()),
        float((reference_change**2).sum()),
    )
    if probe_energy <= 0 or reference_energy <= 0:
        return 1.0
    # Bartlett, JRSS 98, 1935: the correlation of two autocorrelated series varies as the sum of the
    # products of their autocorrelations over their length; the same over cells, by the traces.
    apart = float(
        ((probe_change.T @ probe_change) * (reference_change.T @ reference_change)).sum()
    ) / (probe_energy * reference_energy)
    lasting = float((_lasting(probe_change) * _lasting(reference_change)).sum())
    return float(np.sqrt(max(apart * max(lasting, 1.0) / len(probe_change), 1e-6)))


def _lasting(change: Floats) -> Floats:
    """Return the autocorrelation of changes at lags up to a third of their length, both ways."""
    from cautery.fingerprint import _video_kernels  # noqa: PLC0415 - numba loads late

    sums = _video_kernels.alike_later(change, max(1, len(change) // 3))
    later = (sums[1:] / sums[0]).astype(np.float32)
    return np.concatenate((np.ones(1, np.float32), later, later))


def agreement(
    probe_change: Floats, reference_change: Floats, known: NDArray[np.bool_], *, rate_hz: float
) -> list[bool | None]:
    """Return for each 2 s of :func:`compared` changes if they agree; ``None``: nothing moves."""
    dot, probe_energy, reference_energy = (
        (probe_change * reference_change).sum(axis=1),
        (probe_change**2).sum(axis=1),
        (reference_change**2).sum(axis=1),
    )
    norm = np.sqrt(probe_energy * reference_energy)
    whole = float(dot.sum() / max(np.sqrt(probe_energy.sum() * reference_energy.sum()), 1e-6))
    size = round(_BLOCK_S * rate_hz)
    moving = 0.2 * float(np.median(norm))
    blocks: list[bool | None] = []
    for start in range(0, len(dot) - size // 2, size):
        block = slice(start, start + size)
        if not known[block].any() or float(norm[block].mean()) <= moving:
            blocks.append(None)
        else:
            blocks.append(bool(dot[block].sum() > _AGREES * whole * norm[block].sum()))
    return blocks


@cache
def placements() -> tuple[
    NDArray[np.int16], NDArray[np.int16], NDArray[np.int16], tuple[Placement, ...]
]:
    """Return (columns, rows, pairs, meant), the first three int16.

    ``columns[c]`` names the reference's column under each of the probe's 16, or -1, mirrored or
    not; ``rows[k]`` its row under each of 12; placement ``meant[n]`` is ``columns[c], rows[k]``
    with ``c, k = pairs[n]``.
    """
    y = (np.arange(ROWS) + 0.5) / ROWS - 0.5
    x = (np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5
    columns: dict[tuple[int, ...], int] = {}
    rows: dict[tuple[int, ...], int] = {}
    pairs: dict[tuple[int, int], Placement] = {}
    for across in _ZOOMS:
        for stretch in _STRETCHES:
            down = across * stretch
            if not 0.65 <= down <= 1.9:
                continue
            for sideways in _shifts(across, COLUMNS):
                for way in (1, -1):
                    cells = _cells(way * (x * across + sideways), COLUMNS)
                    c = columns.setdefault(tuple(cells.tolist()), len(columns))
                    for shift in _shifts(down, ROWS):
                        row = tuple(_cells(y * down + shift, ROWS).tolist())
                        where = Placement(way * across, way * float(sideways), down, float(shift))
                        pairs.setdefault((c, rows.setdefault(row, len(rows))), where)
    order = sorted(pairs)
    return (
        np.array(list(columns), np.int16), np.array(list(rows), np.int16),
        np.array(order, np.int16), tuple(pairs[pair] for pair in order),
    )  # fmt: skip


def _products(probe: Floats, reference: Floats) -> Floats:
    products: Floats = (probe.T @ reference).reshape(ROWS, COLUMNS, ROWS, COLUMNS)
    return products


def _energy(change: Floats) -> Floats:
    energy: Floats = (change * change).sum(axis=0).reshape(ROWS, COLUMNS)
    return energy


def _reading(
    scale: float, shift: float, count: int, pixels: int
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return what each reference cell takes of the probe's pixels, and which the probe shows.

    The rows of the weights are the shown cells alone. A pixel that the reference's edge cuts shows
    what lies around it, too, and is left out.
    """
    edges = ((np.linspace(-0.5, 0.5, count + 1) - shift) / scale + 0.5) * pixels
    low, high = np.minimum(edges[1:], edges[:-1]), np.maximum(edges[1:], edges[:-1])
    pixel = np.arange(pixels)
    part = np.minimum(high[:, None], pixel + 1) - np.maximum(low[:, None], pixel)
    part = np.clip(part, 0, None)
    part[:, (pixel < edges.min() - _WHOLE) | (pixel + 1 > edges.max() + _WHOLE)] = 0
    whole = part.sum(axis=1)
    covered = whole >= _COVERED * (high - low)
    return (part[covered] / whole[covered, None]).astype(np.float32), covered


def _shifts(scale: float, count: int) -> NDArray[np.float64]:
    """Shifts that a scale leaves room for, a cell apart."""
    room = max(abs(1 - scale) / 2, 0.06)
    steps = max(1, int(np.ceil(room * count)))
    return np.linspace(-room, room, 2 * steps + 1)


def _cells(place: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    cell = np.floor((place + 0.5) * count).astype(np.int64)
    return np.where((cell >= 0) & (cell < count), cell, -1)
