"""The compiled loops against plain ones."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.catalogue._match_kernels import grams_of, letter, postings_of

TEXTS = st.lists(st.text(alphabet="abz019+", max_size=12), max_size=6)


def plain_grams(text: bytes) -> list[int]:
    padded = [0, *(letter(one) for one in text), 0]
    runs = {tuple(padded[at : at + 3]) for at in range(len(padded) - 2)}
    return sorted((a << 12) | (b << 6) | c for a, b, c in runs)


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(TEXTS)
def test_runs_of_letters_are_those_of_a_plain_loop(texts):
    starts = np.cumsum([0, *(len(one) for one in texts)]).astype(np.int32)
    found_from, found = grams_of(starts, np.frombuffer("".join(texts).encode(), np.uint8))
    rows = [found[a:b].tolist() for a, b in pairwise(found_from)]
    assert rows == [plain_grams(one.encode()) for one in texts]


@settings(deadline=None)  # compiling or a busy machine is no fault
@given(st.lists(st.lists(st.integers(0, 5), max_size=6), max_size=6))
def test_postings_turn_rows_round(rows):
    starts = np.cumsum([0, *(len(one) for one in rows)]).astype(np.int32)
    flat = np.array([one for row in rows for one in row], np.int32)
    at, found = postings_of(starts, flat, 6)
    assert [found[at[v] : at[v + 1]].tolist() for v in range(6)] == [
        [number for number, row in enumerate(rows) if v in row] for v in range(6)
    ]
