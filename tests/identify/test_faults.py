"""A picture that stands still, judged by what the reference does at the time."""

from __future__ import annotations

import numpy as np
import pytest

from cautery.identify.faults import LEAST_FREEZE_S, still_spans

TIMES = np.arange(126) / 12.5


def moving(*still, share=0.3):
    found = np.full(125, share)
    for begin, end in still:
        found[(TIMES[:-1] >= begin) & (TIMES[:-1] < end)] = 0.0
    return found


@pytest.mark.parametrize("share", [0.08, 0.3, 0.6])
def test_a_freeze_is_seen_in_a_quiet_scene_and_in_a_lively_one(share):
    [(begin, end)] = still_spans(moving((3.0, 5.4), share=share), np.full(125, share), TIMES)
    assert begin == pytest.approx(3.0, abs=0.081)
    assert end == pytest.approx(5.4, abs=0.081)


def test_where_the_reference_stands_still_too_nobody_knows():
    assert still_spans(moving((3.0, 5.4)), np.full(125, 0.01), TIMES) == []


def test_a_slower_picture_rate_is_no_freeze():
    repeated = np.where(np.arange(125) % 3, 0.0, 0.5)
    assert still_spans(repeated, np.full(125, 0.3), TIMES) == []


def test_a_ticker_over_a_frozen_picture_does_not_hide_it():
    ticker = np.maximum(moving((3.0, 5.4), share=0.4), 0.08)
    assert len(still_spans(ticker, np.full(125, 0.4), TIMES)) == 1


def test_what_is_shorter_than_a_second_is_not_told():
    assert still_spans(moving((3.0, 3.0 + LEAST_FREEZE_S / 2)), np.full(125, 0.3), TIMES) == []
