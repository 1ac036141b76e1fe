"""The loop over blocks of code words, compiled and cached. Its plain twin is in the tests.

Shapes are checked by the caller.
"""

from __future__ import annotations

from cautery.fingerprint._code_kernels import ones
from cautery.kernels import kernel


@kernel(nogil=True)
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
        wrong = compared = usable = 0
        for _ in range(block):
            word_a, word_b = a[at], b[at]
            if half:
                # A word half-way between two is close to what both say.
                mask = ~(word_a ^ a[at + 1])
                if word_a != 0 and a[at + 1] != 0 and word_b != 0:
                    wrong += ones((word_a ^ word_b) & mask)
                    bits = ones(mask)
                    compared += bits
                    usable += bits > 0
            elif word_a != 0 and word_b != 0:
                wrong += ones(word_a ^ word_b)
                compared += 32
                usable += 1
            at += step
        if usable >= block // 3:
            if wrong < same * max(compared, 1):
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


@kernel(nogil=True)
def along(a, b, slip, block, same, hole):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return (blocks, whole) of the slip, by words or half ones, at which two run along longest."""
    best, best_whole, has_best = 0, False, False
    for half in range(2):
        for by in range(-slip, slip + 1 - half):
            size = len(a) - abs(by)
            part_a = a[max(0, by) : max(0, by) + size]
            part_b = b[max(0, -by) : max(0, -by) + size]
            middle = (size - half) // 2
            later, on = _reach(part_a[middle:], part_b[middle:], half, 1, block, same, hole)
            before, back = _reach(
                part_a[: middle + half], part_b[: middle + half], half, -1, block, same, hole
            )
            blocks = later + before
            if blocks > best or not has_best:
                best, best_whole, has_best = blocks, on and back and blocks > 0, True
    return best, best_whole
