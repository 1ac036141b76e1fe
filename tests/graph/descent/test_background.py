"""Counts of values: exact where filters are large enough, bounded where they are not."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from cautery.graph.descent import background as module
from cautery.graph.descent.background import Background, key_of
from cautery.model.descent import TraitKind as K

ROWS = st.lists(
    st.tuples(
        st.integers(0, 12).map(lambda n: f"e{n}.example"),
        st.sampled_from([K.HOSTER, K.TEMPLATE]),
        st.integers(0, 6),
    ),
    max_size=40,
)


@given(st.lists(ROWS, max_size=5))
def test_each_entity_counts_once_for_a_value(days: list) -> None:
    counts = Background(bits=1 << 18)
    bearers: defaultdict[int, set[str]] = defaultdict(set)
    kinds: defaultdict[K, set[str]] = defaultdict(set)
    entities: set[str] = set()
    for day in days:
        rows = [(entity, kind, key_of(kind, str(value))) for entity, kind, value in day]
        new = counts.add(rows)
        before = len(entities)
        for entity, kind, key in rows:
            bearers[key].add(entity)
            kinds[kind].add(entity)
            entities.add(entity)
        assert new == len(entities) - before
    assert counts.entities == len(entities)
    for kind in (K.HOSTER, K.TEMPLATE):
        assert counts.by_kind[kind] == len(kinds[kind])
    for key, those in bearers.items():
        assert counts.bearers(key) == len(those)


def test_the_same_text_of_another_kind_is_another_value() -> None:
    assert key_of(K.HOSTER, "x") != key_of(K.TEMPLATE, "x")


def test_a_full_filter_becomes_the_older_one_and_still_knows() -> None:
    counts = Background(bits=1 << 12)
    key = key_of(K.HOSTER, "as1")
    counts.add([("first.example", K.HOSTER, key)])
    counts.add([(f"e{n}.example", K.HOSTER, key) for n in range(150)])
    assert counts.filled == 0  # it has turned
    assert counts.add([("first.example", K.HOSTER, key)]) == 0
    assert 140 <= counts.bearers(key) <= 151


def test_the_rarest_values_are_forgotten_first(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_COUNTERS", 10)
    counts = Background(bits=1 << 18)
    common = key_of(K.HOSTER, "common")
    rows = [(f"e{n}.example", K.HOSTER, common) for n in range(9)]
    rows += [
        (f"e{pair}-{n}.example", K.HOSTER, key_of(K.HOSTER, f"rare {pair}"))
        for pair in range(12)
        for n in range(2)
    ]
    counts.add(rows)
    assert counts.bearers(common) == 9
    assert len(counts.by_value) <= 10
