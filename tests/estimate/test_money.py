"""Numbers that a seller claims."""

import time

import pytest

from cautery.estimate.money import claimed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("more than 12,000 happy customers", 12_000),
        ("12.000 Kunden", 12_000),
        ("12 000 clients !", 12_000),
        ("12'000!", 12_000),
        ("2.5k users", 2_500),
        ("1,5 million", 1_500_000),
        ("3   mio", 3_000_000),
        ("12 kilos", 12),
        ("in 1080p", None),
        ("from 9 to 5,000.", 5_000),
        ("no number", None),
    ],
)
def test_the_greatest_number_of_a_claim_is_taken(text, number):
    assert claimed(text) == number


@pytest.mark.parametrize(
    "text", ["9" + " " * 9_999, "9 " * 5_000 + "x", "9" * 9_999 + "x", "9.,' " * 2_000]
)
def test_a_long_claim_is_read_at_once(text):
    """The blanks behind a digit were parted in every way: 4 s for the first."""
    began = time.process_time()
    claimed(text + "!")
    assert time.process_time() - began < 0.5
