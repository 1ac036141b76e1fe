"""Ids of works: check letters, and ids of one's own."""

import pytest

from cautery.model.work_ids import fault_of


@pytest.mark.parametrize(
    "own",
    [
        "10.5240/7791-8534-2C23-9030-8610-5", "eidr:10.5240/7791-8534-2c23-9030-8610-5", "ISAN 0000-0000-D07A-0090-Q",
        "ISAN 0000-0001-8947-0000-8-0000-0000-D", "tt0903747", "imdb:tt0903747", "film-17", "isan-club", "ttv", "",
    ],
)  # fmt: skip
def test_a_right_id_or_one_of_ones_own_has_no_fault(own):
    assert fault_of(own) is None


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("10.5240/7791-8535-2C23-9030-8610-5", "an EIDR whose check letter must be I, not 5"), ("eidr:10.5240/AAAA-BBBB", "not a valid EIDR"),
        ("ISAN 0000-0001-8947-0000-8-0000-0001-D", "an ISAN's version"), ("ISAN 0000-0001-8948-0000-8", "an ISAN whose"),
        ("isan:0000-1", "not a valid ISAN"), ("tt123", "not a valid IMDb id: it has fewer than seven digits"), ("imdb:tt1", "not a valid IMDb id: it has fewer than seven digits"),
    ],
)  # fmt: skip
def test_a_slip_of_the_hand_is_noticed(own, said):
    assert said in fault_of(own)
