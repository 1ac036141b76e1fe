"""The loops over placements and over lags, compiled and cached.

Their plain twins are in tests. Shapes are checked by the callers.
"""

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel

_SUMS = {"reassoc", "contract"}
"""Sums may be taken in any order; what is no number stays none."""


@kernel(nogil=True, fastmath=_SUMS)
def changed(cells, times, at, apart, hole):  # type: ignore[no-untyped-def]
    """Return what cells show ``apart`` later less what they show earlier, and where it is known.

    ``times`` and ``at`` rise. Between two pictures cells go on evenly; nothing is known in a hole
    or beyond the ends by more than ``apart``, and is zero there.
    """
    unit = np.float32(1)
    instants, last = len(at), len(times) - 2
    out = np.zeros((instants, cells.shape[1]), np.float32)
    known = np.zeros(instants, np.bool_)
    a = b = 0
    for i in range(instants):
        later, earlier = at[i] + apart, at[i] - apart
        while a < last and times[a + 1] <= later:
            a += 1
        while b < last and times[b + 1] <= earlier:
            b += 1
        after, before = times[a + 1] - times[a], times[b + 1] - times[b]
        if max(after, before) > hole or min(after, before) <= 0:
            continue
        if earlier < times[0] - apart or later > times[last + 1] + apart:
            continue
        known[i] = True
        c = np.float32(min(max((later - times[a]) / after, 0.0), 1.0))
        d = np.float32(min(max((earlier - times[b]) / before, 0.0), 1.0))
        for cell in range(cells.shape[1]):
            shown = cells[a, cell] * (unit - c) + cells[a + 1, cell] * c
            out[i, cell] = shown - (cells[b, cell] * (unit - d) + cells[b + 1, cell] * d)
    return out, known


@kernel(nogil=True, fastmath=_SUMS)
def even(change, least, least_instant, multiple):  # type: ignore[no-untyped-def]
    """Bring cells, then instants to about one strength in place, less what all cells share.

    What still stands out is cut at a multiple of the root mean square.
    """
    instants, cells = change.shape
    size = np.zeros(cells)
    for i in range(instants):
        for cell in range(cells):
            size[cell] += change[i, cell] * change[i, cell]
    size = np.sqrt(size / instants)
    scale = (1 / (size + size.mean() + least)).astype(np.float32)
    strength = np.empty(instants, np.float32)
    for i in range(instants):
        total = 0.0
        for cell in range(cells):
            change[i, cell] *= scale[cell]
            total += change[i, cell]
        mean, square = np.float32(total / cells), 0.0
        for cell in range(cells):
            change[i, cell] -= mean
            square += change[i, cell] * change[i, cell]
        strength[i] = np.sqrt(square / cells)
    floor = np.float32(0.5 * np.median(strength) + least_instant)
    whole = 0.0
    for i in range(instants):
        divisor = strength[i] + floor
        for cell in range(cells):
            change[i, cell] /= divisor
            whole += change[i, cell] * change[i, cell]
    limit = np.float32(multiple * np.sqrt(whole / (instants * cells)))
    for i in range(instants):
        for cell in range(cells):
            change[i, cell] = min(max(change[i, cell], -limit), limit)


@kernel(nogil=True, fastmath=_SUMS)
def read(fine, rows, columns, wide):  # type: ignore[no-untyped-def]
    """Return means of small pictures: what each row, then each column takes of their pixels.

    ``fine`` has pictures of ``wide`` columns, row by row; ``rows`` and ``columns`` are weights,
    each zero but for a few neighbours.
    """
    count, high = rows.shape[0], rows.shape[1]
    first_row, last_row = _spans(rows)
    first, last = _spans(columns)
    out = np.zeros((len(fine), count * len(columns)), np.float32)
    line = np.empty(wide, np.float32)
    for i in range(len(fine)):
        for r in range(count):
            line[:] = 0
            for y in range(first_row[r], min(last_row[r], high)):
                weight = rows[r, y]
                for x in range(wide):
                    line[x] += weight * fine[i, y * wide + x]
            for c in range(len(columns)):
                total = np.float32(0)
                for x in range(first[c], last[c]):
                    total += columns[c, x] * line[x]
                out[i, r * len(columns) + c] = total
    return out


@kernel(nogil=True)
def _spans(weights):  # type: ignore[no-untyped-def]
    """Return where each row's weights begin and end."""
    first, last = np.zeros(len(weights), np.int64), np.zeros(len(weights), np.int64)
    for k in range(len(weights)):
        for x in range(weights.shape[1]):
            if weights[k, x] != 0:
                if last[k] == 0:
                    first[k] = x
                last[k] = x + 1
    return first, last


@kernel(nogil=True, fastmath=_SUMS)
def under(ours, theirs, where, least):  # type: ignore[no-untyped-def]
    """Return the correlation of two stretches of changes under one placement.

    The reference's cells, shape (instants, rows, columns) as the probe's, are read between their
    centres. What the placement leaves out counts as in :func:`best_placement`.
    """
    instants, high, wide = ours.shape
    row, column = np.empty(high, np.int64), np.empty(wide, np.int64)
    down, across = np.zeros(high), np.zeros(wide)
    _taps(where[2], where[3], high, row, down)
    _taps(where[0], where[1], wide, column, across)
    unit = np.float32(1)
    dot = a = b = whole = theirs_whole = 0.0
    for i in range(instants):
        for r in range(high):
            for x in range(wide):
                whole += ours[i, r, x] * ours[i, r, x]
                theirs_whole += theirs[i, r, x] * theirs[i, r, x]
            s, d = row[r], np.float32(down[r])
            if s < 0:
                continue
            for x in range(wide):
                y, e = column[x], np.float32(across[x])
                if y < 0:
                    continue
                upper = theirs[i, s, y] * (unit - e) + theirs[i, s, y + 1] * e
                lower = theirs[i, s + 1, y] * (unit - e) + theirs[i, s + 1, y + 1] * e
                value, mine = upper * (unit - d) + lower * d, ours[i, r, x]
                dot += mine * value
                a += mine * mine
                b += value * value
    probe_energy = a * (1 - least) + least * whole
    return dot / (probe_energy * max(b, least * theirs_whole) + 1e-9) ** 0.5


@kernel(nogil=True, fastmath=_SUMS)
def alike_later(change, longest):  # type: ignore[no-untyped-def]
    """Return the products of changes with themselves 0 to ``longest - 1`` instants later."""
    instants, cells = change.shape
    sums = np.zeros(longest)
    for k in range(longest):
        for i in range(instants - k):
            total = np.float32(0)
            for cell in range(cells):
                total += change[i + k, cell] * change[i, cell]
            sums[k] += total
    return sums


@kernel(nogil=True, fastmath=True)
def best_placement(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    shared, probe_energy, reference_energy, columns, rows, pairs, least
):
    """Return (correlation, number) of the placement under which two pictures change most alike.

    ``shared[r, x, s, y]`` is the product of probe cell (r, x) and reference cell (s, y) over time,
    ``probe_energy`` and ``reference_energy`` their energies; ``columns[c, x]`` and ``rows[k, r]``
    name the column and row of the reference under the probe's, -1: none; ``pairs[n]`` is (c, k),
    sorted by c.
    """
    high, wide = probe_energy.shape
    least_probe, least_reference = least * probe_energy.sum(), least * reference_energy.sum()
    reference_high = reference_energy.shape[0]
    # The products of two columns follow on one another, since these are what is summed.
    of_columns = np.empty((wide, reference_energy.shape[1], high * reference_high), np.float32)
    for r in range(high):
        for x in range(wide):
            for s in range(reference_high):
                for y in range(reference_energy.shape[1]):
                    of_columns[x, y, r * reference_high + s] = shared[r, x, s, y]
    dots = np.empty(high * reference_high, np.float32)
    probe_rows, reference_rows = np.empty(high), np.empty(reference_high)
    best, number, current = -1.0, 0, -1
    for n in range(pairs.shape[0]):
        c, k = pairs[n, 0], pairs[n, 1]
        if c != current:  # what all row placements under these columns share
            current = c
            dots[:] = 0.0
            probe_rows[:] = 0.0
            reference_rows[:] = 0.0
            for x in range(wide):
                y = columns[c, x]
                if y < 0:
                    continue
                for s in range(reference_high):
                    reference_rows[s] += reference_energy[s, y]
                for r in range(high):
                    probe_rows[r] += probe_energy[r, x]
                pair = of_columns[x, y]
                for entry in range(len(dots)):
                    dots[entry] += pair[entry]
        dot = a = b = 0.0
        for r in range(high):
            s = rows[k, r]
            if s >= 0:
                dot += dots[r * reference_high + s]
                a += probe_rows[r]
                b += reference_rows[s]
        # A placement that leaves nearly all motion out proves nothing by what is left.
        score = dot / ((least_probe + (1 - least) * a) * max(b, least_reference) + 1e-9) ** 0.5
        if score > best:
            best, number = score, n
    return best, number


@kernel(nogil=True)
def _taps(scale, shift, count, first, part):  # type: ignore[no-untyped-def]
    """Fill the reference's cell left of each of the probe's (-1: none), and the share beyond it."""
    for i in range(len(first)):
        at = (((i + 0.5) / len(first) - 0.5) * scale + shift + 0.5) * count - 0.5
        if at < -0.5 or at > count - 0.5:
            first[i] = -1
            continue
        low = min(max(int(np.floor(at)), 0), count - 2)
        first[i] = low
        part[i] = min(max(at - low, 0.0), 1.0)


@kernel(nogil=True, fastmath=True)
def _under(shared, reference_products, probe_energy, where, least):  # type: ignore[no-untyped-def]
    """Return the correlation under one placement, the reference read between its cells."""
    high, wide = probe_energy.shape
    row, column = np.empty(high, np.int64), np.empty(wide, np.int64)
    down, across = np.zeros(high), np.zeros(wide)
    _taps(where[2], where[3], high, row, down)
    _taps(where[0], where[1], wide, column, across)
    dot = a = b = 0.0
    for r in range(high):
        s = row[r]
        if s < 0:
            continue
        d = down[r]
        for x in range(wide):
            y = column[x]
            if y < 0:
                continue
            e = across[x]
            k00, k01, k10, k11 = (1 - d) * (1 - e), (1 - d) * e, d * (1 - e), d * e
            products = shared[r, x]
            dot += k00 * products[s, y] + k01 * products[s, y + 1]
            dot += k10 * products[s + 1, y] + k11 * products[s + 1, y + 1]
            a += probe_energy[r, x]
            # The energy of a weighted sum of four cells, from their products with each other.
            g, h = reference_products[s, y], reference_products[s, y + 1]
            i, j = reference_products[s + 1, y], reference_products[s + 1, y + 1]
            b += k00 * k00 * g[s, y] + k01 * k01 * h[s, y + 1]
            b += k10 * k10 * i[s + 1, y] + k11 * k11 * j[s + 1, y + 1]
            b += 2 * (k00 * k01 * g[s, y + 1] + k00 * k10 * g[s + 1, y])
            b += 2 * (k00 * k11 * g[s + 1, y + 1] + k01 * k10 * h[s + 1, y])
            b += 2 * (k01 * k11 * h[s + 1, y + 1] + k10 * k11 * i[s + 1, y + 1])
    probe_total = reference_total = 0.0
    for r in range(high):
        for x in range(wide):
            probe_total += probe_energy[r, x]
            reference_total += reference_products[r, x, r, x]
    return (
        dot
        / ((least * probe_total + (1 - least) * a) * max(b, least * reference_total) + 1e-9) ** 0.5
    )


@kernel(nogil=True)
def settle(shared, reference_products, probe_energy, where, steps, least):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Move ``where`` (scale and shift across, then down) uphill in place; return the correlation.

    One number at a time, by ever smaller ``steps``. ``reference_products`` is the product of the
    reference's cells with each other over time, the others as in :func:`best_placement`.
    """
    best = _under(shared, reference_products, probe_energy, where, least)
    for step in steps:
        for _ in range(4):
            before = best
            for k in range(4):
                start = where[k]
                for way in (-1, 1):
                    where[k] = start + way * step
                    score = _under(shared, reference_products, probe_energy, where, least)
                    if score > best:
                        best = score
                        break
                    where[k] = start
            if best < before + 1e-3:
                break
    return best


@kernel(nogil=True, fastmath=_SUMS)
def products(patterns, spectra, out):  # type: ignore[no-untyped-def]
    """Fill ``out[view, block]`` with the products of transforms, summed over rows.

    ``patterns`` has shape (views, rows, frequencies), ``spectra`` (blocks, rows, frequencies).
    """
    views, rows, frequencies = patterns.shape
    for block in range(len(spectra)):
        for view in range(views):
            for f in range(frequencies):
                out[view, block, f] = patterns[view, 0, f] * spectra[block, 0, f]
            for row in range(1, rows):
                for f in range(frequencies):
                    out[view, block, f] += patterns[view, row, f] * spectra[block, row, f]


@kernel(nogil=True, fastmath=True)
def tops(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    sums, hop, where, energy, energy_at, covered, count, strength, place, found
):
    """Do as :func:`strongest` for each of several references, whose products lie in blocks.

    ``where`` has each one's first place, its number of places, and where its first product lies:
    ``sums[n // hop, n % hop]`` is the ``n``-th. ``energy_at`` are the borders of their energies.
    """
    line = np.empty(max(1, where[:, 1].max()), np.float32)
    for k in range(len(where)):
        places = where[k, 1]
        if places < 1:
            continue
        block, within = where[k, 2] // hop, where[k, 2] % hop
        for i in range(places):
            line[i] = sums[block, within]
            within += 1
            if within == hop:
                block, within = block + 1, 0
        found[k] = strongest(
            line[:places], where[k, 0], energy[energy_at[k] : energy_at[k + 1]], covered, count,
            strength[k], place[k],
        )  # fmt: skip


@kernel(nogil=True, fastmath=True)
def strongest(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    dot, first, energy, covered, count, strength, place
):
    """Fill ``strength`` and ``place`` with the strongest local maxima; return how many.

    ``dot[i]`` belongs to place ``first + i``: the reference's instant under the probe's first.
    ``energy`` and ``covered`` are running energies of reference and probe, ``count`` the probe's
    instants.
    """
    length, room, tops = len(energy) - 1, len(strength), 0
    least = 0.02 * covered[count] + 1e-6
    for i in range(1, len(dot) - 1):
        # Energies change slowly: where the product has no top, their quotient has none worth while.
        if not (dot[i] > 0 and dot[i] >= dot[i - 1] and dot[i] > dot[i + 1]):
            continue
        p = first + i
        reference_energy = energy[min(max(p + count, 0), length)] - energy[min(max(p, 0), length)]
        probe_energy = covered[min(max(length - p, 0), count)] - covered[min(max(-p, 0), count)]
        correlation = dot[i] / np.sqrt(max(reference_energy, least) * max(probe_energy, least))
        if tops < room or correlation > strength[room - 1]:
            at = min(tops, room - 1)
            while at > 0 and strength[at - 1] < correlation:
                strength[at], place[at] = strength[at - 1], place[at - 1]
                at -= 1
            strength[at], place[at] = correlation, p
            tops = min(tops + 1, room)
    return tops
