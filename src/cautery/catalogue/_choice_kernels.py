"""The choice among a title's candidates and none of them. Compiled and cached."""

from __future__ import annotations

import math

import numpy as np

from cautery.catalogue._candidate_kernels import RERANKED, candidates
from cautery.catalogue._evidence_columns import FEATURES
from cautery.catalogue._evidence_kernels import features
from cautery.kernels import kernel

MOST_GRAMS = 64
MOST_WORDS = 64
EARLY_TREES = 40
STILL_WINS = np.float32(4.0)
"""A candidate whose score is so far behind after the early trees has lost: odds of 55 to 1."""


def _steps_of_choice(*arguments):
    """Return how many steps the choice takes: every title's candidates walk all trees."""
    batch, trees = arguments[0], arguments[5]
    return len(batch.call) * RERANKED * len(trees.root)


@kernel(nogil=True)
def described(batch, around, names, masks, scratch, out_name, out_count, out):  # noqa: PLR0917
    """Write every title's candidates and what speaks for them; for training and for reasons."""
    score = np.empty(RERANKED, np.float32)
    for title in range(len(out_count)):
        ranked = candidates(title, batch, around, names, masks, scratch, out_name[title], score)
        features(
            title, batch, around, names, masks, scratch, out_name[title], score, ranked, out[title]
        )
        out_count[title] = ranked


@kernel(plain=True, nogil=True)
def _power(score):
    """Return e to the power of a score, of 32 bits as NumPy's is, yet the same in both ways."""
    return np.float32(math.exp(np.float64(score)))


@kernel(plain=True, nogil=True)
def _grown(trees, first, past, line):
    """Sum what the trees ``first`` to ``past`` say of one candidate."""
    total = np.float32(0)
    for tree in range(first, past):
        node = trees.root[tree]
        while node >= 0:
            if line[trees.feature[node]] <= trees.threshold[node]:
                node = trees.left[node]
            else:
                node = trees.right[node]
        total += trees.value[-node - 1]
    return total


@kernel(plain=_steps_of_choice, nogil=True)
def chosen(  # noqa: PLR0917
    batch, around, names, masks, scratch, trees, out_name, out_probability, out_none, begin, end
):
    """Choose for titles ``begin`` to ``end``: the two likeliest names, and all probabilities.

    The choice is a multinomial logit among the candidates and "none of mine", whose score is 0.
    A first few trees judge all candidates; the rest only those that can still win.
    """
    kept_name = np.empty(RERANKED, np.int32)
    similar = np.empty(RERANKED, np.float32)
    lines = np.empty((RERANKED, FEATURES), np.float32)
    score = np.empty(RERANKED, np.float32)
    total = len(trees.root)
    early = min(total, EARLY_TREES)
    for title in range(begin, end):
        ranked = candidates(title, batch, around, names, masks, scratch, kept_name, similar)
        features(title, batch, around, names, masks, scratch, kept_name, similar, ranked, lines)
        best = np.float32(-1e9)
        for rank in range(ranked):
            score[rank] = _grown(trees, 0, early, lines[rank])
            best = max(best, score[rank])
        first = second = -1
        for rank in range(ranked):
            if score[rank] > best - STILL_WINS:
                score[rank] += _grown(trees, early, total, lines[rank])
            if first < 0 or score[rank] > score[first]:
                first, second = rank, first
            elif second < 0 or score[rank] > score[second]:
                second = rank
        top = max(np.float32(0), score[first]) if first >= 0 else np.float32(0)
        mass = _power(-top)
        none_mass = mass
        for rank in range(ranked):
            mass += _power(score[rank] - top)
        out_none[title] = none_mass / mass
        out_name[title, 0] = kept_name[first] if first >= 0 else -1
        out_name[title, 1] = kept_name[second] if second >= 0 else -1
        out_probability[title, 0] = _power(score[first] - top) / mass if first >= 0 else 0.0
        out_probability[title, 1] = _power(score[second] - top) / mass if second >= 0 else 0.0
