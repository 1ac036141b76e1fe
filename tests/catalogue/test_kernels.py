"""The compiled loops against plain ones."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.catalogue import Catalogue, Listing, Resolver, Right
from cautery.catalogue import _choice_kernels as kernels
from cautery.catalogue import _evidence_columns as columns
from cautery.catalogue._around import around
from cautery.catalogue._index import Index
from cautery.catalogue._match_kernels import grams_of, letter, postings_of
from cautery.catalogue.lexicon import Trees, learnt
from cautery.catalogue.resolve import scratch_for

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


NAMES = ("Arena 1", "Arena 2", "Arena Sport", "Arena 1", "Cuisine TV", "Sport Arena", "Kanal 5")
RIGHTS = [
    Right(id=f"{number}", kind="channel", names=(name,), country=place)
    for number, (name, place) in enumerate(zip(NAMES, ("es", "es", "rs", "rs", "fr", "de", "se"), strict=True))
]  # fmt: skip
TITLES = [f"{head}{name}{tail}" for name in NAMES for head in ("", "ES: ") for tail in ("", " HD")]


def plain_score(trees: Trees, line: np.ndarray) -> float:
    total = 0.0
    for root in trees.root.tolist():
        node = root
        while node >= 0:
            goes_left = line[trees.feature[node]] <= trees.threshold[node]
            node = int((trees.left if goes_left else trees.right)[node])
        total += float(trees.value[-node - 1])
    return total


def test_the_choice_is_a_multinomial_logit_of_the_trees_among_the_candidates_and_none():
    lexicon, trees = learnt()
    index = Index(RIGHTS, lexicon)
    listings = [Listing(title=one) for one in TITLES]
    batch = index.batch(TITLES)
    names = np.zeros((len(TITLES), kernels.RERANKED), np.int32)
    counts = np.zeros(len(TITLES), np.int32)
    lines = np.zeros((len(TITLES), kernels.RERANKED, kernels.FEATURES), np.float32)
    about = around(listings, batch, index.names)
    kernels.described(
        batch, about, index.names, index.place_masks, scratch_for(index), names, counts, lines
    )
    found = list(Resolver(Catalogue(tuple(RIGHTS))).resolve_all(listings))
    for title, got in enumerate(found):
        scores = [plain_score(trees, line) for line in lines[title, : counts[title]]]
        odds = np.exp([0.0, *scores])
        odds /= odds.sum()
        order = np.argsort(-odds[1:])
        assert got.best.id == RIGHTS[index.names.right[names[title, order[0]]]].id
        # A candidate that is far behind after the early trees is not judged to the end.
        assert abs(got.best.probability - odds[1:][order[0]]) < 0.02


def test_each_column_of_evidence_has_one_name_and_is_written_for_every_candidate():
    numbers = [value for name, value in vars(columns).items() if name.isupper()]
    assert sorted(numbers) == [*range(columns.FEATURES), columns.FEATURES]
    lexicon, trees = learnt()
    assert trees.feature.max() < columns.FEATURES
    index = Index(RIGHTS, lexicon)
    titles = ["ES: Arena 1", "Arena 2 HD"]
    batch = index.batch(titles)
    names = np.zeros((2, kernels.RERANKED), np.int32)
    counts = np.zeros(2, np.int32)
    lines = np.full((2, kernels.RERANKED, columns.FEATURES), np.nan, np.float32)
    about = around([Listing(title=title) for title in titles], batch, index.names)
    kernels.described(
        batch, about, index.names, index.place_masks, scratch_for(index), names, counts, lines
    )
    for title, count in enumerate(counts):
        assert not np.isnan(lines[title, :count]).any()
        rights = index.names.right[names[title, :count]].tolist()
        by_right = dict(zip(rights, lines[title, :count], strict=True))
        if title == 0:
            assert by_right[0][columns.PREFIX_PLACE] == 3  # Spain's own
            assert by_right[3][columns.PREFIX_PLACE] == 1  # Serbia's
            assert by_right[0][columns.NUMBERS] == 1
            assert by_right[1][columns.NUMBERS] == 6  # another number on both sides
            assert by_right[0][columns.WORDS_MATCHED] > by_right[1][columns.WORDS_MATCHED]
        else:
            assert by_right[1][columns.LEXICAL_BEHIND] == 0
            assert by_right[0][columns.NAME_MISSING] > by_right[1][columns.NAME_MISSING]


def test_only_a_title_that_is_a_name_of_one_right_is_unmistakable():
    index = Index(RIGHTS, learnt()[0])
    titles = ["Arena 1", "Arena 2", "Cuisine TV", "Cuisine", "Arena"] * 5
    about = around(
        [Listing(title=one, source="rs") for one in titles], index.batch(titles), index.names
    )
    assert sorted(code & 0xFFFFFFFF for code in about.taken.tolist()) == [1, 3, 4]
