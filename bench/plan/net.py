"""Networks of the shared generator, as the planner reads them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from cautery.plan.graph import Groups, PlanGraph

SERVED = 0.05
"""Share of the demand that may stay served, in every row of the bench."""


def graph_of_net(net: Any, *, hidden: np.random.Generator | None = None) -> PlanGraph:
    """Return a generated network as the planner reads it; with ``hidden``, with unsure backups."""
    owner, need, start, member = net.gown, net.gk, net.gp, net.gm
    exists = np.ones(member.size)
    if hidden is not None:
        by_role = {role: np.flatnonzero(net.typ == role) for role in np.unique(net.typ)}
        doubled = np.isin(net.typ[owner], (2, 3, 4))  # edge, panel, super-reseller
        members, odds, sizes = [], [], []
        for g in range(owner.size):
            mine = list(member[start[g] : start[g + 1]])
            sure = [1.0] * len(mine)
            if doubled[g]:
                mine.append(int(hidden.choice(by_role[net.typ[mine[0]]])))
                sure.append(0.5)
            members += mine
            odds += sure
            sizes.append(len(mine))
        member, exists = np.array(members), np.array(odds)
        start = np.concatenate([[0], np.cumsum(sizes)])
    n = net.n
    return PlanGraph(
        ids=[str(one) for one in range(n)],
        nodes=n,
        roles=[None] * n,
        cost=np.where(net.cost >= 1e8, np.inf, net.cost),
        country=net.jur.astype(np.int32),
        delay_days=np.zeros(n),
        collateral=net.collat,
        exists=np.ones(n),
        success=np.ones(n),
        weight=net.w,
        groups=Groups(
            n,
            owner.astype(np.int32),
            need.astype(np.int32),
            start.astype(np.int64),
            member.astype(np.int32),
        ),
        link_exists=exists,
        countries=[f"C{one:02d}" for one in range(20)],
        fixed_cost=np.zeros(20),
        forbid=np.zeros(n, np.bool_),
        require=np.zeros(n, np.bool_),
    )


def seconds(limit: float) -> Callable[[], float]:
    """Return a countdown of CPU seconds."""
    begun = time.process_time()
    return lambda: begun + limit - time.process_time()
