"""Counts, and the moves of single subjects and values between networks."""

# ruff: noqa: PLR0917 - compiled loops take plain arrays, in order

from __future__ import annotations

import numpy as np
from numba import njit

MOST_CANDIDATES = 256


@njit(cache=True)
def entropy(count):
    """Return ``count * ln(count)``, zero for counts below two."""
    return count * np.log(count) if count > 1 else 0.0


@njit(cache=True)
def count(starts, values, kind, owner, label, size, own):
    """Count what a partition holds: into ``size`` nodes a network, into ``own`` its own by kind.

    Returns all own links and all false ones by kind.
    """
    true = np.zeros(own.shape[1], np.int64)
    false = np.zeros(own.shape[1], np.int64)
    for subject in range(label.size):
        network = label[subject]
        size[network] += 1
        for at in range(starts[subject], starts[subject + 1]):
            value = values[at]
            if owner[value] == network:
                own[network, kind[value]] += 1
                true[kind[value]] += 1
            elif owner[value] >= 0:
                false[kind[value]] += 1
    for value in range(owner.size):
        if owner[value] >= 0:
            size[owner[value]] += 1
    return true, false


@njit(cache=True)
def move_subjects(
    order, starts, values, kind, owner, label, size, own, reward, log_theta, free, spare
):
    """Move each subject to the network that its links speak for most, or to one of its own."""
    moved = 0
    candidate = np.empty(MOST_CANDIDATES, np.int64)
    for subject in order:
        first, last = starts[subject], starts[subject + 1]
        home = label[subject]
        size[home] -= 1
        count = 0
        for at in range(first, last):
            network = owner[values[at]]
            if network < 0:
                continue
            if network == home:
                own[home, kind[values[at]]] -= 1
            seen = False
            for place in range(count):
                if candidate[place] == network:
                    seen = True
                    break
            if not seen and count < MOST_CANDIDATES:
                candidate[count] = network
                count += 1
        best = log_theta
        chosen = -1
        for place in range(count):
            network = candidate[place]
            score = np.log(size[network])
            for at in range(first, last):
                if owner[values[at]] == network:
                    one = kind[values[at]]
                    held = own[network, one]
                    score += reward[one] - entropy(held + 1) + entropy(held)
            if score > best or (score == best and network == home):
                best = score
                chosen = network
        if chosen < 0:
            if size[home] == 0 or spare == 0:
                chosen = home
            else:
                spare -= 1
                chosen = free[spare]
        if chosen != home:
            moved += 1
            if size[home] == 0:
                free[spare] = home
                spare += 1
        label[subject] = chosen
        size[chosen] += 1
        for at in range(first, last):
            if owner[values[at]] == chosen:
                own[chosen, kind[values[at]]] += 1
    return moved


@njit(cache=True)
def move_values(
    order, starts, subjects, kind, owner, label, size, own, true, false, hub, log_nodes
):
    """Give each value to the network that most of its bearers are of, or call it a hub."""
    changed = 0
    longest = 1
    for value in order:
        longest = max(longest, starts[value + 1] - starts[value])
    held = np.zeros(longest, np.int64)
    candidate = np.empty(longest, np.int64)
    place_of = np.full(size.size, -1, np.int64)
    for value in order:
        one = kind[value]
        first, last = starts[value], starts[value + 1]
        count = 0
        for at in range(first, last):
            network = label[subjects[at]]
            place = place_of[network]
            if place < 0:
                place = count
                place_of[network] = place
                candidate[place] = network
                held[place] = 0
                count += 1
            held[place] += 1
        home = owner[value]
        if home >= 0:
            size[home] -= 1
            if place_of[home] >= 0:
                own[home, one] -= held[place_of[home]]
        best = hub[value]
        chosen = -1
        for place in range(count):
            network = candidate[place]
            before = own[network, one]
            score = (
                np.log(max(size[network], 1))
                - log_nodes
                + held[place] * true[one]
                - entropy(before + held[place])
                + entropy(before)
                + (last - first - held[place]) * false[one]
            )
            if score > best:
                best = score
                chosen = network
        if chosen != home:
            changed += 1
        owner[value] = chosen
        if chosen >= 0:
            size[chosen] += 1
            own[chosen, one] += held[place_of[chosen]]
        for place in range(count):
            place_of[candidate[place]] = -1
    return changed


@njit(cache=True)
def odds(chosen, starts, values, kind, owner, label, size, own, reward, log_theta):
    """Return, by subject chosen, the log-odds of its network against every other place for it."""
    found = np.zeros(chosen.size)
    candidate = np.empty(MOST_CANDIDATES, np.int64)
    for number, subject in enumerate(chosen):
        first, last = starts[subject], starts[subject + 1]
        home = label[subject]
        count = 0
        for at in range(first, last):
            network = owner[values[at]]
            seen = network < 0 or network == home
            for place in range(count):
                if candidate[place] == network:
                    seen = True
                    break
            if not seen and count < MOST_CANDIDATES:
                candidate[count] = network
                count += 1
        against = np.exp(0.0)
        mine = np.log(max(size[home] - 1, 1)) - log_theta
        for at in range(first, last):
            if owner[values[at]] == home:
                one = kind[values[at]]
                mine += reward[one] - entropy(own[home, one]) + entropy(own[home, one] - 1)
        for place in range(count):
            network = candidate[place]
            score = np.log(size[network]) - log_theta
            for at in range(first, last):
                if owner[values[at]] == network:
                    one = kind[values[at]]
                    held = own[network, one]
                    score += reward[one] - entropy(held + 1) + entropy(held)
            against += np.exp(min(score, 300.0))
        found[number] = mine - np.log(against)
    return found
