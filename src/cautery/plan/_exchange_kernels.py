"""The loops of the search by exchanges, compiled and cached.

Groups lie as in ``_standing_kernels``.
"""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order
# ruff: noqa: NPY002 - the only generator that compiled loops have
# ruff: noqa: PERF401 - lists are extended one by one there

from __future__ import annotations

import numpy as np
from numba import njit

from cautery.plan._world_kernels import settle, unsettle


@njit(cache=True)
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


@njit(cache=True)
def price_all(frame, order, cost, bought, noise, price, by):
    """Price each node at the cheapest purchases that take it down, blurred by ``noise``.

    What is bought and may fail counts as down at times only, so that others are found to back it.
    ``by`` gets the group through which it falls, -1 for its own purchase, -2 where it is down.
    """
    price[:] = np.inf
    for place in range(order.size):
        v = order[place]
        best = cost[v] * np.exp(noise * np.random.standard_normal())
        by[v] = -1
        if bought[v] and (frame.works_row[v] < 0 or np.random.random() < 0.5):
            best = 0.0
            by[v] = -2
        elif bought[v]:
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


@njit(cache=True)
def _ways(frame, price, by, bought, v, seen, found):
    """Write to ``found`` what takes ``v`` down at that price; return how many."""
    if not np.isfinite(price[v]):
        return 0
    count = 0
    waiting = [v]
    touched = [v]
    while waiting:
        x = waiting.pop()
        if seen[x] or by[x] == -2 or (bought[x] and frame.works_row[x] < 0):
            continue
        seen[x] = True
        touched.append(x)
        g = by[x]
        if g < 0:
            if not bought[x]:
                found[count] = x
                count += 1
            continue
        first, last = frame.start[g], frame.start[g + 1]
        fall = last - first - frame.need[g] + 1
        ranked = np.argsort(price[frame.member[first:last]])
        for i in range(fall):
            waiting.append(frame.member[first + ranked[i]])
    for x in touched:
        seen[x] = False
    return count


@njit(cache=True)
def excess(weight_up, first, last, most):
    """Return by how much the mean of the ranks ``first`` to ``last`` is above ``most``.

    Where it is, the worlds of lower rank that are above count, too: so a plan that mends some of
    them is seen to be better though the rank itself has not moved.
    """
    ranked = np.partition(weight_up, first)
    over = ranked[first:].mean() if last == weight_up.size - 1 else ranked[first]
    if over <= most:
        return 0.0
    below = 0.0
    for i in range(first):
        below += max(0.0, ranked[i] - most)
    return over - most + below / weight_up.size


@njit(cache=True)
def _toggle(limits, bought, nodes):
    """Flip each of the nodes; return the change of the price."""
    before = 0.0
    for v in nodes:
        c = limits.country[v]
        sign = -1 if bought[v] else 1
        bought[v] = not bought[v]
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


@njit(cache=True)
def mend(
    frame,
    limits,
    order,
    bought,
    up,
    weight_up,
    targets,
    ranks,
    most,
    tries,
    seed,
    log,
    words_log,
):
    """Take down, of ``tries`` targets, the one that wins most for its price; until a plan holds.

    Return the highest price that was paid for a unit won; it ends, too, where nothing wins.
    """
    np.random.seed(seed)
    nodes = bought.size
    price = np.empty(nodes)
    by = np.empty(nodes, np.int64)
    seen = np.zeros(nodes, np.bool_)
    found = np.empty(nodes, np.int64)
    chosen = np.empty(nodes, np.int64)
    saved = weight_up.copy()
    over = excess(weight_up, ranks[0], ranks[1], most)
    dearest = 0.0
    while over > 0:
        price_all(frame, order, limits.cost, bought, 0.2, price, by)
        saved[:] = weight_up
        most_won = 0.0
        size = 0
        for _ in range(tries):
            v = targets[np.random.randint(targets.size)]
            count = _ways(frame, price, by, bought, v, seen, found)
            if count == 0:
                continue
            paid = _toggle(limits, bought, found[:count])
            changed = settle(frame, bought, up, weight_up, found[:count], log, words_log)
            won = over - excess(weight_up, ranks[0], ranks[1], most)
            allowed = limits.countries[0] <= limits.most_countries
            if allowed and limits.harm[0] <= limits.budget and won > most_won * max(paid, 1e-12):
                most_won = won / max(paid, 1e-12)
                size = count
                chosen[:count] = found[:count]
            _toggle(limits, bought, found[:count])
            unsettle(up, log, words_log, changed)
            weight_up[:] = saved
        if size == 0:
            return dearest
        _toggle(limits, bought, chosen[:size])
        settle(frame, bought, up, weight_up, chosen[:size], log, words_log)
        over = excess(weight_up, ranks[0], ranks[1], most)
        dearest = max(dearest, 1 / most_won)
    return dearest


@njit(cache=True)
def spare(frame, limits, nodes, bought, up, weight_up, ranks, most, log, words_log):
    """Give back, in the order of ``nodes``, whatever the plan holds without."""
    one = np.empty(1, np.int64)
    saved = np.empty_like(weight_up)
    for v in nodes:
        one[0] = v
        saved[:] = weight_up
        _toggle(limits, bought, one)
        changed = settle(frame, bought, up, weight_up, one, log, words_log)
        if excess(weight_up, ranks[0], ranks[1], most) > 0:
            _toggle(limits, bought, one)
            unsettle(up, log, words_log, changed)
            weight_up[:] = saved


@njit(cache=True)
def anneal(
    frame,
    limits,
    order,
    bought,
    up,
    weight_up,
    keep,
    targets,
    ranks,
    most,
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
    nodes = bought.size
    price = np.empty(nodes)
    by = np.empty(nodes, np.int64)
    seen = np.zeros(nodes, np.bool_)
    flipped = np.empty(nodes, np.int64)
    useless = np.empty(nodes, np.int64)
    one = np.empty(1, np.int64)
    saved = np.empty_like(weight_up)
    worth = cost + penalty * excess(weight_up, ranks[0], ranks[1], most)
    for step in range(steps):
        if step % 25 == 0:
            price_all(frame, order, limits.cost, bought, 0.4, price, by)
        held = np.flatnonzero(bought & ~keep)
        kind = np.random.randint(4)
        count = 0
        if kind > 0:
            v = targets[np.random.randint(targets.size)]
            count = _ways(frame, price, by, bought, v, seen, flipped)
        if kind < 2 and held.size > 0:
            flipped[count] = held[np.random.randint(held.size)]
            count += 1
        if count == 0:
            continue
        more = _toggle(limits, bought, flipped[:count])
        changed = settle(frame, bought, up, weight_up, flipped[:count], log, words_log)
        over = excess(weight_up, ranks[0], ranks[1], most)
        now = cost + more + penalty * over
        if kind == 3:
            # What was bought below what fell is the first to be needless.
            size = 0
            for i in range(changed):
                if bought[log[i]] and not keep[log[i]]:
                    useless[size] = log[i]
                    size += 1
            for _ in range(min(4, held.size)):
                useless[size] = held[np.random.randint(held.size)]
                size += 1
            for i in range(size):
                v = useless[i]
                fresh = not bought[v]
                for j in range(count):
                    fresh = fresh or flipped[j] == v
                if fresh:
                    continue
                one[0] = v
                saved[:] = weight_up
                less = _toggle(limits, bought, one)
                undo = settle(frame, bought, up, weight_up, one, log, words_log)
                over = excess(weight_up, ranks[0], ranks[1], most)
                if cost + more + less + penalty * over < now:
                    more += less
                    now = cost + more + penalty * over
                    flipped[count] = v
                    count += 1
                else:
                    _toggle(limits, bought, one)
                    unsettle(up, log, words_log, undo)
                    weight_up[:] = saved
        allowed = limits.countries[0] <= limits.most_countries and limits.harm[0] <= limits.budget
        if allowed and (now <= worth or np.random.random() < np.exp((worth - now) / temperature)):
            cost += more
            worth = now
            if cost < best_cost and excess(weight_up, ranks[0], ranks[1], most) == 0.0:
                best_cost = cost
                best[:] = bought
        else:
            _toggle(limits, bought, flipped[:count])
            settle(frame, bought, up, weight_up, flipped[:count], log, words_log)
    return cost, best_cost
