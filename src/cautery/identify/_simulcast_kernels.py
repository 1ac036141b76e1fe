"""The loop over blocks of code words, compiled and cached. Its plain twin is in the tests.

Shapes are checked by the caller.
"""

from __future__ import annotations

from numba import njit

from cautery.fingerprint._code_kernels import ones


@njit(cache=True, nogil=True)
def _reach(a, b, half, step, block, same, hole):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return how many blocks agree from the start on, and whether more would if it were held.

    The words run from the arrays' first on, or where ``step`` is -1 from their last on backwards.
    """
    words = len(b) - half
    at = 0 if step > 0 else words - 1
    reach = misses = 0
    differs_since = False
    count = words // block
    for number in range(count):
        wrong = told = known = 0
        for _ in range(block):
            ours, theirs = a[at], b[at]
            if half:
                # A word half-way between two is close to what both say.
                said = ~(ours ^ a[at + 1])
                if ours != 0 and a[at + 1] != 0 and theirs != 0:
                    wrong += ones((ours ^ theirs) & said)
                    bits = ones(said)
                    told += bits
                    known += bits > 0
            elif ours != 0 and theirs != 0:
                wrong += ones(ours ^ theirs)
                told += 32
                known += 1
            at += step
        if known >= block // 3:
            if wrong < same * max(told, 1):
                reach, misses, differs_since = number + 1, 0, False
                continue
            misses += 1
            differs_since = True
            if misses > hole:
                return reach, False
        else:
            misses = 0
    # Held no further: nothing is known after the last block that agrees.
    return reach, not differs_since and reach < count


@njit(cache=True, nogil=True)
def along(a, b, slip, block, same, hole):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return (blocks, whole) of the slip, by words or half ones, at which two run along longest."""
    best, best_whole, found = 0, False, False
    for half in range(2):
        for by in range(-slip, slip + 1 - half):
            size = len(a) - abs(by)
            ours = a[max(0, by) : max(0, by) + size]
            theirs = b[max(0, -by) : max(0, -by) + size]
            middle = (size - half) // 2
            later, on = _reach(ours[middle:], theirs[middle:], half, 1, block, same, hole)
            before, back = _reach(
                ours[: middle + half], theirs[: middle + half], half, -1, block, same, hole
            )
            blocks = later + before
            if blocks > best or not found:
                best, best_whole, found = blocks, on and back and blocks > 0, True
    return best, best_whole
