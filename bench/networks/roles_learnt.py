"""The tables of ``graph/roles.py`` learnt from worlds whose truth is told: what the data hold.

The same model with these is the yardstick for what judged tables leave on the table; no tables can
be learnt so from real networks, whose roles nobody tells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

from roles_worlds import World

from cautery.graph import roles as model
from cautery.model import Role

_LEAST = 1e-4


@contextmanager
def learnt(worlds: Sequence[World]) -> Iterator[None]:
    """Put tables learnt from ``worlds`` in the place of the judged ones, for a while.

    An asset that does several tasks counts for each in part.
    """
    count: Counter[Role] = Counter()
    shown: defaultdict[str, Counter[Role]] = defaultdict(Counter)
    tied: defaultdict[str, Counter[tuple[Role, Role]]] = defaultdict(Counter)
    for world in worlds:
        parts = {
            name: [(role, 1 / len(does)) for role in does] for name, does in world.roles.items()
        }
        for name, does in parts.items():
            for role, part in does:
                count[role] += part
                for mark in world.marks[name]:
                    shown[mark][role] += part
        for one in world.relations:
            for here, part in parts[one.source]:
                for there, other in parts[one.target]:
                    tied[one.relation][here, there] += part * other
    with patch.multiple(
        model,
        MARKS={
            mark: {role: (shown[mark][role] + 0.3) / (count[role] + 1) for role in model.ROLES}
            for mark in model.MARKS
        },
        RELATIONS={
            name: _pairs(tied[name], count) if name in tied else known
            for name, known in model.RELATIONS.items()
        },
        _BEFORE={role: count[role] + 0.5 for role in model.ROLES},
        UNSEEN=1.0,
    ):
        yield


def _pairs(
    tied: Counter[tuple[Role, Role]], count: Counter[Role]
) -> dict[tuple[Role, Role], float]:
    """Return how much oftener each pair is tied than by chance, the likeliest as 1."""
    found = {
        (here, there): (tied[here, there] + 0.05) / ((count[here] + 1) * (count[there] + 1))
        for here in model.ROLES
        for there in model.ROLES
    }
    most = max(found.values())
    return {pair: max(_LEAST, value / most) for pair, value in found.items()}
