"""Tainted money in a purse and in a transaction, under each convention.

Amounts are whole, in the smallest unit; what goes in comes out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

Method: TypeAlias = Literal["fifo", "haircut", "poison"]
METHODS: tuple[Method, ...] = ("fifo", "haircut", "poison")
Lot: TypeAlias = tuple[int, int]
"""An amount, and how much of it is tainted."""
Part: TypeAlias = tuple[int, int, str]
"""The same, with the address that it comes from."""


def first_out(lots: deque[Lot], amount: int) -> list[Lot]:
    """Take the oldest lots of a purse up to an amount; what is missing is clean."""
    removed: list[Lot] = []
    while amount and lots:
        lot, tainted = lots.popleft()
        part = min(lot, amount)
        removed.append((part, part if tainted else 0))
        amount -= part
        if lot > part:
            lots.appendleft((lot - part, lot - part if tainted else 0))
    return removed + ([(amount, 0)] if amount else [])


def dirtied(lots: list[Lot], more: int) -> list[Lot]:
    """Taint so much of the clean money in lots, the first of it, each lot tainted whole or not."""
    split: list[Lot] = []
    for amount, tainted in lots:
        part = min(more, amount - tainted)
        more -= part
        split += [(tainted, tainted), (part, part), (amount - tainted - part, 0)]
    return [lot for lot in split if lot[0]]


def lay(purse: deque[Lot], lot: Lot, *, apart: bool) -> None:
    """Lay a lot behind the others, joined to the last one where that loses nothing."""
    if not lot[0]:
        return
    if purse and (not apart or bool(purse[-1][1]) == bool(lot[1])):
        amount, tainted = purse.pop()
        lot = (amount + lot[0], tainted + lot[1])
    purse.append(lot)


def _by_queue(parts: Sequence[Part], ends: Sequence[int]) -> list[list[Part]]:
    """Divide by order: the first money in goes to the first output, the last is the fee."""
    queue, shares = deque(parts), list[list[Part]]()
    for need in ends:
        share: list[Part] = []
        while need and queue:
            amount, tainted, source = queue.popleft()
            portion = min(need, amount)
            share.append((portion, portion if tainted else 0, source))
            need -= portion  # noqa: PLW2901 - what is still owed to this output
            if amount > portion:
                queue.appendleft((amount - portion, amount - portion if tainted else 0, source))
        shares.append([*share, (need, 0, "")] if need else share)
    return shares


def _by_share(parts: Sequence[Part], ends: Sequence[int]) -> list[list[Part]]:
    """Divide in proportion, so that the parts add up: the largest remainders get the rest."""
    shares: list[list[Part]] = [[(end, 0, "")] for end in ends]
    whole = sum(ends)  # with the fee, all that was put in
    for source, tainted in by_source(parts).items():
        portions = [tainted * end // whole for end in ends]
        order = sorted(
            range(len(ends)), key=lambda index: (-(tainted * ends[index] % whole), index)
        )
        for index in order[: tainted - sum(portions)]:
            portions[index] += 1
        for share, portion in zip(shares, portions, strict=True):
            if portion:
                share[0] = (share[0][0] - portion, 0, "")
                share.append((portion, portion, source))
    return shares


def _whole_poison(parts: Sequence[Part], ends: Sequence[int]) -> list[list[Part]]:
    """Taint every output whole if any input is."""
    source = next((source for _, tainted, source in parts if tainted), None)
    if source is None:
        return [[(end, 0, "")] for end in ends]
    return [[(end, end, source)] for end in ends]


_DIVIDE: Mapping[Method, Callable[[Sequence[Part], Sequence[int]], list[list[Part]]]] = {
    "fifo": _by_queue,
    "haircut": _by_share,
    "poison": _whole_poison,
}


def divided(method: Method, parts: Sequence[Part], ends: Sequence[int]) -> list[list[Part]]:
    """Divide what was put in among a transaction's outputs, the fee last."""
    return _DIVIDE[method](parts, ends)


def by_source(parts: Iterable[Part]) -> dict[str, int]:
    """Return the tainted amount that each address put in."""
    sums: dict[str, int] = {}
    for _, tainted, source in parts:
        if tainted:
            sums[source] = sums.get(source, 0) + tainted
    return sums
