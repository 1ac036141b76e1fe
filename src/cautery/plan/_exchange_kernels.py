"""The loops of the search by exchanges, compiled and cached.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order
# ruff: noqa: NPY002 - the only generator that compiled loops have
# ruff: noqa: PERF401 - lists are extended one by one there

from __future__ import annotations

import numpy as np

from cautery.kernels import kernel
from cautery.plan._world_kernels import settle, unsettle


@kernel(nogil=True)
def behind(frame, order, sizes, weight):
    """Return the weight that stands on each node, that of a group split among its members."""
    total = weight.copy()
    for place in range(order.size - 1, -1, -1):
        v = order[place]
        for j in range(frame.group_start[v], frame.group_start[v + 1]):
            g = frame.groups_of_node[j]
            for e in range(frame.start[g], frame.start[g + 1]):
                total[frame.member[e]] += total[v] / sizes[g]
    return total


@kernel(nogil=True)
def price_all(frame, order, cost, plan, noise, price, by):
    """Price each node at the cheapest purchases that take it down, blurred by ``noise``.

    What is bought and may fail counts as down at times only, so that others are found to back it.
    ``by`` gets the group through which it falls, -1 for its own purchase, -2 where it is down.
    """
    price[:] = np.inf
    for place in range(order.size):
        v = order[place]
        best = cost[v] * np.exp(noise * np.random.standard_normal())
        by[v] = -1
        if plan[v] and (frame.works_row[v] < 0 or np.random.random() < 0.5):
            best = 0.0
            by[v] = -2
        elif plan[v]:
            best = np.inf
        for j in range(frame.group_start[v], frame.group_start[v + 1]):
            g = frame.groups_of_node[j]
            first, last = frame.start[g], frame.start[g + 1]
            values = price[frame.member[first:last]]
            fall = last - first - frame.need[g] + 1
            if fall < last - first:
                values.sort()
            total = values[:fall].sum()
            if total < best:
                best = total
                by[v] = g
        price[v] = best


@kernel(nogil=True)
def _ways(frame, price, by, plan, v, visited, removal):
    """Write to ``removal`` what takes ``v`` down at that price; return how many."""
    if not np.isfinite(price[v]):
        return 0
    count = 0
    waiting = [v]
    touched = [v]
    while waiting:
        x = waiting.pop()
        if visited[x] or by[x] == -2 or (plan[x] and frame.works_row[x] < 0):
            continue
        visited[x] = True
        touched.append(x)
        g = by[x]
        if g < 0:
            if not plan[x]:
                removal[count] = x
                count += 1
            continue
        first, last = frame.start[g], frame.start[g + 1]
        fall = last - first - frame.need[g] + 1
        ranked = np.argsort(price[frame.member[first:last]])
        for i in range(fall):
            waiting.append(frame.member[first + ranked[i]])
    for x in touched:
        visited[x] = False
    return count


@kernel(nogil=True)
def excess(weight_up, first, last, ceiling):
    """Return by how much the mean of the ranks ``first`` to ``last`` is above ``ceiling``.

    Where it is, the worlds of lower rank that are above count, too: so a plan that mends some of
    them is seen to be better though the rank itself has not moved.
    """
    ranked = np.partition(weight_up, first)
    over = ranked[first:].mean() if last == weight_up.size - 1 else ranked[first]
    if over <= ceiling:
        return 0.0
    below = 0.0
    for i in range(first):
        below += max(0.0, ranked[i] - ceiling)
    return over - ceiling + below / weight_up.size


@kernel(nogil=True)
def _toggle(limits, plan, nodes):
    """Flip each of the nodes; return the change of the price."""
    before = 0.0
    for v in nodes:
        c = limits.country[v]
        sign = -1 if plan[v] else 1
        plan[v] = not plan[v]
        before += sign * limits.cost[v]
        limits.harm[0] += sign * limits.collateral[v]
        if c >= 0:
            if limits.acting[c] == 0 and sign > 0:
                before += limits.fixed_cost[c]
                limits.countries[0] += 1
            limits.acting[c] += sign
            if limits.acting[c] == 0:
                before -= limits.fixed_cost[c]
                limits.countries[0] -= 1
    return before


@kernel(nogil=True)
def mend(
    frame,
    limits,
    order,
    plan,
    up,
    weight_up,
    targets,
    ranks,
    ceiling,
    tries,
    seed,
    log,
    words_log,
):
    """Take down, of ``tries`` targets, the one that wins most for its price; until a plan holds.

    Return the highest price that was paid for a unit won; it ends, too, where nothing wins.
    """
    np.random.seed(seed)
    nodes = plan.size
    price = np.empty(nodes)
    by = np.empty(nodes, np.int64)
    visited = np.zeros(nodes, np.bool_)
    removal = np.empty(nodes, np.int64)
    best_removal = np.empty(nodes, np.int64)
    saved = weight_up.copy()
    over = excess(weight_up, ranks[0], ranks[1], ceiling)
    dearest = 0.0
    while over > 0:
        price_all(frame, order, limits.cost, plan, 0.2, price, by)
        saved[:] = weight_up
        most_won = 0.0
        size = 0
        for _ in range(tries):
            v = targets[np.random.randint(targets.size)]
            count = _ways(frame, price, by, plan, v, visited, removal)
            if count == 0:
                continue
            paid = _toggle(limits, plan, removal[:count])
            changed = settle(frame, plan, up, weight_up, removal[:count], log, words_log)
            won = over - excess(weight_up, ranks[0], ranks[1], ceiling)
            allowed = limits.countries[0] <= limits.most_countries
            if allowed and limits.harm[0] <= limits.budget and won > most_won * max(paid, 1e-12):
                most_won = won / max(paid, 1e-12)
                size = count
                best_removal[:count] = removal[:count]
            _toggle(limits, plan, removal[:count])
            unsettle(up, log, words_log, changed)
            weight_up[:] = saved
        if size == 0:
            return dearest
        _toggle(limits, plan, best_removal[:size])
        settle(frame, plan, up, weight_up, best_removal[:size], log, words_log)
        over = excess(weight_up, ranks[0], ranks[1], ceiling)
        dearest = max(dearest, 1 / most_won)
    return dearest


@kernel(nogil=True)
def spare(frame, limits, nodes, plan, up, weight_up, ranks, ceiling, log, words_log):
    """Give back, in the order of ``nodes``, whatever the plan holds without."""
    single = np.empty(1, np.int64)
    saved = np.empty_like(weight_up)
    for v in nodes:
        single[0] = v
        saved[:] = weight_up
        _toggle(limits, plan, single)
        changed = settle(frame, plan, up, weight_up, single, log, words_log)
        if excess(weight_up, ranks[0], ranks[1], ceiling) > 0:
            _toggle(limits, plan, single)
            unsettle(up, log, words_log, changed)
            weight_up[:] = saved


@kernel(nogil=True)
def anneal(
    frame,
    limits,
    order,
    plan,
    up,
    weight_up,
    keep,
    targets,
    ranks,
    ceiling,
    penalty,
    temperature,
    cost,
    steps,
    seed,
    best_cost,
    best,
    log,
    words_log,
):
    """Exchange at random ``steps`` times; return the price of where it stands, and the best.

    A step gives one purchase back, or takes a target down the cheapest way, or does both, or
    takes a target down and gives back what that makes needless. It is kept when price and penalty
    fall, and else with the odds of its temperature. ``best`` gets the cheapest plan that holds.
    """
    np.random.seed(seed)
    nodes = plan.size
    price = np.empty(nodes)
    by = np.empty(nodes, np.int64)
    visited = np.zeros(nodes, np.bool_)
    flipped = np.empty(nodes, np.int64)
    useless = np.empty(nodes, np.int64)
    single = np.empty(1, np.int64)
    saved = np.empty_like(weight_up)
    worth = cost + penalty * excess(weight_up, ranks[0], ranks[1], ceiling)
    for step in range(steps):
        if step % 25 == 0:
            price_all(frame, order, limits.cost, plan, 0.4, price, by)
        acts = np.flatnonzero(plan & ~keep)
        kind = np.random.randint(4)
        count = 0
        if kind > 0:
            v = targets[np.random.randint(targets.size)]
            count = _ways(frame, price, by, plan, v, visited, flipped)
        if kind < 2 and acts.size > 0:
            flipped[count] = acts[np.random.randint(acts.size)]
            count += 1
        if count == 0:
            continue
        added = _toggle(limits, plan, flipped[:count])
        changed = settle(frame, plan, up, weight_up, flipped[:count], log, words_log)
        over = excess(weight_up, ranks[0], ranks[1], ceiling)
        now = cost + added + penalty * over
        if kind == 3:
            # What was bought below what fell is the first to be needless.
            size = 0
            for i in range(changed):
                if plan[log[i]] and not keep[log[i]]:
                    useless[size] = log[i]
                    size += 1
            for _ in range(min(4, acts.size)):
                useless[size] = acts[np.random.randint(acts.size)]
                size += 1
            for i in range(size):
                v = useless[i]
                fresh = not plan[v]
                for j in range(count):
                    fresh = fresh or flipped[j] == v
                if fresh:
                    continue
                single[0] = v
                saved[:] = weight_up
                refund = _toggle(limits, plan, single)
                undo = settle(frame, plan, up, weight_up, single, log, words_log)
                over = excess(weight_up, ranks[0], ranks[1], ceiling)
                if cost + added + refund + penalty * over < now:
                    added += refund
                    now = cost + added + penalty * over
                    flipped[count] = v
                    count += 1
                else:
                    _toggle(limits, plan, single)
                    unsettle(up, log, words_log, undo)
                    weight_up[:] = saved
        allowed = limits.countries[0] <= limits.most_countries and limits.harm[0] <= limits.budget
        if allowed and (now <= worth or np.random.random() < np.exp((worth - now) / temperature)):
            cost += added
            worth = now
            if cost < best_cost and excess(weight_up, ranks[0], ranks[1], ceiling) == 0.0:
                best_cost = cost
                best[:] = plan
        else:
            _toggle(limits, plan, flipped[:count])
            settle(frame, plan, up, weight_up, flipped[:count], log, words_log)
    return cost, best_cost
